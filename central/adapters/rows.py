"""SQL of the deciding thread: each statement is built and compiled once, and run by the database's own driver.

SQLAlchemy writes the statements, so that they are right on SQLite and on PostgreSQL. Its execution of one costs about
five times what SQLite needs for it, in every turn again; so a `Prepared` keeps the compiled text and gives it to the
driver's cursor, within SQLAlchemy's transaction. Errors are SQLAlchemy's all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from operator import attrgetter, itemgetter
from typing import Any

from sqlalchemy import Boolean, Connection, Select, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler

Row = Mapping[str, Any]
#: A statement, or how to make it for a dialect's name.
Statement = Executable | Callable[[str], Executable]


@dataclass(frozen=True, slots=True)
class _Compiled:
    """Text for the driver; `bind` puts named values into the order or the mapping that it wants."""

    sql: str
    bind: Callable[[Row], Any]
    flags: tuple[int, ...]
    """Columns of the answer that are Booleans, which SQLite gives as numbers."""


class Prepared:
    """One statement. `columns`: the columns that an INSERT gives."""

    def __init__(self, statement: Statement, columns: Sequence[str] | None = None) -> None:
        self._statement, self._columns = statement, columns
        self._compiled: dict[tuple[str, str], _Compiled] = {}

    def run(self, connection: Connection, **values: Any) -> None:
        """Execute once."""
        self._execute(connection, values).close()

    def many(self, connection: Connection, rows: Iterable[Row]) -> None:
        """Execute for each row."""
        compiled = self._for(connection.dialect)
        cursor = connection.connection.cursor()
        try:
            cursor.executemany(compiled.sql, [compiled.bind(row) for row in rows])
        except Exception as error:
            _tell(error, compiled.sql, connection.dialect)
            raise
        finally:
            cursor.close()

    def all(self, connection: Connection, **values: Any) -> list[Any]:
        """All rows of the answer, as tuples."""
        cursor = self._execute(connection, values)
        try:
            rows: list[Any] = cursor.fetchall()
        except Exception as error:
            _tell(error, self._for(connection.dialect).sql, connection.dialect)
            raise
        finally:
            cursor.close()
        flags = self._for(connection.dialect).flags
        return [_with_flags(row, flags) for row in rows] if flags else rows

    def first(self, connection: Connection, **values: Any) -> Any:
        """The first row, or None."""
        rows = self.all(connection, **values)
        return rows[0] if rows else None

    def _execute(self, connection: Connection, values: Row) -> Any:
        compiled = self._for(connection.dialect)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(compiled.sql, compiled.bind(values))
        except Exception as error:
            cursor.close()
            _tell(error, compiled.sql, connection.dialect)
            raise
        return cursor

    def _for(self, dialect: Dialect) -> _Compiled:
        key = (dialect.name, dialect.driver)
        found = self._compiled.get(key)
        if found is None:
            found = self._compiled[key] = compile_for(dialect, self._statement, self._columns)
        return found


def plain(connection: Connection, sql: str) -> None:
    """Execute a text without values."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(sql)
    except Exception as error:
        _tell(error, sql, connection.dialect)
        raise
    finally:
        cursor.close()


def compile_for(dialect: Dialect, statement: Statement, columns: Sequence[str] | None = None) -> _Compiled:
    """The text of a statement for a dialect."""
    made: Any = statement if isinstance(statement, Executable) else statement(dialect.name)
    compiled: SQLCompiler = made.compile(dialect=dialect, column_keys=list(columns) if columns is not None else None)
    # A list of values would be written into the text at each execution.
    assert not compiled.literal_execute_params and not compiled.post_compile_params, str(compiled)
    fixed = {name: value for name, value in compiled.params.items() if not compiled.binds[name].required}
    if columns is not None:
        fixed = {name: value for name, value in fixed.items() if name not in columns}
    flags: tuple[int, ...] = ()
    if isinstance(made, Select) and not dialect.supports_native_boolean:
        flags = tuple(n for n, column in enumerate(made.selected_columns) if isinstance(column.type, Boolean))
    names = compiled.positiontup if compiled.positional else None
    return _Compiled(compiled.string, _binder(names, fixed), flags)


def _binder(names: Sequence[str] | None, fixed: Row) -> Callable[[Row], Any]:
    if names is None:
        return lambda row: {**fixed, **row}
    if not names:
        return lambda _row: ()
    if len(names) == 1:
        (only,) = names
        return lambda row: (row[only] if only in row else fixed[only],)
    pick = itemgetter(*names)
    return (lambda row: pick({**fixed, **row})) if fixed else pick


def _with_flags(row: Sequence[Any], flags: tuple[int, ...]) -> tuple[Any, ...]:
    values = list(row)
    for n in flags:
        if values[n] is not None:
            values[n] = bool(values[n])
    return tuple(values)


def _tell(error: Exception, sql: str, dialect: Dialect) -> None:
    """Raise the driver's error as SQLAlchemy's; a bug stays what it is."""
    base = dialect.loaded_dbapi.Error
    if isinstance(error, base):
        raise DBAPIError.instance(sql, None, error, base, dialect=dialect) from error


def insert_for(dialect: str, table: Table) -> Any:
    """An INSERT that knows ON CONFLICT."""
    statement = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    return statement.inline()


@cache
def _upsert(table: Table, columns: tuple[str, ...]) -> Prepared:
    keys = [column.name for column in table.primary_key]

    def make(dialect: str) -> Executable:
        statement = insert_for(dialect, table)
        values = {name: statement.excluded[name] for name in columns if name not in keys}
        done: Executable = statement.on_conflict_do_update(index_elements=keys, set_=values)
        return done

    return Prepared(make, columns)


@cache
def _once(table: Table, columns: tuple[str, ...]) -> Prepared:
    return Prepared(lambda dialect: insert_for(dialect, table).on_conflict_do_nothing(), columns)


def upsert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Write whole rows; all have the same columns. A row that is there already gets the new values."""
    if rows:
        _upsert(table, tuple(rows[0])).many(connection, rows)


def insert_once(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows; one that is there already stays as it is."""
    if rows:
        _once(table, tuple(rows[0])).many(connection, rows)


def columns_of(table: Table, kind: type[Any]) -> list[Any]:
    """The columns of a table in the order of the fields of a dataclass."""
    return [table.c[field.name] for field in fields(kind)]


@cache
def _values(kind: Any) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    names = tuple(field.name for field in fields(kind))
    return names, attrgetter(*names)


def as_row(record: Any) -> dict[str, Any]:
    """The fields of a flat dataclass by name."""
    kind: Any = type(record)
    names, values = _values(kind)
    return dict(zip(names, values(record), strict=True))
