"""UPS with the Megatec/Q1 protocol: 2400 8N1, DTR on, RTS off.

Control commands are answered by nothing, or by their own echo when the UPS does not know them. So each is proved by
reading the status again.
"""

from __future__ import annotations

from edge.core.events import (
    DeviceFault,
    DeviceLost,
    DeviceOnline,
    Event,
    FrameRejected,
    RequestFailed,
    UpsReading,
)
from edge.core.requests import Request
from edge.devices.megatec_wire import ImplausibleError, Rating, encode, read_identity, read_q1, read_rating
from edge.devices.noise import told_once
from edge.devices.ups_errands import Errands

REPLY_S = 1.0
ECHO_S = 0.3
"""Within this time a UPS echoes a command that it does not know."""
FAST_S = 0.5
"""Between two polls at most, on battery, in a test, and while a command's effect is awaited."""
MISSES = 3
LONGEST = 128

LOST_REMEDY = "Check that the UPS is on, and its serial cable (2400 8N1, the cable that came with the UPS)."
FAILED_REMEDY = "The UPS reports an internal failure: note its panel's code, put the booth on the bypass, replace it."


class Megatec:
    """Driver of one UPS: asks `I` and `F` once, then `Q1` every `poll_s` seconds (oftener when it matters).

    `poll_s` may be shorter than a reply takes (0.2 s at 2400 baud): then it asks again with every reply.
    """

    def __init__(self, name: str, poll_s: float = 1.0) -> None:
        self.name = name
        self._poll_s = poll_s
        self._open = False
        self._out = b""
        self._buffer = bytearray()
        self._to_ask: list[str] = []
        self._asked = ""
        self._deadline = 0.0
        self._next_poll = 0.0
        self._misses = 0
        self._online = False
        self._lost = False
        self._failed = False
        self._echoes = 0
        self._rating: Rating | None = None
        self._details: dict[str, str] = {}
        self._errands = Errands(name)
        self._hurry = False

    def opened(self, now: float) -> list[Event]:
        """Ask who is there."""
        self._open = True
        self._buffer.clear()
        self._out = b""
        self._asked = ""
        self._misses = self._echoes = 0
        self._online = self._lost = self._failed = False
        self._rating, self._details = None, {}
        self._to_ask = ["I", "F"]
        self._next_poll = now
        self._ask_next(now)
        return []

    def closed(self, now: float, error: str) -> list[Event]:
        """The port is gone."""
        self._open = self._online = False
        self._lost = True
        self._out = b""
        gone = f"the port is gone: {error}"
        return [*self._errands.lost(gone), DeviceLost(self.name, gone, LOST_REMEDY)]

    def send(self, request: Request, now: float) -> list[Event]:
        """Answered by RequestConfirmed once the status proves it, or by RequestFailed."""
        if not self._open or self._lost:
            return [RequestFailed(self.name, type(request).__name__, "the UPS does not answer")]
        events = self._errands.add(request)
        if self._errands.busy and not self._asked:
            self._next_poll = now
            self._ask_next(now)
        return events

    def outgoing(self) -> bytes:
        """Bytes for the port."""
        out, self._out = self._out, b""
        return out

    def next_wakeup(self) -> float | None:
        """When the answer is late, or the next poll is due."""
        if not self._open:
            return None
        return self._deadline if self._asked else self._next_poll

    def wakeup(self, now: float) -> list[Event]:
        """Count an answer that did not come, or ask again."""
        events: list[Event] = []
        if self._open and self._asked and now >= self._deadline:
            half = bytes(self._buffer[:32])
            self._buffer.clear()
            events = [FrameRejected(self.name, "a reply without an end", half)] if half else []
            events += self._unanswered("the UPS sends no whole reply" if half else "the UPS does not answer", now)
        if self._open and not self._asked and now >= self._next_poll:
            self._ask_next(now)
        return events

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Replies end in CR."""
        events: list[Event] = []
        self._buffer += data
        while (end := self._buffer.find(b"\r")) >= 0:
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            events += self._line(line, now)
        if len(self._buffer) > LONGEST:
            events.append(FrameRejected(self.name, "no end of line", bytes(self._buffer[:32])))
            self._buffer.clear()
        return told_once(events)

    def _ask_next(self, now: float) -> None:
        request = self._errands.to_send(now) if not self._to_ask else None
        if request is not None:
            self._asked, self._deadline = encode(request).decode(), now + ECHO_S
        else:
            self._asked, self._deadline = self._to_ask.pop(0) if self._to_ask else "Q1", now + REPLY_S
        self._out += self._asked.encode() + b"\r"
        if self._asked == "Q1":
            self._next_poll = now + (min(self._poll_s, FAST_S) if self._hurry else self._poll_s)

    def _answered(self, now: float) -> None:
        self._asked = ""
        if self._to_ask or not self._online:
            self._next_poll = min(self._next_poll, now)
        if now >= self._next_poll:
            self._ask_next(now)

    def _unanswered(self, error: str, now: float) -> list[Event]:
        """`I` and `F` are not known to every UPS, and control commands are not answered: only Q1 counts."""
        asked, self._asked = self._asked, ""
        if asked != "Q1":
            self._ask_next(now)
            return []
        self._next_poll = max(self._next_poll, now)
        self._misses += 1
        if self._misses < MISSES or self._lost:
            return []
        self._lost, self._online = True, False
        return [*self._errands.lost(error), DeviceLost(self.name, error, LOST_REMEDY)]

    def _line(self, line: bytes, now: float) -> list[Event]:
        start = max(line.rfind(b"("), line.rfind(b"#"))
        if start < 0:
            return self._other(line.strip(b"\x00\n "), now)
        line = line[start:].rstrip(b"\x00\n ")
        if line[:1] == b"#":
            return self._told(line, now)
        try:
            reading = read_q1(self.name, line, self._rating)
        except ImplausibleError as error:
            events: list[Event] = [FrameRejected(self.name, str(error), line[:32])]
            if self._asked == "Q1":
                events += self._unanswered(f"the UPS sends what cannot be: {error}", now)
            return events
        return self._reading(reading, now)

    def _reading(self, reading: UpsReading, now: float) -> list[Event]:
        events: list[Event] = []
        if self._lost:
            self._to_ask = ["I", "F"]  # It may be another UPS now.
        if not self._online or (self._failed and not reading.failed):
            events.append(DeviceOnline(self.name, dict(self._details)))
        if reading.failed and not (self._failed and self._online):
            events.append(DeviceFault(self.name, ("ups-failed",), "the UPS says that it has failed", FAILED_REMEDY))
        self._online, self._lost, self._misses, self._echoes = True, False, 0, 0
        self._failed = reading.failed
        if self._asked != "Q1":
            return [*events, reading]  # A late answer: it may be of before the command.
        events += [reading, *self._errands.seen(reading, now)]
        self._hurry = reading.utility_fail or reading.testing or self._errands.busy
        if self._hurry:
            self._next_poll = min(self._next_poll, now if self._errands.ready else now + FAST_S)
        self._answered(now)
        return events

    def _told(self, line: bytes, now: float) -> list[Event]:
        """A line with `#` is the rating or the maker: known by its form, not by what was asked last."""
        rating = read_rating(line)
        details = dict(self._details)
        if rating is not None:
            self._rating = rating
            details["nominal"] = (
                f"{rating.volts:g} V, {rating.amperes:g} A, {rating.hertz:g} Hz, battery {rating.battery_v:g} V"
            )
        elif (told := read_identity(line)) is not None:
            details |= told
        else:
            return [FrameRejected(self.name, "neither a rating nor a maker", line[:32])]
        changed, self._details = details != self._details, details
        if self._asked == ("I" if rating is None else "F"):
            self._answered(now)
        return [DeviceOnline(self.name, dict(details))] if self._online and changed else []

    def _other(self, line: bytes, now: float) -> list[Event]:
        """An echo says that the UPS does not know the command; anything else is noise."""
        if not line:
            return []
        if line == self._asked.encode() and self._asked:
            if self._asked not in ("I", "F", "Q1"):
                unknown = self._errands.refused(f"the UPS does not know the command {self._asked}")
                return [*unknown, *self._unanswered("", now)]
            return self._unanswered("the UPS does not know Q1: it speaks another protocol", now)
        return [FrameRejected(self.name, "neither a reply nor an echo", line[:32])]
