"""Whatever a broker delivers, the coordinator goes on: it counts what it understands and keeps the rest."""

from __future__ import annotations

import random
from itertools import islice

from sqlalchemy import text

from central.adapters.store import Store
from central.core.items import Received
from contract import messages, topics
from contract.messages import Modality, Outcome, PrintState, Supply
from contract.packet import part
from tests.tools.fuzz import inputs, rounds
from tests.unit.central.booth import KK, NIK, Booth, World, packet, settings

BATCH = 50
#: A coordinator lives for so many inputs: then a new one on an empty database.
LIFE = 2_000
#: Stored bytes for each input: a dead letter holds at most its 64 KiB, and these inputs are far smaller.
MOST_BYTES = 40_000_000

BODIES = (
    messages.BoothStarted(version="1"),
    messages.SupplyChanged(supply=Supply.ON_BATTERY, mains_contact=False, charge_pct=80.0),
    messages.MainsDipped(seconds=0.3, lowest_v=170.5),
    messages.GensetChanged(phase=messages.GensetPhase.LOADED, attempt=1, verified=True, fuel_pct=60.0),
    messages.LoadShed(stage=1, cause="20 minutes are left"),
    messages.ShutdownChanged(stage="announced", cause="3 minutes are left"),
    messages.UpsTested(passed=True),
    messages.AlarmChanged(
        alarm="battery.low",
        occurrence=1,
        priority=messages.Priority.HIGH,
        state=messages.AlarmState.SHELVED,
        active=True,
        figures={"minutes": 8.5},
    ),
    messages.DeviceChanged(device="printer", kind="evolis", state=messages.DeviceState.OK),
    messages.DoorChanged(open=True),
    messages.DocumentRefused(reason="not a family card"),
    messages.EnrolmentOpened(enrolment="e-1", nik=NIK, kk=KK),
    messages.EnrolmentStarted(enrolment="e-1"),
    messages.AttemptMade(enrolment="e-1", modality=Modality.PHOTO, attempt=1, accepted=True, quality={"Face": 91.0}),
    messages.EnrolmentCompleted(enrolment="e-1", packet="e-1", size=1_000, parts=1, sha256="0" * 64),
    messages.EnrolmentCancelled(enrolment="e-2", reason="stopped"),
    messages.PrintChanged(job="job-e-1", attempt=1, state=PrintState.UNCERTAIN, counter_before=1, counter_after=2),
    messages.CommandDone(command="c-1", outcome=Outcome.REFUSED, reason="busy"),
)


def good() -> dict[topics.Topic, list[bytes]]:
    """Right messages of every kind."""
    booth = Booth()
    return {
        topics.EVENT: [booth.event(body).payload for body in BODIES],
        topics.HELLO: [booth.hello(1, 12).payload, booth.hello().payload],
        topics.STATE: [booth.state("online").payload, booth.state("offline").payload],
        topics.INFO: [
            messages.Info(version="1", boot="b", name="Loket", devices={"ups": "megatec"}).model_dump_json().encode()
        ],
        topics.TELEMETRY: [
            b'{"ups.load":20.0,"supply":"ON_MAINS","print.waits":null,"battery.charge":100}',
            b'{"may.print":"","may.record":"the energy is too low","energy.seconds":540}',
        ],
        topics.PACKET: [part(packet("e-1", size=700), 0), part(bytes(70_000), 1)],
    }


def test_fuzz_no_message_upsets_the_coordinator() -> None:
    sources = {
        topic: inputs(payloads, rounds(), seed=number) for number, (topic, payloads) in enumerate(good().items())
    }
    chance = random.Random(1)
    world = World(Store.memory(), settings("b1"))
    counted = letters = 0
    for turn in range(rounds() // BATCH):
        if turn % (LIFE // BATCH) == 0:
            counted, letters = counted + _count(world, "event"), letters + _count(world, "dead_letter")
            world = World(Store.memory(), settings("b1"))
        for topic, source in sources.items():
            items = []
            for payload in islice(source, BATCH):
                booth = chance.choice(("b1", "b1", "b1", "stranger"))
                item = chance.choice(("e-1", "e-2")) if topic is topics.PACKET else None
                items.append(Received(topics.of(booth, topic, item), payload, topic.qos, len(items) + 1, 1))
            effects = world.give(*items)
            assert len(effects.pubacks) == sum(item.qos for item in items), "what is not acknowledged comes for ever"
        world.now += 1.0
        assert _bytes(world) < MOST_BYTES
    counted, letters = counted + _count(world, "event"), letters + _count(world, "dead_letter")
    assert counted and letters, "the good and the bad among them were never told apart: the test proves nothing"


def test_a_number_that_no_database_can_count_is_refused_and_stops_nothing() -> None:
    world, booth = World(Store.memory(), settings("b1")), Booth()
    for body, number in (
        (messages.GensetChanged(phase=messages.GensetPhase.CRANKING, attempt=11), b'"attempt":11'),
        (messages.PrintChanged(job="job-e-1", attempt=11, state=PrintState.PRINTED), b'"attempt":11'),
        (
            messages.AlarmChanged(
                alarm="ups.lost",
                occurrence=11,
                priority=messages.Priority.HIGH,
                state=messages.AlarmState.UNACKNOWLEDGED,
                active=True,
            ),
            b'"occurrence":11',
        ),
    ):
        item = booth.event(body)
        huge = item.payload.replace(number, number + b"0" * 30)
        assert huge != item.payload
        assert world.give(item._replace(payload=huge)).pubacks == [(1, item.mid)]
    assert (_count(world, "event"), _count(world, "dead_letter")) == (3, 3)


def test_fuzz_no_topic_upsets_the_coordinator() -> None:
    names = [topics.of("b1", topic, "e-1" if topic is topics.PACKET else None).encode() for topic in topics.ALL]
    world = World(Store.memory(), settings("b1"))
    for name in inputs(names, rounds() // 10):
        effects = world.give(Received(name.decode("utf-8", "replace"), b"{}", 1, 1, 1))
        assert effects.pubacks == [(1, 1)]


def _count(world: World, table: str) -> int:
    with world.store.read() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() or 0)


def _bytes(world: World) -> int:
    with world.store.read() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar() or 0
        size = connection.execute(text("PRAGMA page_size")).scalar() or 0
    return int(pages) * int(size)
