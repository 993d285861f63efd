"""UPS with the Megatec/Q1 protocol: 2400 8N1, DTR on, RTS off.

Source: Megatec "UPS communication protocol", as NUT's `nutdrv_qx` reads it. A reply proves itself by its form alone
(there is no check sum), so every figure is held against what can be.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from edge.core.commands import Request
from edge.core.events import DeviceFault, DeviceLost, DeviceOnline, Event, FrameRejected, UpsReading
from edge.devices.noise import told_once

REPLY_S = 1.5
MISSES = 3
LONGEST = 128

_NUMBER = rb"\d{1,3}(?:\.\d{1,2})?"
_Q1 = re.compile(rb"\((%s) (%s) (%s) (\d{1,3}) (%s) (%s) (%s) ([01]{8})" % ((_NUMBER,) * 6))
_RATING = re.compile(rb"#(%s) (%s) (%s) (%s)" % ((_NUMBER,) * 4))
_PER_CELL = re.compile(rb"\d\.\d\d")

LOST_REMEDY = "Check that the UPS is on, and its serial cable (2400 8N1, the cable that came with the UPS)."
FAILED_REMEDY = "The UPS reports an internal failure: note its panel's code, put the booth on the bypass, replace it."


@dataclass(frozen=True, slots=True)
class Rating:
    """Answer to `F`: nominal V, A, battery V, Hz."""

    volts: float
    amperes: float
    battery_v: float
    hertz: float


class ImplausibleError(ValueError):
    """A figure that no UPS can have; its text is the reason for `FrameRejected`."""


def charge(battery_v: float, nominal_v: float) -> float:
    """Estimated charge, 0..100 %, on NUT's line: empty at 104/120, full at 130/120 of the nominal voltage."""
    low, high = nominal_v * 104 / 120, nominal_v * 130 / 120
    return round(min(100.0, max(0.0, (battery_v - low) / (high - low) * 100)), 1)


def status_words(reading: UpsReading) -> str:
    """NUT's `ups.status`. Raises ImplausibleError when the regulation bit is set with an impossible ratio."""
    words = ["OB" if reading.utility_fail else "OL"]
    if reading.battery_low:
        words.append("LB")
    if reading.bypass and not reading.utility_fail and reading.input_v > 0:
        ratio = reading.output_v / reading.input_v
        if not 0.5 <= ratio < 1.5:
            raise ImplausibleError(f"output {reading.output_v} V from input {reading.input_v} V")
        words.append("TRIM" if ratio < 0.95 else "BYPASS" if ratio < 1.05 else "BOOST")
    if reading.testing:
        words.append("CAL")
    if reading.load_pct > 100:
        words.append("OVER")
    if reading.shutting_down:
        words.append("FSD")
    return " ".join(words)


def read_rating(line: bytes) -> Rating | None:
    """The rating in a reply to `F`, None when the line is none or cannot be true."""
    found = _RATING.fullmatch(line)
    if found is None:
        return None
    rating = Rating(*(float(group) for group in found.groups()))
    return rating if rating.volts >= 50 and rating.battery_v >= 6 and rating.hertz >= 40 else None


def read_q1(device: str, line: bytes, rating: Rating | None) -> UpsReading:
    """The reading in a reply to `Q1` (without CR). Raises ImplausibleError for anything else."""
    found = _Q1.fullmatch(line)
    if found is None:
        raise ImplausibleError("not a reply to Q1")
    numbers = [float(found[group]) for group in range(1, 8)]
    input_v, fault_v, output_v, load, hertz, battery_v, celsius = numbers
    nominal = rating.battery_v if rating else None
    if nominal and nominal > 10 and _PER_CELL.fullmatch(found[6]):
        battery_v = round(battery_v * nominal / 2, 2)  # Lead cells of 2 V.
    lowest, highest = (nominal * 0.5, nominal * 1.5) if nominal else (1.0, 600.0)
    checks = (
        (max(input_v, output_v, fault_v) <= 400, "a voltage over 400 V"),
        (load <= 250, f"a load of {load:.0f} %"),
        (hertz == 0 or 40 <= hertz <= 70, f"a frequency of {hertz} Hz"),
        (lowest <= battery_v <= highest, f"a battery of {battery_v} V"),
        (celsius <= 110, f"a temperature of {celsius} deg C"),
    )
    for good, reason in checks:
        if not good:
            raise ImplausibleError(reason)
    utility_fail, battery_low, bypass, failed, offline, testing, shutting, beeper = (b == ord("1") for b in found[8])
    plain = UpsReading(
        device=device,
        input_v=input_v,
        fault_v=fault_v,
        output_v=output_v,
        load_pct=load,
        frequency_hz=hertz,
        battery_v=battery_v,
        temperature_c=celsius,
        utility_fail=utility_fail,
        battery_low=battery_low,
        bypass=bypass,
        failed=failed,
        offline_type=offline,
        testing=testing,
        shutting_down=shutting,
        beeper=beeper,
    )
    return replace(plain, charge_pct=charge(battery_v, nominal) if nominal else None, status=status_words(plain))


class Megatec:
    """Driver of one UPS: asks `I` and `F` once, then `Q1` every `poll_s` seconds."""

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
        return [DeviceLost(self.name, f"the port is gone: {error}", LOST_REMEDY)]

    def send(self, request: Request, now: float) -> list[Event]:
        """A UPS takes no requests yet."""
        return [FrameRejected(self.name, f"a UPS cannot do {type(request).__name__}", b"")]

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
        self._asked = self._to_ask.pop(0) if self._to_ask else "Q1"
        self._out += self._asked.encode() + b"\r"
        self._deadline = now + REPLY_S
        if self._asked == "Q1":
            self._next_poll = now + self._poll_s

    def _answered(self, now: float) -> None:
        self._asked = ""
        if self._to_ask or not self._online:
            self._next_poll = min(self._next_poll, now)
        if now >= self._next_poll:
            self._ask_next(now)

    def _unanswered(self, error: str, now: float) -> list[Event]:
        """`I` and `F` are not known to every UPS: only Q1 counts."""
        asked, self._asked = self._asked, ""
        if asked != "Q1":
            self._ask_next(now)
            return []
        self._next_poll = max(self._next_poll, now)
        self._misses += 1
        if self._misses < MISSES or self._lost:
            return []
        self._lost, self._online = True, False
        return [DeviceLost(self.name, error, LOST_REMEDY)]

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
        if self._asked == "Q1":
            self._answered(now)
        return [*events, reading]

    def _told(self, line: bytes, now: float) -> list[Event]:
        """A line with `#` is the rating or the maker: known by its form, not by what was asked last."""
        rating = read_rating(line)
        details = dict(self._details)
        if rating is not None:
            self._rating = rating
            details["nominal"] = f"{rating.volts:g} V, {rating.hertz:g} Hz, battery {rating.battery_v:g} V"
        elif 28 <= len(line) <= 48 and line.isascii() and line.decode().isprintable():
            text = line.decode()
            parts = {"maker": text[1:16], "model": text[17:27], "firmware": text[28:38]}
            details |= {key: part.strip() for key, part in parts.items() if part.strip()}
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
            return self._unanswered("the UPS does not know Q1: it speaks another protocol", now)
        return [FrameRejected(self.name, "neither a reply nor an echo", line[:32])]
