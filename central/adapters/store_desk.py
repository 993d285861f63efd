"""SQL of the front desk: tickets, queues, NIKs, cards handed over, booths' keys, deeds."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Double, Integer, bindparam, func, literal_column, select, text, update

from central.adapters import schema, schema_desk
from central.adapters.rows import Prepared, Row, columns_of, insert_once, upsert
from central.core.nik import Question

_TICKET, _QUEUE, _NIK, _DEED = schema_desk.ticket, schema_desk.queue, schema_desk.nik, schema_desk.deed
_KEY = schema_desk.booth_key
_ONE: Any = literal_column("1", Integer)

# --- tickets and queues --------------------------------------------------------------------------------

_TICKET_AT = Prepared(
    select(_TICKET.c.changed, _TICKET.c.paper_at).where(
        _TICKET.c.booth == bindparam("booth"), _TICKET.c.ticket == bindparam("ticket")
    )
)
_CLOSE_TICKETS = Prepared(
    update(_TICKET)
    .where(_TICKET.c.booth == bindparam("of_booth"), text("ticket.state NOT IN ('done', 'closed')"))
    .values(state=text("'closed'"), reason=bindparam("because"), changed=bindparam("at"))
)


def ticket_times(connection: Connection, booth: str, ticket: str) -> tuple[float | None, float | None]:
    """When the latest words about a ticket's state and about its paper were told; None: never."""
    row = _TICKET_AT.first(connection, booth=booth, ticket=ticket)
    return (row[0], row[1]) if row else (None, None)


def save_ticket(connection: Connection, booth: str, ticket: str, **values: Any) -> None:
    """Write some of the columns of a ticket."""
    upsert(connection, _TICKET, [{"booth": booth, "ticket": ticket, **values}])


def close_tickets(connection: Connection, booth: str, reason: str, at: float) -> None:
    """Nobody is called any more with the open tickets of a booth."""
    _CLOSE_TICKETS.run(connection, of_booth=booth, because=reason, at=at)


def save_queue(connection: Connection, row: Row) -> None:
    """What a booth tells of its queue."""
    upsert(connection, _QUEUE, [row])


def save_handed(connection: Connection, row: Row) -> None:
    """A card was handed over; of the same card the last word counts."""
    upsert(connection, schema_desk.handed, [row])


# --- NIKs ----------------------------------------------------------------------------------------------

_QUESTION = select(*columns_of(_NIK, Question))
_ONE_QUESTION = Prepared(_QUESTION.where(_NIK.c.enrolment == bindparam("enrolment")))
_DUE = Prepared(
    _QUESTION.where(_NIK.c.next_try <= bindparam("at"))
    .order_by(_NIK.c.next_try, _NIK.c.enrolment)
    .limit(bindparam("most", type_=Integer))
)
_NEXT = Prepared(select(func.min(_NIK.c.next_try)))
_AGAIN = Prepared(
    update(_NIK).where(_NIK.c.next_try > bindparam("at")).values(next_try=bindparam("at", type_=Double))
)
_OVER = Prepared(
    update(_NIK)
    .where(_NIK.c.enrolment == bindparam("of"), _NIK.c.booth == bindparam("of_booth"), _NIK.c.next_try.is_not(None))
    .values(next_try=None)
)
_RECORDING = Prepared(
    select(schema.enrolment.c.state).where(schema.enrolment.c.enrolment == bindparam("enrolment"))
)


def ask(connection: Connection, enrolment: str, booth: str, nik: str, at: float | None) -> None:
    """An applicant's NIK shall be asked of the centre at `at`, or is only noted (None)."""
    row = {"enrolment": enrolment, "booth": booth, "nik": nik, "next_try": at}
    insert_once(connection, _NIK, [row])


def question(connection: Connection, enrolment: str) -> Question | None:
    """What is known of one applicant's NIK."""
    row = _ONE_QUESTION.first(connection, enrolment=enrolment)
    return Question(*row) if row else None


def save_question(connection: Connection, enrolment: str, booth: str, **values: Any) -> None:
    """Write some of the columns of a question."""
    upsert(connection, _NIK, [{"enrolment": enrolment, "booth": booth, **values}])


def question_over(connection: Connection, enrolment: str, booth: str) -> None:
    """The booth has no use for an answer any more."""
    _OVER.run(connection, of=enrolment, of_booth=booth)


def due_questions(connection: Connection, at: float, limit: int) -> list[Question]:
    """Those whose next try has come, the longest waiting first."""
    return [Question(*row) for row in _DUE.all(connection, at=at, most=limit)]


def next_question(connection: Connection) -> float | None:
    """When the next try is due."""
    found = _NEXT.first(connection)[0]
    return None if found is None else float(found)


def ask_again(connection: Connection, at: float) -> None:
    """After a start: every question that was under way is due now."""
    _AGAIN.run(connection, at=at)


def recording(connection: Connection, enrolment: str) -> str | None:
    """State of the enrolment: `opened`, `started`, `completed`, `cancelled`; None: not told."""
    row = _RECORDING.first(connection, enrolment=enrolment)
    return str(row[0]) if row else None


# --- keys and deeds ------------------------------------------------------------------------------------

_KEY_OF = Prepared(select(_KEY.c.key).where(_KEY.c.booth == bindparam("booth"), _KEY.c.epoch == bindparam("epoch")))
_DEED_N = Prepared(
    select(_DEED.c.seq, _DEED.c.previous, _DEED.c.hash, _DEED.c.trouble)
    .where(_DEED.c.booth == bindparam("booth"), _DEED.c.epoch == bindparam("epoch"), _DEED.c.n == bindparam("n"))
    .order_by(_DEED.c.seq)
    .limit(_ONE)
)
_TROUBLE = Prepared(
    update(_DEED)
    .where(_DEED.c.booth == bindparam("of_booth"), _DEED.c.epoch == bindparam("of_epoch"))
    .where(_DEED.c.seq == bindparam("of"))
    .values(trouble=bindparam("now"))
)


def key(connection: Connection, booth: str, epoch: str) -> str | None:
    """The public key (hex) of a memory of a booth; None: it has told none."""
    row = _KEY_OF.first(connection, booth=booth, epoch=epoch)
    return str(row[0]) if row else None


def save_key(connection: Connection, booth: str, epoch: str, key: str, at: float) -> None:
    """Trust a key; one that is there already stays."""
    insert_once(connection, _KEY, [{"booth": booth, "epoch": epoch, "key": key, "told": at}])


def deed(connection: Connection, booth: str, epoch: str, n: int) -> tuple[int, str, str, str] | None:
    """Sequence number, previous hash, hash and trouble of the first deed with the number `n`."""
    row: tuple[int, str, str, str] | None = _DEED_N.first(connection, booth=booth, epoch=epoch, n=n)
    return row


def add_deed(connection: Connection, row: Row) -> None:
    """A deed, once."""
    insert_once(connection, _DEED, [row])


def mark_deed(connection: Connection, booth: str, epoch: str, seq: int, trouble: str) -> None:
    """What is wrong with a deed has changed."""
    _TROUBLE.run(connection, of_booth=booth, of_epoch=epoch, of=seq, now=trouble)
