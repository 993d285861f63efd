"""The coordinator's database: SQLite in WAL mode with synchronous=FULL by default, PostgreSQL by URL.

One writer at a time (`write`), readers beside it (`read`): each block is one transaction and one consistent picture.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool

from central.adapters.rows import plain
from central.adapters.schema import REVISION
from central.adapters.schema_desk import metadata

MIGRATIONS = Path(__file__).parent.parent / "migrations"

#: The database cannot be written or read now (disk full, locked, server away): the same work may be tried again.
StoreTrouble = OperationalError


def sqlite_url(data: Path) -> str:
    """The default database of a coordinator: one file in its data folder."""
    return URL.create("sqlite", database=str(data / "central.sqlite3")).render_as_string()


def _sqlite_engine(url: URL, begin: str, pool: int) -> Engine:
    engine = create_engine(
        url, connect_args={"check_same_thread": False, "timeout": 30.0}, pool_size=pool, max_overflow=0
    )
    _prepare_sqlite(engine, begin)
    return engine


def _prepare_sqlite(engine: Engine, begin: str) -> None:
    """Transactions begin where we say: sqlite3's own implicit ones leave reads outside."""

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-16000", "busy_timeout=30000"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def began(connection: Connection) -> None:
        plain(connection, begin)


class Store:
    """Holds the engines; knows nothing of what the rows mean."""

    def __init__(self, writer: Engine, reader: Engine) -> None:
        self._writer = writer
        self._reader = reader

    @classmethod
    def open(cls, url: str) -> Store:
        """Open and bring to the present shape. Raises OperationalError when the place cannot be used."""
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            store = cls(_sqlite_engine(parsed, "BEGIN IMMEDIATE", 1), _sqlite_engine(parsed, "BEGIN", 5))
        else:
            engine = create_engine(parsed, pool_pre_ping=True)
            store = cls(engine, engine)
        store._migrate()
        return store

    @classmethod
    def memory(cls) -> Store:
        """A store that lives in memory, for simulations: same SQL, no disk. Opens in well under a millisecond."""
        image = empty_image()

        def connect() -> sqlite3.Connection:
            connection = sqlite3.connect(":memory:", check_same_thread=False)
            connection.deserialize(image)
            return connection

        engine = create_engine("sqlite://", creator=connect, poolclass=StaticPool)

        @event.listens_for(engine, "connect")
        def connected(connection: Any, _record: Any) -> None:
            connection.isolation_level = None

        @event.listens_for(engine, "begin")
        def began(connection: Connection) -> None:
            plain(connection, "BEGIN")

        return cls(engine, engine)

    def _migrate(self) -> None:
        with self._writer.begin() as connection:
            if inspect(connection).has_table("alembic_version"):
                found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all()
                if found == [REVISION]:
                    return
        # Half a second of every start, for what is needed at the first one.
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        with self._writer.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: committed at the end, rolled back whole by an exception."""
        with self._writer.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent picture; writes nothing."""
        with self._reader.begin() as connection:
            yield connection

    def close(self) -> None:
        """Release the files or the server."""
        self._writer.dispose()
        self._reader.dispose()


@cache
def empty_image() -> bytes:
    """A SQLite database with all tables and no rows."""
    connection = sqlite3.connect(":memory:")
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    metadata.create_all(engine)
    image = connection.serialize()
    engine.dispose()
    return image
