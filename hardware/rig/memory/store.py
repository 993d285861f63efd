"""The booth's database in memory, with the power failing at any commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from contract.desk import Deed
from edge.adapters.store import Loaded, Rows
from edge.core.commands import DropBlob, KeepBlob
from edge.core.journal import ROW_TYPES

Moment = Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class Crash:
    """The power of a program fails at its nth commit: just before it, or after it and before anything is acted upon.

    `dark`: the printer and the simulated devices lose their power with it. `off_s`: until it starts again.
    """

    commit: int
    moment: Moment
    off_s: float
    dark: bool = False


class PowerCut(BaseException):
    """The program is gone; nothing after this line happened. No handler of the product may catch it."""

    def __init__(self, crash: Crash) -> None:
        super().__init__(f"power cut {crash.moment} commit {crash.commit}")
        self.crash = crash


class Crashes:
    """Counts the commits of one program over all its starts and lets the power fail where the plan says."""

    def __init__(self, planned: Sequence[Crash]) -> None:
        self.commits = 0
        self._planned: dict[int, Crash] = {crash.commit: crash for crash in planned}

    def begin(self) -> Crash | None:
        """A commit begins. Raises PowerCut when the plan says before; gives the crash that comes after it."""
        self.commits += 1
        crash = self._planned.get(self.commits)
        if crash is not None and crash.moment == "before":
            raise PowerCut(crash)
        return crash


#: Made once: the adapters of the rows take longer to make than a day takes to pass.
_CODEC = Rows(ROW_TYPES)


class MemoryStore:
    """Rows go through the real JSON, so what a restart reads is what a database would give."""

    epoch = "5eed5eed5eed"

    def __init__(self, crashes: Crashes) -> None:
        self._crashes = crashes
        self.rows: dict[str, bytes] = {}
        self.outbox: dict[int, bytes] = {}
        self.blobs: dict[str, bytes] = {}
        self.written: dict[int, bytes] = {}
        """Every event ever committed, for the verdict."""
        self.deeds: list[Deed] = []
        self.last = 0

    def load(self) -> Loaded:
        rows = {key: _CODEC.parse(key, raw) for key, raw in self.rows.items()}
        return Loaded(rows, min(self.outbox, default=self.last + 1), self.last, next(reversed(self.deeds), None))

    def commit(
        self,
        changes: Mapping[str, object | None],
        records: Sequence[tuple[int, bytes]] = (),
        prune: int | None = None,
        blobs: Sequence[KeepBlob | DropBlob] = (),
        deeds: Sequence[Deed] = (),
    ) -> None:
        crash = self._crashes.begin()
        for key, row in changes.items():
            if row is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = _CODEC.dump(key, row)
        for seq, payload in records:
            assert seq == self.last + 1, "numbers of events have no gaps"
            self.outbox[seq] = self.written[seq] = payload
            self.last = seq
        if prune is not None:
            for seq in [seq for seq in self.outbox if seq <= prune]:
                del self.outbox[seq]
        for blob in blobs:
            if isinstance(blob, KeepBlob):
                self.blobs[blob.name] = blob.data
            else:
                self.blobs.pop(blob.name, None)
        self.deeds += deeds
        if crash is not None:
            raise PowerCut(crash)

    def events(self, first: int, last: int) -> list[bytes]:
        return [self.outbox[seq] for seq in range(first, last + 1) if seq in self.outbox]

    def blobs_waiting(self) -> bool:
        """Whether a sealed packet has not been taken yet."""
        return any(key.startswith("packet/") for key in self.rows)

    def blob(self, name: str) -> bytes | None:
        return self.blobs.get(name)
