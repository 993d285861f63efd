"""Topaz SigLite signature pad: 19200 8O1, 5-byte packets, about 400 points an inch.

Packet: status (bit 7 always and only here, bit 6 pen near, bit 0 pen down), X low 7 bits, X high 5, Y low 7, Y high 5.
Bit 7 marks the first byte, so a lost byte costs one packet.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from contract.messages import Modality
from edge.core.events import (
    CaptureFailed,
    CaptureTaken,
    DeviceLost,
    DeviceOnline,
    Event,
    FrameRejected,
    Sample,
)
from edge.core.requests import Request, StartCapture, StopCapture

QUIET_S = 1.5
"""Without ink for so long, a signature is finished."""
OVERTIME_S = 3.0
"""How long after its time a signature that is being written may go on."""
LEAST_POINTS = 20
MOST_POINTS = 20_000
FORMAT = "topaz-strokes"
DPI = 410
REMEDY = "Check the signature pad's cable; the pad's light must be on."

_POINT = struct.Struct(">HHH")


@dataclass(slots=True)
class _Capture:
    request: StartCapture
    began: float
    ink: float | None = None
    """When the pen was last down."""
    strokes: list[list[tuple[int, int, int]]] = field(default_factory=list)
    points: int = 0

    def deadline(self) -> float:
        end = self.began + self.request.timeout_s
        if self.ink is None:
            return end
        late = max(end, min(self.ink + QUIET_S, end + OVERTIME_S))
        return min(self.ink + QUIET_S, late) if self.points >= LEAST_POINTS else late


def encode(strokes: list[list[tuple[int, int, int]]]) -> bytes:
    """Big-endian `TPZ1 | dpi u16 | strokes u16`, then per stroke `points u16` and per point `ms, x, y` as u16.

    `ms` counts from the start of the capture and stops at 65,535.
    """
    out = [b"TPZ1", struct.pack(">HH", DPI, len(strokes))]
    for stroke in strokes:
        out.append(struct.pack(">H", len(stroke)))
        out += [_POINT.pack(*point) for point in stroke]
    return b"".join(out)


class Topaz:
    """Driver of one pad; it is online with its port, because a pad speaks only when the pen is near."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._open = False
        self._packet = bytearray()
        self._capture: _Capture | None = None
        self._pen_down = False

    def opened(self, now: float) -> list[Event]:
        """Online with the port."""
        self._open = True
        self._packet.clear()
        self._pen_down = False
        return [DeviceOnline(self.name, {"model": "SigLite"})]

    def closed(self, now: float, error: str) -> list[Event]:
        """A signature under way has failed."""
        self._open = False
        self._packet.clear()
        lost: list[Event] = [DeviceLost(self.name, f"the port is gone: {error}", REMEDY)]
        return lost + self._fail("the signature pad was unplugged", REMEDY)

    def send(self, request: Request, now: float) -> list[Event]:
        """`StartCapture` of a signature, `StopCapture`."""
        if isinstance(request, StopCapture):
            self._capture = None
            return []
        if not isinstance(request, StartCapture):
            return [FrameRejected(self.name, f"a signature pad cannot do {type(request).__name__}", b"")]
        events = self._fail("another signature was begun", "")
        self._capture = _Capture(request, now)
        if request.modality is not Modality.SIGNATURE:
            what = f"a signature pad cannot take {request.modality.value}"
            return events + self._fail(what, "Correct `takes` of this device in the booth file.")
        if not self._open:
            return events + self._fail("the signature pad is not connected", REMEDY)
        self._pen_down = False
        return events

    def outgoing(self) -> bytes:
        """The pad is never written to."""
        return b""

    def next_wakeup(self) -> float | None:
        """When the signature is finished, or its time is over."""
        return self._capture.deadline() if self._capture else None

    def wakeup(self, now: float) -> list[Event]:
        """Finish the signature when there was no ink for a while, or its time is over."""
        capture = self._capture
        if capture is None or now < capture.deadline():
            return []
        if capture.points < LEAST_POINTS:
            what = "nobody signed in time" if not capture.points else "there is too little ink for a signature"
            return self._fail(what, "Ask the applicant to sign on the pad with its pen.")
        self._capture = None
        sample = Sample("Signature", 100.0, FORMAT, encode(capture.strokes))
        return [CaptureTaken(self.name, Modality.SIGNATURE, capture.request.transaction, (sample,))]

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Packets in any portions; what does not fit is told once per portion."""
        rejected = b""
        for byte in data:
            if byte & 0x80:
                rejected = rejected or bytes(self._packet)
                self._packet[:] = bytes([byte])
                continue
            self._packet.append(byte)
            if not self._packet[0] & 0x80 or (len(self._packet) in (3, 5) and byte > 0x1F):
                rejected = rejected or bytes(self._packet)
                self._packet.clear()
            elif len(self._packet) == 5:
                self._point(now)
                self._packet.clear()
        return [FrameRejected(self.name, "bytes outside of a packet", rejected)] if rejected else []

    def _point(self, now: float) -> None:
        status, x_low, x_high, y_low, y_high = self._packet
        down, before = bool(status & 0x01), self._pen_down
        self._pen_down = down
        capture = self._capture
        if capture is None or not down or capture.points >= MOST_POINTS:
            return
        if not before or not capture.strokes:
            capture.strokes.append([])
        ms = min(65535, max(0, int((now - capture.began) * 1000)))
        capture.strokes[-1].append((ms, x_low | x_high << 7, y_low | y_high << 7))
        capture.points += 1
        capture.ink = now

    def _fail(self, error: str, remedy: str) -> list[Event]:
        capture, self._capture = self._capture, None
        if capture is None:
            return []
        return [CaptureFailed(self.name, capture.request.modality, capture.request.transaction, error, remedy)]
