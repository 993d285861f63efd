"""The real firmware in a real MicroPython, over a real tty: what the controller and the plant see of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract import power_wire as wire
from firmware.board import FIRMWARE
from hardware.rig.board_process import SAFE, BoardProcess
from tests.integration.firmware.line import Line
from tests.integration.firmware.pythons import ROOT, needs_unix_micropython

START = wire.GENSET_START | wire.ATS_INHIBIT
STARTED = SAFE | {"genset_start"}


class Bench:
    """A board with power, and the line to it."""

    def __init__(self, folder: Path, bite_s: float | None) -> None:
        self.moves: list[frozenset[str]] = []
        self.board = BoardProcess(folder / "dev/board", self.moves.append, bite_s)
        self.board.set(mains_v=230.0, contacts={"ats_mains"})
        self.board.start()
        self.line = Line(self.board.port_link)

    def until_driven(self) -> None:
        """The controller drives, and the genset is started."""
        self.line.until(lambda: self.board.relays() == STARTED, "the start relay closes", holding=START)


@pytest.fixture
def bench(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    needs_unix_micropython()
    one = Bench(tmp_path, getattr(request, "param", None))
    yield one
    one.line.close()
    one.board.close()
    assert "Traceback" not in one.board.errors, one.board.errors


def test_the_board_says_who_it_is(bench: Bench) -> None:
    bench.line.told(lambda _: True, "the board has started")
    bench.line.send(wire.identify(1))
    bench.line.until(lambda: bench.line.identities, "it answers")
    identity = bench.line.identities[0]
    assert (identity.protocol, identity.firmware, identity.uid) == (wire.VERSION, FIRMWARE, b"RIGBOARD")
    assert wire.RESET_CAUSES[identity.reset_cause] == "power-on"
    assert (identity.deadman_ms, identity.watchdog_ms) == (5000, 8000)


def test_what_it_senses_is_what_is_there(bench: Bench) -> None:
    bench.board.set(mains_v=228.0, genset_v=117.0, battery_v=25.5, contacts={"ats_mains", "fuel_low"}, tamper=True)
    report = bench.line.told(lambda r: r.tamper and r.genset_dv > 1100 and r.battery_cv < 2590, "all of it is told")
    assert report.mains_dv == pytest.approx(2280, abs=15)
    assert report.genset_dv == pytest.approx(1170, abs=15)
    assert report.battery_cv == pytest.approx(2550, abs=5)
    assert wire.words(report.contacts, wire.CONTACTS) == ("fuel_low", "ats_mains")
    assert "mains" not in wire.words(report.wired, wire.CONTACTS)
    assert report.relays == wire.SAFE


def test_an_outage_from_the_cut_to_the_genset(bench: Bench) -> None:
    line, board = bench.line, bench.board
    line.told(lambda r: r.mains_dv > 2000, "the mains are there")
    board.set(mains_v=0.0)
    line.told(lambda r: r.mains_dv < 100 and r.dips == 1, "the cut is told")
    line.until(lambda: board.relays() == STARTED, "the starter turns", holding=START)
    board.set(genset_v=231.0, contacts={"ats_mains", "genset_running"})
    line.until(lambda: board.relays() == {"genset_start"}, "the genset is permitted", holding=wire.GENSET_START)
    board.set(contacts={"ats_genset", "genset_running"}, mains_v=230.0)
    report = line.told(lambda r: r.mains_dv > 2000, "the mains are back", holding=wire.GENSET_START)
    assert (report.relays, report.refused) == (wire.GENSET_START, 0), "the load stays where it is"
    line.until(lambda: board.relays() == SAFE, "the genset stops", holding=wire.SAFE)


def test_the_genset_is_refused_while_the_mains_are_there_and_the_reason_told(bench: Bench) -> None:
    bench.board.set(genset_v=230.0)
    report = bench.line.told(
        lambda r: r.refused == wire.R_MAINS_PRESENT, "it is refused", holding=wire.GENSET_START | wire.SHED_1
    )
    assert report.relays == START | wire.SHED_1
    assert {"genset_start", "ats_inhibit", "shed_1"} == bench.board.relays()


def test_a_controller_killed_with_the_genset_started_leaves_the_relays_safe(bench: Bench) -> None:
    bench.line.close()
    command = [sys.executable, "-m", "tests.integration.firmware.line", str(bench.board.port_link), "1500"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as controller:
        assert controller.stdout is not None
        last = next(line for line in controller.stdout if "genset_start" in line)
        assert bench.board.relays() == STARTED
        controller.kill()
        last = (controller.stdout.read().strip().splitlines() or [last])[-1]
    bench.line = Line(bench.board.port_link)
    report = bench.line.told(lambda r: r.deadman_trips, "the deadman trips")
    assert (report.relays, report.driven, report.refused) == (wire.SAFE, False, wire.R_DEADMAN)
    assert bench.board.relays() == SAFE
    after = report.uptime_ms - int(last.split()[0])
    assert after < 1500 + 3000, f"by the board's own clock {after} ms after it last heard of its controller"
    for _ in range(3):
        bench.line.send(wire.ask(1))
        assert bench.line.told(lambda _: True, "it answers").relays == wire.SAFE, "being heard is not enough"
    bench.until_driven()


def test_garbage_on_the_line_moves_nothing_and_stops_nothing(bench: Bench) -> None:
    bench.until_driven()
    good = wire.drive(7, wire.SAFE | wire.SHED_1)
    for noise in (
        b"\xff" * 3000,
        bytes(range(256)) * 4,
        good[:-3],
        bytes([good[0], good[1] ^ 1]) + good[2:],
        b"AT\r\n",
    ):
        bench.board.inject(noise, to_board=True)
        bench.line.until(lambda: bench.line.reports, "it goes on", holding=START)
        bench.line.reports.clear()
    report = bench.line.told(lambda r: r.bad_frames > 5, "the bad frames are counted", holding=START)
    assert report.relays == START
    assert (report.deadman_trips, report.watchdog_resets) == (0, 0)
    assert bench.moves == [STARTED], "the relays moved once, when they were asked to"


def test_a_power_cut_at_the_board_opens_every_coil_and_it_starts_safe(bench: Bench) -> None:
    bench.until_driven()
    bench.board.kill()
    assert bench.board.relays() == SAFE
    bench.board.start()
    bench.line.told(lambda r: r.uptime_ms < 1500, "it has started")
    bench.line.send(wire.identify(1))
    bench.line.until(lambda: bench.line.identities, "it answers")
    assert bench.board.relays() == SAFE
    assert wire.RESET_CAUSES[bench.line.identities[-1].reset_cause] == "power-on"
    bench.until_driven()


@pytest.mark.parametrize("bench", [2.0], indirect=True, ids=["soon"])
def test_firmware_that_hangs_is_bitten_by_the_watchdog_and_comes_back_safe(bench: Bench) -> None:
    bench.until_driven()
    for bites in (1, 2):
        bench.board.hang()
        report = bench.line.told(lambda r, n=bites: r.watchdog_resets == n, "it is back")  # type: ignore[misc]
        assert report.relays == wire.SAFE
        assert not report.driven
        assert bench.board.relays() == SAFE
    bench.line.send(wire.identify(1))
    bench.line.until(lambda: bench.line.identities, "it answers")
    assert wire.RESET_CAUSES[bench.line.identities[-1].reset_cause] == "watchdog"
    assert bench.moves == [STARTED, SAFE]
    bench.until_driven()


def test_a_cable_that_was_pulled_carries_on_where_it_was(bench: Bench) -> None:
    bench.until_driven()
    bench.line.close()
    bench.board.unplug()
    assert not bench.board.port_link.exists()
    bench.board.plug()
    bench.line = Line(bench.board.port_link)
    report = bench.line.told(lambda _: True, "it is heard again", holding=START)
    assert report.uptime_ms > 0
    bench.until_driven()


def test_a_controller_of_another_version_is_answered_and_not_obeyed(bench: Bench) -> None:
    bench.line.told(lambda _: True, "the board has started")
    bench.line.send(wire.frame(wire.DRIVE, 1, bytes((wire.GENSET_START,)), wire.VERSION + 1))
    bench.line.until(lambda: bench.line.identities, "it says which version it speaks")
    assert bench.line.identities[0].protocol == wire.VERSION
    assert bench.moves == []
