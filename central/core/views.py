"""What the console shows: read-only pictures of the coordinator's state, and how they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from contract.messages import DeviceState, Supply


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


class Views(Protocol):
    """Questions of the console; each is one consistent read. `limit` bounds every list."""

    def totals(self) -> Totals: ...

    def booths(self) -> tuple[BoothView, ...]: ...

    def booth(self, booth: str) -> BoothView | None: ...

    def timeline(self, booth: str, limit: int = 100, kind: str | None = None) -> tuple[TimelineEntry, ...]: ...

    def print_jobs(self, state: str | None = None, limit: int = 200) -> tuple[PrintJobView, ...]: ...

    def encodings(self, limit: int = 200) -> tuple[EncodingView, ...]: ...

    def dead_letters(self, limit: int = 200) -> tuple[DeadLetterView, ...]: ...


class Actions(Protocol):
    """What a person may do from the console. Each answers None, or the reason why it was refused."""

    def settle(self, job: str, found: Literal["printed", "spoiled", "not-begun"], person: str) -> str | None: ...

    def identify(self, booth: str, person: str) -> str | None: ...


class Changes(Protocol):
    """Live updates. A topic is `booths`, `booth:<id>`, `print`, `dead-letters`."""

    def subscribe(self) -> Subscription: ...


class Subscription(Protocol):
    """One listener; `next` blocks its own thread at most `timeout` seconds and joins what came meanwhile."""

    def next(self, timeout: float) -> frozenset[str]: ...

    def close(self) -> None: ...
