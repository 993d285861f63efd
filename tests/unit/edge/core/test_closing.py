"""Admission by energy, shedding, and a shutdown that can be taken back until its point of no return."""

from __future__ import annotations

from contract.messages import (
    AlarmCommand,
    AlarmState,
    CommandDone,
    LoadShed,
    MainsDipped,
    MuteCommand,
    Outcome,
    PrintChanged,
    ShutdownChanged,
    Supply,
    TestUpsCommand,
)
from edge.core import controller
from edge.core.commands import HaltController, Sound, Tone
from edge.core.events import (
    CardPrinted,
    Contact,
    ContactChanged,
    DeviceLost,
    FrameRejected,
    PrinterReady,
    Relay,
    RequestConfirmed,
    RequestFailed,
    Started,
    WallTime,
    WokeUp,
)
from edge.core.requests import CheckPrinter, CutAndRestore, PrintCard, SetBeeper, TestUps
from edge.core.settings import EnergySettings
from tests.unit.edge.core.booth import print_command, requests
from tests.unit.edge.core.powered import Powered

SMALL = EnergySettings(full_load_s=300.0, half_load_s=670.0)


def small(**changes: object) -> Powered:
    """A booth without a genset, whose battery lasts some fifteen minutes."""
    return Powered(**({"genset": None, "wired": frozenset({"mains", "shed_1", "shed_2"}), "energy": SMALL} | changes))


def stages(booth: Powered) -> list[str]:
    return [body.stage for body in booth.heard(ShutdownChanged)]  # type: ignore[attr-defined]


def discharge(booth: Powered, to: str, limit: float = 3_000.0) -> None:
    """On battery until the shutdown has come so far."""
    booth.mains(False)
    end = booth.now + limit
    while to not in stages(booth):
        assert booth.now < end, f"{to} never came: {stages(booth)}"
        booth.passes(1.0)


def test_a_card_is_begun_on_battery_only_with_the_energy_to_finish_it() -> None:
    booth = small()
    booth.mains(False)
    booth.passes(5.0)
    booth.command(print_command("job-1"), "c1")
    assert requests(booth.given, CheckPrinter), "the full battery has the energy"
    booth.passes(500.0)
    booth.command(print_command("job-2"), "c2")
    assert "needed to finish" in booth.state.no_print
    assert "min" in booth.state.no_print
    booth.mains(True)
    booth.passes(61.0)
    assert booth.state.no_print == ""


def test_what_a_print_takes_is_learned_from_the_prints_that_ran() -> None:
    booth = small()
    for n in range(4):
        booth.start_print(f"job-{n}", counter=n)
        booth.ups(load_pct=55.0)
        booth.passes(20.0)
        booth.see(CardPrinted("printer", f"job-{n}", n + 1))
        booth.ups(load_pct=30.0)
        booth.passes(5.0)
    need = booth.rows["need/print"]
    assert 18 <= need.seconds <= 23  # type: ignore[attr-defined]
    assert 130 <= need.watts <= 155, "25 % of 600 W"  # type: ignore[attr-defined]
    booth.power_cut()
    assert booth.rows["need/print"] is need


def test_loads_are_shed_in_stages_and_come_back_with_the_power() -> None:
    booth = small()
    booth.mains(False)
    while booth.state.plant.shutdown.shed < 2:
        booth.passes(2.0)
    assert [body.stage for body in booth.heard(LoadShed)] == [1, 2]  # type: ignore[attr-defined]
    assert {Relay.SHED_1, Relay.SHED_2} <= booth.relays
    booth.mains(True)
    booth.passes(7.0)
    assert not {Relay.SHED_1, Relay.SHED_2} & booth.relays


def test_the_controller_halts_only_after_the_ups_has_confirmed_that_it_will_cut_and_restore() -> None:
    booth = small()
    discharge(booth, "committed")
    assert requests(booth.given, CutAndRestore)
    assert not [one for one in booth.given if isinstance(one, HaltController)]
    booth.see(RequestConfirmed("ups", "CutAndRestore"))
    assert [one for one in booth.given if isinstance(one, HaltController)]
    assert booth.supplies[-1] is Supply.OFF


def test_a_ups_that_does_not_take_the_order_leaves_the_controller_running() -> None:
    booth = small()
    discharge(booth, "committed")
    booth.see(RequestFailed("ups", "CutAndRestore", "echoed"))
    booth.passes(30.0)
    assert len(requests(booth.given, CutAndRestore)) > 1, "it is asked again"
    assert not [one for one in booth.given if isinstance(one, HaltController)]


def test_mains_before_the_point_of_no_return_take_the_shutdown_back() -> None:
    booth = small()
    discharge(booth, "closing")
    booth.mains(True)
    booth.passes(2.0)
    assert stages(booth)[-1] == "cancelled"
    assert booth.supplies[-1] is Supply.ON_MAINS
    assert not requests(booth.given, CutAndRestore)


def test_mains_after_the_point_of_no_return_change_nothing_the_load_power_cycles() -> None:
    booth = small()
    discharge(booth, "committed")
    booth.see(RequestConfirmed("ups", "CutAndRestore"))
    booth.ups(shutting_down=True)
    booth.mains(True)
    booth.passes(5.0)
    assert stages(booth)[-1] == "committed"


def test_a_start_that_finds_the_ups_about_to_cut_halts_again() -> None:
    booth = small()
    booth.power_cut()
    booth.given.clear()
    booth.ups(shutting_down=True)
    booth.mains(False)
    booth.passes(2.0)
    assert [one for one in booth.given if isinstance(one, HaltController)]


def test_a_card_under_way_is_finished_before_the_point_of_no_return() -> None:
    booth = small()
    booth.mains(False)
    booth.passes(5.0)
    booth.command(print_command(), "c1")
    booth.see(PrinterReady("printer", 7))
    assert requests(booth.given, PrintCard)
    booth.ups(battery_low=True)
    booth.passes(60.0)
    assert "committed" not in stages(booth)
    booth.see(CardPrinted("printer", "job-1", 8))
    booth.passes(2.0)
    assert stages(booth)[-1] == "committed"
    assert booth.heard(PrintChanged)[-1].state == "printed"  # type: ignore[attr-defined]


def test_losing_the_ups_on_battery_is_told_and_neither_an_outage_nor_an_end_of_one() -> None:
    booth = small()
    booth.mains(False)
    booth.passes(5.0)
    booth.ups_speaks = False
    booth.see(DeviceLost("ups", "no answer", "cable"))
    booth.passes(20.0)
    assert booth.supplies == [Supply.ON_MAINS, Supply.ON_BATTERY]
    assert booth.alarm("ups.lost") is AlarmState.UNACKNOWLEDGED
    assert "the UPS does not answer" in booth.state.no_print, "what is only reckoned is not enough for a card"


def test_a_contact_alone_does_not_end_an_outage_for_a_card() -> None:
    booth = small()
    booth.mains(False)
    booth.passes(5.0)
    booth.ups_speaks = False
    booth.see(DeviceLost("ups", "no answer", "cable"))
    booth.mains(True)
    booth.passes(90.0)
    assert booth.supplies[-1] is Supply.ON_MAINS
    assert "contact alone" in booth.state.no_print
    booth.ups_speaks = True
    booth.passes(1.0)
    assert booth.state.no_print == ""


def test_a_dip_shorter_than_a_second_is_counted_and_is_no_outage_for_the_genset() -> None:
    booth = Powered()
    booth.see(ContactChanged(Contact.MAINS, False))
    booth.see(ContactChanged(Contact.MAINS, True), 0.4)
    booth.see(WokeUp(), 0.05)
    (dip,) = booth.heard(MainsDipped)
    assert dip.seconds == 0.4  # type: ignore[attr-defined]
    booth.passes(10.0)
    assert Relay.GENSET_START not in booth.relays


def test_a_lying_contact_is_outvoted_by_a_ups_that_measures_and_the_disagreement_is_told() -> None:
    booth = small()
    booth.contact(Contact.MAINS, False)
    booth.passes(10.0)
    assert booth.supplies[-1] is Supply.ON_MAINS
    assert booth.alarm("sources.disagree") is AlarmState.UNACKNOWLEDGED


def test_an_implausible_ups_is_told_as_such() -> None:
    booth = small()
    booth.ups_speaks = False
    for _ in range(8):
        booth.see(FrameRejected("ups", "a battery of 99 V", b"("), 1.0)
    assert booth.alarm("ups.implausible") is AlarmState.UNACKNOWLEDGED
    assert booth.supplies[-1] is Supply.ON_MAINS


def outcome(booth: Powered) -> CommandDone:
    told = booth.heard(CommandDone)[-1]
    assert isinstance(told, CommandDone)
    return told


def test_an_alarm_lives_as_isa_18_2_says() -> None:
    booth = small()
    booth.mains(False)
    booth.passes(3.0)
    assert booth.alarm("mains.out") is AlarmState.UNACKNOWLEDGED
    booth.mains(True)
    booth.passes(10.0)
    assert booth.alarm("mains.out") is AlarmState.RETURNED
    booth.mains(False)
    booth.passes(3.0)
    booth.command(AlarmCommand(action="acknowledge", alarm="mains.out", occurrence=1, person="Sari"), "a1")
    assert outcome(booth).outcome is Outcome.REFUSED, "it has risen again since"
    booth.command(AlarmCommand(action="acknowledge", alarm="mains.out", occurrence=2, person="Sari"), "a2")
    assert booth.alarm("mains.out") is AlarmState.ACKNOWLEDGED
    booth.mains(True)
    booth.passes(10.0)
    assert booth.alarm("mains.out") is AlarmState.NORMAL


def test_a_shelved_alarm_comes_back_when_its_time_is_over_also_after_a_restart() -> None:
    booth = small()
    booth.see(WallTime(1_764_547_200.0))
    booth.mains(False)
    booth.passes(3.0)
    shelve = AlarmCommand(
        action="shelve", alarm="mains.out", occurrence=1, person="Sari", minutes=10, reason="PLN works until noon"
    )
    booth.command(shelve, "s1")
    assert booth.alarm("mains.out") is AlarmState.SHELVED
    booth.power_cut()
    booth.contact(Contact.MAINS, False)
    booth.see(WallTime(1_764_547_200.0 + 300))
    booth.passes(200.0)
    assert booth.alarm("mains.out") is AlarmState.SHELVED
    booth.passes(110.0)
    assert booth.alarm("mains.out") is AlarmState.UNACKNOWLEDGED


def test_the_battery_is_not_tested_while_it_is_needed() -> None:
    booth = small()
    booth.mains(False)
    booth.passes(3.0)
    booth.command(TestUpsCommand(person="Sari"), "t1")
    assert "carries the booth" in outcome(booth).reason
    booth.mains(True)
    booth.passes(3.0)
    booth.command(TestUpsCommand(person="Sari"), "t2")
    assert requests(booth.given, TestUps)
    assert outcome(booth).outcome is Outcome.DONE


def test_the_beeper_is_muted_on_request_and_the_same_command_is_carried_out_once() -> None:
    booth = small()
    for _ in range(2):
        booth.command(MuteCommand(what="ups", person="Sari"), "m1")
    assert len(requests(booth.given, SetBeeper)) == 1


def test_a_crash_in_an_outage_is_not_taken_for_a_dead_battery_but_a_power_cut_is() -> None:
    health = {}
    for machine in ("m1", "m2"):
        booth = small()
        booth.see(Started("test", "m1"))
        booth.mains(False)
        booth.passes(30.0)
        booth.state = controller.restore(booth.settings, dict(booth.rows), min(booth.outbox), booth.last)
        booth.see(Started("test", machine))
        booth.contact(Contact.MAINS, True)
        booth.line(True)
        booth.passes(5.0)
        health[machine] = booth.state.plant.battery.health
    assert health["m1"] >= 0.7
    assert health["m2"] < 0.3


def test_an_alarm_that_nobody_has_acknowledged_calls_again_until_it_is_muted() -> None:
    booth = small()
    booth.ups_speaks = False
    booth.see(DeviceLost("ups", "no answer", "cable"))
    booth.passes(130.0)
    sounds = [one for one in booth.given if one == Sound(Tone.ALARM)]
    assert len(sounds) == 3
    booth.command(MuteCommand(what="booth", person="Sari"), "m1")
    booth.passes(130.0)
    assert len([one for one in booth.given if one == Sound(Tone.ALARM)]) == 3
