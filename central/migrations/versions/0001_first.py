"""The first shape: booths, events, packets, encodings, print jobs, commands."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

def upgrade() -> None:
    """From nothing."""
    op.create_table(
        "booth",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("listed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("blanks", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("online", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("epoch", sa.String(length=80), server_default="", nullable=False),
        sa.Column("boot", sa.String(length=80), server_default="", nullable=False),
        sa.Column("version", sa.Text(), server_default="", nullable=False),
        sa.Column("last_heard", sa.Double(), nullable=True),
        sa.Column("supply", sa.String(length=20), server_default="UNKNOWN", nullable=False),
        sa.Column("supply_since", sa.Double(), nullable=True),
        sa.Column("figures", sa.Text(), server_default="{}", nullable=False),
        sa.Column("figures_at", sa.Double(), nullable=True),
        sa.Column("door_open", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "card",
        sa.Column("job", sa.String(length=84), nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("booth", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("counter_before", sa.BigInteger(), nullable=True),
        sa.Column("counter_after", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("job", "attempt"),
    )
    op.create_index("card_at", "card", ["at"], unique=False)
    op.create_index("card_booth", "card", ["booth", "outcome"], unique=False)
    op.create_table(
        "command",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("booth", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("job", sa.String(length=84), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("issued", sa.Double(), nullable=False),
        sa.Column("expires", sa.Double(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("answered", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("command_job", "command", ["job"], unique=False)
    op.create_index(
        "command_open",
        "command",
        ["booth"],
        unique=False,
        sqlite_where=sa.text("outcome IS NULL"),
        postgresql_where=sa.text("outcome IS NULL"),
    )
    op.create_table(
        "dead_letter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("received", sa.Double(), nullable=False),
        sa.Column("again", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_table(
        "device",
        sa.Column("booth", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("booth", "name"),
    )
    op.create_table(
        "encoding",
        sa.Column("enrolment", sa.String(length=80), nullable=False),
        sa.Column("packet", sa.String(length=80), nullable=False),
        sa.Column("booth", sa.String(length=40), nullable=False),
        sa.Column("nik", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("received", sa.Double(), nullable=False),
        sa.Column("changed", sa.Double(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try", sa.Double(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("enrolment"),
    )
    op.create_index("encoding_changed", "encoding", ["changed"], unique=False)
    op.create_index("encoding_due", "encoding", ["next_try"], unique=False)
    op.create_table(
        "enrolment",
        sa.Column("enrolment", sa.String(length=80), nullable=False),
        sa.Column("booth", sa.String(length=40), nullable=False),
        sa.Column("nik", sa.String(length=16), nullable=False),
        sa.Column("kk", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("opened", sa.Double(), nullable=False),
        sa.Column("changed", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("enrolment"),
    )
    op.create_index(
        "enrolment_waiting",
        "enrolment",
        ["booth"],
        unique=False,
        sqlite_where=sa.text("state IN ('opened', 'started')"),
        postgresql_where=sa.text("state IN ('opened', 'started')"),
    )
    op.create_table(
        "event",
        sa.Column("booth", sa.String(length=40), nullable=False),
        sa.Column("epoch", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("time", sa.Double(), nullable=False),
        sa.Column("received", sa.Double(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("refused", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("booth", "epoch", "seq"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fact",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "gap",
        sa.Column("booth", sa.String(length=40), nullable=False),
        sa.Column("epoch", sa.String(length=80), nullable=False),
        sa.Column("first", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("lost", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("booth", "epoch", "first"),
    )
    op.create_table(
        "packet",
        sa.Column("packet", sa.String(length=80), nullable=False),
        sa.Column("booth", sa.String(length=40), nullable=False),
        sa.Column("enrolment", sa.String(length=80), server_default="", nullable=False),
        sa.Column("announced", sa.Boolean(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("bad", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("packet"),
    )
    op.create_index(
        "packet_open",
        "packet",
        ["booth"],
        unique=False,
        sqlite_where=sa.text("NOT whole"),
        postgresql_where=sa.text("NOT whole"),
    )
    op.create_table(
        "packet_part",
        sa.Column("packet", sa.String(length=80), nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("packet", "part"),
    )
    op.create_table(
        "print_job",
        sa.Column("job", sa.String(length=84), nullable=False),
        sa.Column("enrolment", sa.String(length=80), nullable=False),
        sa.Column("booth", sa.String(length=40), nullable=False),
        sa.Column("nik", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("due", sa.Double(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("changed", sa.Double(), nullable=False),
        sa.Column("not_before", sa.Double(), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("orphaned", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("job"),
    )
    op.create_index(
        "print_job_later",
        "print_job",
        ["not_before"],
        unique=False,
        sqlite_where=sa.text("state = 'pending' AND not_before > 0"),
        postgresql_where=sa.text("state = 'pending' AND not_before > 0"),
    )
    op.create_index(
        "print_job_next",
        "print_job",
        ["booth", "due", "created", "job"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "print_job_one_per_printer",
        "print_job",
        ["booth"],
        unique=True,
        sqlite_where=sa.text("state = 'processing'"),
        postgresql_where=sa.text("state = 'processing'"),
    )
    op.create_index(
        "print_job_due",
        "print_job",
        ["due", "created", "job"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "print_job_done",
        "print_job",
        ["changed"],
        unique=False,
        sqlite_where=sa.text("state = 'completed'"),
        postgresql_where=sa.text("state = 'completed'"),
    )
    op.create_index(
        "print_job_stopped",
        "print_job",
        ["booth"],
        unique=False,
        sqlite_where=sa.text("state = 'processing-stopped'"),
        postgresql_where=sa.text("state = 'processing-stopped'"),
    )
    op.create_table(
        "stream",
        sa.Column("booth", sa.String(length=40), nullable=False),
        sa.Column("epoch", sa.String(length=80), nullable=False),
        sa.Column("prefix", sa.BigInteger(), nullable=False),
        sa.Column("highest", sa.BigInteger(), nullable=False),
        sa.Column("opened", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("booth", "epoch"),
    )
