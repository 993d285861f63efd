"""What a UPS is told is believed only when its status shows it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edge.core.events import DeviceLost, FrameRejected, RequestConfirmed, RequestFailed, UpsReading, UpsTestEnded
from edge.core.requests import CancelCut, CancelUpsTest, CheckPrinter, CutAndRestore, Request, SetBeeper, TestUps
from edge.devices.megatec import Megatec
from edge.devices.megatec_wire import encode
from hardware.simulators.megatec import Ups
from tests.unit.edge.devices.line import Line


class Unit:
    """A driver and a simulated UPS in virtual time. `deaf`: commands that never reach it; `unknown`: echoed ones."""

    def __init__(self, poll_s: float = 1.0) -> None:
        self.ups = Ups()
        self.deaf: Callable[[bytes], bool] = lambda command: False
        self.unknown: frozenset[bytes] = frozenset()
        self.told: list[bytes] = []
        self.line = Line(Megatec("ups", poll_s), self.answer)
        self.line.open().wait(2)

    def answer(self, out: bytes) -> bytes:
        if out.rstrip() not in (b"Q1", b"F", b"I"):
            self.told.append(out.rstrip())
        if out.rstrip() in self.unknown:
            return out
        return b"" if self.deaf(out.rstrip()) else self.ups.receive(out, self.line.now)

    def ask(self, request: Request, seconds: float = 1.0) -> Unit:
        self.line.ask(request).wait(seconds)
        return self

    def confirmed(self) -> list[str]:
        return [event.request for event in self.line.heard(RequestConfirmed)]

    def failed(self) -> RequestFailed:
        assert not self.line.heard(RequestConfirmed)
        return self.line.one(RequestFailed)

    def ended(self) -> UpsTestEnded:
        return self.line.one(UpsTestEnded)

    def mains(self, volts: float) -> None:
        self.ups.set_mains(self.line.now, volts)


def test_a_test_is_confirmed_by_the_status_and_its_end_is_told() -> None:
    unit = Unit().ask(TestUps())
    assert unit.confirmed() == ["TestUps"] and unit.told == [b"T"]
    assert not unit.line.heard(UpsTestEnded)
    unit.line.wait(12)
    assert unit.ended().passed is True


@pytest.mark.parametrize(("length", "seconds"), [("two-minutes", 120.0), ("deep", 3200.0)])
def test_longer_tests_end_when_they_end(length: str, seconds: float) -> None:
    unit = Unit().ask(TestUps(length))  # type: ignore[arg-type]
    assert unit.confirmed() == ["TestUps"]
    unit.line.wait(seconds * 0.9)
    assert not unit.line.heard(UpsTestEnded)
    unit.line.wait(seconds * 0.2)
    assert unit.ended().passed is True, "a deep test ends with a low battery: that is its purpose"


def test_a_used_up_battery_does_not_pass() -> None:
    unit = Unit()
    unit.ups.battery_health = 0.2
    unit.ask(TestUps(), 15)
    ended = unit.ended()
    assert ended.passed is False and "failure" in ended.reason


def test_a_battery_that_is_low_during_a_short_test_does_not_pass() -> None:
    unit = Unit()
    unit.ups.charge = 0.21
    unit.ask(TestUps("two-minutes"), 130)
    ended = unit.ended()
    assert ended.passed is False and "low" in ended.reason


def test_a_test_that_an_outage_ends_says_nothing_of_the_battery() -> None:
    unit = Unit().ask(TestUps("two-minutes"))
    unit.mains(0.0)
    unit.line.wait(2)
    ended = unit.ended()
    assert ended.passed is None and "mains" in ended.reason


def test_a_cancelled_test_neither_passes_nor_fails() -> None:
    unit = Unit().ask(TestUps("deep")).ask(CancelUpsTest())
    assert unit.confirmed() == ["TestUps", "CancelUpsTest"]
    assert unit.told == [b"TL", b"CT"]
    assert unit.ended().passed is None


def test_a_test_begun_at_the_panel_is_told_too() -> None:
    unit = Unit()
    unit.ups.receive(b"T\r", unit.line.now)
    unit.line.wait(13)
    assert unit.ended().passed is True


def test_no_test_is_begun_on_battery_or_within_another() -> None:
    unit = Unit().ask(TestUps("deep"))
    unit.line.heard(RequestConfirmed)
    assert "already" in unit.ask(TestUps()).failed().error
    unit.ask(CancelUpsTest()).confirmed()
    unit.mains(0.0)
    assert "mains are out" in unit.ask(TestUps()).failed().error
    assert unit.told == [b"TL", b"CT"], "the UPS was not even told"


def test_the_beeper_is_toggled_only_when_it_is_not_as_wanted() -> None:
    unit = Unit().ask(SetBeeper(on=True))
    assert unit.confirmed() == ["SetBeeper"] and unit.told == []
    unit.ask(SetBeeper(on=False)).ask(SetBeeper(on=False))
    assert unit.confirmed() == ["SetBeeper", "SetBeeper"] and unit.told == [b"Q"]
    assert unit.ups.beeper is False


@pytest.mark.parametrize(
    ("off_s", "back_min", "command"),
    [
        (12.0, 1, b"S.2R0001"),
        (13.0, 1, b"S.3R0001"),
        (30.0, 3, b"S.5R0003"),
        (54.0, 3, b"S.9R0003"),
        (54.1, 3, b"S01R0003"),
        (61.0, 10, b"S02R0010"),
        (600.0, 9999, b"S10R9999"),
    ],
)
def test_a_cut_never_comes_sooner_than_asked(off_s: float, back_min: int, command: bytes) -> None:
    assert encode(CutAndRestore(off_s, back_min)) == command


@pytest.mark.parametrize(("off_s", "back_min"), [(11.0, 1), (601.0, 1), (30.0, 0), (30.0, 10_000)])
def test_a_cut_that_the_protocol_cannot_say_is_refused(off_s: float, back_min: int) -> None:
    assert "allowed are" in Unit().ask(CutAndRestore(off_s, back_min)).failed().error


def test_on_battery_the_output_is_cut_and_comes_back_with_the_mains() -> None:
    unit = Unit()
    unit.mains(0.0)
    unit.ask(CutAndRestore(30.0, 1))
    assert unit.confirmed() == ["CutAndRestore"]
    unit.line.wait(25)
    assert unit.ups.output_on
    unit.line.wait(10)
    assert not unit.ups.output_on
    unit.mains(230.0)
    unit.line.wait(70)
    assert unit.ups.output_on


def test_mains_that_return_before_the_cut_do_not_keep_the_load_from_power_cycling() -> None:
    unit = Unit()
    unit.mains(0.0)
    unit.ask(CutAndRestore(30.0, 1))
    unit.mains(230.0)
    unit.line.wait(35)
    assert not unit.ups.output_on
    unit.line.wait(60)
    assert unit.ups.output_on


def test_a_cut_is_taken_back() -> None:
    unit = Unit().ask(CutAndRestore(30.0, 1)).ask(CancelCut())
    assert unit.confirmed() == ["CutAndRestore", "CancelCut"]
    unit.line.wait(100)
    assert unit.ups.output_on


def test_a_cancel_after_the_cut_brings_the_output_back_without_beginning_anew() -> None:
    unit = Unit().ask(CutAndRestore(12.0, 60), 20)
    unit.line.heard(RequestConfirmed)
    assert not unit.ups.output_on
    unit.ask(CancelCut(), 15)
    assert unit.confirmed() == ["CancelCut"] and unit.ups.output_on
    assert unit.told.count(b"C") == 1


def test_a_cancel_is_sent_even_if_the_cut_before_it_is_not_proved() -> None:
    unit = Unit()
    hidden = [True]
    real = unit.ups.receive

    def status_hides_the_cut(data: bytes, now: float) -> bytes:
        reply = real(data, now)
        return reply.replace(b"00001011", b"00001001") if hidden[0] else reply

    unit.ups.receive = status_hides_the_cut  # type: ignore[method-assign]
    unit.ask(CutAndRestore(30.0, 1), 0.5).ask(CancelCut(), 1)
    failed = unit.line.one(RequestFailed)
    assert (failed.request, failed.error) == ("CutAndRestore", "it was cancelled")
    hidden[0] = False
    unit.line.wait(5)
    assert unit.confirmed() == ["CancelCut"] and unit.told[-1] == b"C"
    unit.line.wait(100)
    assert unit.ups.output_on


def test_a_lost_command_is_sent_again() -> None:
    unit = Unit()
    unit.deaf = lambda command: command == b"S.5R0001" and unit.told.count(command) < 3
    unit.ask(CutAndRestore(30.0, 1), 10)
    assert unit.confirmed() == ["CutAndRestore"] and unit.told == [b"S.5R0001"] * 3


def test_a_command_without_effect_is_given_up() -> None:
    unit = Unit()
    unit.deaf = lambda command: command == b"S.5R0001"
    unit.ask(CutAndRestore(30.0, 1), 20)
    assert "3 times" in unit.failed().error
    assert unit.told == [b"S.5R0001"] * 3
    unit.line.wait(60)
    assert not unit.line.heard(RequestFailed) and not unit.line.heard(DeviceLost)


def test_an_echo_says_at_once_that_the_ups_does_not_know_the_command() -> None:
    unit = Unit()
    unit.unknown = frozenset({b"TL"})
    unit.ask(TestUps("deep"), 0.2)
    assert "does not know the command TL" in unit.failed().error
    unit.line.wait(10)
    assert unit.told == [b"TL"] and not unit.line.heard(FrameRejected)


def test_a_silent_ups_confirms_nothing() -> None:
    unit = Unit()
    unit.ups.wire.silent = True
    unit.ask(CutAndRestore(30.0, 1), 10)
    assert "does not answer" in unit.failed().error
    assert unit.line.one(DeviceLost)
    assert "does not answer" in unit.ask(SetBeeper(on=False), 0).failed().error


def test_a_pulled_cable_fails_what_is_under_way() -> None:
    unit = Unit()
    unit.deaf = lambda command: command == b"S.5R0001"
    unit.ask(CutAndRestore(30.0, 1), 0.5)
    unit.line.close()
    assert "unplugged" in unit.failed().error


def test_a_test_that_went_on_while_the_cable_was_out_has_no_verdict() -> None:
    unit = Unit().ask(TestUps("two-minutes"))
    unit.line.close()
    unit.line.now += 300
    unit.line.open().wait(2)
    assert unit.ended().passed is None


def test_other_devices_requests_are_refused() -> None:
    assert "cannot do" in Unit().ask(CheckPrinter()).failed().error


def test_no_more_requests_are_held_than_anybody_needs() -> None:
    unit = Unit()
    unit.deaf = lambda command: True
    for _ in range(30):
        unit.line.ask(SetBeeper(on=False))
    assert len(unit.line.heard(RequestFailed)) == 22


def test_on_battery_the_ups_is_asked_oftener() -> None:
    unit = Unit(poll_s=5.0)
    unit.mains(0.0)
    unit.line.wait(5)
    unit.line.heard(UpsReading)
    unit.line.wait(10)
    assert len(unit.line.heard(UpsReading)) >= 18
