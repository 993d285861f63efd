"""Document scanner on a serial line (9600 8N1): plain text, or text between GM65 frames.

Source: Grow "GM65 Bar Code Reader Module, User Manual", chapter 2. Only a code that is ended by CR or LF counts: a code
cut by a pulled cable must not pass for a shorter number.
"""

from __future__ import annotations

import binascii
from typing import Literal

from edge.core.events import DeviceLost, DeviceOnline, DocumentScanned, Event, FrameRejected
from edge.core.requests import Request
from edge.devices.noise import told_once

LONGEST = 4096
STALE_S = 2.0
REMEDY = "Check the scanner's cable and that its light goes on when a card is shown."

Mode = Literal["text", "gm65"]
READ, WRITE, SAVE = 0x07, 0x08, 0x09
#: The zone bit of the baud rate; reading it changes nothing, so it serves as a greeting.
BAUD = 0x002A


def crc(data: bytes) -> bytes:
    """CRC-16/XMODEM, high byte first."""
    return binascii.crc_hqx(data, 0).to_bytes(2, "big")


def command(kind: int, address: int, data: bytes) -> bytes:
    """A GM65 command frame. For READ, `data` is one byte: how many bytes are wanted."""
    body = bytes([kind, 1 if kind == READ else len(data)]) + address.to_bytes(2, "big") + data
    return b"\x7e\x00" + body + crc(body)


class Scanner:
    """Driver of one scanner; it is online with its port, because a scanner speaks only when a code is shown."""

    def __init__(self, name: str, mode: Mode = "text") -> None:
        self.name = name
        self._mode = mode
        self._open = False
        self._out = b""
        self._buffer = bytearray()
        self._skipping = False
        self._last = 0.0

    def opened(self, now: float) -> list[Event]:
        """Online; a GM65 is greeted."""
        self._open = True
        self._reset()
        self._out = command(READ, BAUD, b"\x02") if self._mode == "gm65" else b""
        return [DeviceOnline(self.name, {"model": "GM65"} if self._mode == "gm65" else {})]

    def closed(self, now: float, error: str) -> list[Event]:
        """What was half received is forgotten."""
        self._open = False
        self._out = b""
        self._reset()
        return [DeviceLost(self.name, f"the port is gone: {error}", REMEDY)]

    def send(self, request: Request, now: float) -> list[Event]:
        """A scanner takes no requests."""
        return [FrameRejected(self.name, f"a scanner cannot do {type(request).__name__}", b"")]

    def outgoing(self) -> bytes:
        """Bytes for the port."""
        out, self._out = self._out, b""
        return out

    def next_wakeup(self) -> float | None:
        """When a code that has not ended is given up."""
        return self._last + STALE_S if self._open and (self._buffer or self._skipping) else None

    def wakeup(self, now: float) -> list[Event]:
        """Give up a code or a frame that has not ended."""
        if not (self._buffer or self._skipping) or now < self._last + STALE_S:
            return []
        beginning = bytes(self._buffer[:32])
        self._reset()
        if not beginning:
            return []
        return [FrameRejected(self.name, "a code without CR or LF: switch the scanner's suffix on", beginning)]

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Codes end in CR, LF or both."""
        self._last = now
        self._buffer += data
        events: list[Event] = []
        while self._buffer:
            if self._skipping:
                if not self._skip():
                    break
            elif self._mode == "gm65" and self._buffer[0] == 0x02:
                if not self._frame(events):
                    break
            elif not self._text(events):
                break
        return told_once(events)

    def _reset(self) -> None:
        self._buffer.clear()
        self._skipping = False

    def _end(self) -> int:
        ends = [at for at in (self._buffer.find(b"\r"), self._buffer.find(b"\n")) if at >= 0]
        return min(ends, default=-1)

    def _skip(self) -> bool:
        """Drop the rest of an overlong line. False: its end has not come."""
        end = self._end()
        self._skipping = end < 0
        del self._buffer[: end + 1 if end >= 0 else len(self._buffer)]
        return end >= 0

    def _frame(self, events: list[Event]) -> bool:
        """Take one `02 00 00 len data CRC` off. False: more bytes are needed."""
        if len(self._buffer) >= 2 and self._buffer[1] != 0:
            events.append(FrameRejected(self.name, "02 without 00 is no GM65 frame", bytes(self._buffer[:32])))
            del self._buffer[:1]
            return True
        if len(self._buffer) < 4 or len(self._buffer) < 6 + self._buffer[3]:
            return False
        size = 6 + self._buffer[3]
        frame = bytes(self._buffer[:size])
        del self._buffer[:size]
        if crc(frame[1:-2]) != frame[-2:]:
            events.append(FrameRejected(self.name, "a GM65 reply with a wrong CRC", frame[:32]))
        return True

    def _text(self, events: list[Event]) -> bool:
        """Take one line off. False: its end has not come."""
        end = self._end()
        if end < 0 and len(self._buffer) <= LONGEST:
            return False
        if end < 0 or end > LONGEST:
            events.append(FrameRejected(self.name, f"a code longer than {LONGEST}", bytes(self._buffer[:32])))
            self._skipping = True
            return True
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        try:
            text = line.decode("utf-8").strip()
        except UnicodeDecodeError:
            text = "\0"
        if text and not text.isprintable():
            events.append(FrameRejected(self.name, "a code with bytes that are no text", line[:32]))
        elif text:
            events.append(DocumentScanned(self.name, text))
        return True
