"""The coordinator in virtual time: its real deciding on a database in memory, and a broker before it."""

from __future__ import annotations

import base64
import json
import random
import sqlite3
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256

from sqlalchemy import Connection

from central.adapters import store_work
from central.adapters.store import Store, empty_image
from central.core import encoding
from central.core.encoding import Answer, BadPacketError
from central.core.items import CentreAnswered, CentreCall, Item, LinkUp, NikAnswered, NikCall, Received, Settle
from central.core.nik import NikAnswer
from central.deciding.coordinator import Coordinator
from central.deciding.turn import Settings
from contract import topics
from contract.desk import Standing
from contract.messages import BoothState
from hardware.rig.memory.clock import Clock
from hardware.rig.memory.keys import COMMAND_PRIVATE, SEAL_PRIVATE
from hardware.rig.memory.store import Crashes, PowerCut
from hardware.simulators.centre import Centre
from tests.simulation.booth import NAME, Node

LATENCY = 0.006


def raster(job: str) -> bytes:
    """A cheap stand-in for the drawn card: as large, and another for every job."""
    return sha256(job.encode()).digest() * (82_296 // 32) + bytes(82_296 % 32)


def panels(job: str, _nik: str, _attempt: int) -> dict[str, str]:
    """What the coordinator prints on a card."""
    return {"k": base64.b64encode(zlib.compress(raster(job), 1)).decode()}


class FallibleStore(Store):
    """The real store in memory; the power fails before or after the commits that the plan names."""

    crashes: Crashes

    @classmethod
    def fresh(cls, crashes: Crashes) -> FallibleStore:
        """The process's one store, emptied: SQLAlchemy keeps its compiled statements with the engine."""
        store = _shared()
        with store.read() as connection:
            raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.deserialize(empty_image())
        store.crashes = crashes
        return store

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with super().write() as connection:
            yield connection
            # Raised inside, the transaction is rolled back.
            crash = self.crashes.begin()
        if crash is not None:
            raise PowerCut(crash)


@cache
def _shared() -> FallibleStore:
    store = FallibleStore.memory()
    assert isinstance(store, FallibleStore)
    return store


class Central:
    """Broker, coordinator and centre."""

    def __init__(self, seed: int, clock: Clock, crashes: Crashes, blanks: int) -> None:
        self.clock = clock
        self.store = FallibleStore.fresh(crashes)
        self.centre = Centre(processing_s=1.0)
        self.coordinator: Coordinator | None = None
        self.broker_up = True
        self.partitioned = False
        self.booth: Node
        self.replies: list[str | None] = []
        self.dropped_commands: list[tuple[str, bytes]] = []
        """Copies of commands on the wire, for replays."""
        self._chance = random.Random(f"central{seed}")
        ids = (f"00000000-0000-7000-8000-{n:012}" for n in range(1_000_000))
        self._settings = Settings(
            {NAME: ("Simulated booth", blanks)}, COMMAND_PRIVATE, lambda: 0.5, lambda: next(ids), panels
        )
        self._generation = 0
        self.turns = 0
        self._due: float | None = None
        self._due_turn = -1
        self._unacked: deque[tuple[int, str, bytes, int]] = deque()
        self._mid = 0
        self._inbox: list[Item] = []
        self._scheduled = False

    # --- the program -------------------------------------------------------------------------------

    def start(self) -> None:
        """A new program on the database as it was committed."""
        self._guard(self._begin)

    def _begin(self) -> None:
        self.turns += 1
        self.coordinator = Coordinator(self.store, self._settings, self.clock.now, self._wall())
        self.clock.after(0.1, self._connected)

    def _connected(self) -> None:
        """The broker kept the session: what was not acknowledged comes again."""
        if self.coordinator is None or not self.broker_up:
            if self.coordinator is not None:
                self.clock.after(0.5, self._connected)
            return
        self._generation += 1
        self._give(LinkUp(self._generation))
        again = list(self._unacked)
        self._unacked.clear()
        for _, topic, payload, qos in again:
            self._deliver(topic, payload, qos)
        if self.booth.connected:
            self._deliver(topics.of(NAME, topics.STATE), _state("online"), 1)

    def die(self) -> None:
        """The program is gone."""
        self.coordinator = None
        self._inbox.clear()

    def _guard(self, act: Callable[[], None]) -> None:
        try:
            act()
        except PowerCut as cut:
            self.die()
            off_s = cut.crash.off_s
            self.clock.after(off_s, lambda: self.start() if self.coordinator is None else None)

    def next_wakeup(self) -> float | None:
        """Both clocks run alike here, so what was due after the last turn still is."""
        if self.coordinator is None:
            return None
        if self._due_turn != self.turns:
            self._due_turn, self._due = self.turns, self.coordinator.next_wakeup(self.clock.now, self._wall())
        return self._due

    def wake(self) -> None:
        """Handle what came; also called for the program's own timers."""
        self._scheduled = False
        items, self._inbox = self._inbox, []
        self._guard(lambda: self._handle(items))

    def _handle(self, items: list[Item]) -> None:
        if self.coordinator is None:
            return
        self.turns += 1
        effects = self.coordinator.handle(items, self.clock.now, self._wall())
        for generation, mid in effects.pubacks:
            if generation == self._generation:
                self._unacked = deque(message for message in self._unacked if message[0] != mid)
        for publish in effects.publishes:
            if publish.topic == topics.of(NAME, topics.COMMAND):
                self.dropped_commands.append((publish.topic, publish.payload))
            self.to_booth(publish.topic, publish.payload)
        for ask in effects.asks:
            self.clock.after(0.1, lambda asked=ask: self._ask(asked))
        for call in effects.calls:
            self.clock.after(self._chance.uniform(0.02, 0.2), lambda asked=call: self._call(asked))
        for reply, refused in effects.replies:
            reply(refused)

    def _give(self, item: Item) -> None:
        self._inbox.append(item)
        if not self._scheduled:
            self._scheduled = True
            self.clock.after(0.002, self.wake)

    def _wall(self) -> datetime:
        return datetime.fromtimestamp(self.clock.wall(), UTC)

    # --- the broker --------------------------------------------------------------------------------

    def from_booth(self, topic: str, payload: bytes) -> None:
        """The booth published: the message travels, unless the broker dies meanwhile."""
        qos = 0 if topic.endswith("telemetry") else 1
        self.clock.after(LATENCY, lambda: self._deliver(topic, payload, qos) if self._open() else None)

    def _deliver(self, topic: str, payload: bytes, qos: int) -> None:
        """To the coordinator, or kept for it until it is back; a broker that dies forgets it."""
        self._mid += 1
        if qos:
            self._unacked.append((self._mid, topic, payload, qos))
        if self.coordinator is not None:
            self._give(Received(topic, payload, qos, self._mid, self._generation))
            if qos and self._chance.random() < 0.02:
                self._give(Received(topic, payload, qos, self._mid, self._generation))

    def to_booth(self, topic: str, payload: bytes) -> None:
        """From the coordinator; nobody keeps it for a booth that is away."""
        if self._open():
            self.clock.after(LATENCY, lambda: self.booth.arrive(topic, payload) if self._open() else None)

    def _open(self) -> bool:
        return self.broker_up and not self.partitioned

    def reachable(self) -> bool:
        """Whether the booth can connect."""
        return self._open()

    def lost_booth(self) -> None:
        """The last will."""
        if self.broker_up:
            self._deliver(topics.of(NAME, topics.STATE), _state("offline"), 1)

    def broker_dies(self) -> None:
        """Everything that the broker held is gone, and so are both connections."""
        self.broker_up = False
        self._unacked.clear()
        self.booth.disconnect("the broker died")

    def broker_returns(self) -> None:
        """An empty broker."""
        self.broker_up = True
        if self.coordinator is not None:
            self._connected()

    # --- the centre --------------------------------------------------------------------------------

    def _ask(self, ask: NikCall) -> None:
        """One question about a NIK."""
        if self.centre.mode in ("down", "wrong"):
            self._give(NikAnswered(ask.enrolment, NikAnswer(error="the centre does not answer")))
            return
        _, said = self.centre.standing(ask.nik)
        self._give(NikAnswered(ask.enrolment, NikAnswer(Standing(said["standing"]), said["reason"])))

    def _call(self, call: CentreCall) -> None:
        """One call to the centre, as the encoding worker makes it."""
        with self.store.read() as connection:
            data = store_work.packet_bytes(connection, call.packet)
        self._give(CentreAnswered(call.enrolment, self._answer(call, data)))

    def _answer(self, call: CentreCall, data: bytes) -> Answer:
        mode = self.centre.mode
        if mode == "down":
            return Answer(error="the centre answered HTTP 503")
        if mode == "wrong":
            return Answer(error="the centre's answer is not what was agreed")
        if call.method == "GET":
            code, reply = self.centre.get(call.packet, self.clock.wall())
            return Answer(encoding.UNKNOWN) if code == 404 else Answer(reply["state"], reply["reason"])
        try:
            record = encoding.open_packet(data, call.packet, call.enrolment, call.booth, SEAL_PRIVATE)
        except BadPacketError as error:
            return Answer(bad=str(error))
        if call.method == "LOOK":
            return Answer(bad="its SHA-256 is not the announced one")
        body = {"nik": record.nik, "kk": record.kk, "booth": call.booth, "sha256": record.sha256, "biometrics": [1]}
        _, reply = self.centre.put(call.packet, call.packet, json.dumps(body).encode(), self.clock.wall())
        if self._chance.random() < 0.1:
            return Answer(error="the answer was lost on the way")
        return Answer(reply["state"], reply["reason"], nik=record.nik)

    # --- people ------------------------------------------------------------------------------------

    def settle(self, job: str, found: str) -> None:
        """A person has looked at an uncertain card."""
        assert found in ("printed", "spoiled", "not-begun")
        self._give(Settle(job, found, "the technician", self.replies.append))  # type: ignore[arg-type]


def _state(state: str) -> bytes:
    return BoothState(state=state).model_dump_json().encode()  # type: ignore[arg-type]
