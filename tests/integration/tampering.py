"""A booth with its real decisions, runtime and database, whose files are altered; and the coordinator it speaks to."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, cast

from central.adapters.centre import Centre
from central.adapters.store import Store
from central.adapters.views import StoreViews
from central.core.encoding import Answer, Record
from central.core.items import CentreAnswered, Effects, Received
from central.core.nik import NikAnswer
from central.runtime import perform
from contract import topics
from contract.desk import Standing
from contract.messages import Modality
from edge.__main__ import Core
from edge.adapters.items import MessageArrived
from edge.adapters.signals import Signals
from edge.adapters.store import SqliteStore, StoreError
from edge.core import events as fact
from edge.core.commands import Lamp
from edge.core.events_desk import OfficerSigned
from edge.core.journal import ROW_TYPES
from edge.core.requests import Request, StartCapture
from edge.core.settings import Settings
from edge.runtime import Booth, Identity
from tests.unit.central.booth import KK, SEAL_PRIVATE, SEAL_PUBLIC, SIGN_PUBLIC, START, World, settings

ORDER = (Modality.PHOTO, Modality.RIGHT_FOUR, Modality.IRIS)
#: So often nothing is on its way before a conversation has ended: a damaged packet comes three times.
SILENCES = 5
SECOND = "3526014107900002"


class Taker:
    """A device that delivers whatever it is asked for, at once."""

    name = "taker"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def send(self, request: Request, _now: float) -> list[fact.Event]:
        """A capture of some kilobytes."""
        if not isinstance(request, StartCapture):
            return []
        self.asked.append(request.modality.value)
        sample = fact.Sample("x", 99.0, "f", request.transaction.encode() * 200)
        return [fact.CaptureTaken(self.name, request.modality, request.transaction, (sample,))]

    def opened(self, _now: float) -> list[fact.Event]:
        return []

    def closed(self, _now: float, _error: str) -> list[fact.Event]:
        return []

    def receive(self, _data: bytes, _now: float) -> list[fact.Event]:
        return []

    def outgoing(self) -> bytes:
        return b""

    def next_wakeup(self) -> float | None:
        return None

    def wakeup(self, _now: float) -> list[fact.Event]:
        return []


class _Panel:
    def light(self, lit: frozenset[Lamp]) -> None:
        """Nobody looks."""

    def buzz(self, on: bool) -> None:
        """Nobody hears."""


class _Register:
    """A centre that takes everybody."""

    def standing(self, _nik: str) -> NikAnswer:
        return NikAnswer(Standing.ELIGIBLE)

    def put(self, _packet: str, _booth: str, record: Record) -> Answer:
        return Answer("PRINT_READY_RECORD", nik=record.nik)


class Wire:
    """The connection to the coordinator: what the booth says waits here until it is carried."""

    def __init__(self) -> None:
        self.said: list[tuple[str, bytes]] = []

    def publish(self, topic: str, payload: bytes, _qos: int, _retain: bool) -> bool:
        """Take it."""
        self.said.append((topic, payload))
        return True


class Altered:
    """One booth in one folder. It is off until `on`, and off again after `off`, when its files can be altered."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.taker = Taker()
        self.wire = Wire()
        self.now = 100.0
        self.generation = 0

    def copy(self, name: str) -> Altered:
        """The same card once more, to be altered in another way."""
        shutil.copytree(self.folder, self.folder.with_name(name))
        return Altered(self.folder.with_name(name))

    def on(self) -> Altered:
        """The program starts. Raises StoreError, and is off again then."""
        self.store = SqliteStore(self.folder, ROW_TYPES)
        taken = dict.fromkeys(ORDER, "taker")
        chosen = Settings("b1", self.store.epoch, {"taker": "sbi", "scanner": "scanner"}, taken, order=ORDER)
        identity = Identity("Loket", "1", "boot-1", SEAL_PUBLIC, SIGN_PUBLIC, key=self.store.key)
        self.booth = Booth(
            chosen,
            identity,
            Core(),
            self.store,
            self.wire,
            [self.taker],
            {},
            Signals(_Panel()),
            wall=lambda: START.timestamp() + self.now,
        )
        try:
            self.booth.start(self.now)
        except StoreError:
            self.off()
            raise
        return self

    def off(self) -> None:
        """The program ends; the coordinator hears of nothing more."""
        self.store.close()

    def give(self, *items: object) -> None:
        """One thing after another, a second apart."""
        for item in items:
            self.now += 1.0
            self.booth.handle(item, self.now)

    def record(self, nik: str, presses: int) -> None:
        """An applicant, and so many captures."""
        self.give(fact.DocumentScanned("scanner", f"KK:{KK};NIK:{nik}"))
        for _ in range(presses):
            self.press()

    def press(self) -> None:
        """The start button: the next capture."""
        self.give(fact.ButtonPressed(fact.Button.START))

    def wait(self) -> None:
        """Long enough for what was not acknowledged to be sent again."""
        self.now += 5.0
        self.booth.wake(self.now)

    def sign_in(self) -> None:
        """Two deeds for the record of who did what."""
        self.give(OfficerSigned("sari", "pin"), OfficerSigned("sari", "out"))

    # --- its files -----------------------------------------------------------------------------------------

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What stands in the database."""
        with closing(sqlite3.connect(self.folder / "booth.db")) as db:
            return db.execute(query).fetchall()

    def write(self, statement: str, *values: object) -> None:
        """Alter the database as somebody with the card in the hand does, triggers or not."""
        with closing(sqlite3.connect(self.folder / "booth.db")) as db:
            for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall():
                db.execute(f"DROP TRIGGER {name}")
            db.execute(statement, values)
            db.commit()

    def blob(self, name: str) -> bytes:
        """Kept bytes."""
        ((data,),) = self.rows(f"SELECT data FROM blob WHERE name='{name}'")
        return bytes(data)

    def spoil(self, name: str, at: int) -> None:
        """Flip a bit of kept bytes."""
        self.write("UPDATE blob SET data=? WHERE name=?", flipped(self.blob(name), at), name)


class Central:
    """The real coordinator, and a centre that takes everybody."""

    def __init__(self) -> None:
        self.world = World(Store.memory(), settings("b1"))
        self.views = StoreViews(self.world.store, lambda: self.world.wall)

    def hear(self, booth: Altered) -> None:
        """The booth connects; carry everything to and fro until it has nothing to say for a while."""
        booth.generation += 1
        booth.give(fact.LinkUp(booth.generation))
        silences = 0
        while silences < SILENCES or self.world.calls:
            said, booth.wire.said = booth.wire.said, []
            received = [
                Received(topic, payload, 1, at, booth.generation)
                for at, (topic, payload) in enumerate(said, 1)
                if not topic.endswith("telemetry")
            ]
            if not received:
                silences += 1
                booth.wait()
            self._answer(booth, self.world.give(*received))
            while self.world.calls:
                call = self.world.calls.pop(0)
                done = perform(call, self.world.store, cast(Centre, _Register()), SEAL_PRIVATE)
                self._answer(booth, self.world.give(CentreAnswered(call.enrolment, done)))

    def _answer(self, booth: Altered, effects: Effects) -> None:
        for one in effects.publishes:
            if one.topic == topics.of("b1", topics.ACK):
                booth.give(MessageArrived(one.topic, one.payload))

    def complaints(self) -> list[str]:
        """What a person is told."""
        return [one.reason for one in self.views.dead_letters()]

    def encodings(self) -> Mapping[str, tuple[str, str]]:
        """Enrolment -> state and error."""
        return {one.enrolment: (one.state, one.error) for one in self.views.encodings()}

    def events(self) -> list[dict[str, Any]]:
        """Events that were taken for true."""
        with self.world.store.read() as connection:
            rows = connection.exec_driver_sql("SELECT payload FROM event WHERE refused='' ORDER BY seq").fetchall()
        return [json.loads(payload) for (payload,) in rows]


def flipped(data: bytes, at: int) -> bytes:
    """The same with one bit of one byte flipped."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
