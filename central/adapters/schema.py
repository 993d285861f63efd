"""The coordinator's tables; the states and invariants of the service as columns and unique indexes.

Moments are seconds since 1970 (UTC) as double precision, so that SQLite and PostgreSQL keep the same value.
Every table has its own migration in `central/migrations`; a test holds the two together.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

metadata = MetaData()

#: The newest step in `central/migrations`: a database that has it needs none.
REVISION = "0003"

#: One booth as last told. `listed`: named in the coordinator's configuration. `told`: until when what it was fed by is
#: known; `restarted`: it runs again, but its own events about that have not come yet.
booth = Table(
    "booth",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", Text, nullable=False, server_default=""),
    Column("listed", Boolean, nullable=False, server_default=text("false")),
    Column("blanks", Integer, nullable=False, server_default=text("0")),
    Column("online", Boolean, nullable=False, server_default=text("false")),
    Column("epoch", String(80), nullable=False, server_default=""),
    Column("boot", String(80), nullable=False, server_default=""),
    Column("version", Text, nullable=False, server_default=""),
    Column("last_heard", Double),
    Column("supply", String(20), nullable=False, server_default="UNKNOWN"),
    Column("supply_since", Double),
    Column("figures", Text, nullable=False, server_default="{}"),
    Column("figures_at", Double),
    Column("door_open", Boolean),
    Column("told", Double),
    Column("restarted", Boolean, nullable=False, server_default=text("false")),
)

#: Sequence numbers of one memory (epoch) of a booth. All up to `prefix` are committed and counted;
#: `highest` is the largest one stored. `opened` orders the epochs of a booth.
stream = Table(
    "stream",
    metadata,
    Column("booth", String(40), primary_key=True),
    Column("epoch", String(80), primary_key=True),
    Column("prefix", BigInteger, nullable=False),
    Column("highest", BigInteger, nullable=False),
    Column("opened", Double, nullable=False),
)

#: Every durable event, as it came. `refused` is the reason of one that counts but could not be understood.
event = Table(
    "event",
    metadata,
    Column("booth", String(40), primary_key=True),
    Column("epoch", String(80), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("id", String(80), nullable=False),
    Column("kind", String(80), nullable=False),
    Column("time", Double, nullable=False),
    Column("received", Double, nullable=False),
    Column("payload", Text, nullable=False),
    Column("refused", Text, nullable=False),
    sqlite_with_rowid=False,
)

#: Sequence numbers `first`..`last` that a booth has forgotten before they came here: `lost` of them.
gap = Table(
    "gap",
    metadata,
    Column("booth", String(40), primary_key=True),
    Column("epoch", String(80), primary_key=True),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
    Column("lost", BigInteger, nullable=False),
    Column("seen", Double, nullable=False),
)

#: One device of a booth as last told.
device = Table(
    "device",
    metadata,
    Column("booth", String(40), primary_key=True),
    Column("name", String(80), primary_key=True),
    Column("kind", String(80), nullable=False),
    Column("state", String(10), nullable=False),
    Column("since", Double, nullable=False),
    Column("error", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("details", Text, nullable=False),
)

#: A message that could not be accepted. The same message coming again is counted, not kept twice.
dead_letter = Table(
    "dead_letter",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("received", Double, nullable=False),
    Column("again", Integer, nullable=False, server_default=text("0")),
    Column("topic", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)

#: opened -> started -> completed | cancelled
enrolment = Table(
    "enrolment",
    metadata,
    Column("enrolment", String(80), primary_key=True),
    Column("booth", String(40), nullable=False),
    Column("nik", String(16), nullable=False),
    Column("kk", String(16), nullable=False),
    Column("state", String(10), nullable=False),
    Column("opened", Double, nullable=False),
    Column("changed", Double, nullable=False),
    Index(
        "enrolment_waiting",
        "booth",
        sqlite_where=text("state IN ('opened', 'started')"),
        postgresql_where=text("state IN ('opened', 'started')"),
    ),
)

#: A sealed packet on its way. `wanted` is the next part; `announced`: enrolment.completed was seen;
#: `whole`: all parts are here and checked, so the booth may drop it. `epoch`: the memory that announced it; `signed`:
#: that memory had told its key before, so the packet must bear its signature.
packet = Table(
    "packet",
    metadata,
    Column("packet", String(80), primary_key=True),
    Column("booth", String(40), nullable=False),
    Column("enrolment", String(80), nullable=False, server_default=""),
    Column("announced", Boolean, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("wanted", Integer, nullable=False),
    Column("bad", Integer, nullable=False, server_default=text("0")),
    Column("whole", Boolean, nullable=False),
    Column("epoch", String(80), nullable=False, server_default=""),
    Column("signed", Boolean, nullable=False, server_default=text("false")),
    Index("packet_open", "booth", sqlite_where=text("NOT whole"), postgresql_where=text("NOT whole")),
)

packet_part = Table(
    "packet_part",
    metadata,
    Column("packet", String(80), primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)

#: One enrolment on its way to the centre; `state` is the centre's token. `next_try` is null while nothing is due.
encoding = Table(
    "encoding",
    metadata,
    Column("enrolment", String(80), primary_key=True),
    Column("packet", String(80), nullable=False),
    Column("booth", String(40), nullable=False),
    Column("nik", String(16), nullable=False),
    Column("state", String(40), nullable=False),
    Column("received", Double, nullable=False),
    Column("changed", Double, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_try", Double),
    Column("error", Text, nullable=False),
    Index("encoding_due", "next_try"),
    Index("encoding_changed", "changed"),
)

#: pending -> processing -> completed | pending (attempt + 1) | processing-stopped. At most one job is in
#: processing at a booth's printer: the unique index holds it whatever the code does.
print_job = Table(
    "print_job",
    metadata,
    Column("job", String(84), primary_key=True),
    Column("enrolment", String(80), nullable=False),
    Column("booth", String(40), nullable=False),
    Column("nik", String(16), nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("due", Double, nullable=False),
    Column("created", Double, nullable=False),
    Column("changed", Double, nullable=False),
    Column("not_before", Double, nullable=False),
    Column("refusals", Integer, nullable=False),
    Column("orphaned", Boolean, nullable=False, server_default=text("false")),
    Column("why", Text, nullable=False),
    Index(
        "print_job_one_per_printer",
        "booth",
        unique=True,
        sqlite_where=text("state = 'processing'"),
        postgresql_where=text("state = 'processing'"),
    ),
    Index(
        "print_job_next",
        "booth",
        "due",
        "created",
        "job",
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
    Index(
        "print_job_later",
        "not_before",
        sqlite_where=text("state = 'pending' AND not_before > 0"),
        postgresql_where=text("state = 'pending' AND not_before > 0"),
    ),
    Index(
        "print_job_due",
        "due",
        "created",
        "job",
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
    Index(
        "print_job_done",
        "changed",
        sqlite_where=text("state = 'completed'"),
        postgresql_where=text("state = 'completed'"),
    ),
    Index(
        "print_job_stopped",
        "booth",
        sqlite_where=text("state = 'processing-stopped'"),
        postgresql_where=text("state = 'processing-stopped'"),
    ),
)

#: One blank that left the feeder: `printed` or `spoiled`.
card = Table(
    "card",
    metadata,
    Column("job", String(84), primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("booth", String(40), nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("cause", Text, nullable=False),
    Column("counter_before", BigInteger),
    Column("counter_after", BigInteger),
    Column("at", Double, nullable=False),
    Index("card_at", "at"),
    Index("card_booth", "booth", "outcome"),
)

#: What a booth was asked. `outcome` is null until it answered or the time was over.
command = Table(
    "command",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("booth", String(40), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("job", String(84)),
    Column("attempt", Integer),
    Column("payload", Text, nullable=False),
    Column("issued", Double, nullable=False),
    Column("expires", Double, nullable=False),
    Column("outcome", String(10)),
    Column("reason", Text, nullable=False, server_default=""),
    Column("answered", Double),
    Column("person", Text, nullable=False, server_default=""),
    Column("fields", Text, nullable=False, server_default="{}"),
    Index("command_open", "booth", sqlite_where=text("outcome IS NULL"), postgresql_where=text("outcome IS NULL")),
    Index("command_job", "job"),
    Index(
        "command_asked",
        "booth",
        "issued",
        sqlite_where=text("kind NOT IN ('print', 'nik-answer')"),
        postgresql_where=text("kind NOT IN ('print', 'nik-answer')"),
    ),
)

#: The latest occurrence of each alarm of a booth, which alone decides about it. `normal`: gone and acknowledged.
alarm = Table(
    "alarm",
    metadata,
    Column("booth", String(40), primary_key=True),
    Column("alarm", String(80), primary_key=True),
    Column("occurrence", BigInteger, nullable=False),
    Column("priority", String(10), nullable=False),
    Column("state", String(20), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("since", Double, nullable=False),
    Column("changed", Double, nullable=False),
    Column("cause", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("figures", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("shelved_until", Double),
    Index(
        "alarm_open", "booth", sqlite_where=text("state <> 'normal'"), postgresql_where=text("state <> 'normal'")
    ),
)

#: What fed a booth from `start` on, by its own clock, until the next row.
supply = Table(
    "supply",
    metadata,
    Column("booth", String(40), primary_key=True),
    Column("start", Double, primary_key=True),
    Column("supply", String(20), nullable=False),
    sqlite_with_rowid=False,
)

#: An absence of the mains that was too short for an outage.
dip = Table(
    "dip",
    metadata,
    Column("booth", String(40), primary_key=True),
    Column("at", Double, primary_key=True),
    Column("seconds", Double, nullable=False),
    Column("lowest_v", Double),
    sqlite_with_rowid=False,
)

#: Genset, load shedding, shutdown and battery test of a booth as last told; null: never told.
power = Table(
    "power",
    metadata,
    Column("booth", String(40), primary_key=True),
    Column("phase", String(20)),
    Column("phase_since", Double),
    Column("attempt", Integer),
    Column("genset_cause", Text),
    Column("verified", Boolean),
    Column("fuel_pct", Double),
    Column("fuel_hours", Double),
    Column("run_hours", Double),
    Column("service_hours", Double),
    Column("shed", Integer),
    Column("shed_cause", Text),
    Column("shutdown", String(10)),
    Column("shutdown_since", Double),
    Column("shutdown_cause", Text),
    Column("test_passed", Boolean),
    Column("test_cause", Text),
    Column("tested", Double),
)

#: Single facts of the coordinator itself, e.g. `centre_up`.
fact = Table(
    "fact",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
    Column("at", Double, nullable=False),
)
