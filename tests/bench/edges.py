"""From a pin's edge to a subscriber: beside paho alone, publish to subscribe, on the same broker."""

from __future__ import annotations

import json
import statistics
import sys
import threading
import time
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from contract import topics
from contract.messages import Ack
from edge.config import load
from tests.bench.durable import bare
from tests.bench.process import BOOTH, PATIENCE_S, Listener
from tests.bench.result import Budget, Figure, percentile
from tests.bench.stage import NotMeasured, Talker, stage

ALLOWED_MS = 2.0
PAYLOAD = b'{"ping":"' + b"x" * 380 + b'"}'


def measure(folder: Path, quick: bool) -> list[Figure]:
    """Samples of both in turn, with a commit beside each; the contact's configured debounce is taken off."""
    samples = 30 if quick else 300
    with stage(folder, central=False) as set_up:
        debounce = load(str(set_up.places.booth_file)).power.mains_debounce_s
        port = set_up.ports["broker"]
        listener = Listener(port, topics.of(BOOTH, topics.EVENT), "bench/ping")
        db = bare(folder / "bare.db")
        ping = Talker("tests.bench.edges", str(port))
        edges, pings, commits = [], [], []
        coordinator = connected("coordinator", port)
        try:
            ping.hear()
            listener.expect(b'"supply":"ON_MAINS"')
            set_up.booth.start()
            listener.when("the booth's first word about its supply")
            time.sleep(5.0)
            _acknowledge(coordinator, listener)
            for number in range(samples):
                present = number % 2 == 1
                listener.expect(b'"supply":"ON_MAINS"' if present else b'"supply":"ON_BATTERY"')
                began = time.monotonic()
                set_up.mains(present)
                edges.append((listener.when("supply.changed") - began - debounce) * 1000)
                _acknowledge(coordinator, listener)
                time.sleep(0.02)
                listener.expect(b'"ping"')
                ping.say("go")
                published = float(ping.hear())
                pings.append((listener.when("the ping") - published) * 1000)
                began = time.monotonic()
                db.execute("INSERT INTO row (payload) VALUES (?)", (PAYLOAD,))
                commits.append((time.monotonic() - began) * 1000)
                time.sleep(0.02)
        finally:
            ping.end()
            db.close()
            listener.close()
            coordinator.disconnect()
            coordinator.loop_stop()
    if min(edges) <= 0:
        raise NotMeasured("an event came before the debounce was over: another source told of the supply")
    commit = statistics.median(commits)
    baseline = percentile(pings, 99) + commit
    return [
        Figure(
            "GPIO edge to subscriber, p99",
            percentile(edges, 99),
            "ms",
            baseline,
            Budget("value", False, baseline + ALLOWED_MS),
            note=(
                f"p50 {statistics.median(edges):.2f}; paho p50 {statistics.median(pings):.2f}, "
                f"p99 {percentile(pings, 99):.2f}; commit p50 {commit:.2f}, p99 {percentile(commits, 99):.2f}; "
                f"debounce {debounce * 1000:g} ms taken off; {len(edges)} samples"
            ),
        )
    ]


def _acknowledge(coordinator: paho.Client, listener: Listener) -> None:
    """What the coordinator would say; it has a machine of its own, so that its commits do not hinder the booth's.

    On a connection of its own: an answer on the listener's would hold back the next message by a delayed TCP ACK.
    """
    last = json.loads(listener.event)
    ack = Ack(epoch=last["epoch"], seq=last["seq"])
    coordinator.publish(topics.of(BOOTH, topics.ACK), ack.model_dump_json(), qos=1)


def connected(name: str, port: int) -> paho.Client:
    """A client that publishes only."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=MQTTProtocolVersion.MQTTv5)
    ready = threading.Event()
    client.on_connect = lambda *_: ready.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    if not ready.wait(PATIENCE_S):
        raise NotMeasured(f"the broker did not answer {name}")
    return client


def main(port: int) -> None:
    """Publish one message for each line; say the monotonic time at which it was handed over."""
    client = connected("ping", port)
    print('"ready"', flush=True)
    for _ in sys.stdin:
        at = time.monotonic()
        client.publish("bench/ping", PAYLOAD, qos=1)
        print(at, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
