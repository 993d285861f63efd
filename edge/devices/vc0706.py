"""Camera VC0706, serial 38400 8N1: one still photo of 640x480, the fallback where no better camera is.

It gives no score: the quality of a photo is 100 when its JPEG is whole, and means no more than that.

A picture stays in the camera's buffer until it is told to go on, and the camera acknowledges a new one all the same. So
each capture lets the old frame go first, and the same bytes twice are an old picture: living noise never repeats.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator

from contract.messages import Modality
from edge.core.events import CaptureFailed, CaptureTaken, DeviceLost, DeviceOnline, Event, FrameRejected, Sample
from edge.core.requests import Request, StartCapture, StopCapture
from edge.devices import vc0706_wire as wire
from edge.devices.vc0706_wire import OK, STATUS, Ask, Exchange, Reply

HEALTH_S = 10.0
AGAIN_S = 5.0
"""Between two attempts to reach a camera that does not answer."""
ATTEMPTS = 3
START_S = 3.0
"""A camera has started after so long, whether it says so or not."""
SETTLE_S = 0.3
"""Between letting a frame go and freezing the next: some frames of a new picture."""
LARGEST = 256 * 1024
"""Bytes of a picture at most; 640x480 has about 50,000."""
SLOWEST = 1_500
"""Bytes a second that a transfer makes at least; 38400 baud make 3,840."""

LOST_REMEDY = "Check the camera's cable and its 5 V, and that its baud rate is 38400."
HUNG_REMEDY = "Unplug the camera, wait five seconds, plug it in again."
AGAIN_REMEDY = "Take the photo again; if it fails again, check the camera's cable."

_MODALITIES = (Modality.PHOTO, Modality.EXCEPTION_PHOTO)
_Steps = Generator[Ask, Reply, None]
_Asked = Generator[Ask, Reply, Reply]


class _FailedError(Exception):
    """The capture ends without a photo."""

    def __init__(self, error: str, remedy: str) -> None:
        super().__init__(error)
        self.error, self.remedy = error, remedy


class _SilentError(Exception):
    """The camera does not answer, or nothing whole."""


class Vc0706:
    """Driver of one camera; it takes `PHOTO` and `EXCEPTION_PHOTO`.

    The time of a capture is that until the picture stands; the ten to twenty seconds in which it comes over the line
    are bounded by its length.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._now = 0.0
        self._open = False
        self._out = b""
        self._events: list[Event] = []
        self._line = Exchange()
        self._task: _Steps | None = None
        self._unsure = False
        """A reply is missing: it may still come."""
        self._capture: StartCapture | None = None
        self._begun = False
        """The present task is that of the capture."""
        self._limit = 0.0
        self._frozen = False
        """A frame stands that must be let go."""
        self._last = b""
        """SHA-256 of the photo before."""
        self._next_poll = 0.0
        self._told = ""
        self._error = ""

    # --- the driver's surface ---

    def opened(self, now: float) -> list[Event]:
        """Ask who is there, and start it anew: nobody's picture of before stays in it."""
        self._now, self._open, self._told = now, True, ""
        self._reset()
        self._start()
        return self._take()

    def closed(self, now: float, error: str) -> list[Event]:
        """The port is gone; a capture under way has failed."""
        self._now, self._open, self._told = now, False, "lost"
        self._reset()
        self._error = f"the port is gone: {error}"
        self._events.append(DeviceLost(self.name, self._error, LOST_REMEDY))
        self._fail(self._error, LOST_REMEDY)
        return self._take()

    def send(self, request: Request, now: float) -> list[Event]:
        """`StartCapture` of a photo, `StopCapture`."""
        self._now = now
        if isinstance(request, StopCapture):
            self._drop()
        elif isinstance(request, StartCapture):
            self._fail("another photo was begun", "")
            self._drop()
            self._capture = request
            self._limit = now + request.timeout_s
            if request.modality not in _MODALITIES:
                what = f"this camera cannot take {request.modality.value}"
                self._fail(what, "Correct `takes` of this device in the booth file.")
            elif self._told == "lost" or not self._open:
                self._fail(self._error or "the camera is not connected", LOST_REMEDY)
        else:
            return [FrameRejected(self.name, f"a camera cannot do {type(request).__name__}", b"")]
        self._start()
        return self._take()

    def outgoing(self) -> bytes:
        """Bytes for the port."""
        out, self._out = self._out, b""
        return out

    def next_wakeup(self) -> float | None:
        """When a reply is late, or the camera is asked how it is."""
        if not self._open:
            return None
        return self._line.deadline if self._line.ask else self._next_poll

    def wakeup(self, now: float) -> list[Event]:
        """A reply is late, a wait is over, or a poll is due."""
        self._now = now
        if self._open and self._line.ask and now >= self._line.deadline:
            self._heard(self._line.late(), b"")
        self._start()
        return self._take()

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Replies in any portions; what does not fit is told once per portion."""
        self._now = now
        if not self._open:
            return []
        reply, junk = self._line.receive(data)
        self._heard(reply, junk)
        self._start()
        return self._take()

    # --- tasks ---

    def _take(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def _heard(self, reply: Reply | None, junk: bytes) -> None:
        started, self._line.started = self._line.started, False
        if started and self._told == "online":
            self._restarted()
            return
        if junk.strip(b"\r\n"):
            self._events.append(FrameRejected(self.name, "bytes outside of a reply", junk))
        if reply is not None:
            self._go_on(reply)

    def _reset(self) -> None:
        self._line.clear()
        self._out = b""
        self._task, self._begun, self._frozen = None, False, False
        self._unsure = True

    def _drop(self) -> None:
        """Give the present capture up. A question that is on the wire is still waited for."""
        self._capture = None
        if self._begun:
            self._task, self._begun = None, False
            if self._line.ask and self._line.ask.command is None:
                self._line.clear()

    def _fail(self, error: str, remedy: str) -> None:
        capture, self._capture = self._capture, None
        if capture is not None:
            self._events.append(CaptureFailed(self.name, capture.modality, capture.transaction, error, remedy))

    def _restarted(self) -> None:
        """The camera was without power for a moment; its picture is gone."""
        self._reset()
        self._told = ""
        self._fail("the camera was without power for a moment", AGAIN_REMEDY)

    def _start(self) -> None:
        """Begin the next task when the line is free."""
        if not self._open or self._task or self._line.ask:
            return
        if self._told == "online":
            if self._capture is not None:
                self._begun = True
                self._task = self._photo(self._capture)
            elif self._frozen:
                self._task = self._release()
            elif self._now >= self._next_poll:
                self._task = self._health()
        elif not self._told or self._now >= self._next_poll:
            self._task = self._greet()
        if self._task:
            self._go_on(None)

    def _go_on(self, reply: Reply | None) -> None:
        if reply is not None and reply.status is None:
            self._unsure = True
        if self._task is None:
            return
        try:
            ask = next(self._task) if reply is None else self._task.send(reply)
        except StopIteration:
            self._end(HEALTH_S)
        except _FailedError as failed:
            self._fail(failed.error, failed.remedy)
            self._end(HEALTH_S)
            # What could not be done now may be done by a camera that has started anew.
            self._told = ""
        except _SilentError as silent:
            self._lose(str(silent))
        else:
            self._out += self._line.begin(ask, self._now)

    def _end(self, pause: float) -> None:
        self._task, self._begun = None, False
        self._next_poll = self._now + pause

    def _lose(self, error: str) -> None:
        self._end(AGAIN_S)
        self._frozen = False
        if self._told != "lost":
            self._events.append(DeviceLost(self.name, error, LOST_REMEDY))
        self._told, self._error = "lost", error
        self._fail(error, LOST_REMEDY)

    def _call(self, ask: Ask) -> _Asked:
        """The whole reply to a question; every question may be asked twice."""
        reply = Reply(None)
        for _ in range(ATTEMPTS):
            if self._unsure:
                # Only the version has this head: what comes before it are late replies to something else.
                if (yield wire.VERSION).status is None:
                    continue
                self._unsure = False
            reply = yield ask
            if reply.status is not None and reply.status not in wire.GARBLED:
                return reply
        if reply.status is None:
            raise _SilentError("the camera does not answer")
        return reply

    def _expect(self, ask: Ask) -> Generator[Ask, Reply, bytes]:
        reply = yield from self._call(ask)
        if reply.status != OK:
            raise _FailedError(STATUS[reply.status or 5], HUNG_REMEDY)
        return reply.data

    def _restart(self) -> _Steps:
        if (yield from self._call(wire.RESTART)).status == OK:
            yield wire.wait(START_S)
        self._frozen = False

    def _greet(self) -> _Steps:
        yield from self._restart()
        version = yield from self._call(wire.VERSION)
        size = yield from self._call(wire.READ_SIZE)
        if size.status == OK and size.data != b"\x00":
            yield from self._call(wire.WRITE_SIZE)
            yield from self._restart()
        if version.status != OK:
            raise _SilentError(STATUS[version.status or 5])
        text = version.data.decode("ascii", "replace").strip()
        self._told = "online"
        self._events.append(DeviceOnline(self.name, {"model": "VC0706", "version": text, "size": "640x480"}))

    def _health(self) -> _Steps:
        yield from self._call(wire.VERSION)

    def _release(self) -> _Steps:
        """Let the frame of a capture go that was given up."""
        self._frozen = False
        yield from self._call(wire.RESUME)

    # --- the photo ---

    def _photo(self, capture: StartCapture) -> _Steps:
        photo: bytes | None = None
        for attempt in range(2):
            data = yield from self._shot()
            photo = wire.whole(data)
            digest = hashlib.sha256(data).digest()
            if photo is not None and digest != self._last:
                self._last = digest
                break
            error = "the camera's picture is not whole" if photo is None else "the camera shows an old picture"
            if attempt or self._now > self._limit:
                raise _FailedError(error, AGAIN_REMEDY if photo is None else HUNG_REMEDY)
            yield from self._restart()
        if photo is not None:
            self._capture = None
            sample = Sample("Face", 100.0, "jpeg", photo)
            self._events.append(CaptureTaken(self.name, capture.modality, capture.transaction, (sample,)))

    def _shot(self) -> Generator[Ask, Reply, bytes]:
        """The bytes of a new frame."""
        yield from self._expect(wire.RESUME)
        yield wire.wait(SETTLE_S)
        self._frozen = True
        yield from self._expect(wire.STOP_FRAME)
        length = int.from_bytes((yield from self._expect(wire.LENGTH)), "big")
        if not 4 <= length <= LARGEST:
            raise _FailedError(f"the camera's picture has {length} bytes", HUNG_REMEDY)
        limit = max(self._now, self._limit) + length / SLOWEST
        data = b""
        while len(data) < length:
            if self._now > limit:
                raise _FailedError("the camera's picture came too slowly", AGAIN_REMEDY)
            count = min(wire.PIECE, length - len(data) + -length % 8)
            data += yield from self._expect(wire.piece(len(data), count))
        if int.from_bytes((yield from self._expect(wire.LENGTH)), "big") != length:
            raise _FailedError("the camera's picture changed while it was read", AGAIN_REMEDY)
        yield from self._expect(wire.RESUME)
        self._frozen = False
        return data[:length]
