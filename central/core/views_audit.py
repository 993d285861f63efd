"""What technicians are shown of a booth's queue and of the booths' records of who did what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class QueueView:
    """A booth's front desk today. `given`: numbers of today; `handed`: cards that left the basket today."""

    waiting: int
    called: int
    present: int
    given: int
    handed: int
    open: bool | None
    """Whether numbers are given; None: the booth has told nothing today."""
    note: str


@dataclass(frozen=True, slots=True)
class DeedView:
    """One deed. `trouble` (a word of `central.core.record`): why it does not stand in the chain; empty: it does."""

    booth: str
    epoch: str
    n: int
    time: datetime
    officer: str
    action: str
    subject: str
    detail: str
    trouble: str


@dataclass(frozen=True, slots=True)
class ChainView:
    """The record of one memory of a booth, up to deed `last`. `broken`: the first deed that does not hold, or None."""

    booth: str
    epoch: str
    deeds: int
    last: int
    since: datetime
    until: datetime
    broken: int | None
    trouble: str


class AuditViews(Protocol):
    """Questions of the audit page; each is one consistent read."""

    def deeds(
        self, booth: str = "", officer: str = "", day: str = "", limit: int = 200
    ) -> tuple[DeedView, ...]:
        """Newest first by the booth's clock. An empty filter takes all; `day`: local (WIB), `YYYY-MM-DD`."""
        ...

    def chains(self, booth: str = "") -> tuple[ChainView, ...]:
        """Broken ones first, then the newest."""
        ...

    def officers(self) -> tuple[str, ...]:
        """Everybody who has done something, by name."""
        ...
