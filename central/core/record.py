"""Whether a deed of a booth stands in an unbroken chain, and what is said when it does not."""

from __future__ import annotations

from typing import Final

from contract.deeds import NOTHING, digest
from contract.desk import Deed

ALTERED: Final = "altered"
ELSEWHERE: Final = "elsewhere"
MISSING: Final = "missing"
TWICE: Final = "twice"

WORDS: Final[dict[str, str]] = {
    ALTERED: "its content does not have its hash",
    ELSEWHERE: "it does not follow the deed before it: one of the two was replaced",
    MISSING: "the deed before it is missing",
    TWICE: "another deed has this number already",
}
_REMEDY: Final = (
    "look at Audit in the console; stop the booth, keep its booth.db as it is and compare its deeds with those here"
)


def trouble(deed: Deed, before: str | None, again: bool = False) -> str:
    """What is wrong with a deed; empty: nothing. `before`: the hash of the deed before it, None when it is not here."""
    if again:
        return TWICE
    try:
        if digest(deed) != deed.hash:
            return ALTERED
    except ValueError:
        return ALTERED
    return link(deed.n, deed.previous, before)


def link(n: int, previous: str, before: str | None) -> str:
    """What is wrong with a deed's place in the chain."""
    if n < 1:
        return ELSEWHERE
    if n == 1:
        before = NOTHING
    if before is None:
        return MISSING
    return "" if previous == before else ELSEWHERE


def complaint(epoch: str, n: int, wrong: str) -> str:
    """What a person is told of a broken chain."""
    return f"the record of who did what (memory {epoch}) breaks at deed {n}: {WORDS[wrong]}; {_REMEDY}"
