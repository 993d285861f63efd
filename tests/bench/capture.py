"""From a capture to its commit, with the judge and without: beside sealing the same bytes and one commit of them."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

from contract.desk import Deed
from contract.messages import Modality
from contract.sealing import new_seal_pair
from edge.__main__ import Core
from edge.adapters.judge import Judge
from edge.adapters.sealing import seal_capture
from edge.adapters.signals import Signals
from edge.adapters.store import Loaded, SqliteStore
from edge.core import journal
from edge.core.commands import DropBlob, KeepBlob
from edge.core.events import (
    Button,
    ButtonPressed,
    CaptureTaken,
    Contact,
    ContactChanged,
    DeviceOnline,
    DocumentScanned,
    Event,
    Sample,
)
from edge.core.requests import Request, StartCapture
from edge.core.settings import Settings
from edge.hall import Hall
from edge.runtime import Booth, Identity
from tests.bench.durable import _Away, _Dark, bare
from tests.bench.process import memory
from tests.bench.result import Figure, at_most, paired
from tests.bench.stage import NotMeasured

FINGERS: Final = ("Right IndexFinger", "Right MiddleFinger", "Right RingFinger", "Right LittleFinger")
CARD: Final = "KK:3526010101100001;NIK:3526014101900001"
IDLE_S: Final = 1.0
PATIENCE_S: Final = 20.0


class Slap:
    """A driver that only remembers the capture that it was asked for."""

    name = "slap"

    def __init__(self) -> None:
        self.asked = ""

    def opened(self, now: float) -> list[Event]:
        """It is there at once."""
        return []

    def closed(self, now: float, error: str) -> list[Event]:
        """Nothing was under way."""
        return []

    def send(self, request: Request, now: float) -> list[Event]:
        """The transaction of a capture."""
        if isinstance(request, StartCapture):
            self.asked = request.transaction
        return []

    def receive(self, data: bytes, now: float) -> list[Event]:
        """It has no line."""
        return []

    def next_wakeup(self) -> float | None:
        """Never."""
        return None

    def wakeup(self, now: float) -> list[Event]:
        """Nothing is due."""
        return []

    def outgoing(self) -> bytes:
        """It has no line."""
        return b""


class TimedStore:
    """The real store; remembers when it had committed the latest capture, and how large that was."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.epoch = store.epoch
        self.at = 0.0
        self.size = 0

    def load(self) -> Loaded:
        """As the real one."""
        return self._store.load()

    def commit(
        self,
        changes: Mapping[str, object | None],
        records: Sequence[tuple[int, bytes]] = (),
        prune: int | None = None,
        blobs: Sequence[KeepBlob | DropBlob] = (),
        deeds: Sequence[Deed] = (),
    ) -> None:
        """As the real one."""
        self._store.commit(changes, records, prune, blobs, deeds)
        kept = [blob for blob in blobs if isinstance(blob, KeepBlob)]
        if kept:
            self.at, self.size = time.perf_counter(), len(kept[0].data)

    def events(self, first: int, last: int) -> list[bytes]:
        """As the real one."""
        return self._store.events(first, last)

    def blob(self, name: str) -> bytes | None:
        """As the real one."""
        return self._store.blob(name)


class Counter:
    """A booth's runtime on its real store, with a hand on its scanner and buttons."""

    def __init__(self, folder: Path, judge: bool) -> None:
        self._inbox: SimpleQueue[object] = SimpleQueue()
        self._real = SqliteStore(folder, journal.ROW_TYPES)
        self.store = TimedStore(self._real)
        self.slap = Slap()
        self.public = new_seal_pair()[1]
        self.judge = Judge(dict, self._inbox.put, idle_s=IDLE_S) if judge else None
        takers = dict.fromkeys((Modality.RIGHT_FOUR, Modality.PHOTO), "slap")
        settings = Settings("bench-1", self.store.epoch, {"slap": "sbi"}, takers, order=tuple(takers))
        identity = Identity("Bench", "1", "aabbccddeeff", self.public, bytes(32), key=self._real.key)
        hall = Hall(self._inbox.put, "Bench", judge=self.judge)
        self._booth = Booth(
            settings, identity, Core(), self.store, _Away(), (self.slap,), {}, Signals(_Dark()), hall=hall
        )
        self._booth.start(time.monotonic())
        for fact in (ContactChanged(Contact.MAINS, True), DeviceOnline("slap", {})):
            self._booth.handle(fact, time.monotonic())
        self._booth.wake(time.monotonic() + 1.0)

    def capture(self, samples: tuple[Sample, ...]) -> float:
        """An applicant's right hand: milliseconds from the device's word to its commit. The recording is cancelled."""
        self.slap.asked = ""
        for fact in (DocumentScanned("scanner", CARD), ButtonPressed(Button.START)):
            self._booth.handle(fact, time.monotonic())
        if not self.slap.asked:
            self._booth.handle(ButtonPressed(Button.NEXT), time.monotonic())
        if not self.slap.asked:
            raise NotMeasured(f"the booth asks for no capture: {self._booth.state.enrolment}")
        taken = CaptureTaken("slap", Modality.RIGHT_FOUR, self.slap.asked, samples)
        self.store.at = 0.0
        began = time.perf_counter()
        self._booth.handle(taken, time.monotonic())
        while not self.store.at:
            try:
                self._booth.handle(self._inbox.get(timeout=PATIENCE_S), time.monotonic())
            except Empty:
                raise NotMeasured("the judge gave no answer") from None
        took = (self.store.at - began) * 1000
        self._booth.handle(ButtonPressed(Button.STOP), time.monotonic())
        return took

    def close(self) -> None:
        """End the judge and close the database."""
        if self.judge is not None:
            self.judge.stop()
        self._real.close()


def hand(person: int) -> tuple[Sample, ...]:
    """Four fingers of a simulated person, as ISO records with WSQ pictures."""
    from hardware.simulators.pictures import people

    date = (2026, 11, 24, 9, 0, 0, 0)
    return tuple(
        Sample(name, 70.0, "iso19794-4", people.record("Finger", 1, person, name, 1, 70, date, False))
        for name in FINGERS
    )


def measure(folder: Path, quick: bool) -> list[Figure]:
    """Blocks of both in turn; first without the judge, then with it, its process already there."""
    folder.mkdir(parents=True)
    people = [hand(person) for person in range(2 if quick else 5)]
    db = bare(folder / "bare.db")
    try:
        counter = Counter(folder / "plain", judge=False)
        try:
            pairs = _pairs(counter, db, people, 10 if quick else 200)
            size = counter.store.size
        finally:
            counter.close()
        note = f"four fingers, {sum(len(one.value) for one in people[0]) / 1000:.0f} kB, sealed {size / 1000:.0f} kB"
        plain = paired("capture to durable", "ms", pairs, at_most(2.0, "ratio"), note)
        return [plain, *_judged(folder / "judged", db, people, 4 if quick else 40, plain.value)]
    finally:
        db.close()


def _pairs(counter: Counter, db: Any, people: list[tuple[Sample, ...]], count: int) -> list[tuple[float, float]]:
    """Ours, and sealing with one commit of as many bytes, in milliseconds."""
    pairs = []
    counter.capture(people[0])
    for number in range(count):
        samples = people[number % len(people)]
        turns: list[Callable[[], float]] = [
            lambda samples=samples: counter.capture(samples),  # type: ignore[misc]
            lambda samples=samples: _sealed(db, counter.public, samples),  # type: ignore[misc]
        ]
        if number % 2:
            other, ours = turns[1](), turns[0]()
        else:
            ours, other = turns[0](), turns[1]()
        pairs.append((ours, other))
    return pairs


def _sealed(db: Any, public: bytes, samples: tuple[Sample, ...]) -> float:
    """Sealing alone and a bare insert, in milliseconds."""
    taken = CaptureTaken("slap", Modality.RIGHT_FOUR, "aabbccddeeff-1.right-four.1", samples)
    began = time.perf_counter()
    db.execute("INSERT INTO row (payload) VALUES (?)", (seal_capture(taken, public).sealed,))
    return (time.perf_counter() - began) * 1000


def _judged(folder: Path, db: Any, people: list[tuple[Sample, ...]], count: int, plain_ms: float) -> list[Figure]:
    counter = Counter(folder, judge=True)
    assert counter.judge is not None
    try:
        cold = counter.capture(people[0])
        pairs = _pairs(counter, db, people, count)
        pid = counter.judge.pid
        if pid is None:
            raise NotMeasured("the judge's process is not there after a capture")
        found = memory(pid)
        ended = _ended(pid)
    finally:
        counter.close()
    ours = [one for one, _ in pairs]
    note = f"the first, with the process's start, {cold:.0f}; worst {max(ours):.0f}; without the judge {plain_ms:.2f}"
    told = f"its own {found.uss:.1f}; after {IDLE_S:g} s without work it was gone within {ended:.1f} s"
    return [
        Figure("capture to durable, judged", statistics.median(ours), "ms", None, at_most(2_000.0), note=note),
        Figure("judge's process, memory while it is there", found.rss, "MiB", note=told),
    ]


def _ended(pid: int) -> float:
    """Seconds until a process is gone. Raises NotMeasured when it stays."""
    began = time.monotonic()
    while time.monotonic() < began + IDLE_S + 5.0:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return time.monotonic() - began
        time.sleep(0.05)
    raise NotMeasured("the judge's process does not end when it is idle")
