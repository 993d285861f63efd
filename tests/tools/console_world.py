"""A coordinator in memory for the console's tests and demonstration: views, actions and changes."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from central.core.views import (
    AlarmView,
    BoothView,
    CommandView,
    DeadLetterView,
    DeviceView,
    DipView,
    EncodingView,
    GensetView,
    OutageView,
    PrintJobView,
    Subscription,
    SupplySpan,
    TimelineEntry,
    Totals,
)
from central.core.views_audit import ChainView, DeedView
from central.core.views_desk import BoardView, TicketStatusView
from contract.messages import (
    KINDS,
    AlarmState,
    DeviceChanged,
    DeviceState,
    GensetChanged,
    Message,
    Priority,
    Supply,
    SupplyChanged,
)

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


OUTAGE = frozenset({Supply.ON_BATTERY, Supply.GENSET_STARTING, Supply.ON_GENSET, Supply.SHUTTING_DOWN, Supply.OFF})
STATES = (AlarmState.UNACKNOWLEDGED, AlarmState.RETURNED, AlarmState.ACKNOWLEDGED, AlarmState.SHELVED)


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
    sounding: list[AlarmView] = field(default_factory=list)
    spans: dict[str, list[SupplySpan]] = field(default_factory=dict)
    """Supply of each booth, oldest first; the last one has no end."""
    failures: list[OutageView] = field(default_factory=list)
    flickers: dict[str, list[DipView]] = field(default_factory=dict)
    told: list[CommandView] = field(default_factory=list)
    """Commands, newest first."""
    public: dict[str, BoardView] = field(default_factory=dict)
    tickets: dict[str, TicketStatusView] = field(default_factory=dict)
    done: list[DeedView] = field(default_factory=list)
    """Deeds, newest first."""
    records: list[ChainView] = field(default_factory=list)
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
            outages=sum(booth.supply in OUTAGE for booth in self.boards.values()),
            lost=sum(booth.lost for booth in self.boards.values()),
            uncertain=sum(job.state == "processing-stopped" for job in jobs),
            dead_letters=len(self.letters),
            pending=sum(job.state in ("pending", "processing") for job in jobs),
            printed_today=sum(job.state == "completed" for job in jobs),
            centre_up=self.centre_up,
            unacknowledged=sum(
                alarm.state in (AlarmState.UNACKNOWLEDGED, AlarmState.RETURNED) for alarm in self.sounding
            ),
        )

    def booths(self) -> tuple[BoothView, ...]:
        return tuple(self._with_alarms(booth) for booth in self.boards.values())

    def booth(self, booth: str) -> BoothView | None:
        board = self.boards.get(booth)
        return board and self._with_alarms(board)

    def _with_alarms(self, booth: BoothView) -> BoothView:
        return replace(booth, alarms=self.alarms(booth.id))

    def timeline(self, booth: str, limit: int = 100, kind: str | None = None) -> tuple[TimelineEntry, ...]:
        fits = [entry for entry in self.entries if entry.booth == booth and kind in (None, entry.kind)]
        return tuple(reversed(fits))[:limit]

    def print_jobs(self, state: str | None = None, limit: int = 200) -> tuple[PrintJobView, ...]:
        return tuple(job for job in self.jobs.values() if state in (None, job.state))[:limit]

    def encodings(self, limit: int = 200) -> tuple[EncodingView, ...]:
        return tuple(self.sent[:limit])

    def dead_letters(self, limit: int = 200) -> tuple[DeadLetterView, ...]:
        return tuple(self.letters[:limit])

    def alarms(self, booth: str | None = None, limit: int = 200) -> tuple[AlarmView, ...]:
        fits = [alarm for alarm in self.sounding if booth in (None, alarm.booth) and alarm.state != AlarmState.NORMAL]
        states, priorities = list(STATES), list(Priority)
        fits.sort(key=lambda alarm: (states.index(alarm.state), priorities.index(alarm.priority)))
        return tuple(fits[:limit])

    def supply_history(self, booth: str, since: datetime) -> tuple[SupplySpan, ...]:
        spans = [span for span in self.spans.get(booth, []) if span.end is None or span.end > since]
        first = spans[0].start if spans else None
        if first is None or first > since:
            return (SupplySpan(Supply.UNKNOWN, since, first), *spans)
        return (replace(spans[0], start=since), *spans[1:])

    def outages(self, booth: str, since: datetime) -> tuple[OutageView, ...]:
        return tuple(outage for outage in self.failures if outage.booth == booth)

    def dips(self, booth: str, since: datetime, limit: int = 200) -> tuple[DipView, ...]:
        return tuple(self.flickers.get(booth, [])[:limit])

    def genset(self, booth: str) -> GensetView | None:
        board = self.boards.get(booth)
        return board.genset if board else None

    def commands(self, booth: str, limit: int = 50) -> tuple[CommandView, ...]:
        return tuple(command for command in self.told if command.booth == booth)[:limit]

    # --- Actions ---

    def board(self, booth: str | None = None) -> tuple[BoardView, ...]:
        return tuple(self.public[name] for name in sorted(self.public) if booth in (None, name))

    def ticket(self, ticket: str) -> TicketStatusView | None:
        return self.tickets.get(ticket)

    def deeds(self, booth: str = "", officer: str = "", day: str = "", limit: int = 200) -> tuple[DeedView, ...]:
        wanted = [deed for deed in self.done if booth in ("", deed.booth) and officer in ("", deed.officer)]
        return tuple(wanted[:limit])

    def chains(self, booth: str = "") -> tuple[ChainView, ...]:
        return tuple(chain for chain in self.records if booth in ("", chain.booth))

    def officers(self) -> tuple[str, ...]:
        return tuple(sorted({deed.officer for deed in self.done}))

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

    def test_ups(
        self, booth: str, length: Literal["quick", "two-minutes", "deep", "cancel"], person: str
    ) -> str | None:
        return self._ask(booth, "test-ups", person, length=length)

    def test_genset(self, booth: str, action: Literal["start", "stop"], person: str) -> str | None:
        return self._ask(booth, "test-genset", person, action=action)

    def mute(self, booth: str, what: Literal["ups", "booth"], person: str) -> str | None:
        return self._ask(booth, "mute", person, what=what)

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
        fields = {"action": action, "alarm": alarm, "occurrence": str(occurrence)}
        if action == "shelve":
            fields |= {"minutes": str(minutes), "reason": reason}
        refusal = self._ask(booth, "alarm", person, **fields)
        if refusal is None:
            self.sounding = [
                self._seen_to(each, action, person, minutes, reason)
                if (each.booth, each.alarm, each.occurrence) == (booth, alarm, occurrence)
                else each
                for each in self.sounding
            ]
            self.told[0] = replace(self.told[0], outcome="done", answered=datetime.now(UTC))
            self.tell("alarms", "booths", f"booth:{booth}")
        return refusal

    def _seen_to(self, alarm: AlarmView, action: str, person: str, minutes: int, reason: str) -> AlarmView:
        now = datetime.now(UTC)
        if action == "shelve":
            until = now + timedelta(minutes=minutes)
            return replace(alarm, state=AlarmState.SHELVED, person=person, reason=reason, shelved_until=until)
        acknowledged = AlarmState.ACKNOWLEDGED if alarm.active else AlarmState.NORMAL
        state = AlarmState.UNACKNOWLEDGED if action == "unshelve" else acknowledged
        return replace(alarm, state=state, person=person, reason="", changed=now, shelved_until=None)

    def _ask(self, booth: str, kind: str, person: str, **fields: str) -> str | None:
        self.asked.append((kind, booth, *fields.values(), person))
        now = datetime.now(UTC)
        name = f"c-{len(self.asked)}"
        outcome: Literal["pending", "refused"] = "pending" if self.refusal is None else "refused"
        answered = None if self.refusal is None else now
        command = CommandView(name, booth, kind, fields, person, now, outcome, self.refusal or "", answered)
        self.told.insert(0, command)
        self.tell(f"booth:{booth}")
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
            worst: Literal["attention", "good"] = "good" if body.supply is Supply.ON_MAINS else "attention"
            board = replace(board, supply=body.supply, supply_since=now, worst=worst, last_heard=now)
            spans = self.spans.setdefault(booth, [])
            if spans:
                spans[-1] = replace(spans[-1], end=now)
            spans.append(SupplySpan(body.supply, now, None))
        elif isinstance(body, GensetChanged):
            fields = body.model_dump()
            board = replace(board, genset=GensetView(since=now, **fields), last_heard=now)
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
