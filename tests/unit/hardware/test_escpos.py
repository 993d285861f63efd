"""What the receipt printer prints, cuts and answers, by Epson's command reference."""

from __future__ import annotations

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from hardware.simulators.escpos import EscposPrinter
from hardware.simulators.escpos_paper import Code, Line, qr_modules

CUT = b"\x1dVA\x00"
QR = b"\x1d(k\x04\x001A2\x00" + b"\x1d(k\x03\x001C\x06" + b"\x1d(k\x03\x001E1"


def qr(text: bytes) -> bytes:
    return QR + b"\x1d(k" + (len(text) + 3).to_bytes(2, "little") + b"1P0" + text + b"\x1d(k\x03\x001Q0"


def settle(printer: EscposPrinter, now: float = 0.0) -> float:
    """Let it work until it has nothing more to do; when that was."""
    while (due := printer.next_wakeup()) is not None:
        now = max(now, due)
        printer.wakeup(now)
    return now


def printed(data: bytes, printer: EscposPrinter | None = None) -> EscposPrinter:
    printer = printer or EscposPrinter()
    printer.receive(data, 0.0)
    settle(printer)
    return printer


def status(printer: EscposPrinter, n: int, now: float = 0.0) -> int:
    return printer.receive(b"\x10\x04" + bytes([n]), now)[0]


# --- printing -----------------------------------------------------------------------------------------


def test_text_is_printed_in_its_size_and_place_and_cut_off() -> None:
    printer = printed(b"\x1b@\x1ba\x01Mal\n\x1bE\x01\x1d!\x44A-027\n\x1d!\x00\x1bE\x00\x1ba\x00Loket\n" + CUT)
    (ticket,) = printer.tickets
    assert ticket.items == (
        Line("Mal", align="center"),
        Line("A-027", bold=True, width=5, height=5, align="center"),
        Line("Loket"),
    )
    assert ticket.cut == "full"


def test_alignment_changes_only_at_the_beginning_of_a_line() -> None:
    (ticket,) = printed(b"a\x1ba\x01b\nc\n" + CUT).tickets
    assert ticket.items == (Line("ab"), Line("c"))


def test_a_line_that_is_too_long_goes_on_in_the_next() -> None:
    (ticket,) = printed(b"x" * 50 + b"\n" + CUT).tickets
    assert [len(line) for line in ticket.lines] == [42, 8]
    (large,) = printed(b"\x1d!\x70A-0275\n" + CUT).tickets
    assert large.lines == ["A-027", "5"]


def test_characters_follow_the_code_page() -> None:
    (ticket,) = printed(b"\x82\n\x1bt\x10\xe9\n\x1bt\x05\x1b@\x82\n" + CUT).tickets
    assert ticket.lines == ["é", "é", "é"]


def test_esc_at_forgets_the_unfinished_line_and_all_settings() -> None:
    (ticket,) = printed(b"\x1bE\x01half\x1b@whole\n" + CUT).tickets
    assert ticket.items == (Line("whole"),)


def test_a_qr_code_is_drawn_from_what_was_stored() -> None:
    (ticket,) = printed(b"\x1ba\x01" + qr("https://contoh.id/t/é".encode()) + CUT).tickets
    assert ticket.items == (Code("https://contoh.id/t/é", 6, 25, "M", 2, "center"),)


def test_a_qr_code_that_has_no_room_is_not_printed() -> None:
    assert not printed(b"\x1d(k\x03\x001C\x10" + qr(b"x" * 100)[16:] + CUT, EscposPrinter(columns=32)).tickets


@given(st.integers(1, 520), st.integers(0, 3))
def test_a_code_is_as_large_as_the_standard_says(length: int, level: int) -> None:
    modules = qr_modules(length, level)
    if modules is not None:
        made = segno.make(b"\x80" * length, error="LMQH"[level], mode="byte", boost_error=False, micro=False)
        assert modules == made.symbol_size(border=0)[0]


def test_what_was_printed_last_is_still_below_the_cutter() -> None:
    printer = printed(b"one\n\x1bd\x06two\n\x1dV\x00")
    assert printer.tickets[0].lines == ["one"]
    assert printer.paper.hanging == [Line("two")]


def test_white_paper_alone_is_no_ticket() -> None:
    assert not printed(b"\x1bd\x06" + CUT).tickets


# --- time and power -----------------------------------------------------------------------------------


def test_paper_moves_at_its_speed() -> None:
    printer = EscposPrinter(speed=100.0)
    printer.receive(b"\x1bJ\xf0" * 10, 0.0)
    assert settle(printer) == pytest.approx(3.0)


def test_a_power_cut_loses_what_waits_and_leaves_what_is_printed() -> None:
    printer = EscposPrinter(speed=42.5)
    printer.receive(b"one\ntwo\nthree\n" + CUT, 0.0)
    printer.power_off(0.25)
    printer.power_on()
    settle(printer, 0.3)
    assert not printer.printing and not printer.tickets
    assert printer.paper.hanging == [Line("one"), Line("two")]


def test_without_power_nothing_is_answered() -> None:
    printer = EscposPrinter()
    printer.power_off()
    assert printer.receive(b"\x10\x04\x01", 0.0) == b"" and printer.next_wakeup() is None


def test_half_a_command_swallows_what_comes_next() -> None:
    assert not printed(b"\x1d(k\x30\x001P0half" + b"\x1b@lost\n" + CUT).tickets


def test_a_garbled_length_swallows_more_than_the_buffer_holds_and_then_ends() -> None:
    printer = printed(b"\x1d(k\x03\x2e" + b"lost\n" * 1000)
    assert status(printer, 1) == 0x12 and not printer.paper.hanging
    printed(bytes(0x2E03 - 5000 - 3) + b"heard\n", printer)
    assert printer.paper.hanging == [Line("heard")]


# --- status -------------------------------------------------------------------------------------------


def test_a_ready_printer_says_12_to_every_question() -> None:
    printer = EscposPrinter()
    assert [status(printer, n) for n in (1, 2, 3, 4)] == [0x12, 0x12, 0x12, 0x12]
    assert printer.receive(b"\x10\x04\x09", 0.0) == b""


def test_every_trouble_has_its_bit() -> None:
    printer = EscposPrinter()
    printer.open_cover()
    assert (status(printer, 1), status(printer, 2)) == (0x1A, 0x16)
    printer.close_cover()
    printer.paper_near_end()
    assert (status(printer, 1), status(printer, 4)) == (0x12, 0x1E)
    printer.paper_out()
    assert (status(printer, 1), status(printer, 2), status(printer, 4)) == (0x1A, 0x32, 0x7E)
    printer.load_paper()
    printer.set_off_line(True)
    assert (status(printer, 1), status(printer, 2)) == (0x1A, 0x12)
    printer.set_off_line(False)
    printer.broken = True
    assert (status(printer, 1), status(printer, 2), status(printer, 3)) == (0x1A, 0x52, 0x32)


def test_status_is_told_while_it_prints_and_when_the_buffer_is_full() -> None:
    printer = EscposPrinter(speed=10.0)
    printer.receive(b"x\n" * 3000, 0.0)
    assert printer.lost_bytes > 0
    assert status(printer, 1, 0.1) == 0x12


def test_the_sensors_asked_in_the_buffer_are_told_after_all_before_is_printed() -> None:
    printer = EscposPrinter(speed=42.5)
    assert printer.receive(b"one\ntwo\n\x1dr\x01", 0.0) == b""
    assert printer.wakeup(0.1) == b""
    assert printer.wakeup(0.2) == b"\x00"
    printer.paper_near_end()
    assert printer.receive(b"\x1dr\x01", 1.0) == b"\x03"


def test_changes_are_told_unasked_when_asked_for() -> None:
    printer = EscposPrinter()
    assert printer.receive(b"\x1da\xff", 0.0) == b"\x10\x00\x00\x0f"
    printer.open_cover()
    assert printer.wakeup(1.0) == b"\x38\x00\x00\x0f"
    assert printer.wakeup(2.0) == b""


# --- trouble ------------------------------------------------------------------------------------------


def test_paper_that_ends_within_a_ticket_stops_it_and_a_new_roll_gets_the_rest() -> None:
    printer = EscposPrinter()
    printer.paper.left_mm = 6.0
    printed(b"one\ntwo\nthree\n" + CUT, printer)
    assert printer.no_paper and printer.printing
    printer.load_paper()
    settle(printer, 5.0)
    assert [(ticket.lines, ticket.cut) for ticket in printer.tickets] == [(["one", "two"], "torn"), (["three"], "full")]


def test_an_open_cover_stops_the_paper_and_closed_it_goes_on() -> None:
    printer = EscposPrinter(speed=42.5)
    printer.receive(b"one\ntwo\n" + CUT, 0.0)
    printer.wakeup(0.15)
    printer.open_cover()
    assert settle(printer, 5.0) == 5.0 and not printer.tickets
    printer.close_cover()
    settle(printer, 6.0)
    assert printer.tickets[0].lines == ["one", "two"]


def test_a_jammed_cutter_is_an_error_until_it_is_freed_and_the_host_says_go_on() -> None:
    printer = EscposPrinter(jam_next=True)
    printed(b"one\n" + CUT, printer)
    assert (status(printer, 1), status(printer, 2), status(printer, 3)) == (0x1A, 0x52, 0x1A)
    printer.receive(b"\x10\x05\x01", 5.0)
    assert status(printer, 3, 5.0) == 0x1A, "nobody has freed it"
    printer.clear_jam()
    assert status(printer, 3, 6.0) == 0x1A, "the host has not said so"
    printer.receive(b"\x10\x05\x01", 7.0)
    settle(printer, 7.0)
    assert status(printer, 3, 9.0) == 0x12 and printer.tickets[0].lines == ["one"]


def test_the_host_may_throw_away_what_waits_behind_an_error() -> None:
    printer = EscposPrinter(jam_next=True)
    printed(b"one\n" + CUT + b"two\n" + CUT, printer)
    printer.clear_jam()
    printer.receive(b"\x10\x05\x02", 5.0)
    settle(printer, 5.0)
    assert not printer.printing and not printer.tickets and printer.paper.hanging == [Line("one")]


def test_a_silent_cable_swallows_the_answers() -> None:
    printer = EscposPrinter()
    printer.wire.silent = True
    assert printer.receive(b"\x10\x04\x01", 0.0) == b""


def test_paper_and_trouble_survive_a_restart_of_the_rig() -> None:
    printer = printed(b"one\n" + qr(b"x") + CUT + b"two\n")
    printer.open_cover()
    again = EscposPrinter()
    again.restore(printer.snapshot())
    assert again.tickets == printer.tickets and again.paper.hanging == [Line("two")] and again.cover_open
    assert again.state()["last"]["items"][0]["text"] == "one"


@given(st.binary(max_size=300))
def test_no_bytes_upset_it(data: bytes) -> None:
    printer = printed(data)
    assert status(printer, 2, 1e6) in (0x12, 0x32)
