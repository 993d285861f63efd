"""What a process costs, and how soon the booth program speaks."""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from contract import topics
from tests.bench.result import Figure, at_most
from tests.bench.stage import NotMeasured, Stage, stage
from tests.chaos.programs import ROOT

BOOTH = "bangkalan-1"
SETTLE_S = 10.0
IDLE_S = 20.0
PATIENCE_S = 20.0

_BARE = "import time; time.sleep(600)"
_CONNECT = """
import sys, time, paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
client = paho.Client(CallbackAPIVersion.VERSION2, client_id="first", protocol=MQTTProtocolVersion.MQTTv5)
client.on_connect = lambda client, *_: client.publish("loket/v1/first/up/state", b"online", qos=1)
client.connect("127.0.0.1", int(sys.argv[1]))
client.loop_start()
time.sleep(600)
"""


@dataclass(frozen=True, slots=True)
class Memory:
    """MiB: resident, proportional share, and what is this process's alone."""

    rss: float
    pss: float
    uss: float


def memory(pid: int) -> Memory:
    """As the kernel counts it now."""
    sizes: dict[str, int] = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, _, rest = line.partition(":")
        sizes[name] = int(rest.split()[0])
    own = sizes["Private_Clean"] + sizes["Private_Dirty"]
    return Memory(sizes["Rss"] / 1024, sizes["Pss"] / 1024, own / 1024)


def peak(pid: int) -> float:
    """Highest resident memory of a process so far, MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def cpu(pid: int) -> float:
    """Seconds of processor time of all threads, to the nanosecond."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


class Listener:
    """A subscriber that remembers when it first saw what it waits for."""

    def __init__(self, port: int, *filters: str) -> None:
        self._wanted: bytes = b""
        self.event = b""
        """The latest event, as it came."""
        self._seen = threading.Event()
        self._at = 0.0
        ready = threading.Event()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self.client.on_connect = lambda client, *_: client.subscribe([(name, 1) for name in filters])
        self.client.on_subscribe = lambda *_: ready.set()
        self.client.on_message = self._message
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        if not ready.wait(PATIENCE_S):
            raise NotMeasured("the broker did not answer the subscriber")

    def _message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        at = time.monotonic()
        if b'"seq"' in message.payload:
            self.event = bytes(message.payload)
        if self._wanted and self._wanted in message.payload:
            self._at, self._wanted = at, b""
            self._seen.set()

    def expect(self, part: bytes) -> None:
        """From now on, wait for a message that holds this."""
        self._seen.clear()
        self._wanted = part

    def when(self, what: str) -> float:
        """Its monotonic time. Raises NotMeasured when it does not come."""
        if not self._seen.wait(PATIENCE_S):
            raise NotMeasured(f"{what} was not seen within {PATIENCE_S:g} s")
        return self._at

    def close(self) -> None:
        """Disconnect."""
        self.client.disconnect()
        self.client.loop_stop()


def measure(folder: Path, quick: bool) -> list[Figure]:
    """Start, memory and idle cost of `python -m edge` on the booth file of Bangkalan."""
    with stage(folder, central=True) as set_up:
        figures = [_start(set_up, 1 if quick else 5)]
        assert set_up.booth.process is not None
        pid = set_up.booth.process.pid
        time.sleep(2.0 if quick else SETTLE_S)
        figures += _memory(pid)
        seconds = 3.0 if quick else IDLE_S
        before, began = cpu(pid), time.monotonic()
        time.sleep(seconds)
        share = 100 * (cpu(pid) - before) / (time.monotonic() - began)
        figures.append(Figure("booth program, idle with the UPS polled", share, "% of a core", None, at_most(0.5)))
    return figures


def _memory(pid: int) -> list[Figure]:
    bare = subprocess.Popen([sys.executable, "-c", _BARE])
    try:
        time.sleep(1.0)
        other = memory(bare.pid)
    finally:
        bare.kill()
        bare.wait()
    ours = memory(pid)
    note = f"proportional {ours.pss:.1f}, its own {ours.uss:.1f}; baseline: bare Python"
    return [Figure("booth program, memory", ours.rss, "MiB", other.rss, at_most(45.0), note=note)]


def _start(set_up: Stage, rounds: int) -> Figure:
    """From the process's birth to its first message at a subscriber; the booth of the last round goes on."""
    port = set_up.ports["broker"]
    ours, others = [], []
    state = topics.of(BOOTH, topics.STATE)
    listener = Listener(port, state, topics.of("first", topics.STATE))
    try:
        for number in range(rounds + 1):
            set_up.booth.end()
            listener.expect(b"online")
            began = time.monotonic()
            bare = subprocess.Popen([sys.executable, "-c", _CONNECT, str(port)], cwd=ROOT)
            try:
                others.append(listener.when("the bare client's first message") - began)
            finally:
                bare.kill()
                bare.wait()
            time.sleep(0.3)
            listener.expect(b'"online"')
            began = time.monotonic()
            set_up.booth.start()
            ours.append(listener.when("the booth's first message") - began)
            if number < rounds:
                time.sleep(1.5)
    finally:
        listener.close()
    # The first of all only fills the caches of bytecode and disk.
    first, ours, others = ours[0], ours[1:], others[1:]
    return Figure(
        "booth program, start to first message",
        statistics.median(ours),
        "s",
        statistics.median(others),
        at_most(1.0),
        note=f"the first of all {first:.2f} s; baseline: Python and paho alone",
    )
