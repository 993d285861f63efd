"""The history of what fed a booth: spans without holes, and the outages in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contract.messages import Supply

#: The mains do not carry the booth.
WITHOUT_MAINS = frozenset(
    {
        Supply.ON_BATTERY,
        Supply.GENSET_STARTING,
        Supply.ON_GENSET,
        Supply.MAINS_RETURNING,
        Supply.SHUTTING_DOWN,
        Supply.OFF,
    }
)
#: The battery alone carries the booth.
ON_THE_BATTERY = frozenset({Supply.ON_BATTERY, Supply.GENSET_STARTING})
#: What a card may be begun on; whether it may be now the booth alone decides.
MAY_PRINT = frozenset({Supply.ON_MAINS, Supply.ON_GENSET, Supply.MAINS_RETURNING})
#: A booth that is silent for this long (s) before it starts again was dark, or nobody knows.
SILENCE_S = 30.0
#: A booth's clock may be this far (s) ahead before its times are not believed.
AHEAD_S = 300.0


@dataclass(frozen=True, slots=True)
class Point:
    """The supply from `start` (seconds since 1970) on."""

    start: float
    supply: Supply


@dataclass(frozen=True, slots=True)
class Span:
    """One supply; `end` is None while it lasts."""

    supply: Supply
    start: float
    end: float | None


@dataclass(frozen=True, slots=True)
class Outage:
    """Time without the mains; `end` is None while it lasts. `seconds` of each supply in it."""

    start: float
    end: float | None
    seconds: dict[Supply, float]


def spans(points: Sequence[Point], since: float | None, silent_since: float | None) -> list[Span]:
    """Spans from `since` (None: the first point) on. `points` in order of time.

    `silent_since`: until when a booth that is silent now has told what feeds it. One that told that it goes off
    is off until it tells more.
    """
    points = list(points)
    if silent_since is not None and points and points[-1].supply is not Supply.OFF:
        points.append(Point(max(silent_since, points[-1].start), Supply.UNKNOWN))
    if since is not None:
        before = [point for point in points if point.start <= since]
        first = before[-1].supply if before else Supply.UNKNOWN
        points = [Point(since, first), *(point for point in points if point.start > since)]
    found: list[Span] = []
    for n, point in enumerate(points):
        end = points[n + 1].start if n + 1 < len(points) else None
        if end is not None and end <= point.start:
            continue
        if found and found[-1].supply is point.supply:
            found[-1] = Span(point.supply, found[-1].start, end)
        else:
            found.append(Span(point.supply, point.start, end))
    return found


def outages(history: Sequence[Span], now: float) -> list[Outage]:
    """Outages in spans without holes, oldest first. Time that nobody knows of belongs to the outage that it follows."""
    found: list[Outage] = []
    within = False
    for span in history:
        last = span.end is None
        seconds = max(0.0, (now if span.end is None else span.end) - span.start)
        if span.supply in WITHOUT_MAINS or (within and span.supply is Supply.UNKNOWN):
            end = None if last else span.end
            if within:
                before = found.pop()
                spent = before.seconds | {span.supply: before.seconds.get(span.supply, 0.0) + seconds}
                found.append(Outage(before.start, end, spent))
            else:
                found.append(Outage(span.start, end, {span.supply: seconds}))
            within = True
        else:
            within = False
    return found
