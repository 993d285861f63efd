"""The supply of the last 24 hours as a picture: one lane for each source, with what each stretch was and how long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from central.console.texts import Language, text
from central.console.words import lasting, short_time
from central.core.views import BoothView, DipView, OutageView, SupplySpan
from contract.messages import Supply

DAY: Final = timedelta(hours=24)

LANES: Final[dict[Supply, str]] = {
    Supply.ON_MAINS: "mains",
    Supply.MAINS_RETURNING: "mains",
    Supply.ON_GENSET: "genset",
    Supply.ON_BATTERY: "battery",
    Supply.GENSET_STARTING: "battery",
    Supply.SHUTTING_DOWN: "battery",
    Supply.OFF: "off",
    Supply.UNKNOWN: "off",
}
"""Where a state is drawn: in the lane of what carried the booth."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time with one supply: place in per cent of the day, the lane's number from above, words for a pointer."""

    supply: Supply
    start: float
    width: float
    lane: int
    words: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment on the day: place in per cent, what is written there."""

    place: float
    words: str


@dataclass(frozen=True, slots=True)
class Outage:
    """One outage of the list: when, how long, what carried the booth meanwhile."""

    start: datetime
    length: str
    over: bool
    carried: str


@dataclass(frozen=True, slots=True)
class Day:
    """The picture of the day, and the lists beneath it."""

    lanes: tuple[str, ...]
    stretches: tuple[Stretch, ...]
    hours: tuple[Mark, ...]
    ticks: tuple[float, ...]
    dips: tuple[Mark, ...]
    totals: tuple[tuple[Supply, str], ...]
    """Each state that occurred, and how long."""
    outages: tuple[Outage, ...]
    summary: str


def day(
    language: Language,
    now: datetime,
    booth: BoothView,
    spans: Iterable[SupplySpan],
    outages: Iterable[OutageView],
    dips: Iterable[DipView],
) -> Day:
    """The day of a booth. After an offline booth was last heard its supply is not known, unless it said it goes off."""
    begin = now - DAY
    known_until = now if booth.online or booth.off else booth.last_heard or begin
    pieces = _pieces(spans, begin, now, known_until)
    has_genset = booth.genset is not None or any(supply is Supply.ON_GENSET for supply, _, _ in pieces)
    lanes = ("mains", "genset", "battery", "off") if has_genset else ("mains", "battery", "off")
    seconds: dict[Supply, float] = {}
    stretches = []
    for supply, start, end in pieces:
        length = (end - start).total_seconds()
        seconds[supply] = seconds.get(supply, 0.0) + length
        name = text(language, f"supply.{supply}")
        words = text(
            language, "day.part", state=name, length=lasting(language, length),
            start=short_time(language, start, now), end=short_time(language, end, now),
        )  # fmt: skip
        lane = lanes.index(LANES[supply])
        stretches.append(Stretch(supply, _place(start, begin), _place(end, begin) - _place(start, begin), lane, words))
    order = sorted(seconds, key=lambda supply: (list(LANES).index(supply), supply))
    totals = tuple((supply, lasting(language, seconds[supply])) for supply in order)
    parts = ", ".join(f"{text(language, f'supply.{supply}')} {length}" for supply, length in totals)
    whole = [begin.replace(minute=0, second=0, microsecond=0) + timedelta(hours=hour) for hour in range(1, 26)]
    hours = [at for at in whole if at <= now]
    return Day(
        lanes,
        tuple(stretches),
        tuple(Mark(_place(at, begin), f"{(at.hour + 7) % 24:02d}:00") for at in hours if (at.hour + 7) % 4 == 0),
        tuple(_place(at, begin) for at in hours),
        tuple(_dip(language, dip, begin, now) for dip in dips if begin <= dip.at <= now),
        totals,
        tuple(_outage(language, outage, now) for outage in outages if outage.end is None or outage.end > begin),
        text(language, "day.summary", parts=parts),
    )


def _pieces(
    spans: Iterable[SupplySpan], begin: datetime, now: datetime, known_until: datetime
) -> list[tuple[Supply, datetime, datetime]]:
    """The day without holes; what nobody told is `UNKNOWN`."""
    pieces: list[tuple[Supply, datetime, datetime]] = []
    at = begin
    for span in sorted(spans, key=lambda span: span.start):
        start = max(span.start, at)
        end = min(span.end or now, known_until, now)
        if end <= start:
            continue
        if start > at:
            pieces.append((Supply.UNKNOWN, at, start))
        pieces.append((span.supply, start, end))
        at = end
    if at < now:
        pieces.append((Supply.UNKNOWN, at, now))
    return pieces


def _place(at: datetime, begin: datetime) -> float:
    return round(max(0.0, min(100.0, (at - begin) / DAY * 100)), 3)


def _dip(language: Language, dip: DipView, begin: datetime, now: datetime) -> Mark:
    seconds = f"{dip.seconds:.2f}" if language == "en" else f"{dip.seconds:.2f}".replace(".", ",")
    words = text(language, "day.dip", seconds=seconds, time=short_time(language, dip.at, now))
    if dip.lowest_v is not None:
        words += ", " + text(language, "say.mains.lowest", n=round(dip.lowest_v))
    return Mark(_place(dip.at, begin), words)


_CARRIERS: Final = (
    ("carried.battery", (Supply.ON_BATTERY, Supply.GENSET_STARTING, Supply.SHUTTING_DOWN)),
    ("carried.genset", (Supply.ON_GENSET,)),
    ("carried.returning", (Supply.MAINS_RETURNING,)),
    ("carried.off", (Supply.OFF,)),
    ("carried.unknown", (Supply.UNKNOWN,)),
)


def _outage(language: Language, outage: OutageView, now: datetime) -> Outage:
    parts = []
    for key, supplies in _CARRIERS:
        seconds = sum(outage.seconds.get(supply, 0.0) for supply in supplies)
        if seconds >= 1:
            parts.append(text(language, key, time=lasting(language, seconds)))
    length = ((outage.end or now) - outage.start).total_seconds()
    return Outage(outage.start, lasting(language, length), outage.end is not None, ", ".join(parts))
