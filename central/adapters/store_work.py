"""SQL of what the coordinator works on: packets, encodings, print jobs, cards, commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Double, Integer, bindparam, delete, func, literal_column, select, text, update

from central.adapters import schema
from central.adapters.rows import Prepared, as_row, columns_of, insert_once, upsert
from central.core.encoding import Encoding
from central.core.print_queue import Job, Printer

#: Kind of the card printer in a booth file.
PRINTER = "evolis"

# The states stand in the SQL as text, so that SQLite uses the partial indexes.
_PENDING = text("print_job.state = 'pending'")
_PROCESSING = text("print_job.state = 'processing'")
_OPEN = text("command.outcome IS NULL")
_ONE: Any = literal_column("1", Integer)

_PACKET, _PART, _ENCODING, _JOB = schema.packet, schema.packet_part, schema.encoding, schema.print_job
_COMMAND, _BOOTH, _DEVICE = schema.command, schema.booth, schema.device


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
    epoch: str
    signed: bool


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


_PACKET_ROW = select(*columns_of(_PACKET, PacketRow))
_ONE_PACKET = Prepared(_PACKET_ROW.where(_PACKET.c.packet == bindparam("name")))
_OPEN_PACKETS = Prepared(_PACKET_ROW.where(_PACKET.c.booth == bindparam("booth"), text("NOT packet.whole")))
_DROP_PARTS = Prepared(delete(_PART).where(_PART.c.packet == bindparam("name")))
_PACKET_BYTES = Prepared(select(_PART.c.data).where(_PART.c.packet == bindparam("name")).order_by(_PART.c.part))


def packet(connection: Connection, name: str) -> PacketRow | None:
    """One packet."""
    row = _ONE_PACKET.first(connection, name=name)
    return PacketRow(*row) if row else None


def open_packets(connection: Connection, booth: str) -> list[PacketRow]:
    """Packets of a booth that are not whole."""
    return [PacketRow(*row) for row in _OPEN_PACKETS.all(connection, booth=booth)]


def save_packet(connection: Connection, row: PacketRow) -> None:
    """Write a packet's numbers."""
    upsert(connection, _PACKET, [as_row(row)])


def save_part(connection: Connection, name: str, part: int, data: bytes) -> None:
    """Keep one part."""
    upsert(connection, _PART, [{"packet": name, "part": part, "data": data}])


def drop_parts(connection: Connection, name: str) -> None:
    """Forget all parts of a packet."""
    _DROP_PARTS.run(connection, name=name)


def packet_bytes(connection: Connection, name: str) -> bytes:
    """The parts of a packet in order."""
    return b"".join(row[0] for row in _PACKET_BYTES.all(connection, name=name))


# --- encodings -----------------------------------------------------------------------------------------

_ENCODING_ROW = select(*columns_of(_ENCODING, Encoding))
_ONE_ENCODING = Prepared(_ENCODING_ROW.where(_ENCODING.c.enrolment == bindparam("enrolment")))
_DUE_ENCODINGS = Prepared(
    _ENCODING_ROW.where(_ENCODING.c.next_try <= bindparam("at"))
    .order_by(_ENCODING.c.next_try, _ENCODING.c.enrolment)
    .limit(bindparam("most", type_=Integer))
)
_NEXT_ENCODING = Prepared(select(func.min(_ENCODING.c.next_try)))
_CALL_AGAIN = Prepared(
    update(_ENCODING).where(_ENCODING.c.next_try > bindparam("at")).values(next_try=bindparam("at", type_=Double))
)


def encoding(connection: Connection, enrolment: str) -> Encoding | None:
    """One encoding."""
    row = _ONE_ENCODING.first(connection, enrolment=enrolment)
    return Encoding(*row) if row else None


def save_encoding(connection: Connection, row: Encoding) -> None:
    """Write an encoding."""
    upsert(connection, _ENCODING, [as_row(row)])


def due_encodings(connection: Connection, at: float, limit: int) -> list[Encoding]:
    """Those whose next try has come, the longest waiting first."""
    return [Encoding(*row) for row in _DUE_ENCODINGS.all(connection, at=at, most=limit)]


def next_encoding(connection: Connection) -> float | None:
    """When the next try is due."""
    found = _NEXT_ENCODING.first(connection)[0]
    return None if found is None else float(found)


def call_again(connection: Connection, at: float) -> None:
    """After a start: every call that was under way is due now."""
    _CALL_AGAIN.run(connection, at=at)


# --- print jobs ----------------------------------------------------------------------------------------

_JOB_ROW = select(*columns_of(_JOB, Job))
_OF_BOOTH = _JOB.c.booth == bindparam("booth")
_ONE_JOB = Prepared(_JOB_ROW.where(_JOB.c.job == bindparam("name")))
_BUSY = Prepared(_JOB_ROW.where(_OF_BOOTH, _PROCESSING))
_UNFINISHED = Prepared(_JOB_ROW.where(_OF_BOOTH, text("print_job.state IN ('processing', 'processing-stopped')")))
_PRINTER = Prepared(
    select(
        _BOOTH.c.online,
        select(_DEVICE.c.state)
        .where(_DEVICE.c.booth == bindparam("booth"), _DEVICE.c.kind == PRINTER)
        .order_by(_DEVICE.c.state != "ok")
        .limit(_ONE)
        .scalar_subquery(),
        select(_JOB.c.job).where(_OF_BOOTH, _PROCESSING).scalar_subquery(),
    )
    .where(_BOOTH.c.id == bindparam("booth"))
    .with_for_update()
)
_NEXT_JOB = Prepared(
    _JOB_ROW.where(_OF_BOOTH, _PENDING, _JOB.c.not_before <= bindparam("at"))
    .order_by(_JOB.c.due, _JOB.c.created, _JOB.c.job)
    .limit(_ONE)
)
_WAITS = text("print_job.not_before > 0")
_LATER_BOOTHS = Prepared(
    select(_JOB.c.booth).distinct().where(_PENDING, _WAITS, _JOB.c.not_before <= bindparam("at"))
)
_NEXT_LATER = Prepared(
    select(func.min(_JOB.c.not_before)).where(_PENDING, _WAITS, _JOB.c.not_before > bindparam("at"))
)
_NO_WAIT = Prepared(
    update(_JOB).where(_JOB.c.booth == bindparam("of_booth"), _PENDING, _WAITS).values(not_before=text("0"))
)


def job(connection: Connection, name: str) -> Job | None:
    """One job."""
    row = _ONE_JOB.first(connection, name=name)
    return Job(*row) if row else None


def add_job(connection: Connection, new: Job) -> None:
    """A new job; one that is there already stays as it is."""
    insert_once(connection, _JOB, [as_row(new)])


def save_job(connection: Connection, new: Job) -> None:
    """Write a job. Raises IntegrityError when its booth's printer would have two jobs in processing."""
    upsert(connection, _JOB, [as_row(new)])


def processing(connection: Connection, booth: str) -> Job | None:
    """The job that a booth's printer has."""
    row = _BUSY.first(connection, booth=booth)
    return Job(*row) if row else None


def unfinished(connection: Connection, booth: str) -> list[Job]:
    """Jobs that a booth had in its hands."""
    return [Job(*row) for row in _UNFINISHED.all(connection, booth=booth)]


def printer(connection: Connection, booth: str) -> Printer:
    """What must be true of a booth before a job goes there. Locks the booth's row where the database can."""
    row = _PRINTER.first(connection, booth=booth)
    return Printer(*row) if row else Printer(False, None, None)


def next_job(connection: Connection, booth: str, at: float) -> Job | None:
    """Earliest due first, then earliest created."""
    row = _NEXT_JOB.first(connection, booth=booth, at=at)
    return Job(*row) if row else None


def later_booths(connection: Connection, at: float) -> list[str]:
    """Booths with a job whose back-off is over."""
    return [row[0] for row in _LATER_BOOTHS.all(connection, at=at)]


def next_later(connection: Connection, at: float) -> float | None:
    """When the next back-off is over."""
    found = _NEXT_LATER.first(connection, at=at)[0]
    return None if found is None else float(found)


def no_wait(connection: Connection, booth: str) -> None:
    """What stood in the way at a booth is over: its jobs need not wait."""
    _NO_WAIT.run(connection, of_booth=booth)


def add_card(connection: Connection, row: dict[str, Any]) -> None:
    """One blank has left the feeder."""
    insert_once(connection, schema.card, [row])


# --- commands ------------------------------------------------------------------------------------------

_OPEN_COMMANDS = Prepared(
    select(*(_COMMAND.c[name] for name in ("id", "booth", "kind", "job", "attempt", "expires")), _BOOTH.c.online)
    .join(_BOOTH, _BOOTH.c.id == _COMMAND.c.booth)
    .where(_OPEN)
    .order_by(_COMMAND.c.issued, _COMMAND.c.id)
)
_PAYLOAD = Prepared(select(_COMMAND.c.payload).where(_COMMAND.c.id == bindparam("name")))
_ONE_COMMAND = Prepared(
    select(*(_COMMAND.c[name] for name in ("booth", "kind", "job", "attempt", "outcome"))).where(
        _COMMAND.c.id == bindparam("name")
    )
)
_CLOSE = Prepared(
    update(_COMMAND)
    .where(_COMMAND.c.id == bindparam("name"))
    .values(outcome=bindparam("told"), reason=bindparam("because"), answered=bindparam("at"))
)
_CLOSE_OF_JOB = Prepared(
    update(_COMMAND)
    .where(_COMMAND.c.job == bindparam("name"), text("command.kind = 'print'"), _OPEN)
    .where(_COMMAND.c.attempt <= bindparam("last"))
    .values(outcome=text("'told'"), answered=bindparam("at"))
)
_SETTLING = Prepared(
    select(_COMMAND.c.id).where(_COMMAND.c.job == bindparam("name"), text("command.kind = 'settle'"), _OPEN)
)


def add_command(connection: Connection, row: dict[str, Any]) -> None:
    """A command that shall be answered."""
    insert_once(connection, _COMMAND, [row])


def open_commands(connection: Connection) -> list[OpenCommand]:
    """Commands without an answer, oldest first."""
    return [OpenCommand(*row) for row in _OPEN_COMMANDS.all(connection)]


def payload(connection: Connection, name: str) -> str:
    """The signed text of a command."""
    return str(_PAYLOAD.first(connection, name=name)[0])


def command(connection: Connection, name: str) -> tuple[str, str, str | None, int | None, str | None] | None:
    """Booth, kind, job, attempt and outcome of a command."""
    row: tuple[str, str, str | None, int | None, str | None] | None = _ONE_COMMAND.first(connection, name=name)
    return row


def close_command(connection: Connection, name: str, outcome: str, reason: str, at: float) -> None:
    """The command has its answer."""
    _CLOSE.run(connection, name=name, told=outcome, because=reason, at=at)


def close_job_commands(connection: Connection, name: str, attempt: int, at: float) -> None:
    """The booth has told of the job: its print commands up to this attempt need no repetition."""
    _CLOSE_OF_JOB.run(connection, name=name, last=attempt, at=at)


def settling(connection: Connection, name: str) -> bool:
    """Whether a person's word about this job is under way."""
    return _SETTLING.first(connection, name=name) is not None
