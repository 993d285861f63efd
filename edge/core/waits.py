"""The honestly expected wait: learned from the day's own durations and outages, told with its range.

A desk serves one after the other. The time that each applicant held it is learned per service, without the time in
which the power allowed no recording. The wait is the sum over those who must go first, the range (nine cases in ten)
comes from the spread of the same durations, and an outage adds what is left of one of usual length.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from contract.desk import Service, TicketState
from edge.core.actions import Desk, desk_of
from edge.core.settings import DeskSettings
from edge.core.tickets import State as Tickets
from edge.core.tickets import Ticket, Told, inside, queue, tickets, unix

#: Durations that are remembered of a service, and lengths of outages.
KEPT: Final = 40
OUTAGES: Final = 12
#: The configured expectation counts as so many observations, with this relative spread.
PRIOR: Final = 3.0
SPREAD: Final = 0.5
#: Nine cases in ten lie within so many standard deviations.
RANGE: Final = 1.64
#: A duration outside of these (s) is no service: a forgotten ticket, or a mistaken press.
SHORTEST_S: Final = 5.0
LONGEST_S: Final = 7_200.0
#: Waits that are remembered, to tell how good the expectations are.
JUDGED: Final = 200
#: Waits of a desk from which its correction is learned, and how many seconds of wait speak for none.
LEARNED: Final = 40
FIRM_S: Final = 3_600.0
CORRECTION: Final = (0.7, 1.6)


@dataclass(frozen=True, slots=True)
class Pace:
    """The last durations of one service, seconds."""

    seconds: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Outages:
    """Lengths of the last times in which no recording could begin, seconds."""

    seconds: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Errors:
    """Today's told waits against what came true, seconds (positive: it took longer), and how many lay in the range."""

    day: str = ""
    seconds: tuple[float, ...] = ()
    within: int = 0


@dataclass(frozen=True, slots=True)
class Slips:
    """The last waits of a desk: what was reckoned before any correction, and what came true. Seconds.

    Who comes with precedence, does not come, or comes back makes every wait longer than the sum of the services.
    """

    reckoned: tuple[float, ...] = ()
    true: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """Rows `pace/<service>`, `slips/<desk>`, `outages`, `waited`; since when nothing can be recorded (monotonic)."""

    saved: Mapping[str, Pace | Outages | Errors | Slips] = field(default_factory=dict)
    blocked_since: float | None = None
    blocked: tuple[tuple[float, float], ...] = ()
    """Past times in which nothing could be recorded, Unix seconds."""
    ended: Mapping[Desk, float] = field(default_factory=dict)
    """When a desk was last done with somebody, Unix seconds."""
    begun: float | None = None
    """When this run of the program first knew the time, Unix seconds: what is older may have waited in the dark."""


def power(state: State, may_record: bool, now: float, at: float) -> State:
    """Follow whether recordings may begin. `now`: monotonic, `at`: Unix seconds (0: not known yet)."""
    if state.begun is None and at > 0:
        state = replace(state, begun=at)
    if not may_record:
        return state if state.blocked_since is not None else replace(state, blocked_since=now)
    if state.blocked_since is None:
        return state
    length = now - state.blocked_since
    state = replace(state, blocked_since=None)
    if length < SHORTEST_S:
        return state
    known = state.saved.get("outages")
    seconds = (*(known.seconds if isinstance(known, Outages) else ()), length)[-OUTAGES:]
    blocked = (*state.blocked, (at - length, at))[-OUTAGES:]
    return replace(state, saved={**state.saved, "outages": Outages(seconds)}, blocked=blocked)


def called(state: State, row: Ticket, waited_s: float) -> State:
    """Somebody was called for the first time: was the told wait true?"""
    if row.told is None:
        return state
    known = state.saved.get("waited")
    errors = known if isinstance(known, Errors) and known.day == row.day else Errors(row.day)
    inside_range = row.told.low_s <= waited_s <= row.told.high_s
    errors = Errors(row.day, (*errors.seconds, waited_s - row.told.expected_s)[-JUDGED:], errors.within + inside_range)
    saved = {**state.saved, "waited": errors}
    steady = state.begun is not None and row.issued_at > state.begun
    if steady and state.blocked_since is None and not any(end > row.issued_at for _, end in state.blocked):
        slips = _slips(state, row.desk)
        reckoned = row.told.expected_s / correction(state, row.desk)
        saved[f"slips/{row.desk.value}"] = Slips(
            (*slips.reckoned, reckoned)[-LEARNED:], (*slips.true, waited_s)[-LEARNED:]
        )
    return replace(state, saved=saved)


def _slips(state: State, desk: Desk) -> Slips:
    known = state.saved.get(f"slips/{desk.value}")
    return known if isinstance(known, Slips) else Slips()


def correction(state: State, desk: Desk) -> float:
    """By how much longer the waits of a desk are than the services that were reckoned."""
    slips = _slips(state, desk)
    factor = (FIRM_S + sum(slips.true)) / (FIRM_S + sum(slips.reckoned))
    return min(CORRECTION[1], max(CORRECTION[0], factor))


def ended(state: State, row: Ticket, now: float) -> State:
    """Somebody was served: how long the desk was held. Those who went unserved teach nothing."""
    desk = row.desk
    if row.ended_at is None or row.called_at is None or row.state is not TicketState.DONE:
        return state
    before = state.ended.get(desk, 0.0)
    state = replace(state, ended={**state.ended, desk: row.ended_at})
    begun = max(before, row.called_at)
    length = row.ended_at - begun
    if desk is Desk.RECORDING:
        length -= _blocked(state, begun, row.ended_at, now)
    if not SHORTEST_S <= length <= LONGEST_S:
        return state
    key = f"pace/{row.service.value}"
    known = state.saved.get(key)
    seconds = (*(known.seconds if isinstance(known, Pace) else ()), length)[-KEPT:]
    return replace(state, saved={**state.saved, key: Pace(seconds)})


def _blocked(state: State, begin: float, end: float, now: float) -> float:
    past = sum(max(0.0, min(end, last) - max(begin, first)) for first, last in state.blocked)
    running = min(now - state.blocked_since, end - begin) if state.blocked_since is not None else 0.0
    return past + running


def pace(state: State, service: Service, settings: DeskSettings) -> tuple[float, float]:
    """Mean and variance of a service's duration: what was seen, with the configured expectation as a few more."""
    known = state.saved.get(f"pace/{service.value}")
    seen = known.seconds if isinstance(known, Pace) else ()
    prior = settings.service_s[service]
    weight = PRIOR + len(seen)
    mean = (PRIOR * prior + sum(seen)) / weight
    spread = PRIOR * ((prior * SPREAD) ** 2 + (prior - mean) ** 2) + sum((one - mean) ** 2 for one in seen)

    return mean, spread / weight


def outage_left(state: State, now: float, settings: DeskSettings) -> tuple[float, float]:
    """What is left of the present outage: expected, and at most in nine cases in ten. (0, 0): there is none."""
    if state.blocked_since is None:
        return 0.0, 0.0
    known = state.saved.get("outages")
    seen = known.seconds if isinstance(known, Outages) else ()
    mean = (settings.outage_s + sum(seen)) / (1 + len(seen))
    past = now - state.blocked_since
    # Lengths of outages have a long tail: the longer one has lasted, the longer it is likely to last.
    left = max(mean - past, 0.4 * mean, 0.3 * past)
    return left, 2.5 * left


def expected(
    state: State, queued: Tickets, row: Ticket | None, service: Service, now: float, settings: DeskSettings
) -> Told:
    """How long a waiting ticket, or (None) the next one of a service, will wait until it is called."""
    desk = desk_of(service)
    line = queue(queued, desk, settings)
    if row is not None and row in line:
        line = line[: line.index(row)]
    return _sums(state, queued, [one.service for one in line], desk, now, settings)[-1]


def waits(state: State, queued: Tickets, now: float, settings: DeskSettings) -> dict[str, Told]:
    """The wait of every waiting ticket, by its id, and of the next one of each service, by `next/<service>`."""
    found: dict[str, Told] = {}
    for desk in Desk:
        line = queue(queued, desk, settings)
        told = _sums(state, queued, [one.service for one in line], desk, now, settings)
        found |= {one.id: wait for one, wait in zip(line, told, strict=False)}
        found |= {f"next/{service.value}": told[-1] for service in settings.letters if desk_of(service) is desk}
    return found


def _sums(
    state: State, queued: Tickets, line: list[Service], desk: Desk, now: float, settings: DeskSettings
) -> list[Told]:
    """The wait at each place of a line, and (last) of whoever comes next.

    In one pass: the screen asks for all of them at each change.
    """
    at, held = unix(queued, now), inside(queued, desk)
    slots = settings.area if desk is Desk.RECORDING else 1
    left, most = outage_left(state, now, settings)
    if desk is Desk.FRONT:
        # The counter works on while the battery lasts; how long that is, nobody knows.
        left, most = 0.0, left
    ahead = [*(one.service for one in held), *line]
    paces = {service: pace(state, service, settings) for service in set(ahead)}
    factor = correction(state, desk)
    counts = dict.fromkeys(paces, 0)
    total = variance = 0.0
    told: list[Told] = []
    for first in range(len(held) - (slots - 1), len(ahead) - (slots - 1) + 1):
        for place in range(sum(counts.values()), first):
            mean, spread = paces[ahead[place]]
            if place == 0 and held:
                spent = max(0.0, at - max(state.ended.get(desk, 0.0), held[0].called_at or at))
                mean = max(mean - spent, 0.25 * mean)
            counts[ahead[place]] += 1
            total, variance = total + mean, variance + spread
        if first <= 0:
            told.append(Told(left, 0.4 * left, most))
            continue
        unsure = sum(count**2 * paces[one][1] / _seen(state, one) for one, count in counts.items())
        spread = RANGE * float((variance + unsure) ** 0.5) * factor
        wait = total * factor
        told.append(Told(wait + left, max(0.0, wait + 0.4 * left - spread), wait + most + spread))
    return told


def _seen(state: State, service: Service) -> float:
    """How many observations a service's pace rests upon, with the configured one's weight."""
    known = state.saved.get(f"pace/{service.value}")
    return PRIOR + (len(known.seconds) if isinstance(known, Pace) else 0)


def quality(state: State, day: str) -> tuple[float, float] | None:
    """Median and 90th percentile of how far today's told waits were off, seconds; None while none is over."""
    known = state.saved.get("waited")
    if not isinstance(known, Errors) or known.day != day or not known.seconds:
        return None
    errors = sorted(abs(one) for one in known.seconds)
    return errors[len(errors) // 2], errors[min(len(errors) - 1, int(len(errors) * 0.9))]


def restore(saved: Mapping[str, Pace | Outages | Errors | Slips], queued: Tickets) -> State:
    """After a start: when each desk was last done with somebody stands in the tickets."""
    done: dict[Desk, float] = {}
    for row in tickets(queued):
        if row.ended_at is not None and row.state is TicketState.DONE:
            done[row.desk] = max(done.get(row.desk, 0.0), row.ended_at)
    return State(saved, ended=done)
