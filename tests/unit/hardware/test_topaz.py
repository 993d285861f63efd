"""What the signature pad puts on its wire."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.simulators.topaz import SignaturePad, packet, scribble


def play(pad: SignaturePad) -> list[tuple[float, bytes]]:
    """Everything the pad says, with its time."""
    said = []
    while (due := pad.next_wakeup()) is not None:
        said.append((due, pad.wakeup(due)))
    return said


def test_a_position_takes_five_bytes_of_which_only_the_first_has_the_top_bit() -> None:
    assert packet(0, 0) == bytes((0xC1, 0, 0, 0, 0))
    assert packet(4095, 4095) == bytes((0xC1, 0x7F, 0x1F, 0x7F, 0x1F))
    assert packet(300, 129) == bytes((0xC1, 0x2C, 0x02, 0x01, 0x01))


@given(st.integers(0, 4095), st.integers(0, 4095), st.booleans(), st.booleans())
def test_every_position_can_be_read_back(x: int, y: int, down: bool, near: bool) -> None:
    status, x_low, x_high, y_low, y_high = packet(x, y, down=down, near=near)
    assert (x_low | x_high << 7, y_low | y_high << 7) == (x, y)
    assert status & 0x80 and bool(status & 0x40) is near and bool(status & 1) is down
    assert max(x_low, y_low) < 0x80 and max(x_high, y_high) < 0x20


def test_positions_come_a_hundred_times_a_second() -> None:
    pad = SignaturePad()
    pad.sign(10.0, [(100 + i, 200) for i in range(50)])
    times = [moment for moment, _ in play(pad)]
    assert times[0] == 10.0 and times[50] == pytest.approx(10.5)


def test_a_lifted_pen_is_near_but_not_down_and_at_the_end_it_is_gone() -> None:
    pad = SignaturePad()
    pad.sign(0.0, [(1, 1), None, (2, 2)])
    assert [data[0] for _, data in play(pad)] == [0xC1, 0xC0, 0xC1, 0xC0, 0x80]
    assert not pad.signing


def test_a_pad_without_a_pen_is_silent() -> None:
    pad = SignaturePad()
    assert pad.next_wakeup() is None and pad.receive(b"?", 0.0) == b""


def test_a_position_off_the_pad_is_refused() -> None:
    with pytest.raises(ValueError, match="0 to 4095"):
        SignaturePad().sign(0.0, [(5000, 1)])


def test_a_lost_byte_shortens_a_packet_so_the_reader_must_find_the_next_sync() -> None:
    pad = SignaturePad()
    pad.drop = 1.0
    pad.sign(0.0, [(10, 10)] * 20)
    assert {len(data) for _, data in play(pad)} == {4}


def test_noise_adds_stray_bytes() -> None:
    pad = SignaturePad()
    pad.noise = 1.0
    pad.sign(0.0, [(10, 10)] * 20)
    assert {len(data) for _, data in play(pad)} == {6}


def test_a_pad_that_loses_power_forgets_the_signature() -> None:
    pad = SignaturePad()
    pad.sign(0.0, scribble(1))
    pad.wakeup(0.2)
    pad.power_off()
    pad.power_on()
    assert pad.next_wakeup() is None


def test_a_made_up_signature_is_the_same_each_time_and_fits_the_pad() -> None:
    points = scribble(7)
    assert points == scribble(7) != scribble(8)
    assert points.count(None) == 3
    SignaturePad().sign(0.0, points)
