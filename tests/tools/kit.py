"""A mobile kit's way home, shown and measured: `python -m tests.tools.kit --recordings 500`.

A kit with sealed and signed recordings exports them with the real program; a real coordinator takes the file in, twice;
halved and altered copies are given to it, too; its receipt lets the kit prune. Ends with 1 if one promise fails.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from contract.bundle import Checked, check
from contract.messages import KINDS, BoothStarted, EnrolmentCompleted, EnrolmentOpened, Event, Message, Modality
from contract.packet import CaptureEntry, CaptureRecord, Manifest, Sample, count, label, pack, sign_packet
from contract.sealing import new_seal_pair, new_sign_pair, seal
from edge.adapters.store import SqliteStore
from edge.core.commands import KeepBlob
from edge.core.packets import Packet

ROOT = Path(__file__).resolve().parents[2]
NIK, KK = "3526014107900001", "3526010101100001"
MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TYPES: dict[str, type] = {"packet": Packet}


@dataclass(frozen=True, slots=True)
class Site:
    """A kit and a coordinator that know each other, in one folder."""

    folder: Path
    booth: Path
    """The kit's settings file."""
    central: Path
    """The coordinator's."""

    @property
    def database(self) -> Path:
        """The kit's."""
        return self.folder / "kit" / "booth.db"

    @property
    def coordinator_database(self) -> Path:
        """The coordinator's."""
        return self.folder / "coordinator" / "central.sqlite3"


def make_site(folder: Path, booth: str = "kit-1", port: int = 0, centre: str = "http://127.0.0.1:9") -> Site:
    """Settings and keys. The coordinator meets a broker at a port where there is none: nothing comes by network."""
    seal_private, seal_public = new_seal_pair()
    sign_private, sign_public = new_sign_pair()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "seal.private").write_text(seal_private.hex())
    (folder / "command.private").write_text(sign_private.hex())
    kit = folder / "booth.toml"
    kit.write_text(
        f'[booth]\nid = "{booth}"\nname = "Jemput bola"\ndata = "kit"\n'
        f'[keys]\nseal = "{seal_public.hex()}"\ncommand = "{sign_public.hex()}"\n'
    )
    central = folder / "central.toml"
    central.write_text(
        f'[coordinator]\nid = "c1"\ndata = "coordinator"\n[broker]\nport = 9\n'
        f'[keys]\nseal_private = "seal.private"\ncommand_private = "command.private"\n'
        f'[centre]\nurl = "{centre}"\n[console]\nport = {port}\n[[booth]]\nid = "{booth}"\n'
    )
    return Site(folder, kit, central)


class Kit:
    """Records into a kit's database what its booth would: sealed and signed packets, and the events about them."""

    def __init__(self, site: Site) -> None:
        from edge.config import load

        self._config = load(site.booth)
        self.store = SqliteStore(self._config.booth.data, TYPES)
        self._seal = bytes.fromhex(self._config.keys.seal)
        loaded = self.store.load()
        self._seq = loaded.last
        self._order = max((row.order for row in loaded.rows.values() if isinstance(row, Packet)), default=0)
        self._records: list[tuple[int, bytes]] = []
        if not self._seq:
            self._event(BoothStarted(version="1", key=self.store.key.public.hex()))

    def record(self, recordings: int, size: int, batch: int = 20) -> None:
        """So many applicants, each with captures of about `size` bytes (noise: it is as hard to pack as pictures)."""
        changes: dict[str, object | None] = {}
        blobs: list[KeepBlob] = []
        for at in range(recordings):
            self._order += 1
            name = f"{self.store.epoch}-{self._order}"
            packet = self._packet(name, size)
            changes[f"packet/{name}"] = Packet(len(packet), self._order)
            blobs.append(KeepBlob(name, packet))
            self._event(EnrolmentOpened(enrolment=name, nik=NIK, kk=KK))
            self._event(
                EnrolmentCompleted(
                    enrolment=name,
                    packet=name,
                    size=len(packet),
                    parts=count(len(packet)),
                    sha256=hashlib.sha256(packet).hexdigest(),
                )
            )
            if len(blobs) == batch or at == recordings - 1:
                self.store.commit(changes, self._records, None, blobs)
                changes, blobs, self._records = {}, [], []

    def close(self) -> None:
        """The kit is switched off."""
        self.store.close()

    def _event(self, body: Message) -> None:
        self._seq += 1
        envelope = Event(
            epoch=self.store.epoch,
            seq=self._seq,
            id=f"{self.store.epoch}-{self._seq}",
            boot="boot-1",
            time=MORNING + timedelta(seconds=60 * self._seq),
            kind=KINDS[type(body)],
            body=body.model_dump(mode="json"),
        )
        self._records.append((self._seq, envelope.model_dump_json().encode()))

    def _packet(self, name: str, size: int) -> bytes:
        share, entries, sealed = size // 2, [], []
        for modality in (Modality.PHOTO, Modality.RIGHT_FOUR):
            raw = base64.b64encode(os.urandom(share * 3 // 4)).decode()
            sample = Sample(subtype="Face", quality=80.0, format="jpeg", value=raw)
            record = CaptureRecord(modality=modality, samples=(sample,))
            entry = f"{modality.value}.1"
            data = seal(record.model_dump_json().encode(), self._seal, label(name, entry))
            digest = hashlib.sha256(data).hexdigest()
            quality = {"Face": 80.0}
            entries.append(CaptureEntry(name=entry, modality=modality, attempt=1, quality=quality, sha256=digest))
            sealed.append((entry, data))
        booth = self._config.booth.id
        manifest = Manifest(packet=name, enrolment=name, booth=booth, nik=NIK, kk=KK, captures=tuple(entries))
        head = seal(manifest.model_dump_json().encode(), self._seal, label(name, "manifest"))
        whole = [("manifest", head), *sealed]
        return pack([*whole, sign_packet(whole, self.store.key.private)])


def counted(site: Site) -> tuple[int, int, int]:
    """Events, recordings and whole packets that the coordinator has."""
    with closing(sqlite3.connect(site.coordinator_database)) as db:
        events = db.execute("SELECT count(*) FROM event").fetchone()[0]
        recordings = db.execute("SELECT count(*) FROM encoding").fetchone()[0]
        whole = db.execute("SELECT count(*) FROM packet WHERE whole").fetchone()[0]
    return events, recordings, whole


def waiting(site: Site) -> tuple[int, int, int]:
    """Events, packets and blobs that the kit still holds."""
    with closing(sqlite3.connect(site.database)) as db:
        events = db.execute("SELECT count(*) FROM outbox").fetchone()[0]
        packets = db.execute("SELECT count(*) FROM state WHERE key GLOB 'packet/*'").fetchone()[0]
        blobs = db.execute("SELECT count(*) FROM blob").fetchone()[0]
    return events, packets, blobs


def checked_file(path: Path) -> Checked:
    """The file's header, and where its sections are."""
    with path.open("rb") as file:
        return check(file, path.stat().st_size)


def altered(path: Path, folder: Path) -> Iterator[tuple[str, Path, str]]:
    """Spoiled copies: what was done, the copy, and what the refusal must name."""
    found = checked_file(path)
    size, packets = path.stat().st_size, found.header.packets
    middle = found.begins + found.header.events.size + sum(e.size for e in packets[: len(packets) // 2]) + 5
    named = f"packet {packets[len(packets) // 2].packet}"
    copy = folder / "half.lkb"
    shutil.copyfile(path, copy)
    os.truncate(copy, size // 2)
    yield "cut in half", copy, "cut in packet"
    for what, place, told in (
        ("one bit flipped in the header", 60, "the header was altered"),
        ("one bit flipped in the events", found.begins + found.header.events.size // 2, "the events were altered"),
        ("one bit flipped in a packet", middle, named),
        ("one bit flipped in the signature", size - 10, "the signature"),
    ):
        copy = folder / "flipped.lkb"
        shutil.copyfile(path, copy)
        with copy.open("r+b") as file:
            file.seek(place)
            byte = file.read(1)[0]
            file.seek(place)
            file.write(bytes([byte ^ 4]))
        yield what, copy, told


# --- the demonstration ---------------------------------------------------------------------------------


class _Programs:
    """The real programs, each with its time and memory."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.failed = 0

    def run(self, *words: str) -> tuple[int, str, float, float]:
        """Exit code, all that was said, seconds, peak MB."""
        begun = time.monotonic()
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen([sys.executable, "-m", *words], cwd=ROOT, stdout=said, stderr=said)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            said.seek(0)
            text = said.read().decode()
        return process.returncode, text, time.monotonic() - begun, usage.ru_maxrss / 1024

    def say(self, good: bool, line: str) -> None:
        """One line of the report."""
        self.failed += not good
        print(f"{'ok  ' if good else 'FAIL'}  {line}", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Show it; 1 when a promise fails."""
    parser = argparse.ArgumentParser(prog="tests.tools.kit", description=__doc__)
    parser.add_argument("--recordings", type=int, default=500)
    parser.add_argument("--kb", type=int, default=700, help="size of one recording, kB")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="loket-kit-") as name:
        return _show(Path(name), chosen.recordings, chosen.kb * 1000)


def _show(folder: Path, recordings: int, size: int) -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    site = make_site(folder, port=port)
    begun = time.monotonic()
    kit = Kit(site)
    kit.record(recordings, size)
    kit.close()
    print(f"{recordings} recordings of {size / 1000:.0f} kB sealed and signed in {time.monotonic() - begun:.1f} s")
    programs = _Programs(site)
    stick = folder / "stick"
    stick.mkdir()
    code, said, took, peak = programs.run("edge.kit", "export", str(site.booth), str(stick))
    file = next(stick.glob("*.lkb"), stick / "none")
    told = said.splitlines()[1] if code == 0 else said
    programs.say(code == 0, f"export: {told}; the program took {took:.1f} s, peak {peak:.0f} MB")
    if code:
        return 1
    key = programs.run("edge.kit", "key", str(site.booth))[1].strip()
    central = subprocess.Popen(
        [sys.executable, "-m", "central", str(site.central)], cwd=ROOT, stderr=(folder / "central.log").open("wb")
    )
    try:
        _until_up(port)
        _imports(programs, site, central.pid, file, key)
    finally:
        central.terminate()
        central.wait(30)
    before = waiting(site)
    code, said, took, peak = programs.run("edge.kit", "receipt", str(site.booth), str(file) + ".receipt")
    programs.say(code == 0 and waiting(site) == (0, 0, 0), f"receipt: {said.strip()} (before: {before[1]} packets)")
    return 1 if programs.failed else 0


def _imports(programs: _Programs, site: Site, central: int, file: Path, key: str) -> None:
    words = ("central.importing", str(site.central))
    header = checked_file(file).header
    everything = (header.events.count, len(header.packets), len(header.packets))
    code, said, _, _ = programs.run(*words, str(file))
    programs.say(code == 1 and "not known" in said, f"a kit that nobody knows yet is refused: {_reason(said)}")
    base = _peak(central)
    code, said, took, peak = programs.run(*words, "--trust", key, str(file))
    found = counted(site)
    programs.say(
        code == 0 and found == everything,
        f"import: {found[1]} recordings, {found[0]} events, {found[2]} whole packets in {took:.1f} s; "
        f"peak of the import {peak:.0f} MB, of the coordinator {_peak(central):.0f} MB ({base:.0f} MB before)",
    )
    receipt = Path(f"{file}.receipt").read_bytes()
    code, said, took, _ = programs.run(*words, str(file))
    same = Path(f"{file}.receipt").read_bytes() == receipt
    programs.say(
        code == 0 and counted(site) == everything and same,
        f"imported again: still {counted(site)[1]} recordings, the same receipt, {took:.1f} s",
    )
    for what, copy, told in altered(file, site.folder):
        code, said, _, _ = programs.run(*words, str(copy))
        good = code == 1 and told in said and counted(site) == everything
        programs.say(good, f"{what}: {_reason(said)}")


def _reason(said: str) -> str:
    return said.strip().rpartition("nothing was taken: ")[2]


def _peak(process: int) -> float:
    """Highest resident memory of a process so far, MB."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _until_up(port: int) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the coordinator does not answer")


if __name__ == "__main__":
    sys.exit(main())
