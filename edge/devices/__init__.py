"""Drivers of the booth's devices: bytes in, events out, no I/O.

Every driver has the shape of `Device`. It is given the time (monotonic seconds) with every call, holds its own
timeouts, retries and staleness, and never raises for what comes from outside: bad bytes become `FrameRejected`.
"""

from __future__ import annotations

from typing import Protocol

from edge.core.events import Event
from edge.core.requests import Request


class Device(Protocol):
    """What the runtime asks of a driver. `name` is the device's name in the booth file.

    After any call the runtime takes `outgoing()` and writes it to the port. Memory is bounded: a driver keeps at
    most a few frames of input, whatever comes.
    """

    name: str

    def opened(self, now: float) -> list[Event]:
        """The port is open: ask who is there. Says `DeviceOnline` only when the device has answered, except
        for a device that never answers unasked (a scanner, a pad), which is online with its port."""

    def closed(self, now: float, error: str) -> list[Event]:
        """The port is gone; what was under way has failed."""

    def send(self, request: Request, now: float) -> list[Event]:
        """Begin a request. A request that the driver does not know or cannot do now is answered by an event."""

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Bytes came, in any portions."""

    def next_wakeup(self) -> float | None:
        """When `wakeup` wants to be called; None when nothing is pending."""

    def wakeup(self, now: float) -> list[Event]:
        """The time has come: poll, time out, retry."""

    def outgoing(self) -> bytes:
        """Bytes to be written, each once."""
