"""Who is at the booth's buttons, and the record of who did what: one link of a hash chain per deed."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Final

from contract import deeds
from contract.desk import Deed
from edge.core.actions import Action, ReadCard, StopWaiting, WantFinger
from edge.core.commands import Command, KeepDeed, Publish

#: Deeds that say nothing of themselves: they are seen in what follows, or are tried many times.
_SILENT: Final = (WantFinger, StopWaiting)
BUTTONS: Final = "buttons"


@dataclass(frozen=True, slots=True)
class State:
    """`officer`: signed in here in this run. `last`: the newest deed of the database."""

    officer: str = ""
    last: Deed | None = None
    waits: str = ""
    """The reply of whoever waits for a finger; a new one takes the place of an older."""
    finger: str = ""
    """What the reader waits for: `put`, `lift`, or nothing."""


def did(
    state: State, at: float, officer: str, action: str, subject: str = "", detail: str = ""
) -> tuple[State, list[Command]]:
    """One deed, in the same commit as what it did."""
    deed = deeds.link(state.last, at, officer, action, subject, detail)
    return replace(state, last=deed), [KeepDeed(deed), Publish(deed)]


def told(action: Action) -> tuple[str, str, str] | None:
    """Name, subject and details of an action for the record; None: it is no deed."""
    if isinstance(action, _SILENT):
        return None
    values = {one.name: getattr(action, one.name) for one in fields(action)}
    subject = str(values.pop("ticket", "") or values.pop("enrolment", "") or values.pop("subtype", "") or "")
    if isinstance(action, ReadCard):
        values.pop("text")  # Numbers of a family belong to the enrolment, and nowhere else.
    shown = [f"{key}={value.value if isinstance(value, StrEnum) else value}" for key, value in values.items() if value]
    return _name(type(action).__name__), subject, ", ".join(shown)


def _name(word: str) -> str:
    """`CallNext` as `call-next`."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in word).lstrip("-")
