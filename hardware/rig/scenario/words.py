"""The words of a scenario's timeline: what may be done to a booth, checked when the file is read."""

from __future__ import annotations

import difflib
import math

#: Pattern -> what it does. CAPITALS stand for a number (COUNT whole, MS may have `ms`), NAME for a word, `a|b`: either.
GRAMMAR: dict[str, str] = {
    "mains on|off": "the utility fails, or is back",
    "mains VOLTS": "the utility gives so many volts",
    "mains dip SECONDS": "the utility is away for so long, and comes back by itself",
    "mains dip SECONDS VOLTS": "the same, but it sags to so many volts",
    "mains bounce COUNT MS": "the utility's contact opens and closes so many times, each so long, then it is as before",
    "contact mains stuck-on|stuck-off|free": "the mains contact tells the same for ever, whatever the mains do",
    "ups silent|garbage|normal": "the UPS says nothing, or nonsense, or is well",
    "ups unplug|plug": "the UPS's serial cable; its output stays",
    "ups load WATTS": "so much hangs on the UPS beside the printer",
    "ups failed|mended": "the UPS reports a fault of its own",
    "battery health SHARE": "what is left of the battery's capacity, 0..1",
    "battery charge SHARE": "how full it is, 0..1",
    "battery lying|honest": "it shows full volts until it dies",
    "genset no-start|healthy": "cranking never starts the engine; or everything about it is well again",
    "genset starts-on COUNT": "the engine starts at this crank",
    "genset stalls SECONDS": "the engine dies so long after it has started",
    "genset fuel PCT": "what is in its tank, 0..100",
    "genset hot|low-oil|weak-battery|no-volts|no-stop": "coolant, oil, starter battery, alternator, stop solenoid",
    "genset out-of-band": "it gives 185 V at 44 Hz",
    "genset silent|garbage|normal": "its controller says nothing, or nonsense; the engine goes on",
    "genset stopped-by-hand": "somebody has left its controller in STOP",
    "genset unplug|plug": "its controller's serial cable",
    "ats stuck mains|genset|free": "the transfer switch does not leave this side; or it moves again",
    "board silent|garbage|normal": "the power board says nothing, or nonsense; it still hears",
    "board unplug|plug": "the power board's cable",
    "board reset": "the power board starts again",
    "kill edge": "the booth program ends at once; its supervisor starts it again after 2 s",
    "stop edge SECONDS": "the booth program ends at once and stays away so long",
    "clock step SECONDS": "the wall clock jumps",
    "link down|up": "the network to the coordinator",
    "printer jam|clear|empty|refill|unplug|plug": "the card printer",
    "applicant": "somebody comes, is recorded and gets a card",
    "print": "the coordinator sends a card to print",
    "command test-genset start|stop": "the coordinator's signed command",
    "command test-ups quick|two-minutes|deep|cancel": "the coordinator's signed command",
    "command mute ups|booth": "the coordinator's signed command",
    "command acknowledge|shelve|unshelve NAME": "somebody sees to the alarm of this name",
    "door open|close": "the cabinet",
}

Word = str | float


def parse(text: str) -> tuple[Word, ...]:
    """The words with their numbers as floats. Raises ValueError that tells what may be said instead."""
    given = text.split()
    for pattern in GRAMMAR:
        found = _match(pattern.split(), given)
        if found is not None:
            return found
    raise ValueError(f"{text!r} is not in the vocabulary; {_remedy(given)}")


def _match(pattern: list[str], given: list[str]) -> tuple[Word, ...] | None:
    if len(pattern) != len(given):
        return None
    found: list[Word] = []
    for wanted, word in zip(pattern, given, strict=True):
        value = _word(wanted, word)
        if value is None:
            return None
        found.append(value)
    return tuple(found)


def _word(wanted: str, word: str) -> Word | None:
    if wanted == "NAME":
        return word
    if not wanted.isupper():
        return word if word in wanted.split("|") else None
    if wanted == "MS" and word.endswith("ms"):
        word = word[:-2]
    try:
        number = float(word)
    except ValueError:
        return None
    good = math.isfinite(number) and (number >= 0 or wanted == "SECONDS")
    if wanted == "SHARE":
        good = good and number <= 1
    if wanted == "COUNT":
        good = good and number.is_integer() and number >= 1
    return number if good else None


def _remedy(given: list[str]) -> str:
    first = given[0] if given else ""
    same = [pattern for pattern in GRAMMAR if pattern.split()[0] == first]
    if same:
        return f"with {first!r} there are: {'; '.join(same)}"
    known = sorted({pattern.split()[0] for pattern in GRAMMAR})
    close = difflib.get_close_matches(first, known, n=1)
    return f"{f'did you mean {close[0]!r}? ' if close else ''}It begins with one of: {', '.join(known)}"
