"""What the console asks about power: alarms, supply history, outages, genset, commands."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Literal, cast

from sqlalchemy import Connection, case, func, select, text

from central.adapters import schema
from central.core import fleet, supply
from central.core.views import AlarmView, CommandView, DipView, GensetView, OutageView, SupplySpan, UpsTestView
from contract.messages import AlarmState, GensetPhase, Priority, Supply

_ALARM, _COMMAND, _SUPPLY, _BOOTH = schema.alarm, schema.command, schema.supply, schema.booth
_OPEN = text("alarm.state <> 'normal'")
_RANK = (
    case({state.value: rank for state, rank in fleet.STATES.items()}, value=_ALARM.c.state, else_=9),
    case({priority.value: rank for priority, rank in fleet.PRIORITIES.items()}, value=_ALARM.c.priority, else_=9),
    _ALARM.c.since.desc(),
    _ALARM.c.booth,
    _ALARM.c.alarm,
)

Outcome = Literal["pending", "done", "refused", "expired", "forged"]
#: What the coordinator writes into its table beside the booth's own words. `told`: the booth spoke of the job instead.
_OUTCOMES: dict[str | None, Outcome] = {
    None: "pending",
    "done": "done",
    "told": "done",
    "refused": "refused",
    "expired": "expired",
    "unanswered": "expired",
    "forged": "forged",
}


def when(at: float | None) -> datetime | None:
    """A stored moment."""
    return None if at is None else datetime.fromtimestamp(at, UTC)


def at(moment: float) -> datetime:
    """A stored moment that is there."""
    return datetime.fromtimestamp(moment, UTC)


# --- alarms --------------------------------------------------------------------------------------------


def alarms(connection: Connection, booth: str | None, limit: int | None) -> list[AlarmView]:
    """Alarms that are not over, worst first."""
    query = select(_ALARM).where(_OPEN).order_by(*_RANK)
    if booth is not None:
        query = query.where(_ALARM.c.booth == booth)
    if limit is not None:
        query = query.limit(limit)
    return [_alarm(row) for row in connection.execute(query)]


def unacknowledged(connection: Connection) -> int:
    """Alarms that nobody has seen to."""
    words = [state.value for state in fleet.UNSEEN]
    query = select(func.count()).select_from(_ALARM).where(_OPEN, _ALARM.c.state.in_(words))
    return int(connection.execute(query).scalar_one())


def _alarm(row: Any) -> AlarmView:
    return AlarmView(
        booth=row.booth,
        alarm=row.alarm,
        occurrence=row.occurrence,
        priority=Priority(row.priority),
        state=AlarmState(row.state),
        active=row.active,
        since=at(row.since),
        changed=at(row.changed),
        cause=row.cause,
        remedy=row.remedy,
        figures=json.loads(row.figures),
        person=row.person,
        reason=row.reason,
        shelved_until=when(row.shelved_until),
    )


# --- supply --------------------------------------------------------------------------------------------


def history(connection: Connection, booth: str, since: datetime) -> tuple[SupplySpan, ...]:
    """What fed a booth from `since` on."""
    known = _spans(connection, booth, since.timestamp(), from_mains=False)
    return tuple(SupplySpan(span.supply, at(span.start), when(span.end)) for span in known)


def outages(connection: Connection, booth: str, since: datetime, now: datetime) -> tuple[OutageView, ...]:
    """Outages that were not over at `since`, newest first."""
    moment = since.timestamp()
    found = supply.outages(_spans(connection, booth, moment, from_mains=True), now.timestamp())
    return tuple(
        OutageView(booth, at(outage.start), when(outage.end), outage.seconds)
        for outage in reversed(found)
        if outage.end is None or outage.end > moment
    )


def _spans(connection: Connection, booth: str, since: float, from_mains: bool) -> list[supply.Span]:
    """Spans from `since`, or from the mains before it on, so that an outage has its true start."""
    row = connection.execute(select(_BOOTH.c.online, _BOOTH.c.told).where(_BOOTH.c.id == booth)).first()
    if row is None:
        return []
    of_booth = _SUPPLY.c.booth == booth
    first = select(_SUPPLY.c.start).where(of_booth, _SUPPLY.c.start <= since)
    if from_mains:
        first = first.where(_SUPPLY.c.supply == Supply.ON_MAINS.value)
    begin = connection.execute(first.order_by(_SUPPLY.c.start.desc()).limit(1)).scalar()
    query = select(_SUPPLY.c.start, _SUPPLY.c.supply).where(of_booth).order_by(_SUPPLY.c.start)
    if begin is not None:
        query = query.where(_SUPPLY.c.start >= begin)
    points = [supply.Point(start, Supply(word)) for start, word in connection.execute(query)]
    silent = None if row.online else row.told
    return supply.spans(points, None if from_mains else since, silent)


def dips(connection: Connection, booth: str, since: datetime, limit: int) -> tuple[DipView, ...]:
    """Newest first."""
    table = schema.dip
    query = select(table).where(table.c.booth == booth, table.c.at >= since.timestamp())
    rows = connection.execute(query.order_by(table.c.at.desc()).limit(limit))
    return tuple(DipView(at(row.at), row.seconds, row.lowest_v) for row in rows)


# --- genset, shedding, shutdown, battery test ----------------------------------------------------------


def power_rows(connection: Connection, booth: str | None) -> dict[str, Any]:
    """Booth -> its row of `power`."""
    query = select(schema.power)
    if booth is not None:
        query = query.where(schema.power.c.booth == booth)
    return {row.booth: row for row in connection.execute(query)}


def genset(row: Any | None) -> GensetView | None:
    """The genset of a row of `power`."""
    if row is None or row.phase is None:
        return None
    return GensetView(
        phase=GensetPhase(row.phase),
        attempt=row.attempt,
        cause=row.genset_cause,
        verified=row.verified,
        fuel_pct=row.fuel_pct,
        fuel_hours=row.fuel_hours,
        run_hours=row.run_hours,
        service_hours=row.service_hours,
        since=at(row.phase_since),
    )


def ups_test(row: Any | None) -> UpsTestView | None:
    """The last battery test of a row of `power`."""
    if row is None or row.tested is None:
        return None
    return UpsTestView(row.test_passed, row.test_cause, at(row.tested))


# --- commands ------------------------------------------------------------------------------------------


def commands(connection: Connection, booth: str, limit: int) -> tuple[CommandView, ...]:
    """What people asked of a booth, newest first."""
    names = ("id", "booth", "kind", "fields", "person", "issued", "outcome", "reason", "answered")
    query = select(*(_COMMAND.c[name] for name in names))
    query = query.where(_COMMAND.c.booth == booth, text("command.kind NOT IN ('print', 'nik-answer')"))
    rows = connection.execute(query.order_by(_COMMAND.c.issued.desc(), _COMMAND.c.id.desc()).limit(limit))
    return tuple(
        CommandView(
            id=row.id,
            booth=row.booth,
            kind=row.kind,
            fields=cast(dict[str, str], json.loads(row.fields)),
            person=row.person,
            issued=at(row.issued),
            outcome=_OUTCOMES[row.outcome],
            reason=row.reason,
            answered=when(row.answered),
        )
        for row in rows
    )
