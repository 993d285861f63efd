"""A durable event at the booth, beside a bare SQLite insert of as many bytes on the same disk."""

from __future__ import annotations

import logging
import sqlite3
import time
from pathlib import Path

from edge.__main__ import Core
from edge.adapters.signals import Signals
from edge.adapters.store import SqliteStore
from edge.core import journal
from edge.core.commands import Lamp
from edge.core.events import UpsReading
from edge.core.settings import Settings
from edge.runtime import Booth, Identity
from tests.bench.result import Figure, at_least, paired

BLOCK = 100


class _Dark:
    """No lamps, no buzzer."""

    def light(self, lit: frozenset[Lamp]) -> None: ...
    def buzz(self, on: bool) -> None: ...


class _Away:
    """No connection: an event is durable before the network is asked."""

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool) -> bool:
        return False


def reading(fails: bool) -> UpsReading:
    """What the UPS says: the mains are there, or not."""
    return UpsReading(
        "ups", 0.0 if fails else 228.0, 0.0, 228.0, 31.0, 50.0, 26.4, 31.0, fails, False, False, False, True, False,
        False, False, 80.0, "OB" if fails else "OL",
    )  # fmt: skip


def make_booth(folder: Path) -> tuple[Booth, SqliteStore]:
    """The booth's runtime on its real store."""
    store = SqliteStore(folder, journal.ROW_TYPES)
    settings = Settings("bench-1", store.epoch, {"ups": "megatec"}, {}, ups="ups")
    identity = Identity("Bench", "1", "aabbccddeeff", bytes(32), bytes(32))
    booth = Booth(settings, identity, Core(), store, _Away(), (), {}, Signals(_Dark()))
    booth.start(time.monotonic())
    return booth, store


def bare(path: Path) -> sqlite3.Connection:
    """SQLite in the same modes, one table."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE row (seq INTEGER PRIMARY KEY, payload BLOB NOT NULL)")
    return db


def _ours(booth: Booth, flips: list[UpsReading]) -> float:
    began = time.perf_counter()
    for flip in flips:
        booth.handle(flip, time.monotonic())
    return len(flips) / (time.perf_counter() - began)


def _theirs(db: sqlite3.Connection, payload: bytes, count: int) -> float:
    began = time.perf_counter()
    for _ in range(count):
        db.execute("INSERT INTO row (payload) VALUES (?)", (payload,))
    return count / (time.perf_counter() - began)


def measure(folder: Path, quick: bool) -> list[Figure]:
    """Blocks of both in turn; the program's log goes to a file, as it does on a booth."""
    folder.mkdir(parents=True)
    handler = logging.FileHandler(folder / "booth.log")
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    booth, store = make_booth(folder / "booth")
    db = bare(folder / "bare.db")
    try:
        flips = [reading(number % 2 == 0) for number in range(BLOCK)]
        _ours(booth, flips)
        before = store.load().last
        payload = store.events(before, before)[0]
        pairs = []
        for number in range(8 if quick else 80):
            if number % 2:
                other = _theirs(db, payload, BLOCK)
                pairs.append((_ours(booth, flips), other))
            else:
                ours = _ours(booth, flips)
                pairs.append((ours, _theirs(db, payload, BLOCK)))
        assert store.load().last - before == len(pairs) * BLOCK, "one flip must be one event"
    finally:
        db.close()
        store.close()
        root.removeHandler(handler)
        root.setLevel(logging.WARNING)
        handler.close()
    return [paired("durable event at the booth", "1/s", pairs, at_least(0.8), f"{len(payload)} bytes each")]
