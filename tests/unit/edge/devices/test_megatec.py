"""The UPS is told as it is: each figure checked, silence and nonsense named, no reading invented."""

from __future__ import annotations

import pytest

from edge.core.events import DeviceFault, DeviceLost, DeviceOnline, FrameRejected, UpsReading
from edge.devices.megatec import Megatec
from edge.devices.megatec_wire import charge
from tests.unit.edge.devices.line import Line

GOOD = b"(229.8 229.8 220.1 023 50.1 27.3 31.5 00001000\r"
I = b"#APC             SMT1500    FW1.2     \r"  # noqa: E741 - the command's name
F = b"#230.0 004 024.0 50.0\r"


def ups(q1: bytes = GOOD, identity: bytes = I, rating: bytes = F) -> Line:
    replies = {b"I\r": identity, b"F\r": rating}
    line = Line(Megatec("ups"))
    line.answer = lambda out: replies.get(out, q1)
    return line.open()


def readings(line: Line) -> list[UpsReading]:
    return line.heard(UpsReading)


def test_a_ups_tells_its_maker_and_its_first_reading() -> None:
    line = ups().wait(0.1)
    assert line.one(DeviceOnline).details == {
        "maker": "APC",
        "model": "SMT1500",
        "firmware": "FW1.2",
        "nominal": "230 V, 4 A, 50 Hz, battery 24 V",
    }
    reading = line.one(UpsReading)
    assert (reading.input_v, reading.output_v, reading.load_pct, reading.frequency_hz) == (229.8, 220.1, 23.0, 50.1)
    assert (reading.battery_v, reading.temperature_c, reading.status) == (27.3, 31.5, "OL")
    assert reading.charge_pct == 100.0
    assert (reading.offline_type, reading.utility_fail, reading.beeper) == (True, False, False)


def test_a_reading_comes_with_every_poll() -> None:
    line = ups().wait(10)
    assert 10 <= len(readings(line)) <= 11
    assert not line.heard(DeviceLost)


@pytest.mark.parametrize(
    ("bits", "output", "words"),
    [
        (b"10000001", b"220.0", "OB"),
        (b"11000000", b"220.0", "OB LB"),
        (b"00100000", b"230.0", "OL BYPASS"),
        (b"00100000", b"200.0", "OL TRIM"),
        (b"00100000", b"253.0", "OL BOOST"),
        (b"00000100", b"220.0", "OL CAL"),
        (b"10000010", b"220.0", "ALARM OB FSD"),
    ],
)
def test_bits_become_the_words_of_nut(bits: bytes, output: bytes, words: str) -> None:
    line = ups(b"(230.0 000.0 " + output + b" 023 50.1 24.3 31.5 " + bits + b"\r").wait(0.1)
    assert readings(line)[0].status == words


def test_an_outage_shows_no_input_and_a_falling_charge() -> None:
    line = ups(b"(000.0 180.0 220.1 045 50.0 22.1 33.0 10000001\r").wait(0.1)
    reading = readings(line)[0]
    assert reading.utility_fail
    assert reading.charge_pct == pytest.approx(25.0)
    assert charge(20.0, 24.0) == 0.0


def test_volts_per_cell_are_multiplied_out_to_the_string() -> None:
    line = ups(b"(229.8 229.8 220.1 023 50.1 2.27 31.5 00001000\r").wait(0.1)
    assert readings(line)[0].battery_v == pytest.approx(27.24)


@pytest.mark.parametrize(
    "line_of_nonsense",
    [
        b"(999.9 229.8 220.1 023 50.1 27.3 31.5 00001000\r",
        b"(229.8 229.8 220.1 999 50.1 27.3 31.5 00001000\r",
        b"(229.8 229.8 220.1 023 12.0 27.3 31.5 00001000\r",
        b"(229.8 229.8 220.1 023 50.1 99.0 31.5 00001000\r",
        b"(229.8 229.8 100.1 023 50.1 27.3 31.5 00101000\r",
        b"(229.8 229.8 220.1 023 50.1 27.3 31.5 0000100\r",
        b"(2\xb29.8 229.8 220.1 023 50.1 27.3 31.5 00001000\r",
    ],
)
def test_what_cannot_be_is_no_reading_and_at_last_a_lost_ups(line_of_nonsense: bytes) -> None:
    line = ups(line_of_nonsense).wait(0.1)
    assert line.heard(FrameRejected)
    line.wait(5)
    assert not readings(line)
    assert "cannot be" in line.one(DeviceLost).error


def test_a_silent_ups_is_lost_after_three_polls_and_found_again() -> None:
    line = ups().wait(3)
    line.heard(DeviceOnline), line.heard(UpsReading)
    speaks, line.answer = line.answer, None
    line.wait(2)
    assert not line.heard(DeviceLost), "a single missed answer is no loss"
    line.wait(20)
    assert "serial cable" in line.one(DeviceLost).remedy
    line.answer = speaks
    line.wait(3)
    assert line.one(DeviceOnline).details["maker"] == "APC"
    assert readings(line)


def test_a_ups_that_echoes_i_and_f_is_read_all_the_same() -> None:
    line = ups(identity=b"I\r", rating=b"F\r").wait(0.5)
    assert line.one(DeviceOnline).details == {}
    assert readings(line)[0].charge_pct is None, "without a nominal voltage no charge is invented"


def test_a_ups_that_keeps_silent_on_i_and_f_is_read_all_the_same() -> None:
    line = ups(identity=b"", rating=b"").wait(5)
    assert readings(line)


def test_a_ups_that_does_not_know_q1_is_named_so() -> None:
    line = ups(q1=b"Q1\r").wait(10)
    assert "another protocol" in line.one(DeviceLost).error


def test_noise_before_a_reply_is_skipped() -> None:
    line = ups(b"\x00\xff#(22" + GOOD).wait(0.1)
    assert readings(line)[0].input_v == 229.8


def test_a_reply_may_come_byte_by_byte() -> None:
    line = ups(q1=b"").wait(0.1)
    for byte in GOOD:
        line.feed(bytes([byte]))
    assert readings(line)[0].battery_v == 27.3


def test_a_failed_ups_needs_a_person_until_it_recovers() -> None:
    line = ups(GOOD.replace(b"00001000", b"00011000")).wait(2.5)
    assert line.one(DeviceFault).reasons == ("ups-failed",)
    line.heard(DeviceOnline)
    line.answer = lambda out: GOOD
    line.wait(2)
    assert line.one(DeviceOnline)


def test_a_pulled_cable_is_told_at_once_and_nothing_is_asked() -> None:
    line = ups().wait(2).close()
    assert "unplugged" in line.one(DeviceLost).error
    line.take()
    line.wait(30)
    assert line.take() == b""


def test_a_ups_that_sends_noise_without_an_end_is_named_so() -> None:
    line = ups(q1=b"\xf3\x11\x90").wait(20)
    assert line.heard(FrameRejected)[0].beginning == b"\xf3\x11\x90"
    assert "no whole reply" in line.one(DeviceLost).error
