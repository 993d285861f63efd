"""What adapters put into the booth's inbox beside the core's own events."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.core.events import CaptureTaken


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
class JudgedCapture:
    """The judge is done with a capture: `taken` has judged=True, NFIQ2 per finger and the officer it is of.

    `thumbnails`: a small JPEG per subtype, where one could be made. `reasons`: why a sample has no NFIQ2 (or 0) or
    no picture, by subtype, in English; empty when all is well.
    """

    taken: CaptureTaken
    thumbnails: dict[str, bytes] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TemplateMade:
    """The template of an officer's finger (ISO/IEC 19794-2), or none and why. `page`: of the finger reader."""

    page: int
    template: bytes
    error: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """The program shall end."""
