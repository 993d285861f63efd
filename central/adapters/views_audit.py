"""What the console asks about a booth's queue of today, and about the records of who did what."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

from sqlalchemy import Connection, func, select, text

from central.adapters import schema_desk
from central.adapters.views_power import at as _at
from central.core.views_audit import ChainView, DeedView, QueueView

#: The service's day (WIB).
WIB = timezone(timedelta(hours=7), "WIB")

_DEED, _TICKET, _QUEUE, _HANDED = schema_desk.deed, schema_desk.ticket, schema_desk.queue, schema_desk.handed


def midnight(now: datetime) -> datetime:
    """When the service's day of this moment began."""
    return now.astimezone(WIB).replace(hour=0, minute=0, second=0, microsecond=0)


def queues(connection: Connection, only: str | None, now: datetime) -> dict[str, QueueView]:
    """The front desk of the booths that have told of one today."""
    began = midnight(now)
    today, start = began.date().isoformat(), began.timestamp()

    def of(query: Any, column: Any) -> Any:
        return query if only is None else query.where(column == only)

    counts: dict[str, dict[str, int]] = {}
    query = select(_TICKET.c.booth, _TICKET.c.state, func.count()).where(_TICKET.c.day == today)
    query = of(query, _TICKET.c.booth).group_by(_TICKET.c.booth, _TICKET.c.state)
    for booth, state, count in connection.execute(query):
        counts.setdefault(booth, {})[state] = count
    figures = of(select(_QUEUE).where(_QUEUE.c.at >= start), _QUEUE.c.booth)
    told = {row.booth: row for row in connection.execute(figures)}
    given = select(_HANDED.c.booth, func.count()).where(_HANDED.c.at >= start).group_by(_HANDED.c.booth)
    handed = {row[0]: row[1] for row in connection.execute(of(given, _HANDED.c.booth))}
    return {
        booth: _queue(counts.get(booth, {}), told.get(booth), handed.get(booth, 0))
        for booth in {*counts, *told, *handed}
    }


def _queue(states: dict[str, int], told: Any | None, handed: int) -> QueueView:
    return QueueView(
        waiting=states.get("waiting", 0),
        called=states.get("called", 0),
        present=states.get("present", 0),
        given=sum(states.values()),
        handed=handed,
        open=told.open if told is not None else None,
        note=told.note if told is not None else "",
    )


def handed_at(connection: Connection, enrolments: Iterable[str]) -> dict[str, float]:
    """When the cards of these enrolments were handed over."""
    query = select(_HANDED.c.enrolment, _HANDED.c.at).where(_HANDED.c.enrolment.in_(list(enrolments)))
    return {row[0]: row[1] for row in connection.execute(query)}


def deeds(connection: Connection, booth: str, officer: str, day: str, limit: int) -> tuple[DeedView, ...]:
    """Newest first."""
    query = select(_DEED).order_by(_DEED.c.time.desc(), _DEED.c.n.desc(), _DEED.c.seq.desc()).limit(limit)
    if booth:
        query = query.where(_DEED.c.booth == booth)
    if officer:
        query = query.where(_DEED.c.officer == officer)
    if day:
        try:
            start = datetime.combine(date.fromisoformat(day), time(), WIB).timestamp()
        except (ValueError, OverflowError):
            return ()
        query = query.where(_DEED.c.time >= start, _DEED.c.time < start + 86_400.0)
    return tuple(
        DeedView(
            booth=row.booth,
            epoch=row.epoch,
            n=row.n,
            time=_at(row.time),
            officer=row.officer,
            action=row.action,
            subject=row.subject,
            detail=row.detail,
            trouble=row.trouble,
        )
        for row in connection.execute(query)
    )


def chains(connection: Connection, booth: str) -> tuple[ChainView, ...]:
    """Broken ones first, then the newest."""
    of = (_DEED.c.booth, _DEED.c.epoch)
    query = select(
        *of,
        func.count().label("deeds"),
        func.max(_DEED.c.n).label("last"),
        func.min(_DEED.c.time).label("since"),
        func.max(_DEED.c.time).label("until"),
    ).group_by(*of)
    broken = select(*of, _DEED.c.n, _DEED.c.trouble).where(text("deed.trouble <> ''")).order_by(_DEED.c.n.desc())
    if booth:
        query, broken = query.where(_DEED.c.booth == booth), broken.where(_DEED.c.booth == booth)
    first = {(row.booth, row.epoch): row for row in connection.execute(broken)}
    found = [_chain(row, first.get((row.booth, row.epoch))) for row in connection.execute(query)]
    return tuple(sorted(found, key=lambda chain: (chain.broken is None, -chain.until.timestamp(), chain.epoch)))


def _chain(row: Any, broken: Any | None) -> ChainView:
    return ChainView(
        booth=row.booth,
        epoch=row.epoch,
        deeds=row.deeds,
        last=row.last,
        since=_at(row.since),
        until=_at(row.until),
        broken=None if broken is None else broken.n,
        trouble="" if broken is None else broken.trouble,
    )


def officers(connection: Connection) -> tuple[str, ...]:
    """Everybody who has done something, by name."""
    query = select(_DEED.c.officer).distinct().where(_DEED.c.officer != "").order_by(_DEED.c.officer)
    return tuple(row[0] for row in connection.execute(query))
