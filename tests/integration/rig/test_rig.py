"""The real booth program on simulated hardware: what a person does at the bench is what the coordinator hears."""

from __future__ import annotations

import json
from pathlib import Path

from hardware.rig import control
from tests.integration.rig.conftest import Rig

KK, NIK = "3526010101100001", "3526014101900001"
CABLES = ("scanner", "ups", "printer", "signature")


def test_mains_and_door_are_heard_and_told(rig: Rig) -> None:
    told = rig.coordinator.told
    rig.tended(lambda: told("supply.changed", supply="ON_MAINS"), "mains at start")
    rig.say("mains", "off")
    rig.tended(lambda: told("supply.changed", supply="ON_BATTERY"), "the outage")
    rig.say("mains", "on")
    rig.tended(lambda: told("supply.changed", supply="ON_MAINS")[1:], "the return")
    rig.say("door", "open")
    rig.tended(lambda: told("door.changed", open=True), "the open door")


def test_an_applicant_is_recorded_by_the_officers_hands_alone(rig: Rig) -> None:
    told = rig.coordinator.told
    rig.tended(lambda: len(told("device.changed", state="ok")) >= 7, "all devices answer")
    rig.say("scan", KK, NIK)
    rig.say("day", "on")
    rig.tended(lambda: told("enrolment.completed"), "the recording")
    first = told("enrolment.completed")[0]
    assert told("enrolment.opened")[0]["nik"] == NIK
    parts = rig.tended(
        lambda: (
            len(rig.coordinator.packets.get(first["packet"], {})) == first["parts"]
            and rig.coordinator.packets[first["packet"]]
        ),
        "the packet",
    )
    assert sum(map(len, parts.values())) == first["size"]
    assert NIK.encode() not in b"".join(parts.values())


def test_a_pulled_cable_is_a_lost_device_until_it_is_back(rig: Rig) -> None:
    told = rig.coordinator.told
    rig.tended(lambda: len(told("device.changed", state="ok")) >= 7, "all devices answer")
    for name in CABLES:
        rig.say(name, "unplug")
        lost = rig.tended(lambda name=name: told("device.changed", device=name, state="lost"), f"{name} lost")
        assert lost[0]["remedy"]
        rig.say(name, "plug")
        rig.tended(lambda name=name: told("device.changed", device=name, state="ok")[1:], f"{name} back")


def test_a_printer_without_cards_and_a_busy_camera_are_faults_with_a_remedy(rig: Rig) -> None:
    told = rig.coordinator.told
    rig.tended(lambda: len(told("device.changed", state="ok")) >= 7, "all devices answer")
    rig.say("printer", "cover-open")
    rig.say("sbi", "face", "not-ready")
    for name in ("printer", "face"):
        fault = rig.tended(lambda name=name: told("device.changed", device=name, state="fault"), f"{name} in trouble")
        assert fault[0]["remedy"]
    rig.say("printer", "cover-close")
    rig.say("sbi", "face", "ready")
    for name in ("printer", "face"):
        rig.tended(lambda name=name: told("device.changed", device=name, state="ok")[1:], f"{name} mended")


def test_killed_programs_come_back_and_no_event_is_lost(rig: Rig) -> None:
    told = rig.coordinator.told
    rig.tended(lambda: len(told("device.changed", state="ok")) >= 7, "all devices answer")
    rig.say("scan", KK, NIK)
    rig.tended(lambda: told("enrolment.opened"), "the scan")
    assert control.kill(rig.places, ["edge"])[0]
    rig.tended(lambda: told("booth.started")[1:], "the booth starts again")
    assert control.kill(rig.places, ["broker"])[0]
    rig.say("door", "open")
    rig.tended(lambda: told("door.changed", open=True), "the door, by the new broker")
    assert control.kill(rig.places, ["bench"])[0]
    rig.tended(lambda: told("door.changed", open=False)[-1:] and told("door.changed")[-1]["open"] is False, "new bench")
    assert sorted(rig.coordinator.events) == list(range(1, len(rig.coordinator.events) + 1))


def test_a_lamp_is_dark_while_no_program_runs(rig: Rig) -> None:
    rig.tended(lambda: rig.status()["lamps"] == ["green"], "green")
    rig.supervisor.children["edge"].process.kill()
    rig.tended(lambda: rig.status()["lamps"] == [] or None, "dark")


def test_words_that_are_none_are_refused_with_those_that_are(rig: Rig) -> None:
    for words, hint in (
        (["dance"], "there are: mains"),
        (["mains", "maybe"], "mains what? One of: on, off"),
        (["printer"], "One of: jam"),
        (["scan", "1", "2"], "both have 16 digits"),
        (["sbi", "nose", "busy"], "face, slap, iris"),
        (["sbi", "face", "sneeze"], "low, timeout, drop"),
        (["centre", "gone"], "up, down"),
        (["day", "pace", "soon"], "no number"),
    ):
        done, text = control.ask(rig.places.control, words)
        assert not done
        assert hint in text


def test_cards_and_counter_outlive_the_bench(rig: Rig, tmp_path: Path) -> None:
    rig.say("printer", "empty")
    rig.say("printer", "refill", "7")
    assert control.kill(rig.places, ["bench"])[0]
    state = tmp_path / "run" / "bench" / "state.json"
    rig.tended(lambda: rig.say("status") and rig.status()["printer"]["feeder"] == 7, "seven cards again")
    assert json.loads(state.read_text())["printer"]["loaded"] == 7
