"""Ticket printer with the ESC/POS language over a serial line.

Nothing in ESC/POS says "the ticket was printed". What comes near it is `GS r`: it waits in the printer's buffer behind
the ticket, so its answer says that all before it was carried out, and it is lost with the buffer when the printer's
power goes. A printer that does not know `GS r` is believed when it stayed ready for as long as printing takes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final, Literal

from edge.core.events import DeviceFault, DeviceLost, DeviceOnline, Event, FrameRejected
from edge.core.events_desk import PaperLow, TicketFailed, TicketPrinted
from edge.core.requests import CheckTicketPrinter, PrintTicket, Request
from edge.devices import escpos_wire as wire
from edge.devices.escpos_wire import Status, Trouble

POLL_S: Final = 2.0
TROUBLE_POLL_S: Final = 1.0
BUSY_POLL_S: Final = 0.2
READ_S: Final = 1.0
"""How long an answer to DLE EOT may take."""
QUIET_S: Final = 0.3
"""After a missing answer, or the last of several: what comes in this time belongs to what was before."""
LEFTOVER_S: Final = 6.0
"""How long the rest of an earlier ticket may take to come out before `GS r` is answered."""
NEW_TRIES: Final = 2
KNOWN_TRIES: Final = 10
"""So often GS r must stay unanswered before the printer counts as one without it: one of which nothing is known, or one
that has answered it before and may have been exchanged. From the second time on any garbled command is filled up."""
SLOW_MM_S: Final = 60.0
CUT_S: Final = 1.0
PATIENCE_S: Final = 10.0
MISSES: Final = 2
WAITING: Final = 8
"""Tickets that wait behind the present one."""

LOST_REMEDY: Final = (
    "Check that the ticket printer is on and its cable is in; its speed must be that of the booth file."
)
LOOK_REMEDY: Final = "Look whether the ticket came out whole; if not, print it again."
WAIT_REMEDY: Final = "Wait for the tickets before it."
SHORT_REMEDY: Final = "Shorten the ticket's texts and the address of the status page."

SILENT: Final = Trouble("lost", "the ticket printer does not answer", LOST_REMEDY)
BUSY: Final = Trouble("busy", "the ticket printer is still busy with something earlier", LOOK_REMEDY)


@dataclass(frozen=True, slots=True)
class _Ask:
    """Send these bytes and wait so long (s) for an answer; `none`: only wait."""

    data: bytes
    answer: Literal["status", "fence", "none"]
    timeout: float


_Task = Generator[_Ask, int | None, None]


class Escpos:
    """Driver of one printer. What it does is one task at a time: settle, poll or check, or print.

    `width`: characters of font A on a line (42 on 80 mm paper, 32 on 58 mm). `baud`: only to know how long bytes take.
    """

    def __init__(self, name: str, width: int = 42, baud: int = 38_400, poll_s: float = POLL_S) -> None:
        self.name = name
        self._width = width
        self._baud = baud
        self._poll_s = poll_s
        self._now = 0.0
        self._open = False
        self._out: list[bytes] = []
        self._events: list[Event] = []
        self._task: _Task | None = None
        self._ask: _Ask | None = None
        self._deadline = 0.0
        self._next_poll = 0.0
        self._check = False
        self._waiting: deque[PrintTicket] = deque()
        self._printing: PrintTicket | None = None
        self._touched = False
        """Bytes of the present ticket went to the printer."""
        self._fences = 0
        """Answers to GS r since the port was opened."""
        self._fenced: bool | None = None
        """Whether the printer knows GS r; None: not known yet. Kept when the port is opened again."""
        self._unanswered = 0
        """How often in a row GS r was not answered by a printer that said it was ready."""
        self._unsettled = True
        """Something of earlier may wait in its buffer, or answer late."""
        self._scrap = True
        """A part of a ticket may hang out of it: the next one begins with a cut."""
        self._stuck = False
        """It answers that it is ready, but does not come to the end of what it was sent earlier."""
        self._misses = 0
        self._told: tuple[str, ...] | None = None
        """Reasons told last; () online, None not known, `lost` lost."""
        self._low: bool | None = None

    # --- the driver's surface ---

    def opened(self, now: float) -> list[Event]:
        """Ask who is there. Whoever had the port before may have stopped within a command.

        That is ended first: the printer would take the questions for its data, even for its length.
        """
        self._reset()
        self._now, self._open = now, True
        self._unsettled = self._scrap = True
        self._out.append(wire.FILL)
        self._told, self._low = None, None
        self._next_poll = now
        self._start()
        return self._take()

    def closed(self, now: float, error: str) -> list[Event]:
        """Of the ticket under way nobody knows; those behind it were not begun."""
        self._now = now
        self._reset()
        self._open = False
        self._told = ("lost",)
        lost = f"the ticket printer's port is gone: {error}"
        self._events.append(DeviceLost(self.name, lost, LOST_REMEDY))
        waiting = [self._printing, *self._waiting]
        for ticket in [each for each in waiting if each is not None]:
            touched = ticket is self._printing and self._touched
            self._fail(ticket, touched, lost, LOOK_REMEDY if touched else LOST_REMEDY)
        self._printing, self._touched = None, False
        self._waiting.clear()
        return self._take()

    def send(self, request: Request, now: float) -> list[Event]:
        """`CheckTicketPrinter`, `PrintTicket`."""
        self._now = now
        if isinstance(request, PrintTicket):
            self._accept(request)
        elif isinstance(request, CheckTicketPrinter):
            if not self._open:
                return [DeviceLost(self.name, "the ticket printer's port is closed", LOST_REMEDY)]
            self._check = True
        else:
            return [FrameRejected(self.name, f"a ticket printer cannot do {type(request).__name__}", b"")]
        self._start()
        return self._take()

    def outgoing(self) -> bytes:
        """Bytes for the port."""
        out = b"".join(self._out)
        self._out.clear()
        return out

    def next_wakeup(self) -> float | None:
        """The end of a wait, or the next poll."""
        if not self._open:
            return None
        return self._deadline if self._task is not None else self._next_poll

    def wakeup(self, now: float) -> list[Event]:
        """Time is up for an answer, or it is time to poll."""
        self._now = now
        if self._open and self._task is not None and now >= self._deadline:
            self._go_on(None)
        self._start()
        return self._take()

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Answers of one byte each. One that nobody waits for is late, and passed over."""
        self._now = now
        if not self._open:
            return []
        rejected = False
        for byte in data:
            kind = "status" if wire.is_status(byte) else "fence" if wire.is_fence(byte) else "none"
            self._fences += kind == "fence"
            if kind == "none":
                rejected = rejected or not wire.is_flow(byte)
            elif self._ask is not None and self._ask.answer == kind:
                self._go_on(byte)
                self._start()
        if rejected:
            self._events.append(FrameRejected(self.name, "bytes that answer nothing", bytes(data[:32])))
        return self._take()

    # --- tasks ---

    def _reset(self) -> None:
        self._out.clear()
        self._task = self._ask = None
        self._check = self._stuck = False
        self._misses = self._fences = 0

    def _take(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def _start(self) -> None:
        """Begin the next task when none is under way."""
        while self._open and self._task is None:
            if self._waiting:
                self._printing = self._waiting.popleft()
                self._task = self._print(self._printing)
            elif self._check:
                self._check = False
                self._task = self._poll(answer=True)
            elif self._now >= self._next_poll:
                self._task = self._poll()
            else:
                return
            self._go_on(None)

    def _go_on(self, answer: int | None) -> None:
        task = self._task
        if task is None:
            return
        try:
            self._ask = task.send(answer) if self._ask is not None else next(task)
        except StopIteration:
            self._task = self._ask = None
            self._next_poll = self._now + (self._poll_s if self._told == () else TROUBLE_POLL_S)
            return
        if self._ask.data:
            self._out.append(self._ask.data)
        self._deadline = self._now + self._ask.timeout

    def _accept(self, request: PrintTicket) -> None:
        known = (self._printing, *self._waiting)
        if any(ticket is not None and ticket.ticket == request.ticket for ticket in known):
            return  # It is being printed; asked again, it must not be printed twice.
        if not self._open:
            self._fail(request, False, "the ticket printer's port is closed", LOST_REMEDY)
        elif len(self._waiting) >= WAITING:
            self._fail(request, False, f"{WAITING} tickets wait for the ticket printer", WAIT_REMEDY)
        elif len(request.qr.encode()) > wire.LONGEST_QR or len(wire.ticket(request, self._width)) > wire.LONGEST:
            self._fail(request, False, "the ticket is too long", SHORT_REMEDY)
        else:
            self._waiting.append(request)

    def _fail(self, request: PrintTicket, touched: bool, error: str, remedy: str) -> None:
        self._events.append(TicketFailed(self.name, request.ticket, touched, error, remedy))

    # --- readings ---

    def _status(self) -> Generator[_Ask, int | None, Status | None]:
        """One whole reading. None: an answer was missing. Answers do not say their question, so it begins anew then."""
        found: list[int | None] = []
        for question in (wire.ASK_PRINTER, wire.ASK_CAUSE, wire.ASK_ERROR, wire.ASK_PAPER):
            if question == wire.ASK_ERROR and not wire.has_error(found[1] or 0):
                found.append(None)
                continue
            answer = yield _Ask(question, "status", READ_S)
            if answer is None:
                self._misses += 1
                yield _Ask(b"", "none", QUIET_S)
                return None
            found.append(answer)
        self._misses = 0
        printer, cause, error, paper = found
        return wire.read(printer or 0, cause or 0, error, paper or 0)

    def _sure(self) -> Generator[_Ask, int | None, Status | None]:
        """A reading; asked again until it answers or counts as lost."""
        while True:
            status = yield from self._status()
            if status is not None or self._misses >= MISSES:
                return status

    def _note(self, status: Status | None, answer: bool = False) -> None:
        """Tell a change of health, or all of it when somebody waits for an `answer`."""
        if status is None:
            # A printer that comes back may have lost its power, or have been exchanged for another.
            self._unsettled = self._scrap = True
            if answer or self._told != ("lost",):
                self._told = ("lost",)
                self._events.append(DeviceLost(self.name, SILENT.error, SILENT.remedy))
            return
        troubles = status.troubles() or ((BUSY,) if self._stuck else ())
        reasons = tuple(trouble.reason for trouble in troubles)
        if answer or reasons != self._told:
            self._told = reasons
            if troubles:
                self._events.append(_fault(self.name, troubles))
            else:
                self._events.append(DeviceOnline(self.name, {"model": "ESC/POS"}))
        if answer or status.low != self._low:
            self._low = status.low
            self._events.append(PaperLow(self.name, status.low))

    # --- what it does ---

    def _poll(self, answer: bool = False) -> _Task:
        """Read the status; end what an error left behind once a person has mended it; settle a ready printer."""
        status = yield from self._sure()
        if status is not None and status.error and not status.hopeless:
            self._unsettled = self._scrap = True
            self._out.append(wire.FORGET)
            status = yield from self._sure()
        if status is not None and not status.troubles() and self._unsettled:
            status = (yield from self._settle()) or status
        self._note(status, answer)

    def _settle(self) -> Generator[_Ask, int | None, Status | None]:
        """Let all that was begun before come to its end; learn whether the printer knows GS r.

        Afterwards an answer to GS r belongs to the one that is sent next. Returns a status that was read on the way.
        A printer that waits for the data of a garbled command is ready and silent, too: it must not be taken for one
        that does not know GS r, and gets more to fill that command up.
        """
        data = (wire.LONG_FILL if self._unanswered else b"") + wire.SETTLE
        first = yield _Ask(data, "fence", LEFTOVER_S + len(data) * 10 / self._baud)
        if first is not None:
            # Answers to earlier ones come just before it, since nothing is printed in between.
            yield _Ask(b"", "none", QUIET_S)
            self._fenced, self._unsettled, self._stuck, self._unanswered = True, False, False, 0
            return None
        status = yield from self._sure()
        ready = status is not None and not status.troubles()
        self._unanswered += ready
        if self._unanswered >= (KNOWN_TRIES if self._fenced else NEW_TRIES) or (ready and self._fenced is False):
            self._fenced, self._unsettled, self._unanswered = False, False, 0
        self._stuck = ready and self._unsettled
        return status

    def _print(self, request: PrintTicket) -> _Task:
        """One ticket. Every way out says whether bytes of it went to the printer."""
        self._touched = False
        status = yield from self._sure()
        if status is not None and not status.troubles() and self._unsettled:
            status = (yield from self._settle()) or status
        trouble = self._unready(status)
        if trouble is None:
            trouble = yield from self._carry(request)
            if trouble is None:
                self._scrap = False
                self._events.append(TicketPrinted(self.name, request.ticket))
            else:
                self._unsettled = self._scrap = True
        if trouble is not None:
            self._fail(request, self._touched, trouble.error, LOOK_REMEDY if self._touched else trouble.remedy)
        self._printing, self._touched = None, False

    def _unready(self, status: Status | None) -> Trouble | None:
        """Why the next ticket must not be begun; also tells it as the printer's health."""
        self._note(status)
        if status is None:
            return SILENT
        troubles = status.troubles()
        if troubles:
            return troubles[0]
        return BUSY if self._unsettled else None

    def _carry(self, request: PrintTicket) -> Generator[_Ask, int | None, Trouble | None]:
        """Send the ticket and watch the printer until it is out. None: it is printed."""
        data = (wire.CUT_OFF if self._scrap else b"") + wire.ticket(request, self._width)
        data += wire.FENCE if self._fenced else b""
        self._touched = True
        before, sending = self._fences, len(data) * 10 / self._baud
        yield _Ask(data, "none", sending)
        least = self._now + wire.paper_mm(request, self._width) / SLOW_MM_S + CUT_S
        limit = least + PATIENCE_S
        missed = False
        while True:
            out = self._fences > before if self._fenced else self._now >= least
            status = yield from self._status()
            missed = missed or status is None
            if self._misses >= MISSES or (missed and not self._fenced):
                self._note(None)
                return SILENT
            if status is not None and (status.troubles() or out):
                self._note(status)
                return status.troubles()[0] if status.troubles() else None
            if self._now >= limit:
                return BUSY
            yield _Ask(b"", "fence" if self._fenced and self._fences == before else "none", BUSY_POLL_S)


def _fault(name: str, troubles: tuple[Trouble, ...]) -> DeviceFault:
    return DeviceFault(
        name,
        tuple(trouble.reason for trouble in troubles),
        "; ".join(trouble.error for trouble in troubles),
        " ".join(trouble.remedy for trouble in troubles),
    )
