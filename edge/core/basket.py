"""What became of today's recordings, and the pickup basket: printed cards until they are handed over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from contract.desk import CardHanded
from edge.core.commands import Command, Publish
from edge.core.refusals import Refusal, refuse

#: Completed recordings that are shown; older ones are the coordinator's.
SHOWN = 200


@dataclass(frozen=True, slots=True)
class Sent:
    """A recording that is complete; its packet has the same id. `at`: Unix seconds."""

    enrolment: str
    order: int
    number: str
    nik_end: str
    at: float


@dataclass(frozen=True, slots=True)
class Card:
    """A printed card that nobody has taken yet."""

    enrolment: str
    order: int
    number: str
    nik_end: str
    printed_at: float


@dataclass(frozen=True, slots=True)
class State:
    """Rows `sent/<enrolment>` and `card/<enrolment>`."""

    saved: Mapping[str, Sent | Card] = field(default_factory=dict)


def sent(state: State) -> list[Sent]:
    """Completed recordings, the newest first."""
    return sorted((row for row in state.saved.values() if isinstance(row, Sent)), key=lambda row: -row.order)


def cards(state: State) -> list[Card]:
    """The basket, the oldest card first."""
    return sorted((row for row in state.saved.values() if isinstance(row, Card)), key=lambda row: row.order)


def completed(state: State, enrolment: str, number: str, nik_end: str, at: float) -> State:
    """A recording is complete."""
    order = max((row.order for row in state.saved.values() if isinstance(row, Sent)), default=0) + 1
    saved = {**state.saved, f"sent/{enrolment}": Sent(enrolment, order, number, nik_end, at)}
    for row in sent(State(saved))[SHOWN:]:
        del saved[f"sent/{row.enrolment}"]
    return replace(state, saved=saved)


def printed(state: State, enrolment: str, at: float) -> State:
    """A card came out: it lies in the basket from now on. One that was handed over and is printed anew, too."""
    order = max((row.order for row in state.saved.values() if isinstance(row, Card)), default=0) + 1
    known = state.saved.get(f"sent/{enrolment}")
    number, end = (known.number, known.nik_end) if isinstance(known, Sent) else ("", "")
    return replace(state, saved={**state.saved, f"card/{enrolment}": Card(enrolment, order, number, end, at)})


def hand_over(
    state: State, enrolment: str, to: Literal["holder", "representative"], name: str, officer: str
) -> tuple[State, list[Command], Refusal | None]:
    """Give a card away. Who takes it for somebody else is named."""
    key = f"card/{enrolment}"
    if key not in state.saved:
        return state, [], refuse("no-card")
    if to == "representative" and not name.strip():
        return state, [], refuse("needs-name")
    told = CardHanded(enrolment=enrolment, to=to, name=name.strip()[:500], officer=officer)
    saved = {name: row for name, row in state.saved.items() if name != key}
    return replace(state, saved=saved), [Publish(told)], None
