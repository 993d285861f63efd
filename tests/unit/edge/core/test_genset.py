"""The genset's sequence: bounded cranks, a load only for volts that are there, and no trust in a word."""

from __future__ import annotations

import pytest

from contract.messages import AlarmState, GensetPhase, Supply, TestGensetCommand
from edge.core.commands import Ask
from edge.core.events import Contact, GensetAlarm, GensetReading, Relay, RequestFailed, WallTime
from edge.core.requests import StartGenset, StopGenset
from edge.core.settings import GensetSettings
from tests.unit.edge.core.booth import requests
from tests.unit.edge.core.powered import Powered

SAFE = frozenset({Relay.ATS_INHIBIT})
CRANK = frozenset({Relay.GENSET_START, Relay.ATS_INHIBIT})
CARRY = frozenset({Relay.GENSET_START})


def test_an_outage_goes_from_battery_to_genset_and_back_to_the_mains() -> None:
    booth = Powered()
    booth.mains(False)
    booth.passes(4.0)
    assert booth.relays == SAFE, "a short outage does not start the engine"
    booth.passes(3.0)
    assert booth.relays == CRANK
    booth.contact(Contact.GENSET_RUNNING, True)
    booth.passes(14.0)
    assert booth.relays == CRANK, "it warms up without load"
    booth.passes(2.0)
    assert booth.relays == CARRY
    booth.ats("genset")
    booth.passes(2.0)
    assert booth.supplies[-1] is Supply.ON_GENSET
    booth.mains(True)
    booth.passes(30.0)
    assert booth.supplies[-1] is Supply.MAINS_RETURNING
    assert booth.relays == CARRY, "the mains must prove steady first"
    booth.passes(31.0)
    assert booth.relays == CRANK, "the load goes back, the engine still runs"
    booth.ats("mains")
    booth.passes(61.0)
    assert booth.relays == SAFE
    booth.contact(Contact.GENSET_RUNNING, False)
    booth.passes(2.0)
    assert booth.phases[-1] is GensetPhase.STOPPED
    assert booth.supplies == [
        Supply.ON_MAINS,
        Supply.ON_BATTERY,
        Supply.GENSET_STARTING,
        Supply.ON_GENSET,
        Supply.MAINS_RETURNING,
        Supply.ON_MAINS,
    ]


def test_an_engine_that_does_not_start_is_cranked_three_times_with_rests_and_then_left_alone() -> None:
    booth = Powered()
    booth.mains(False)
    cranked: list[float] = []
    for _ in range(160):
        booth.passes(0.5)
        if Relay.GENSET_START in booth.relays:
            cranked.append(booth.now)
    assert booth.phases.count(GensetPhase.CRANKING) == 3
    assert booth.phases[-1] is GensetPhase.FAILED
    assert 28 <= 0.5 * len(cranked) <= 31, "three times ten seconds"
    assert booth.alarm("genset.start-failed") is AlarmState.UNACKNOWLEDGED
    booth.passes(600.0, step=5.0)
    assert booth.phases.count(GensetPhase.CRANKING) == 3


def test_mains_that_come_back_during_cranking_stop_it() -> None:
    booth = Powered()
    booth.mains(False)
    booth.passes(8.0)
    assert Relay.GENSET_START in booth.relays
    booth.mains(True)
    booth.passes(1.0)
    assert booth.relays == SAFE
    assert booth.supplies[-1] is Supply.ON_MAINS


def test_a_stalled_genset_is_started_again_and_the_battery_carries_meanwhile() -> None:
    booth = Powered()
    booth.start_genset()
    booth.contact(Contact.GENSET_RUNNING, False)
    booth.line(False)
    booth.passes(2.0)
    assert booth.supplies[-1] is Supply.GENSET_STARTING
    assert booth.relays == SAFE, "the starter rests first"
    assert booth.alarm("genset.stalled") is AlarmState.UNACKNOWLEDGED
    booth.passes(10.0)
    assert Relay.GENSET_START in booth.relays


def test_a_fault_of_the_engine_ends_the_run_at_once() -> None:
    booth = Powered()
    booth.start_genset()
    booth.contact(Contact.GENSET_FAULT, True)
    booth.passes(1.0)
    assert booth.relays == SAFE
    assert booth.alarm("genset.fault") is AlarmState.UNACKNOWLEDGED
    booth.passes(11.0)
    assert booth.phases[-1] is GensetPhase.FAILED, "the contact stayed closed"


def test_a_protection_that_lets_go_with_the_start_signal_is_tried_once_more_and_not_twice() -> None:
    booth = Powered()
    booth.start_genset()
    for _ in range(2):
        booth.contact(Contact.GENSET_FAULT, True)
        booth.contact(Contact.GENSET_RUNNING, False)
        booth.passes(1.0)
        booth.contact(Contact.GENSET_FAULT, False)
        booth.passes(10.0)
        booth.contact(Contact.GENSET_RUNNING, True)
        booth.passes(2.0)
    assert booth.phases[-1] is GensetPhase.FAILED
    assert booth.phases.count(GensetPhase.CRANKING) == 2


def test_an_ats_that_does_not_move_is_told_and_the_engine_is_not_kept_running_for_nothing() -> None:
    booth = Powered()
    booth.mains(False)
    booth.passes(7.0)
    booth.contact(Contact.GENSET_RUNNING, True)
    booth.passes(24.0)
    assert booth.alarm("ats.stuck") is AlarmState.UNACKNOWLEDGED
    booth.passes(12.0)
    assert booth.phases[-1] is GensetPhase.FAILED
    assert booth.relays == SAFE


def test_an_ats_stuck_on_the_genset_keeps_the_engine_that_feeds_the_booth() -> None:
    booth = Powered()
    booth.start_genset()
    booth.mains(True)
    booth.passes(70.0)
    assert booth.alarm("ats.stuck") is AlarmState.UNACKNOWLEDGED
    assert Relay.GENSET_START in booth.relays
    assert booth.supplies[-1] is Supply.MAINS_RETURNING


def test_a_restart_finds_the_running_engine_and_goes_on() -> None:
    booth = Powered()
    booth.start_genset()
    booth.power_cut()
    booth.contact(Contact.MAINS, False)
    for contact, closed in ((Contact.ATS_MAINS, False), (Contact.ATS_GENSET, True), (Contact.GENSET_RUNNING, True)):
        booth.contact(contact, closed)
    booth.passes(2.0)
    assert booth.relays == CARRY
    assert booth.supplies[-1] is Supply.ON_GENSET


@pytest.mark.parametrize("cuts", [1, 3, 6])
def test_no_loop_of_restarts_cranks_more_often_than_allowed(cuts: int) -> None:
    booth = Powered()
    booth.mains(False)
    booth.passes(7.0)
    for _ in range(cuts):
        booth.power_cut()
        booth.contact(Contact.MAINS, False)
        booth.contact(Contact.GENSET_RUNNING, False)
        booth.passes(12.0)
    booth.passes(120.0)
    assert booth.phases.count(GensetPhase.CRANKING) <= 3


def controlled(**figures: object) -> tuple[Powered, GensetReading]:
    booth = Powered(
        genset=GensetSettings(device="dse"),
        kinds={"ups": "megatec", "printer": "evolis", "face": "sbi", "dse": "dse"},
    )
    values: dict[str, object] = {"mode": "auto", "rpm": 0.0, "volts": 0.0, "hertz": 0.0, "fuel_pct": 60.0}
    reading = GensetReading("dse", **(values | figures))  # type: ignore[arg-type]
    booth.see(reading)
    return booth, reading


def test_a_controllers_acknowledgement_is_not_believed_only_rpm_and_volts() -> None:
    booth, _ = controlled()
    booth.mains(False)
    booth.passes(7.0)
    assert requests(booth.given, StartGenset)
    assert Relay.GENSET_START not in booth.relays, "the controller cranks by itself"
    assert booth.phases[-1] is GensetPhase.CRANKING
    booth.see(GensetReading("dse", mode="auto", rpm=1500.0, volts=150.0, hertz=50.0))
    booth.passes(0.5)
    assert booth.phases[-1] is GensetPhase.WARMING
    for _ in range(9):
        booth.see(GensetReading("dse", mode="auto", rpm=1500.0, volts=150.0, hertz=50.0))
        booth.passes(2.0)
    assert booth.phases[-1] is GensetPhase.WARMING, "150 V are no supply"
    booth.see(GensetReading("dse", mode="auto", rpm=1500.0, volts=231.0, hertz=50.1))
    booth.passes(1.0)
    assert booth.relays == frozenset(), "the ATS may go to it"


def test_a_model_that_lacks_the_start_key_is_started_by_the_relay() -> None:
    booth, _ = controlled()
    booth.mains(False)
    booth.passes(7.0)
    booth.see(RequestFailed("dse", "StartGenset", "no effect"))
    booth.passes(1.0)
    assert Relay.GENSET_START in booth.relays


def test_a_controllers_shutdown_alarm_forbids_a_start_and_is_named() -> None:
    booth, _ = controlled(alarms=(GensetAlarm("low-oil-pressure", "shutdown"),))
    booth.mains(False)
    booth.passes(8.0)
    assert not requests(booth.given, StartGenset)
    assert booth.alarm("genset.oil-low") is AlarmState.UNACKNOWLEDGED


def test_a_start_that_finds_a_running_engine_and_good_mains_asks_the_controller_to_stop_it() -> None:
    booth, _ = controlled()
    booth.power_cut()
    booth.given.clear()
    booth.see(GensetReading("dse", mode="auto", rpm=1500.0, volts=231.0, hertz=50.0))
    for contact, closed in ((Contact.MAINS, True), (Contact.ATS_MAINS, True), (Contact.ATS_GENSET, False)):
        booth.contact(contact, closed)
    booth.passes(4.0)
    assert requests(booth.given, StopGenset)


def test_losing_the_controllers_link_is_told_and_is_no_outage() -> None:
    booth, _ = controlled()
    booth.passes(15.0)
    assert booth.alarm("genset.lost") is AlarmState.UNACKNOWLEDGED
    assert booth.supplies == [Supply.ON_MAINS]


def test_the_exercise_runs_without_load_and_gives_way_to_an_outage() -> None:
    booth = Powered()
    booth.command(TestGensetCommand(person="Sari"))
    booth.contact(Contact.GENSET_RUNNING, True)
    booth.passes(20.0)
    assert booth.phases[-1] is GensetPhase.EXERCISING
    assert booth.relays == CRANK, "without load"
    booth.mains(False)
    booth.passes(16.0)
    assert booth.relays == CARRY


def test_the_exercise_comes_by_itself_after_a_week_in_office_hours() -> None:
    booth = Powered()
    booth.passes(61.0)
    monday = 1_764_547_200.0  # 2025-12-01 00:00 UTC, 07:00 WIB
    booth.see(WallTime(monday))
    week = 7 * 86_400.0
    booth.see(WallTime(monday + week))
    assert Relay.GENSET_START not in booth.relays, "it is seven in the morning"
    booth.see(WallTime(monday + week + 7_200.0))
    assert Relay.GENSET_START in booth.relays


def test_a_test_during_an_outage_is_refused_with_the_reason() -> None:
    booth = Powered()
    booth.mains(False)
    booth.passes(2.0)
    booth.command(TestGensetCommand(person="Sari"))
    assert "wait until it stands still" in booth.said[-1].reason  # type: ignore[attr-defined]


def test_the_controller_is_asked_to_stop_when_the_mains_have_the_load_again() -> None:
    booth, _ = controlled()
    booth.mains(False)
    booth.passes(7.0)
    booth.mains(True)
    booth.passes(1.0)
    assert requests(booth.given, StopGenset)
    assert all(isinstance(one, Ask) for one in booth.given if isinstance(one, Ask))
