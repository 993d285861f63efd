"""Events as they come: what can be understood of one, and what can at least be counted."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field, ValidationError

from contract.messages import ALTERED, BODIES, Event, Id, Message

_LOOK = "copy the card to a new one, and find out what was done from what stands in the event now"


class _Numbers(Message):
    """What must be readable of an event so that it can be counted although it cannot be understood."""

    epoch: Id
    seq: int = Field(ge=1, lt=2**63)
    id: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One event; `body` is None when `refused` says why it could not be understood."""

    seq: int
    id: str
    kind: str
    time: float
    payload: str
    body: Message | None
    refused: str
    boot: str = ""


def reason_of(error: ValidationError) -> str:
    """The first thing that is wrong, with its place."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else first["msg"]


def read_event(payload: bytes) -> tuple[str, Incoming] | str:
    """Epoch and event; or why nothing of it can be counted. Never raises."""
    try:
        event = Event.model_validate_json(payload)
    except ValidationError as error:
        return _countable(payload, reason_of(error))
    model = BODIES.get(event.kind)
    body, refused = None, ""
    if event.kind == ALTERED:
        refused = (
            f"event {event.seq} was altered in the booth's memory: its card fails, or somebody wrote to it; {_LOOK}"
        )
    elif model is None:
        refused = f"unknown kind {event.kind!r}"
    else:
        try:
            body = model.model_validate(event.body)
        except ValidationError as error:
            refused = f"the body is no {event.kind}: {reason_of(error)}"
    try:
        moment = event.time.timestamp()
    except (OverflowError, ValueError):
        moment = 0.0
    return event.epoch, Incoming(event.seq, event.id, event.kind, moment, payload.decode(), body, refused, event.boot)


def _countable(payload: bytes, reason: str) -> tuple[str, Incoming] | str:
    try:
        numbers = _Numbers.model_validate_json(payload)
    except ValidationError:
        return f"not an event: {reason}"
    refused = f"not an event of this version: {reason}"
    return numbers.epoch, Incoming(
        numbers.seq, numbers.id[:80], numbers.kind[:80], 0.0, payload.decode(errors="replace"), None, refused
    )
