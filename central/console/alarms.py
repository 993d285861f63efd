"""What an alarm says: its name, its cause with the figures, what to do, and how its priority and state are drawn."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, Literal

from central.console.remedies import translated
from central.console.texts import TEXTS, Language, known, text
from central.console.words import number, within
from central.core.views import AlarmView
from contract.messages import AlarmState, Priority

KEYS: Final = frozenset(key.removeprefix("alarm.cause.") for key in TEXTS if key.startswith("alarm.cause."))
"""The alarms that the console has words for; others are told in the booth's own words."""

SHELVE_MINUTES: Final = (15, 60, 240, 480, 1440)

UNSEEN: Final = frozenset({AlarmState.UNACKNOWLEDGED, AlarmState.RETURNED})
"""Nobody has acknowledged these yet."""

_DIGITS: Final[dict[str, int]] = {
    "genset.battery-weak.volts": 1,
    "genset.out-of-band.hertz": 1,
    "genset.fuel-low.hours": 1,
}

Weight = Literal["critical", "high", "medium", "low", "calm"]


def name(language: Language, alarm: str) -> str:
    """Short name of an alarm, or its key when this version does not know it."""
    return known(language, f"alarm.name.{alarm}", alarm)


def cause(language: Language, alarm: str, figures: Mapping[str, float | str], told: str = "") -> str:
    """The cause as one sentence with its figures; the booth's own words for an alarm that has none here."""
    if alarm not in KEYS:
        return translated(language, told) or alarm
    values = _Figures((key, _figure(language, alarm, key, value)) for key, value in figures.items())
    values.language = language
    return TEXTS[f"alarm.cause.{alarm}"][0 if language == "id" else 1].format_map(values)


def remedy(language: Language, alarm: str, told: str = "") -> str:
    """What a person should do about it."""
    return text(language, f"alarm.remedy.{alarm}") if alarm in KEYS else translated(language, told)


class _Figures(dict[str, str]):
    """Figures of a sentence; one that the booth did not give is told as not known."""

    language: Language = "id"

    def __missing__(self, key: str) -> str:
        return text(self.language, "unknown")


def _figure(language: Language, alarm: str, key: str, value: float | str) -> str:
    if not isinstance(value, str):
        return number(language, value, _DIGITS.get(f"{alarm}.{key}", 0))
    if key == "supply":
        return within(known(language, f"supply.{value}", value))
    return _words(language, value)


def _words(language: Language, value: str) -> str:
    """Words of a figure: a list of names that are known here, or a reason."""
    if value in ("", "?"):
        return text(language, "unknown")
    whole = translated(language, value)
    if whole != value:
        return whole
    parts = [part for part in re.split(r"[,;]\s*", value) if part]
    return ", ".join(known(language, f"word.{part.lower()}", translated(language, part)) for part in parts)


def weight(alarm: AlarmView) -> Weight:
    """How an alarm is drawn: by its priority while it holds or is unseen, calm when shelved or gone."""
    if alarm.state in (AlarmState.SHELVED, AlarmState.NORMAL):
        return "calm"
    return alarm.priority.value


def worst(alarms: Iterable[AlarmView]) -> AlarmView | None:
    """The first alarm that is not shelved; the coordinator orders them worst first."""
    return next((alarm for alarm in alarms if alarm.state is not AlarmState.SHELVED), None)


SHAPES: Final[dict[Priority, str]] = {
    Priority.CRITICAL: "problem",
    Priority.HIGH: "high",
    Priority.MEDIUM: "attention",
    Priority.LOW: "low",
}
"""Each priority has a shape of its own beside its word."""
