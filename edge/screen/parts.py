"""What is captured, in words: modalities and their fingers and eyes (SBI bioSubTypes)."""

from __future__ import annotations

import re
from typing import Final

from contract.messages import Modality
from edge.screen.words import LANGUAGES, Language

_MODALITIES: Final[dict[str, tuple[str, str]]] = {
    "photo": ("Foto wajah", "Photo"),
    "signature": ("Tanda tangan", "Signature"),
    "right-four": ("Empat jari kanan", "Right four fingers"),
    "left-four": ("Empat jari kiri", "Left four fingers"),
    "thumbs": ("Kedua ibu jari", "Both thumbs"),
    "iris": ("Iris kedua mata", "Iris of both eyes"),
    "exception-photo": ("Foto pengecualian", "Photo of the exception"),
}
_PARTS: Final[dict[str, tuple[str, str]]] = {
    "Right IndexFinger": ("Telunjuk kanan", "Right index"),
    "Right MiddleFinger": ("Jari tengah kanan", "Right middle"),
    "Right RingFinger": ("Jari manis kanan", "Right ring"),
    "Right LittleFinger": ("Kelingking kanan", "Right little"),
    "Right Thumb": ("Ibu jari kanan", "Right thumb"),
    "Left IndexFinger": ("Telunjuk kiri", "Left index"),
    "Left MiddleFinger": ("Jari tengah kiri", "Left middle"),
    "Left RingFinger": ("Jari manis kiri", "Left ring"),
    "Left LittleFinger": ("Kelingking kiri", "Left little"),
    "Left Thumb": ("Ibu jari kiri", "Left thumb"),
    "Right": ("Mata kanan", "Right eye"),
    "Left": ("Mata kiri", "Left eye"),
    "Face": ("Wajah", "Face"),
    "Signature": ("Tanda tangan", "Signature"),
}
FINGERS: Final = frozenset({Modality.RIGHT_FOUR, Modality.LEFT_FOUR, Modality.THUMBS})
_EYE: Final = re.compile(r"\b(?:Right|Left)(?= \d)")
EXCEPTABLE: Final = FINGERS | {Modality.IRIS}
"""Modalities of which a finger or an eye may be missing."""


def modality(language: Language, name: str) -> str:
    """A modality; a name that is unknown is shown as it is."""
    return _MODALITIES[name][LANGUAGES.index(language)] if name in _MODALITIES else name


def part(language: Language, subtype: str) -> str:
    """A finger, an eye, the face; a name that is unknown is shown as it is."""
    return _PARTS[subtype][LANGUAGES.index(language)] if subtype in _PARTS else subtype


def named(language: Language, sentence: str) -> str:
    """A sentence of the core with its bioSubTypes in the reader's words, longest names first."""
    for name in sorted(_PARTS, key=len, reverse=True):
        if " " in name:
            sentence = sentence.replace(name, part(language, name))
    # An eye's name is a plain word: it is one only before its figure.
    return _EYE.sub(lambda found: part(language, found[0]), sentence)
