"""What the booth program is tried against: a real broker, a coordinator's stand-in, simulated devices on ptys."""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from contract import topics
from contract.messages import Ack

BOOTH = "test-1"
PATIENCE_S = 10.0
T = TypeVar("T")


def until(look: Callable[[], T], what: str) -> T:
    """Wait until `look` gives something true; fails after a long time, naming what did not happen."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE_S:.0f} s"
        time.sleep(0.01)


def free_port() -> int:
    """A TCP port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody accepts connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Broker:
    """mosquitto in memory on a port of its own."""

    def __init__(self, program: Path, folder: Path, extra: str = "allow_anonymous true\n") -> None:
        self.port = free_port()
        self._conf = folder / "mosquitto.conf"
        self._conf.write_text(f"listener {self.port} 127.0.0.1\n{extra}")
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen([self._program, "-c", self._conf], stderr=subprocess.DEVNULL)
        until(lambda: listens(self.port), "the broker listens")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


class Coordinator:
    """Writes down what the booth says; acknowledges it when `acking`."""

    def __init__(self, port: int) -> None:
        self.acking = True
        self.events: dict[int, bytes] = {}
        self.arrivals: list[bytes] = []
        self.hellos: list[dict[str, Any]] = []
        self.states: list[str] = []
        self.telemetry: list[dict[str, Any]] = []
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
        body = json.loads(message.payload)
        with self._guard:
            if place[1] is topics.HELLO:
                self.hellos.append(body)
            elif place[1] is topics.STATE:
                self.states.append(body["state"])
            elif place[1] is topics.TELEMETRY:
                self.telemetry.append(body)
            elif place[1] is topics.EVENT:
                self.arrivals.append(bytes(message.payload))
                self.events[body["seq"]] = bytes(message.payload)
        if place[1] is topics.EVENT and self.acking:
            # Without a gap, as the real one: what the broker had nobody to give to is sent again.
            self.ack(body["epoch"], next(seq for seq in itertools.count(1) if seq not in self.events) - 1)

    def ack(self, epoch: str, seq: int) -> None:
        # Not waited for: this runs in paho's own thread, too.
        self.client.publish(topics.of(BOOTH, topics.ACK), Ack(epoch=epoch, seq=seq).model_dump_json(), qos=1)

    def say(self, topic: topics.Topic, payload: str | bytes) -> None:
        self.client.publish(topics.of(BOOTH, topic), payload, qos=1).wait_for_publish(PATIENCE_S)

    def told(self, kind: str, **body: object) -> list[dict[str, Any]]:
        """Events of a kind whose body has these values, in order, each once."""
        with self._guard:
            events = [json.loads(raw) for _, raw in sorted(self.events.items())]
        return [e["body"] for e in events if e["kind"] == kind and all(e["body"].get(k) == v for k, v in body.items())]

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


class Program:
    """`python -m edge` on a booth file; its log is a file, so that nothing blocks."""

    def __init__(self, config: Path) -> None:
        self.log = config.parent / "edge.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "edge", str(config)],
                stderr=log,
                env={**os.environ, "GPIOZERO_PIN_FACTORY": "mock"},
            )

    def kill(self) -> None:
        """As a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE_S)

    def end(self) -> int:
        """As systemd does; the exit code."""
        self.process.terminate()
        return self.process.wait(PATIENCE_S)
