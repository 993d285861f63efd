"""What the console shows: read-only pictures of the coordinator's state, and how they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from central.core.views_audit import AuditViews, QueueView
from central.core.views_desk import DeskViews
from contract.messages import AlarmState, DeviceState, GensetPhase, Priority, Supply


@dataclass(frozen=True, slots=True)
class DeviceView:
    """One device of a booth, as last told."""

    name: str
    kind: str
    state: DeviceState
    since: datetime
    error: str
    remedy: str
    reasons: tuple[str, ...]
    details: dict[str, str]


@dataclass(frozen=True, slots=True)
class AlarmView:
    """The latest occurrence of one alarm of a booth, as the booth last told it. `alarm`: its key in operations.md.

    `since`: when it rose; `changed`: when its state last changed. `person` and `reason` belong to that last change.
    `shelved_until` is None when the alarm is not shelved, or when it is not known for how long.
    """

    booth: str
    alarm: str
    occurrence: int
    priority: Priority
    state: AlarmState
    active: bool
    since: datetime
    changed: datetime
    cause: str
    remedy: str
    figures: dict[str, float | str]
    person: str
    reason: str
    shelved_until: datetime | None


@dataclass(frozen=True, slots=True)
class GensetView:
    """The genset's sequence as last told; `since`: when this phase began. None: not measured."""

    phase: GensetPhase
    attempt: int
    cause: str
    verified: bool
    fuel_pct: float | None
    fuel_hours: float | None
    run_hours: float | None
    service_hours: float | None
    since: datetime


@dataclass(frozen=True, slots=True)
class UpsTestView:
    """The last battery test that ended; `passed` is None when it was broken off."""

    passed: bool | None
    cause: str
    at: datetime


@dataclass(frozen=True, slots=True)
class BoothView:
    """One booth at a glance. `worst` orders the overview: problem before attention before good."""

    id: str
    name: str
    online: bool
    last_heard: datetime | None
    supply: Supply
    supply_since: datetime | None
    figures: dict[str, Any]
    """Last telemetry: flat, NUT's names; empty when none came yet."""
    figures_at: datetime | None
    devices: tuple[DeviceView, ...]
    door_open: bool | None
    waiting: int
    """Applicants whose family card was scanned and whose recording has not ended."""
    printing: str | None
    """Job that the booth's printer has now."""
    uncertain: int
    lost: int
    """Events that the booth has forgotten before they were committed here: must be 0."""
    version: str
    boot: str
    worst: Literal["problem", "attention", "good"]
    alarms: tuple[AlarmView, ...] = ()
    """Worst first; those that are gone and acknowledged are not here."""
    genset: GensetView | None = None
    shed: int = 0
    """Stage of load shedding: 0 has all loads on."""
    shed_cause: str = ""
    shutdown: Literal["", "announced", "closing", "committed"] = ""
    """Stage of the booth's own shutdown; empty when there is none (any more)."""
    shutdown_since: datetime | None = None
    shutdown_cause: str = ""
    ups_test: UpsTestView | None = None
    off: bool = False
    """It told that it goes off and is silent since: it comes back with the mains by itself. Not lost."""
    queue: QueueView | None = None
    """Its front desk today; None: it has told of none."""


@dataclass(frozen=True, slots=True)
class SupplySpan:
    """One state of the supply from `start` to `end`, by the booth's clock; `end` is None while it lasts.

    `UNKNOWN`: the booth has not told (yet). What it tells later of that time replaces the span.
    """

    supply: Supply
    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class OutageView:
    """The time in which the mains did not carry the booth; `end` is None while it lasts.

    `seconds` of each supply in it; `UNKNOWN` is the time in which the booth was dark or has not told yet.
    """

    booth: str
    start: datetime
    end: datetime | None
    seconds: dict[Supply, float]


@dataclass(frozen=True, slots=True)
class DipView:
    """The mains were away or low for a moment. `lowest_v`: None when it was not measured."""

    at: datetime
    seconds: float
    lowest_v: float | None


@dataclass(frozen=True, slots=True)
class CommandView:
    """What a booth was asked, by whom, and what became of it. Cards (`print`) are in the print queue instead.

    `fields`: what the command says, beside its kind and person, as text (`length`, `action`, `alarm`, `minutes`...).
    `outcome` `expired`: it was not carried out in time, or nobody answered; `reason` says which. `answered` is None
    while it is pending. A command that the coordinator did not send is `refused` with its reason, too.
    """

    id: str
    booth: str
    kind: str
    fields: dict[str, str]
    person: str
    issued: datetime
    outcome: Literal["pending", "done", "refused", "expired", "forged"]
    reason: str
    answered: datetime | None


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One durable event of a booth, newest first."""

    id: str
    booth: str
    seq: int
    time: datetime
    received: datetime
    kind: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PrintJobView:
    """One job of the print queue. `state` is IPP's word; `why` says why it is not printed now."""

    job: str
    enrolment: str
    booth: str
    name: str
    state: Literal["pending", "processing", "processing-stopped", "completed", "canceled", "aborted"]
    attempt: int
    due: datetime
    created: datetime
    changed: datetime
    why: str
    handed: datetime | None = None
    """When the card was handed over."""


@dataclass(frozen=True, slots=True)
class EncodingView:
    """One enrolment on its way to the centre; `state` is the centre's token (domain.md)."""

    enrolment: str
    booth: str
    state: str
    received: datetime
    changed: datetime
    tries: int
    next_try: datetime | None
    error: str


@dataclass(frozen=True, slots=True)
class DeadLetterView:
    """A message that could not be accepted, kept with its reason."""

    id: int
    received: datetime
    topic: str
    reason: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Totals:
    """The figures on top of every page."""

    outages: int
    lost: int
    uncertain: int
    dead_letters: int
    pending: int
    printed_today: int
    centre_up: bool | None
    """None: not asked yet."""
    unacknowledged: int = 0
    """Alarms that nobody has acknowledged, also those that are gone again."""


class Views(DeskViews, AuditViews, Protocol):
    """Questions of the console; each is one consistent read. `limit` bounds every list."""

    def totals(self) -> Totals: ...

    def booths(self) -> tuple[BoothView, ...]: ...

    def booth(self, booth: str) -> BoothView | None: ...

    def timeline(self, booth: str, limit: int = 100, kind: str | None = None) -> tuple[TimelineEntry, ...]: ...

    def print_jobs(self, state: str | None = None, limit: int = 200) -> tuple[PrintJobView, ...]: ...

    def encodings(self, limit: int = 200) -> tuple[EncodingView, ...]: ...

    def dead_letters(self, limit: int = 200) -> tuple[DeadLetterView, ...]: ...

    def alarms(self, booth: str | None = None, limit: int = 200) -> tuple[AlarmView, ...]:
        """Worst first: unacknowledged, returned, acknowledged, shelved; each by priority, then the newest."""
        ...

    def supply_history(self, booth: str, since: datetime) -> tuple[SupplySpan, ...]:
        """Oldest first and without holes: the first span starts at `since`, the last one has no end."""
        ...

    def outages(self, booth: str, since: datetime) -> tuple[OutageView, ...]:
        """Newest first; also one that began before `since`, with its true start."""
        ...

    def dips(self, booth: str, since: datetime, limit: int = 200) -> tuple[DipView, ...]:
        """Newest first."""
        ...

    def genset(self, booth: str) -> GensetView | None:
        """None: the booth has told of none."""
        ...

    def commands(self, booth: str, limit: int = 50) -> tuple[CommandView, ...]:
        """Newest first."""
        ...


class Actions(Protocol):
    """What a person may do from the console. Each answers None, or the reason why it was refused."""

    def settle(self, job: str, found: Literal["printed", "spoiled", "not-begun"], person: str) -> str | None: ...

    def identify(self, booth: str, person: str) -> str | None: ...

    def test_ups(
        self, booth: str, length: Literal["quick", "two-minutes", "deep", "cancel"], person: str
    ) -> str | None: ...

    def test_genset(self, booth: str, action: Literal["start", "stop"], person: str) -> str | None: ...

    def mute(self, booth: str, what: Literal["ups", "booth"], person: str) -> str | None: ...

    def alarm(
        self,
        booth: str,
        alarm: str,
        occurrence: int,
        action: Literal["acknowledge", "shelve", "unshelve"],
        person: str,
        minutes: int = 0,
        reason: str = "",
    ) -> str | None:
        """See to one occurrence. To shelve needs 1 to 10,080 minutes and a reason."""
        ...


class Changes(Protocol):
    """Live updates. A topic is `booths`, `booth:<id>`, `print`, `dead-letters`, `alarms`, `desk`, `audit`.

    `desk`: boards and tickets, whichever booth's. Alarms, supply, genset and commands are told on `booth:<id>` too.
    """

    def subscribe(self) -> Subscription: ...


class Subscription(Protocol):
    """One listener; `next` blocks its own thread at most `timeout` seconds and joins what came meanwhile."""

    def next(self, timeout: float) -> frozenset[str]: ...

    def close(self) -> None: ...
