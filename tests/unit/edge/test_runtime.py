"""The runtime commits before it acts, acts once, and keeps what is secret in memory."""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from typing import Any

import pytest

from contract import topics
from contract.messages import (
    Ack,
    BoothStarted,
    Command,
    Event,
    IdentifyCommand,
    Modality,
    SignedCommand,
)
from contract.packet import CaptureEntry, CaptureRecord, Manifest, label, read_part, unpack
from contract.sealing import new_seal_pair, new_sign_pair, sign, unseal
from edge.adapters.items import MessageArrived, PortClosed, PortData, PortOpened, Stop
from edge.adapters.signals import Signals
from edge.adapters.store import Loaded, StoreError
from edge.core import commands as do
from edge.core import events as fact
from edge.core import requests as ask
from edge.core.settings import Settings
from edge.runtime import Booth, Identity, run, uuid7

SEAL, SEAL_PUBLIC = new_seal_pair()
SIGN, SIGN_PUBLIC = new_sign_pair()
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC).timestamp()
Answer = Callable[[fact.Event], list[do.Command]]


class Decisions:
    """Counts the events as its state; answers what the test says."""

    def __init__(self) -> None:
        self.answer: Answer = lambda _event: []
        self.seen: list[fact.Event] = []
        self.due: float | None = None

    def restore(
        self, settings: Settings, rows: Mapping[str, object], first: int, last: int, deed: object = None
    ) -> Any:
        return 0

    def step(self, state: Any, event: fact.Event, now: float) -> tuple[Any, list[do.Command]]:
        self.seen.append(event)
        return state + 1, self.answer(event)

    def next_wakeup(self, state: Any) -> float | None:
        return self.due

    def changes(self, old: Any, new: Any) -> Mapping[str, object | None]:
        return {}


class Store:
    """Writes down commits; fails when told to."""

    epoch = "e0"

    def __init__(self, diary: list[object]) -> None:
        self.diary = diary
        self.outbox: dict[int, bytes] = {}
        self.blobs: dict[str, bytes] = {}
        self.full = False

    def load(self) -> Loaded:
        return Loaded({}, 1, 0)

    def commit(
        self,
        changes: Mapping[str, object | None],
        records: Sequence[tuple[int, bytes]] = (),
        prune: int | None = None,
        blobs: Sequence[do.KeepBlob | do.DropBlob] = (),
        deeds: Sequence[object] = (),
    ) -> None:
        if self.full:
            raise StoreError("the disk is full", "Free space", os.EX_IOERR)
        self.diary.append("commit")
        self.outbox |= dict(records)
        for change in blobs:
            if isinstance(change, do.KeepBlob):
                self.blobs[change.name] = change.data
            else:
                self.blobs.pop(change.name, None)

    def events(self, first: int, last: int) -> list[bytes]:
        return [raw for seq, raw in self.outbox.items() if first <= seq <= last]

    def blob(self, name: str) -> bytes | None:
        return self.blobs.get(name)


class Driver:
    """A device that says what the test says, and sends `!` after each call."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.says: list[fact.Event] = []
        self.asked: list[ask.Request] = []
        self.calls: list[str] = []
        self.due: float | None = None
        self._out = b""

    def _call(self, what: str) -> list[fact.Event]:
        self.calls.append(what)
        self._out += b"!"
        said, self.says = self.says, []
        return said

    def opened(self, now: float) -> list[fact.Event]:
        return self._call("opened")

    def closed(self, now: float, error: str) -> list[fact.Event]:
        return self._call(f"closed {error}")

    def send(self, request: ask.Request, now: float) -> list[fact.Event]:
        self.asked.append(request)
        return self._call("send")

    def receive(self, data: bytes, now: float) -> list[fact.Event]:
        return self._call(f"receive {data!r}")

    def next_wakeup(self) -> float | None:
        return self.due

    def wakeup(self, now: float) -> list[fact.Event]:
        self.due = None
        return self._call("wakeup")

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out


@dataclasses.dataclass
class World:
    """A booth with everything around it in memory; `diary` holds what was done, in order."""

    diary: list[object] = dataclasses.field(default_factory=list)
    lit: frozenset[do.Lamp] = frozenset()
    connected: bool = True
    wall: float = NOON
    halts: list[str] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        self.decisions = Decisions()
        self.store = Store(self.diary)
        self.driver = Driver("pad")
        self.settings = Settings("b-1", "e0", {"pad": "topaz"}, {Modality.SIGNATURE: "pad"})
        self.booth = Booth(
            self.settings,
            Identity("Loket", "1.0", "boot-1", SEAL_PUBLIC, SIGN_PUBLIC),
            self.decisions,
            self.store,
            self,
            [self.driver],
            {"pad": self},
            Signals(self),
            wall=lambda: self.wall,
            plant=self,
            halt=self.halts.append,
        )
        self.booth.start(0.0)
        self.decisions.seen.clear()

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool) -> bool:
        if self.connected:
            self.diary.append((topic, payload))
        return self.connected

    def write(self, session: int, data: bytes) -> None:
        self.diary.append((session, data))

    def light(self, lit: frozenset[do.Lamp]) -> None:
        self.lit = lit
        self.diary.append(lit)

    def buzz(self, on: bool) -> None:
        self.diary.append(on)

    def relays(self, on: frozenset[fact.Relay]) -> None:
        self.diary.append(on)


@pytest.fixture
def world() -> World:
    return World()


TOLD = do.Record(1, BoothStarted(version="1"))
PRESSED = fact.ButtonPressed(fact.Button.START)


def test_the_world_is_touched_only_after_the_commit(world: World) -> None:
    world.decisions.answer = lambda _event: [do.SetLamps(frozenset({do.Lamp.RED})), do.SendEvents(1, 1), TOLD]
    world.booth.handle(PRESSED, 1.0)
    assert world.diary[0] == "commit"
    assert world.diary[1] == frozenset({do.Lamp.RED})
    assert world.diary[2] == ("loket/v1/b-1/up/event", world.store.outbox[1])


def test_what_cannot_be_committed_is_neither_done_nor_remembered(world: World) -> None:
    world.decisions.answer = lambda _event: [TOLD, do.SetLamps(frozenset({do.Lamp.RED}))]
    world.store.full = True
    before = world.booth.state
    with pytest.raises(StoreError):
        world.booth.handle(PRESSED, 1.0)
    assert world.diary == []
    assert world.booth.state == before


def test_a_step_that_changes_nothing_durable_is_not_committed(world: World) -> None:
    world.decisions.answer = lambda _event: [do.SetLamps(frozenset({do.Lamp.GREEN}))]
    world.booth.handle(PRESSED, 1.0)
    assert world.diary == [frozenset({do.Lamp.GREEN})]


def test_a_recorded_event_has_its_envelope_and_is_sent_again_byte_for_byte(world: World) -> None:
    world.decisions.answer = lambda _event: [TOLD, do.SendEvents(1, 1), do.SendEvents(1, 1)]
    world.booth.handle(PRESSED, 1.0)
    (_, first), (_, second) = [item for item in world.diary if isinstance(item, tuple)]
    assert first == second
    event = Event.model_validate_json(first)
    assert (event.epoch, event.seq, event.boot, event.kind) == ("e0", 1, "boot-1", "booth.started")
    assert event.time.timestamp() == NOON


def test_a_capture_is_sealed_before_the_decisions_see_it(world: World) -> None:
    sample = fact.Sample("signature", 77.0, "topaz", b"the stroke")
    world.driver.says = [fact.CaptureTaken("pad", Modality.SIGNATURE, "e0-1.signature.1", (sample,), "h")]
    world.booth.handle(PortData("pad", b"x"), 1.0)
    (sealed,) = world.decisions.seen
    assert isinstance(sealed, fact.CaptureSealed)
    assert (sealed.quality, sealed.hash) == ({"signature": 77.0}, "h")
    assert base64.b64encode(b"the stroke") not in sealed.sealed
    record = CaptureRecord.model_validate_json(unseal(sealed.sealed, SEAL, label("e0-1", "signature.1")))
    assert base64.b64decode(record.samples[0].value) == b"the stroke"


def _sealed(world: World) -> fact.CaptureSealed:
    sample = fact.Sample("signature", 77.0, "topaz", b"the stroke")
    world.driver.says = [fact.CaptureTaken("pad", Modality.SIGNATURE, "e0-1.signature.1", (sample,))]
    world.booth.handle(PortData("pad", b"x"), 1.0)
    sealed = world.decisions.seen.pop()
    assert isinstance(sealed, fact.CaptureSealed)
    return sealed


def _assemble(world: World, sealed: fact.CaptureSealed) -> do.AssemblePacket:
    entry = CaptureEntry(
        name="signature.1", modality=Modality.SIGNATURE, attempt=1, quality=sealed.quality, sha256=sealed.sha256
    )
    return do.AssemblePacket("e0-1", "e0-1", "1" * 16, "2" * 16, (entry,))


def test_a_packet_holds_a_manifest_and_every_capture_that_it_names(world: World) -> None:
    sealed = _sealed(world)
    world.store.blobs["e0-1/signature.1"] = sealed.sealed
    once = iter([[_assemble(world, sealed)]])
    world.decisions.answer = lambda _event: next(once, [])
    world.booth.handle(PRESSED, 1.0)
    packet = world.decisions.seen[-1]
    assert isinstance(packet, fact.PacketAssembled)
    (name, head), *captures = unpack(packet.data)
    assert name == "manifest"
    manifest = Manifest.model_validate_json(unseal(head, SEAL, label("e0-1", "manifest")))
    assert (manifest.booth, manifest.nik, manifest.kk) == ("b-1", "1" * 16, "2" * 16)
    assert captures == [("signature.1", sealed.sealed)]


def test_a_capture_that_was_altered_on_the_disk_makes_no_packet_and_is_named(world: World) -> None:
    sealed = _sealed(world)
    world.store.blobs["e0-1/signature.1"] = sealed.sealed[:-1] + b"?"
    once = iter([[_assemble(world, sealed)]])
    world.decisions.answer = lambda _event: next(once, [])
    world.booth.handle(PRESSED, 1.0)
    _, told = world.decisions.seen
    assert isinstance(told, fact.PacketSpoiled)
    assert (told.enrolment, told.names) == ("e0-1", ("signature.1",))


def test_the_printer_gets_the_rasters_of_the_signed_command(world: World) -> None:
    panels = {"k": base64.b64encode(zlib.compress(b"\x01" * 900)).decode()}
    world.store.blobs["print/j"] = json.dumps({"panels": panels}).encode()
    world.decisions.answer = lambda _event: [do.Ask("pad", ask.PrintCard("j", 7, "print/j"))]
    world.booth.handle(PRESSED, 1.0)
    (asked,) = world.driver.asked
    assert isinstance(asked, ask.PrintCard)
    assert (asked.job, asked.counter, asked.panels) == ("j", 7, {"k": b"\x01" * 900})


@pytest.mark.parametrize(
    "raw",
    [
        None,
        b"nonsense",
        b"[]",
        b'{"k": 5}',
        b'{"k": "####"}',
        json.dumps({"k": base64.b64encode(zlib.compress(b"x")[:-3]).decode()}).encode(),
        json.dumps({"k": base64.b64encode(zlib.compress(bytes(50_000_000))).decode()}).encode(),
    ],
)
def test_a_card_without_usable_rasters_fails_without_touching_a_card(world: World, raw: bytes | None) -> None:
    if raw is not None:
        world.store.blobs["print/j"] = raw
    once = iter([[do.Ask("pad", ask.PrintCard("j", 7, "print/j"))]])
    world.decisions.answer = lambda _event: next(once, [])
    world.booth.handle(PRESSED, 1.0)
    assert world.driver.asked == []
    failed = world.decisions.seen[-1]
    assert isinstance(failed, fact.PrintFailed)
    assert (failed.job, failed.counter) == ("j", 7), "an unchanged counter proves that no card was touched"


def test_a_driver_hears_of_its_port_and_writes_to_the_present_opening_only(world: World) -> None:
    world.booth.handle(PortData("pad", b"early"), 1.0)
    assert world.diary == [], "nothing is written to a port that is not open"
    world.booth.handle(PortOpened("pad", 4), 2.0)
    world.driver.due = 3.0
    world.booth.wake(2.9)
    world.booth.wake(3.0)
    world.booth.handle(PortClosed("pad", "pulled"), 4.0)
    world.booth.handle(PortData("unknown", b""), 5.0)
    assert world.driver.calls == ["receive b'early'", "opened", "wakeup", "closed pulled"]
    assert world.diary == [(4, b"!"), (4, b"!")]


def test_packet_parts_carry_the_kept_bytes_and_stop_when_the_link_does(world: World) -> None:
    data = os.urandom(150_000)
    world.store.blobs["p"] = data
    world.decisions.answer = lambda _event: [do.SendParts("p", 0, 9)]
    world.booth.handle(PRESSED, 1.0)
    parts = [read_part(item[1]) for item in world.diary if isinstance(item, tuple)]
    assert [index for index, _, _ in parts] == [0, 1, 2]
    assert b"".join(body for _, _, body in parts) == data
    assert {item[0] for item in world.diary if isinstance(item, tuple)} == {"loket/v1/b-1/up/packet/p"}
    world.diary.clear()
    world.connected = False
    world.booth.handle(PRESSED, 1.0)
    assert world.diary == []


def test_a_greeting_says_online_then_who_then_what_is_held(world: World) -> None:
    world.decisions.answer = lambda _event: [do.SendHello(3, 9)]
    world.booth.handle(fact.LinkUp(1), 1.0)
    said = [(item[0].rpartition("/")[2], json.loads(item[1])) for item in world.diary if isinstance(item, tuple)]
    assert [leaf for leaf, _ in said] == ["state", "info", "hello"]
    assert said[0][1]["state"] == "online"
    assert said[1][1]["devices"] == {"pad": "topaz"}
    assert (said[2][1]["epoch"], said[2][1]["first"], said[2][1]["last"]) == ("e0", 3, 9)


def _order(key: bytes = SIGN, booth: str = "b-1", minutes: int = 5) -> bytes:
    issued = datetime.fromtimestamp(NOON, UTC)
    expires = issued + timedelta(minutes=minutes)
    text = Command(id="c-1", booth=booth, issued=issued, expires=expires, body=IdentifyCommand()).model_dump_json()
    return SignedCommand(payload=text, signature=sign(text.encode(), key)).model_dump_json().encode()


def _hear(world: World, topic: topics.Topic, payload: bytes) -> list[fact.Event]:
    world.booth.handle(MessageArrived(topics.of("b-1", topic), payload), 1.0)
    return world.decisions.seen


def test_an_acknowledgement_reaches_the_decisions(world: World) -> None:
    ack = Ack(epoch="e0", seq=4, packets={"p": 2}).model_dump_json().encode()
    assert _hear(world, topics.ACK, ack) == [fact.Acked("e0", 4, {"p": 2})]


@pytest.mark.parametrize(("minutes", "late"), [(5, False), (-5, True)])
def test_a_signed_command_reaches_the_decisions_and_a_late_one_is_marked(
    world: World, minutes: int, late: bool
) -> None:
    (event,) = _hear(world, topics.COMMAND, _order(minutes=minutes))
    assert isinstance(event, fact.CommandReceived)
    assert (event.command.id, event.late) == ("c-1", late)


@pytest.mark.parametrize("payload", [_order(key=new_sign_pair()[0]), _order(booth="b-2")])
def test_a_command_of_another_key_or_for_another_booth_is_forged(world: World, payload: bytes) -> None:
    (event,) = _hear(world, topics.COMMAND, payload)
    assert isinstance(event, fact.CommandForged)
    assert event.command == "c-1"


@pytest.mark.parametrize("payload", [b"", b"\xff", b"[]", b"{}", b'{"v":1,"payload":"\\ud800","signature":"00"}'])
def test_malformed_messages_are_counted_and_dropped(world: World, payload: bytes) -> None:
    assert _hear(world, topics.COMMAND, payload) == []
    assert _hear(world, topics.ACK, payload) == []
    assert world.booth.malformed == 2


def test_a_signed_text_that_is_no_command_is_dropped(world: World) -> None:
    signed = SignedCommand(payload="{}", signature=sign(b"{}", SIGN)).model_dump_json().encode()
    assert _hear(world, topics.COMMAND, signed) == []


def test_the_decisions_are_woken_when_they_asked_for_it(world: World) -> None:
    world.decisions.due = 5.0
    assert world.booth.next_wakeup() == 5.0
    world.booth.wake(4.9)
    assert world.decisions.seen == []
    world.booth.wake(5.0)
    assert world.decisions.seen == [fact.WokeUp()]


def test_identify_blinks_all_lamps_and_then_shows_what_was_lit(world: World) -> None:
    green = frozenset({do.Lamp.GREEN})
    world.decisions.answer = lambda _event: [do.SetLamps(green), do.Sound(do.Tone.IDENTIFY)]
    world.booth.handle(PRESSED, 0.0)
    shown = set()
    while (due := world.booth.signals.next_wakeup()) is not None:
        world.booth.wake(due)
        shown.add(world.lit)
    assert {frozenset(do.Lamp), frozenset()} <= shown
    assert world.lit == green
    assert world.diary[-2:] == [False, green], "the buzzer is silent in the end"


def test_the_wall_clock_is_told_each_minute_and_a_step_of_it_is_seen(world: World) -> None:
    world.decisions.due = None
    world.wall = NOON + 60.2
    world.booth.wake(60.0)
    world.wall = NOON + 3720.2
    world.booth.wake(120.0)
    world.wall = NOON + 3780.2
    world.booth.wake(180.0)
    told = [(event.unix, event.stepped_s) for event in world.decisions.seen if isinstance(event, fact.WallTime)]
    assert told == [(NOON + 60.2, 0.0), (NOON + 3720.2, pytest.approx(3600.0)), (NOON + 3780.2, 0.0)]


def test_the_wall_clock_is_told_at_the_start() -> None:
    world = World()
    world.booth.start(5.0)
    assert world.decisions.seen == [fact.Started("1.0"), fact.WallTime(NOON)]


def test_relays_are_set_as_decided(world: World) -> None:
    safe = frozenset({fact.Relay.ATS_INHIBIT})
    world.decisions.answer = lambda _event: [do.SetRelays(safe)]
    world.booth.handle(PRESSED, 1.0)
    assert world.diary == [safe]


def test_after_the_halt_nothing_is_taken_in_or_sent(world: World) -> None:
    last = do.SetLamps(frozenset({do.Lamp.RED}))
    world.decisions.answer = lambda _event: [do.HaltController("the battery is empty"), last, do.SendEvents(1, 1)]
    world.decisions.due = 2.0
    world.booth.handle(PRESSED, 1.0)
    world.booth.handle(PortOpened("pad", 1), 2.0)
    world.booth.wake(99.0)
    assert (world.halts, world.diary, world.driver.calls) == (["the battery is empty"], [], [])
    assert world.decisions.seen == [PRESSED]
    assert world.booth.next_wakeup() is None
    run(world.booth, SimpleQueue())


def test_the_loop_handles_what_comes_and_ends_when_told(world: World) -> None:
    inbox: SimpleQueue[object] = SimpleQueue()
    for item in (PRESSED, PortOpened("pad", 1), Stop(), PRESSED):
        inbox.put(item)
    run(world.booth, inbox)
    assert [event for event in world.decisions.seen if not isinstance(event, fact.WallTime)] == [PRESSED]
    assert world.driver.calls == ["opened"]


def test_event_ids_are_uuids_of_version_7_that_sort_by_time() -> None:
    early, late = uuid7(NOON), uuid7(NOON + 1)
    assert early < late
    assert (early[14], early[19] in "89ab") == ("7", True)
    assert uuid7(NOON) != early
