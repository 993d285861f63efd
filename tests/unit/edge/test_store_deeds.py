"""The booth's database: the record of who did what, the booth's key, and databases of the version before."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.deeds import link
from edge.adapters import identity
from edge.adapters.store import SqliteStore, StoreError

#: As the version before made it.
SCHEMA_1 = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE state (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE outbox (seq INTEGER PRIMARY KEY, payload BLOB NOT NULL);
CREATE TABLE blob (name TEXT PRIMARY KEY, data BLOB NOT NULL);
INSERT INTO meta VALUES ('epoch', '0123456789ab');
INSERT INTO outbox VALUES (7, x'78');
PRAGMA user_version=1;
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    one = SqliteStore(tmp_path, {})
    yield one
    one.close()


def test_deeds_are_committed_with_their_step_and_the_chain_goes_on_after_a_restart(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, {})
    first = link(None, 5.0, "sari", "sign-in")
    second = link(first, 6.0, "sari", "call", "A-001")
    store.commit({}, [(1, b"one")], deeds=[first, second])
    store.close()
    store = SqliteStore(tmp_path, {})
    assert store.load().deed == second
    assert store.verify_deeds() == ""
    store.commit({}, deeds=[link(second, 7.0, "sari", "out")])
    assert [deed.n for deed in store.deeds()] == [1, 2, 3]
    store.close()


def test_a_deed_that_does_not_follow_takes_its_whole_step_back(store: SqliteStore) -> None:
    store.commit({}, deeds=[link(None, 5.0, "sari", "sign-in")])
    with pytest.raises(sqlite3.IntegrityError, match="follows the last one"):
        store.commit({}, [(1, b"one")], deeds=[link(None, 6.0, "budi", "sign-in")])
    assert store.load().last == 0
    assert [deed.officer for deed in store.deeds()] == ["sari"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE deed SET officer='budi' WHERE n=1",
        "DELETE FROM deed WHERE n=2",
        "REPLACE INTO deed SELECT 1, time, 'budi', action, subject, detail, previous, hash FROM deed WHERE n=1",
    ],
)
def test_the_database_itself_lets_nobody_change_a_deed(store: SqliteStore, statement: str) -> None:
    first = link(None, 5.0, "sari", "sign-in")
    store.commit({}, deeds=[first, link(first, 6.0, "sari", "out")])
    other = sqlite3.connect(store.path)
    with pytest.raises(sqlite3.IntegrityError):
        other.execute(statement)
    other.close()
    assert store.verify_deeds() == ""


def test_who_removes_the_triggers_first_is_found_out_by_the_hashes(store: SqliteStore) -> None:
    first = link(None, 5.0, "sari", "sign-in")
    store.commit({}, deeds=[first, link(first, 6.0, "sari", "out")])
    other = sqlite3.connect(store.path, isolation_level=None)
    other.executescript("DROP TRIGGER deed_changed; UPDATE deed SET time='noon' WHERE n=2;")
    other.close()
    assert store.verify_deeds().startswith("deed 2 was altered")


def test_a_database_of_the_version_before_is_taken_over_with_all_that_is_in_it(tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / "booth.db")
    old.executescript(SCHEMA_1)
    old.close()
    store = SqliteStore(tmp_path, {})
    assert store.epoch == "0123456789ab"
    assert store.events(1, 9) == [b"x"]
    store.commit({}, deeds=[link(None, 5.0, "sari", "sign-in")])
    key = store.key
    store.close()
    store = SqliteStore(tmp_path, {})
    assert (store.verify_deeds(), store.key) == ("", key)
    store.close()


def test_power_lost_between_the_key_and_the_database_leaves_a_booth_that_starts(tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / "booth.db")
    old.executescript(SCHEMA_1)
    old.close()
    before = identity.make(tmp_path, "0123456789ab")
    store = SqliteStore(tmp_path, {})
    assert store.key == before
    store.close()


def test_the_key_is_readable_by_the_booth_alone_and_stays_the_same(store: SqliteStore) -> None:
    path = store.path.parent / "booth.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert identity.load(path.parent, store.epoch) == store.key
    assert store.key.private.hex() not in repr(store.key)


def test_a_database_without_its_key_is_not_opened_and_the_remedy_is_told(tmp_path: Path) -> None:
    SqliteStore(tmp_path, {}).close()
    (tmp_path / "booth.key").unlink()
    with pytest.raises(StoreError, match=r"booth\.key is missing.*Copy booth\.key from the card or backup") as caught:
        SqliteStore(tmp_path, {})
    assert caught.value.exit_code == os.EX_DATAERR


@pytest.mark.parametrize("spoil", [b"", b"{}", b'{"epoch": 5}', b"\xff\xfe"])
def test_a_damaged_key_is_told_and_never_replaced(tmp_path: Path, spoil: bytes) -> None:
    SqliteStore(tmp_path, {}).close()
    (tmp_path / "booth.key").write_bytes(spoil)
    with pytest.raises(StoreError, match=r"booth\.key"):
        SqliteStore(tmp_path, {})
    assert (tmp_path / "booth.key").read_bytes() == spoil


def test_the_key_of_a_database_that_was_moved_aside_is_kept_for_it(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, {})
    key, epoch = store.key, store.epoch
    store.close()
    for name in ("booth.db", "booth.db-wal"):
        if (tmp_path / name).exists():
            (tmp_path / name).rename(tmp_path / f"old-{name}")
    store = SqliteStore(tmp_path, {})
    assert store.epoch != epoch
    assert identity.load(tmp_path, epoch) == key
    assert identity.load(tmp_path, store.epoch) == store.key != key
    store.close()
