"""What adapters put into the booth's inbox beside the core's own events."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PortOpened:
    """A device's port is open. `session` names this opening: writes for an earlier one are dropped."""

    device: str
    session: int = 0


@dataclass(frozen=True, slots=True)
class PortData:
    """Bytes came from a device's port, in any portions."""

    device: str
    data: bytes


@dataclass(frozen=True, slots=True)
class PortClosed:
    """A device's port is gone, or cannot be opened; told again only when the error is another one."""

    device: str
    error: str


@dataclass(frozen=True, slots=True)
class MessageArrived:
    """A message of the broker, not looked at yet."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Stop:
    """The program shall end."""
