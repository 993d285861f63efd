"""The coordinator's threads: one decides and commits, some call the centre, paho and the console have their own."""

from __future__ import annotations

import logging
import queue
import random
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal, Protocol

from pydantic import ValidationError

from central.adapters import card_face, store_desk, store_ingest, store_work
from central.adapters.centre import Centre
from central.adapters.changes import ChangesHub
from central.adapters.store import Store, StoreTrouble
from central.core.encoding import Answer, BadPacketError, Signer, open_packet
from central.core.items import (
    CentreAnswered,
    CentreCall,
    CentreHealth,
    Effects,
    Identify,
    Item,
    LinkDown,
    NikAnswered,
    NikCall,
    PowerAsked,
    Publish,
    Settle,
)
from central.core.nik import refusal
from central.deciding.coordinator import Coordinator
from central.deciding.incoming import reason_of
from central.deciding.turn import Settings
from contract.desk import Standing
from contract.messages import AlarmCommand, MuteCommand, PowerCommand, TestGensetCommand, TestUpsCommand

log = logging.getLogger("loket.central")

#: Most items of one turn.
BATCH = 500
#: After a turn of this many items more are under way: the next one waits this long for each of them, since every commit
#: costs the same; but for no more than a broker commonly keeps in flight.
CROWD = 20
LINGER_S = 0.001
IN_FLIGHT = 100
#: How long a person waits for the answer to an action.
_ACTION_S = 10.0


def wall() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def settings(
    listed: dict[str, tuple[str, int]], command_key: bytes, accept_unknown: bool = False, promise_s: float = 86_400.0
) -> Settings:
    """Settings of the real service: real chance and real cards."""
    return Settings(
        listed=listed,
        command_key=command_key,
        jitter=random.random,
        new_id=lambda: str(uuid.uuid4()),
        panels=card_face.panels,
        accept_unknown=accept_unknown,
        promise_s=promise_s,
    )


class Broker(Protocol):
    """What the deciding thread needs of the link."""

    def acknowledge(self, pubacks: list[tuple[int, int]]) -> None: ...

    def publish(self, messages: list[Publish]) -> None: ...


class Inbox:
    """Where every other thread puts what has happened; also implements `core.views.Actions`."""

    def __init__(self) -> None:
        self._items: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self._crowded = False
        self.put: Callable[[Item | None], None] = self._items.put

    def take(self, timeout: float | None) -> tuple[list[Item], bool]:
        """What is waiting, at most `BATCH`, after at most `timeout` seconds; True: the end was asked for."""
        batch: list[Item] = []
        try:
            item = self._items.get(timeout=timeout) if timeout is None or timeout > 0 else self._items.get_nowait()
            while item is not None:
                batch.append(item)
                if len(batch) >= BATCH:
                    return batch, False
                lingers = self._crowded and len(batch) < IN_FLIGHT
                item = self._items.get(timeout=LINGER_S) if lingers else self._items.get_nowait()
        except queue.Empty:
            return batch, False
        finally:
            self._crowded = len(batch) >= CROWD
        return batch, True

    def settle(self, job: str, found: Literal["printed", "spoiled", "not-begun"], person: str) -> str | None:
        """A person's word about an uncertain job."""
        return self._ask(lambda reply: Settle(job, found, person, reply))

    def identify(self, booth: str, person: str) -> str | None:
        """Blink and beep."""
        return self._ask(lambda reply: Identify(booth, person, reply))

    def test_ups(
        self, booth: str, length: Literal["quick", "two-minutes", "deep", "cancel"], person: str
    ) -> str | None:
        """Test the battery, or break a test off."""
        return self._power(booth, lambda: TestUpsCommand(length=length, person=person[:500]))

    def test_genset(self, booth: str, action: Literal["start", "stop"], person: str) -> str | None:
        """Run the genset without load, or end that."""
        return self._power(booth, lambda: TestGensetCommand(action=action, person=person[:500]))

    def mute(self, booth: str, what: Literal["ups", "booth"], person: str) -> str | None:
        """Silence a beeper."""
        return self._power(booth, lambda: MuteCommand(what=what, person=person[:500]))

    def alarm(
        self,
        booth: str,
        alarm: str,
        occurrence: int,
        action: Literal["acknowledge", "shelve", "unshelve"],
        person: str,
        minutes: int = 0,
        reason: str = "",
    ) -> str | None:
        """See to one occurrence of an alarm."""
        return self._power(
            booth,
            lambda: AlarmCommand(
                action=action,
                alarm=alarm,
                occurrence=occurrence,
                person=person[:500],
                minutes=minutes,
                reason=reason.strip()[:500],
            ),
        )

    def _power(self, booth: str, make: Callable[[], PowerCommand]) -> str | None:
        try:
            body = make()
        except ValidationError as error:
            return f"this cannot be asked: {reason_of(error)}"
        return self._ask(lambda reply: PowerAsked(booth, body, reply))

    def _ask(self, make: Callable[[Callable[[str | None], None]], Item]) -> str | None:
        answer: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.put(make(answer.put))
        try:
            return answer.get(timeout=_ACTION_S)
        except queue.Empty:
            return "the coordinator is busy; look whether it was done before you try again"


class Calls:
    """Threads that open packets and call the centre, and one that asks whether it is there."""

    def __init__(
        self, store: Store, centre: Centre, seal_key: bytes, inbox: Inbox, health_s: float, threads: int = 4
    ) -> None:
        self._store, self._centre, self._seal_key, self._inbox = store, centre, seal_key, inbox
        self._health_s = health_s
        self._waiting: queue.SimpleQueue[CentreCall | NikCall | None] = queue.SimpleQueue()
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._work, name=f"centre-{n}", daemon=True) for n in range(threads)]
        self._threads.append(threading.Thread(target=self._health, name="centre-health", daemon=True))

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def put(self, call: CentreCall | NikCall) -> None:
        """Make a call; its answer comes to the inbox."""
        self._waiting.put(call)

    def stop(self) -> None:
        """End after the calls under way; what is not answered is repeated by the next start."""
        self._ended.set()
        for _ in self._threads:
            self._waiting.put(None)

    def _work(self) -> None:
        while (call := self._waiting.get()) is not None and not self._ended.is_set():
            if isinstance(call, NikCall):
                self._inbox.put(NikAnswered(call.enrolment, self._centre.standing(call.nik)))
                continue
            self._inbox.put(CentreAnswered(call.enrolment, perform(call, self._store, self._centre, self._seal_key)))

    def _health(self) -> None:
        before: bool | None = None
        while not self._ended.is_set():
            up = self._centre.health()
            if up is not before:
                self._inbox.put(CentreHealth(up))
            before = up
            self._ended.wait(self._health_s)


def perform(call: CentreCall, store: Store, centre: Centre, seal_key: bytes) -> Answer:
    """Carry one call out, whatever happens."""
    if call.method == "GET":
        return centre.get(call.packet)
    try:
        with store.read() as connection:
            data = store_work.packet_bytes(connection, call.packet)
            nik = store_ingest.opened_for(connection, call.booth, call.enrolment)
            found = store_work.packet(connection, call.packet)
            key = store_desk.key(connection, found.booth, found.epoch) if found is not None else None
            question = store_desk.question(connection, call.enrolment)
    except StoreTrouble as error:
        return Answer(error=f"the database cannot be read: {error.orig}")
    try:
        signer = Signer(None if key is None else bytes.fromhex(key), found is not None and found.signed)
        record = open_packet(data, call.packet, call.enrolment, call.booth, seal_key, nik, signer)
    except BadPacketError as error:
        log.error("packet %s of %s: %s", call.packet, call.booth, error)
        return Answer(bad=str(error)[:500])
    if call.method == "LOOK":
        return Answer(bad="every entry of the packet is right, but its SHA-256 is not the announced one")
    if question is None or question.answered is None:
        # Kept before the packet is sent: afterwards the centre would call the same person enrolled.
        said = centre.standing(record.nik)
        return Answer(error=said.error, nik_said=None if said.error else said)
    why = refusal(Standing(question.standing), question.reason, question.checked, question.went_on)
    return Answer(refused=why) if why else centre.put(call.packet, call.booth, record)


class Deciding:
    """The deciding thread's loop."""

    def __init__(
        self,
        coordinator: Coordinator,
        inbox: Inbox,
        broker: Broker,
        call: Callable[[CentreCall | NikCall], None],
        changes: ChangesHub,
    ) -> None:
        self._coordinator, self._inbox, self._broker = coordinator, inbox, broker
        self._call, self._changes = call, changes
        self._ending = threading.Event()

    def end(self) -> None:
        """Ask for the end; may be called by a signal handler."""
        self._ending.set()
        self._inbox.put(None)

    def run(self) -> None:
        """Until None comes into the inbox. A database that cannot be written is waited for; a bug ends the program."""
        ended = False
        while not ended:
            wakeup = self._coordinator.next_wakeup(time.monotonic(), wall())
            timeout = None if wakeup is None else max(0.0, wakeup - time.monotonic())
            items, ended = self._inbox.take(timeout)
            for item in items:
                if isinstance(item, LinkDown):
                    log.warning("no broker: %s", item.reason)
            self.perform(self._decide(items))

    def _decide(self, items: list[Item]) -> Effects:
        wait = 0.5
        while True:
            try:
                return self._coordinator.handle(items, time.monotonic(), wall())
            except StoreTrouble as error:
                log.error("the database cannot be written (%s): free the disk; trying again", error.orig)
                if self._ending.wait(wait):
                    raise
                wait = min(wait * 2, 10.0)

    def perform(self, effects: Effects) -> None:
        """After the commit."""
        self._broker.acknowledge(effects.pubacks)
        self._broker.publish(effects.publishes)
        for ask in effects.asks:
            self._call(ask)
        for call in effects.calls:
            self._call(call)
        for reply, answer in effects.replies:
            reply(answer)
        self._changes.tell(effects.changed)
