"""An outage, a dip, silence and mixed readings: the booth program beside NUT, on one simulated UPS at the same time.

Four readers hang on the UPS, each on a serial line of its own (2400 baud): the booth program, `nutdrv_qx` with its
usual pollinterval of 2 s, one with 1 s, and our UPS driver by itself. NUT is watched over a connection to `upsd` every
10 ms, so nothing of `upsc`'s own cost is counted against it; the booth is watched at an MQTT subscriber, behind its
debounce and its commit.
"""

from __future__ import annotations

import json
import random
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from contract import topics
from contract.messages import Ack
from edge.adapters.items import PortData, PortOpened
from edge.adapters.serial_port import Line, SerialPort
from edge.core.events import DeviceLost, Event, UpsReading
from edge.devices.megatec import Megatec
from hardware.rig.bench_power import OnPlant
from hardware.rig.ptys import PtyServer
from hardware.simulators.megatec import Ups
from tests.bench.process import BOOTH, PATIENCE_S
from tests.bench.result import Budget, Figure, at_least, at_most
from tests.bench.stage import NotMeasured, Stage, stage
from tests.integration.hardware.nut import Server, serving

BAUD = 2400
DIP_S = 0.4
LIVE_V = 100.0
"""More than this at the input is a live line."""
SILENCE_S = 90.0


class Tap:
    """One more serial line into the same UPS: whole commands only, so that two lines never mix their bytes."""

    def __init__(self, ups: Ups) -> None:
        self._ups = ups
        self._buffer = b""

    def receive(self, data: bytes, now: float) -> bytes:
        self._buffer += data
        whole, end, self._buffer = self._buffer.rpartition(b"\r")
        return self._ups.receive(whole + end, now) if end else b""

    def next_wakeup(self) -> float | None:
        return None

    def wakeup(self, now: float) -> bytes:
        return b""


@dataclass
class Seen:
    """What one reader has told since it was asked: when first of each kind, and readings that mix two moments."""

    outage: float | None = None
    back: float | None = None
    dip: float | None = None
    stale: float | None = None
    heard: bool = False
    torn: int = 0


@dataclass
class Reader:
    """A way to learn of the power. Only its own thread writes into `seen`; `fresh` begins a new look."""

    name: str
    seen: Seen = field(default_factory=Seen)

    def fresh(self) -> None:
        self.seen = Seen()

    def told(self, out: bool, volts: float | None) -> None:
        """A status, with the volts that stood beside it."""
        seen, now = self.seen, time.monotonic()
        seen.heard = True
        if out and seen.outage is None:
            seen.outage = now
        if not out and seen.outage is not None and seen.back is None:
            seen.back = now
        if volts is not None and out is (volts > LIVE_V):
            seen.torn += 1


class Nut(Reader):
    """One of NUT's UPSes, watched at `upsd`."""

    def __init__(self, name: str, server: Server) -> None:
        super().__init__(name)
        self._line = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        self._replies = self._line.makefile("rb")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.01):
            told = self._ask()
            status = told.get("ups.status", "").split()
            if not told and self.seen.stale is None:
                self.seen.stale = time.monotonic()
            if status:
                volts = told.get("input.voltage")
                self.told("OB" in status, float(volts) if volts else None)
                if "OB" in status and self.seen.dip is None:
                    self.seen.dip = time.monotonic()

    def _ask(self) -> dict[str, str]:
        self._line.sendall(f"LIST VAR {self.name}\n".encode())
        told: dict[str, str] = {}
        while not (line := self._replies.readline().decode()).startswith(("END", "ERR")):
            if not line:
                return {}
            if line.startswith("VAR"):
                told[line.split()[2]] = line.split('"')[1]
        return told

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._line.close()


class Booth(Reader):
    """The booth program, watched at a subscriber that also acknowledges, as the coordinator would."""

    def __init__(self, port: int) -> None:
        super().__init__("booth")
        ready = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        wanted = [(topics.of(BOOTH, topics.EVENT), 1), (topics.of(BOOTH, topics.TELEMETRY), 0)]
        self._client.on_connect = lambda client, *_: client.subscribe(wanted)
        self._client.on_subscribe = lambda *_: ready.set()
        self._client.on_message = self._message
        self.spoke = threading.Event()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        if not ready.wait(PATIENCE_S):
            raise NotMeasured("the broker did not answer the subscriber")

    def _message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        told = json.loads(message.payload)
        if message.topic == topics.of(BOOTH, topics.TELEMETRY):
            self._figures(told.get("metrics", told))
            return
        ack = Ack(epoch=told["epoch"], seq=told["seq"])
        self._client.publish(topics.of(BOOTH, topics.ACK), ack.model_dump_json(), qos=1)
        self._event(told.get("body", told))

    def _event(self, body: dict[str, Any]) -> None:
        match body:
            case {"supply": "ON_BATTERY" | "ON_MAINS" as supply, "input_v": volts}:
                self.spoke.set()
                self.told(supply == "ON_BATTERY", volts)
                words = body.get("ups_status", "").split()
                if words and ("OB" in words) is not (supply == "ON_BATTERY"):
                    self.seen.torn += 1
            case {"seconds": float(), "lowest_v": _}:
                self.seen.dip = self.seen.dip or time.monotonic()
            case {"device": "ups", "state": state} if str(state).upper() == "LOST":
                self.seen.stale = self.seen.stale or time.monotonic()

    def _figures(self, metrics: dict[str, Any]) -> None:
        supply, volts = metrics.get("supply"), metrics.get("input.voltage")
        words = str(metrics.get("ups.status") or "").split()
        if volts is not None and supply in ("ON_BATTERY", "ON_MAINS"):
            out = supply == "ON_BATTERY"
            self.seen.torn += out is (volts > LIVE_V) or (bool(words) and ("OB" in words) is not out)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Alone(Reader):
    """Our UPS driver on a line of its own, without the mains contact: what a UPS alone can tell."""

    def __init__(self, ptys: PtyServer, simulator: OnPlant, link: Path) -> None:
        super().__init__("alone")
        ptys.add("alone", simulator, link, baud=BAUD)
        self._inbox: SimpleQueue[object] = SimpleQueue()
        self._driver = Megatec("ups", 0.2)
        self._port = SerialPort("ups", str(link), Line(BAUD, rts=False), self._inbox.put)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._port.start()
        self._thread.start()

    def _run(self) -> None:
        session = 0
        while not self._stop.is_set():
            due = self._driver.next_wakeup()
            events: list[Event] = []
            try:
                item = self._inbox.get(timeout=max(0.001, min(0.5, (due or 1e12) - time.monotonic())))
            except Empty:
                events = self._driver.wakeup(time.monotonic())
            else:
                if isinstance(item, PortOpened):
                    session = item.session
                    events = self._driver.opened(time.monotonic())
                elif isinstance(item, PortData):
                    events = self._driver.receive(item.data, time.monotonic())
            if out := self._driver.outgoing():
                self._port.write(session, out)
            for event in events:
                if isinstance(event, UpsReading):
                    self.told(event.utility_fail, event.input_v)
                    if event.utility_fail and self.seen.dip is None:
                        self.seen.dip = time.monotonic()
                elif isinstance(event, DeviceLost) and self.seen.stale is None:
                    self.seen.stale = time.monotonic()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._port.stop()


#: How the readers are called in the figures.
NAMES = ("booth", "usual", "quick", "alone")


@dataclass
class Side:
    """The readers, on one UPS."""

    stage: Stage
    booth: Booth
    usual: Nut
    quick: Nut
    alone: Alone

    @property
    def readers(self) -> tuple[Reader, ...]:
        return self.booth, self.usual, self.quick, self.alone

    def fresh(self) -> None:
        for reader in self.readers:
            reader.fresh()

    def heard(self) -> bool:
        """Whether all that tell every reading have told one; the booth tells changes."""
        return self.usual.seen.heard and self.quick.seen.heard and self.alone.seen.heard

    def silent(self, silent: bool) -> None:
        """The UPS answers nobody, or all again."""
        self.stage.bench.on_plant(lambda now: setattr(self.stage.bench.ups.wire, "silent", silent))


@contextmanager
def side_by_side(folder: Path) -> Iterator[Side]:
    """Everything runs and has seen the mains."""
    with stage(folder, central=False) as set_up:
        bench = set_up.bench
        bench.ptys._ports["ups"].byte_seconds = 10 / BAUD
        sections, links = "maxretry = 3\n", {"usual": 2, "quick": 1}
        for name, seconds in links.items():
            link = folder / "nut" / name
            bench.ptys.add(name, OnPlant(Tap(bench.ups), bench.plant), link, baud=BAUD)
            sections += f'[{name}]\ndriver = nutdrv_qx\nport = "{link}"\nprotocol = megatec\npollinterval = {seconds}\n'
        try:
            with serving(folder / "nut", sections, dict.fromkeys(links, "nutdrv_qx")) as server:
                booth = Booth(set_up.ports["broker"])
                set_up.booth.start()
                nuts = [Nut(name, server) for name in links if _up(server, name)]
                alone = Alone(bench.ptys, OnPlant(Tap(bench.ups), bench.plant), folder / "nut" / "alone")
                try:
                    if len(nuts) < 2 or not booth.spoke.wait(PATIENCE_S):
                        raise NotMeasured("NUT or the booth does not come up")
                    time.sleep(3.0)
                    yield Side(set_up, booth, nuts[0], nuts[1], alone)
                finally:
                    for nut in nuts:
                        nut.close()
                    alone.close()
                    booth.close()
        except pytest.skip.Exception as error:
            raise NotMeasured(str(error)) from None


def _up(server: Server, name: str) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if server.variables(name).get("ups.status") == "OL":
            return True
        time.sleep(0.2)
    return False


def _wait(holds: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise NotMeasured(f"{what} within {seconds:g} s")
        time.sleep(0.005)


@dataclass
class Outages:
    """By reader: seconds until it told of each outage, and the transitions in which it told a mixture."""

    known: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in NAMES})
    torn: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NAMES, 0))
    transitions: int = 0


def outages(side: Side, rounds: int, chance: random.Random) -> Outages:
    """The mains fail at any moment of the readers' rhythms, and come back when all have told."""
    found = Outages()
    for _ in range(rounds):
        side.fresh()
        time.sleep(chance.uniform(0.0, 2.0))
        began = time.monotonic()
        side.stage.bench.mains(False)
        _wait(lambda: all(one.seen.outage for one in side.readers), PATIENCE_S, "an outage was not seen by all")
        for name in NAMES:
            found.known[name].append(getattr(side, name).seen.outage - began)
        time.sleep(chance.uniform(0.3, 1.0))
        torn = {name: getattr(side, name).seen.torn for name in NAMES}
        side.stage.bench.mains(True)
        _wait(lambda: all(one.seen.back for one in side.readers), PATIENCE_S, "the return was not seen by all")
        time.sleep(0.5)
        for name, before in torn.items():
            found.torn[name] += (before > 0) + (getattr(side, name).seen.torn > before)
        found.transitions += 2
    return found


def dips(side: Side, rounds: int, chance: random.Random) -> dict[str, int]:
    """How many dips each reader has told of, as whatever it calls them."""
    counts = dict.fromkeys(NAMES, 0)
    for _ in range(rounds):
        time.sleep(chance.uniform(0.5, 2.5))
        side.fresh()
        side.stage.bench.mains(False)
        time.sleep(DIP_S)
        side.stage.bench.mains(True)
        time.sleep(3.0)
        for name in counts:
            counts[name] += getattr(side, name).seen.dip is not None
    return counts


def silence(side: Side, rounds: int, chance: random.Random) -> dict[str, list[float]]:
    """Seconds from the UPS's last answer until each reader says that it is stale."""
    found: dict[str, list[float]] = {name: [] for name in NAMES}
    for _ in range(rounds):
        time.sleep(5.0 + chance.uniform(0.0, 2.0))
        side.fresh()
        _wait(side.heard, SILENCE_S, "the UPS was not found again by all")
        time.sleep(5.0)
        side.fresh()
        began = time.monotonic()
        side.silent(True)
        try:
            _wait(lambda: all(one.seen.stale for one in side.readers), SILENCE_S, "silence was not told by all")
        finally:
            side.silent(False)
        for name, times in found.items():
            times.append(getattr(side, name).seen.stale - began)
    return found


def measure(folder: Path, quick: bool) -> list[Figure]:
    """Rows against NUT as it comes, and against NUT that polls as fast as it can (every second)."""
    chance = random.Random(7)
    rounds = 2 if quick else 20
    with side_by_side(folder) as side:
        cut = outages(side, 3 if quick else 25, chance)
        dipped = dips(side, rounds, chance)
        still = silence(side, 1 if quick else 3, chance)
    figures = _rows(cut, dipped, still, rounds, "usual", "NUT polls every 2 s")
    figures += _rows(cut, dipped, still, rounds, "quick", "NUT polls every 1 s")
    for what, reckon in (("median", statistics.median), ("worst", max)):
        ours, other = reckon(cut.known["alone"]), reckon(cut.known["quick"])
        name = f"power: outage known from the UPS alone, {what}"
        note = "no mains contact on either side; NUT polls every 1 s, our driver every 0.2 s"
        figures.append(Figure(name, ours * 1000, "ms", other * 1000, ahead(), note=note))
    return figures


def _rows(
    cut: Outages, dipped: dict[str, int], still: dict[str, list[float]], rounds: int, other: str, note: str
) -> list[Figure]:
    figures = []
    for what, reckon in (("median", statistics.median), ("worst", max)):
        ours, theirs = reckon(cut.known["booth"]) * 1000, reckon(cut.known[other]) * 1000
        told = f"{note}; {cut.transitions // 2} outages; ours with debounce and commit"
        figures.append(Figure(f"power: outage known, {what}", ours, "ms", theirs, ahead(), note=told))
    share = 100 / rounds
    ours, theirs = dipped["booth"] * share, dipped[other] * share
    told = f"{note}; {rounds} dips"
    figures.append(Figure(f"power: dips of {DIP_S:g} s seen", ours, "%", theirs, at_least(100.0, "value"), note=told))
    ours, theirs = max(still["booth"]), max(still[other])
    told = f"{note}; worst of {len(still[other])}"
    figures.append(Figure("power: silence told as stale", ours, "s", theirs, ahead(), note=told))
    told = f"{note}; {cut.transitions} transitions; torn: on battery beside live volts, or the reverse"
    torn = Figure("power: torn readings", cut.torn["booth"], "count", cut.torn[other], at_most(0.0), note=told)
    return [*figures, torn]


def ahead() -> Budget:
    """Better than NUT in the same run."""
    return Budget("ratio", False, 1.0)
