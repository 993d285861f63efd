"""The power board is told as it reports; it is driven without pause, and never when it speaks another version."""

from __future__ import annotations

from contract import power_wire as wire
from edge.core.events import (
    BoardReading,
    Contact,
    DeviceFault,
    DeviceLost,
    DeviceOnline,
    FrameRejected,
    Relay,
    RequestFailed,
)
from edge.core.requests import DriveRelays, StopCapture
from edge.devices.powerboard import PowerBoard
from firmware.board import Board
from tests.unit.edge.devices.line import Line

SAFE = frozenset({Relay.ATS_INHIBIT})
MAINS = wire.C_MAINS | wire.C_ATS_MAINS


class Bench:
    """The board's own firmware at the other end of the line, in steps of 50 ms."""

    def __init__(self, **given: float) -> None:
        self.board = Board(uid=b"\x01\x02\x03\x04\x05\x06\x07\x08")
        self.since = 0
        self.heard: list[wire.Frame] = []
        self._ears = wire.Decoder()
        self.line = Line(PowerBoard("board", **given))
        self.line.answer = self._answer
        self.volts = (2300, 0)
        self.contacts = MAINS
        self.tamper = False
        self.silent = False
        self.line.open()

    def _now_ms(self) -> int:
        return round((self.line.now - 1000.0) * 1000) - self.since

    def _answer(self, out: bytes) -> bytes:
        if self.silent:
            return b""
        self.heard += self._ears.receive(out)
        self.board.receive(out, self._now_ms())
        return self.board.outgoing()

    def wait(self, seconds: float) -> Bench:
        for _ in range(round(seconds / 0.05)):
            self.line.wait(0.05)
            mains, genset = self.volts
            self.board.sense(mains, genset, 1264, self.contacts, self.tamper, self._now_ms())
            out = self.board.outgoing()
            if out and not self.silent:
                self.line.feed(out)
        return self

    def drives(self) -> list[int | None]:
        found = [wire.read_drive(frame.payload) for frame in self.heard if frame.kind == wire.DRIVE]
        self.heard = []
        return found

    def reset(self) -> None:
        self.board = Board(reset_cause=2)
        self.since += self._now_ms()

    def reading(self) -> BoardReading:
        return self.line.heard(BoardReading)[-1]


def test_the_board_says_who_it_is_and_what_it_measures() -> None:
    bench = Bench().wait(1)
    online = bench.line.one(DeviceOnline)
    assert online.details["serial"] == "0102030405060708"
    assert online.details["firmware"].count(".") == 2
    reading = bench.reading()
    assert (reading.mains_v, reading.genset_v, reading.battery_v) == (230.0, 0.0, 12.64)
    assert reading.active == {Contact.ATS_MAINS}
    assert Contact.MAINS not in reading.wired, "the mains contact is the controller's"
    assert (reading.relays, reading.tamper) == (SAFE, False)
    assert not bench.line.said


def test_a_change_is_told_at_once() -> None:
    bench = Bench().wait(1)
    bench.reading()
    bench.volts = (0, 0)
    bench.tamper = True
    bench.wait(0.1)
    reading = bench.reading()
    assert (reading.mains_v, reading.tamper) == (0.0, True)


def test_nothing_is_driven_before_it_is_asked_for() -> None:
    bench = Bench().wait(3)
    assert bench.drives() == []


def test_what_is_wanted_is_told_at_once_and_again_within_each_second() -> None:
    bench = Bench().wait(1)
    bench.line.ask(DriveRelays(SAFE | {Relay.SHED_1}))
    assert bench.drives() == [wire.ATS_INHIBIT | wire.SHED_1]
    bench.wait(10)
    assert 10 <= len(bench.drives()) <= 15
    assert bench.reading().relays == SAFE | {Relay.SHED_1}
    assert bench.board.report.deadman_trips == 0


def test_what_the_board_refuses_is_told_in_its_words() -> None:
    bench = Bench().wait(1)
    bench.line.ask(DriveRelays(frozenset()))
    bench.wait(1)
    reading = bench.reading()
    assert reading.relays == SAFE
    assert reading.refused


def test_a_board_that_began_anew_is_asked_who_it_is_and_driven_again() -> None:
    bench = Bench().wait(1)
    bench.line.ask(DriveRelays(SAFE | {Relay.SHED_2})).heard(DeviceOnline)
    bench.wait(1).drives()
    bench.reset()
    bench.wait(1)
    assert bench.line.one(DeviceOnline).details["last reset"] == "watchdog"
    assert bench.reading().relays == SAFE | {Relay.SHED_2}
    assert not bench.line.heard(DeviceLost)


def test_silence_is_told_once_and_the_relays_are_told_all_the_same() -> None:
    bench = Bench().wait(1)
    bench.line.ask(DriveRelays(SAFE))
    bench.wait(1)
    bench.line.said.clear()
    bench.silent = True
    bench.line.take()
    bench.wait(1.8)
    assert not bench.line.heard(DeviceLost)
    bench.wait(20)
    lost = bench.line.one(DeviceLost)
    assert "cable" in lost.remedy
    kinds = [frame.kind for frame in wire.Decoder().receive(bench.line.take())]
    assert kinds.count(wire.DRIVE) >= 20, "it may still hear us"
    bench.silent = False
    bench.wait(2)
    assert bench.line.one(DeviceOnline)
    assert bench.reading().relays == SAFE


def test_a_deadman_of_another_length_is_told_to_the_board_once() -> None:
    bench = Bench(deadman_s=3.0).wait(5)
    assert bench.board.identity.deadman_ms == 3000
    assert sum(frame.kind == wire.CONFIG for frame in bench.heard) == 1


def test_a_board_of_another_version_is_a_fault_and_is_not_driven() -> None:
    line = Line(PowerBoard("board")).open().ask(DriveRelays(SAFE))
    line.take()
    line.feed(wire.frame(wire.IDENTITY, 1, b"\x02", version=2)).feed(wire.frame(wire.REPORT, 2, b"new", version=2))
    fault = line.one(DeviceFault)
    assert fault.reasons == ("version-mismatch",)
    assert "make flash" in fault.remedy
    for _ in range(20):
        line.wait(0.5).feed(wire.frame(wire.REPORT, 2, b"new", version=2))
    assert not line.said
    ears = wire.Decoder()
    assert {frame.kind for frame in ears.receive(line.take())} == {wire.IDENTIFY}, "it is asked, and told nothing"


def test_damaged_frames_are_dropped_and_told() -> None:
    bench = Bench().wait(1)
    bench.line.said.clear()
    good = wire.frame(wire.REPORT, 1, bench.board.report.encode())
    bench.line.feed(good[:9] + b"\x7f" + good[10:])
    assert bench.line.one(FrameRejected).reason
    assert not bench.line.said
    bench.line.feed(good)
    assert bench.line.one(BoardReading)


def test_a_report_of_the_wrong_length_is_no_reading() -> None:
    bench = Bench().wait(1)
    bench.line.said.clear()
    bench.line.feed(wire.frame(wire.REPORT, 1, b"short"))
    assert bench.line.one(FrameRejected)
    assert not bench.line.said


def test_what_is_wanted_outlives_the_port() -> None:
    bench = Bench().wait(1)
    bench.line.ask(DriveRelays(SAFE | {Relay.SHED_1}))
    bench.line.close()
    assert bench.line.one(DeviceLost)
    assert bench.line.driver.next_wakeup() is None
    bench.line.open()
    bench.wait(1)
    assert bench.reading().relays == SAFE | {Relay.SHED_1}


def test_what_it_cannot_do_is_answered() -> None:
    assert Bench().line.ask(StopCapture()).one(RequestFailed).request == "StopCapture"
