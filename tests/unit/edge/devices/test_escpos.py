"""The ticket printer's driver against the simulated printer: its bytes, what it believes, what the officer hears."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from escpos.constants import QR_ECLEVEL_M
from escpos.printer import Dummy
from hypothesis import given
from hypothesis import strategies as st

from edge.core.events import DeviceFault, DeviceLost, DeviceOnline, Event, FrameRejected, RequestFailed
from edge.core.events_desk import PaperLow, TicketFailed, TicketPrinted
from edge.core.requests import CheckPrinter, CheckTicketPrinter, PrintTicket
from edge.devices import escpos_wire as wire
from edge.devices.escpos import Escpos
from hardware.simulators.escpos import EscposPrinter
from hardware.simulators.escpos_paper import Code, Line

TICKET = PrintTicket(
    "t-1",
    ("KTP-el Bangkalan", "Mal Pelayanan Publik"),
    "A-027",
    ("Pembuatan baru", "Kira-kira 25 sampai 40 menit"),
    "https://contoh.id/s/7f3a",
    ("Layanan ini gratis.",),
)
SECOND = PrintTicket("t-2", (), "B-001", ())
THIRD = PrintTicket("t-3", (), "C-001", ())


class Counter:
    """Driver and printer on one line, in virtual time; bytes take none."""

    def __init__(self, printer: EscposPrinter | None = None, **given: int) -> None:
        self.driver = Escpos("tickets", **given)
        self.printer = printer or EscposPrinter()
        self.now = 100.0
        self.said: list[Event] = []
        self.written: list[bytes] = []
        self._hear(self.driver.opened(self.now))

    def _hear(self, events: list[Event]) -> None:
        self.said += events
        while out := self.driver.outgoing():
            self.written.append(out)
            answer = self.printer.receive(out, self.now)
            if answer:
                self.said += self.driver.receive(answer, self.now)

    def wait(self, seconds: float) -> Counter:
        """Let time pass for both."""
        end = self.now + seconds
        while True:
            dues = [due for due in (self.driver.next_wakeup(), self.printer.next_wakeup()) if due is not None]
            if not dues or min(dues) > end:
                break
            self.now = max(self.now, min(dues))
            if answer := self.printer.wakeup(self.now):
                self._hear(self.driver.receive(answer, self.now))
            due = self.driver.next_wakeup()
            if due is not None and due <= self.now:
                self._hear(self.driver.wakeup(self.now))
                following = self.driver.next_wakeup()
                assert following is None or following > self.now, "it wakes without end"
        self.now = end
        return self

    def ask(self, *requests: PrintTicket | CheckTicketPrinter | CheckPrinter) -> Counter:
        for request in requests:
            self._hear(self.driver.send(request, self.now))
        return self

    def do(self, act: Callable[[], object]) -> Counter:
        act()
        return self

    def heard(self, *kinds: type[Event]) -> list[Event]:
        """Everything of some kinds that was said, then all is forgotten."""
        found = [event for event in self.said if isinstance(event, kinds)]
        self.said.clear()
        return found


@pytest.fixture
def counter() -> Counter:
    """A printer that is known and ready."""
    ready = Counter().wait(1.0)
    ready.said.clear()
    return ready


def outcome(counter: Counter) -> Event:
    (event,) = counter.heard(TicketPrinted, TicketFailed)
    return event


# --- the ticket's bytes -------------------------------------------------------------------------------


def by_the_library(request: PrintTicket, columns: int) -> bytes:
    """The same ticket, made with python-escpos' own printer class."""
    made = Dummy()
    made.hw("INIT")
    made.set(align="center")
    for index, line in enumerate(request.heading):
        made.set(bold=index == 0)
        made.textln(line)
    size = min(8, columns // len(request.number))
    made.set(custom_size=True, width=size, height=size, bold=True)
    made.textln(request.number)
    made.set(custom_size=True, width=1, height=1, bold=False)
    for line in request.lines:
        made.textln(line)
    made.qr(request.qr, ec=QR_ECLEVEL_M, size=6, native=True)
    if request.foot:
        made.set(font="b")
        for line in request.foot:
            made.textln(line)
        made.set(font="a")
    made.cut(mode="PART")
    return made.output


# The library names the code page with the first text; we name it once, before it.
PAGE = b"\x1bt\x00"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789éüñÇ.,:/-"
words = st.lists(st.text(LETTERS, min_size=1, max_size=40), max_size=4).map(tuple)


@given(words, st.from_regex(r"[A-Z]-[0-9]{3,4}", fullmatch=True), words, st.text(LETTERS, max_size=60), words)
def test_the_bytes_are_those_of_python_escpos(
    heading: tuple[str, ...], number: str, lines: tuple[str, ...], qr: str, foot: tuple[str, ...]
) -> None:
    request = PrintTicket("t", heading, number, lines, qr, foot)
    ours, theirs = wire.ticket(request, 42), by_the_library(request, 42)
    assert theirs.count(PAGE) == 1
    assert ours.replace(PAGE, b"", 1) == theirs.replace(PAGE, b"", 1)


def test_a_ticket_has_a_number_across_the_paper_a_code_and_its_texts(counter: Counter) -> None:
    counter.ask(TICKET).wait(5.0)
    assert counter.printer.tickets[0].items == (
        Line("KTP-el Bangkalan", bold=True, align="center"),
        Line("Mal Pelayanan Publik", align="center"),
        Line("A-027", bold=True, width=8, height=8, align="center"),
        Line("Pembuatan baru", align="center"),
        Line("Kira-kira 25 sampai 40 menit", align="center"),
        Code("https://contoh.id/s/7f3a", 6, 25, "M", 2, "center"),
        Line("Layanan ini gratis.", font=1, align="center"),
    )
    assert not counter.printer.unknown


@pytest.mark.parametrize("width", [32, 42, 48])
def test_nothing_runs_over_the_paper_on_narrow_rolls(width: int) -> None:
    narrow = Counter(EscposPrinter(columns=width), width=width).wait(1.0)
    sentence = "Perkiraan waktu tunggu antara 25 dan 40 menit sejak jam sepuluh"
    narrow.ask(PrintTicket("t", (sentence,), "A-1027", (sentence,), "x" * 300, (sentence,))).wait(8.0)
    (ticket,) = narrow.printer.tickets
    assert " ".join(ticket.lines) == f"{sentence} A-1027 {sentence} {sentence}"
    assert ticket.codes == ["x" * 300]


def test_a_text_can_not_command_the_printer(counter: Counter) -> None:
    counter.ask(PrintTicket("t", ("a\x1b@b\x10\x04\x01\x1dV\x00",), "A-001", ("–“…”", "日本"))).wait(5.0)
    assert counter.printer.tickets[0].lines == ["a @b    V", "A-001", '-"..."', "??"]


# --- health -------------------------------------------------------------------------------------------


def test_it_is_online_when_it_has_answered() -> None:
    counter = Counter().wait(1.0)
    assert counter.heard(DeviceOnline, PaperLow) == [
        DeviceOnline("tickets", {"model": "ESC/POS"}),
        PaperLow("tickets", False),
    ]
    assert not counter.wait(60.0).said, "what stays the same is told once"


TROUBLES: dict[str, tuple[Callable[[EscposPrinter], object], tuple[str, ...]]] = {
    "cover": (lambda printer: printer.open_cover(), ("cover-open",)),
    "paper": (lambda printer: printer.paper_out(), ("media-empty",)),
    "both": (lambda printer: (printer.open_cover(), printer.paper_out()), ("cover-open", "media-empty")),
    "off line": (lambda printer: printer.set_off_line(True), ("paused",)),
    "broken": (lambda printer: setattr(printer, "broken", True), ("other-error",)),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_trouble_is_known_before_the_next_ticket(counter: Counter, trouble: str) -> None:
    act, reasons = TROUBLES[trouble]
    act(counter.printer)
    (fault,) = counter.wait(3.0).heard(DeviceFault)
    assert isinstance(fault, DeviceFault) and fault.reasons == reasons and fault.error and fault.remedy
    failed = outcome(counter.ask(TICKET).wait(3.0))
    assert isinstance(failed, TicketFailed) and not failed.touched and failed.remedy
    assert not counter.printer.printing, "nothing of it may wait in the printer"


def test_trouble_that_came_just_now_stops_a_ticket_before_it_begins(counter: Counter) -> None:
    counter.do(counter.printer.open_cover).ask(TICKET)
    failed = outcome(counter)
    assert isinstance(failed, TicketFailed) and not failed.touched and "cover" in failed.error


def test_paper_near_its_end_is_told_and_does_not_stop_tickets(counter: Counter) -> None:
    counter.do(counter.printer.paper_near_end).wait(3.0)
    assert counter.heard(PaperLow) == [PaperLow("tickets", True)]
    assert outcome(counter.ask(TICKET).wait(5.0)) == TicketPrinted("tickets", "t-1")
    counter.do(counter.printer.load_paper).wait(3.0)
    assert counter.heard(PaperLow) == [PaperLow("tickets", False)]


def test_a_printer_without_power_is_lost_and_comes_back_by_itself(counter: Counter) -> None:
    counter.do(counter.printer.power_off).wait(6.0)
    assert [type(event) for event in counter.heard(DeviceLost, DeviceOnline)] == [DeviceLost]
    assert outcome(counter.ask(TICKET).wait(4.0)) == TicketFailed(
        "tickets", "t-1", False, "the ticket printer does not answer", counter_remedy()
    )
    counter.do(counter.printer.power_on).wait(6.0)
    assert [type(event) for event in counter.heard(DeviceLost, DeviceOnline)] == [DeviceOnline]
    assert isinstance(outcome(counter.ask(TICKET).wait(5.0)), TicketPrinted)


def counter_remedy() -> str:
    return "Check that the ticket printer is on and its cable is in; its speed must be that of the booth file."


def test_a_check_is_always_answered(counter: Counter) -> None:
    counter.ask(CheckTicketPrinter())
    assert counter.heard(DeviceOnline, PaperLow) == [
        DeviceOnline("tickets", {"model": "ESC/POS"}),
        PaperLow("tickets", False),
    ]
    counter.printer.open_cover()
    for _ in range(2):
        assert len(counter.ask(CheckTicketPrinter()).heard(DeviceFault)) == 1
    counter.printer.power_off()
    for _ in range(2):
        assert len(counter.ask(CheckTicketPrinter()).wait(4.0).heard(DeviceLost)) >= 1


def test_a_freed_cutter_prints_again_and_the_old_ticket_does_not_come_out_late(counter: Counter) -> None:
    assert isinstance(outcome(counter.ask(TICKET).wait(6.0)), TicketPrinted)
    counter.printer.jam_next = True
    failed = outcome(counter.ask(SECOND).wait(6.0))
    assert isinstance(failed, TicketFailed) and failed.touched and "cutter" in failed.error
    counter.do(counter.printer.clear_jam).wait(4.0)
    assert isinstance(outcome(counter.ask(THIRD).wait(6.0)), TicketPrinted)
    assert [ticket.lines[-1] for ticket in counter.printer.tickets] == ["Layanan ini gratis.", "B-001", "C-001"]


# --- printed, or nobody knows -------------------------------------------------------------------------


def test_a_ticket_is_printed_only_when_it_is_cut_off(counter: Counter) -> None:
    counter.printer.speed = 20.0
    counter.ask(TICKET)
    while not counter.printer.tickets:
        assert not counter.heard(TicketPrinted, TicketFailed)
        counter.wait(0.1)
    assert outcome(counter.wait(1.0)) == TicketPrinted("tickets", "t-1")


def test_tickets_come_out_one_after_the_other(counter: Counter) -> None:
    counter.ask(TICKET, SECOND, TICKET).wait(10.0)
    assert counter.heard(TicketPrinted) == [TicketPrinted("tickets", "t-1"), TicketPrinted("tickets", "t-2")]
    assert [ticket.lines[-1] for ticket in counter.printer.tickets] == ["Layanan ini gratis.", "B-001"]


INTERRUPTIONS: dict[str, Callable[[EscposPrinter], object]] = {
    "power": lambda printer: printer.power_off(),
    "power, back at once": lambda printer: (printer.power_off(), printer.power_on()),
    "cover": lambda printer: printer.open_cover(),
    "paper": lambda printer: printer.paper_out(),
    "cable": lambda printer: setattr(printer.wire, "silent", True),
    "off line": lambda printer: printer.set_off_line(True),
    "broken": lambda printer: setattr(printer, "broken", True),
}


@pytest.mark.parametrize("what", INTERRUPTIONS)
@pytest.mark.parametrize("after", [0.05, 0.4, 0.9])
def test_a_ticket_that_was_broken_off_is_never_called_printed(counter: Counter, what: str, after: float) -> None:
    counter.ask(TICKET).wait(after)
    assert not counter.printer.tickets
    INTERRUPTIONS[what](counter.printer)
    failed = outcome(counter.wait(20.0))
    assert isinstance(failed, TicketFailed) and failed.touched
    assert failed.remedy == "Look whether the ticket came out whole; if not, print it again."


def test_half_a_ticket_does_not_hang_on_the_next_one(counter: Counter) -> None:
    counter.ask(TICKET).wait(0.9)
    counter.do(counter.printer.power_off).do(counter.printer.power_on)
    assert isinstance(outcome(counter.wait(20.0)), TicketFailed)
    assert isinstance(outcome(counter.ask(SECOND).wait(8.0)), TicketPrinted)
    half, second = counter.printer.tickets
    assert half.lines[0] == "KTP-el Bangkalan" and second.lines == ["B-001"]


def test_the_late_end_of_a_failed_ticket_is_not_taken_for_the_next_ones(counter: Counter) -> None:
    counter.printer.speed = 30.0
    counter.ask(TICKET).wait(0.5)
    counter.printer.paper_out()
    assert isinstance(outcome(counter.wait(3.0)), TicketFailed)
    counter.do(counter.printer.load_paper).ask(SECOND)
    while not (said := counter.heard(TicketPrinted, TicketFailed)):
        counter.wait(0.1)
        assert counter.now < 150.0
    assert isinstance(said[0], TicketFailed) is ("B-001" not in counter.printer.tickets[-1].lines)
    if isinstance(said[0], TicketFailed):
        assert not said[0].touched
        assert isinstance(outcome(counter.wait(10.0).ask(SECOND).wait(20.0)), TicketPrinted)
        assert counter.printer.tickets[-1].lines == ["B-001"]


def test_a_port_that_goes_takes_the_ticket_with_it_and_leaves_the_waiting_ones_untouched(counter: Counter) -> None:
    counter.ask(TICKET, SECOND).wait(0.2)
    counter._hear(counter.driver.closed(counter.now, "unplugged"))
    failed = counter.heard(TicketFailed)
    assert [(event.ticket, event.touched) for event in failed if isinstance(event, TicketFailed)] == [
        ("t-1", True),
        ("t-2", False),
    ]
    counter.ask(TICKET)
    refused = outcome(counter)
    assert isinstance(refused, TicketFailed) and not refused.touched


WHOLE = wire.ticket(TICKET, 42) + wire.FENCE


def test_a_booth_that_died_at_any_byte_of_a_ticket_does_not_spoil_the_next_one() -> None:
    for sent in range(len(WHOLE) + 1):
        printer = EscposPrinter()
        printer.receive(WHOLE[:sent], 99.0)
        counter = Counter(printer).wait(6.0)
        assert isinstance(outcome(counter.ask(SECOND).wait(6.0)), TicketPrinted), sent
        assert printer.tickets[-1].lines == ["B-001"], sent


def test_a_cable_pulled_at_any_byte_of_a_ticket_does_not_spoil_the_next_one() -> None:
    for sent in range(len(WHOLE) + 1):
        printer = EscposPrinter()
        counter = Counter(printer).wait(1.0)
        counter._hear(counter.driver.closed(counter.now, "unplugged"))
        printer.receive(WHOLE[:sent], counter.now)
        counter._hear(counter.driver.opened(counter.now))
        counter.said.clear()
        assert isinstance(outcome(counter.wait(6.0).ask(SECOND).wait(6.0)), TicketPrinted), sent
        assert printer.tickets[-1].lines == ["B-001"], sent


@pytest.mark.parametrize("known", [True, False])
def test_a_printer_that_waits_for_the_rest_of_a_garbled_command_is_never_believed(known: bool) -> None:
    """A byte of a code's length was lost on the wire: the printer answers that it is ready, and prints nothing."""
    printer = EscposPrinter()
    counter = Counter(printer)
    if known:
        counter.wait(1.0)
    printer.receive(b"\x1d(k\x03\x2e", counter.now)
    if known:
        failed = outcome(counter.ask(TICKET).wait(20.0))
        assert isinstance(failed, TicketFailed) and failed.touched
    for number in range(60):
        request = PrintTicket(f"n-{number}", (), "C-001", ())
        counter.said.clear()
        counter.ask(request)
        while not (said := counter.heard(TicketPrinted, TicketFailed)):
            counter.wait(0.5)
        if isinstance(said[0], TicketPrinted):
            break
        assert not printer.tickets
    assert isinstance(said[0], TicketPrinted), "it comes back by itself"
    assert printer.tickets[-1].lines == ["C-001"]


# --- printers that know less --------------------------------------------------------------------------


@pytest.fixture
def cheap() -> Counter:
    """A printer without GS r."""
    ready = Counter(EscposPrinter(answers_gs_r=False)).wait(60.0)
    ready.said.clear()
    return ready


def test_a_printer_without_gs_r_is_believed_after_the_time_that_printing_takes(cheap: Counter) -> None:
    cheap.printer.speed = 60.0
    cheap.ask(TICKET)
    while not cheap.printer.tickets:
        assert not cheap.heard(TicketPrinted, TicketFailed)
        cheap.wait(0.1)
    assert isinstance(outcome(cheap.wait(5.0)), TicketPrinted)


@pytest.mark.parametrize("what", [name for name in INTERRUPTIONS if name != "power, back at once"])
def test_without_gs_r_a_ticket_that_was_broken_off_is_not_called_printed(cheap: Counter, what: str) -> None:
    cheap.ask(TICKET).wait(0.5)
    INTERRUPTIONS[what](cheap.printer)
    failed = outcome(cheap.wait(20.0))
    assert isinstance(failed, TicketFailed) and failed.touched


def test_without_gs_r_one_missing_answer_is_enough_to_doubt(cheap: Counter) -> None:
    cheap.ask(TICKET).wait(0.3)
    cheap.do(cheap.printer.power_off).wait(1.0).do(cheap.printer.power_on)
    failed = outcome(cheap.wait(20.0))
    assert isinstance(failed, TicketFailed) and failed.touched


# --- what it can not do -------------------------------------------------------------------------------


def test_too_long_a_ticket_is_refused_with_the_remedy(counter: Counter) -> None:
    counter.ask(PrintTicket("t", (), "A-001", (), "x" * 301))
    failed = outcome(counter)
    assert isinstance(failed, TicketFailed) and not failed.touched and "Shorten" in failed.remedy


def test_requests_of_other_devices_are_refused(counter: Counter) -> None:
    counter.ask(CheckPrinter())
    assert len(counter.heard(FrameRejected, RequestFailed)) == 1


def test_noise_is_told_and_changes_nothing(counter: Counter) -> None:
    counter._hear(counter.driver.receive(b"\xff\x00\x12\x12garbage", counter.now))
    assert len(counter.heard(FrameRejected)) == 1
    assert isinstance(outcome(counter.ask(TICKET).wait(5.0)), TicketPrinted)
