"""The booth's database: state rows, outbox and blobs in one SQLite file, one transaction per step.

Tables: `meta` (epoch, and the last event ever pruned), `state` (rows of the decisions, JSON), `outbox` (events that the
coordinator has not committed, as they are sent), `blob` (sealed captures, packets, card rasters), `deed` (who did
what: rows are added and never changed). Rows of `state` and `outbox` have a guard (`edge.adapters.guard`): an altered
row of the state is refused by name, an altered event is told to the coordinator in its place.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from pydantic import TypeAdapter, ValidationError

from contract import deeds as record
from contract.desk import Deed
from edge.adapters import identity
from edge.adapters.guard import Guard
from edge.core.commands import DropBlob, KeepBlob

SCHEMA: Final = 3
#: Databases up to this size are checked whole at the start; a larger one would delay the first message.
CHECKED_WHOLE: Final = 16 * 1024 * 1024
_CREATE = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE state (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE outbox (seq INTEGER PRIMARY KEY, payload BLOB NOT NULL);
CREATE TABLE blob (name TEXT PRIMARY KEY, data BLOB NOT NULL);
"""
#: From schema 1 to 2. Whoever writes to this file by hand cannot do it by mistake, and the hashes tell of the rest.
_DEEDS = f"""
CREATE TABLE deed (
    n INTEGER PRIMARY KEY, time REAL NOT NULL, officer TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL,
    detail TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL);
CREATE TRIGGER deed_changed BEFORE UPDATE ON deed BEGIN SELECT RAISE(ABORT, 'a deed is never changed'); END;
CREATE TRIGGER deed_removed BEFORE DELETE ON deed BEGIN SELECT RAISE(ABORT, 'a deed is never removed'); END;
CREATE TRIGGER deed_follows BEFORE INSERT ON deed
WHEN NEW.n IS NOT coalesce((SELECT max(n) FROM deed), 0) + 1
  OR NEW.previous IS NOT coalesce((SELECT hash FROM deed ORDER BY n DESC LIMIT 1), '{record.NOTHING}')
BEGIN SELECT RAISE(ABORT, 'a deed follows the last one'); END;
"""
#: From schema 2 to 3.
_GUARDS = "ALTER TABLE state ADD COLUMN guard BLOB; ALTER TABLE outbox ADD COLUMN guard BLOB;"
_PUT_STATE = (
    "INSERT INTO state (key, value, guard) VALUES (?,?,?) "
    "ON CONFLICT DO UPDATE SET value=excluded.value, guard=excluded.guard"
)
_PUT_EVENT = "INSERT INTO outbox (seq, payload, guard) VALUES (?,?,?)"
_DEED_COLUMNS: Final = "n, time, officer, action, subject, detail, previous, hash"
_FULL = "Free space on the disk that holds {path} (df -h), then start the booth again; nothing was lost"
_WORN = "The SD card or disk that holds {path} fails: copy the folder to a new one (dmesg tells more), then start again"
_CORRUPT = "Move {path} and its -wal aside (keep both: unsent recordings are in them) and start again; tell the centre"
_NEWER = "Install the version of Loket that wrote it, or move {path} and its -wal aside (keep both) and start again"
_LOCKED = "Another booth program runs on this folder: end it first (systemctl status loket-edge)"
_ALTERED = "It was changed by something else than the booth, or the card fails"
_READONLY = "Let the booth's user write to {path} and its folder (ls -l, mount)"


class StoreError(Exception):
    """The database cannot be used. `exit_code` is the program's: 74 disk, 65 content, 75 in use."""

    def __init__(self, what: str, remedy: str, exit_code: int) -> None:
        super().__init__(f"{what}. {remedy}")
        self.what, self.remedy, self.exit_code = what, remedy, exit_code


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was committed: rows by key, the events held (`first` = `last` + 1: none), and the last deed."""

    rows: dict[str, object]
    first: int
    last: int
    deed: Deed | None = None


class Store(Protocol):
    """Durable memory of one booth."""

    epoch: str

    def load(self) -> Loaded:
        """Everything that the decisions need."""

    def commit(
        self,
        changes: Mapping[str, object | None],
        records: Sequence[tuple[int, bytes]] = (),
        prune: int | None = None,
        blobs: Sequence[KeepBlob | DropBlob] = (),
        deeds: Sequence[Deed] = (),
    ) -> None:
        """All or nothing. `changes`: None deletes; `records`: number and payload; `blobs`, `deeds`: in this order."""

    def events(self, first: int, last: int) -> list[bytes]:
        """Payloads of the events held from `first` to `last`, in order."""

    def blob(self, name: str) -> bytes | None:
        """Kept bytes, or None when there are none of that name."""


class Rows:
    """Rows as JSON: the key's beginning up to `/` chooses the type."""

    def __init__(self, types: Mapping[str, type]) -> None:
        self._types = types
        self._adapters: dict[str, TypeAdapter[Any]] = {}

    def _adapter(self, key: str) -> TypeAdapter[Any]:
        prefix = key.partition("/")[0]
        if prefix not in self._adapters:
            self._adapters[prefix] = TypeAdapter(self._types[prefix])
        return self._adapters[prefix]

    def dump(self, key: str, value: object) -> bytes:
        """JSON of a row."""
        return self._adapter(key).dump_json(value)

    def parse(self, key: str, raw: bytes) -> object:
        """A row from its JSON. Raises KeyError or ValidationError for what no version before wrote."""
        return self._adapter(key).validate_json(raw)


def deeds_of(db: sqlite3.Connection, order: str = "ORDER BY n") -> Iterator[Deed]:
    """Deeds of a booth's database, one by one. Text that is no deed's at all is handed on, for its hash to tell."""
    for row in db.execute(f"SELECT {_DEED_COLUMNS} FROM deed {order}"):
        yield Deed.model_construct(**dict(zip(_DEED_COLUMNS.split(", "), row, strict=True)))


def events_of(
    db: sqlite3.Connection, epoch: str, guard: Guard, first: int = 0, last: int = 2**63 - 1
) -> Iterator[bytes]:
    """Payloads of a booth's outbox, one by one; an altered one as `Guard.event` tells."""
    rows = db.execute("SELECT seq, payload, guard FROM outbox WHERE seq BETWEEN ? AND ? ORDER BY seq", (first, last))
    for seq, payload, made in rows:
        yield guard.event(epoch, seq, payload, made)


def _row_of(deed: Deed) -> tuple[object, ...]:
    return (deed.n, deed.time, deed.officer, deed.action, deed.subject, deed.detail, deed.previous, deed.hash)


class SqliteStore:
    """One file `booth.db` in the booth's folder; `booth.lock` keeps a second program out."""

    def __init__(self, folder: Path, types: Mapping[str, type]) -> None:
        """Open or make the database. Raises StoreError with the remedy; never deletes or repairs."""
        self.path = folder / "booth.db"
        self._rows = Rows(types)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(folder / "booth.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise self._os_error(error) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise StoreError(f"{folder} is in use", _LOCKED, os.EX_TEMPFAIL) from error
        try:
            with self._told():
                self._open()
        except StoreError:
            self.close()
            raise
        except identity.BoothKeyError as error:
            self.close()
            raise StoreError(error.what, error.remedy, os.EX_DATAERR) from error

    def _open(self) -> None:
        self._db = db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA:
            what = f"{self.path} was written by a newer version (schema {version}, this one knows {SCHEMA})"
            raise StoreError(what, _NEWER.format(path=self.path), os.EX_DATAERR)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA cache_size=-1024")
        db.execute("PRAGMA journal_size_limit=8388608")
        if version > 0 and self.path.stat().st_size <= CHECKED_WHOLE:
            found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise sqlite3.DatabaseError(found)
        if version < SCHEMA:
            self._grow(version)
        self.epoch = self._epoch()
        self.key = identity.load(self.path.parent, self.epoch)
        self._guard = Guard(self.key.private)

    def _epoch(self) -> str:
        """The database's own name. Raises sqlite3.DatabaseError when it is gone."""
        found = self._db.execute("SELECT value FROM meta WHERE key='epoch'").fetchone()
        if found is None or not isinstance(found[0], str):
            raise sqlite3.DatabaseError("the row 'epoch' of meta is missing or altered")
        return found[0]

    def _grow(self, version: int) -> None:
        """To the present schema in one transaction. The key is on the disk before the database that is bound to it."""
        run = self._db.execute
        epoch = os.urandom(6).hex()
        script = f"{_CREATE} INSERT INTO meta VALUES ('epoch', '{epoch}');"
        if version:
            epoch, script = self._epoch(), ""
        # From schema 2 on there is a key: a new one in its place would hide that it was lost.
        key = (identity.make if version < 2 else identity.load)(self.path.parent, epoch)
        deeds = _DEEDS if version < 2 else ""
        guard = Guard(key.private)
        try:
            self._db.executescript(f"BEGIN IMMEDIATE; {script} {deeds} {_GUARDS}")
            for table, name, value in (("state", "key", "value"), ("outbox", "seq", "payload")):
                for at, raw in run(f"SELECT {name}, {value} FROM {table}").fetchall():
                    run(f"UPDATE {table} SET guard=? WHERE {name}=?", (guard.of(table, at, raw), at))
            # Not in a script: Python commits before each.
            run(f"PRAGMA user_version={SCHEMA}")
            run("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                run("ROLLBACK")
            raise

    def load(self) -> Loaded:
        """Everything that the decisions need. Raises StoreError when a row cannot be read."""
        rows: dict[str, object] = {}
        with self._told():
            for key, raw, guard in self._db.execute("SELECT key, value, guard FROM state ORDER BY key"):
                if not self._guard.holds("state", key, raw, guard):
                    what = f"{self.path}: the row {key!r} was altered. {_ALTERED}"
                    raise StoreError(what, _CORRUPT.format(path=self.path), os.EX_DATAERR)
                try:
                    rows[key] = self._rows.parse(key, raw)
                except (KeyError, ValidationError) as error:
                    what = f"{self.path}: the row {key!r} cannot be read"
                    raise StoreError(what, _NEWER.format(path=self.path), os.EX_DATAERR) from error
            low, high = self._db.execute("SELECT min(seq), max(seq) FROM outbox").fetchone()
            pruned = self._db.execute("SELECT value FROM meta WHERE key='pruned'").fetchone()
        try:
            last = max(high or 0, int(pruned[0]) if pruned else 0)
        except (ValueError, TypeError) as error:
            what = f"{self.path}: the row 'pruned' of meta was altered. {_ALTERED}"
            raise StoreError(what, _CORRUPT.format(path=self.path), os.EX_DATAERR) from error
        return Loaded(rows, low if low is not None else last + 1, last, self.last_deed())

    def commit(
        self,
        changes: Mapping[str, object | None],
        records: Sequence[tuple[int, bytes]] = (),
        prune: int | None = None,
        blobs: Sequence[KeepBlob | DropBlob] = (),
        deeds: Sequence[Deed] = (),
    ) -> None:
        """One transaction. Raises StoreError when the disk refuses it; then nothing of it is kept."""
        rows = [(key, None if row is None else self._rows.dump(key, row)) for key, row in changes.items()]
        run, guard = self._db.execute, self._guard.of
        with self._told():
            run("BEGIN IMMEDIATE")
            try:
                for key, raw in rows:
                    if raw is None:
                        run("DELETE FROM state WHERE key=?", (key,))
                    else:
                        run(_PUT_STATE, (key, raw, guard("state", key, raw)))
                for seq, payload in records:
                    run(_PUT_EVENT, (seq, payload, guard("outbox", seq, payload)))
                if prune is not None:
                    run("DELETE FROM outbox WHERE seq<=?", (prune,))
                    run("INSERT OR REPLACE INTO meta VALUES ('pruned', ?)", (str(prune),))
                for change in blobs:
                    if isinstance(change, KeepBlob):
                        run("INSERT OR REPLACE INTO blob VALUES (?,?)", (change.name, change.data))
                    else:
                        run("DELETE FROM blob WHERE name=?", (change.name,))
                for deed in deeds:
                    run(f"INSERT INTO deed ({_DEED_COLUMNS}) VALUES (?,?,?,?,?,?,?,?)", _row_of(deed))
                run("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    run("ROLLBACK")
                raise

    def events(self, first: int, last: int) -> list[bytes]:
        """Payloads of the events held from `first` to `last`, in order; `event.altered` in place of an altered one."""
        with self._told():
            return list(events_of(self._db, self.epoch, self._guard, first, last))

    def blob(self, name: str) -> bytes | None:
        """Kept bytes, or None when there are none of that name."""
        with self._told():
            row = self._db.execute("SELECT data FROM blob WHERE name=?", (name,)).fetchone()
        return row[0] if row else None

    def last_deed(self) -> Deed | None:
        """The newest link of the record of who did what."""
        return next(self.deeds("ORDER BY n DESC LIMIT 1"), None)

    def deeds(self, order: str = "ORDER BY n") -> Iterator[Deed]:
        """Who did what, oldest first. Raises StoreError."""
        with self._told():
            yield from deeds_of(self._db, order)

    def verify_deeds(self) -> str:
        """Empty when the whole record of deeds holds; else which link does not, and why. Raises StoreError."""
        return record.verify(self.deeds())

    def close(self) -> None:
        """Close the database and let another program in."""
        if hasattr(self, "_db"):
            self._db.close()
        os.close(self._lock)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """SQLite's errors as StoreError with the remedy."""
        try:
            yield
        except sqlite3.IntegrityError:
            raise  # a bug of ours: a number was given twice
        except sqlite3.Error as error:
            raise self._sqlite_error(error) from error
        except OSError as error:
            raise self._os_error(error) from error

    def _sqlite_error(self, error: sqlite3.Error) -> StoreError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        what = f"{self.path}: {error}"
        if code == sqlite3.SQLITE_FULL:
            return StoreError(f"the disk is full ({what})", _FULL.format(path=self.path), os.EX_IOERR)
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
            return StoreError(what, _READONLY.format(path=self.path), os.EX_IOERR)
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return StoreError(what, _LOCKED, os.EX_TEMPFAIL)
        if code == sqlite3.SQLITE_IOERR:
            return StoreError(f"the disk does not work ({what})", _WORN.format(path=self.path), os.EX_IOERR)
        return StoreError(f"the database is damaged ({what})", _CORRUPT.format(path=self.path), os.EX_DATAERR)

    def _os_error(self, error: OSError) -> StoreError:
        what = f"{self.path.parent}: {error.strerror}"
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return StoreError(what, _FULL.format(path=self.path), os.EX_IOERR)
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            return StoreError(what, _READONLY.format(path=self.path), os.EX_IOERR)
        return StoreError(what, _WORN.format(path=self.path), os.EX_IOERR)
