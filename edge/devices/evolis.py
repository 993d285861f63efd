"""Card printer with the Evolis ESC language over a serial line.

What the printer acknowledges is not yet printed: only an idle printer without an error, whose counter of inserted cards
went up by one, has printed a card.

One order of work matters here: the rasters go down before the first command that moves a card. A cut during the long
download then leaves the counter as it was, which proves that no card was touched.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

from edge.core.events import (
    CardPrinted,
    DeviceFault,
    DeviceLost,
    DeviceOnline,
    Event,
    FrameRejected,
    PrinterReady,
    PrintFailed,
)
from edge.core.requests import CheckPrinter, PrintCard, Request
from edge.devices import evolis_job
from edge.devices.evolis_job import BYTE_S, LOST_REMEDY, MOVE_S, READ_S, RETRY_REMEDY
from edge.devices.evolis_wire import (
    REFUSALS,
    SIZES,
    Reply,
    Status,
    Trouble,
    frame,
    read_counter,
    read_status,
    take_reply,
)

POLL_S, TROUBLE_POLL_S, BUSY_POLL_S = 2.0, 1.0, 0.5
BUSY_LIMIT_S = 120.0
LATCHED_S = 5.0
MISSES = 3
LONGEST = 256


@dataclass(frozen=True, slots=True)
class _Ask:
    """Send a command (or nothing, only wait) and wait for its reply. `fits` accepts the text of a reading."""

    command: bytes
    timeout: float
    fits: Callable[[str], bool] | None = None


_SILENCE = Reply("none")
_Task = Generator[_Ask, Reply, None]


def _wait(seconds: float) -> _Ask:
    return _Ask(b"", seconds)


class Evolis:
    """Driver of one printer. What it does is one task at a time: greet, poll, check, or print."""

    def __init__(self, name: str, poll_s: float = POLL_S) -> None:
        self.name = name
        self._poll_s = poll_s
        self._now = 0.0
        self._open = False
        self._out: list[bytes] = []
        self._buffer = bytearray()
        self._events: list[Event] = []
        self._task: _Task | None = None
        self._ask: _Ask | None = None
        self._deadline = 0.0
        self._next_poll = 0.0
        self._check = False
        """A CheckPrinter waits for the present task."""
        self._job: PrintCard | None = None
        self._job_waiting = False
        self._dirty = True
        """The printer may hold a part of a job: clear it before the next one."""
        self._greeted = False
        self._filled = False
        self._started = False
        """The last status said that the printer had just started; some printers say so until a card is printed."""
        self._restarted = False
        self._moved = False
        """The present job wrote a command that moves a card, and it was not refused."""
        self._stuck: Trouble | None = None
        """What the last check found that no status word tells."""
        self._latched_at: float | None = None
        """Since when an error without a visible cause stands."""
        self._misses = 0
        self._told: tuple[str, ...] | None = None
        """Reasons told last; () online, None not known, `lost` lost."""
        self._details: dict[str, str] = {}

    # --- the driver's surface ---

    def opened(self, now: float) -> list[Event]:
        """Ask who is there."""
        self._reset()
        self._now, self._open = now, True
        self._told = None
        self._start()
        return self._take()

    def closed(self, now: float, error: str) -> list[Event]:
        """A job under way has failed; whether its card was touched is not known."""
        self._now = now
        job = self._job
        self._reset()
        self._open = False
        self._told = ("lost",)
        self._events.append(DeviceLost(self.name, f"the port is gone: {error}", LOST_REMEDY))
        if job:
            self._fail(job, None, f"the port was lost: {error}", LOST_REMEDY)
        return self._take()

    def send(self, request: Request, now: float) -> list[Event]:
        """`CheckPrinter`, `PrintCard`."""
        self._now = now
        if isinstance(request, PrintCard):
            self._accept(request)
        elif isinstance(request, CheckPrinter):
            if not self._open:
                return [DeviceLost(self.name, "the printer's port is closed", LOST_REMEDY)]
            self._check = True
        else:
            return [FrameRejected(self.name, f"a printer cannot do {type(request).__name__}", b"")]
        self._start()
        return self._take()

    def outgoing(self) -> bytes:
        """Bytes for the port."""
        out = b"".join(self._out)
        self._out.clear()
        return out

    def next_wakeup(self) -> float | None:
        """When a reply is late, or the next poll is due."""
        if not self._open:
            return None
        return self._deadline if self._task else self._next_poll

    def wakeup(self, now: float) -> list[Event]:
        """A reply is late, or a poll is due."""
        self._now = now
        if self._open and self._task and now >= self._deadline:
            late = bytes(self._buffer)
            self._buffer.clear()
            self._go_on(Reply("nack", "?") if late == b"\x15" else _SILENCE)
        if self._open:
            self._start()
        return self._take()

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Replies in any portions."""
        self._now = now
        if not self._open:
            return []
        self._buffer += data
        rejected: list[Event] = []
        while (reply := take_reply(self._buffer)) is not None:
            if self._wants(reply):
                self._go_on(reply)
                self._start()
            elif reply.kind == "text" and not rejected:
                beginning = reply.text.encode("latin-1", "replace")[:32]
                rejected.append(FrameRejected(self.name, "a reply that nobody asked for", beginning))
        if len(self._buffer) > LONGEST:
            rejected.append(FrameRejected(self.name, "a reply without an end", bytes(self._buffer[:32])))
            self._buffer.clear()
        return rejected + self._take()

    # --- replies and tasks ---

    def _reset(self) -> None:
        self._buffer.clear()
        self._out.clear()
        self._task = self._ask = self._job = None
        self._check = self._job_waiting = self._greeted = self._filled = False
        self._dirty = True
        self._stuck = None
        self._misses = 0

    def _take(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def _wants(self, reply: Reply) -> bool:
        """A reading ignores acknowledgements and texts of another form: late replies of what was given up."""
        if self._ask is None or not self._ask.command:
            return False
        if self._ask.fits is None:
            return reply.kind in ("ack", "nack")
        return reply.kind == "nack" or (reply.kind == "text" and self._ask.fits(reply.text))

    def _start(self) -> None:
        """Begin the next task when none is under way."""
        while self._open and self._task is None:
            if self._job_waiting and self._job:
                self._job_waiting = False
                self._task = self._print(self._job)
            elif not self._greeted:
                self._greeted = True
                self._task = self._greet()
            elif self._check:
                self._check = False
                self._task = self._ready()
            elif self._now >= self._next_poll:
                self._task = self._poll()
            else:
                return
            self._go_on(None)

    def _go_on(self, reply: Reply | None) -> None:
        task = self._task
        if task is None:
            return
        try:
            self._ask = next(task) if reply is None else task.send(reply)
        except StopIteration:
            self._task = self._ask = None
            self._next_poll = self._now + (self._poll_s if self._told == () else TROUBLE_POLL_S)
            return
        if self._ask.command:
            self._out.append(frame(self._ask.command))
        self._deadline = self._now + self._ask.timeout

    def _accept(self, request: PrintCard) -> None:
        if self._job and self._job.job == request.job:
            return  # It is being printed; asked again, it must not be printed again.
        if self._job:
            self._fail(request, request.counter, f"the printer is at work on {self._job.job}", "Wait for it.")
        elif not self._open:
            self._fail(request, None, "the printer's port is closed", LOST_REMEDY)
        else:
            self._job, self._job_waiting = request, True

    def _fail(self, job: PrintCard, counter: int | None, reason: str, remedy: str) -> None:
        self._events.append(PrintFailed(self.name, job.job, counter, reason, remedy))

    # --- readings ---

    def _status(self) -> Generator[_Ask, Reply, Status | None]:
        reply = yield _Ask(b"Rpst", READ_S, lambda text: read_status(text) is not None)
        status = read_status(reply.text) if reply.kind == "text" else None
        if status is None:
            self._misses += 1
        else:
            self._misses = 0
            if status.just_started and not self._started:
                self._restarted = True
                self._greeted = False  # `Pem;2` does not outlive the printer's restart.
            self._started = status.just_started
        return status

    def _counter(self) -> Generator[_Ask, Reply, int | None]:
        for _ in range(2):
            reply = yield _Ask(b"Rco;c", READ_S, lambda text: read_counter(text) is not None)
            if reply.kind == "text":
                return read_counter(reply.text)
        return None

    def _idle(self) -> Generator[_Ask, Reply, Status | None]:
        """Wait until the printer is idle, stopped by an error, or silent."""
        until, silent = self._now + BUSY_LIMIT_S, 0
        while True:
            status = yield from self._status()
            silent = silent + 1 if status is None else 0
            if (status and (status.failed or not status.busy)) or silent >= MISSES or self._now >= until:
                return status
            yield _wait(BUSY_POLL_S)

    def _finished(self, before: int) -> Generator[_Ask, Reply, tuple[Status | None, int | None, bool]]:
        """Wait for the end of a job: status, counter, and whether the printer was there all the time.

        An idle printer whose counter has not moved may still be about to take a card when it was told to: only after
        a long wait does the unchanged counter prove that none was touched.
        """
        until, patience, steady, silent = self._now + BUSY_LIMIT_S, self._now + MOVE_S, True, 0
        while True:
            status = yield from self._status()
            silent = silent + 1 if status is None else 0
            steady = steady and silent < MISSES and not self._restarted
            if status and (status.failed or not (status.busy or status.card_inside) or self._now >= until):
                counter = yield from self._counter()
                waits = self._moved and counter == before and not status.failed and steady
                if not waits or self._now >= patience:
                    return status, counter, steady
            elif silent >= 5 or self._now >= until:
                return None, None, False
            yield _wait(BUSY_POLL_S)

    def _note(self, status: Status | None) -> None:
        """Tell a change of health."""
        if status is None:
            if self._misses >= MISSES and self._told != ("lost",):
                self._told, self._greeted = ("lost",), False
                self._events.append(DeviceLost(self.name, "the printer does not answer", LOST_REMEDY))
            return
        if self._stuck and self._stuck.reason == evolis_job.LEFT_INSIDE and not status.card_inside:
            self._stuck = None  # A person took it out.
        troubles = status.troubles() or ((self._stuck,) if self._stuck else ())
        reasons = tuple(trouble.reason for trouble in troubles)
        details = {**self._details, "ribbon": "low"} if status.ribbon_low else dict(self._details)
        if reasons != self._told:
            self._told = reasons
            self._events.append(self._fault(troubles) if troubles else DeviceOnline(self.name, details))

    def _fault(self, troubles: tuple[Trouble, ...]) -> DeviceFault:
        reasons = tuple(trouble.reason for trouble in troubles)
        return DeviceFault(
            self.name,
            reasons,
            "; ".join(trouble.error for trouble in troubles),
            " ".join(dict.fromkeys(trouble.remedy for trouble in troubles)),
        )

    # --- tasks ---

    def _greet(self) -> _Task:
        """Errors are to be managed by us (`Pem;2`): otherwise the printer tries a card again by itself."""
        reply = yield _Ask(b"Pem;2", READ_S)
        if reply.kind == "none":
            reply = yield _Ask(b"Pem;2", READ_S)
        if reply.kind == "none":
            self._misses = MISSES
            self._note(None)
            yield from self._fill()
        details: dict[str, str] = {"maker": "Evolis"}
        for key, command in (("model", b"Rtp"), ("serial", b"Rsn"), ("firmware", b"Rfv")):
            reply = yield _Ask(command, READ_S, lambda text: 0 < len(text) <= 60 and text.isprintable())
            if reply.kind == "none":
                break
            if reply.kind == "text":
                details[key] = reply.text
        self._details = details
        status = yield from self._status()
        self._greeted = status is not None
        self._note(status)

    def _fill(self) -> Generator[_Ask, Reply, None]:
        """A download that was cut leaves the printer waiting for raster: give it the rest of a black panel, once.

        No card is moved by that: raster goes down before the first command that moves one.
        """
        if self._filled:
            return
        self._filled = True
        self._out.append(bytes(SIZES["k"]))
        until = self._now + SIZES["k"] * BYTE_S
        while self._now < until:
            reply = yield _Ask(b"Pem;2", READ_S)
            if reply.kind != "none":
                return
            if self._check:
                self._check, self._told = False, None
                self._note(None)

    def _poll(self) -> _Task:
        """With `Pem;2` an error outlives its cause until the host clears it: then a mended printer must not stay lost
        to the queue, which asks for no check of a printer in trouble."""
        status = yield from self._status()
        if status is None or not status.latched:
            self._latched_at = None
        elif self._latched_at is None:
            self._latched_at = self._now
        elif self._now >= self._latched_at + LATCHED_S:
            self._latched_at = None
            yield _Ask(b"Scs", MOVE_S)
            status = yield from self._status()
        self._note(status)

    def _ready(self) -> _Task:
        """Bring the printer back after a job that failed, then read status and counter."""
        status = yield from self._idle()
        if status and not status.busy and (self._dirty or status.failed):
            reply = yield _Ask(b"Scs", MOVE_S)
            if reply.kind != "ack":
                yield _Ask(b"Srs", MOVE_S)
            self._dirty = False
            yield _Ask(b"Pem;2", READ_S)
            status = yield from self._idle()
        if status and status.card_inside and not status.busy and not status.failed:
            # The next job would print on it without taking a new card, and the counter would not tell.
            yield _Ask(b"Ser", MOVE_S)
            status = yield from self._idle()
        if status is None:
            self._misses = max(self._misses, MISSES)
            self._told = None
            self._note(None)
            return
        self._stuck = None
        if status.troubles():
            self._dirty, self._told = self._dirty or status.failed, None
            self._note(status)
            return
        counter = (yield from self._counter()) if not status.busy and not status.card_inside else None
        if counter is None:
            self._stuck, self._told = evolis_job.stuck(status), None
            self._note(status)
            return
        self._note(status)
        self._events.append(PrinterReady(self.name, counter))

    def _print(self, job: PrintCard) -> _Task:
        """One card. Every way out tells the counter as it is, or that it could not be read."""
        status = yield from self._status()
        counter = (yield from self._counter()) if status else None
        refusal = evolis_job.refusal(job, status, counter)
        if refusal:
            self._job = None
            self._fail(job, counter, *refusal)
            return
        self._dirty, self._restarted, self._moved, self._filled = True, False, False, False
        failure = yield from self._commands(job)
        status, counter, steady = yield from self._finished(job.counter)
        self._job = None
        outcome = evolis_job.outcome(job, status, counter, failure, steady)
        if outcome is None and counter is not None:
            self._dirty = False
            self._events.append(CardPrinted(self.name, job.job, counter))
        elif outcome is not None:
            self._fail(job, counter, *outcome)
        self._note(status)

    def _commands(self, job: PrintCard) -> Generator[_Ask, Reply, tuple[str, str] | None]:
        """The sequence, each command acknowledged; `Sr` is the first that moves a card. None when all went well."""
        for command, timeout in evolis_job.steps(job):
            self._moved = self._moved or command in (b"Sr", b"Se")
            reply = yield _Ask(command, timeout)
            if reply.kind == "ack":
                continue
            if reply.kind == "nack" and command == b"Sr":
                self._moved = False
            name = command[:8].split(b";")[0].decode("ascii", "replace")
            if reply.kind == "none":
                return f"the printer did not acknowledge {name}", LOST_REMEDY
            return f"the printer refused {name}: {REFUSALS.get(reply.text, reply.text)}", RETRY_REMEDY
        return None
