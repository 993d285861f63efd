"""What the public sees of the front desk: the board of each booth, and the way of one card. No NIK, no name."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from contract.desk import PaperState, Precedence, Service, TicketState
from contract.messages import Supply

EnrolmentStage = Literal["opened", "started", "completed", "cancelled"]
PrintStage = Literal["pending", "pending-held", "processing", "processing-stopped", "completed", "canceled", "aborted"]


@dataclass(frozen=True, slots=True)
class CalledView:
    """One call. `place`: where to, such as `3`; `state`: what became of it; `at`: when the ticket was last called."""

    number: str
    place: str
    state: TicketState
    at: datetime


@dataclass(frozen=True, slots=True)
class BoardView:
    """One booth's queue of today, as it last told. A service missing in `wait_s`: its wait is not known."""

    booth: str
    name: str
    online: bool
    """Whether the booth is connected now."""
    supply: Supply
    told_at: datetime | None
    """When the booth told the latest of what stands here; None: nothing of today."""
    called: tuple[CalledView, ...] = ()
    """Newest first, at most six."""
    waiting: dict[Service, int] = field(default_factory=dict)
    wait_s: dict[Service, float] = field(default_factory=dict)
    """What the next one of each service would be told, in seconds."""
    wait_high_s: dict[Service, float] = field(default_factory=dict)
    """In nine of ten cases it is not longer than this."""
    open: bool | None = None
    """Whether numbers are given; None: the booth has told nothing today."""
    note: str = ""
    """Why no numbers are given, in English; empty when they are."""


@dataclass(frozen=True, slots=True)
class TicketStatusView:
    """The way of one ticket from its number to the card in the hand. Whatever is None has not happened (yet)."""

    ticket: str
    number: str
    day: str
    """Local day of its issue, `YYYY-MM-DD`."""
    service: Service
    precedence: Precedence
    state: TicketState
    booth: str
    booth_name: str
    online: bool
    """Whether the booth is connected now: if not, what it did since is not known here."""
    supply: Supply
    issued: datetime
    place: str = ""
    calls: int = 0
    called: datetime | None = None
    """When it was last called."""
    paper: PaperState = PaperState.NONE
    wait_s: float | None = None
    """What the applicant was told when the number was given, in seconds, with its range."""
    wait_low_s: float | None = None
    wait_high_s: float | None = None
    enrolment: EnrolmentStage | None = None
    encoding: str | None = None
    """The centre's token, as in `central.core.encoding`; None: the packet is not here yet."""
    encoding_error: str = ""
    encoding_ready: datetime | None = None
    """When the centre let the card be printed."""
    print: PrintStage | None = None
    print_why: str = ""
    """Why the card is not printed now, in English."""
    due: datetime | None = None
    """By when the card is promised."""
    expected: datetime | None = None
    """When the card is reckoned to be printed as things are now."""
    printed: datetime | None = None
    handed: datetime | None = None
    changed: datetime | None = None
    """When the latest of all this happened."""


class DeskViews(Protocol):
    """Questions of the public pages; each is one consistent read."""

    def board(self, booth: str | None = None) -> tuple[BoardView, ...]:
        """All booths that give numbers (or have today), by id; or the one, empty when there is none of this id."""
        ...

    def ticket(self, ticket: str) -> TicketStatusView | None:
        """None: no such ticket was told here (a booth that is away tells it later)."""
        ...
