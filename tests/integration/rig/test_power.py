"""Power at the bench: the real booth program and the board's firmware, while mains, battery and genset come and go."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hardware.rig import bench_board, control
from hardware.rig.scenario.stage import BoothPlan
from tests.integration.rig.conftest import Rig

KK, NIK = "3526010101100001", "3526014101900001"
#: A genset with its controller, and the power board, with times for people who do not wait.
QUICK = {"start_delay_s": 0.5, "warm_up_s": 0.5, "mains_steady_s": 1.0, "cool_down_s": 0.5}
FULL = BoothPlan(genset="dse", board=True, power={"genset": QUICK}, plant={"engine_factor": 8.0})
#: A UPS and a mains contact; the controller starts at once when it has power.
BARE = BoothPlan(plant={"boot_s": 0.2})


@pytest.fixture
def rig_of(tmp_path: Path) -> Iterator[Callable[[BoothPlan], Rig]]:
    made: list[Rig] = []

    def make(plan: BoothPlan) -> Rig:
        made.append(Rig(tmp_path / f"run{len(made)}", plan))
        return made[-1]

    yield make
    for one in made:
        one.close()


def supplies(rig: Rig) -> list[str]:
    """What the booth told of its supply, in order."""
    return [body["supply"] for body in rig.coordinator.told("supply.changed")]


def facts(rig: Rig) -> dict[str, Any]:
    """What physically happened."""
    told: dict[str, Any] = json.loads(rig.say("facts"))
    return told


def test_the_genset_carries_the_booth_until_the_mains_are_steady(rig_of: Callable[[BoothPlan], Rig]) -> None:
    rig = rig_of(FULL)
    assert rig.status()["board"]["runs_on"] == ("MicroPython" if bench_board.micropython() else bench_board.UNREAL)
    rig.tended(lambda: supplies(rig) == ["ON_MAINS"], "mains at start")
    rig.tended(lambda: rig.coordinator.told("device.changed", device="genset", state="ok"), "the genset answers")
    rig.tended(lambda: rig.coordinator.told("device.changed", device="board", state="ok"), "the board answers")
    rig.say("mains", "off")
    rig.tended(lambda: supplies(rig)[-1] == "ON_GENSET", "the genset takes the load")
    told = rig.status()
    assert (told["fed_by"], told["ats"]["position"], told["genset"]["engine"]) == ("genset", "genset", "running")
    rig.say("mains", "on")
    rig.tended(lambda: supplies(rig)[-1] == "ON_MAINS", "back on the mains")
    rig.tended(lambda: rig.status()["genset"]["engine"] == "standing", "the genset stops")
    happened = facts(rig)
    assert (happened["dark_s"], happened["connected_against_mains"], happened["transfers"]) == (0.0, 0, 2)
    assert supplies(rig) == ["ON_MAINS", "ON_BATTERY", "GENSET_STARTING", "ON_GENSET", "MAINS_RETURNING", "ON_MAINS"]


def test_an_empty_battery_switches_the_booth_off_and_the_mains_start_it(rig_of: Callable[[BoothPlan], Rig]) -> None:
    rig = rig_of(BARE)
    told = rig.coordinator.told
    rig.tended(lambda: len(told("device.changed", state="ok")) >= 7, "all devices answer")
    rig.say("scan", KK, NIK)
    rig.tended(lambda: told("enrolment.opened"), "the scan")
    rig.say("mains", "off")
    rig.say("battery", "charge", "0")
    rig.tended(lambda: rig.status()["controller"] == "dark", "the UPS is empty")
    rig.tended(lambda: not rig.supervisor.children["edge"].alive, "the booth program dies")
    rig.tended(lambda: rig.status()["lamps"] == [] or None, "the lamps are dark")
    dark = rig.status()
    assert (dark["cables"]["scanner"], dark["printer"]["powered"]) == ("out", False)
    assert len(told("booth.started")) == 1
    rig.say("battery", "charge", "1")
    rig.say("mains", "on")
    rig.tended(lambda: told("booth.started")[1:], "the booth starts with the mains")
    rig.tended(lambda: supplies(rig)[-1] == "ON_MAINS" and rig.status()["lamps"] == ["green"], "ready again")
    lit = rig.status()
    assert (lit["cables"]["scanner"], lit["printer"]["powered"]) == ("in", True)
    assert sorted(rig.coordinator.events) == list(range(1, len(rig.coordinator.events) + 1))


def test_a_bench_that_starts_again_takes_no_power_from_the_booth(rig: Rig) -> None:
    rig.tended(lambda: supplies(rig) == ["ON_MAINS"], "mains at start")
    booth = rig.supervisor.children["edge"].process
    assert control.kill(rig.places, ["bench"])[0]
    rig.tended(lambda: rig.say("status"), "a new bench")
    for _ in range(5):
        rig.supervisor.tend()
    assert rig.supervisor.children["edge"].process is booth
    assert booth is not None
    assert booth.poll() is None


def test_words_of_power_that_are_none_are_refused_with_those_that_are(rig_of: Callable[[BoothPlan], Rig]) -> None:
    bare, full = rig_of(BARE), rig_of(FULL)
    for rig, text, hint in (
        (bare, "mains dip", "dip SECONDS [VOLTS]"),
        (bare, "mains bounce 0 20", "from 1 to 1000"),
        (bare, "mains 2000", "from 0 to 400"),
        (bare, "contact mains", "stuck-on | stuck-off | free"),
        (bare, "ups load", "ups load WATTS"),
        (bare, "battery health 7", "from 0 to 1"),
        (bare, "battery flat", "lying, honest"),
        (bare, "genset no-start", "no genset"),
        (bare, "ats stuck mains", "no transfer switch"),
        (bare, "board reset", "no power board"),
        (full, "genset explode", "no-start | starts-on N"),
        (full, "genset starts-on never", "no number"),
        (full, "ats stuck", "mains | genset | free"),
        (full, "board explode", "silent, garbage"),
    ):
        done, told = control.ask(rig.places.control, text.split())
        assert not done, text
        assert hint in told, text


def test_every_word_of_power_is_done(rig_of: Callable[[BoothPlan], Rig]) -> None:
    rig = rig_of(FULL)
    for text in (
        "mains 190", "mains dip 0.01", "mains bounce 2 5ms", "contact mains stuck-off", "contact mains free",
        "ups load 120", "ups failed", "ups mended", "ups garbage", "ups normal", "battery health 0.5",
        "battery charge 0.7", "battery lying", "battery honest", "genset no-start", "genset starts-on 2",
        "genset stalls 9", "genset fuel 3", "genset hot", "genset low-oil", "genset weak-battery", "genset no-volts",
        "genset out-of-band", "genset no-stop", "genset silent", "genset normal", "genset unplug", "genset plug",
        "genset stopped-by-hand", "genset healthy", "ats stuck mains", "ats stuck free", "board silent", "board normal",
        "board unplug", "board plug", "board reset", "printer on-mains", "printer on-ups", "mains on",
    ):  # fmt: skip
        assert rig.say(*text.split())
    told = rig.status()
    assert told["ups"]["health_pct"] == 50
    assert told["genset"]["fuel_pct"] == pytest.approx(3.0, abs=0.1)
    assert told["contacts"]["fuel_low"] == "closed"


def test_what_hangs_on_the_mains_dies_with_them(rig_of: Callable[[BoothPlan], Rig]) -> None:
    rig = rig_of(BARE)
    rig.say("printer", "on-mains")
    rig.say("mains", "off")
    assert not rig.status()["printer"]["powered"]
    rig.say("mains", "on")
    assert rig.status()["printer"]["powered"]
    rig.say("printer", "on-ups")
    rig.say("mains", "off")
    assert rig.status()["printer"]["powered"]
