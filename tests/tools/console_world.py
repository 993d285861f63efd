"""A coordinator in memory for the console's tests and demonstration: views, actions and changes."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from central.core.views import (
    BoothView,
    DeadLetterView,
    DeviceView,
    EncodingView,
    PrintJobView,
    Subscription,
    TimelineEntry,
    Totals,
)
from contract.messages import KINDS, DeviceChanged, DeviceState, Message, Supply, SupplyChanged

JobState = Literal["pending", "processing", "processing-stopped", "completed", "canceled", "aborted"]

BOOTH = "bangkalan-1"
DEVICES = {
    "ups": ("megatec", {"maker": "ICA", "model": "CT1082B", "firmware": "V3.2"}),
    "scanner": ("scanner", {}),
    "pad": ("topaz", {"model": "SigLite T-S460"}),
    "printer": ("evolis", {"model": "Primacy 2", "firmware": "1425"}),
    "face": ("sbi", {}),
    "slap": ("sbi", {"maker": "MOSIP", "model": "Slap 4-4-2"}),
    "iris": ("sbi", {}),
}


class Listener:
    """One subscription: what changed since it was last asked."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._changed: set[str] = set()
        self._told = threading.Condition()
        self._ended = False

    def tell(self, topics: Iterable[str]) -> None:
        """Called by the world after a change."""
        with self._told:
            self._changed.update(topics)
            self._told.notify()

    def next(self, timeout: float) -> frozenset[str]:
        """Topics that changed; empty after `timeout` seconds of quiet."""
        with self._told:
            self._told.wait_for(lambda: self._changed or self._ended, timeout)
            changed, self._changed = frozenset(self._changed), set()
            return changed

    def end(self) -> None:
        """The coordinator is ending: `next` returns at once from now on."""
        with self._told:
            self._ended = True
            self._told.notify()

    def close(self) -> None:
        """Hear no more."""
        self._world.listeners.discard(self)


@dataclass
class World:
    """Everything that the console may ask, as plain lists that a test changes as it likes, then `tell`s."""

    boards: dict[str, BoothView] = field(default_factory=dict)
    entries: list[TimelineEntry] = field(default_factory=list)
    jobs: dict[str, PrintJobView] = field(default_factory=dict)
    sent: list[EncodingView] = field(default_factory=list)
    letters: list[DeadLetterView] = field(default_factory=list)
    centre_up: bool | None = True
    refusal: str | None = None
    """What every action answers."""
    asked: list[tuple[str, ...]] = field(default_factory=list)
    """Actions that were asked for, in order."""
    listeners: set[Listener] = field(default_factory=set)

    # --- Views ---

    def totals(self) -> Totals:
        jobs = list(self.jobs.values())
        return Totals(
            outages=sum(booth.supply is Supply.ON_BATTERY for booth in self.boards.values()),
            lost=sum(booth.lost for booth in self.boards.values()),
            uncertain=sum(job.state == "processing-stopped" for job in jobs),
            dead_letters=len(self.letters),
            pending=sum(job.state in ("pending", "processing") for job in jobs),
            printed_today=sum(job.state == "completed" for job in jobs),
            centre_up=self.centre_up,
        )

    def booths(self) -> tuple[BoothView, ...]:
        return tuple(self.boards.values())

    def booth(self, booth: str) -> BoothView | None:
        return self.boards.get(booth)

    def timeline(self, booth: str, limit: int = 100, kind: str | None = None) -> tuple[TimelineEntry, ...]:
        fits = [entry for entry in self.entries if entry.booth == booth and kind in (None, entry.kind)]
        return tuple(reversed(fits))[:limit]

    def print_jobs(self, state: str | None = None, limit: int = 200) -> tuple[PrintJobView, ...]:
        return tuple(job for job in self.jobs.values() if state in (None, job.state))[:limit]

    def encodings(self, limit: int = 200) -> tuple[EncodingView, ...]:
        return tuple(self.sent[:limit])

    def dead_letters(self, limit: int = 200) -> tuple[DeadLetterView, ...]:
        return tuple(self.letters[:limit])

    # --- Actions ---

    def settle(self, job: str, found: Literal["printed", "spoiled", "not-begun"], person: str) -> str | None:
        self.asked.append(("settle", job, found, person))
        if self.refusal is None:
            states: dict[str, Literal["completed", "pending"]] = {"printed": "completed"}
            self.jobs[job] = replace(self.jobs[job], state=states.get(found, "pending"), why="")
            self.tell("print")
        return self.refusal

    def identify(self, booth: str, person: str) -> str | None:
        self.asked.append(("identify", booth, person))
        return self.refusal

    # --- Changes ---

    def subscribe(self) -> Subscription:
        listener = Listener(self)
        self.listeners.add(listener)
        return listener

    def tell(self, *topics: str) -> None:
        """Let every open page know that these topics changed."""
        for listener in list(self.listeners):
            listener.tell(topics)

    # --- what happens ---

    def happen(self, body: Message | dict[str, Any], *, booth: str = BOOTH, kind: str = "", ago: float = 0) -> None:
        """One durable event arrives; `ago`: seconds since it happened at the booth."""
        now = datetime.now(UTC) - timedelta(seconds=ago)
        seq = len(self.entries) + 1
        data = body.model_dump(mode="json") if isinstance(body, Message) else body
        kind = kind or KINDS[type(body)]  # type: ignore[index]
        self.entries.append(TimelineEntry(f"{booth}-{seq}", booth, seq, now, now, kind, data))
        board = self.boards[booth]
        if isinstance(body, SupplyChanged):
            worst: Literal["attention", "good"] = "attention" if body.supply is Supply.ON_BATTERY else "good"
            board = replace(board, supply=body.supply, supply_since=now, worst=worst, last_heard=now)
        elif isinstance(body, DeviceChanged):
            view = DeviceView(
                body.device, body.kind, body.state, now, body.error, body.remedy, body.reasons, dict(body.details)
            )
            devices = tuple(view if device.name == body.device else device for device in board.devices)
            worst = "good" if all(device.state is DeviceState.OK for device in devices) else "attention"
            board = replace(board, devices=devices, worst=worst, last_heard=now)
        self.boards[booth] = board
        self.tell("booths", f"booth:{booth}")


def calm_booth(name: str = BOOTH, title: str = "Loket 1, MPP Bangkalan", **change: Any) -> BoothView:
    """A booth with nothing wrong."""
    now = datetime.now(UTC)
    since = now - timedelta(hours=3)
    devices = tuple(
        DeviceView(device, kind, DeviceState.OK, since, "", "", (), dict(details))
        for device, (kind, details) in DEVICES.items()
    )
    figures = {
        "supply": "ON_MAINS",
        "mains.contact": True,
        "ups.status": "OL",
        "ups.load": 34.0,
        "ups.temperature": 31.0,
        "input.voltage": 226.4,
        "input.frequency": 50.0,
        "output.voltage": 226.1,
        "battery.voltage": 27.3,
        "battery.charge": 100.0,
    }
    booth = BoothView(
        id=name,
        name=title,
        online=True,
        last_heard=now,
        supply=Supply.ON_MAINS,
        supply_since=since,
        figures=figures,
        figures_at=now,
        devices=devices,
        door_open=False,
        waiting=2,
        printing=None,
        uncertain=0,
        lost=0,
        version="0.1.0",
        boot="5b1e0c9ad2f4",
        worst="good",
    )
    return replace(booth, **change)


def a_job(name: str, state: JobState = "pending", **change: Any) -> PrintJobView:
    """A print job that was made half an hour ago and is due in two hours."""
    now = datetime.now(UTC)
    job = PrintJobView(
        job=name,
        enrolment=name.removeprefix("job-"),
        booth=BOOTH,
        name="352601********01",
        state="pending",
        attempt=1,
        due=now + timedelta(hours=2),
        created=now - timedelta(minutes=30),
        changed=now - timedelta(minutes=3),
        why="",
    )
    return replace(job, state=state, **change)
