"""The record of who did what: each deed carries the hash of the one before, so that none is changed or taken out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Final

from contract.desk import Deed

#: What the first deed names as the hash before it.
NOTHING: Final = "0" * 64
#: Longer texts are cut before they are hashed.
LIMIT: Final = 500


def digest(deed: Deed) -> str:
    """SHA-256 (hex) over `previous` and the compact ASCII JSON array [n, time, officer, action, subject, detail]."""
    content = [deed.n, float(deed.time), deed.officer, deed.action, deed.subject, deed.detail]
    raw = json.dumps(content, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256((deed.previous + raw).encode("ascii")).hexdigest()


def link(last: Deed | None, time: float, officer: str, action: str, subject: str = "", detail: str = "") -> Deed:
    """The next deed after `last` (None: the first one, which has the number 1). `time`: Unix seconds, kept to the ms.

    An earlier clock than that of `last` is written as it is: the order is that of the numbers.
    """
    deed = Deed(
        n=last.n + 1 if last else 1,
        time=round(max(0.0, time), 3),
        officer=_clean(officer),
        action=_clean(action),
        subject=_clean(subject),
        detail=_clean(detail),
        previous=last.hash if last else NOTHING,
        hash=NOTHING,
    )
    return deed.model_copy(update={"hash": digest(deed)})


def verify(deeds: Iterable[Deed], after: Deed | None = None) -> str:
    """Empty when each deed follows the one before it (`after`: the one before the first); else which does not, and why.

    That the newest ones are missing cannot be seen here: compare the last one with what the coordinator has.
    """
    n, hash_ = (after.n, after.hash) if after else (0, NOTHING)
    for deed in deeds:
        if deed.n != n + 1:
            return f"deed {n + 1} is missing: after {n} comes {deed.n}"
        if deed.previous != hash_:
            return f"deed {deed.n} does not follow deed {n}: one of the two was replaced"
        if not _holds(deed):
            return f"deed {deed.n} was altered: its content does not have its hash"
        n, hash_ = deed.n, deed.hash
    return ""


def _holds(deed: Deed) -> bool:
    """Whatever stands in the database by now, such as a word for the time."""
    try:
        return digest(deed) == deed.hash
    except (ValueError, TypeError):
        return False


def _clean(text: str) -> str:
    """Text that any database and any encoding can hold."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")[:LIMIT]
