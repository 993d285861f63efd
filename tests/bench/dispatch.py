"""Print dispatch with a short and with a very long queue, in the coordinator's real database."""

from __future__ import annotations

import json
import sqlite3
import statistics
import time
import uuid
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from central.adapters.store import Store, sqlite_url
from central.core.items import Received
from central.deciding.coordinator import Coordinator
from central.deciding.turn import Settings
from contract import topics
from contract.messages import (
    KINDS,
    BoothState,
    DeviceChanged,
    DeviceState,
    Hello,
    Message,
    PrintChanged,
    PrintState,
)
from tests.bench.result import Figure, at_most

BOOTHS = 20
EPOCH = "aabbccddeeff"
_INSERT = (
    "INSERT INTO print_job (job, enrolment, booth, nik, state, attempt, due, created, changed, not_before, refusals, "
    "orphaned, why) VALUES (?, ?, ?, ?, 'pending', 1, ?, ?, ?, 0, 0, 0, '')"
)


class Queue:
    """A coordinator whose booths print one card after the other."""

    def __init__(self, folder: Path, waiting: int) -> None:
        folder.mkdir(parents=True)
        url = sqlite_url(folder)
        self.store = Store.open(url)
        self._fill(folder / "central.sqlite3", waiting)
        self.booths = [f"bench-{number}" for number in range(BOOTHS)]
        settings = Settings(
            {booth: (booth, 500) for booth in self.booths},
            b"\1" * 32,
            lambda: 0.5,
            lambda: str(uuid.uuid4()),
            # Drawing a card costs the same however long the queue is; here it would only hide the queue's cost.
            lambda job, nik, attempt: {"k": "eJwDAAAAAAE="},
        )
        self.coordinator = Coordinator(self.store, settings, time.monotonic(), datetime.now(UTC))
        self._seq = dict.fromkeys(self.booths, 0)
        self._at_printer: dict[str, str] = {}
        for booth in self.booths:
            hello = Hello(epoch=EPOCH, first=1, last=0, boot="a1")
            self._handle(
                self._message(booth, topics.STATE, BoothState(state="online", boot="a1")),
                self._message(booth, topics.HELLO, hello),
                self._event(booth, DeviceChanged(device="printer", kind="evolis", state=DeviceState.OK)),
            )

    def _fill(self, path: Path, waiting: int) -> None:
        """Rows as the coordinator writes them, due over the next day."""
        now = time.time()
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA synchronous=OFF")
            db.execute("PRAGMA cache_size=-200000")
            rows = (
                (
                    f"job-{EPOCH}-{n}",
                    f"{EPOCH}-{n}",
                    f"bench-{n % BOOTHS}",
                    f"{n:016}",
                    now + 86_400.0 * n / waiting,
                    now,
                    now,
                )
                for n in range(waiting)
            )
            db.executemany(_INSERT, rows)
            db.commit()
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _message(self, booth: str, topic: topics.Topic, message: Message) -> Received:
        return Received(topics.of(booth, topic), message.model_dump_json().encode(), 1, 1, 1)

    def _event(self, booth: str, body: Message) -> Received:
        self._seq[booth] += 1
        event = {
            "v": 1,
            "epoch": EPOCH,
            "seq": self._seq[booth],
            "id": str(uuid.uuid4()),
            "boot": "a1",
            "time": datetime.now(UTC).isoformat(),
            "kind": KINDS[type(body)],
            "body": body.model_dump(mode="json"),
        }
        return Received(topics.of(booth, topics.EVENT), json.dumps(event).encode(), 1, 1, 1)

    def _handle(self, *items: Received) -> int:
        effects = self.coordinator.handle(items, time.monotonic(), datetime.now(UTC))
        sent = 0
        for publish in effects.publishes:
            if publish.topic.endswith(topics.COMMAND.leaf):
                command = json.loads(json.loads(publish.payload)["payload"])
                job = command["body"]["job"]
                booth = command["booth"]
                sent += self._at_printer.get(booth) != job
                self._at_printer[booth] = job
        return sent

    def card(self, number: int) -> float:
        """A booth has printed its card and gets the next job: seconds of that turn, with its commit."""
        booth = self.booths[number % BOOTHS]
        printed = PrintChanged(job=self._at_printer[booth], attempt=1, state=PrintState.PRINTED)
        item = self._event(booth, printed)
        began = time.perf_counter()
        sent = self._handle(item)
        took = time.perf_counter() - began
        assert sent == 1, "one card printed, one job sent"
        return took


def measure(folder: Path, quick: bool) -> list[Figure]:
    """Turns of both queues in turn."""
    long = 100_000 if quick else 1_000_000
    short_queue, long_queue = Queue(folder / "short", 1_000), Queue(folder / "long", long)
    rounds = 100 if quick else 600
    short_s: list[float] = []
    long_s: list[float] = []
    for number in range(rounds):
        pair = [(short_queue, short_s), (long_queue, long_s)]
        for queue, times in pair if number % 2 else reversed(pair):
            times.append(queue.card(number))
    short_queue.store.close()
    long_queue.store.close()
    return [
        Figure(
            f"print dispatch with {long:,} waiting jobs",
            statistics.median(long_s) * 1000,
            "ms",
            statistics.median(short_s) * 1000,
            at_most(1.5, "ratio"),
            note=f"baseline: 1,000 waiting; {rounds} dispatches each",
        )
    ]
