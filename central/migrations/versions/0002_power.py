"""Power: alarms, supply history, dips, genset; who asked for a command."""

from __future__ import annotations

import json
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_EVENT = sa.table(
    "event",
    sa.column("booth", sa.String),
    sa.column("kind", sa.String),
    sa.column("time", sa.Double),
    sa.column("payload", sa.Text),
    sa.column("refused", sa.Text),
)


def upgrade() -> None:
    """From 0001; the supply's history is taken from the events that are there."""
    op.add_column("booth", sa.Column("told", sa.Double(), nullable=True))
    op.add_column("booth", sa.Column("restarted", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("command", sa.Column("person", sa.Text(), server_default="", nullable=False))
    op.add_column("command", sa.Column("fields", sa.Text(), server_default="{}", nullable=False))
    op.create_index(
        "command_asked",
        "command",
        ["booth", "issued"],
        unique=False,
        sqlite_where=sa.text("kind <> 'print'"),
        postgresql_where=sa.text("kind <> 'print'"),
    )
    op.create_table(
        "alarm",
        sa.Column("booth", sa.String(length=40), nullable=False),
        sa.Column("alarm", sa.String(length=80), nullable=False),
        sa.Column("occurrence", sa.BigInteger(), nullable=False),
        sa.Column("priority", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("changed", sa.Double(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("shelved_until", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("booth", "alarm"),
    )
    op.create_index(
        "alarm_open",
        "alarm",
        ["booth"],
        unique=False,
        sqlite_where=sa.text("state <> 'normal'"),
        postgresql_where=sa.text("state <> 'normal'"),
    )
    op.create_table(
        "dip",
        sa.Column("booth", sa.String(length=40), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("lowest_v", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("booth", "at"),
        sqlite_with_rowid=False,
    )
    _power()
    supply = op.create_table(
        "supply",
        sa.Column("booth", sa.String(length=40), nullable=False),
        sa.Column("start", sa.Double(), nullable=False),
        sa.Column("supply", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("booth", "start"),
        sqlite_with_rowid=False,
    )
    rows = [{"booth": key[0], "start": key[1], "supply": word} for key, word in dict(_told()).items()]
    if rows:
        op.bulk_insert(supply, rows)


def _power() -> None:
    op.create_table(
        "power",
        sa.Column("booth", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=True),
        sa.Column("phase_since", sa.Double(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=True),
        sa.Column("genset_cause", sa.Text(), nullable=True),
        sa.Column("verified", sa.Boolean(), nullable=True),
        sa.Column("fuel_pct", sa.Double(), nullable=True),
        sa.Column("fuel_hours", sa.Double(), nullable=True),
        sa.Column("run_hours", sa.Double(), nullable=True),
        sa.Column("service_hours", sa.Double(), nullable=True),
        sa.Column("shed", sa.Integer(), nullable=True),
        sa.Column("shed_cause", sa.Text(), nullable=True),
        sa.Column("shutdown", sa.String(length=10), nullable=True),
        sa.Column("shutdown_since", sa.Double(), nullable=True),
        sa.Column("shutdown_cause", sa.Text(), nullable=True),
        sa.Column("test_passed", sa.Boolean(), nullable=True),
        sa.Column("test_cause", sa.Text(), nullable=True),
        sa.Column("tested", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("booth"),
    )


def _told() -> Iterator[tuple[tuple[str, float], str]]:
    """(booth, time) and supply of every change that was told."""
    query = sa.select(_EVENT.c.booth, _EVENT.c.time, _EVENT.c.payload)
    query = query.where(_EVENT.c.kind == "supply.changed", _EVENT.c.refused == "").order_by(_EVENT.c.time)
    for booth, time, payload in op.get_bind().execute(query):
        yield (booth, time), json.loads(payload)["body"]["supply"]
