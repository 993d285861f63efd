"""SQL of what the coordinator works on: packets, encodings, print jobs, cards, commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, select, text, update

from central.adapters import schema
from central.adapters.rows import insert_once, upsert
from central.core.encoding import Encoding
from central.core.print_queue import Job, Printer

#: Kind of the card printer in a booth file.
PRINTER = "evolis"

# The states stand in the SQL as text, so that SQLite uses the partial indexes.
_PENDING = text("print_job.state = 'pending'")
_PROCESSING = text("print_job.state = 'processing'")
_OPEN = text("command.outcome IS NULL")


@dataclass(frozen=True, slots=True)
class PacketRow:
    """A packet on its way."""

    packet: str
    booth: str
    enrolment: str
    announced: bool
    parts: int
    size: int
    sha256: str
    wanted: int
    bad: int
    whole: bool


@dataclass(frozen=True, slots=True)
class OpenCommand:
    """A command without an answer. `online`: its booth is there."""

    id: str
    booth: str
    kind: str
    job: str | None
    attempt: int | None
    expires: float
    online: bool


# --- packets -------------------------------------------------------------------------------------------


def packet(connection: Connection, name: str) -> PacketRow | None:
    """One packet."""
    table = schema.packet
    row = connection.execute(select(table).where(table.c.packet == name)).first()
    return PacketRow(*row) if row else None


def open_packets(connection: Connection, booth: str) -> list[PacketRow]:
    """Packets of a booth that are not whole."""
    table = schema.packet
    rows = connection.execute(select(table).where(table.c.booth == booth, text("NOT packet.whole")))
    return [PacketRow(*row) for row in rows]


def save_packet(connection: Connection, row: PacketRow) -> None:
    """Write a packet's numbers."""
    upsert(connection, schema.packet, [asdict(row)])


def save_part(connection: Connection, name: str, part: int, data: bytes) -> None:
    """Keep one part."""
    upsert(connection, schema.packet_part, [{"packet": name, "part": part, "data": data}])


def drop_parts(connection: Connection, name: str) -> None:
    """Forget all parts of a packet."""
    connection.execute(delete(schema.packet_part).where(schema.packet_part.c.packet == name))


def packet_bytes(connection: Connection, name: str) -> bytes:
    """The parts of a packet in order."""
    table = schema.packet_part
    rows = connection.execute(select(table.c.data).where(table.c.packet == name).order_by(table.c.part))
    return b"".join(row.data for row in rows)


# --- encodings -----------------------------------------------------------------------------------------


def encoding(connection: Connection, enrolment: str) -> Encoding | None:
    """One encoding."""
    table = schema.encoding
    row = connection.execute(select(table).where(table.c.enrolment == enrolment)).first()
    return Encoding(**row._mapping) if row else None


def save_encoding(connection: Connection, row: Encoding) -> None:
    """Write an encoding."""
    upsert(connection, schema.encoding, [asdict(row)])


def due_encodings(connection: Connection, at: float, limit: int) -> list[Encoding]:
    """Those whose next try has come, the longest waiting first."""
    table = schema.encoding
    rows = connection.execute(
        select(table).where(table.c.next_try <= at).order_by(table.c.next_try, table.c.enrolment).limit(limit)
    )
    return [Encoding(**row._mapping) for row in rows]


def next_encoding(connection: Connection) -> float | None:
    """When the next try is due."""
    found = connection.execute(select(func.min(schema.encoding.c.next_try))).scalar_one()
    return None if found is None else float(found)


def call_again(connection: Connection, at: float) -> None:
    """After a start: every call that was under way is due now."""
    table = schema.encoding
    connection.execute(update(table).where(table.c.next_try > at).values(next_try=at))


# --- print jobs ----------------------------------------------------------------------------------------


def job(connection: Connection, name: str) -> Job | None:
    """One job."""
    row = connection.execute(select(schema.print_job).where(schema.print_job.c.job == name)).first()
    return Job(**row._mapping) if row else None


def add_job(connection: Connection, new: Job) -> None:
    """A new job; one that is there already stays as it is."""
    insert_once(connection, schema.print_job, [asdict(new)])


def save_job(connection: Connection, new: Job) -> None:
    """Write a job. Raises IntegrityError when its booth's printer would have two jobs in processing."""
    upsert(connection, schema.print_job, [asdict(new)])


def processing(connection: Connection, booth: str) -> Job | None:
    """The job that a booth's printer has."""
    table = schema.print_job
    row = connection.execute(select(table).where(table.c.booth == booth, _PROCESSING)).first()
    return Job(**row._mapping) if row else None


def unfinished(connection: Connection, booth: str) -> list[Job]:
    """Jobs that a booth had in its hands."""
    table = schema.print_job
    rows = connection.execute(
        select(table).where(table.c.booth == booth, table.c.state.in_(["processing", "processing-stopped"]))
    )
    return [Job(**row._mapping) for row in rows]


def printer(connection: Connection, booth: str) -> Printer:
    """What must be true of a booth before a job goes there. Locks the booth's row where the database can."""
    booths, devices = schema.booth, schema.device
    online = connection.execute(select(booths.c.online).where(booths.c.id == booth).with_for_update()).scalar()
    states = connection.execute(
        select(devices.c.state).where(devices.c.booth == booth, devices.c.kind == PRINTER)
    ).scalars()
    busy = processing(connection, booth)
    return Printer(bool(online), min(states, key=lambda state: state != "ok", default=None), busy.job if busy else None)


def next_job(connection: Connection, booth: str, at: float) -> Job | None:
    """Earliest due first, then earliest created."""
    table = schema.print_job
    row = connection.execute(
        select(table)
        .where(table.c.booth == booth, _PENDING, table.c.not_before <= at)
        .order_by(table.c.due, table.c.created, table.c.job)
        .limit(1)
    ).first()
    return Job(**row._mapping) if row else None


def later_booths(connection: Connection, at: float) -> list[str]:
    """Booths with a job whose back-off is over."""
    table = schema.print_job
    rows = connection.execute(
        select(table.c.booth).distinct().where(_PENDING, table.c.not_before > 0, table.c.not_before <= at)
    )
    return list(rows.scalars())


def next_later(connection: Connection, at: float) -> float | None:
    """When the next back-off is over."""
    table = schema.print_job
    found = connection.execute(
        select(func.min(table.c.not_before)).where(_PENDING, table.c.not_before > 0, table.c.not_before > at)
    ).scalar_one()
    return None if found is None else float(found)


def no_wait(connection: Connection, booth: str) -> None:
    """What stood in the way at a booth is over: its jobs need not wait."""
    table = schema.print_job
    connection.execute(
        update(table).where(table.c.booth == booth, _PENDING, table.c.not_before > 0).values(not_before=0.0)
    )


def add_card(connection: Connection, row: dict[str, Any]) -> None:
    """One blank has left the feeder."""
    insert_once(connection, schema.card, [row])


# --- commands ------------------------------------------------------------------------------------------


def add_command(connection: Connection, row: dict[str, Any]) -> None:
    """A command that shall be answered."""
    insert_once(connection, schema.command, [row])


def open_commands(connection: Connection, booth: str | None = None) -> list[OpenCommand]:
    """Commands without an answer, oldest first."""
    table, booths = schema.command, schema.booth
    query = (
        select(
            table.c.id, table.c.booth, table.c.kind, table.c.job, table.c.attempt, table.c.expires, booths.c.online
        )
        .join(booths, booths.c.id == table.c.booth)
        .where(_OPEN)
        .order_by(table.c.issued, table.c.id)
    )
    if booth is not None:
        query = query.where(table.c.booth == booth)
    return [OpenCommand(*row) for row in connection.execute(query)]


def payloads(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """The signed text of these commands."""
    table = schema.command
    rows = connection.execute(select(table.c.id, table.c.payload).where(table.c.id.in_(list(ids))))
    return {row.id: row.payload for row in rows}


def command(connection: Connection, name: str) -> tuple[str, str, str | None, int | None, str | None] | None:
    """Booth, kind, job, attempt and outcome of a command."""
    table = schema.command
    row = connection.execute(
        select(table.c.booth, table.c.kind, table.c.job, table.c.attempt, table.c.outcome).where(table.c.id == name)
    ).first()
    return (row.booth, row.kind, row.job, row.attempt, row.outcome) if row else None


def close_command(connection: Connection, name: str, outcome: str, reason: str, at: float) -> None:
    """The command has its answer."""
    table = schema.command
    connection.execute(
        update(table).where(table.c.id == name).values(outcome=outcome, reason=reason, answered=at)
    )


def close_job_commands(connection: Connection, name: str, attempt: int, at: float) -> None:
    """The booth has told of the job: its print commands up to this attempt need no repetition."""
    table = schema.command
    connection.execute(
        update(table)
        .where(table.c.job == name, table.c.kind == "print", table.c.attempt <= attempt, _OPEN)
        .values(outcome="told", answered=at)
    )


def settling(connection: Connection, name: str) -> bool:
    """Whether a person's word about this job is under way."""
    table = schema.command
    query = select(table.c.id).where(table.c.job == name, table.c.kind == "settle", _OPEN).limit(1)
    return connection.execute(query).first() is not None
