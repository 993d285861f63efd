"""The inbox folder of a running booth: receipts of exports that a person brought back from the coordinator.

A receipt is handed to the decisions as what it is, an acknowledgement. Its file goes only when the database shows that
nothing of what it names is held any more, so that no power cut loses it.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from contract.bundle import RECEIPT_SUFFIX, BundleError, Receipt, read_receipt
from edge.core.events import Acked

log = logging.getLogger("loket.kit")

FOLDER: Final = "inbox"
REFUSED_SUFFIX: Final = ".refused"
LIMIT: Final = 4 * 1024 * 1024
POLL_S: Final = 2.0
#: So often is a receipt handed over before it is put aside as one that changes nothing.
TRIES: Final = 5


def held(db: sqlite3.Connection, receipt: Receipt) -> int:
    """Events and packets that the receipt names and that are still held."""
    events = db.execute("SELECT count(*) FROM outbox WHERE seq<=?", (receipt.seq,)).fetchone()[0]
    packets = sum(
        db.execute("SELECT count(*) FROM state WHERE key=?", (f"packet/{name}",)).fetchone()[0]
        for name in receipt.packets
    )
    return int(events + packets)


def misfit(receipt: Receipt, booth: str, epoch: str) -> str:
    """Why a good receipt is none for this booth's database; empty: it is."""
    if receipt.booth != booth:
        return f"the receipt is for the booth {receipt.booth}, this is {booth}"
    if receipt.epoch != epoch:
        return f"the receipt is for another database of {booth} (epoch {receipt.epoch}, this one is {epoch})"
    return ""


class ReceiptBox:
    """Looks into the folder from a thread of its own; `put` takes `Acked` events for the booth's inbox."""

    def __init__(self, folder: Path, booth: str, epoch: str, command_key: bytes, put: Callable[[object], None]) -> None:
        self._folder, self._database = folder / FOLDER, folder / "booth.db"
        self._booth, self._epoch, self._key, self._put = booth, epoch, command_key, put
        self._tries: dict[Path, int] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="receipts", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(5.0)

    def _run(self) -> None:
        while True:
            self.look()
            if self._ended.wait(POLL_S):
                return

    def look(self) -> None:
        """Hand over what is there; take away what is done. Never raises for what lies in the folder."""
        try:
            files = sorted(self._folder.glob(f"*{RECEIPT_SUFFIX}")) if self._folder.is_dir() else []
        except OSError as error:
            log.warning("%s cannot be read: %s", self._folder, error.strerror)
            return
        for file in files:
            try:
                self._take(file)
            except (OSError, sqlite3.Error) as error:
                log.warning("the receipt %s waits: %s", file.name, error)

    def _take(self, file: Path) -> None:
        try:
            if file.stat().st_size > LIMIT:
                raise BundleError("this is no receipt: it is too large")
            receipt = read_receipt(file.read_bytes(), self._key)
            if why := misfit(receipt, self._booth, self._epoch):
                raise BundleError(why)
        except BundleError as error:
            self._aside(file, str(error))
            return
        with closing(sqlite3.connect(f"{self._database.resolve().as_uri()}?mode=ro", uri=True)) as db:
            left = held(db, receipt)
        if not left:
            file.unlink(missing_ok=True)
            self._tries.pop(file, None)
            log.info("export %d is acknowledged: nothing of it up to event %d is held", receipt.number, receipt.seq)
            return
        tries = self._tries[file] = self._tries.get(file, 0) + 1
        if tries > TRIES:
            self._aside(file, f"{left} events and packets that it names are held still; see the booth's log")
            return
        self._put(Acked(receipt.epoch, receipt.seq, dict(receipt.packets)))

    def _aside(self, file: Path, why: str) -> None:
        log.warning("the receipt %s is refused: %s", file.name, why)
        self._tries.pop(file, None)
        with suppress(OSError):
            file.with_name(file.name + REFUSED_SUFFIX).write_text(why + "\n", encoding="utf-8")
            file.unlink()
