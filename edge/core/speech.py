"""What the loudspeaker says when a number is called, word by word, in Indonesian and English."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

Language = Literal["id", "en"]

_DIGITS: Final = {
    "id": ("nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan"),
    "en": ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
}
_TEENS: Final = (
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_PHRASES: Final = {
    "id": {"number": "Nomor antrian", "counter": "silakan ke loket", "place": "silakan ke"},
    "en": {"number": "Number", "counter": "please go to counter", "place": "please go to"},
}


@dataclass(frozen=True, slots=True)
class Word:
    """What is said in one breath. `clip`: name of its recording, the same in every language, without `.wav`.

    Clips: `nomor-antrian`, `silakan-ke-loket`, `silakan-ke`, `huruf-a` to `huruf-z`, `angka-0` to `angka-99`, and
    `tempat-...` for places with a name, such as `tempat-meja-depan`.
    """

    clip: str
    text: str
    pause: bool = False
    """Whether the speaker pauses before it."""


def words(number: str, place: str, language: Language = "id") -> tuple[Word, ...]:
    """A call: letters and digits of `number` (`A-027`) one by one, then where to go.

    `place` is a counter's number (`3`), or a name (`meja depan`), which is said as it stands; empty: nowhere.
    """
    phrases, digits = _PHRASES[language], _DIGITS[language]
    said = [Word("nomor-antrian", phrases["number"])]
    for sign in number.upper():
        if sign in "0123456789":
            said.append(Word(f"angka-{sign}", digits[int(sign)]))
        elif sign.isalpha():
            said.append(Word(f"huruf-{sign.lower()}", sign))
    place = " ".join(place.split())
    if re.fullmatch(r"[0-9]{1,2}", place):
        said.append(Word("silakan-ke-loket", phrases["counter"], pause=True))
        said.append(Word(f"angka-{int(place)}", _count(int(place), language)))
    elif place:
        said.append(Word("silakan-ke", phrases["place"], pause=True))
        said.append(Word(f"tempat-{_slug(place)}", place))
    return tuple(said)


def sentence(call: tuple[Word, ...]) -> str:
    """The whole call as text: `Nomor antrian A nol dua tujuh, silakan ke loket tiga`."""
    return "".join(f"{',' if word.pause else ''} {word.text}" for word in call).strip()


def _count(number: int, language: Language) -> str:
    """0..99 as a numeral."""
    digits = _DIGITS[language]
    tens, ones = divmod(number, 10)
    if number < 10:
        return digits[number]
    if language == "id":
        if number in (10, 11):
            return ("sepuluh", "sebelas")[ones]
        return f"{digits[ones]} belas" if tens == 1 else f"{digits[tens]} puluh {digits[ones] if ones else ''}".strip()
    if tens == 1:
        return _TEENS[ones]
    return _TENS[tens - 2] + (f"-{digits[ones]}" if ones else "")


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "lain"
