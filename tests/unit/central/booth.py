"""A booth as the coordinator sees it: makes the messages, remembers nothing that the real one would not."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from central.adapters.store import Store
from central.core.encoding import Answer
from central.core.items import CentreAnswered, CentreCall, Effects, Item, Received
from central.deciding.coordinator import Coordinator
from central.deciding.turn import Settings
from contract import messages, topics
from contract.messages import KINDS, Message
from contract.packet import CaptureEntry, CaptureRecord, Manifest, Sample, count, label, pack, part
from contract.sealing import new_seal_pair, new_sign_pair, seal, verify

SEAL_PRIVATE, SEAL_PUBLIC = new_seal_pair()
SIGN_PRIVATE, SIGN_PUBLIC = new_sign_pair()
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
NIK, KK = "3526014107900001", "3526010101100001"


def settings(*booths: str, **changes: Any) -> Settings:
    """Settings without chance."""
    numbers = iter(range(10**9))
    values: dict[str, Any] = {
        "listed": {booth: (f"Loket {booth}", 500) for booth in booths},
        "command_key": SIGN_PRIVATE,
        "jitter": lambda: 0.5,
        "new_id": lambda: f"command-{next(numbers)}",
        "panels": lambda job, nik, attempt: {"k": base64.b64encode(f"{job} {nik}".encode()).decode()},
    }
    return Settings(**(values | changes))


@dataclass
class Booth:
    """Makes the messages of one booth; `seq` counts as its outbox does."""

    id: str = "b1"
    epoch: str = "aaaaaaaaaaaa"
    boot: str = "boot-1"
    seq: int = 0
    mid: int = 0
    generation: int = 1
    sent: dict[int, bytes] = field(default_factory=dict)

    def message(self, topic: topics.Topic, payload: bytes, item: str | None = None) -> Received:
        self.mid += 1
        return Received(topics.of(self.id, topic, item), payload, topic.qos, self.mid, self.generation)

    def event(self, body: Message, seq: int | None = None, at: datetime | None = None) -> Received:
        """The next event (or one with a given number), told at a given time of the booth's clock."""
        if seq is None:
            self.seq += 1
            seq = self.seq
        envelope = messages.Event(
            epoch=self.epoch,
            seq=seq,
            id=f"{self.id}-{self.epoch}-{seq}",
            boot=self.boot,
            time=at or START + timedelta(seconds=seq),
            kind=KINDS[type(body)],
            body=body.model_dump(mode="json"),
        )
        self.sent[seq] = envelope.model_dump_json().encode()
        return self.message(topics.EVENT, self.sent[seq])

    def again(self, seq: int) -> Received:
        return self.message(topics.EVENT, self.sent[seq])

    def hello(self, first: int | None = None, last: int | None = None) -> Received:
        last = self.seq if last is None else last
        first = last + 1 if first is None else first
        body = messages.Hello(epoch=self.epoch, first=first, last=last, boot=self.boot)
        return self.message(topics.HELLO, body.model_dump_json().encode())

    def state(self, state: str, boot: str | None = None) -> Received:
        return self.message(topics.STATE, json.dumps({"state": state, "boot": boot or self.boot}).encode())

    def printer(self, state: str = "ok") -> Received:
        return self.event(
            messages.DeviceChanged(device="printer", kind="evolis", state=messages.DeviceState(state), remedy="look")
        )

    def parts(self, packet: str, data: bytes) -> list[Received]:
        return [self.message(topics.PACKET, part(data, n), packet) for n in range(count(len(data)))]

    def completed(self, enrolment: str, data: bytes, sha256: str | None = None) -> Received:
        return self.event(
            messages.EnrolmentCompleted(
                enrolment=enrolment,
                packet=enrolment,
                size=len(data),
                parts=count(len(data)),
                sha256=sha256 or hashlib.sha256(data).hexdigest(),
            )
        )


def packet(enrolment: str, booth: str = "b1", size: int = 100_000, recipient: bytes = SEAL_PUBLIC) -> bytes:
    """A sealed packet with one photo of about `size` bytes."""
    sample = Sample(subtype="Face", quality=80.0, format="jpeg", value=base64.b64encode(bytes(size)).decode())
    record = CaptureRecord(modality=messages.Modality.PHOTO, samples=(sample,))
    sealed = seal(record.model_dump_json().encode(), recipient, label(enrolment, "photo.1"))
    entry = CaptureEntry(
        name="photo.1",
        modality=messages.Modality.PHOTO,
        attempt=1,
        quality={"Face": 80.0},
        sha256=hashlib.sha256(sealed).hexdigest(),
    )
    manifest = Manifest(packet=enrolment, enrolment=enrolment, booth=booth, nik=NIK, kk=KK, captures=(entry,))
    first = seal(manifest.model_dump_json().encode(), recipient, label(enrolment, "manifest"))
    return pack([("manifest", first), ("photo.1", sealed)])


class World:
    """A coordinator on a store with a clock of its own."""

    def __init__(self, store: Store, chosen: Settings) -> None:
        self.store, self.settings = store, chosen
        self.now, self.wall = 1000.0, START
        self.calls: list[CentreCall] = []
        self.coordinator = Coordinator(store, chosen, self.now, self.wall)

    def restart(self) -> None:
        """The program was killed; only the database is left."""
        self.calls.clear()
        self.coordinator = Coordinator(self.store, self.settings, self.now, self.wall)

    def give(self, *items: Item) -> Effects:
        effects = self.coordinator.handle(items, self.now, self.wall)
        self.calls += effects.calls
        return effects

    def wait(self, seconds: float) -> Effects:
        """Time passes; the coordinator wakes whenever it asked for."""
        end, joined = self.now + seconds, Effects()
        for _ in range(100_000):
            wakeup = self.coordinator.next_wakeup(self.now, self.wall)
            if wakeup is None or wakeup > end:
                break
            self.pass_time(max(0.0, wakeup - self.now))
            effects = self.give()
            joined.publishes += effects.publishes
            joined.calls += effects.calls
            joined.asks += effects.asks
        else:
            raise AssertionError("the coordinator wakes again and again without need")
        self.pass_time(end - self.now)
        return joined

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.wall += timedelta(seconds=seconds)

    def answer(self, state: str = "", **more: str) -> Effects:
        """The centre answers the oldest call."""
        return self.give(CentreAnswered(self.calls.pop(0).enrolment, Answer(state=state, nik=NIK, **more)))

    def ready(self, booth: Booth, enrolment: str) -> Effects:
        """An enrolment goes the whole way to print-ready."""
        data = packet(enrolment, booth.id, size=10)
        self.give(booth.completed(enrolment, data), *booth.parts(enrolment, data))
        return self.answer("PRINT_READY_RECORD")


def acks(effects: Effects, booth: str = "b1") -> list[messages.Ack]:
    topic = topics.of(booth, topics.ACK)
    return [messages.Ack.model_validate_json(one.payload) for one in effects.publishes if one.topic == topic]


def commands(effects: Effects, booth: str = "b1") -> list[messages.Command]:
    """Commands to a booth, their signatures checked as the booth does."""
    topic = topics.of(booth, topics.COMMAND)
    found = []
    for one in effects.publishes:
        if one.topic == topic:
            signed = messages.SignedCommand.model_validate_json(one.payload)
            assert verify(signed.payload.encode(), signed.signature, SIGN_PUBLIC)
            found.append(messages.Command.model_validate_json(signed.payload))
    return found
