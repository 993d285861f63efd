"""The coordinator behind a real broker: what was not confirmed comes again and still counts once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from sqlalchemy import func, select

from central.adapters import schema
from central.adapters.changes import ChangesHub
from central.adapters.mqtt import Link
from central.adapters.store import Store, sqlite_url
from central.adapters.views import StoreViews
from central.deciding.coordinator import Coordinator
from central.runtime import Deciding, Inbox, wall
from contract import topics
from contract.messages import (
    Ack,
    AlarmChanged,
    AlarmCommand,
    AlarmState,
    Command,
    CommandDone,
    DoorChanged,
    Outcome,
    Priority,
    SignedCommand,
)
from contract.sealing import verify
from tests.integration.central.conftest import wait_for
from tests.unit.central.booth import SIGN_PUBLIC, Booth, settings


class Device:
    """A booth's connection: publishes at once, keeps what is said to it."""

    def __init__(self, port: int, booth: str = "b1") -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.ready = threading.Event()
        self.client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=booth, protocol=MQTTProtocolVersion.MQTTv5
        )
        self.client.will_set(topics.of(booth, topics.STATE), b'{"state": "offline"}', qos=1, retain=True)
        self.client.on_connect = lambda client, *_: client.subscribe(topics.down_filter(booth), qos=1)
        self.client.on_subscribe = lambda *_: self.ready.set()
        self.client.on_message = lambda _c, _d, message: self.heard.append((message.topic, bytes(message.payload)))
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert self.ready.wait(10)

    def say(self, *messages: Any) -> None:
        for message in messages:
            self.client.publish(message.topic, message.payload, message.qos).wait_for_publish(10)

    def acked(self) -> int:
        acks = [Ack.model_validate_json(payload) for topic, payload in self.heard if topic.endswith("/down/ack")]
        return max((ack.seq for ack in acks), default=0)

    def commands(self) -> list[Command]:
        """What was asked of it, each once, its signature checked."""
        found: dict[str, Command] = {}
        for topic, payload in self.heard:
            if topic.endswith("/down/command"):
                signed = SignedCommand.model_validate_json(payload)
                assert verify(signed.payload.encode(), signed.signature, SIGN_PUBLIC)
                command = Command.model_validate_json(signed.payload)
                found[command.id] = command
        return list(found.values())

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


class Central:
    """One life of the coordinator's deciding thread and link. `deaf`: it dies before it confirms anything."""

    def __init__(self, port: int, folder: Path, deaf: bool = False) -> None:
        self.store = Store.open(sqlite_url(folder))
        self.inbox, self.changes = Inbox(), ChangesHub()
        self.link = Link("test", "127.0.0.1", port, self.inbox.put)
        if deaf:
            self.link.acknowledge = lambda _pubacks: None  # type: ignore[method-assign]
            self.link.publish = lambda _messages: None  # type: ignore[method-assign]
        coordinator = Coordinator(self.store, settings("b1"), 0.0, wall())
        self.deciding = Deciding(coordinator, self.inbox, self.link, lambda _call: None, self.changes)
        self.thread = threading.Thread(target=self.deciding.run, daemon=True)
        self.views = StoreViews(self.store, wall)
        self.link.start()
        self.thread.start()
        wait_for(lambda: self.link._connected)

    def events(self) -> int:
        with self.store.read() as connection:
            return int(connection.execute(select(func.count()).select_from(schema.event)).scalar_one())

    def die(self) -> None:
        """The connection breaks without a goodbye."""
        socket = self.link._client.socket()
        self.link._client._reconnect_on_failure = False
        assert socket is not None
        socket.shutdown(2)
        self.end()

    def end(self) -> None:
        self.deciding.end()
        self.thread.join(10)
        assert not self.thread.is_alive()
        self.link.stop()
        self.store.close()


@pytest.fixture
def device(broker: int) -> Iterator[Device]:
    found = Device(broker)
    yield found
    found.close()


def test_everything_that_a_booth_says_is_kept_and_acknowledged(broker: int, device: Device, tmp_path: Path) -> None:
    central = Central(broker, tmp_path)
    booth = Booth()
    device.say(booth.state("online"), booth.hello())
    device.say(*(booth.event(DoorChanged(open=bool(n % 2))) for n in range(300)))
    wait_for(lambda: device.acked() == 300)
    assert central.events() == 300
    assert central.views.totals().dead_letters == 0
    seen = central.views.booth("b1")
    assert seen is not None and seen.online
    central.end()


def test_a_coordinator_that_dies_between_its_commit_and_the_confirmation_counts_each_event_once(
    broker: int, device: Device, tmp_path: Path
) -> None:
    first = Central(broker, tmp_path, deaf=True)
    booth = Booth()
    device.say(*(booth.event(DoorChanged(open=True)) for _ in range(10)))
    wait_for(lambda: first.events() == 10)
    assert device.acked() == 0
    first.die()
    second = Central(broker, tmp_path)
    # The broker sends what was not confirmed again; the booth does so too when it hears no acknowledgement.
    device.say(booth.hello(first=1, last=10), *(booth.again(seq) for seq in range(1, 11)))
    wait_for(lambda: device.acked() == 10)
    assert second.events() == 10
    assert second.views.totals().dead_letters == 0 and second.views.totals().lost == 0
    second.end()


def test_a_technicians_word_about_an_alarm_reaches_the_booth_signed_and_its_answer_is_shown(
    broker: int, device: Device, tmp_path: Path
) -> None:
    central = Central(broker, tmp_path)
    booth = Booth()
    rose = AlarmChanged(
        alarm="ups.lost", occurrence=1, priority=Priority.HIGH, state=AlarmState.UNACKNOWLEDGED, active=True
    )
    device.say(booth.state("online"), booth.hello(), booth.event(rose))
    wait_for(lambda: central.views.alarms("b1"))
    assert central.inbox.alarm("b1", "ups.lost", 1, "acknowledge", "Sari") is None
    wait_for(lambda: device.commands())
    (command,) = device.commands()
    assert command.body == AlarmCommand(action="acknowledge", alarm="ups.lost", occurrence=1, person="Sari")
    seen = rose.model_copy(update={"state": AlarmState.ACKNOWLEDGED, "person": "Sari"})
    device.say(booth.event(seen), booth.event(CommandDone(command=command.id, outcome=Outcome.DONE)))
    wait_for(lambda: central.views.commands("b1")[0].outcome == "done")
    assert [(alarm.state, alarm.person) for alarm in central.views.alarms()] == [(AlarmState.ACKNOWLEDGED, "Sari")]
    assert central.views.totals().unacknowledged == 0
    central.end()


def test_a_booth_that_vanishes_is_offline(broker: int, device: Device, tmp_path: Path) -> None:
    central = Central(broker, tmp_path)
    booth = Booth()
    listener = central.changes.subscribe()
    device.say(booth.state("online"))
    wait_for(lambda: central.views.booths()[0].online)
    assert "booth:b1" in listener.next(10.0)
    device.client._reconnect_on_failure = False
    socket = device.client.socket()
    assert socket is not None
    socket.shutdown(2)
    wait_for(lambda: not central.views.booths()[0].online)
    central.end()
