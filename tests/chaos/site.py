"""One booth, its coordinator, its broker and its simulated hardware: what a chaos run kills and looks into."""

from __future__ import annotations

import sqlite3
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

from hardware.rig import files
from hardware.rig.bench import Bench
from hardware.rig.places import Places
from hardware.rig.run import choose_ports
from hardware.simulators.card_path import Timing
from tests.chaos.programs import Program, free_port, listens, mosquitto, python, wait_until

Broker = Literal["embedded", "mosquitto"]

#: A card takes 0.9 s, long enough that kills fall into each of its phases.
QUICK = Timing(pick=0.2, travel=0.1, print_black=0.4, eject=0.2, reject=0.2)
CAPTURE_S = 0.12
CARDS = 400
START_S = 30.0
#: Three kinds of capture keep an applicant short; the signature's pauses are a person's, not the program's.
ORDER = ("photo", "right-four", "iris")


class SiteError(Exception):
    """The programs do not come up; the text holds the end of the log."""


class Site:
    """Everything of one run below one folder. The hardware lives in this process; the three programs are real."""

    def __init__(
        self,
        folder: Path,
        broker: Broker = "embedded",
        booth_module: str = "edge",
        order: tuple[str, ...] = ORDER,
        timing: Timing = QUICK,
    ) -> None:
        """Raises SiteError when mosquitto is asked for and not installed."""
        self.places = Places(folder.absolute())
        self.broker = broker
        self.order = order
        self._closed = False
        folder.mkdir(parents=True, exist_ok=True)
        self.ports = choose_ports(self.places, free_port())
        files.write(self.places, self.ports)
        self._quicken()
        self.bench = Bench(self.places, self.ports["centre"], pace=0.0)
        self.bench.day.serving = False
        self.bench.printer.path.timing = timing
        self.bench.printer.load(CARDS - self.bench.printer.path.feeder)
        self.bench.centre.processing_s = 0.3
        for device in self.bench.sbi.values():
            device.capture_s = CAPTURE_S
        self.programs = {program.name: program for program in self._programs(booth_module)}

    def _quicken(self) -> None:
        """The booth file of the rig, for people who do not pause."""
        booth = tomllib.loads(self.places.booth_file.read_text(encoding="utf-8"))
        booth["recording"]["order"] = list(self.order)
        booth["link"] = {"resend_s": 1.0}
        taken = set(self.order)
        booth["device"] = [one for one in booth["device"] if not one.get("takes") or taken & set(one["takes"])]
        # Mains prove themselves sooner than at a booth: here they come and go all the time.
        booth["power"].setdefault("energy", {})["steady_s"] = 2
        self.places.booth_file.write_text(files.toml(booth).lstrip(), encoding="utf-8")
        central = tomllib.loads(self.places.central_file.read_text(encoding="utf-8"))
        central["booth"][0]["blanks"] = CARDS
        self.places.central_file.write_text(files.toml(central).lstrip(), encoding="utf-8")

    def _programs(self, booth_module: str) -> Iterator[Program]:
        if self.broker == "embedded":
            words = python("iotcore", "--log-level", "CRITICAL", "--config", str(self.places.broker_file))
        else:
            config, data = self.places.data / "mosquitto.conf", self.places.data / "mosquitto"
            found = mosquitto(config, self.ports["broker"], data)
            if found is None:
                raise SiteError("mosquitto is missing; type: sudo apt-get install -y mosquitto")
            words = found
        pins = {"GPIOZERO_PIN_FACTORY": "rig", "RIG_GPIO": str(self.places.gpio)}
        logs = self.places.logs
        yield Program("broker", words, logs / "broker.log", {})
        yield Program("coordinator", python("central", str(self.places.central_file)), logs / "coordinator.log", {})
        yield Program("booth", python(booth_module, str(self.places.booth_file)), logs / "booth.log", pins)

    # --- start and end -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Returns when the booth takes applicants. Raises SiteError when something does not come up."""
        self.bench.start()
        for program in self.programs.values():
            program.start()
        self._wait("broker", lambda: listens(self.ports["broker"]))
        self._wait("coordinator", lambda: listens(self.ports["console"]))
        self._wait("booth", lambda: "green" in self.bench.lit())

    def _wait(self, name: str, ready: Callable[[], bool]) -> None:
        if not wait_until(ready, START_S) or self.programs[name].unasked:
            raise SiteError(f"{name} does not come up; the end of its log:\n{self.programs[name].tail()}")

    def tend(self) -> None:
        """Start again what is due."""
        for program in self.programs.values():
            program.tend()

    def close(self) -> list[str]:
        """End the programs, the booth first; what did not end on SIGTERM. Again: nothing happens."""
        if self._closed:
            return []
        self._closed = True
        late = [name for name in ("booth", "coordinator", "broker") if not self.programs[name].end()]
        self.bench.close()
        return late

    # --- what the databases say --------------------------------------------------------------------------

    @contextmanager
    def central(self) -> Iterator[sqlite3.Connection]:
        """The coordinator's database, to read. Raises sqlite3.Error while there is none."""
        with closing(_reader(self.places.central_data / "central.sqlite3")) as db:
            yield db

    @contextmanager
    def edge(self) -> Iterator[sqlite3.Connection]:
        """The booth's database, to read. Raises sqlite3.Error while there is none."""
        with closing(_reader(self.places.edge_data / "booth.db")) as db:
            yield db

    def heard(self) -> int:
        """Events that the coordinator has committed."""
        return self._count("event")

    def _count(self, table: str) -> int:
        try:
            with self.central() as db:
                return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
        except sqlite3.Error:
            return 0

    def open_work(self) -> list[str]:
        """What has not come to its end, in words; empty when everything has drained."""
        left: list[str] = []
        try:
            with self.edge() as db:
                waiting = db.execute("SELECT count(*) FROM outbox").fetchone()[0]
                rows = [key for (key,) in db.execute("SELECT key FROM state")]
            left += [f"{waiting} events in the outbox"] if waiting else []
            left += [key for key in rows if key.startswith(("enrolment/", "packet/"))]
            with self.central() as db:
                for job, state, why in db.execute("SELECT job, state, why FROM print_job WHERE state != 'completed'"):
                    left.append(f"{job} {state} ({why})")
                query = "SELECT enrolment, state, error FROM encoding WHERE state != 'PRINT_READY_RECORD'"
                left += [f"{enrolment} {state} ({error})" for enrolment, state, error in db.execute(query)]
        except sqlite3.Error as error:
            left.append(f"a database cannot be read: {error}")
        if self.printer_busy():
            left.append("a card moves in the printer")
        return left

    def printer_busy(self) -> bool:
        """Whether a card is on its way or about to be."""
        path = self.bench.printer.path
        return self.bench.ptys.call(lambda: path.busy or path.inside is not None)


def _reader(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5.0)

