"""What a recording or a print needs, learned from those that ran, held against the energy that is left.

A job may begin only if it can be finished: the runtime left at its load covers its expected seconds with a margin, or
the mains or a verified genset carry it. A card that was begun is finished, so nothing here ever stops one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from contract.messages import Supply
from edge.core.settings import EnergySettings

#: Weight of the newest job in what is expected of the next one.
WEIGHT = 0.2
#: A print is expected to take no less than this (s), whatever was learned.
LEAST_S = 10.0


class Kind(StrEnum):
    """What asks for energy."""

    RECORD = "record"
    PRINT = "print"


@dataclass(frozen=True, slots=True)
class Need:
    """Mean and mean deviation of a kind of job. `jobs`: how many it was learned from."""

    seconds: float
    seconds_dev: float
    watts: float
    watts_dev: float
    jobs: int = 0

    @property
    def expected_s(self) -> float:
        """Seconds that all but few jobs stay below."""
        return self.seconds + 2 * self.seconds_dev

    @property
    def expected_w(self) -> float:
        """Watts on top of the booth's load that all but few jobs stay below."""
        return self.watts + 2 * self.watts_dev


@dataclass(frozen=True, slots=True)
class Running:
    """A job under way: when it began, the load (W) before it, and the sum of loads seen since."""

    since: float
    before_w: float | None
    sum_w: float = 0.0
    seen: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """Rows `need/<kind>`; jobs that run now."""

    saved: Mapping[str, Need] = field(default_factory=dict)
    running: Mapping[Kind, Running] = field(default_factory=dict)
    load_w: float | None = None
    """The load as last told."""


@dataclass(frozen=True, slots=True)
class Left:
    """Energy left: runtime (s) at the present load, and with a job's own load on top. `confidence` 0..1."""

    seconds: float
    with_record_s: float
    with_print_s: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a job may begin; if not, why, and the expected seconds until it may (None: not known)."""

    reason: str = ""
    wait_s: float | None = 0.0


def need(state: State, kind: Kind, settings: EnergySettings) -> Need:
    """What a job of this kind is expected to need; the booth file's figures until the first has run."""
    known = state.saved.get(f"need/{kind.value}")
    if known is not None:
        return known
    if kind is Kind.RECORD:
        return Need(settings.record_s, 0.0, settings.record_w, 0.0)
    return Need(settings.print_s, 0.0, settings.print_w, 0.0)


def track(state: State, busy: Mapping[Kind, bool], load_w: float | None, now: float, settings: EnergySettings) -> State:
    """Note which jobs run; one that ended teaches. `load_w`: a fresh reading of the load, once each, else None."""
    running = dict(state.running)
    saved = dict(state.saved)
    for kind, is_busy in busy.items():
        known = running.get(kind)
        if is_busy and known is None:
            running[kind] = Running(now, state.load_w)
        elif not is_busy and known is not None:
            del running[kind]
            learned = _learned(need(state, kind, settings), known, now)
            if learned is not None:
                saved[f"need/{kind.value}"] = learned
        elif known is not None and load_w is not None:
            running[kind] = replace(known, sum_w=known.sum_w + load_w, seen=known.seen + 1)
    if load_w is None and running == state.running and saved == state.saved:
        return state
    load_w = state.load_w if load_w is None else load_w
    return replace(state, running=running, saved=saved if saved != state.saved else state.saved, load_w=load_w)


def admit(
    state: State,
    kind: Kind,
    supply: Supply,
    fed: bool,
    fed_for_s: float,
    left: Left | None,
    until_power_s: float | None,
    settings: EnergySettings,
    on_ups: bool,
    confirmed: bool = True,
    measured: bool = True,
) -> Answer:
    """Whether a job may begin now.

    `fed`: mains or genset carry the load; `fed_for_s`: since when. `until_power_s`: expected seconds until the genset
    carries it, None when it is not on its way. `on_ups`: what does the job hangs on the UPS.
    `confirmed`: more than the contact alone says that an outage is over. `measured`: the UPS answers; what is only
    reckoned is not enough for a card.
    """
    if kind is Kind.RECORD and (not on_ups or supply is Supply.UNKNOWN):
        return Answer()  # Every finished capture is kept: a cut costs the applicant minutes, and loses nothing.
    if supply is Supply.UNKNOWN:
        return Answer("the supply is not known yet: check the mains contact and the UPS", None)
    if supply in (Supply.SHUTTING_DOWN, Supply.OFF):
        return Answer("the booth is shutting down: the battery is nearly empty", None)
    wanted = need(state, kind, settings)
    if fed and kind is Kind.PRINT and on_ups and not confirmed:
        return Answer(
            "the contact alone says that the mains are back: plug the UPS's cable in, or wait for its word", None
        )
    if fed:
        return _on_line(wanted, kind, left, fed_for_s, settings, on_ups)
    if not on_ups:
        return Answer("mains are out: a card is not begun without them", until_power_s)
    if left is None or (kind is Kind.PRINT and not measured):
        return Answer("mains are out, and the energy left is not known: the UPS does not answer", until_power_s)
    have, must = _have(left, kind), _must(wanted, settings)
    if have >= must:
        return Answer()
    short = f"the battery lasts {_minutes(have)}, and {_minutes(must)} are needed to finish: wait for the mains"
    return Answer(short, until_power_s)


def _on_line(
    wanted: Need, kind: Kind, left: Left | None, fed_for_s: float, settings: EnergySettings, on_ups: bool
) -> Answer:
    """Mains that have just come back may go again: a card needs the energy to be finished, or steady mains."""
    if kind is Kind.RECORD or fed_for_s >= settings.steady_s:
        return Answer()
    wait = settings.steady_s - fed_for_s
    if not on_ups:
        return Answer("the mains are just back: a card waits until they have proved steady", wait)
    if left is None or _have(left, kind) >= wanted.expected_s + settings.off_s:
        return Answer()
    return Answer("the mains are just back, and the battery is empty: a card waits until they have proved steady", wait)


def _have(left: Left, kind: Kind) -> float:
    """Runtime that may be planned with: the less is known, the less is believed."""
    seconds = left.with_record_s if kind is Kind.RECORD else left.with_print_s
    return seconds * (0.5 + 0.5 * left.confidence)


def _must(wanted: Need, settings: EnergySettings) -> float:
    return max(LEAST_S, wanted.expected_s) * settings.margin + settings.reserve_s + settings.shutdown_s


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"


def _learned(known: Need, job: Running, now: float) -> Need | None:
    seconds = now - job.since
    if seconds < 1.0:
        return None
    watts = known.watts
    if job.before_w is not None and job.seen:
        watts = max(0.0, job.sum_w / job.seen - job.before_w)
    if known.jobs == 0:
        return Need(seconds, seconds * 0.25, watts, watts * 0.25, 1)
    return Need(
        known.seconds + WEIGHT * (seconds - known.seconds),
        known.seconds_dev + WEIGHT * (abs(seconds - known.seconds) - known.seconds_dev),
        known.watts + WEIGHT * (watts - known.watts),
        known.watts_dev + WEIGHT * (abs(watts - known.watts) - known.watts_dev),
        known.jobs + 1,
    )
