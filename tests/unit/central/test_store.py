"""The database keeps what was committed, whole, and has one shape whichever way it was made."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, func, select

from central.adapters import schema, store_work
from central.adapters.store import MIGRATIONS, Store, sqlite_url
from central.adapters.views import StoreViews
from contract.messages import DoorChanged, Supply, SupplyChanged
from tests.unit.central.booth import Booth, World, settings


def test_the_steps_lead_to_the_shape_that_the_code_expects(tmp_path: Path) -> None:
    store = Store.open(sqlite_url(tmp_path))
    with store.write() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, schema.metadata) == []
        assert context.get_current_revision() == schema.REVISION
        found = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'index'").scalars().all()
    store.close()
    assert {index.name for table in schema.metadata.tables.values() for index in table.indexes} <= set(found)


def test_a_coordinator_of_before_keeps_the_history_of_its_supply(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    engine = create_engine(url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    told = [SupplyChanged(supply=supply, mains_contact=None) for supply in (Supply.ON_MAINS, Supply.ON_BATTERY)]
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql("INSERT INTO booth (id, online) VALUES ('b1', 1)")
        for seq, body in enumerate(told, 1):
            row = ("b1", "e", seq, f"e-{seq}", "supply.changed", 3600.0 * seq, 0.0, _payload(body), "")
            connection.exec_driver_sql(f"INSERT INTO event VALUES ({', '.join('?' * len(row))})", row)
    engine.dispose()
    store = Store.open(url)
    spans = StoreViews(store, lambda: datetime.fromtimestamp(9000, UTC)).supply_history("b1", _at(3600))
    store.close()
    assert [(span.supply, span.start, span.end) for span in spans] == [
        (Supply.ON_MAINS, _at(3600), _at(7200)),
        (Supply.ON_BATTERY, _at(7200), None),
    ]


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _payload(body: SupplyChanged) -> str:
    return json.dumps({"body": body.model_dump(mode="json")})


def test_every_commit_is_on_the_disk_before_it_is_reported(tmp_path: Path) -> None:
    store = Store.open(sqlite_url(tmp_path))
    with store.write() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    store.close()


def test_opening_again_keeps_everything(tmp_path: Path) -> None:
    store = Store.open(sqlite_url(tmp_path))
    world, booth = World(store, settings("b1")), Booth()
    world.give(booth.event(DoorChanged(open=True)))
    store.close()
    again = Store.open(sqlite_url(tmp_path))
    seen = StoreViews(again, lambda: world.wall).booth("b1")
    assert seen is not None and seen.door_open is True
    again.close()


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    store = Store.open(sqlite_url(tmp_path))
    row = {"name": "x", "value": "1", "at": 0.0}
    with pytest.raises(RuntimeError), store.write() as connection:
        connection.execute(schema.fact.insert(), row)
        raise RuntimeError("power cut")
    with store.read() as connection:
        assert connection.execute(select(func.count()).select_from(schema.fact)).scalar() == 0
    store.close()


def test_a_reader_sees_one_moment_while_the_writer_goes_on(tmp_path: Path) -> None:
    store = Store.open(sqlite_url(tmp_path))
    count = select(func.count()).select_from(schema.fact)
    with store.read() as reader:
        assert reader.execute(count).scalar() == 0
        with store.write() as writer:
            writer.execute(schema.fact.insert(), {"name": "x", "value": "1", "at": 0.0})
        assert reader.execute(count).scalar() == 0
    with store.read() as reader:
        assert reader.execute(count).scalar() == 1
    store.close()


def test_the_next_job_is_found_by_an_index_however_many_wait(tmp_path: Path) -> None:
    store = Store.open(sqlite_url(tmp_path))
    statements: list[str] = []
    with store.write() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.set_trace_callback(statements.append)
        store_work.next_job(connection, "b1", 0.0)
        driver.set_trace_callback(None)
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statements[-1]}").all()
    store.close()
    assert "print_job_next" in str(plan) and "TEMP B-TREE" not in str(plan)
