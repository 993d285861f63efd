"""SQL of what booths say: streams, events, gaps, devices, dead letters."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, case, func, select, update

from central.adapters import schema
from central.adapters.rows import Row, insert_for, insert_once, upsert

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


def streams(connection: Connection, booths: Collection[str]) -> dict[tuple[str, str], StreamRow]:
    """All epochs of these booths."""
    table = schema.stream
    rows = connection.execute(select(table).where(table.c.booth.in_(list(booths))))
    return {(row.booth, row.epoch): StreamRow(*row) for row in rows}


def stored(connection: Connection, booth: str, epoch: str, seqs: Collection[int]) -> dict[int, StoredEvent]:
    """Those of these events that are in the database."""
    table = schema.event
    rows = connection.execute(
        select(table.c.seq, table.c.id, table.c.payload, table.c.refused).where(
            table.c.booth == booth, table.c.epoch == epoch, table.c.seq.in_(list(seqs))
        )
    )
    return {row.seq: StoredEvent(*row) for row in rows}


def beyond(connection: Connection, booth: str, epoch: str, prefix: int) -> dict[int, StoredEvent]:
    """Events that are stored but wait for earlier ones."""
    table = schema.event
    rows = connection.execute(
        select(table.c.seq, table.c.id, table.c.payload, table.c.refused).where(
            table.c.booth == booth, table.c.epoch == epoch, table.c.seq > prefix
        )
    )
    return {row.seq: StoredEvent(*row) for row in rows}


def save_events(connection: Connection, rows: Sequence[Row]) -> None:
    """Insert events once."""
    insert_once(connection, schema.event, rows)


def save_streams(connection: Connection, rows: Sequence[Row]) -> None:
    """Write the numbers of streams."""
    upsert(connection, schema.stream, rows)


def save_gaps(connection: Connection, rows: Sequence[Row]) -> None:
    """Record events that are lost for ever."""
    insert_once(connection, schema.gap, rows)


def found_again(connection: Connection, booth: str, epoch: str, seq: int) -> None:
    """An event that was counted as lost has come after all."""
    table = schema.gap
    connection.execute(
        update(table)
        .where(table.c.booth == booth, table.c.epoch == epoch, table.c.first <= seq, table.c.last >= seq)
        .where(table.c.lost > 0)
        .values(lost=table.c.lost - 1)
    )


def booths(connection: Connection, ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Whole rows of these booths."""
    table = schema.booth
    rows = connection.execute(select(table).where(table.c.id.in_(list(ids))))
    return {row.id: dict(row._mapping) for row in rows}


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
    }


def save_booths(connection: Connection, rows: Sequence[Row]) -> None:
    """Write whole rows of booths."""
    upsert(connection, schema.booth, rows)


def list_booths(connection: Connection, listed: Mapping[str, tuple[str, int]]) -> None:
    """Bring the booths of the configuration (id -> name, blanks) in; nobody is online until heard."""
    table = schema.booth
    connection.execute(update(table).values(listed=False, online=False))
    known = booths(connection, listed)
    rows = [
        {**known.get(booth, new_booth(booth)), "name": name, "blanks": blanks, "listed": True}
        for booth, (name, blanks) in listed.items()
    ]
    save_booths(connection, rows)


def all_offline(connection: Connection) -> list[str]:
    """The link to the broker is new: who is online is told by what comes now."""
    table = schema.booth
    ids = [row.id for row in connection.execute(select(table.c.id).where(table.c.online))]
    if ids:
        connection.execute(update(table).values(online=False))
    return ids


def save_devices(connection: Connection, rows: Sequence[Row]) -> None:
    """Write devices; `since` stays while the state stays."""
    if not rows:
        return
    table = schema.device
    statement = insert_for(connection.dialect.name, table)
    new = statement.excluded
    values = {name: new[name] for name in ("kind", "state", "error", "remedy", "reasons", "details")}
    values["since"] = case((table.c.state == new.state, table.c.since), else_=new.since)
    connection.execute(statement.on_conflict_do_update(index_elements=["booth", "name"], set_=values), list(rows))


def save_dead_letters(connection: Connection, rows: Iterable[Row]) -> None:
    """Keep messages that could not be accepted; one that came before is counted and gets its new time."""
    rows = list(rows)
    if not rows:
        return
    table = schema.dead_letter
    statement = insert_for(connection.dialect.name, table)
    done = statement.on_conflict_do_update(
        index_elements=["digest"], set_={"again": table.c.again + 1, "received": statement.excluded.received}
    )
    for row in rows:
        connection.execute(done, row)


def enrolment_opened(connection: Connection, booth: str, enrolment: str, nik: str, kk: str, at: float) -> None:
    """An applicant waits."""
    row = {"enrolment": enrolment, "booth": booth, "nik": nik, "kk": kk, "state": "opened", "opened": at, "changed": at}
    insert_once(connection, schema.enrolment, [row])


def enrolment_moved(connection: Connection, booth: str, enrolment: str, state: str, at: float) -> None:
    """The recording started, was completed or was cancelled."""
    table = schema.enrolment
    connection.execute(
        update(table).where(table.c.enrolment == enrolment, table.c.booth == booth).values(state=state, changed=at)
    )


def set_fact(connection: Connection, name: str, value: str, at: float) -> None:
    """Keep a single fact of the coordinator."""
    upsert(connection, schema.fact, [{"name": name, "value": value, "at": at}])


def count_dead_letters(connection: Connection) -> int:
    """How many different ones are kept."""
    return int(connection.execute(select(func.count()).select_from(schema.dead_letter)).scalar_one())
