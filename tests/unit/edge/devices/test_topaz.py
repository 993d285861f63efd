"""A signature ends when the pen rests, and is never invented."""

from __future__ import annotations

import struct

from contract.messages import Modality
from edge.core.events import CaptureFailed, CaptureTaken, DeviceLost, DeviceOnline, FrameRejected
from edge.core.requests import StartCapture, StopCapture
from edge.devices.topaz import MOST_POINTS, Topaz
from tests.unit.edge.devices.line import Line

ASK = StartCapture(Modality.SIGNATURE, "p.signature.1", 10.0, 0)


def packet(x: int, y: int, down: bool = True) -> bytes:
    return bytes([0xC0 | down, x & 0x7F, x >> 7, y & 0x7F, y >> 7])


def pad() -> Line:
    return Line(Topaz("pad")).open()


def draw(line: Line, count: int, start: int = 0) -> Line:
    for n in range(start, start + count):
        line.feed(packet(600 + n, 400 + n)).wait(0.01)
    return line.feed(packet(0, 0, down=False))


def decode(value: bytes) -> list[list[tuple[int, int, int]]]:
    magic, dpi, strokes = struct.unpack_from(">4sHH", value)
    assert (magic, dpi) == (b"TPZ1", 410)
    at, found = 8, []
    for _ in range(strokes):
        (points,) = struct.unpack_from(">H", value, at)
        at += 2
        found.append([struct.unpack_from(">HHH", value, at + 6 * n) for n in range(points)])
        at += 6 * points
    assert at == len(value)
    return found


def test_the_pad_is_online_with_its_port() -> None:
    assert pad().one(DeviceOnline).details == {"model": "SigLite"}


def test_a_signature_of_two_strokes_is_taken_when_the_pen_rests() -> None:
    line = draw(draw(pad().ask(ASK), 30).wait(0.5), 20, 30).wait(1.4)
    assert not line.heard(CaptureTaken), "the pen may come back"
    taken = line.wait(0.2).one(CaptureTaken)
    assert (taken.transaction, taken.modality) == ("p.signature.1", Modality.SIGNATURE)
    (sample,) = taken.samples
    assert (sample.subtype, sample.quality, sample.format) == ("Signature", 100.0, "topaz-strokes")
    strokes = decode(sample.value)
    assert [len(stroke) for stroke in strokes] == [30, 20]
    assert strokes[0][0][1:] == (600, 400)
    assert strokes[1][-1][1:] == (649, 449)
    assert strokes[1][0][0] - strokes[0][-1][0] >= 500


def test_nobody_signs() -> None:
    failed = pad().ask(ASK).wait(10.1).one(CaptureFailed)
    assert (failed.transaction, failed.error) == ("p.signature.1", "nobody signed in time")


def test_a_dot_is_no_signature() -> None:
    assert "too little ink" in draw(pad().ask(ASK), 5).wait(12).one(CaptureFailed).error


def test_who_is_still_signing_at_the_end_may_finish() -> None:
    line = pad().ask(ASK).wait(9.5)
    taken = draw(line, 80).wait(2).one(CaptureTaken)
    assert len(decode(taken.samples[0].value)[0]) == 80


def test_ink_before_the_question_is_not_part_of_the_signature() -> None:
    line = draw(pad(), 50).ask(ASK)
    assert line.wait(11).one(CaptureFailed)


def test_a_lost_byte_costs_one_packet() -> None:
    line = pad().ask(ASK)
    stream = b"".join(packet(600 + n, 400) for n in range(40))
    line.feed(stream[:12] + stream[13:]).wait(3)
    assert line.heard(FrameRejected)
    assert len(decode(line.one(CaptureTaken).samples[0].value)[0]) == 39


def test_a_stopped_capture_delivers_nothing() -> None:
    line = draw(pad().ask(ASK), 30).ask(StopCapture()).wait(20)
    assert not line.heard(CaptureTaken)
    assert not line.heard(CaptureFailed)


def test_an_unplugged_pad_fails_the_capture_at_once() -> None:
    line = draw(pad().ask(ASK), 30).close()
    assert line.one(DeviceLost)
    assert "unplugged" in line.one(CaptureFailed).error
    assert "not connected" in line.ask(ASK).one(CaptureFailed).error


def test_another_modality_is_refused() -> None:
    failed = pad().ask(StartCapture(Modality.IRIS, "p.iris.1", 10.0, 60)).one(CaptureFailed)
    assert "iris" in failed.error


def test_an_endless_scribble_stays_bounded() -> None:
    line = pad().ask(ASK)
    stream = packet(600, 400) * 1000
    for _ in range(MOST_POINTS // 1000 + 10):
        line.feed(stream)
    assert len(decode(line.wait(3).one(CaptureTaken).samples[0].value)[0]) == MOST_POINTS
