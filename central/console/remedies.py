"""Indonesian words for the English errors, reasons and remedies that booths and the coordinator tell."""

from __future__ import annotations

import re
from typing import Final

from central.console.texts import Language

KNOWN: Final[tuple[tuple[str, str], ...]] = ()
"""Pattern of the whole English text -> Indonesian, with the pattern's groups as \\1, \\2."""

_PATTERNS: Final = tuple((re.compile(english), indonesian) for english, indonesian in KNOWN)


def translated(language: Language, english: str) -> str:
    """The text in the reader's language where it is known, else as it came."""
    if language == "en":
        return english
    for pattern, indonesian in _PATTERNS:
        found = pattern.fullmatch(english)
        if found:
            return found.expand(indonesian)
    return english
