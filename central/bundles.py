"""Exports of mobile kits: checked, taken in through the same ingest as messages of the broker, answered with a receipt.

A file is handed over into the folder `imports` of the data folder (by `loket central import`, or by a page of the
console) and taken in by the coordinator at once, or at its next start. It is checked whole before anything of it is
taken; a file whose taking was broken off is taken again from its beginning, which changes nothing twice. Beside it come
`<name>.receipt`, or `<name>.refused` with the reason.
"""

from __future__ import annotations

import fcntl
import logging
import os
import queue
import shutil
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from central.adapters import store_desk, store_ingest, store_work
from central.adapters.store import Store, StoreTrouble
from central.core.items import BundleTaken, Item, Received
from contract import topics
from contract.bundle import (
    RECEIPT_SUFFIX,
    SUFFIX,
    BundleError,
    Checked,
    Receipt,
    check,
    read_events,
    read_packets,
    signed_receipt,
)
from contract.packet import count, wire_part

log = logging.getLogger("loket.imports")

FOLDER: Final = "imports"
REFUSED_SUFFIX: Final = ".refused"
TRUST_SUFFIX: Final = ".trust"
#: Held by the coordinator that takes files from the folder.
LOCK: Final = "taker.lock"
#: Left free on the disk beside a copy.
ROOM: Final = 64 * 1024 * 1024
POLL_S: Final = 1.0
#: What is given to the deciding thread before its commit is waited for.
BATCH_ITEMS, BATCH_BYTES = 200, 1024 * 1024


class Ended(Exception):  # noqa: N818 - no error
    """The program ends; the file stays for the next start."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A checked file that waits in the folder."""

    path: Path
    checked: Checked

    @property
    def receipt(self) -> Path:
        """Where its receipt comes."""
        return self.path.with_name(self.path.name + RECEIPT_SUFFIX)

    @property
    def refused(self) -> Path:
        """Where the reason comes when it is refused."""
        return self.path.with_name(self.path.name + REFUSED_SUFFIX)


def hand_over(source: BinaryIO, folder: Path, trust: str = "") -> HandedOver:
    """Copy a file into the folder, check the copy, and let the coordinator take it.

    `trust`: the booth's key (hex) if a person has compared it. Raises BundleError naming what is wrong with the file,
    OSError of the disks; then nothing is handed over.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f".{os.getpid()}-{threading.get_ident()}.part"
    try:
        with draft.open("wb") as copy:
            shutil.copyfileobj(source, copy, 1024 * 1024)
            copy.flush()
            os.fsync(copy.fileno())
        with draft.open("rb") as copy:
            checked = check(copy, draft.stat().st_size)
        done = HandedOver(folder / checked.header.name, checked)
        for stale in (done.receipt, done.refused):
            stale.unlink(missing_ok=True)
        if trust:
            done.path.with_name(done.path.name + TRUST_SUFFIX).write_text(trust + "\n", encoding="ascii")
        draft.rename(done.path)
        _sync(folder)
    finally:
        draft.unlink(missing_ok=True)
    return done


def taker_runs(folder: Path) -> bool:
    """Whether a coordinator takes files from the folder now."""
    try:
        with (folder / LOCK).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


class Imports:
    """The coordinator's side, in a thread of its own. `put`: into the deciding thread's inbox."""

    def __init__(
        self,
        data: Path,
        store: Store,
        put: Callable[[Item], None],
        command_key: bytes,
        listed: Collection[str],
        accept_unknown: bool = False,
    ) -> None:
        self._folder, self._store, self._put = data / FOLDER, store, put
        self._command_key, self._listed, self._accept_unknown = command_key, frozenset(listed), accept_unknown
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="imports", daemon=True)
        self._lock: BinaryIO | None = None

    def start(self) -> None:
        """Make the folder and begin. Raises OSError."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for draft in self._folder.glob(".*.part"):
            draft.unlink(missing_ok=True)
        self._lock = (self._folder / LOCK).open("wb")
        with suppress(BlockingIOError):
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._thread.start()

    def stop(self) -> None:
        """End; a file under way is taken again at the next start."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(10.0)
        if self._lock is not None:
            self._lock.close()

    def _run(self) -> None:
        while not self._ended.is_set():
            for file in sorted(self._folder.glob(f"*{SUFFIX}")):
                try:
                    self.take(file)
                except Ended:
                    return
                except (OSError, StoreTrouble) as error:
                    log.error("the import of %s waits: %s", file.name, error)
            self._ended.wait(POLL_S)

    def take(self, file: Path) -> Receipt | None:
        """Take one file in; None: it was refused. Raises OSError, StoreTrouble, Ended: it stays where it is."""
        trust_file = file.with_name(file.name + TRUST_SUFFIX)
        trust = trust_file.read_text(encoding="ascii", errors="replace").strip() if trust_file.exists() else ""
        try:
            with file.open("rb") as source:
                checked = check(source, file.stat().st_size)
                self._believe(checked, trust)
                self._feed(source, checked)
        except BundleError as error:
            log.warning("the import of %s is refused: %s", file.name, error)
            _put_file(file.with_name(file.name + REFUSED_SUFFIX), f"{error}\n".encode())
            _remove(file, trust_file)
            return None
        receipt = self._receipt(checked)
        _put_file(file.with_name(file.name + RECEIPT_SUFFIX), signed_receipt(receipt, self._command_key))
        _remove(file, trust_file)
        log.info(
            "export %d of %s is taken in: events up to %d, %d of %d packets are whole here",
            receipt.number,
            receipt.booth,
            receipt.seq,
            len(receipt.packets),
            len(checked.header.packets),
        )
        return receipt

    def _believe(self, checked: Checked, trust: str) -> None:
        """Whether the file's key is that of the booth it names. Raises BundleError."""
        header = checked.header
        if header.booth not in self._listed and not self._accept_unknown:
            raise BundleError(
                f"the booth {header.booth} is not listed in the coordinator's configuration: add a [[booth]] for it"
            )
        with self._store.read() as connection:
            known = store_desk.key(connection, header.booth, header.epoch)
        if known is not None and known != header.key:
            raise BundleError(
                f"it is signed with another key ({header.key}) than the one that the booth {header.booth} has told "
                f"for this memory ({known}): it was not written by this booth"
            )
        if known is None and trust.lower() != header.key:
            what = "the key that was given is not the one that signed it" if trust else "its key is not known yet"
            raise BundleError(
                f"{what}: ask the kit itself with `loket kit key CONFIG`; if that prints {header.key}, "
                f"import again with --trust {header.key}"
            )

    def _feed(self, source: BinaryIO, checked: Checked) -> None:
        """All messages of the file, so many at a time that the memory stays flat."""
        self._step(checked, [])
        batch: list[Received] = []
        size = 0
        for message in _messages(source, checked, frozenset(self._whole(checked))):
            batch.append(message)
            size += len(message.payload)
            if len(batch) >= BATCH_ITEMS or size >= BATCH_BYTES:
                self._step(checked, batch)
                batch, size = [], 0
        self._step(checked, batch)

    def _step(self, checked: Checked, batch: list[Received]) -> None:
        """Give a batch to the deciding thread and wait for its commit. Raises Ended."""
        header = checked.header
        answer: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        for message in batch:
            self._put(message)
        self._put(BundleTaken(header.booth, header.epoch, header.events.first, header.key, answer.put))
        while not self._ended.is_set():
            with suppress(queue.Empty):
                answer.get(timeout=0.5)
                return
        raise Ended

    def _receipt(self, checked: Checked) -> Receipt:
        header = checked.header
        with self._store.read() as connection:
            streams = store_ingest.streams(connection, [header.booth])
            prefix = streams[header.booth, header.epoch].prefix
        return Receipt(
            booth=header.booth,
            epoch=header.epoch,
            number=header.number,
            bundle=checked.sha256,
            seq=min(prefix, header.events.last),
            packets=self._whole(checked),
        )

    def _whole(self, checked: Checked) -> dict[str, int]:
        """Packets of the file that are whole and checked here -> their parts."""
        header = checked.header
        with self._store.read() as connection:
            rows = [store_work.packet(connection, entry.packet) for entry in header.packets]
        return {row.packet: row.parts for row in rows if row and row.whole and row.booth == header.booth}


def _messages(source: BinaryIO, checked: Checked, whole: Collection[str]) -> Iterator[Received]:
    """As the booth itself would send them, all events before the packets that they announce; those `whole` are here."""
    booth = checked.header.booth
    for payload in read_events(source, checked):
        yield Received(topics.of(booth, topics.EVENT), payload, 0, 0, 0)
    for entry, index, piece in read_packets(source, checked):
        if entry.packet not in whole:
            part = wire_part(piece, index, count(entry.size))
            yield Received(topics.of(booth, topics.PACKET, entry.packet), part, 0, 0, 0)


def _put_file(path: Path, data: bytes) -> None:
    draft = path.with_name(f".{path.name}.part")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    _sync(path.parent)


def _remove(*files: Path) -> None:
    for file in files:
        file.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
