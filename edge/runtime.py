"""The loop of the booth: inbox -> driver -> step -> one commit -> perform.

`Booth` reads no clock and starts no thread: the simulation drives it with virtual time. `run` is the thin loop
around it and the only place where the monotonic clock of the decisions is read.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import Any, Final, Protocol

from contract import messages, topics
from contract.desk import Deed
from contract.packet import count, part
from edge.adapters import inbound, sealing
from edge.adapters.identity import BoothKey
from edge.adapters.items import MessageArrived, PortClosed, PortData, PortOpened, Stop
from edge.adapters.signals import Signals
from edge.adapters.store import Store
from edge.core import commands as do
from edge.core import events as fact
from edge.core import requests as ask
from edge.core.settings import Settings
from edge.devices import Device

log = logging.getLogger("loket.booth")

#: How often (s) the wall clock is told, and how far (s) it must have left the monotonic one to count as set.
CLOCK_S: Final = 60.0
CLOCK_STEP_S: Final = 5.0

#: More steps than this without new input: two parts of the booth keep each other busy. That is a bug, and it is told.
STEPS_LIMIT: Final = 10_000


class Port(Protocol):
    """The way out to one device."""

    def write(self, session: int, data: bytes) -> None:
        """Send without waiting; dropped when `session` is no longer the present opening."""


class Link(Protocol):
    """The connection to the broker."""

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool) -> bool:
        """Hand over without waiting; False when there is no connection or its queue is full."""


class Plant(Protocol):
    """The controller's own relays."""

    def relays(self, on: frozenset[fact.Relay]) -> None:
        """Exactly these are on, in the sense of `Relay`; those that are not wired are passed over."""


class Hall(Protocol):
    """The people's side of the booth: screen, loudspeaker, judge of captures, officers (`edge.hall`)."""

    def before(self, event: fact.Event) -> fact.Event | None:
        """What a fact becomes before it is decided upon; None: it comes back later, as another one."""

    def take(self, item: object) -> fact.Event | None:
        """An item of the inbox that is none of the core's: the event that it is, if any."""

    def perform(self, command: do.Command) -> None:
        """Say a call, give an answer."""

    def show(self, state: Any, now: float, halted: bool) -> None:
        """The state has changed, or time has passed."""

    def next_wakeup(self) -> float | None:
        """When `show` wants to be called again even if nothing happens."""


class Decisions(Protocol):
    """`edge.core.controller` and `edge.core.journal`, or stand-ins."""

    def restore(
        self, settings: Settings, rows: Mapping[str, object], first: int, last: int, deed: Deed | None = None
    ) -> Any: ...
    def step(self, state: Any, event: fact.Event, now: float) -> tuple[Any, list[do.Command]]: ...
    def next_wakeup(self, state: Any) -> float | None: ...
    def changes(self, old: Any, new: Any) -> Mapping[str, object | None]: ...


@dataclass(frozen=True, slots=True)
class Identity:
    """What the booth says of itself, and the keys of its coordinator (raw public keys)."""

    name: str
    version: str
    boot: str
    seal_key: bytes
    command_key: bytes
    machine: str = ""
    """Id of this run of the machine (Linux: its boot id), which ends with its power."""
    key: BoothKey | None = None
    """The booth's own key, which signs its packets; None: they are not signed."""


def uuid7(wall: float) -> str:
    """A UUID version 7 (RFC 9562): 48 bits of milliseconds since 1970, then chance."""
    raw = bytearray(int(wall * 1000).to_bytes(6, "big") + os.urandom(10))
    raw[6] = 0x70 | raw[6] & 0x0F
    raw[8] = 0x80 | raw[8] & 0x3F
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


class Booth:
    """One booth program: its decisions, its drivers, its store, its link. Every call is made by one thread.

    `plant`: where `SetRelays` goes; None: no relay is wired to the controller. `halt` is given the reason of a
    `HaltController`; from then on (`halted`) the booth takes nothing in, sends nothing and wants no wake-up.
    """

    def __init__(
        self,
        settings: Settings,
        identity: Identity,
        decisions: Decisions,
        store: Store,
        link: Link,
        drivers: Iterable[Device],
        ports: Mapping[str, Port],
        signals: Signals,
        wall: Callable[[], float] = time.time,
        plant: Plant | None = None,
        halt: Callable[[str], None] | None = None,
        hall: Hall | None = None,
    ) -> None:
        self.settings = settings
        self.identity = identity
        self.signals = signals
        self.halted = False
        self.state: Any = None
        self.malformed = 0
        self._decide = decisions
        self._store = store
        self._link = link
        self._drivers = {driver.name: driver for driver in drivers}
        self._ports = ports
        self._sessions: dict[str, int] = {}
        self._wall = wall
        self._wall_told = (0.0, 0.0)
        self._plant = plant
        self._halt = halt
        self._hall = hall
        self._pending: deque[fact.Event] = deque()
        self._packet: tuple[str, bytes] | None = None
        self._told: set[str] = set()

    # --- what comes in -----------------------------------------------------------------------------

    def start(self, now: float) -> None:
        """Load what was committed and go on from there. `now`: monotonic seconds, as everywhere here."""
        loaded = self._store.load()
        self.state = self._decide.restore(self.settings, loaded.rows, loaded.first, loaded.last, loaded.deed)
        log.info(
            "booth %s starts: version %s, boot %s, epoch %s, %d events wait for the coordinator",
            self.settings.booth,
            self.identity.version,
            self.identity.boot,
            self.settings.epoch,
            loaded.last - loaded.first + 1,
        )
        self._wall_told = (now, self._wall())
        key = self.identity.key.public.hex() if self.identity.key else ""
        started = fact.Started(self.identity.version, self.identity.machine, key)
        self._pending += (started, fact.WallTime(self._wall_told[1]))
        self._drain(now)

    def handle(self, item: object, now: float) -> None:
        """One item of the inbox: an event of the core, or one of `edge.adapters.items`. Raises StoreError only."""
        if self.halted:
            return
        match item:
            case PortOpened(device=device, session=session) if device in self._drivers:
                self._sessions[device] = session
                self._driven(device, self._drivers[device].opened(now))
            case PortData(device=device, data=data) if device in self._drivers:
                self._driven(device, self._drivers[device].receive(data, now))
            case PortClosed(device=device, error=error) if device in self._drivers:
                self._sessions.pop(device, None)
                self._driven(device, self._drivers[device].closed(now, error))
            case MessageArrived(topic=topic, payload=payload):
                self._message(topic, payload)
            case fact.Event():
                self._pending.append(item)
            case _ if self._hall is not None:
                event = self._hall.take(item)
                if event is not None:
                    self._pending.append(event)
        self._drain(now)

    def wake(self, now: float) -> None:
        """Call whatever is due at `now`."""
        if self.halted:
            return
        self.signals.wakeup(now)
        if now >= self._wall_told[0] + CLOCK_S:
            self._tell_time(now)
        for name, driver in self._drivers.items():
            due = driver.next_wakeup()
            if due is not None and due <= now:
                self._driven(name, driver.wakeup(now))
        self._drain(now)
        due = self._decide.next_wakeup(self.state)
        if due is not None and due <= now:
            self._pending.append(fact.WokeUp())
            self._drain(now)

    def next_wakeup(self) -> float | None:
        """When `wake` must be called even if nothing comes in."""
        if self.halted:
            return None
        times = [driver.next_wakeup() for driver in self._drivers.values()]
        times += [self.signals.next_wakeup(), self._decide.next_wakeup(self.state), self._wall_told[0] + CLOCK_S]
        if self._hall is not None:
            times.append(self._hall.next_wakeup())
        return min((due for due in times if due is not None), default=None)

    def _tell_time(self, now: float) -> None:
        """The wall clock, and how far somebody has set it since it was last told."""
        wall = self._wall()
        told_at, told = self._wall_told
        stepped = wall - told - (now - told_at)
        self._wall_told = (now, wall)
        self._pending.append(fact.WallTime(wall, stepped if abs(stepped) > CLOCK_STEP_S else 0.0))

    def _message(self, topic: str, payload: bytes) -> None:
        wall = self._wall()
        found = inbound.decode(topic, payload, self.settings.booth, self.identity.command_key, wall)
        if isinstance(found, inbound.Malformed):
            self.malformed += 1
            self._once(f"message dropped: {found.reason}; it begins with {payload[:40]!r}", found.reason)
        else:
            self._pending.append(found)

    def _driven(self, device: str, events: list[fact.Event]) -> None:
        """After each call of a driver: what it says, and what it wants to send."""
        self._pending.extend(events)
        data = self._drivers[device].outgoing()
        if data and device in self._sessions:
            self._ports[device].write(self._sessions[device], data)

    # --- step, commit, perform ---------------------------------------------------------------------

    def _drain(self, now: float) -> None:
        for _ in range(STEPS_LIMIT):
            if not self._pending or self.halted:
                if self._hall is not None:
                    self._hall.show(self.state, now, self.halted)
                return
            event = self._pending.popleft()
            if self._hall is not None:
                looked = self._hall.before(event)
                if looked is None:
                    continue
                event = looked
            if isinstance(event, fact.CaptureTaken):
                event = sealing.seal_capture(event, self.identity.seal_key)
            self._notice(event)
            self._step(event, now)
        raise RuntimeError(f"{STEPS_LIMIT} steps without new input; the last event was {event!r:.200}")

    def _step(self, event: fact.Event, now: float) -> None:
        """Nothing is acted upon, or even remembered, unless its commit succeeded."""
        state, given = self._decide.step(self.state, event, now)
        changes = self._decide.changes(self.state, state)
        durable = [command for command in given if isinstance(command, do.Durable)]
        if changes or durable:
            self._commit(changes, durable)
        self.state = state
        for command in given:
            if self.halted:
                return
            if not isinstance(command, do.Durable):
                self._perform(command, now)

    def _commit(self, changes: Mapping[str, object | None], durable: list[do.Durable]) -> None:
        records: list[tuple[int, bytes]] = []
        blobs: list[do.KeepBlob | do.DropBlob] = []
        deeds: list[Deed] = []
        prune: int | None = None
        for command in durable:
            match command:
                case do.Record():
                    records.append((command.seq, self._envelope(command)))
                case do.Prune(seq=seq):
                    prune = seq if prune is None else max(prune, seq)
                case do.KeepDeed(deed=deed):
                    deeds.append(deed)
                case do.KeepBlob() | do.DropBlob():
                    blobs.append(command)
                    if self._packet is not None and self._packet[0] == command.name:
                        self._packet = None
                case _:
                    raise TypeError(f"the store cannot keep {type(command).__name__}")
        self._store.commit(changes, records, prune, blobs, deeds)
        for command in durable:
            if isinstance(command, do.Record):
                _tell(command)

    def _envelope(self, record: do.Record) -> bytes:
        """The JSON of `messages.Event`. Joined by hand: each part is ours and checked, and every event waits for it."""
        wall = self._wall()
        head = (
            f'{{"v":{messages.VERSION},"epoch":"{self.settings.epoch}","seq":{record.seq},"id":"{uuid7(wall)}",'
            f'"boot":"{self.identity.boot}","time":"{datetime.fromtimestamp(wall, UTC).isoformat()}",'
            f'"kind":"{messages.KINDS[type(record.body)]}","body":'
        )
        return f"{head}{record.body.model_dump_json()}}}".encode()

    def _perform(self, command: do.Command, now: float) -> None:
        match command:
            case do.Ask(device=device, request=request):
                self._ask(device, request, now)
            case do.SendEvents(first=first, last=last):
                for payload in self._store.events(first, last):
                    if not self._publish(topics.EVENT, payload):
                        break
            case do.SendHello(first=first, last=last):
                self._hello(first, last)
            case do.SendParts(packet=packet, first=first, last=last):
                self._parts(packet, first, last)
            case do.SendTelemetry(metrics=metrics):
                figures = {**metrics, "message.malformed": self.malformed}
                self._publish(topics.TELEMETRY, json.dumps(figures, separators=(",", ":")).encode())
            case do.AssemblePacket():
                self._assemble(command)
            case do.SetLamps(lit=lit):
                self.signals.lamps(lit)
            case do.Sound(tone=tone):
                self.signals.play(tone, now)
            case do.SetRelays(on=on):
                if self._plant is not None:
                    self._plant.relays(on)
            case do.HaltController(reason=reason):
                self._end(reason)
            case do.Announce() | do.Answer():
                if self._hall is not None:
                    self._hall.perform(command)
            case _:
                raise TypeError(f"the runtime cannot perform {type(command).__name__}")

    def _end(self, reason: str) -> None:
        log.warning("the controller halts: %s", reason)
        self.halted = True
        self._pending.clear()
        if self._halt is not None:
            self._halt(reason)

    def _ask(self, device: str, request: ask.Request, now: float) -> None:
        driver = self._drivers[device]
        if isinstance(request, ask.PrintCard):
            try:
                request = replace(request, panels=sealing.panels(self._store.blob(request.blob)))
            except sealing.BlobError as error:
                remedy = "Let the coordinator make the card anew; the booth's disk may be damaged"
                self._once(f"job {request.job} cannot be printed: {error}. {remedy}")
                self._pending.append(fact.PrintFailed(device, request.job, request.counter, str(error), remedy))
                return
        self._driven(device, driver.send(request, now))

    def _assemble(self, command: do.AssemblePacket) -> None:
        try:
            key = self.identity.key.private if self.identity.key else None
            packet = sealing.assemble(command, self.settings.booth, self.identity.seal_key, self._store.blob, key)
        except sealing.BlobError as error:
            log.error("packet %s cannot be put together: %s. Take these captures again", command.packet, error)
            self._pending.append(fact.PacketSpoiled(command.enrolment, error.names, str(error)))
            return
        self._pending.append(packet)

    # --- the link ----------------------------------------------------------------------------------

    def _publish(self, topic: topics.Topic, payload: bytes, item: str | None = None) -> bool:
        return self._link.publish(topics.of(self.settings.booth, topic, item), payload, topic.qos, topic.retain)

    def _hello(self, first: int, last: int) -> None:
        boot = self.identity.boot
        state = messages.BoothState(state="online", boot=boot)
        info = messages.Info(
            version=self.identity.version, boot=boot, name=self.identity.name, devices=self.settings.kinds
        )
        hello = messages.Hello(epoch=self.settings.epoch, first=first, last=last, boot=boot)
        for topic, message in ((topics.STATE, state), (topics.INFO, info), (topics.HELLO, hello)):
            self._publish(topic, message.model_dump_json().encode())

    def _parts(self, packet: str, first: int, last: int) -> None:
        """The packet on its way is kept in memory: its parts are not read from the disk one by one."""
        if self._packet is None or self._packet[0] != packet:
            data = self._store.blob(packet)
            if data is None:
                self._once(f"packet {packet} is not in the database: it cannot be sent. Record the applicant again")
                return
            self._packet = (packet, data)
        data = self._packet[1]
        for index in range(first, min(last + 1, count(len(data)))):
            if not self._publish(topics.PACKET, part(data, index), packet):
                break

    # --- the log -----------------------------------------------------------------------------------

    def _notice(self, event: fact.Event) -> None:
        match event:
            case fact.LinkUp(generation=generation):
                log.info("connected to the broker (connection %d)", generation)
            case fact.LinkDown(reason=reason):
                log.warning("connection to the broker lost: %s", reason)
            case fact.FrameRejected(device=device, reason=reason, beginning=beginning):
                self._once(f"{device}: bytes dropped: {reason}; they begin with {beginning.hex(' ')}", device + reason)
            case fact.CommandForged(command=command, reason=reason):
                log.warning("command %s refused: %s", command, reason)
            case fact.RequestFailed(device=device, request=request, error=error):
                log.warning("%s: %s failed: %s", device, request, error)
            case fact.WallTime(stepped_s=stepped) if stepped:
                log.warning("the clock was set by %+.0f s", stepped)

    def _once(self, line: str, key: str | None = None) -> None:
        """Tell a kind of trouble once; the memory for that is bounded."""
        if (key or line) not in self._told and len(self._told) < 200:
            self._told.add(key or line)
            log.warning("%s", line)


def _tell(record: do.Record) -> None:
    """One line per committed fact, without personal data."""
    body = record.body
    match body:
        case messages.DeviceChanged(state=messages.DeviceState.OK):
            log.info("%s: ok", body.device)
        case messages.DeviceChanged():
            log.warning("%s: %s: %s. %s", body.device, body.state.value, body.error, body.remedy)
        case messages.SupplyChanged():
            log.info("supply: %s %s", body.supply.value, body.cause)
        case messages.MainsDipped():
            log.info("the mains dipped for %.2f s", body.seconds)
        case messages.GensetChanged():
            log.info("genset: %s, attempt %d. %s", body.phase.value, body.attempt, body.cause)
        case messages.LoadShed():
            log.warning("loads are shed to stage %d: %s", body.stage, body.cause)
        case messages.ShutdownChanged():
            log.warning("shutdown %s: %s", body.stage, body.cause)
        case messages.AlarmChanged(active=True, state=messages.AlarmState.UNACKNOWLEDGED):
            log.warning("alarm %s (%s): %s. %s", body.alarm, body.priority.value, body.cause, body.remedy)
        case messages.AlarmChanged():
            log.info("alarm %s: %s %s", body.alarm, body.state.value, body.person)
        case messages.PrintChanged():
            log.info("print job %s, attempt %d: %s %s", body.job, body.attempt, body.state.value, body.cause)
        case _:
            log.info("event %d: %s", record.seq, messages.KINDS[type(body)])


def run(booth: Booth, inbox: SimpleQueue[object]) -> None:
    """Handle items until `Stop` comes or the booth halts. Raises StoreError when the disk fails."""
    while not booth.halted:
        due = booth.next_wakeup()
        now = time.monotonic()
        if due is not None and due <= now:
            booth.wake(now)
            item = _next(inbox, 0.0005 if booth.next_wakeup() == due else 0.0)
        else:
            item = _next(inbox, None if due is None else due - now)
        if isinstance(item, Stop):
            return
        if item is not None:
            booth.handle(item, time.monotonic())


def _next(inbox: SimpleQueue[object], timeout: float | None) -> object | None:
    try:
        return inbox.get(timeout=timeout)
    except Empty:
        return None
