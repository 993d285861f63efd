"""What a front desk's decisions cost with many tickets, and how far its told waits are off in simulated days."""

from __future__ import annotations

import statistics
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from contract.desk import Service
from edge.core import actions as want
from edge.core import controller, journal, picture
from edge.core.events import Contact, ContactChanged, Event, Started, WallTime
from edge.core.events_desk import OfficerAsked
from edge.core.settings import Settings
from tests.bench.result import Figure, at_most, paired, percentile
from tests.simulation.desk import Day
from tests.simulation.hall import OPENS, settings

MANY, FEW = 200, 10
#: The deciding thread makes the picture: an event must not wait for it longer than for a commit on a slow card.
PICTURE_MS: Final = 10.0
#: Seconds since the booth started; nothing else is due then.
NOW: Final = 100.0
ASKED: Final = (
    want.TakeTicket(Service.LOST),
    want.CallNext(want.Desk.FRONT),
    want.CallNext(want.Desk.RECORDING),
)


def measure(_folder: Path, quick: bool) -> list[Figure]:
    """The core alone, then whole days."""
    return [*_costs(5 if quick else 60, 5 if quick else 20), _waits(1 if quick else 3)]


def full(count: int) -> tuple[Settings, Any]:
    """A booth in which so many wait for the front counter."""
    given = settings()
    assert given.desk is not None
    given = replace(given, desk=replace(given.desk, capacity=999))
    state: Any = controller.restore(given, {}, 1, 0)
    facts: list[Event] = [Started("bench"), WallTime(OPENS + 60.0), ContactChanged(Contact.MAINS, True)]
    facts += [_asked(want.TakeTicket(Service.LOST)) for _ in range(count)]
    for fact in facts:
        state, _ = controller.step(state, fact, NOW)
    return given, state


def _asked(action: want.Action) -> OfficerAsked:
    return OfficerAsked("r1", "siti", action)


def _costs(rounds: int, block: int) -> list[Figure]:
    _, many = full(MANY)
    _, few = full(FEW)
    pairs, pictures = [], []
    for number in range(rounds):
        if number % 2:
            other, ours = _events(few, block), _events(many, block)
        else:
            ours, other = _events(many, block), _events(few, block)
        pairs.append((ours, other))
        pictures.append((_pictures(many, block), _pictures(few, block)))
    note = f"{MANY} waiting, baseline {FEW}; number, two calls; decided and compared, without the commit"
    return [
        paired("front desk, one event with 200 tickets", "ms", pairs, at_most(5.0), note),
        paired("screen's picture with 200 tickets", "ms", pictures, at_most(PICTURE_MS), "at most 20 in a second"),
    ]


def _events(state: Any, block: int) -> float:
    """Milliseconds of one event. Decisions change no state: the same may be taken again and again."""
    began = time.perf_counter()
    for _ in range(block):
        for action in ASKED:
            after, _ = controller.step(state, _asked(action), NOW)
            journal.changes(state, after)
    return (time.perf_counter() - began) * 1000 / block / len(ASKED)


def _pictures(state: Any, block: int) -> float:
    """Milliseconds of one picture for the screen."""
    began = time.perf_counter()
    for version in range(block):
        picture.of(state, NOW, version, "Bench", False, False)
    return (time.perf_counter() - began) * 1000 / block


def _waits(days: int) -> Figure:
    """Told when the ticket was given, beside the true one."""
    told: list[tuple[float, float, bool]] = []
    events = outages = 0
    began = time.perf_counter()
    for seed in range(1, days + 1):
        day = Day(seed)
        day.run()
        told += day.told
        events, outages = events + day.events, outages + day.outages
    took = time.perf_counter() - began
    return error(told, f"{days} days, {outages} outages, {events} events in {took:.1f} s")


def error(told: list[tuple[float, float, bool]], note: str) -> Figure:
    """`told`: of each ticket the told wait and the true one (s), and whether that was within the told range."""
    off = [abs(said - true) / 60 for said, true, _ in told]
    inside = 100 * sum(within for _, _, within in told) / len(told)
    note = (
        f"90th percentile {percentile(off, 90):.1f}; {inside:.0f} % within the told range; {len(told)} tickets; {note}"
    )
    return Figure("told wait, error (median)", statistics.median(off), "min", note=note)
