"""The front desk: tickets, queues, NIKs, cards handed over, booths' keys and signed packets, deeds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """From 0002."""
    op.add_column("packet", sa.Column("epoch", sa.String(length=80), server_default="", nullable=False))
    op.add_column("packet", sa.Column("signed", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.drop_index("command_asked", "command")
    op.create_index(
        "command_asked",
        "command",
        ["booth", "issued"],
        unique=False,
        sqlite_where=sa.text("kind NOT IN ('print', 'nik-answer')"),
        postgresql_where=sa.text("kind NOT IN ('print', 'nik-answer')"),
    )
    _tickets()
    _niks()
    _deeds()


def _tickets() -> None:
    op.create_table(
        "ticket",
        sa.Column("booth", sa.String(length=40), nullable=False),
        sa.Column("ticket", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=10), server_default="", nullable=False),
        sa.Column("day", sa.String(length=10), server_default="", nullable=False),
        sa.Column("service", sa.String(length=10), server_default="new", nullable=False),
        sa.Column("precedence", sa.String(length=10), server_default="none", nullable=False),
        sa.Column("enrolment", sa.String(length=80), nullable=True),
        sa.Column("issued", sa.Double(), nullable=True),
        sa.Column("wait_s", sa.Double(), nullable=True),
        sa.Column("wait_low_s", sa.Double(), nullable=True),
        sa.Column("wait_high_s", sa.Double(), nullable=True),
        sa.Column("paper", sa.String(length=10), server_default="none", nullable=False),
        sa.Column("paper_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("paper_at", sa.Double(), nullable=True),
        sa.Column("state", sa.String(length=10), server_default="waiting", nullable=False),
        sa.Column("place", sa.Text(), server_default="", nullable=False),
        sa.Column("calls", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("officer", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("waited_s", sa.Double(), nullable=True),
        sa.Column("called", sa.Double(), nullable=True),
        sa.Column("changed", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("booth", "ticket"),
    )
    op.create_index("ticket_id", "ticket", ["ticket"], unique=False)
    op.create_index("ticket_day", "ticket", ["day", "booth"], unique=False)
    op.create_table(
        "queue",
        sa.Column("booth", sa.String(length=40), nullable=False),
        sa.Column("waiting", sa.Text(), nullable=False),
        sa.Column("wait_s", sa.Text(), nullable=False),
        sa.Column("wait_high_s", sa.Text(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("booth"),
    )
    op.create_table(
        "handed",
        sa.Column("enrolment", sa.String(length=80), nullable=False),
        sa.Column("booth", sa.String(length=40), nullable=False),
        sa.Column("recipient", sa.String(length=20), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("enrolment"),
    )
    op.create_index("handed_at", "handed", ["at", "booth"], unique=False)


def _niks() -> None:
    op.create_table(
        "nik",
        sa.Column("enrolment", sa.String(length=80), nullable=False),
        sa.Column("booth", sa.String(length=40), nullable=False),
        sa.Column("nik", sa.String(length=16), server_default="", nullable=False),
        sa.Column("standing", sa.String(length=10), server_default="unasked", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("answered", sa.Double(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_try", sa.Double(), nullable=True),
        sa.Column("checked", sa.String(length=10), server_default="", nullable=False),
        sa.Column("officer", sa.Text(), server_default="", nullable=False),
        sa.Column("went_on", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("enrolment"),
    )
    op.create_index("nik_due", "nik", ["next_try"], unique=False)


def _deeds() -> None:
    op.create_table(
        "booth_key",
        sa.Column("booth", sa.String(length=40), nullable=False),
        sa.Column("epoch", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("told", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("booth", "epoch"),
    )
    op.create_table(
        "deed",
        sa.Column("booth", sa.String(length=40), nullable=False),
        sa.Column("epoch", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("time", sa.Double(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("trouble", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("booth", "epoch", "seq"),
    )
    op.create_index("deed_chain", "deed", ["booth", "epoch", "n"], unique=False)
    op.create_index("deed_time", "deed", ["time"], unique=False)
    op.create_index(
        "deed_broken",
        "deed",
        ["booth"],
        unique=False,
        sqlite_where=sa.text("trouble <> ''"),
        postgresql_where=sa.text("trouble <> ''"),
    )
