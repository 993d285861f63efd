"""The tables of the front desk: tickets, queues, NIKs asked of the centre, cards handed over, booths' keys, deeds.

The rules of `schema.py` hold here, too; importing this file gives its `metadata` all tables.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, String, Table, Text, text

from central.adapters.schema import metadata as metadata

#: One number of a day as its booth last told. `issued` is null when only later words of it have come. `called`: when it
#: was last called. `changed`: the latest word about its state, `paper_at` about its paper.
ticket = Table(
    "ticket",
    metadata,
    Column("booth", String(40), primary_key=True),
    Column("ticket", String(80), primary_key=True),
    Column("number", String(10), nullable=False, server_default=""),
    Column("day", String(10), nullable=False, server_default=""),
    Column("service", String(10), nullable=False, server_default="new"),
    Column("precedence", String(10), nullable=False, server_default="none"),
    Column("enrolment", String(80)),
    Column("issued", Double),
    Column("wait_s", Double),
    Column("wait_low_s", Double),
    Column("wait_high_s", Double),
    Column("paper", String(10), nullable=False, server_default="none"),
    Column("paper_reason", Text, nullable=False, server_default=""),
    Column("paper_at", Double),
    Column("state", String(10), nullable=False, server_default="waiting"),
    Column("place", Text, nullable=False, server_default=""),
    Column("calls", Integer, nullable=False, server_default=text("0")),
    Column("officer", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Column("waited_s", Double),
    Column("called", Double),
    Column("changed", Double),
    Index("ticket_id", "ticket"),
    Index("ticket_day", "day", "booth"),
)

#: What a booth last told of its queue; the three figures are JSON by service.
queue = Table(
    "queue",
    metadata,
    Column("booth", String(40), primary_key=True),
    Column("waiting", Text, nullable=False),
    Column("wait_s", Text, nullable=False),
    Column("wait_high_s", Text, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", Double, nullable=False),
)

#: What the centre says of an applicant's NIK. `next_try` is null while nothing is due; `answered` null: no answer yet.
#: `checked`, `officer` and `went_on`: what the booth knew when the recording began, and why somebody went on.
nik = Table(
    "nik",
    metadata,
    Column("enrolment", String(80), primary_key=True),
    Column("booth", String(40), nullable=False),
    Column("nik", String(16), nullable=False, server_default=""),
    Column("standing", String(10), nullable=False, server_default="unasked"),
    Column("reason", Text, nullable=False, server_default=""),
    Column("answered", Double),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("next_try", Double),
    Column("checked", String(10), nullable=False, server_default=""),
    Column("officer", Text, nullable=False, server_default=""),
    Column("went_on", Text, nullable=False, server_default=""),
    Index("nik_due", "next_try"),
)

#: A card that left the pickup basket. `recipient`: holder or representative.
handed = Table(
    "handed",
    metadata,
    Column("enrolment", String(80), primary_key=True),
    Column("booth", String(40), nullable=False),
    Column("recipient", String(20), nullable=False),
    Column("name", Text, nullable=False),
    Column("officer", Text, nullable=False),
    Column("at", Double, nullable=False),
    Index("handed_at", "at", "booth"),
)

#: The first Ed25519 public key (hex) that a memory of a booth told; it is never replaced.
booth_key = Table(
    "booth_key",
    metadata,
    Column("booth", String(40), primary_key=True),
    Column("epoch", String(80), primary_key=True),
    Column("key", String(64), nullable=False),
    Column("told", Double, nullable=False),
)

#: The booths' records of who did what. `trouble` says why a deed does not stand in an unbroken chain; empty: it does.
deed = Table(
    "deed",
    metadata,
    Column("booth", String(40), primary_key=True),
    Column("epoch", String(80), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("n", BigInteger, nullable=False),
    Column("time", Double, nullable=False),
    Column("officer", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("trouble", String(10), nullable=False),
    Index("deed_chain", "booth", "epoch", "n"),
    Index("deed_time", "time"),
    Index("deed_broken", "booth", sqlite_where=text("trouble <> ''"), postgresql_where=text("trouble <> ''")),
)
