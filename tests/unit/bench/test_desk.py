"""The front desk's figures: what counts as a ticket's bytes, what a line needs for them, how far waits are off."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.core import controller, tickets
from tests.bench.capture import Counter, hand
from tests.bench.counter import CUT, WatchedPrinter, free_pin, unasked
from tests.bench.stage import NotMeasured
from tests.bench.ticket import figures, line_ms
from tests.bench.waits import ASKED, NOW, _asked, error, full

POLL = b"\x10\x04\x01\x10\x04\x02\x10\x04\x04"


def test_the_questions_for_a_printers_status_are_no_part_of_a_ticket() -> None:
    assert unasked(POLL) == b""
    assert unasked(POLL + b"\x1b@B-001" + POLL) == b"\x1b@B-001"


def test_a_ticket_begins_with_its_first_byte_and_ends_with_its_cut() -> None:
    printer = WatchedPrinter()
    printer.expect()
    for part in (POLL, b"\x1b@B-001\n", b"more\n" + CUT + b"\x1dr\x01", POLL):
        printer.receive(part, 1.0)
    first, last, size = printer.ticket(1.0)
    assert first < last
    assert size == len(b"\x1b@B-001\nmore\n" + CUT)


def test_a_printer_that_gets_no_ticket_is_not_measured() -> None:
    printer = WatchedPrinter()
    printer.expect()
    printer.receive(POLL, 1.0)
    with pytest.raises(NotMeasured, match="no ticket"):
        printer.ticket(0.05)


def test_a_byte_takes_ten_bits_on_the_line() -> None:
    assert line_ms(96, baud=9_600) == pytest.approx(100.0)


def test_the_button_is_compared_with_one_commit_and_the_printer_asked() -> None:
    (figure,) = figures([10.0, 12.0, 30.0], [110.0, 112.0, 130.0], [2.0, 2.0, 9.0], [400, 400, 400])
    assert figure.value == 30.0
    assert figure.baseline == pytest.approx(2.0 + line_ms(12))
    assert figure.ratio == pytest.approx(12.0 / (2.0 + line_ms(12)))


def test_the_button_gets_a_pin_that_nothing_else_has() -> None:
    assert free_pin({"mains": {"pin": 4, "pull": "up"}, "green": 5, "amber": 7}) == 6


def test_waits_told_too_short_and_too_long_are_as_wrong() -> None:
    figure = error([(600.0, 660.0, True), (600.0, 540.0, True), (600.0, 1_200.0, False)], "3 days")
    assert figure.value == pytest.approx(1.0)
    assert "90th percentile 10.0; 67 % within the told range; 3 tickets" in figure.note


def test_the_full_hall_has_as_many_waiting_as_it_says_and_each_of_them_is_moved_by_what_is_timed() -> None:
    _, state = full(30)
    waiting = tickets.tickets(state.front.tickets)
    assert len(waiting) == 30
    for action in ASKED[:2]:
        after, _ = controller.step(state, _asked(action), NOW)
        assert after is not state
        assert after.front.tickets != state.front.tickets


def test_a_timed_capture_is_in_the_database_with_all_its_fingers(tmp_path: Path) -> None:
    counter = Counter(tmp_path, judge=False)
    try:
        samples = hand(1)
        assert counter.capture(samples) > 0
        assert counter.store.size > sum(len(one.value) for one in samples)
    finally:
        counter.close()
