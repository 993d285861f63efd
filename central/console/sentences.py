"""What an event of the timeline says: one plain sentence per event, its weight and its drawing."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import ValidationError

from central.console import sentences_desk, sentences_power
from central.console.remedies import translated
from central.console.texts import Language, known, text
from central.console.words import masked, number
from central.core.views import DeviceView, TimelineEntry
from contract.messages import (
    BODIES,
    AlarmChanged,
    AttemptMade,
    BoothStarted,
    CommandDone,
    DeviceChanged,
    DeviceState,
    DocumentRefused,
    DoorChanged,
    EnrolmentCancelled,
    EnrolmentCompleted,
    EnrolmentOpened,
    EnrolmentStarted,
    GensetChanged,
    LoadShed,
    MainsDipped,
    Message,
    Outcome,
    PrintChanged,
    PrintState,
    ShutdownChanged,
    SupplyChanged,
    UpsTested,
)

Weight = Literal["problem", "attention", "normal"]

DRAWINGS: Final = {
    "booth": "booth",
    "supply": "power",
    "mains": "mains",
    "genset": "genset",
    "load": "plug",
    "shutdown": "off",
    "ups": "battery",
    "alarm": "bell",
    "device": "device",
    "door": "door",
    "document": "document",
    "enrolment": "person",
    "print": "card",
    "command": "command",
    "ticket": "document",
    "queue": "person",
    "card": "card",
    "officer": "person",
}
"""First word of an event's kind -> name of its icon."""

_OUTCOMES: Final[dict[Outcome, Weight]] = {
    Outcome.DONE: "normal",
    Outcome.REFUSED: "attention",
    Outcome.EXPIRED: "attention",
    Outcome.FORGED: "problem",
}
_DEVICES: Final[dict[DeviceState, Weight]] = {
    DeviceState.OK: "normal",
    DeviceState.FAULT: "attention",
    DeviceState.LOST: "problem",
}
_PRINTS: Final[dict[PrintState, Weight]] = {PrintState.SPOILED: "attention", PrintState.UNCERTAIN: "problem"}


def drawing(kind: str) -> str:
    """Icon of an event's kind."""
    return DRAWINGS.get(kind.partition(".")[0], "booth")


def sentence(language: Language, entry: TimelineEntry) -> tuple[str, Weight]:
    """What happened, in words, and how much it matters. Never raises: a body may be of a newer version."""
    model = BODIES.get(entry.kind)
    if model is None:
        return text(language, "say.unknown", kind=entry.kind), "normal"
    try:
        body = model.model_validate(entry.body)
    except ValidationError:
        return text(language, "say.unreadable", kind=entry.kind), "attention"
    return _say(language, body)


def _say(language: Language, body: Message) -> tuple[str, Weight]:
    match body:
        case BoothStarted():
            return text(language, "say.booth.started", version=body.version), "normal"
        case SupplyChanged():
            return sentences_power.supply(language, body)
        case DeviceChanged():
            return _device(language, body)
        case DoorChanged():
            said = text(language, "say.door.open" if body.open else "say.door.closed")
            return said, "attention" if body.open else "normal"
        case PrintChanged():
            return _print(language, body)
        case CommandDone():
            said = text(language, f"say.command.{body.outcome}", command=body.command)
            return _with(said, translated(language, body.reason)), _OUTCOMES[body.outcome]
        case MainsDipped() | GensetChanged() | LoadShed() | ShutdownChanged() | UpsTested() | AlarmChanged():
            parts, weight = sentences_power.say(language, body)
            return _with(*parts), weight
        case _ if isinstance(body, sentences_desk.DESK_EVENTS):
            parts, weight = sentences_desk.say(language, body)
            return _with(*parts), weight
        case _:
            return _recording(language, body), "normal"


def _recording(language: Language, body: Message) -> str:
    match body:
        case DocumentRefused():
            return text(language, "say.document.refused", reason=translated(language, body.reason))
        case EnrolmentOpened():
            said = text(language, "say.enrolment.opened", nik=masked(body.nik), enrolment=body.enrolment)
            return _with(said, *(translated(language, warning) for warning in body.warnings))
        case EnrolmentStarted():
            return text(language, "say.enrolment.started", enrolment=body.enrolment)
        case AttemptMade():
            said = text(
                language,
                "say.attempt.accepted" if body.accepted else "say.attempt.refused",
                modality=text(language, f"modality.{body.modality}"),
                attempt=body.attempt,
                enrolment=body.enrolment,
            )
            worst = min(body.quality.values(), default=None)
            quality = "" if worst is None else text(language, "say.attempt.quality", n=number(language, worst))
            return _with(said, quality, translated(language, body.reason))
        case EnrolmentCompleted():
            size = number(language, body.size / 1024)
            return text(language, "say.enrolment.completed", enrolment=body.enrolment, size=size, parts=body.parts)
        case EnrolmentCancelled():
            reason = translated(language, body.reason)
            return text(language, "say.enrolment.cancelled", enrolment=body.enrolment, reason=reason)
    raise AssertionError(f"no sentence for {type(body).__name__}")


def _device(language: Language, body: DeviceChanged) -> tuple[str, Weight]:
    said = text(language, f"say.device.{body.state}", device=device_name(language, body.device, body.kind))
    weight = _DEVICES[body.state]
    if body.state is DeviceState.OK:
        return said, weight
    return _with(said, trouble(language, body.reasons, body.error), translated(language, body.remedy)), weight


def _print(language: Language, body: PrintChanged) -> tuple[str, Weight]:
    said = text(language, f"say.print.{body.state}", job=body.job)
    attempt = text(language, "say.print.attempt", n=body.attempt) if body.attempt > 1 else ""
    cause = _reason(language, body.cause) or translated(language, body.cause)
    return _with(said, attempt, cause), _PRINTS.get(body.state, "normal")


def _with(said: str, *more: str) -> str:
    """A sentence and what else is known of it."""
    return ". ".join([said, *(f"{part[0].upper()}{part[1:]}" for part in more if part)]).replace("..", ".")


def device_name(language: Language, name: str, kind: str) -> str:
    """`Pencetak kartu (printer)`: what it is and its name in the booth file."""
    what = known(language, f"kind.{kind}", kind)
    if kind == "sbi":
        what = known(language, f"name.{name}", what)
    return what if what.lower() == name.lower() else f"{what} ({name})"


def trouble(language: Language, reasons: tuple[str, ...], error: str) -> str:
    """What is wrong: the reasons in the reader's language where all are known, else the booth's own words."""
    said = [_reason(language, reason) for reason in reasons]
    if language == "en" and error:
        return error
    if said and None not in said:
        return ", ".join(dict.fromkeys(part for part in said if part))
    return translated(language, error) or ", ".join(reasons)


def device_trouble(language: Language, device: DeviceView) -> str:
    """What is wrong with a device now."""
    return trouble(language, device.reasons, device.error)


def _reason(language: Language, reason: str) -> str | None:
    """IPP's word without its severity, in the reader's language; None when unknown."""
    for end in ("-error", "-warning", "-report"):
        reason = reason.removesuffix(end)
    return known(language, f"reason.{reason}", "") or None
