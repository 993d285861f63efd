"""The booth's database keeps what was committed, all or nothing, and never destroys what it cannot read."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge.adapters.store import Loaded, SqliteStore, StoreError
from edge.core.commands import DropBlob, KeepBlob


@dataclass(frozen=True, slots=True)
class Thing:
    """A row of these tests."""

    size: int
    parts: tuple[str, ...] = ()


TYPES: dict[str, type] = {"thing": Thing}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    one = SqliteStore(tmp_path, TYPES)
    yield one
    one.close()


def _again(store: SqliteStore) -> SqliteStore:
    store.close()
    return SqliteStore(store.path.parent, TYPES)


def test_what_was_committed_is_there_after_a_restart(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, TYPES)
    thing = Thing(3, ("a", "b"))
    store.commit({"thing/1": thing, "thing/2": Thing(4)}, [(1, b"one"), (2, b"two")], None, [KeepBlob("b", b"x")])
    store.commit({"thing/2": None})
    epoch, store = store.epoch, _again(store)
    assert store.load() == Loaded({"thing/1": thing}, 1, 2)
    assert store.events(1, 2) == [b"one", b"two"]
    assert store.blob("b") == b"x"
    assert store.epoch == epoch, "the numbers of events go on"
    store.close()


def test_numbers_are_never_used_again_even_when_all_events_are_acknowledged(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, TYPES)
    store.commit({}, [(1, b"one"), (2, b"two")])
    store.commit({}, (), 2)
    store = _again(store)
    assert (store.load().first, store.load().last) == (3, 2)
    store.close()


def test_a_commit_that_fails_leaves_nothing_behind(store: SqliteStore) -> None:
    store.commit({}, [(1, b"one")])
    with pytest.raises(sqlite3.IntegrityError):
        store.commit({"thing/1": Thing(1)}, [(2, b"two"), (1, b"again")], None, [KeepBlob("b", b"x")])
    assert store.load() == Loaded({}, 1, 1)
    assert store.blob("b") is None


def test_a_full_disk_is_told_with_its_remedy_and_nothing_is_half_written(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, TYPES)
    store.commit({"thing/1": Thing(1)})
    store._db.execute("PRAGMA max_page_count=16")
    with pytest.raises(StoreError, match="disk is full") as caught:
        store.commit({"thing/1": Thing(2)}, (), None, [KeepBlob("b", bytes(1_000_000))])
    assert caught.value.exit_code == os.EX_IOERR
    assert "Free space" in caught.value.remedy
    store = _again(store)
    assert store.load().rows == {"thing/1": Thing(1)}
    store.close()


def test_blobs_are_kept_and_dropped_in_the_order_given(store: SqliteStore) -> None:
    store.commit({}, (), None, [KeepBlob("a", b"1"), DropBlob("a"), DropBlob("never there"), KeepBlob("b", b"2")])
    assert (store.blob("a"), store.blob("b")) == (None, b"2")


def test_a_database_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    SqliteStore(tmp_path, TYPES).close()
    with sqlite3.connect(tmp_path / "booth.db") as db:
        db.execute("PRAGMA user_version=99")
    before = (tmp_path / "booth.db").read_bytes()
    with pytest.raises(StoreError, match="newer version") as caught:
        SqliteStore(tmp_path, TYPES)
    assert caught.value.exit_code == os.EX_DATAERR
    assert (tmp_path / "booth.db").read_bytes() == before


def test_a_row_that_this_version_does_not_know_is_refused(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, TYPES)
    store.commit({"thing/1": Thing(1)})
    store.close()
    store = SqliteStore(tmp_path, {})
    with pytest.raises(StoreError, match="'thing/1' cannot be read"):
        store.load()
    store.close()


@pytest.mark.parametrize("damage", ["head", "middle"])
def test_a_damaged_database_is_refused_and_never_deleted(tmp_path: Path, damage: str) -> None:
    store = SqliteStore(tmp_path, TYPES)
    store.commit({f"thing/{n}": Thing(n) for n in range(2000)})
    store.close()
    file = tmp_path / "booth.db"
    raw = bytearray(file.read_bytes())
    at = 0 if damage == "head" else len(raw) // 2 // 4096 * 4096
    raw[at : at + 4096] = b"\xa5" * 4096
    file.write_bytes(raw)
    with pytest.raises(StoreError, match=r"Move .* aside") as caught:
        SqliteStore(tmp_path, TYPES)
    assert caught.value.exit_code == os.EX_DATAERR
    assert file.read_bytes() == raw


def test_two_programs_never_share_a_folder(store: SqliteStore) -> None:
    with pytest.raises(StoreError, match="in use") as caught:
        SqliteStore(store.path.parent, TYPES)
    assert caught.value.exit_code == os.EX_TEMPFAIL


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError) as caught:
        SqliteStore(tmp_path / "file" / "data", TYPES)
    assert caught.value.remedy
