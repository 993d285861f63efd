"""A scenario's stage with real processes: broker, booth program, the board's MicroPython, and simulators on ptys."""

from __future__ import annotations

import contextlib
import json
import platform
import shutil
import sqlite3
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from contract import topics
from hardware.rig import control, files
from hardware.rig.places import Places
from hardware.rig.run import Child, Supervisor, any_free, choose_ports
from hardware.rig.scenario import words
from hardware.rig.scenario.coordinator import Coordinator, body_of
from hardware.rig.scenario.stage import BoothPlan, Facts, Moved, Told

START_S = 60.0
#: After all devices are found, so long (s) until 0 s: the genset's sequence has looked around.
SETTLED_S = 1.5
STEP_S = 0.02
#: A family card lies under the scanner again after this time (s) when the booth has not taken it.
AGAIN_S = 3.0
#: After how long (s) the booth's supervisor starts a killed program again.
SUPERVISED_S = 2.0
NEVER_S = 1e9


class StageError(Exception):
    """The programs do not come up; the text holds the end of a log."""


class PtyStage:
    """A `Stage` in real time, with a folder and ports of its own. `keep`: the folder stays, with all logs."""

    name = "pty"

    def __init__(self, folder: Path | None = None, keep: bool = False) -> None:
        self.folder = folder or Path(tempfile.mkdtemp(prefix="loket-"))
        self._keep = keep or folder is not None
        self.places = Places(self.folder / "run")
        self._supervisor: Supervisor | None = None
        self._client: Client | None = None
        self._guard = threading.RLock()
        self._zero = time.monotonic()
        self._first = 1
        self._moves: list[Moved] = []
        self._starts = 1
        self._running = False
        self._stepped_s = 0.0
        self._halted_dark_s = 0.0
        self._looked = 0.0
        self._waiting: dict[str, tuple[str, float]] = {}
        self._versions: dict[str, str] = {}

    # --- setting up --------------------------------------------------------------------------------

    def start(self, booth: BoothPlan) -> None:
        """Set everything up. Raises StageError when something does not come up."""
        self.places.data.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + START_S
        ports = choose_ports(self.places, any_free())
        files.write(self.places, ports, booth)
        self._supervisor = supervisor = Supervisor(self.places, ports, pace=0.0)
        offset = str(self.places.data / "clock")
        clocked = [sys.executable, "-m", "hardware.rig.clocked", offset, "edge", str(self.places.booth_file)]
        supervisor.children["edge"] = Child("edge", clocked)
        supervisor.spawn("broker")
        supervisor.spawn("bench")
        self._until(deadline, "bench", self.places.control.exists)
        self._until(deadline, "bench", lambda: self._say("status") is not None)
        config: dict[str, Any] = tomllib.loads(self.places.booth_file.read_text(encoding="utf-8"))
        self._booth = str(config["booth"]["id"])
        key = bytes.fromhex((self.places.keys / "command.private").read_text().strip())
        self.coordinator = Coordinator(self._booth, key, self._send)
        self._until(deadline, "broker", lambda: self._connect(ports["broker"]))
        supervisor.spawn("edge")
        names = {one["name"] for one in config["device"]}
        self._until(deadline, "edge", lambda: names <= self._found())
        self._settle()

    def _settle(self) -> None:
        """Let the booth look around; what it tells from here on belongs to the scenario."""
        self._zero = time.monotonic() + SETTLED_S
        self.run_until(0.0)
        self._moves, self._starts = [], 1
        with self._guard:
            told = self.coordinator.told
            self._first = told[-1].seq + 1 if told else 1

    def _found(self) -> set[str]:
        with self._guard:
            changes = [one.body for one in self.coordinator.told if one.kind == "device.changed"]
        return {body["device"] for body in changes if body["state"] == "ok"}

    def _until(self, deadline: float, name: str, ready: Any) -> None:
        assert self._supervisor is not None
        while not ready():
            self._supervisor.tend()
            if time.monotonic() > deadline or self._supervisor.children[name].deaths >= 3:
                log = self.places.logs / f"{name}.log"
                tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log.exists() else "(no log)"
                raise StageError(f"{name} does not come up; the end of its log:\n{tail}")
            time.sleep(STEP_S)

    def _connect(self, port: int) -> bool:
        client = Client(CallbackAPIVersion.VERSION2, client_id="coordinator", protocol=MQTTv5)
        client.reconnect_delay_set(1, 1)
        client.on_connect = lambda client, *_: client.subscribe(topics.up_filter(), qos=1)
        client.on_message = self._hear
        try:
            client.connect("127.0.0.1", port)
        except OSError:
            return False
        client.loop_start()
        self._client = client
        return True

    def _hear(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        with self._guard:
            self.coordinator.receive(message.topic, bytes(message.payload), self.now, time.time())

    def _send(self, topic: str, payload: bytes) -> None:
        if self._client is not None:
            self._client.publish(topic, payload, qos=1)

    def _say(self, *given: str) -> str | None:
        """One of the rig's words; None while no bench answers. Raises ValueError for what it refuses."""
        try:
            done, text = control.ask(self.places.control, list(given))
        except OSError:
            return None
        if not done:
            raise ValueError(text)
        return text

    # --- time --------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        return time.monotonic() - self._zero

    def run_until(self, at: float) -> None:
        while True:
            self._tend()
            left = at - self.now
            if left <= 0:
                return
            time.sleep(min(STEP_S, left))

    def _tend(self) -> None:
        supervisor = self._supervisor
        assert supervisor is not None
        supervisor.tend()
        if self._running != (alive := supervisor.children["edge"].alive):
            self._running = alive
            self._starts += alive
            self._moves.append(Moved(self.now, "program", "starts" if alive else "ends"))
        with self._guard:
            due = self.coordinator.next_wakeup()
            if due is not None and due <= self.now:
                self.coordinator.wake(self.now)
        self._lay_cards()
        if supervisor.halted:
            # Dark although the mains are good: that is what a halted controller must never be for long.
            now = self.now
            facts = self._facts()
            if facts["powered"] and facts["mains_good"]:
                self._halted_dark_s += now - max(self._looked, 0.0)
            self._looked = now
        else:
            self._looked = self.now

    def _lay_cards(self) -> None:
        """Whoever has not been taken up holds the family card under the scanner again."""
        for nik, (kk, at) in tuple(self._waiting.items()):
            with self._guard:
                opened = any(one.body.get("nik") == nik for one in self.coordinator.told)
            if opened:
                del self._waiting[nik]
            elif self.now >= at + AGAIN_S:
                self._waiting[nik] = (kk, self.now)
                with contextlib.suppress(ValueError):
                    self._say("scan", kk, nik)

    # --- what a scenario asks ----------------------------------------------------------------------

    def act(self, text: str) -> str:
        given = words.parse(text)
        supervisor = self._supervisor
        assert supervisor is not None
        match given:
            case ("kill", _):
                supervisor.kill("edge", again_after=SUPERVISED_S)
            case ("stop", _, float(seconds)):
                supervisor.kill("edge", again_after=seconds)
            case ("clock", _, float(seconds)):
                self._stepped_s += seconds
                new = self.places.data / "clock.new"
                new.write_text(str(self._stepped_s))
                new.replace(self.places.data / "clock")
            case ("link", "down"):
                supervisor.kill("broker", again_after=NEVER_S)
            case ("link", _):
                supervisor.spawn("broker")
            case ("applicant",):
                kk, nik = (self._say("applicant") or " ").split(" ")
                self._waiting[nik] = (kk, self.now)
                return f"applicant {nik}"
            case ("print",):
                with self._guard:
                    job = f"job-extra-{len(self.coordinator.states) + 1}"
                    self.coordinator.print(job, job.removeprefix("job-"), self.now, time.time())
                return job
            case ("command", *rest):
                with self._guard:
                    return self.coordinator.ask(body_of(tuple(rest), self.coordinator.told), self.now, time.time())
            case _:
                return self._say(*text.split()) or "no bench answers"
        return text

    def told(self) -> Sequence[Told]:
        with self._guard:
            return [one for one in self.coordinator.told if one.seq >= self._first]

    def telemetry(self) -> Mapping[str, Any]:
        with self._guard:
            return dict(self.coordinator.telemetry)

    def _facts(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self._say("facts") or "{}")
        return told

    def facts(self) -> Facts:
        supervisor = self._supervisor
        assert supervisor is not None
        told = self._facts()
        log = [Moved(at - self._zero, what, how) for at, what, how in told.pop("log")]
        moves = sorted([*log, *self._moves], key=lambda one: one.at)
        told.pop("now")
        told["dark_on_mains_s"] += self._halted_dark_s
        return Facts(
            running=supervisor.children["edge"].alive,
            halted=supervisor.halts,
            starts=self._starts,
            moves=tuple(one for one in moves if one.at >= 0),
            **told,
        )

    def drained(self) -> bool:
        path = self.places.edge_data / "booth.db"
        try:
            with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5.0)) as db:
                waiting = int(db.execute("SELECT count(*) FROM outbox").fetchone()[0])
                packets = int(db.execute("SELECT count(*) FROM state WHERE key LIKE 'packet/%'").fetchone()[0])
        except sqlite3.Error:
            return False
        return waiting == 0 and packets == 0

    def versions(self) -> Mapping[str, str]:
        status: dict[str, Any] = json.loads(self._say("status", "json") or "{}")
        board = status.get("board")
        return {
            "loket": _version("loket"),
            "python": platform.python_version(),
            "broker": f"iotcore {_version('iotcore')}",
            **({"board": f"firmware in {board['runs_on']}"} if isinstance(board, dict) else {}),
        }

    def close(self) -> None:
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()
            self._client = None
        if self._supervisor is not None:
            self._supervisor.stop()
            self._supervisor = None
        if not self._keep:
            shutil.rmtree(self.folder, ignore_errors=True)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"
