"""The mobile kit: `python -m edge.kit export CONFIG DIR | receipt CONFIG FILE | key CONFIG`.

Works beside the running booth and without it. Exit codes: 0 done, 2 refused, 65 the database's content, 74 disk,
75 the booth has not taken the receipt yet.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from contract.bundle import RECEIPT_SUFFIX, BundleError, Entry, Events, Header, Receipt, read_receipt, total_size, write
from contract.packet import PART
from edge.adapters import identity
from edge.adapters.guard import Guard
from edge.adapters.receipts import FOLDER, LIMIT, POLL_S, REFUSED_SUFFIX, TRIES, misfit
from edge.adapters.store import SCHEMA, SqliteStore, StoreError, events_of
from edge.config import Config, ConfigError, load
from edge.core import outbox, packets
from edge.core.commands import DropBlob, Prune
from edge.core.events import Acked
from edge.core.journal import ROW_TYPES

REFUSED: Final = 2
#: How long a running booth may take to act upon a receipt.
PATIENCE_S: Final = POLL_S * (TRIES + 3)
#: Left free on the stick beside the file itself.
ROOM: Final = 1024 * 1024
_USAGE = "usage: loket kit export CONFIG DIR | loket kit receipt CONFIG FILE | loket kit key CONFIG"


class KitError(Exception):
    """What was asked cannot be done; the text says what to do."""

    def __init__(self, what: str, remedy: str, exit_code: int = REFUSED) -> None:
        super().__init__(f"{what}. {remedy}")
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written. `missing`: packets whose bytes are gone or damaged, so that they are not in the file."""

    path: Path
    header: Header
    size: int
    missing: tuple[str, ...]


def main(arguments: list[str] | None = None) -> int:
    """Do what is asked; the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    if len(given) != (2 if given[:1] == ["key"] else 3) or given[0] not in ("export", "receipt", "key"):
        sys.stderr.write(_USAGE + "\n")
        return REFUSED
    try:
        config = load(given[1])
        if given[0] == "export":
            return _export(config, Path(given[2]))
        if given[0] == "receipt":
            return _receipt(config, Path(given[2]))
        _say(key(config).public.hex())
    except (KitError, StoreError) as error:
        sys.stderr.write(f"loket: {error}\n")
        return error.exit_code
    except (ConfigError, identity.BoothKeyError) as error:
        sys.stderr.write(f"loket: {error}\n")
        return REFUSED
    return os.EX_OK


# --- export --------------------------------------------------------------------------------------------


def key(config: Config) -> identity.BoothKey:
    """The booth's key. Raises KitError or BoothKeyError."""
    with closing(_open(config.booth.data)) as db:
        return identity.load(config.booth.data, _epoch(db))


def _export(config: Config, folder: Path) -> int:
    begun = time.monotonic()
    done = export(config, folder)
    for name in done.missing:
        sys.stderr.write(f"loket: packet {name} is missing or damaged on this disk: record that applicant again\n")
    if done.size == 0:
        _say("nothing waits for the coordinator: no file was written")
        return os.EX_OK
    events, held = done.header.events, len(done.header.packets)
    _say(f"{done.path}: export {done.header.number} of {done.header.booth}")
    _say(
        f"{held} recordings and {events.count} events ({events.first} to {events.last}), {done.size / 1e6:.1f} MB, "
        f"{time.monotonic() - begun:.1f} s; nothing was deleted here"
    )
    _say("Take it to the coordinator (loket central import CONFIG FILE) and bring its receipt back")
    return os.EX_OK


def export(config: Config, folder: Path) -> Exported:
    """Write all that the coordinator lacks into one new file. Deletes nothing. Raises KitError, BoothKeyError."""
    if not folder.is_dir():
        raise KitError(f"{folder} is no folder", "Put the stick in, mount it, and name its folder (lsblk, mount)")
    data = config.booth.data
    try:
        with closing(_open(data)) as db:
            own = identity.load(data, _epoch(db))
            # One snapshot for both passes: what the booth records meanwhile is in the next export.
            db.execute("BEGIN")
            header, missing = _survey(db, config.booth.id, own)
            if not header.events.count and not header.packets:
                return Exported(folder, header, 0, missing)
            size = total_size(header)
            free = shutil.disk_usage(folder).free
            if free < size + ROOM:
                what = f"{folder} has {free / 1e6:.0f} MB free, the export needs {(size + ROOM) / 1e6:.0f} MB"
                raise KitError(what, "Free space on it, or take another stick; nothing was written", os.EX_IOERR)
            header = header.model_copy(update={"number": _next_number(data)})
            return Exported(_written(db, header, folder, own), header, total_size(header), missing)
    except sqlite3.Error as error:
        what = f"{data / 'booth.db'}: {error}"
        raise KitError(what, "Free space on its disk; look into the booth's log", os.EX_IOERR) from error
    except OSError as error:
        raise _disk_error(folder, error) from error


def _open(data: Path) -> sqlite3.Connection:
    """The booth's database beside whoever has it; never made here. Raises KitError."""
    path = data / "booth.db"
    if not path.exists():
        raise KitError(f"{path} does not exist", "The booth of this file has not run yet: start it once")
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=30.0)
    try:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA cache_size=-1024")
    except sqlite3.Error as error:
        db.close()
        raise KitError(f"{path}: {error}", "Run this as the booth's user (ls -l)", os.EX_IOERR) from error
    if version != SCHEMA:
        db.close()
        remedy = "Start the booth once" if version < SCHEMA else "Use the version of Loket that the booth runs"
        raise KitError(f"{path} is of another version (schema {version}, not {SCHEMA})", remedy, os.EX_DATAERR)
    return db


def _epoch(db: sqlite3.Connection) -> str:
    return str(db.execute("SELECT value FROM meta WHERE key='epoch'").fetchone()[0])


def _next_number(data: Path) -> int:
    """The number of this export, committed before any file has it. A number may stay unused, none is used twice."""
    with closing(_open(data)) as db:
        db.execute("BEGIN IMMEDIATE")
        found = db.execute("SELECT value FROM meta WHERE key='bundle'").fetchone()
        number = int(found[0]) + 1 if found else 1
        db.execute("INSERT OR REPLACE INTO meta VALUES ('bundle', ?)", (str(number),))
        db.execute("COMMIT")
    return number


def _survey(db: sqlite3.Connection, booth: str, own: identity.BoothKey) -> tuple[Header, tuple[str, ...]]:
    """The header of what is held, still without its number, and the packets whose bytes are not there."""
    seen, size = hashlib.sha256(), 0
    for payload in _events(db, own):
        seen.update(payload + b"\n")
        size += len(payload) + 1
    held = db.execute("SELECT min(seq), max(seq) FROM outbox").fetchone()
    first, last = held[0] or 0, held[1] or 0
    if not last:
        pruned = db.execute("SELECT value FROM meta WHERE key='pruned'").fetchone()
        last = int(pruned[0]) if pruned else 0
        first = last + 1
    entries, missing = [], []
    for name, expected in _packets(db):
        hashed, there = hashlib.sha256(), 0
        for piece in _blob(db, name):
            hashed.update(piece)
            there += len(piece)
        if there == expected and there:
            entries.append(Entry(packet=name, size=there, sha256=hashed.hexdigest()))
        else:
            missing.append(name)
    header = Header(
        booth=booth,
        epoch=_epoch(db),
        number=2**31 - 1,
        made=datetime.now(UTC),
        key=own.public.hex(),
        events=Events(first=first, last=last, size=size, sha256=seen.hexdigest()),
        packets=tuple(entries),
    )
    return header, tuple(missing)


def _events(db: sqlite3.Connection, own: identity.BoothKey) -> Iterator[bytes]:
    """Payloads of the events that are held, in order, as the booth itself would send them."""
    return events_of(db, _epoch(db), Guard(own.private))


def _packets(db: sqlite3.Connection) -> list[tuple[str, int]]:
    """Names and sizes of the packets that are held, the oldest first."""
    rows = []
    for name, raw in db.execute("SELECT key, value FROM state WHERE key GLOB 'packet/*'"):
        found = json.loads(raw)
        rows.append((int(found["order"]), str(name).removeprefix("packet/"), int(found["size"])))
    return [(name, size) for _, name, size in sorted(rows)]


def _blob(db: sqlite3.Connection, name: str) -> Iterator[bytes]:
    """Kept bytes in pieces; none when there are none."""
    row = db.execute("SELECT rowid FROM blob WHERE name=?", (name,)).fetchone()
    if row is None:
        return
    with db.blobopen("blob", "data", row[0], readonly=True) as blob:
        while piece := blob.read(PART):
            yield piece


def _written(db: sqlite3.Connection, header: Header, folder: Path, own: identity.BoothKey) -> Path:
    """Under a name that no import takes until all of it is on the stick. Raises OSError, KitError."""
    path = folder / header.name
    draft = folder / f".{header.name}.part"
    payloads = _events(db, own)
    try:
        with draft.open("xb") as out:
            write(out, header, payloads, lambda name: _blob(db, name), own.private)
            out.flush()
            os.fsync(out.fileno())
        draft.rename(path)
    except BundleError as error:
        raise KitError(str(error), "Export again", os.EX_IOERR) from error
    finally:
        draft.unlink(missing_ok=True)
    # Some file systems of sticks cannot do this; the file itself is on the stick already.
    with suppress(OSError):
        identity.sync_folder(folder)
    return path


def _disk_error(folder: Path, error: OSError) -> KitError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return KitError(f"{folder} is full", "Free space on it, or take another stick; nothing was kept", os.EX_IOERR)
    if error.errno == errno.EFBIG:
        remedy = "Format the stick as exFAT: FAT32 takes no file over 4 GiB"
        return KitError(f"the export is too large for the file system of {folder}", remedy, os.EX_IOERR)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        what = f"{folder} cannot be written ({error.strerror})"
        return KitError(what, "Mount it for this user; look for a lock on the stick", os.EX_IOERR)
    return KitError(f"{folder}: {error.strerror}", "Pull the stick out, put it in and try again", os.EX_IOERR)


# --- receipt -------------------------------------------------------------------------------------------


def _receipt(config: Config, file: Path) -> int:
    """Check the receipt and let what it names go: through the running booth, or here when it does not run."""
    try:
        if file.stat().st_size > LIMIT:
            raise KitError(f"{file} is too large for a receipt", f"Name the file that ends in {RECEIPT_SUFFIX}")
        raw = file.read_bytes()
    except OSError as error:
        raise KitError(f"{file} cannot be read ({error.strerror})", "Check its name; put the stick in again") from error
    with closing(_open(config.booth.data)) as db:
        epoch = _epoch(db)
    try:
        receipt = read_receipt(raw, bytes.fromhex(config.keys.command))
        if why := misfit(receipt, config.booth.id, epoch):
            raise BundleError(why)
    except BundleError as error:
        raise KitError(f"{file}: {error}", "Bring the receipt that the import of this kit's export gave") from error
    try:
        store = SqliteStore(config.booth.data, ROW_TYPES)
    except StoreError as error:
        if error.exit_code != os.EX_TEMPFAIL:
            raise
        return _hand_over(config.booth.data / FOLDER, receipt, raw)
    try:
        events, gone = apply(store, receipt, config)
    finally:
        store.close()
    _say(f"export {receipt.number} is acknowledged: {events} events and {gone} recordings were let go here")
    return os.EX_OK


def apply(store: SqliteStore, receipt: Receipt, config: Config) -> tuple[int, int]:
    """What an acknowledgement of the coordinator does, in one commit; how many events and packets went."""
    loaded, settings = store.load(), config.settings(store.epoch)
    event = Acked(receipt.epoch, receipt.seq, dict(receipt.packets))
    saved = {key: row for key, row in loaded.rows.items() if isinstance(row, packets.Packet)}
    _, out = outbox.step(outbox.State(loaded.first, loaded.last), event, 0.0, settings)
    after, held = packets.step(packets.State(saved), event, 0.0, settings)
    pruned = max((command.seq for command in out if isinstance(command, Prune)), default=None)
    gone = [command for command in held if isinstance(command, DropBlob)]
    changes: dict[str, object | None] = {key: None for key in saved if key not in after.saved}
    if changes or pruned is not None:
        store.commit(changes, (), pruned, gone)
    return (pruned - loaded.first + 1 if pruned is not None else 0), len(gone)


def _hand_over(inbox: Path, receipt: Receipt, raw: bytes) -> int:
    """Into the running booth's folder; waits until the booth has acted upon it."""
    place = inbox / f"{receipt.booth}-{receipt.epoch}-{receipt.number}{RECEIPT_SUFFIX}"
    refused = place.with_name(place.name + REFUSED_SUFFIX)
    try:
        inbox.mkdir(mode=0o700, exist_ok=True)
        refused.unlink(missing_ok=True)
        identity.write_private(place, raw)
        if os.geteuid() == 0:
            owner = inbox.parent.stat()
            for path in (inbox, place):
                os.chown(path, owner.st_uid, owner.st_gid)
    except OSError as error:
        raise KitError(f"{inbox} cannot be written ({error.strerror})", "Run this as the booth's user") from error
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if refused.exists():
            why = refused.read_text(encoding="utf-8").strip()
            refused.unlink(missing_ok=True)
            raise KitError(f"the booth refused the receipt: {why}", "Look into the booth's log")
        if not place.exists():
            _say(f"export {receipt.number} is acknowledged: the booth has let go all that the coordinator has")
            return os.EX_OK
        time.sleep(0.1)
    _say(f"the booth has the receipt of export {receipt.number}, and has not acted upon it yet; look into its log")
    return os.EX_TEMPFAIL


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
