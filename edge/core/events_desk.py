"""What has happened at the front desk: tickets and their paper, calls, fingers of officers, what an officer asked."""

from __future__ import annotations

from dataclasses import dataclass

from contract.desk import Service
from edge.core.actions import Action
from edge.core.events import DeviceEvent, Event


@dataclass(frozen=True, slots=True)
class TicketButtonPressed(Event):
    """An applicant pressed the button of a service (debounced)."""

    service: Service


@dataclass(frozen=True, slots=True)
class PaperLow(DeviceEvent):
    """The ticket printer's paper is near its end, or no longer."""

    low: bool


@dataclass(frozen=True, slots=True)
class TicketPrinted(DeviceEvent):
    """The printer took the whole ticket and said afterwards that it is online, with paper, without an error."""

    ticket: str


@dataclass(frozen=True, slots=True)
class TicketFailed(DeviceEvent):
    """The ticket was not printed, or nobody knows. `touched`: bytes of it went to the printer."""

    ticket: str
    touched: bool
    error: str
    remedy: str


@dataclass(frozen=True, slots=True)
class FingerWanted(DeviceEvent):
    """The finger reader waits for a person: `put` the finger on it, or `lift` it."""

    what: str


@dataclass(frozen=True, slots=True)
class FingerFound(DeviceEvent):
    """The finger is that of a stored page. `score`: the reader's own confidence."""

    page: int
    score: int


@dataclass(frozen=True, slots=True)
class FingerStored(DeviceEvent):
    """A finger was stored as (or removed from) a page. `image`: 256x288 grey levels, one byte a pixel; empty: none.

    The runtime turns the image into an encrypted template at once; it goes nowhere else.
    """

    page: int
    image: bytes = b""


@dataclass(frozen=True, slots=True)
class FingerRefused(DeviceEvent):
    """The finger request ended without a result: nobody's finger, no finger in time, a bad image."""

    error: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Announced(Event):
    """The loudspeaker has called a number; `error` says why it could not."""

    call: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class OfficerSigned(Event):
    """An officer signed in (or out) with a proved PIN or finger. `reply` is empty when nobody waits for an answer."""

    officer: str
    how: str
    """`pin`, `finger`, or `out`."""
    reply: str = ""


@dataclass(frozen=True, slots=True)
class OfficerRefusedSign(Event):
    """Somebody did not get in."""

    officer: str
    reason: str


@dataclass(frozen=True, slots=True)
class OfficerAsked(Event):
    """What a signed-in officer asks; `reply` names the one that waits for the `Answer`."""

    reply: str
    officer: str
    action: Action
