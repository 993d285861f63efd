"""What the console asks: each question is one consistent read of the database (`core.views.Views`)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import Connection, func, select, text

from central.adapters import schema, views_audit, views_desk, views_power
from central.adapters.store import Store
from central.adapters.store_ingest import count_dead_letters
from central.adapters.store_work import PRINTER
from central.adapters.views_power import when as _when
from central.core import fleet, print_queue, supply
from central.core.print_queue import Job, Printer
from central.core.views import (
    AlarmView,
    BoothView,
    CommandView,
    DeadLetterView,
    DeviceView,
    DipView,
    EncodingView,
    GensetView,
    OutageView,
    PrintJobView,
    SupplySpan,
    TimelineEntry,
    Totals,
)
from central.core.views_audit import ChainView, DeedView, QueueView
from central.core.views_desk import BoardView, TicketStatusView
from contract.messages import DeviceState, Supply


def _masked(nik: str) -> str:
    """The first six digits (the district) and the last two of a NIK."""
    return f"{nik[:6]}********{nik[-2:]}" if len(nik) == 16 else ""


class StoreViews:
    """Implements `core.views.Views`. `wall` tells the time."""

    def __init__(self, store: Store, wall: Callable[[], datetime]) -> None:
        self._store = store
        self._wall = wall

    def totals(self) -> Totals:
        """The figures on top of every page."""
        today = views_audit.midnight(self._wall()).timestamp()
        booth, gap, job, card, fact = schema.booth, schema.gap, schema.print_job, schema.card, schema.fact
        with self._store.read() as connection:

            def number(query: Any) -> int:
                return int(connection.execute(query).scalar() or 0)

            def jobs(state: str) -> int:
                return number(select(func.count()).select_from(job).where(text(f"print_job.state = '{state}'")))

            printed = select(func.count()).select_from(card).where(card.c.at >= today, card.c.outcome == "printed")
            up = connection.execute(select(fact.c.value).where(fact.c.name == "centre_up")).scalar()
            out = booth.c.supply.in_([word.value for word in supply.WITHOUT_MAINS])
            return Totals(
                outages=number(select(func.count()).select_from(booth).where(out)),
                lost=number(select(func.sum(gap.c.lost))),
                uncertain=jobs("processing-stopped"),
                dead_letters=count_dead_letters(connection),
                pending=jobs("pending"),
                printed_today=number(printed),
                centre_up=None if up is None else bool(up),
                unacknowledged=views_power.unacknowledged(connection),
            )

    def booths(self) -> tuple[BoothView, ...]:
        """All booths, worst first."""
        with self._store.read() as connection:
            views = _booths(connection, None, self._wall())
        return tuple(sorted(views, key=lambda view: (fleet.ORDER[view.worst], view.id)))

    def booth(self, booth: str) -> BoothView | None:
        """One booth, or None when it is not known."""
        with self._store.read() as connection:
            views = _booths(connection, booth, self._wall())
        return views[0] if views else None

    def timeline(self, booth: str, limit: int = 100, kind: str | None = None) -> tuple[TimelineEntry, ...]:
        """The newest events, of the newest memory of the booth first."""
        table, stream = schema.event, schema.stream
        entries: list[TimelineEntry] = []
        with self._store.read() as connection:
            epochs = connection.execute(
                select(stream.c.epoch).where(stream.c.booth == booth).order_by(stream.c.opened.desc(), stream.c.epoch)
            ).scalars()
            for epoch in epochs.all():
                query = select(table).where(table.c.booth == booth, table.c.epoch == epoch, table.c.refused == "")
                if kind is not None:
                    query = query.where(table.c.kind == kind)
                rows = connection.execute(query.order_by(table.c.seq.desc()).limit(limit - len(entries)))
                entries += [
                    TimelineEntry(
                        id=row.id,
                        booth=booth,
                        seq=row.seq,
                        time=datetime.fromtimestamp(row.time, UTC),
                        received=datetime.fromtimestamp(row.received, UTC),
                        kind=row.kind,
                        body=json.loads(row.payload)["body"],
                    )
                    for row in rows
                ]
                if len(entries) >= limit:
                    break
        return tuple(entries)

    def print_jobs(self, state: str | None = None, limit: int = 200) -> tuple[PrintJobView, ...]:
        """What needs a person first, then what is under way, then by due; the finished ones last, newest first."""
        table = schema.print_job
        at = self._wall().timestamp()
        words = ("processing-stopped", "processing", "pending", "completed", "canceled", "aborted")
        rows: list[Any] = []
        with self._store.read() as connection:
            for word in words:
                if state in (None, word) and len(rows) < limit:
                    # As text, so that SQLite takes the index of that state.
                    query = select(table).where(text(f"print_job.state = '{word}'")).limit(limit - len(rows))
                    done = word in words[3:]
                    order = [table.c.changed.desc()] if done else [table.c.due, table.c.created, table.c.job]
                    rows += connection.execute(query.order_by(*order))
            jobs = [Job(**row._mapping) for row in rows]
            printers = _printers(connection, {job.booth for job in jobs})
            handed = views_audit.handed_at(connection, {job.enrolment for job in jobs if job.state == "completed"})
        return tuple(_job(job, printers[job.booth], at, handed.get(job.enrolment)) for job in jobs)

    def encodings(self, limit: int = 200) -> tuple[EncodingView, ...]:
        """The last changed first."""
        table = schema.encoding
        with self._store.read() as connection:
            rows = connection.execute(select(table).order_by(table.c.changed.desc(), table.c.enrolment).limit(limit))
            return tuple(
                EncodingView(
                    enrolment=row.enrolment,
                    booth=row.booth,
                    state=row.state,
                    received=datetime.fromtimestamp(row.received, UTC),
                    changed=datetime.fromtimestamp(row.changed, UTC),
                    tries=row.tries,
                    next_try=_when(row.next_try),
                    error=row.error,
                )
                for row in rows
            )

    def dead_letters(self, limit: int = 200) -> tuple[DeadLetterView, ...]:
        """The newest first."""
        table = schema.dead_letter
        with self._store.read() as connection:
            rows = connection.execute(select(table).order_by(table.c.received.desc(), table.c.id.desc()).limit(limit))
            return tuple(
                DeadLetterView(
                    id=row.id,
                    received=datetime.fromtimestamp(row.received, UTC),
                    topic=row.topic,
                    reason=row.reason + (f" (came {row.again + 1} times)" if row.again else ""),
                    payload=bytes(row.payload),
                )
                for row in rows
            )

    def alarms(self, booth: str | None = None, limit: int = 200) -> tuple[AlarmView, ...]:
        """Alarms that are not over, worst first."""
        with self._store.read() as connection:
            return tuple(views_power.alarms(connection, booth, limit))

    def supply_history(self, booth: str, since: datetime) -> tuple[SupplySpan, ...]:
        """What fed a booth from `since` on, oldest first."""
        with self._store.read() as connection:
            return views_power.history(connection, booth, since)

    def outages(self, booth: str, since: datetime) -> tuple[OutageView, ...]:
        """Outages that were not over at `since`, newest first."""
        with self._store.read() as connection:
            return views_power.outages(connection, booth, since, self._wall())

    def dips(self, booth: str, since: datetime, limit: int = 200) -> tuple[DipView, ...]:
        """Moments without mains, newest first."""
        with self._store.read() as connection:
            return views_power.dips(connection, booth, since, limit)

    def genset(self, booth: str) -> GensetView | None:
        """The genset as last told."""
        with self._store.read() as connection:
            return views_power.genset(views_power.power_rows(connection, booth).get(booth))

    def commands(self, booth: str, limit: int = 50) -> tuple[CommandView, ...]:
        """What people asked of a booth, newest first."""
        with self._store.read() as connection:
            return views_power.commands(connection, booth, limit)

    def board(self, booth: str | None = None) -> tuple[BoardView, ...]:
        """What the public sees of the booths' queues."""
        with self._store.read() as connection:
            return views_desk.boards(connection, booth, self._wall())

    def ticket(self, ticket: str) -> TicketStatusView | None:
        """The way of one ticket."""
        with self._store.read() as connection:
            return views_desk.ticket(connection, ticket, self._wall(), _printers)

    def deeds(self, booth: str = "", officer: str = "", day: str = "", limit: int = 200) -> tuple[DeedView, ...]:
        """Who did what, newest first."""
        with self._store.read() as connection:
            return views_audit.deeds(connection, booth, officer, day, limit)

    def chains(self, booth: str = "") -> tuple[ChainView, ...]:
        """Whether the booths' records are whole."""
        with self._store.read() as connection:
            return views_audit.chains(connection, booth)

    def officers(self) -> tuple[str, ...]:
        """Everybody who has done something."""
        with self._store.read() as connection:
            return views_audit.officers(connection)

    def blanks(self) -> dict[str, dict[str, int]]:
        """Per booth: blanks `given`, cards `printed` and `spoiled`."""
        booth, card = schema.booth, schema.card
        with self._store.read() as connection:
            table = {
                row.id: {"given": row.blanks, "printed": 0, "spoiled": 0}
                for row in connection.execute(select(booth.c.id, booth.c.blanks))
            }
            counts = select(card.c.booth, card.c.outcome, func.count().label("n"))
            counts = counts.group_by(card.c.booth, card.c.outcome)
            for row in connection.execute(counts):
                table.setdefault(row.booth, {"given": 0, "printed": 0, "spoiled": 0})[row.outcome] = row.n
        return table


def _job(job: Job, printer: Printer, at: float, handed: float | None) -> PrintJobView:
    return PrintJobView(
        job=job.job,
        enrolment=job.enrolment,
        booth=job.booth,
        name=_masked(job.nik),
        state=job.state,
        attempt=job.attempt,
        due=datetime.fromtimestamp(job.due, UTC),
        created=datetime.fromtimestamp(job.created, UTC),
        changed=datetime.fromtimestamp(job.changed, UTC),
        why=print_queue.why(job, printer, at),
        handed=_when(handed),
    )


def _grouped(connection: Connection, query: Any) -> dict[str, Any]:
    """First column -> second column."""
    return {row[0]: row[1] for row in connection.execute(query)}


def _printers(connection: Connection, booths: set[str]) -> dict[str, Printer]:
    """Condition of these booths' printers."""
    booth, device, job = schema.booth, schema.device, schema.print_job
    ids = list(booths)
    known = {
        row.id: row
        for row in connection.execute(
            select(booth.c.id, booth.c.online, booth.c.supply, booth.c.figures).where(booth.c.id.in_(ids))
        )
    }
    states: dict[str, str] = {}
    query = select(device.c.booth, device.c.state).where(device.c.booth.in_(ids), device.c.kind == PRINTER)
    for row in connection.execute(query):
        states[row.booth] = row.state if states.get(row.booth) != "ok" else "ok"
    busy = _grouped(
        connection, select(job.c.booth, job.c.job).where(job.c.booth.in_(ids), text("print_job.state = 'processing'"))
    )
    return {name: _printer(known.get(name), states.get(name), busy.get(name)) for name in ids}


def _printer(row: Any | None, state: str | None, busy: str | None) -> Printer:
    if row is None:
        return Printer(False, state, busy)
    off = fleet.is_off(row.online, Supply(row.supply), committed=False)
    told = json.loads(row.figures).get("may.print") if row.online else None
    return Printer(row.online, state, busy, off, told if isinstance(told, str) else "")


def _booths(connection: Connection, only: str | None, now: datetime) -> list[BoothView]:
    booth, device, job = schema.booth, schema.device, schema.print_job
    enrolment, gap = schema.enrolment, schema.gap

    def per_booth(column: Any, query: Any) -> Any:
        return query if only is None else query.where(column == only)

    rows = connection.execute(per_booth(booth.c.id, select(booth))).all()
    devices: dict[str, list[DeviceView]] = {}
    for row in connection.execute(per_booth(device.c.booth, select(device).order_by(device.c.name))):
        devices.setdefault(row.booth, []).append(_device(row))
    count = func.count()
    waiting = _grouped(
        connection,
        per_booth(
            enrolment.c.booth,
            select(enrolment.c.booth, count)
            .where(text("enrolment.state IN ('opened', 'started')"))
            .group_by(enrolment.c.booth),
        ),
    )
    printing = _grouped(
        connection, per_booth(job.c.booth, select(job.c.booth, job.c.job).where(text("print_job.state = 'processing'")))
    )
    stopped = text("print_job.state = 'processing-stopped'")
    uncertain = _grouped(
        connection, per_booth(job.c.booth, select(job.c.booth, count).where(stopped).group_by(job.c.booth))
    )
    lost = _grouped(
        connection, per_booth(gap.c.booth, select(gap.c.booth, func.sum(gap.c.lost)).group_by(gap.c.booth))
    )
    alarms: dict[str, list[AlarmView]] = {}
    for alarm in views_power.alarms(connection, only, None):
        alarms.setdefault(alarm.booth, []).append(alarm)
    power = views_power.power_rows(connection, only)
    queues = views_audit.queues(connection, only, now)
    return [
        _booth(
            row,
            tuple(devices.get(row.id, ())),
            tuple(alarms.get(row.id, ())),
            power.get(row.id),
            waiting.get(row.id, 0),
            printing.get(row.id),
            uncertain.get(row.id, 0),
            int(lost.get(row.id, 0)),
            queues.get(row.id),
        )
        for row in rows
    ]


def _booth(
    row: Any,
    devices: tuple[DeviceView, ...],
    alarms: tuple[AlarmView, ...],
    power: Any | None,
    waiting: int,
    printing: str | None,
    uncertain: int,
    lost: int,
    queue: QueueView | None,
) -> BoothView:
    figures: dict[str, Any] = json.loads(row.figures)
    fed = Supply(row.supply)
    shutdown: Any = (power.shutdown if power else None) or ""
    condition = fleet.Condition(
        online=row.online,
        supply=fed,
        seconds=_number(figures.get("energy.seconds")),
        charge=_number(figures.get("battery.charge")),
        devices=tuple(device.state for device in devices),
        door_open=row.door_open,
        uncertain=uncertain,
        lost=lost,
        alarms=tuple(fleet.Alarmed(alarm.priority, alarm.state, alarm.active) for alarm in alarms),
    )
    return BoothView(
        id=row.id,
        name=row.name,
        online=row.online,
        last_heard=_when(row.last_heard),
        supply=fed,
        supply_since=_when(row.supply_since),
        figures=figures,
        figures_at=_when(row.figures_at),
        devices=devices,
        door_open=row.door_open,
        waiting=waiting,
        printing=printing,
        uncertain=uncertain,
        lost=lost,
        version=row.version,
        boot=row.boot,
        worst=fleet.worst(condition),
        alarms=alarms,
        genset=views_power.genset(power),
        shed=(power.shed if power else None) or 0,
        shed_cause=(power.shed_cause if power else None) or "",
        shutdown=shutdown,
        shutdown_since=_when(power.shutdown_since) if power and shutdown else None,
        shutdown_cause=power.shutdown_cause if power and shutdown else "",
        ups_test=views_power.ups_test(power),
        off=fleet.is_off(row.online, fed, shutdown == "committed"),
        queue=queue,
    )


def _number(figure: Any) -> float | None:
    return float(figure) if isinstance(figure, (int, float)) and not isinstance(figure, bool) else None


def _device(row: Any) -> DeviceView:
    return DeviceView(
        name=row.name,
        kind=row.kind,
        state=DeviceState(row.state),
        since=cast(datetime, _when(row.since)),
        error=row.error,
        remedy=row.remedy,
        reasons=tuple(json.loads(row.reasons)),
        details=json.loads(row.details),
    )
