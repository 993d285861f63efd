"""The screen's languages, and figures put into words: times, durations, clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

Language = Literal["id", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("id", "en")
#: Key -> (Indonesian, English). `{name}` stands for a figure.
Texts = Mapping[str, tuple[str, str]]


def say(texts: Texts, language: Language, key: str, **figures: object) -> str:
    """The text of a key. Raises KeyError for a key that the table does not have."""
    return texts[key][LANGUAGES.index(language)].format(**figures)


def duration(language: Language, seconds: float | None) -> str:
    """A length of time as a person says it: `45 detik`, `14 menit`, `2 jam 5 menit`; unknown is said, never 0."""
    if seconds is None:
        return "tidak diketahui" if language == "id" else "unknown"
    short, minute, hour = ("detik", "menit", "jam") if language == "id" else ("s", "min", "h")
    if seconds < 60:
        return f"{max(0, round(seconds))} {short}"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} {minute}"
    return f"{minutes // 60} {hour}" + (f" {minutes % 60} {minute}" if minutes % 60 else "")


def clock(wall: float, utc_offset_h: float = 7.0, seconds: bool = False) -> str:
    """Local time of day of Unix seconds."""
    local = datetime.fromtimestamp(wall, UTC) + timedelta(hours=utc_offset_h)
    return local.strftime("%H:%M:%S" if seconds else "%H:%M")
