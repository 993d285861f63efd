"""Queue numbers: who has which, in which order they are called, what is known of their paper. Rows and pure rules.

A number is committed before it is printed and never given twice on a day: the day's counters only grow, and a clock
that goes back does not bring an earlier day back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from contract.desk import PaperState, Precedence, Service, TicketMoved, TicketPaper, TicketState
from edge.core.actions import Desk, desk_of
from edge.core.commands import Command, Publish
from edge.core.refusals import Refusal, refuse
from edge.core.settings import DeskSettings

OPEN = frozenset({TicketState.WAITING, TicketState.CALLED, TicketState.PRESENT, TicketState.SKIPPED})
#: Why a number ends that was not served on its day.
DAY_ENDED = "the day ended"
INSIDE = frozenset({TicketState.CALLED, TicketState.PRESENT})


@dataclass(frozen=True, slots=True)
class Told:
    """The wait that a paper names, seconds: expected, and the range of nine cases in ten."""

    expected_s: float
    low_s: float
    high_s: float


@dataclass(frozen=True, slots=True)
class Ticket:
    """One number of one day. Moments are Unix seconds."""

    id: str
    order: int
    number: str
    day: str
    service: Service
    issued_at: float
    precedence: Precedence = Precedence.NONE
    state: TicketState = TicketState.WAITING
    paper: PaperState = PaperState.NONE
    ahead: bool = False
    """Was called before, or came back: next in turn."""
    enrolment: str = ""
    nik_end: str = ""
    place: str = ""
    calls: int = 0
    first_call_at: float | None = None
    called_at: float | None = None
    ended_at: float | None = None
    told: Told | None = None

    @property
    def desk(self) -> Desk:
        return desk_of(self.service)


@dataclass(frozen=True, slots=True)
class Day:
    """The counters. `total` counts all tickets since the database was made."""

    date: str = ""
    total: int = 0
    given: int = 0
    numbers: dict[Service, int] = field(default_factory=dict)
    run: dict[Desk, int] = field(default_factory=dict)
    """How many with precedence were called in a row."""


@dataclass(frozen=True, slots=True)
class State:
    """Rows `ticket/<id>` and `day`. `offset`: Unix seconds minus monotonic seconds; None: not told yet."""

    saved: Mapping[str, Ticket | Day] = field(default_factory=dict)
    offset: float | None = None
    paper_low: bool = False


def day_of(state: State) -> Day:
    """The counters of the newest day."""
    row = state.saved.get("day")
    return row if isinstance(row, Day) else Day()


def tickets(state: State) -> list[Ticket]:
    """All remembered tickets in the order of their issue."""
    return sorted((row for row in state.saved.values() if isinstance(row, Ticket)), key=lambda row: row.order)


def find(state: State, ticket: str) -> Ticket | None:
    """The ticket of this id."""
    row = state.saved.get(f"ticket/{ticket}")
    return row if isinstance(row, Ticket) else None


def of_enrolment(state: State, enrolment: str) -> Ticket | None:
    """The ticket that an enrolment belongs to."""
    return next((one for one in state.saved.values() if isinstance(one, Ticket) and one.enrolment == enrolment), None)


def put(state: State, row: Ticket | Day) -> State:
    """The row as it is now."""
    key = "day" if isinstance(row, Day) else f"ticket/{row.id}"
    return replace(state, saved={**state.saved, key: row})


def unix(state: State, now: float) -> float:
    """The wall clock at `now`; 0 while it is not told."""
    return now + state.offset if state.offset is not None else 0.0


def local(at: float, settings: DeskSettings) -> datetime:
    """Unix seconds as the clock on the wall shows them."""
    return datetime.fromtimestamp(at, UTC).replace(tzinfo=None) + timedelta(hours=settings.utc_offset_h)


def works(on: date, settings: DeskSettings) -> bool:
    """Whether the office is open on that day."""
    return on.weekday() in settings.days and on.isoformat() not in settings.holidays


def closed(state: State, now: float, settings: DeskSettings) -> Refusal | None:
    """Why no number is given now; None when one is."""
    if state.offset is None:
        return refuse("closed", opens="-")
    at = local(unix(state, now), settings)
    hour = at.hour + at.minute / 60 + at.second / 3600
    if not works(at.date(), settings) or not settings.opens_h <= hour < settings.closes_h:
        return refuse("closed", opens=_opens(at, hour, settings))
    day = day_of(state)
    if day.date == at.date().isoformat() and day.given >= settings.capacity:
        return refuse("day-full", capacity=settings.capacity)
    return None


def _opens(at: datetime, hour: float, settings: DeskSettings) -> str:
    on = at.date()
    if not works(on, settings) or hour >= settings.opens_h:
        on = next((day for n in range(1, 60) if works(day := on + timedelta(days=n), settings)), on)
    whole, part = divmod(round(settings.opens_h * 60), 60)
    return f"{on.isoformat()} {whole:02}.{part:02}"


def roll(
    state: State, now: float, settings: DeskSettings, under_way: str = ""
) -> tuple[State, list[Ticket], list[Command]]:
    """A new day: the counters begin anew, and what is left of the days before is closed. Never backwards.

    `under_way`: the enrolment that is being recorded; its ticket stays. Gives what was closed.
    """
    if state.offset is None:
        return state, [], []
    today = local(unix(state, now), settings).date().isoformat()
    day = day_of(state)
    if today <= day.date:
        return state, [], []
    rows = tickets(state)
    stays = [row for row in rows if row.state is TicketState.PRESENT and under_way and row.enrolment == under_way]
    left = [row for row in rows if row.state in OPEN and row not in stays]
    kept: dict[str, Ticket | Day] = {"day": Day(today, day.total)} | {f"ticket/{row.id}": row for row in stays}
    told = [Publish(TicketMoved(ticket=row.id, state=TicketState.CLOSED, reason=DAY_ENDED)) for row in left]
    return replace(state, saved=kept), left, [*told]


def issue(
    state: State, service: Service, precedence: Precedence, now: float, settings: DeskSettings, epoch: str
) -> tuple[State, Ticket]:
    """Give the next number of a service. Whether the office is open was asked before."""
    day = day_of(state)
    count = day.numbers.get(service, 0) + 1
    total = day.total + 1
    day = replace(day, total=total, given=day.given + 1, numbers={**day.numbers, service: count})
    at = unix(state, now)
    number = f"{settings.letters[service]}-{count:03}"
    row = Ticket(f"{epoch}-t{total}", total, number, day.date, service, at, precedence)
    return put(put(state, day), row), row


def queue(state: State, desk: Desk, settings: DeskSettings, service: Service | None = None) -> list[Ticket]:
    """Waiting tickets of a desk in the order in which they will be called.

    Who came back is next. Then those with precedence, but at most `priority_share` in a row while others wait.
    """
    rows = [
        row
        for row in tickets(state)
        if row.state is TicketState.WAITING and row.desk is desk and service in (None, row.service)
    ]
    ordered = [row for row in rows if row.ahead]
    first = [row for row in rows if not row.ahead and row.precedence is not Precedence.NONE]
    others = [row for row in rows if not row.ahead and row.precedence is Precedence.NONE]
    run = day_of(state).run.get(desk, 0)
    while first or others:
        if first and (run < settings.priority_share or not others):
            ordered.append(first.pop(0))
            run += 1
        else:
            ordered.append(others.pop(0))
            run = 0
    return ordered


def inside(state: State, desk: Desk) -> list[Ticket]:
    """Called or present at a desk, the first called first."""
    rows = [row for row in tickets(state) if row.state in INSIDE and row.desk is desk]
    return sorted(rows, key=lambda row: (row.called_at or 0.0, row.order))


def papered(state: State, row: Ticket, paper: PaperState, reason: str = "") -> tuple[State, list[Command]]:
    """What is known of a paper now."""
    told = Publish(TicketPaper(ticket=row.id, state=paper, reason=reason[:500]))
    return put(state, replace(row, paper=paper)), [told]
