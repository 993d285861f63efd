"""SQL of what booths say about their power: supply history, dips, genset, alarms; and of what people asked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, literal_column, select, text, update

from central.adapters import schema
from central.adapters.rows import Prepared, Row, as_row, columns_of, insert_once, upsert

_ALARM, _COMMAND, _POWER, _SUPPLY = schema.alarm, schema.command, schema.power, schema.supply
_BY_PEOPLE = text("command.kind NOT IN ('print', 'nik-answer')")
_OPEN_ALARM = text("alarm.state <> 'normal'")
_OPEN_COMMAND = text("command.outcome IS NULL")
_ONE: Any = literal_column("1", Integer)
_SOME: Any = literal_column("100", Integer)


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """One alarm of a booth. `figures` is JSON; moments are seconds since 1970 (UTC)."""

    booth: str
    alarm: str
    occurrence: int
    priority: str
    state: str
    active: bool
    since: float
    changed: float
    cause: str
    remedy: str
    figures: str
    person: str
    reason: str
    shelved_until: float | None


_LAST_POINT = Prepared(
    select(_SUPPLY.c.start).where(_SUPPLY.c.booth == bindparam("booth")).order_by(_SUPPLY.c.start.desc()).limit(_ONE)
)


def supply_since(connection: Connection, booth: str) -> float | None:
    """When the newest entry of the supply's history begins."""
    row = _LAST_POINT.first(connection, booth=booth)
    return float(row[0]) if row else None


def save_supply(connection: Connection, booth: str, start: float, supply: str) -> None:
    """What fed the booth from `start` on."""
    upsert(connection, _SUPPLY, [{"booth": booth, "start": start, "supply": supply}])


def add_dip(connection: Connection, row: Row) -> None:
    """The mains were away for a moment."""
    insert_once(connection, schema.dip, [row])


_PHASE = Prepared(select(_POWER.c.phase, _POWER.c.phase_since).where(_POWER.c.booth == bindparam("booth")))


def phase(connection: Connection, booth: str) -> tuple[str | None, float | None]:
    """Phase of the genset's sequence and when it began; None: never told."""
    row = _PHASE.first(connection, booth=booth)
    return (row[0], row[1]) if row else (None, None)


_COMMITTED = Prepared(select(_POWER.c.shutdown).where(_POWER.c.booth == bindparam("booth")))


def committed(connection: Connection, booth: str) -> bool:
    """Whether the booth's shutdown is beyond its point of no return."""
    row = _COMMITTED.first(connection, booth=booth)
    return row is not None and row[0] == "committed"


def save_power(connection: Connection, booth: str, **values: Any) -> None:
    """Write some of the columns of `power`."""
    upsert(connection, _POWER, [{"booth": booth, **values}])


_FORGET_POWER = Prepared(
    update(_POWER)
    .where(_POWER.c.booth == bindparam("of_booth"))
    .values({column.name: None for column in _POWER.c if column.name != "booth"})
)


def forget_power(connection: Connection, booth: str) -> None:
    """What an earlier memory of the booth told is over."""
    _FORGET_POWER.run(connection, of_booth=booth)


_ONE_ALARM = Prepared(
    select(*columns_of(_ALARM, AlarmRow)).where(
        _ALARM.c.booth == bindparam("booth"), _ALARM.c.alarm == bindparam("alarm")
    )
)
_CLOSE_ALARMS = Prepared(
    update(_ALARM)
    .where(_ALARM.c.booth == bindparam("of_booth"), _OPEN_ALARM)
    .values(
        state=text("'normal'"),
        active=False,
        changed=bindparam("at"),
        person=text("''"),
        reason=bindparam("because"),
        shelved_until=None,
    )
)


def alarm(connection: Connection, booth: str, name: str) -> AlarmRow | None:
    """One alarm of a booth."""
    row = _ONE_ALARM.first(connection, booth=booth, alarm=name)
    return AlarmRow(*row) if row else None


def save_alarm(connection: Connection, row: AlarmRow) -> None:
    """Write an alarm."""
    upsert(connection, _ALARM, [as_row(row)])


def close_alarms(connection: Connection, booth: str, reason: str, at: float) -> None:
    """All alarms of a booth are over."""
    _CLOSE_ALARMS.run(connection, of_booth=booth, because=reason, at=at)


_SAID = (_COMMAND.c.booth == bindparam("booth"), _COMMAND.c.kind == bindparam("kind"), _BY_PEOPLE)
_UNDER_WAY = Prepared(select(_COMMAND.c.fields).where(*_SAID, _OPEN_COMMAND))
_ASKED = Prepared(
    select(_COMMAND.c.fields)
    .where(*_SAID, text("(command.outcome IS NULL OR command.outcome = 'done')"))
    .order_by(_COMMAND.c.issued.desc())
    .limit(_SOME)
)


def under_way(connection: Connection, booth: str, kind: str) -> list[dict[str, str]]:
    """Fields of the commands of a kind that the booth has not answered."""
    return [json.loads(row[0]) for row in _UNDER_WAY.all(connection, booth=booth, kind=kind)]


def asked(connection: Connection, booth: str, kind: str) -> list[dict[str, str]]:
    """Fields of the last commands of a kind that were not refused, newest first."""
    return [json.loads(row[0]) for row in _ASKED.all(connection, booth=booth, kind=kind)]
