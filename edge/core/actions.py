"""What an officer can ask of the booth: on its screen, by keys, or by its buttons."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from contract.desk import ExceptionKind, Precedence, Service
from contract.messages import Modality


class Desk(StrEnum):
    """Where people are called to: `recording` for the service `new`, `front` for all others."""

    RECORDING = "recording"
    FRONT = "front"


def desk_of(service: Service) -> Desk:
    """Where a service is given."""
    return Desk.RECORDING if service is Service.NEW else Desk.FRONT


@dataclass(frozen=True, slots=True)
class Action:
    """Base of all that can be asked. The answer is an `Answer` command with a refusal, or none."""


# --- tickets and calls ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TakeTicket(Action):
    """A number for a service. Answered with the ticket's id."""

    service: Service
    precedence: Precedence = Precedence.NONE


@dataclass(frozen=True, slots=True)
class ReadCard(Action):
    """The text of a family card, typed or pasted: for the ticket, or (empty) as if it had been scanned."""

    text: str
    ticket: str = ""
    precedence: Precedence = Precedence.NONE


@dataclass(frozen=True, slots=True)
class Prefer(Action):
    """The waiting applicant is called earlier, or (`NONE`) in turn after all."""

    ticket: str
    precedence: Precedence


@dataclass(frozen=True, slots=True)
class CallNext(Action):
    """Call the next one of a desk (and of one service, where that is given). Answered with the ticket's id."""

    desk: Desk
    service: Service | None = None


@dataclass(frozen=True, slots=True)
class Recall(Action):
    """Call a called ticket again."""

    ticket: str


@dataclass(frozen=True, slots=True)
class Arrive(Action):
    """The called applicant is here."""

    ticket: str


@dataclass(frozen=True, slots=True)
class Skip(Action):
    """The called applicant did not come."""

    ticket: str


@dataclass(frozen=True, slots=True)
class Return(Action):
    """A skipped applicant has come after all, or a called one must wait again: next in turn."""

    ticket: str


@dataclass(frozen=True, slots=True)
class EndTicket(Action):
    """The ticket is served (`done`), or its applicant went (`closed`, with the reason)."""

    ticket: str
    state: Literal["done", "closed"] = "done"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReprintTicket(Action):
    """Print the paper of a ticket (again): the same number."""

    ticket: str


@dataclass(frozen=True, slots=True)
class SettlePaper(Action):
    """A person has looked: the uncertain paper was printed after all."""

    ticket: str


# --- recording -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Begin(Action):
    """Begin the recording of an enrolment. `reason` lets a NIK go on that the centre does not know."""

    enrolment: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Capture(Action):
    """Try the present modality (next, or again)."""


@dataclass(frozen=True, slots=True)
class StopTrying(Action):
    """Give the capture under way up."""


@dataclass(frozen=True, slots=True)
class AcceptPoor(Action):
    """Go on with the best of the attempts, all of them used, though it is below its threshold."""

    reason: str


@dataclass(frozen=True, slots=True)
class NoteException(Action):
    """A finger or an eye of the present modality cannot be recorded."""

    subtype: str
    kind: ExceptionKind
    permanent: bool
    modality: Modality | None = None
    """The present one unless given."""


@dataclass(frozen=True, slots=True)
class WithdrawException(Action):
    """It can be recorded after all."""

    subtype: str
    modality: Modality | None = None


@dataclass(frozen=True, slots=True)
class CancelRecording(Action):
    """End the recording for good; what was captured is dropped."""

    reason: str


@dataclass(frozen=True, slots=True)
class HandOver(Action):
    """Give a card from the pickup basket away."""

    enrolment: str
    to: Literal["holder", "representative"] = "holder"
    name: str = ""


# --- officers ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WantFinger(Action):
    """Somebody wants to sign in by finger: the reader waits for one. Answered with the officer's name."""


@dataclass(frozen=True, slots=True)
class StoreFinger(Action):
    """Store the finger of an officer, who is asked to put it on twice. Answered when it is stored."""

    officer: str
    page: int


@dataclass(frozen=True, slots=True)
class StopWaiting(Action):
    """Nobody waits for a finger any more."""
