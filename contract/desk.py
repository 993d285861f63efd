"""Bodies of the front desk's events: tickets, calls, exceptions of a recording, cards handed over, who did what."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from contract.base import Id, Message, Modality, Seq, Sha256, Text

Nik = Annotated[str, Field(pattern=r"^[0-9]{16}$")]
#: What stands on the ticket: the service's letter and a number of the day, such as `A-027`.
Number = Annotated[str, Field(pattern=r"^[A-Z]-[0-9]{3,4}$")]
Seconds = Annotated[float, Field(ge=0, lt=1e7)]


class Service(StrEnum):
    """What an applicant comes for. Only `NEW` records biometrics."""

    NEW = "new"
    LOST = "lost"
    DAMAGED = "damaged"
    CHANGE = "change"
    PICKUP = "pickup"


class Precedence(StrEnum):
    """Why an applicant is called earlier; `NONE`: in turn."""

    NONE = "none"
    ELDERLY = "elderly"
    DISABLED = "disabled"
    PREGNANT = "pregnant"


class TicketState(StrEnum):
    """Where a ticket is. `called`: on the way; `present`: in the recording area or at the counter."""

    WAITING = "waiting"
    CALLED = "called"
    PRESENT = "present"
    SKIPPED = "skipped"
    DONE = "done"
    CLOSED = "closed"
    """The day ended, or the applicant went, before it was served."""


class PaperState(StrEnum):
    """What is known of a ticket's paper. `uncertain`: the printer may or may not have printed it."""

    NONE = "none"
    PRINTING = "printing"
    PRINTED = "printed"
    UNCERTAIN = "uncertain"


class Standing(StrEnum):
    """What the centre says of a NIK before the recording. `unasked`: it could not be asked (offline)."""

    UNASKED = "unasked"
    ELIGIBLE = "eligible"
    ENROLLED = "enrolled"
    DUPLICATE = "duplicate"
    UNKNOWN = "unknown"


class ExceptionKind(StrEnum):
    """Why a finger or an eye cannot be recorded."""

    BANDAGED = "bandaged"
    AMPUTATED = "amputated"
    DAMAGED = "damaged"


class TicketIssued(Message):
    """A number was given. `wait_s` is what the applicant was told, with its range; None: it could not be said."""

    ticket: Id
    number: Number
    day: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    service: Service
    precedence: Precedence = Precedence.NONE
    enrolment: Id | None = None
    wait_s: Seconds | None = None
    wait_low_s: Seconds | None = None
    wait_high_s: Seconds | None = None


class TicketPaper(Message):
    """A ticket's paper: printed, or nobody knows."""

    ticket: Id
    state: PaperState
    reason: Text = ""


class TicketMoved(Message):
    """A ticket was called, came, was skipped, came back, or was served. `calls`: how often it has been called."""

    ticket: Id
    state: TicketState
    place: Text = ""
    """Where it was called to, such as `3`."""
    calls: int = Field(default=0, ge=0, lt=1000)
    officer: Text = ""
    reason: Text = ""
    waited_s: Seconds | None = None
    """From its issue until it was first called, where that is known."""


class TicketLinked(Message):
    """A family card was scanned for a ticket that had come from a button."""

    ticket: Id
    enrolment: Id


class QueueFigures(Message):
    """How many wait, and how long the next would wait; told when it changes much, for the public pages."""

    waiting: dict[Service, int] = Field(default_factory=dict)
    wait_s: dict[Service, Seconds] = Field(default_factory=dict)
    wait_high_s: dict[Service, Seconds] = Field(default_factory=dict)
    open: bool = True
    note: Text = ""


class ExceptionNoted(Message):
    """A finger or an eye is not recorded, and why."""

    enrolment: Id
    modality: Modality
    subtype: Text
    """The SBI bioSubType, such as `Right IndexFinger` or `Left`."""
    kind: ExceptionKind
    permanent: bool
    officer: Text = ""
    withdrawn: bool = False


class ModalityClosed(Message):
    """A modality is finished: its best attempt is what will be sent. `reason`: why a poor one was accepted."""

    enrolment: Id
    modality: Modality
    attempt: int = Field(ge=0, lt=1000)
    """0: nothing was captured, all of it is excepted."""
    accepted: bool
    reason: Text = ""
    officer: Text = ""


class NikChecked(Message):
    """What the booth knew of the NIK when the recording began; `reason`: why it went on against an answer."""

    enrolment: Id
    standing: Standing
    officer: Text = ""
    reason: Text = ""


class CardHanded(Message):
    """A card left the pickup basket."""

    enrolment: Id
    to: Literal["holder", "representative"]
    name: Text = ""
    """Who took it, when that was not the holder."""
    officer: Text = ""


class Deed(Message):
    """One link of the booth's record of who did what.

    `hash` = SHA-256 over `previous` (hex) and the compact JSON array [n, time, officer, action, subject, detail].
    """

    n: Seq
    time: Annotated[float, Field(ge=0)]
    """Unix seconds on the booth's clock."""
    officer: Text
    action: Text
    subject: Text = ""
    detail: Text = ""
    previous: Sha256
    hash: Sha256


BODIES: dict[str, type[Message]] = {
    "ticket.issued": TicketIssued,
    "ticket.paper": TicketPaper,
    "ticket.moved": TicketMoved,
    "ticket.linked": TicketLinked,
    "queue.changed": QueueFigures,
    "enrolment.exception": ExceptionNoted,
    "enrolment.modality": ModalityClosed,
    "enrolment.checked": NikChecked,
    "card.handed": CardHanded,
    "officer.acted": Deed,
}
