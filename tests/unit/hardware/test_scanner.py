"""What the scanners send: plain text, and the GM65's published frames."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.simulators.scanner import DocumentScanner

FAMILY_CARD = "KK:3526010101900001;NIK:3526014107900002"
DONE = bytes.fromhex("02 00 00 01 00 33 31")


def send(scanner: DocumentScanner, frame: str, now: float = 0.0) -> bytes:
    return scanner.receive(bytes.fromhex(frame), now)


def command_mode() -> DocumentScanner:
    scanner = DocumentScanner("gm65")
    assert send(scanner, "7E 00 08 01 00 00 D5 AB CD") == DONE
    return scanner


def test_a_plain_scanner_sends_the_text_and_ends_the_line() -> None:
    scanner = DocumentScanner("text")
    scanner.present(FAMILY_CARD)
    assert scanner.next_wakeup() == 0.0
    assert scanner.wakeup(5.0) == FAMILY_CARD.encode() + b"\r\n"
    assert scanner.next_wakeup() is None


def test_a_plain_scanner_hears_nothing() -> None:
    assert send(DocumentScanner("text"), "7E 00 08 01 00 02 01 AB CD") == b""


def test_an_unknown_kind_of_scanner_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'text' or 'gm65'"):
        DocumentScanner("usb")  # type: ignore[arg-type]


def test_the_published_frames_are_understood_and_answered() -> None:
    scanner = DocumentScanner("gm65")
    assert send(scanner, "7E 00 08 01 00 02 01 AB CD") == DONE  # trigger
    assert send(scanner, "7E 00 09 01 00 00 00 DE C8") == DONE  # save
    assert send(scanner, "7E 00 08 02 00 2A 39 01 A7 EA") == DONE  # 9600 baud
    assert send(scanner, "7E 00 07 01 00 2A 02 D8 0F")[:6] == bytes.fromhex("02 00 00 02 39 01")
    assert send(scanner, "7E 00 0A 01 00 00 00 30 1A") == bytes.fromhex("03 00 00 01 00 33 31")  # heartbeat


def test_a_frame_with_a_wrong_sum_is_not_obeyed() -> None:
    scanner = DocumentScanner("gm65")
    before = send(scanner, "7E 00 07 01 00 00 01 AB CD")
    assert send(scanner, "7E 00 08 01 00 00 D5 12 34") == b""
    assert send(scanner, "7E 00 07 01 00 00 01 AB CD") == before


def test_in_command_mode_it_reads_only_when_triggered() -> None:
    scanner = command_mode()
    scanner.present(FAMILY_CARD)
    assert scanner.next_wakeup() is None and scanner.wakeup(1.0) == b""
    assert send(scanner, "7E 00 08 01 00 02 01 AB CD", 2.0) == DONE + FAMILY_CARD.encode() + b"\r\n"
    scanner.present("second")
    assert scanner.wakeup(3.0) == b"", "one trigger, one reading"


def test_a_trigger_waits_five_seconds_for_a_document() -> None:
    scanner = command_mode()
    send(scanner, "7E 00 08 01 00 02 01 AB CD", 10.0)
    assert scanner.next_wakeup() == 15.0
    scanner.present("in time")
    assert scanner.wakeup(12.0) == b"in time\r\n"
    send(scanner, "7E 00 08 01 00 02 01 AB CD", 20.0)
    scanner.wakeup(25.0)
    scanner.present("too late")
    assert scanner.wakeup(26.0) == b"" and scanner.waiting


def test_with_its_button_a_document_is_read_at_once() -> None:
    scanner = DocumentScanner("gm65")
    scanner.present("pressed")
    assert scanner.wakeup(0.0) == b"pressed\r\n"


def test_settings_are_lost_with_power_unless_saved() -> None:
    scanner = command_mode()
    scanner.power_off()
    scanner.power_on()
    assert scanner.read_mode == 0
    send(scanner, "7E 00 08 01 00 00 D5 AB CD")
    send(scanner, "7E 00 09 01 00 00 00 DE C8")
    scanner.power_off()
    scanner.power_on()
    assert scanner.read_mode == 1
    again = DocumentScanner("gm65")
    again.restore(json.loads(json.dumps(scanner.snapshot())))
    assert again.read_mode == 1


def test_frames_come_in_pieces_and_after_noise() -> None:
    scanner = DocumentScanner("gm65")
    assert send(scanner, "00 FF 7E 7E 00 08 01") == b""
    assert send(scanner, "00 02 01 AB CD") == DONE


def test_half_a_frame_is_forgotten() -> None:
    scanner = DocumentScanner("gm65")
    send(scanner, "7E 00 08 40 00", 0.0)
    assert send(scanner, "7E 00 08 01 00 02 01 AB CD", 2.0) == DONE


def test_a_trembling_document_is_sent_twice() -> None:
    scanner = DocumentScanner("text")
    scanner.double = True
    scanner.present("x")
    assert scanner.wakeup(0.0) == b"x\r\nx\r\n"


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_noise_does_not_stop_it(pieces: list[bytes]) -> None:
    scanner = DocumentScanner("gm65")
    for piece in pieces:
        scanner.receive(piece, 0.0)
    assert send(scanner, "7E 00 09 01 00 00 00 DE C8", 9.0).endswith(DONE)
