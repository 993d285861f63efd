"""What the front desk's events of the timeline say: numbers, calls, exceptions, cards handed over, deeds."""

from __future__ import annotations

from typing import Final, Literal

from central.console.remedies import translated
from central.console.texts import Language, known, text
from central.console.words import lasting
from contract.desk import (
    CardHanded,
    Deed,
    ExceptionNoted,
    ModalityClosed,
    NikChecked,
    PaperState,
    Precedence,
    QueueFigures,
    Standing,
    TicketIssued,
    TicketLinked,
    TicketMoved,
    TicketPaper,
    TicketState,
)

Weight = Literal["problem", "attention", "normal"]
DeskEvent = (
    TicketIssued
    | TicketPaper
    | TicketMoved
    | TicketLinked
    | QueueFigures
    | ExceptionNoted
    | ModalityClosed
    | NikChecked
    | CardHanded
    | Deed
)
#: For isinstance.
DESK_EVENTS: Final = DeskEvent.__args__


def say(language: Language, body: DeskEvent) -> tuple[list[str], Weight]:
    """What happened and what else is known of it, and how much it matters."""
    match body:
        case TicketIssued():
            return _issued(language, body), "normal"
        case TicketPaper():
            said = text(language, f"say.ticket.paper.{body.state}", ticket=body.ticket)
            weight: Weight = "attention" if body.state is PaperState.UNCERTAIN else "normal"
            return [said, translated(language, body.reason)], weight
        case TicketMoved():
            return _moved(language, body), "normal"
        case TicketLinked():
            return [text(language, "say.ticket.linked", ticket=body.ticket, enrolment=body.enrolment)], "normal"
        case QueueFigures():
            said = text(language, f"say.queue.{'open' if body.open else 'closed'}", n=sum(body.waiting.values()))
            return [said, translated(language, body.note)], "normal" if body.open else "attention"
        case CardHanded():
            return [text(language, f"say.handed.{body.to}", enrolment=body.enrolment)], "normal"
        case Deed():
            who, what = officer(language, body.officer), deed(language, body.action)
            said = text(language, "say.acted", officer=f"{who[:1].upper()}{who[1:]}", deed=what)
            return [said, body.subject, body.detail], "normal"
    return _recording(language, body)


def deed(language: Language, action: str) -> str:
    """What an officer did, in words; an action of a newer version by its own name."""
    return known(language, f"deed.{action}", action)


def officer(language: Language, name: str) -> str:
    """Who did it."""
    if name in ("", "buttons"):
        return text(language, "audit.buttons" if name else "audit.nobody")
    return name


def _issued(language: Language, body: TicketIssued) -> list[str]:
    service = text(language, f"service.{body.service}")
    wait = ""
    if body.wait_s is not None:
        wait = text(language, "say.ticket.wait", wait=lasting(language, body.wait_s))
    first = "" if body.precedence is Precedence.NONE else text(language, f"precedence.{body.precedence}")
    return [text(language, "say.ticket.issued", number=body.number, service=service), first, wait]


def _moved(language: Language, body: TicketMoved) -> list[str]:
    said = text(language, f"say.ticket.{body.state}", ticket=body.ticket)
    if body.state is not TicketState.CALLED:
        return [said, translated(language, body.reason)]
    if body.place:
        said = text(language, "say.ticket.called.to", ticket=body.ticket, place=body.place)
    return [said, text(language, "say.ticket.times", n=body.calls) if body.calls > 1 else ""]


def _recording(language: Language, body: ExceptionNoted | ModalityClosed | NikChecked) -> tuple[list[str], Weight]:
    reason = translated(language, body.reason) if not isinstance(body, ExceptionNoted) else ""
    match body:
        case ExceptionNoted():
            key = "say.exception.withdrawn" if body.withdrawn else "say.exception.noted"
            kind = text(language, f"exception.{body.kind}")
            return [text(language, key, enrolment=body.enrolment, subtype=body.subtype, kind=kind)], "normal"
        case ModalityClosed():
            key = "say.modality.poor" if body.reason else "say.modality.done"
            modality = text(language, f"modality.{body.modality}")
            said = text(language, key, enrolment=body.enrolment, modality=modality)
            return [said, reason], "attention" if body.reason else "normal"
        case NikChecked():
            standing = text(language, f"standing.{body.standing}")
            went_on = text(language, "say.checked.reason", reason=reason) if reason else ""
            fine = body.standing in (Standing.ELIGIBLE, Standing.UNASKED)
            said = text(language, "say.checked", enrolment=body.enrolment, standing=standing)
            return [said, went_on], "normal" if fine else "attention"
