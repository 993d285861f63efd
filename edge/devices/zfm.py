"""Finger module ZFM-20 / R30x: who puts a finger on it, and which fingers it keeps; serial 57600 8N1.

Answers carry no number, so after any answer that did not come whole the driver asks for the parameters, whose answer
has a length of its own, and drops all that comes before it: a late answer is never taken for that of a later question.
A finger is said to be stored only when its page was read back and matches what was taken.
"""

from __future__ import annotations

from collections.abc import Generator

from edge.core.events import DeviceFault, DeviceLost, DeviceOnline, Event, FrameRejected
from edge.core.events_desk import FingerFound, FingerRefused, FingerStored, FingerWanted
from edge.core.requests import DeleteFinger, EnrolFinger, IdentifyFinger, Request, StopFinger
from edge.devices import zfm_wire as wire
from edge.devices.zfm_wire import OK, WORDS, Answer, Ask, Exchange, Parameters

SEE_S = 0.3
"""Between two looks at the glass while a finger is wanted."""
HEALTH_S = 10.0
AGAIN_S = 5.0
"""Between two attempts to reach a reader that does not answer or refuses the password."""
ATTEMPTS = 3

LOST_REMEDY = "Check the finger reader's cable and that its lamp is on, and its address and baud rate (57600)."
PASSWORD_REMEDY = "Correct `password` of this device in the booth file, or put in the reader that belongs here."
AGAIN_REMEDY = "Try again, or use the PIN."
ENROL_REMEDY = "Enrol the finger again."
CLEAN_REMEDY = "Wipe the glass, dry the finger, and lay it flat on the middle of the glass."
_POOR = (wire.IMAGE_FAILED, wire.MESSY, wire.FEW_FEATURES, wire.NO_IMAGE)

_Steps = Generator[Ask, Answer, None]
_Asked = Generator[Ask, Answer, Answer]


class _RefusedError(Exception):
    """The request ends without a result."""

    def __init__(self, error: str, remedy: str) -> None:
        super().__init__(error)
        self.error, self.remedy = error, remedy


class _SilentError(Exception):
    """The reader does not answer, or nothing whole."""


class _PasswordError(Exception):
    """The reader wants its password: it was off in between, or ours is wrong."""


class _FaultError(Exception):
    """The reader answers, and cannot be used as it is."""

    def __init__(self, error: str, remedy: str) -> None:
        super().__init__(error)
        self.error, self.remedy = error, remedy


class Zfm:
    """Driver of one finger reader. `password` and `address` are 32-bit numbers, as the reader was set.

    A new finger request takes the place of the present one, of which nothing more is said.
    """

    def __init__(self, name: str, password: int = 0, address: int = 0xFFFFFFFF) -> None:
        self.name = name
        self._password = password
        self._now = 0.0
        self._open = False
        self._out = b""
        self._events: list[Event] = []
        self._line = Exchange(address)
        self._task: _Steps | None = None
        self._unsure = False
        """An answer is missing: it may still come."""
        self._request: Request | None = None
        self._begun = False
        """The present task is that of the request."""
        self._patience = 0.0
        self._wanted = ""
        self._next_poll = 0.0
        self._parameters: Parameters | None = None
        self._half: int | None = None
        """A page that was being written: until it is proved or deleted, nobody is found in it."""
        self._told = ""
        self._trouble = ("", "")

    # --- the driver's surface ---

    def opened(self, now: float) -> list[Event]:
        """Ask who is there."""
        self._now, self._open = now, True
        self._reset()
        self._told = ""
        self._start()
        return self._take()

    def closed(self, now: float, error: str) -> list[Event]:
        """The port is gone; a request under way is refused."""
        self._now, self._open = now, False
        self._reset()
        error = f"the port is gone: {error}"
        self._told, self._trouble = "lost", (error, LOST_REMEDY)
        self._events.append(DeviceLost(self.name, error, LOST_REMEDY))
        self._refuse(error, LOST_REMEDY)
        return self._take()

    def send(self, request: Request, now: float) -> list[Event]:
        """`IdentifyFinger`, `EnrolFinger`, `DeleteFinger`, `StopFinger`."""
        self._now = now
        if not isinstance(request, (IdentifyFinger, EnrolFinger, DeleteFinger, StopFinger)):
            return [FrameRejected(self.name, f"a finger reader cannot do {type(request).__name__}", b"")]
        self._drop()
        if not isinstance(request, StopFinger):
            self._request = request
            if self._told in ("lost", "fault"):
                self._refuse(*self._trouble)
            elif not self._open:
                self._refuse("the finger reader is not connected", LOST_REMEDY)
        self._start()
        return self._take()

    def outgoing(self) -> bytes:
        """Bytes for the port."""
        out, self._out = self._out, b""
        return out

    def next_wakeup(self) -> float | None:
        """When an answer is late, the glass is looked at again, or the reader is asked how it is."""
        if not self._open:
            return None
        return self._line.deadline if self._line.ask else self._next_poll

    def wakeup(self, now: float) -> list[Event]:
        """An answer is late, or it is time to look."""
        self._now = now
        if self._open and self._line.ask and now >= self._line.deadline:
            waited = not self._line.ask.command
            answer = self._line.late()
            self._go_on(Answer(OK) if waited else answer)
        self._start()
        return self._take()

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Packets in any portions; what does not fit is told once per portion."""
        self._now = now
        if not self._open:
            return []
        answer, reason, dropped = self._line.receive(data, now)
        if reason:
            self._events.append(FrameRejected(self.name, reason, dropped))
        if answer is not None:
            self._go_on(answer)
            self._start()
        return self._take()

    # --- tasks ---

    def _take(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def _say(self, event: Event) -> None:
        self._events.append(event)

    def _reset(self) -> None:
        self._line.clear()
        self._out = b""
        self._task, self._begun = None, False
        # Bytes of an earlier opening may still be on their way.
        self._unsure = True
        self._parameters = None

    def _drop(self) -> None:
        """Give the present request up. A question that is on the wire is still waited for."""
        self._request = None
        if self._begun:
            self._task, self._begun = None, False
            if self._line.ask and not self._line.ask.command:
                self._line.clear()

    def _refuse(self, error: str, remedy: str) -> None:
        if self._request is not None:
            self._request = None
            self._say(FingerRefused(self.name, error, remedy))

    def _start(self) -> None:
        """Begin the next task when the line is free."""
        if not self._open or self._task or self._line.ask:
            return
        ready = self._told == "online" and self._parameters is not None
        if ready and self._half is not None:
            self._task = self._undo(self._half)
        elif ready and self._request is not None:
            self._begun, self._wanted = True, ""
            self._task = self._perform(self._request)
        elif ready and self._now >= self._next_poll:
            self._task = self._health()
        elif not ready and (not self._told or self._now >= self._next_poll):
            self._task = self._greet()
        if self._task:
            self._go_on(None)

    def _go_on(self, answer: Answer | None) -> None:
        if answer is not None and answer.code is None:
            self._unsure = True
        task = self._task
        if task is None:
            return
        try:
            ask = next(task) if answer is None else task.send(answer)
        except StopIteration:
            self._end(HEALTH_S)
        except _RefusedError as refused:
            self._refuse(refused.error, refused.remedy)
            self._end(HEALTH_S)
        except _SilentError as silent:
            self._fail("lost", str(silent), LOST_REMEDY)
        except _FaultError as fault:
            self._fail("fault", fault.error, fault.remedy)
        except _PasswordError:
            self._restarted()
        else:
            self._out += self._line.begin(ask, self._now)

    def _end(self, pause: float) -> None:
        self._task, self._begun = None, False
        self._next_poll = self._now + pause

    def _fail(self, told: str, error: str, remedy: str) -> None:
        self._end(AGAIN_S)
        if self._told != told:
            lost = told == "lost"
            fault = DeviceFault(self.name, ("other-error",), error, remedy)
            self._say(DeviceLost(self.name, error, remedy) if lost else fault)
        self._told, self._trouble = told, (error, remedy)
        self._refuse(error, remedy)

    def _restarted(self) -> None:
        """It wants its password anew: what was under way is lost with its memory."""
        if self._told != "online":
            self._fail("fault", "the finger reader refuses the password", PASSWORD_REMEDY)
            return
        self._end(0.0)
        self._told = ""
        self._refuse("the finger reader was without power for a moment", AGAIN_REMEDY)

    def _call(self, ask: Ask) -> _Asked:
        """The whole answer to a question; every question may be asked twice."""
        damaged = False
        for _ in range(ATTEMPTS):
            if self._unsure:
                marker = yield wire.MARKER
                if marker.code is None:
                    continue
                self._unsure = False
            answer = yield ask
            if answer.code == wire.PACKET_ERROR:
                damaged = True
            elif answer.code == wire.VERIFY_FIRST:
                raise _PasswordError
            elif answer.code is not None:
                return answer
        raise _SilentError("the finger reader's line is disturbed" if damaged else "the finger reader does not answer")

    def _greet(self) -> _Steps:
        if (yield from self._call(wire.verify(self._password))).code != OK:
            raise _PasswordError
        answer = yield from self._call(wire.READ_PARAMETERS)
        self._parameters = wire.read_parameters(answer.body)
        yield from self._present()

    def _present(self) -> _Steps:
        """Tell what the reader is, with the number of fingers that it keeps now."""
        count = yield from self._call(wire.COUNT)
        known = self._parameters
        if known is None or count.code != OK:
            raise _SilentError("the finger reader does not tell what it keeps")
        details = {
            "model": "ZFM/R30x",
            "capacity": str(known.capacity),
            "fingers": str(int.from_bytes(count.body, "big")),
            "security": str(known.security),
            "packet": str(known.packet),
        }
        self._told = "online"
        self._say(DeviceOnline(self.name, details))

    def _health(self) -> _Steps:
        # The password is told each time: a reader that was off in between is ready before it is needed.
        if (yield from self._call(wire.verify(self._password))).code != OK:
            raise _PasswordError

    def _undo(self, page: int) -> _Steps:
        """Erase a page that was being written when the reader or the officer went away."""
        yield from self._call(wire.delete(page))
        if (yield from self._call(wire.load(page))).code == OK:
            error = "the finger reader cannot erase a page that was written by halves"
            raise _FaultError(error, "Switch the finger reader off and on; if that does not help, replace it.")
        self._half = None
        yield from self._present()

    # --- requests ---

    def _perform(self, request: Request) -> _Steps:
        if isinstance(request, IdentifyFinger):
            self._patience = self._now + request.timeout_s
            yield from self._identify()
        elif isinstance(request, (EnrolFinger, DeleteFinger)):
            known = self._parameters
            if known is None or not 0 <= request.page < known.capacity:
                pages = known.capacity if known else 0
                raise _RefusedError(f"page {request.page} is not one of its {pages} pages", "Free a page first.")
            if isinstance(request, EnrolFinger):
                self._patience = self._now + request.timeout_s
                yield from self._enrol(request.page)
            else:
                yield from self._delete(request.page)

    def _want(self, what: str) -> None:
        if self._wanted != what:
            self._wanted = what
            self._say(FingerWanted(self.name, what))

    def _see(self, buffer: int) -> _Steps:
        """Wait for a finger with a good image, and find its features. A poor one may be lifted and put again."""
        self._want("put")
        poor = ""
        while True:
            answer = yield from self._call(wire.GEN_IMAGE)
            if answer.code == OK:
                answer = yield from self._call(wire.features(buffer))
                if answer.code == OK:
                    return
            if answer.code in _POOR:
                poor = WORDS[answer.code]
                yield from self._lifted(poor, CLEAN_REMEDY)
                self._want("put")
            elif answer.code != wire.NO_FINGER:
                raise _RefusedError(_words(answer), AGAIN_REMEDY)
            if self._now >= self._patience:
                late = "no finger was put on the reader in time"
                raise _RefusedError(poor or late, CLEAN_REMEDY if poor else AGAIN_REMEDY)
            yield wire.wait(SEE_S)

    def _lifted(self, error: str, remedy: str) -> _Steps:
        """Wait until the glass is free; `error` is said when it is not in time."""
        self._want("lift")
        while (yield from self._call(wire.GEN_IMAGE)).code != wire.NO_FINGER:
            if self._now >= self._patience:
                raise _RefusedError(error, remedy)
            yield wire.wait(SEE_S)

    def _search(self) -> _Asked:
        assert self._parameters is not None
        answer = yield from self._call(wire.search(self._parameters.capacity))
        if answer.code not in (OK, wire.NOT_FOUND):
            raise _RefusedError(_words(answer), AGAIN_REMEDY)
        return answer

    def _identify(self) -> _Steps:
        yield from self._see(1)
        answer = yield from self._search()
        if answer.code != OK:
            raise _RefusedError(WORDS[wire.NOT_FOUND], AGAIN_REMEDY)
        page, score = int.from_bytes(answer.body[:2], "big"), int.from_bytes(answer.body[2:], "big")
        self._request = None
        self._say(FingerFound(self.name, page, score))

    def _enrol(self, page: int) -> _Steps:
        yield from self._see(1)
        found = yield from self._search()
        if found.code == OK and (known := int.from_bytes(found.body[:2], "big")) != page:
            error = f"this finger is stored already, as page {known}"
            raise _RefusedError(error, "Use another finger, or delete that one first.")
        self._want("lift")
        image = yield from self._image()
        yield from self._lifted("the finger was not lifted in time", ENROL_REMEDY)
        yield from self._see(2)
        yield from self._expect(wire.REG_MODEL, "Use the same finger both times.")
        self._half = page
        yield from self._expect(wire.store(page), ENROL_REMEDY)
        # Buffer 1 holds what was taken, buffer 2 what the flash gives back.
        yield from self._expect(wire.load(page), ENROL_REMEDY)
        yield from self._expect(wire.MATCH, ENROL_REMEDY)
        self._half, self._request = None, None
        self._say(FingerStored(self.name, page, wire.grey(image)))
        yield from self._present()

    def _image(self) -> Generator[Ask, Answer, bytes]:
        """The image of the present impression. The person's time stands still: at 57600 baud it takes seven seconds."""
        began = self._now
        answer = yield from self._call(wire.UP_IMAGE)
        if answer.code != OK or len(answer.data) != wire.IMAGE_BYTES:
            raise _RefusedError(WORDS[0x0F], ENROL_REMEDY)
        self._patience += self._now - began
        return answer.data

    def _expect(self, ask: Ask, remedy: str) -> _Steps:
        answer = yield from self._call(ask)
        if answer.code != OK:
            raise _RefusedError(_words(answer), remedy)

    def _delete(self, page: int) -> _Steps:
        answer = yield from self._call(wire.delete(page))
        # An empty page may be refused; only reading it tells.
        if (yield from self._call(wire.load(page))).code == OK:
            raise _RefusedError(_words(answer) if answer.code != OK else WORDS[0x10], AGAIN_REMEDY)
        self._request = None
        self._say(FingerStored(self.name, page))
        yield from self._present()


def _words(answer: Answer) -> str:
    code = answer.code if answer.code is not None else -1
    return WORDS.get(code, f"the finger reader refuses with code {code:#04x}")
