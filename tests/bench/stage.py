"""What the measurements stand on: a run's folder, a broker, the real programs, and helpers that speak in lines."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from hardware.rig import files
from hardware.rig.bench import Bench
from hardware.rig.places import Places
from hardware.rig.run import choose_ports
from tests.chaos.programs import ROOT, Program, free_port, listens, mosquitto, python, wait_until

Broker = Literal["embedded", "mosquitto"]
START_S = 30.0


class NotMeasured(Exception):  # noqa: N818
    """A measurement that could not be made; the text says why."""


def start(program: Program, port: int) -> Program:
    """Start a program that listens on a port. Raises NotMeasured with the end of its log."""
    program.start()
    if not wait_until(lambda: listens(port) or not program.alive, START_S) or not program.alive:
        raise NotMeasured(f"{program.name} does not come up; the end of its log:\n{program.tail()}")
    return program


def broker(kind: Broker, folder: Path, port: int) -> Program:
    """A fresh broker, not started: nothing of an earlier measurement waits in it."""
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "embedded":
        config = folder / "broker.toml"
        config.write_text(files._BROKER.format(port=port), encoding="utf-8")
        words = python("iotcore", "--log-level", "CRITICAL", "--config", str(config))
    else:
        config = folder / "mosquitto.conf"
        found = mosquitto(config, port, folder / "mosquitto")
        if found is None:
            raise NotMeasured("mosquitto is missing; type: sudo apt-get install -y mosquitto")
        words = found
        # Nothing is dropped when a subscriber lags: what is compared is how fast it takes everything.
        text = config.read_text(encoding="utf-8").replace("persistence true", "persistence false")
        config.write_text(text + "max_queued_messages 0\nmax_inflight_messages 100\n", encoding="utf-8")
    return Program(f"{kind} broker", words, folder / "broker.log", {})


class Talker:
    """A helper process that says one JSON value per line and is told words by lines."""

    def __init__(self, *words: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", *words], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def hear(self) -> Any:
        """The next value. Raises NotMeasured when the helper has ended instead."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise NotMeasured(f"a helper ended with code {self._process.wait()} (its error is above)")
        return json.loads(line)

    def say(self, word: str) -> None:
        """Tell it to go on."""
        assert self._process.stdin is not None
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()

    def end(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.wait()


class Stage:
    """One booth on simulated hardware, which lives in this process; the programs are real and started one by one."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.places = Places(folder)
        self.ports = choose_ports(self.places, free_port())
        files.write(self.places, self.ports)
        self.bench = Bench(self.places, self.ports["centre"], pace=0.0)
        self.bench.day.serving = False
        self.bench.start()
        logs = self.places.logs
        pins = {"GPIOZERO_PIN_FACTORY": "rig", "RIG_GPIO": str(self.places.gpio)}
        self.broker = broker("embedded", folder, self.ports["broker"])
        central = python("central", str(self.places.central_file))
        self.central = Program("coordinator", central, logs / "central.log", {})
        self.booth = Program("booth", python("edge", str(self.places.booth_file)), logs / "edge.log", pins)

    def mains(self, present: bool) -> None:
        """The mains contact's wire alone: the UPS goes on feeling the mains, so that one flip is one event."""
        self.bench.hub.set("GPIO17", int(not present))

    def close(self) -> None:
        """End everything, the booth first."""
        for program in (self.booth, self.central, self.broker):
            program.end()
        self.bench.close()


@contextmanager
def stage(folder: Path, central: bool) -> Iterator[Stage]:
    """A booth with its broker and, if asked for, its coordinator; the booth is not started."""
    made = Stage(folder)
    try:
        start(made.broker, made.ports["broker"])
        if central:
            start(made.central, made.ports["console"])
        yield made
    finally:
        made.close()
