"""SQL that several tables need: upserts and inserts that a repetition does not harm, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert

Row = Mapping[str, Any]


def insert_for(dialect: str, table: Table) -> Any:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


@cache
def _upsert(dialect: str, table: Table, columns: tuple[str, ...]) -> Insert:
    keys = [column.name for column in table.primary_key]
    statement = insert_for(dialect, table)
    values = {name: statement.excluded[name] for name in columns if name not in keys}
    done: Insert = statement.on_conflict_do_update(index_elements=keys, set_=values)
    return done


@cache
def _once(dialect: str, table: Table) -> Insert:
    done: Insert = insert_for(dialect, table).on_conflict_do_nothing()
    return done


def upsert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Write whole rows; all have the same columns. A row that is there already gets the new values."""
    if rows:
        connection.execute(_upsert(connection.dialect.name, table, tuple(rows[0])), list(rows))


def insert_once(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows; one that is there already stays as it is."""
    if rows:
        connection.execute(_once(connection.dialect.name, table), list(rows))
