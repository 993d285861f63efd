"""SQL of what booths say: streams, events, gaps, devices, dead letters."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, select, update
from sqlalchemy.sql.base import Executable

from central.adapters import schema
from central.adapters.rows import Prepared, Row, columns_of, insert_for, insert_once, upsert

#: Only so much of an unacceptable message is kept.
DEAD_LETTER_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class StreamRow:
    """Numbers of one epoch of one booth."""

    booth: str
    epoch: str
    prefix: int
    highest: int
    opened: float


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A stored event as far as ingest needs it."""

    seq: int
    id: str
    payload: str
    refused: str


_STREAM, _EVENT = schema.stream, schema.event
_EVENT_COLUMNS = (_EVENT.c.seq, _EVENT.c.id, _EVENT.c.payload, _EVENT.c.refused)
_OF_STREAM = (_EVENT.c.booth == bindparam("booth"), _EVENT.c.epoch == bindparam("epoch"))
_STREAMS = Prepared(select(*columns_of(_STREAM, StreamRow)).where(_STREAM.c.booth == bindparam("booth")))
_STORED = Prepared(select(*_EVENT_COLUMNS).where(*_OF_STREAM, _EVENT.c.seq == bindparam("seq")))
_BEYOND = Prepared(select(*_EVENT_COLUMNS).where(*_OF_STREAM, _EVENT.c.seq > bindparam("prefix")))


def streams(connection: Connection, booths: Collection[str]) -> dict[tuple[str, str], StreamRow]:
    """All epochs of these booths."""
    rows = [StreamRow(*row) for booth in booths for row in _STREAMS.all(connection, booth=booth)]
    return {(row.booth, row.epoch): row for row in rows}


def stored(connection: Connection, booth: str, epoch: str, seqs: Collection[int]) -> dict[int, StoredEvent]:
    """Those of these events that are in the database."""
    rows = [row for seq in seqs for row in _STORED.all(connection, booth=booth, epoch=epoch, seq=seq)]
    return {row[0]: StoredEvent(*row) for row in rows}


def beyond(connection: Connection, booth: str, epoch: str, prefix: int) -> dict[int, StoredEvent]:
    """Events that are stored but wait for earlier ones."""
    rows = _BEYOND.all(connection, booth=booth, epoch=epoch, prefix=prefix)
    return {row[0]: StoredEvent(*row) for row in rows}


def save_events(connection: Connection, rows: Sequence[Row]) -> None:
    """Insert events once."""
    insert_once(connection, schema.event, rows)


def save_streams(connection: Connection, rows: Sequence[Row]) -> None:
    """Write the numbers of streams."""
    upsert(connection, schema.stream, rows)


def save_gaps(connection: Connection, rows: Sequence[Row]) -> None:
    """Record events that are lost for ever."""
    insert_once(connection, schema.gap, rows)


_GAP = schema.gap
_FOUND_AGAIN = Prepared(
    update(_GAP)
    .where(_GAP.c.booth == bindparam("of_booth"), _GAP.c.epoch == bindparam("of_epoch"), _GAP.c.lost > 0)
    .where(_GAP.c.first <= bindparam("seq"), _GAP.c.last >= bindparam("seq"))
    .values(lost=_GAP.c.lost - 1)
)


def found_again(connection: Connection, booth: str, epoch: str, seq: int) -> None:
    """An event that was counted as lost has come after all."""
    _FOUND_AGAIN.run(connection, of_booth=booth, of_epoch=epoch, seq=seq)


_BOOTH = schema.booth
_BOOTH_NAMES = tuple(column.name for column in _BOOTH.c)
_BOOTH_ROW = Prepared(select(*_BOOTH.c).where(_BOOTH.c.id == bindparam("booth")))


def booths(connection: Connection, ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Whole rows of these booths."""
    rows = [row for booth in ids for row in _BOOTH_ROW.all(connection, booth=booth)]
    return {row[0]: dict(zip(_BOOTH_NAMES, row, strict=True)) for row in rows}


def new_booth(booth: str) -> dict[str, Any]:
    """The row of a booth that has said nothing yet."""
    return {
        "id": booth,
        "name": booth,
        "listed": False,
        "blanks": 0,
        "online": False,
        "epoch": "",
        "boot": "",
        "version": "",
        "last_heard": None,
        "supply": "UNKNOWN",
        "supply_since": None,
        "figures": "{}",
        "figures_at": None,
        "door_open": None,
        "told": None,
        "restarted": False,
    }


def save_booths(connection: Connection, rows: Sequence[Row]) -> None:
    """Write whole rows of booths."""
    upsert(connection, schema.booth, rows)


_UNLISTED = Prepared(update(_BOOTH).values(listed=False, online=False))
_ONLINE = Prepared(select(_BOOTH.c.id).where(_BOOTH.c.online))
_OFFLINE = Prepared(update(_BOOTH).values(online=False))


def list_booths(connection: Connection, listed: Mapping[str, tuple[str, int]]) -> None:
    """Bring the booths of the configuration (id -> name, blanks) in; nobody is online until heard."""
    _UNLISTED.run(connection)
    known = booths(connection, listed)
    rows = [
        {**(known.get(booth) or new_booth(booth)), "name": name, "blanks": blanks, "listed": True}
        for booth, (name, blanks) in listed.items()
    ]
    save_booths(connection, rows)


def all_offline(connection: Connection) -> list[str]:
    """The link to the broker is new: who is online is told by what comes now."""
    ids = [row[0] for row in _ONLINE.all(connection)]
    if ids:
        _OFFLINE.run(connection)
    return ids


def _save_devices(dialect: str) -> Executable:
    table = schema.device
    statement = insert_for(dialect, table)
    new = statement.excluded
    values = {name: new[name] for name in ("kind", "state", "error", "remedy", "reasons", "details")}
    values["since"] = case((table.c.state == new.state, table.c.since), else_=new.since)
    done: Executable = statement.on_conflict_do_update(index_elements=["booth", "name"], set_=values)
    return done


_SAVE_DEVICES = Prepared(_save_devices, [column.name for column in schema.device.c])


def save_devices(connection: Connection, rows: Sequence[Row]) -> None:
    """Write devices; `since` stays while the state stays."""
    if rows:
        _SAVE_DEVICES.many(connection, rows)


def _save_dead_letters(dialect: str) -> Executable:
    statement = insert_for(dialect, schema.dead_letter)
    again = schema.dead_letter.c.again + 1
    values = {"again": again, "received": statement.excluded.received}
    done: Executable = statement.on_conflict_do_update(index_elements=["digest"], set_=values)
    return done


_SAVE_DEAD_LETTERS = Prepared(_save_dead_letters, ("digest", "received", "topic", "reason", "payload"))


def save_dead_letters(connection: Connection, rows: Sequence[Row]) -> None:
    """Keep messages that could not be accepted; one that came before is counted and gets its new time."""
    if rows:
        _SAVE_DEAD_LETTERS.many(connection, rows)


def enrolment_opened(connection: Connection, booth: str, enrolment: str, nik: str, kk: str, at: float) -> None:
    """An applicant waits."""
    row = {"enrolment": enrolment, "booth": booth, "nik": nik, "kk": kk, "state": "opened", "opened": at, "changed": at}
    insert_once(connection, schema.enrolment, [row])


_ENROLMENT = schema.enrolment
_NIK = Prepared(
    select(_ENROLMENT.c.nik).where(
        _ENROLMENT.c.enrolment == bindparam("enrolment"), _ENROLMENT.c.booth == bindparam("booth")
    )
)
_MOVED = Prepared(
    update(_ENROLMENT)
    .where(_ENROLMENT.c.enrolment == bindparam("of"), _ENROLMENT.c.booth == bindparam("of_booth"))
    .values(state=bindparam("new"), changed=bindparam("at"))
)


def opened_for(connection: Connection, booth: str, enrolment: str) -> str | None:
    """The NIK that an enrolment was opened for; None: the booth has not told."""
    row = _NIK.first(connection, enrolment=enrolment, booth=booth)
    return str(row[0]) if row else None


def enrolment_moved(connection: Connection, booth: str, enrolment: str, state: str, at: float) -> None:
    """The recording started, was completed or was cancelled."""
    _MOVED.run(connection, of=enrolment, of_booth=booth, new=state, at=at)


def set_fact(connection: Connection, name: str, value: str, at: float) -> None:
    """Keep a single fact of the coordinator."""
    upsert(connection, schema.fact, [{"name": name, "value": value, "at": at}])


def count_dead_letters(connection: Connection) -> int:
    """How many different ones are kept."""
    return int(connection.execute(select(func.count()).select_from(schema.dead_letter)).scalar_one())
