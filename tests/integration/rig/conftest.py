"""One simulated booth for a test: real broker, bench and booth program, and a coordinator that writes down."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from contract import topics
from contract.messages import Ack
from contract.packet import read_part
from hardware.rig import control, files
from hardware.rig.places import Places
from hardware.rig.run import Supervisor, choose_ports
from hardware.rig.scenario.stage import BoothPlan

BOOTH = "bangkalan-1"
PATIENCE_S = 40.0
T = TypeVar("T")


def until(look: Callable[[], T], what: str) -> T:
    """Wait until `look` gives something true; fails after a long time, naming what did not happen."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := look()):
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE_S:.0f} s"
        time.sleep(0.02)
    return found


class Coordinator:
    """Acknowledges all that the booth says, and remembers it."""

    def __init__(self, port: int) -> None:
        self.events: dict[int, dict[str, Any]] = {}
        self.arrivals: list[tuple[str, int, str]] = []
        self.packets: dict[str, dict[int, bytes]] = {}
        self._epoch, self._seq = "", 0
        self._guard = threading.Lock()
        self.client = Client(CallbackAPIVersion.VERSION2, client_id="coordinator", protocol=MQTTv5)
        self.client.reconnect_delay_set(1, 1)
        self.client.on_connect = lambda client, *_: client.subscribe(topics.up_filter(), qos=1)
        self.client.on_message = self._message
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def _message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        place = topics.parse(message.topic)
        if place is None:
            return
        with self._guard:
            if place[1] is topics.EVENT:
                event = json.loads(message.payload)
                self._epoch = event["epoch"]
                self.events[event["seq"]] = event
                while self._seq + 1 in self.events:
                    self._seq += 1
            elif place[1] is topics.PACKET and place[2]:
                index, _, data = read_part(message.payload)
                self.packets.setdefault(place[2], {})[index] = data
            else:
                return
            ack = Ack(epoch=self._epoch, seq=self._seq, packets={name: len(p) for name, p in self.packets.items()})
        self.client.publish(topics.of(BOOTH, topics.ACK), ack.model_dump_json(), qos=1)

    def told(self, kind: str, **body: object) -> list[dict[str, Any]]:
        """Bodies of the events of a kind that have these values, in order."""
        with self._guard:
            events = [event for _, event in sorted(self.events.items())]
        return [e["body"] for e in events if e["kind"] == kind and all(e["body"].get(k) == v for k, v in body.items())]

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


class Rig:
    """The supervisor's programs without the real coordinator."""

    def __init__(self, folder: Path, plan: BoothPlan | None = None) -> None:
        self.places = Places(folder)
        self.places.data.mkdir(exist_ok=True)
        ports = choose_ports(self.places, 18_080)
        files.write(self.places, ports, plan)
        self.supervisor = Supervisor(self.places, ports, pace=0.0)
        self.supervisor.spawn("broker")
        self.supervisor.spawn("bench")
        until(lambda: self.places.control.exists() and self.say("status"), "the bench answers")
        self.coordinator = until(lambda: self._connect(ports["broker"]), "the broker listens")
        self.supervisor.spawn("edge")
        until(lambda: self.coordinator.told("booth.started"), "the booth starts")

    def _connect(self, port: int) -> Coordinator | None:
        try:
            return Coordinator(port)
        except OSError:
            return None

    def say(self, *words: str) -> str:
        """One `loket rig` command that must be done."""
        try:
            done, text = control.ask(self.places.control, list(words))
        except OSError:
            return ""
        assert done, text
        return text

    def status(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.say("status", "json"))
        return told

    def tended(self, look: Callable[[], T], what: str) -> T:
        """As `until`, while the supervisor does its work."""

        def both() -> T:
            self.supervisor.tend()
            return look()

        return until(both, what)

    def close(self) -> None:
        self.coordinator.close()
        self.supervisor.stop()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    one = Rig(tmp_path / "run")
    yield one
    one.close()
