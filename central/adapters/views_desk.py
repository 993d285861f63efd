"""What the public pages ask: each booth's board of today, and the way of one ticket to the card in the hand."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, and_, func, select, text

from central.adapters import schema, schema_desk
from central.adapters.views_audit import midnight
from central.adapters.views_power import at as _at
from central.adapters.views_power import when as _when
from central.core import encoding, print_queue
from central.core.print_queue import Job, Printer
from central.core.views_desk import BoardView, CalledView, EnrolmentStage, PrintStage, TicketStatusView
from contract.desk import PaperState, Precedence, Service, TicketState
from contract.messages import Supply

#: Calls on a board.
_CALLS = 6
#: Cards that a booth's pace is learned from; and its pace before it has printed any, in seconds.
_PACE_OF, _PACE_S = 20, 90.0

_BOOTH, _JOB, _CARD, _COMMAND = schema.booth, schema.print_job, schema.card, schema.command
_TICKET, _QUEUE = schema_desk.ticket, schema_desk.queue

Printers = Callable[[Connection, set[str]], dict[str, Printer]]


# --- the board -----------------------------------------------------------------------------------------


def boards(connection: Connection, only: str | None, now: datetime) -> tuple[BoardView, ...]:
    """Booths that give numbers, by id; the one that is asked for also when it gives none."""
    began = midnight(now)
    today = began.date().isoformat()
    tickets: dict[str, list[Any]] = {}
    query = select(_TICKET).where(_TICKET.c.day == today)
    if only is not None:
        query = query.where(_TICKET.c.booth == only)
    for row in connection.execute(query):
        tickets.setdefault(row.booth, []).append(row)
    told = {row.booth: row for row in connection.execute(select(_QUEUE))}
    booths = select(_BOOTH.c.id, _BOOTH.c.name, _BOOTH.c.online, _BOOTH.c.supply).order_by(_BOOTH.c.id)
    found = [
        row
        for row in connection.execute(booths)
        if (row.id in told or row.id in tickets if only is None else row.id == only)
    ]
    return tuple(_board(row, tickets.get(row.id, []), told.get(row.id), began.timestamp()) for row in found)


def _board(booth: Any, tickets: list[Any], told: Any | None, began: float) -> BoardView:
    if told is not None and told.at < began:
        told = None
    calls = sorted((row for row in tickets if row.called is not None), key=lambda row: row.called, reverse=True)
    moments = [row.changed or row.issued for row in tickets] + [told.at if told is not None else None]
    return BoardView(
        booth=booth.id,
        name=booth.name,
        online=booth.online,
        supply=Supply(booth.supply),
        told_at=_when(_latest(moments)),
        called=tuple(
            CalledView(row.number, row.place, TicketState(row.state), _at(row.called)) for row in calls[:_CALLS]
        ),
        waiting=_waiting(tickets, told),
        wait_s=_services(told.wait_s) if told is not None else {},
        wait_high_s=_services(told.wait_high_s) if told is not None else {},
        open=told.open if told is not None else None,
        note=told.note if told is not None else "",
    )


def _waiting(tickets: list[Any], told: Any | None) -> dict[Service, int]:
    """The tickets are told one by one, the figures only now and then: they add the services where nobody waits."""
    counts = dict.fromkeys(_services(told.waiting) if told is not None else (), 0)
    for row in tickets:
        if row.state == TicketState.WAITING.value:
            counts[Service(row.service)] = counts.get(Service(row.service), 0) + 1
    return counts


def _services(told: str) -> dict[Service, float]:
    return {Service(name): figure for name, figure in json.loads(told).items()}


def _latest(moments: Iterable[float | None]) -> float | None:
    return max((moment for moment in moments if moment is not None), default=None)


# --- one ticket ----------------------------------------------------------------------------------------


def ticket(connection: Connection, name: str, now: datetime, printers: Printers) -> TicketStatusView | None:
    """The way of one ticket; None when its number was not told here."""
    query = select(_TICKET, _BOOTH.c.name, _BOOTH.c.online, _BOOTH.c.supply)
    query = query.join(_BOOTH, _BOOTH.c.id == _TICKET.c.booth).where(_TICKET.c.ticket == name)
    row = connection.execute(query.order_by(_TICKET.c.issued)).first()
    if row is None or row.issued is None:
        return None
    way = _way(connection, row, now.timestamp(), printers)
    moments = [row.issued, row.called, row.changed, row.paper_at, *way.pop("moments")]
    return TicketStatusView(
        ticket=row.ticket,
        number=row.number,
        day=row.day,
        service=Service(row.service),
        precedence=Precedence(row.precedence),
        state=TicketState(row.state),
        booth=row.booth,
        booth_name=row.name,
        online=row.online,
        supply=Supply(row.supply),
        issued=_at(row.issued),
        place=row.place,
        calls=row.calls,
        called=_when(row.called),
        paper=PaperState(row.paper),
        wait_s=row.wait_s,
        wait_low_s=row.wait_low_s,
        wait_high_s=row.wait_high_s,
        changed=_when(_latest(moments)),
        **way,
    )


def _way(connection: Connection, row: Any, at: float, printers: Printers) -> dict[str, Any]:
    """From the recording to the card in the hand, as far as it has come; `moments`: when each step was."""
    if row.enrolment is None:
        return {"moments": []}

    def one(table: Any) -> Any:
        return connection.execute(
            select(table).where(table.c.enrolment == row.enrolment, table.c.booth == row.booth)
        ).first()

    recording, sent, job, handed = (
        one(table) for table in (schema.enrolment, schema.encoding, _JOB, schema_desk.handed)
    )
    way: dict[str, Any] = {"moments": [found.changed for found in (recording, sent, job) if found is not None]}
    if recording is not None:
        way["enrolment"] = cast(EnrolmentStage, recording.state)
    if sent is not None:
        way |= {"encoding": sent.state, "encoding_error": sent.error}
        if sent.state == encoding.READY:
            way["encoding_ready"] = _at(sent.changed)
    if job is not None:
        way |= _card(connection, Job(**job._mapping), at, printers)
    if handed is not None:
        way["handed"] = _at(handed.at)
        way["moments"].append(handed.at)
    return way


def _card(connection: Connection, job: Job, at: float, printers: Printers) -> dict[str, Any]:
    printer = printers(connection, {job.booth})[job.booth]
    held = job.state == "pending" and _held(job, printer, at)
    stage: PrintStage = "pending-held" if held else job.state
    way: dict[str, Any] = {"print": stage, "print_why": print_queue.why(job, printer, at), "due": _at(job.due)}
    if job.state == "completed":
        query = select(_CARD.c.at).where(_CARD.c.job == job.job, _CARD.c.outcome == "printed")
        way["printed"] = _at(connection.execute(query).scalar() or job.changed)
    elif stage in ("pending", "processing"):
        ahead = _ahead(connection, job) if stage == "pending" else 0
        way["expected"] = _at(at + (ahead + 1) * _pace(connection, job.booth))
    return way


def _held(job: Job, printer: Printer, at: float) -> bool:
    """Whether the job waits for more than its turn."""
    told = print_queue.blocked(printer)
    return bool((told and printer.busy is None) or printer.may_not or job.not_before > at)


def _ahead(connection: Connection, job: Job) -> int:
    """Cards that the booth's printer makes before this one."""
    query = select(func.count()).select_from(_JOB)
    first = and_(_JOB.c.due == job.due, _JOB.c.created < job.created) | (_JOB.c.due < job.due)
    waiting = query.where(_JOB.c.booth == job.booth, text("print_job.state = 'pending'"), first)
    busy = query.where(_JOB.c.booth == job.booth, text("print_job.state = 'processing'"))
    return int(connection.execute(waiting).scalar_one()) + int(connection.execute(busy).scalar_one())


def _pace(connection: Connection, booth: str) -> float:
    """Seconds from the command to the printed card: the median of the booth's last ones."""
    query = (
        select(_CARD.c.at, _COMMAND.c.issued)
        .join(_COMMAND, and_(_COMMAND.c.job == _CARD.c.job, _COMMAND.c.attempt == _CARD.c.attempt))
        .where(_CARD.c.booth == booth, _CARD.c.outcome == "printed", _COMMAND.c.kind == "print")
        .order_by(_CARD.c.at.desc())
        .limit(_PACE_OF)
    )
    took = [max(0.0, row.at - row.issued) for row in connection.execute(query)]
    return statistics.median(took) if took else _PACE_S
