"""Times, ages and numbers as people read them: WIB, with seconds, in the chosen language."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Final

from central.console.texts import Language, text

WIB: Final = timezone(timedelta(hours=7), "WIB")
"""Western Indonesian time; it has no summer time."""

_MONTHS: Final[dict[Language, tuple[str, ...]]] = {
    "id": ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}


def clock(language: Language, moment: datetime | None, now: datetime) -> str:
    """`14:05:09` of today, `23 Nov 14:05:09` of another day, with the year when it is another; None is `never`."""
    if moment is None:
        return text(language, "time.never")
    local, today = moment.astimezone(WIB), now.astimezone(WIB)
    if local.date() == today.date():
        return f"{local:%H:%M:%S}"
    year = "" if local.year == today.year else f" {local.year}"
    return f"{local.day} {_MONTHS[language][local.month - 1]}{year} {local:%H:%M:%S}"


def age(language: Language, moment: datetime | None, now: datetime) -> str:
    """How long ago, in one unit; a moment of the future (a clock that runs ahead) is `just now`."""
    if moment is None:
        return text(language, "time.never")
    seconds = int((now - moment).total_seconds())
    if seconds < 1:
        return text(language, "age.now")
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size * (1 if unit == "d" else 2):
            return text(language, f"age.{unit}", n=seconds // size)
    return text(language, "age.s", n=seconds)


def short_time(language: Language, moment: datetime, now: datetime) -> str:
    """`14:05` of today, `23 Nov` of another day: where there is little room."""
    local, today = moment.astimezone(WIB), now.astimezone(WIB)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    return f"{local.day} {_MONTHS[language][local.month - 1]}"


def lasting(language: Language, seconds: float) -> str:
    """How long something takes or took, in at most two units: `2 min 5 s`, `3 h 10 min`, `2 days`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return text(language, "unit.seconds", n=whole)
    parts = []
    for unit, size, rest in (("days", 86400, 3600), ("hours", 3600, 60), ("minutes", 60, 1)):
        if whole >= size:
            parts = [(unit, whole // size)]
            less = {"days": "hours", "hours": "minutes", "minutes": "seconds"}[unit]
            parts += [(less, whole % size // rest)] if whole % size // rest else []
            break
    return " ".join(text(language, f"unit.{unit}", n=n) for unit, n in parts)


def within(words: str) -> str:
    """Words as they stand within a sentence: no capital, unless it is a name (`PLN kembali`)."""
    return words[:1].lower() + words[1:] if words[1:2].islower() else words


def number(language: Language, value: object, digits: int = 0) -> str:
    """A figure with the language's decimal sign; anything that is no number is `not known`, never zero."""
    if value is None or isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        return text(language, "unknown")
    words = f"{value:,.{digits}f}"
    return words if language == "en" else words.translate(str.maketrans(",.", ".,"))


def masked(nik: str) -> str:
    """A NIK with the birth date hidden: a technician needs to tell applicants apart, not to know them."""
    return f"{nik[:6]}********{nik[14:]}"
