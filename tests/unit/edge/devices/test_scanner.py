"""A family card's code arrives whole or not at all."""

from __future__ import annotations

import pytest

from edge.core.events import DeviceLost, DeviceOnline, DocumentScanned, FrameRejected
from edge.devices.scanner import LONGEST, READ, SAVE, WRITE, Mode, Scanner, command
from tests.unit.edge.devices.line import Line

CARD = "KK:3526010101100001;NIK:3526014101900001"


def scanner(mode: Mode = "text") -> Line:
    return Line(Scanner("scanner", mode)).open()


def texts(line: Line) -> list[str]:
    return [event.text for event in line.heard(DocumentScanned)]


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_each_usual_ending_gives_one_code(end: str) -> None:
    assert texts(scanner().feed(f"{CARD}{end}{CARD}{end}".encode())) == [CARD, CARD]


def test_a_code_may_come_in_pieces() -> None:
    line = scanner()
    for byte in f"{CARD}\r\n".encode():
        line.feed(bytes([byte])).wait(0.001)
    assert texts(line) == [CARD]


def test_a_code_without_an_end_is_never_taken_for_a_shorter_one() -> None:
    line = scanner().feed(CARD[:20].encode()).wait(5)
    assert "suffix" in line.one(FrameRejected).reason
    assert texts(line.feed(f"{CARD}\r".encode())) == [CARD]


def test_a_pulled_cable_forgets_half_a_code() -> None:
    line = scanner().feed(CARD[:20].encode()).close()
    assert line.one(DeviceLost)
    line.open().feed(f"{CARD}\r".encode())
    assert texts(line) == [CARD]


def test_an_overlong_code_is_dropped_and_the_next_one_read() -> None:
    line = scanner().feed(b"9" * (LONGEST + 100)).feed(b"9" * 50 + b"\r").feed(f"{CARD}\r".encode())
    assert line.one(FrameRejected)
    assert texts(line) == [CARD]


@pytest.mark.parametrize("bad", [b"35\x0026\r", b"\xff\xfe\r", b"abc\x1bdef\r"])
def test_bytes_that_are_no_text_are_refused(bad: bytes) -> None:
    line = scanner().feed(bad)
    assert line.one(FrameRejected).beginning
    assert texts(line) == []


def test_gm65_frames_of_the_manual() -> None:
    assert command(SAVE, 0, b"\x00") == bytes.fromhex("7E 00 09 01 00 00 00 DE C8")
    assert command(WRITE, 0x2A, b"\x39\x01") == bytes.fromhex("7E 00 08 02 00 2A 39 01 A7 EA")
    assert command(READ, 0x2A, b"\x02") == bytes.fromhex("7E 00 07 01 00 2A 02 D8 0F")


def test_a_gm65_is_greeted_and_online_with_its_port() -> None:
    line = scanner("gm65")
    assert line.one(DeviceOnline).details == {"model": "GM65"}
    assert line.take() == bytes.fromhex("7E 00 07 01 00 2A 02 D8 0F")


def test_codes_between_gm65_replies_are_read() -> None:
    reply = bytes.fromhex("02 00 00 01 00 33 31")
    line = scanner("gm65").feed(reply + f"{CARD}\r\n".encode() + reply + f"{CARD}\r".encode())
    assert texts(line) == [CARD, CARD]
    assert not line.heard(FrameRejected)


def test_a_gm65_reply_with_a_wrong_check_sum_is_told() -> None:
    line = scanner("gm65").feed(bytes.fromhex("02 00 00 01 00 33 32") + f"{CARD}\r".encode())
    assert "CRC" in line.one(FrameRejected).reason
    assert texts(line) == [CARD]


def test_half_a_gm65_reply_does_not_hold_up_the_next_code() -> None:
    line = scanner("gm65").feed(bytes.fromhex("02 00 00 40 00")).wait(3).feed(f"{CARD}\r".encode())
    assert texts(line) == [CARD]
