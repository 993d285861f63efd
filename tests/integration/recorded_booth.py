"""A booth that is killed again and again while one applicant is recorded, with everything that its devices gave."""

from __future__ import annotations

import base64
import ctypes
import json
import os
import re
import signal
import subprocess
import time
import tomllib
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract.packet import CaptureRecord, entry_of, label
from contract.sealing import unseal
from hardware.rig import files
from hardware.rig.day import family_card
from hardware.simulators.sbi import Reply, SbiDevice
from hardware.simulators.topaz import packet, scribble
from tests.chaos.programs import ROOT, python, wait_until
from tests.chaos.site import Site
from tests.integration.plaintext import Search

ALL_SIX = ("photo", "signature", "right-four", "left-four", "thumbs", "iris")
#: Devices that a recording and its card need.
KINDS = ("megatec", "scanner", "topaz", "sbi", "evolis")
KILLED = -int(signal.SIGKILL)
#: A step that is not reached within this time is never reached.
PATIENCE_S = 30.0
PRESS_AGAIN_S = 0.4
SCAN_AGAIN_S = 1.0

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Memory:
    """What the booth's database holds of its applicants."""

    enrolments: tuple[str, ...]
    """As `id stage`."""
    tickets: int
    given: int
    """Numbers given since the database was made."""
    done: tuple[str, ...]
    """Modalities that are finished."""
    captures: frozenset[str]
    """Names of the sealed captures, as `modality.attempt`."""
    packets: int


class MortalBooth:
    """`tests.integration.mortal`: takes the place of the booth's program in a `Site`."""

    name = "booth"

    def __init__(self, words: list[str], log: Path, env: dict[str, str]) -> None:
        self._words, self._log, self._env = words, log, env
        self._loader: subprocess.Popen[str] | None = None
        self._pid: int | None = None
        self.unasked = 0

    @property
    def alive(self) -> bool:
        """Whether the booth runs (a child that was waited for has no /proc entry, one that was not is a zombie)."""
        if self._pid is None:
            return False
        try:
            return Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    def start(self, order: str = "-") -> None:
        """Start the program; `order` as in `mortal`."""
        if self._loader is None:
            with self._log.open("ab") as log:
                self._loader = subprocess.Popen(
                    self._words,
                    cwd=ROOT,
                    env=os.environ | self._env,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    preexec_fn=lambda: _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL),
                )
        assert self._loader.stdin is not None
        assert self._loader.stdout is not None
        self._loader.stdin.write(f"{order}\n")
        self._loader.stdin.flush()
        self._pid = int(self._loader.stdout.readline())

    def status(self) -> int:
        """Wait for the end of the program: its exit code, or the negative signal."""
        assert self._loader is not None
        assert self._loader.stdout is not None
        self._pid = None
        return int(self._loader.stdout.readline())

    def stop(self) -> bool:
        """SIGTERM; whether it ended well."""
        if self._pid is None:
            return True
        os.kill(self._pid, signal.SIGTERM)
        return self.status() == 0

    def end(self) -> bool:
        """SIGTERM; whether it ended well. The loader ends with it."""
        good = self.stop()
        if self._loader is not None:
            assert self._loader.stdin is not None
            self._loader.stdin.close()
            self._loader.wait(10)
        return good

    def tend(self) -> None:
        """It is started by the test alone."""

    def tail(self, lines: int = 25) -> str:
        """The end of its log."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])


class Deliveries:
    """Everything that the capture devices were asked for and gave."""

    def __init__(self, devices: dict[str, SbiDevice]) -> None:
        self.asked: list[str] = []
        """Transactions without their enrolment: `modality.attempt`."""
        self.records: dict[str, list[bytes]] = {}
        """`modality.attempt` -> the record of each sample."""
        self._made: list[tuple[str, Future[list[dict[str, Any]]]]] = []
        self._tokens: list[tuple[str, bytes]] = []
        for device in devices.values():
            self._listen(device)

    def _listen(self, device: SbiDevice) -> None:
        respond = device.respond

        def heard(verb: str, path: str, body: bytes, now: float) -> Reply:
            reply = respond(verb, path, body, now)
            if path == "/capture":
                _, name = entry_of(json.loads(body)["transactionId"])
                self.asked.append(name)
                if reply.made is not None:
                    self._made.append((name, reply.made))
                else:
                    self._given(name, reply.body["biometrics"])
            return reply

        device.respond = heard  # type: ignore[method-assign]

    def _given(self, name: str, biometrics: list[dict[str, Any]]) -> None:
        for sample in biometrics:
            body = sample["data"].split(".")[1]
            value = json.loads(base64.urlsafe_b64decode(body + "=="))["bioValue"]
            self.records.setdefault(name, []).append(base64.urlsafe_b64decode(value + "=="))
            self._tokens.append((name, sample["data"].encode()))

    def times(self, modality: str) -> int:
        """How often a device was asked for a modality."""
        return sum(name.startswith(f"{modality}.") for name in self.asked)

    def take(self, search: Search) -> None:
        """Look for all that was given since the last time: the records, and the device's own wrapping of them."""
        for name, made in self._made:
            self._given(name, made.result())
        self._made.clear()
        for name, records in self.records.items():
            for record in records:
                search.add(f"record of {name}", record)
        for name, token in self._tokens:
            search.add(f"answer with {name}", token)
        self._tokens.clear()


class RecordedSite(Site):
    """A booth with a front desk and all capture devices, killed at each order."""

    def __init__(self, folder: Path, pictures: bool = False) -> None:
        super().__init__(folder, order=ALL_SIX)
        self.leftovers = folder / "tmp"
        self.leftovers.mkdir()
        self.trail = folder / "trail"
        usual = self.programs["booth"]
        env = usual.env | {"TMPDIR": str(self.leftovers), "TRAIL": str(self.trail)}
        words = python("tests.integration.mortal", str(self.places.booth_file))
        self.booth = MortalBooth(words, self.places.logs / "booth.log", env)
        self.programs["booth"] = self.booth  # type: ignore[assignment]
        self.signed = 0
        self._pressed_at = self._scanned_at = float("-inf")
        self._hand_free = True
        self.kk, self.nik = family_card(3526, 1)
        for device in self.bench.sbi.values():
            device.bad_rate = 0.0
            device.pictures = pictures
        self.bench.pad.rate = 1500.0
        self.deliveries = Deliveries(self.bench.sbi)
        self.search = Search()
        self._seal = bytes.fromhex((self.places.keys / "seal.private").read_text())
        self._opened: set[str] = set()
        points = scribble(self.bench.day.arrived)
        self.search.add("the pad's line", b"".join(packet(*point) for point in points if point))
        # A signature is kept as time, x, y: the time is not known here.
        for at in range(0, len(points) - 7, 7):
            stretch = [point for point in points[at : at + 6] if point]
            if len(stretch) == 6:
                pattern = b"..".join(re.escape(x.to_bytes(2) + y.to_bytes(2)) for x, y in stretch)
                self.search.add_pattern("strokes of the signature", pattern)

    def _quicken(self) -> None:
        """Numbers are given at all hours, so that nobody is sent home; buttons and lamps alone serve."""
        super()._quicken()
        booth = tomllib.loads(self.places.booth_file.read_text(encoding="utf-8"))
        days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        booth["desk"] = {"opens": "00:00", "closes": "24:00", "days": days}
        booth["device"] = [one for one in booth["device"] if one["kind"] in KINDS]
        for table in ("screen", "speaker"):
            booth.pop(table, None)
        self.places.booth_file.write_text(files.toml(booth).lstrip(), encoding="utf-8")

    # --- people ------------------------------------------------------------------------------------------

    def scan(self) -> None:
        """The applicant's family card is held under the scanner; again after a while in which nothing came of it."""
        now = time.monotonic()
        if "green" in self.bench.lit() and now - self._scanned_at > SCAN_AGAIN_S:
            self._scanned_at = now
            self.bench.scan(f"KK:{self.kk};NIK:{self.nik}")

    def serve(self) -> None:
        """What an officer who knows the lamps and one button does now, and an applicant who signs when asked."""
        now, lit = time.monotonic(), self.bench.lit()
        if "amber" in lit:
            # Signing again would only lengthen it: a signature is finished when the pen has rested for a while.
            if self._hand_free and self.memory().done == ("photo",):
                self._hand_free, self.signed = False, self.signed + 1
                self.bench.sign()
        elif "green" in lit and now - self._pressed_at > PRESS_AGAIN_S:
            self._pressed_at = now
            self.bench.press("start")

    def reach(self, order: str, act: Callable[[], object]) -> None:
        """Start the booth, act until it has killed itself as ordered."""
        self._pressed_at = self._scanned_at = float("-inf")
        self._hand_free = True
        self.booth.start(order)

        def gone() -> bool:
            if self.booth.alive:
                act()
            return not self.booth.alive

        if not wait_until(gone, PATIENCE_S):
            raise AssertionError(f"{order!r} is not reached: {self.memory()}\n{self.booth.tail()}")
        status = self.booth.status()
        assert status == KILLED, f"{order!r}: the booth ended with {status}\n{self.booth.tail()}"

    # --- what is on the disk -------------------------------------------------------------------------------

    def memory(self) -> Memory:
        """What the database says."""
        with self.edge() as db:
            rows = {key: json.loads(value) for key, value in db.execute("SELECT key, value FROM state")}
            blobs = [name for (name,) in db.execute("SELECT name FROM blob")]
        enrolments = [row for key, row in rows.items() if key.startswith("enrolment/")]
        return Memory(
            enrolments=tuple(f"{row['id'].rpartition('-')[2]} {row['stage']}" for row in enrolments),
            tickets=sum(key.startswith("ticket/") for key in rows),
            given=rows.get("day", {}).get("total", 0),
            done=tuple(taken["modality"] for row in enrolments for taken in row["done"]),
            captures=frozenset(name.partition("/")[2] for name in blobs if "/" in name),
            packets=sum(key.startswith("packet/") for key in rows),
        )

    def enrolment(self) -> str:
        """Id of the one enrolment, which is that of its packet, too."""
        with self.edge() as db:
            (epoch,) = db.execute("SELECT value FROM meta WHERE key='epoch'").fetchone()
        return f"{epoch}-1"

    def packet(self) -> bytes:
        """The packet that waits for the coordinator."""
        with self.edge() as db:
            return bytes(db.execute("SELECT data FROM blob WHERE name NOT GLOB '*/*'").fetchone()[0])

    def found(self, *places: Path) -> list[str]:
        """Known plaintext in the booth's files (or those given): everything that its devices have given so far."""
        self.deliveries.take(self.search)
        return self.search.within(*(places or (self.places.edge_data, self.places.logs, self.leftovers)))

    def sealed(self) -> Search:
        """Looks for the captures as they may be on the disk: what finds them finds plaintext in the same place."""
        search = Search()
        with self.edge() as db:
            for name, data in db.execute("SELECT name, data FROM blob WHERE name GLOB '*/*'"):
                search.add(name.partition("/")[2], data)
        return search

    def open_captures(self) -> dict[str, CaptureRecord]:
        """The captures in the booth's database, opened with the coordinator's key, and looked for from now on."""
        opened = {}
        with self.edge() as db:
            blobs = db.execute("SELECT name, data FROM blob WHERE name GLOB '*/*'").fetchall()
        for name, data in blobs:
            plain = unseal(data, self._seal, label(*name.split("/")))
            record = CaptureRecord.model_validate_json(plain)
            if name not in self._opened:
                self._opened.add(name)
                self.search.add(f"sealed record of {name}", plain)
                for sample in record.samples:
                    self.search.add(f"sample of {name}", base64.b64decode(sample.value))
            opened[name.partition("/")[2]] = record
        return opened

    def steps(self) -> list[str]:
        """All commits of the recording, in order."""
        return self.trail.read_text(encoding="utf-8").splitlines() if self.trail.exists() else []
