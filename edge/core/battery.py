"""What the battery still gives, and how far that can be believed: reckoned from the type plate, held against the UPS.

Peukert from the plate's two points: e = ln(half_load_s / full_load_s) / ln 2; a load (share of the rating) takes
load^e / full_load_s of a new battery's capacity per second. What is left is never more than the reckoning allows, never
more than the volts under load say, and never more than the UPS itself says.

What cannot be known: the charge at the very first start (taken as full until the volts say less), the age of a battery
that has not been discharged yet (taken at 80 %, where makers call a battery used up), and the health of a battery whose
volts do not fall: that shows only when it dies, and is then remembered.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from edge.core.events import UpsReading
from edge.core.settings import EnergySettings

UNPROVED_HEALTH = 0.8
LEAST_HEALTH = 0.05
IDLE_SHARE = 0.02
"""An inverter takes about so much with no load at all."""
SETTLE_S = 20.0
"""Volts drop steeply when a discharge begins, and tell nothing of the charge until then."""
PROOF_DROP = 0.15
"""A discharge whose volts went so far down proves the capacity."""
UNSEEN_S = 10.0
"""A discharge that is seen now began at most so long ago: who knows better has called `silent` meanwhile."""
LOW_CHARGE = 0.2
"""What is left at most once the UPS says battery low."""
EMPTY = 0.15
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Kept:
    """The row that outlives the program, changed in coarse steps so that it is written seldom.

    `charge`, `health`, `began` and `spent` are shares of 1 (`charge` rounded down). `spent`: taken in the present
    discharge, as a share of a new battery; `began`: the charge at its begin. `proof`: how the health is known.
    `said`, `reckoned`: what the UPS claimed and what was reckoned when its battery was found untrue.
    """

    charge: float = 1.0
    health: float = UNPROVED_HEALTH
    on_battery: bool = False
    began: float = 1.0
    spent: float = 0.0
    proof: Literal["", "discharge", "died"] = ""
    proved_days: int = 0
    test_failed: bool = False
    said: float | None = None
    reckoned: float | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """What was spent when the volts stood for so much charge."""

    spent: float
    level: float


@dataclass(frozen=True, slots=True)
class Run:
    """One discharge. `prior`: the health believed at its begin, with the weight of `trust` spent capacity."""

    since: float
    began: float
    prior: float
    trust: float
    spent: float = 0.0
    read: float = 0.0
    """What was spent when the volts were last read."""
    first: Point | None = None
    last: Point | None = None
    level: float | None = None
    """Charge by the volts, as last read."""
    edge: float = 1.0
    """The smallest step in which the UPS tells its volts, as charge."""

    @property
    def drop(self) -> float:
        """How far the volts went down, as charge; where they stood at first is known to half a step only."""
        if self.first is None or self.last is None or self.last is self.first:
            return 0.0
        return min(1.0, self.first.level + self.edge / 2) - self.last.level

    @property
    def health(self) -> float:
        """Capacity from how fast the volts fall against what was spent; while they stand still, at least what that
        allows. Never above the plate."""
        if self.first is None or self.last is None:
            return self.prior
        believed = self.trust / self.prior
        at_last = (self.drop + believed) / (self.last.spent - self.first.spent + self.trust)
        by_now = (self.drop + self.edge + believed) / (self.read - self.first.spent + self.trust)
        return min(1.0, max(LEAST_HEALTH, 1 / max(min(at_last, by_now), 1e-9)))


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long the battery lasts. `confidence` 0..1; `age_s`: of the UPS's reading that it rests on.

    `health_pct` is None until a discharge has proved the capacity, or the battery has died with energy reckoned.
    """

    seconds: float
    confidence: float
    age_s: float
    charge_pct: float
    health_pct: float | None


@dataclass(frozen=True, slots=True)
class Untrue:
    """The UPS claims much more than the reckoning allows."""

    said_pct: float
    reckoned_pct: float


@dataclass(frozen=True, slots=True)
class State:
    """`saved` is the committed row `battery`; the rest is of this run of the program."""

    saved: Mapping[str, Kept] = field(default_factory=lambda: {"battery": Kept()})
    reading: UpsReading | None = None
    at: float = 0.0
    counted: float | None = None
    """Until when charge was reckoned."""
    charge: float = 1.0
    health: float = UNPROVED_HEALTH
    proved_at: float | None = None
    shown: float | None = None
    """Charge by the volts under load, smoothed."""
    run: Run | None = None
    cut_short: bool = False
    """The program ended on battery, and it is not known yet what became of the UPS."""

    @property
    def row(self) -> Kept:
        return self.saved["battery"]


def restore(saved: Mapping[str, Kept], clean: bool = False) -> State:
    """The battery as it was last committed.

    `clean`: the program was shut down in order, or only the program ended and not the machine, so that its end tells
    nothing of the battery. Otherwise a row that says "on battery" and a UPS that is back on mains mean that the battery
    died at the charge of that row.
    """
    row = saved.get("battery", Kept())
    return State({"battery": row}, charge=row.charge, health=row.health, cut_short=row.on_battery and not clean)


def step(state: State, reading: UpsReading, now: float, plate: EnergySettings) -> State:
    """Take a reading in: reckon the time since the last one, learn from the volts."""
    on_battery = reading.utility_fail or reading.testing
    if state.counted is None:
        state = _first(state, on_battery, now)
    run, charge = _reckon(state, on_battery or state.run is not None, now, plate, _share(reading, plate))
    level = reading.charge_pct / 100 if reading.charge_pct is not None else None
    health, proved_at, shown = state.health, state.proved_at, state.shown
    if run is None:
        charge = _measured(charge, level, reading)
    elif on_battery:
        if level is not None:
            run = _learn(run, level, 0.46 / reading.battery_v if reading.battery_v > 1 else 0.01, now)
            shown = max(0.0, level if shown is None else shown + (level - shown) * 0.3)
        charge = max(0.0, run.began - run.spent / run.health)
        if reading.battery_low and charge > LOW_CHARGE:
            run = replace(run, began=run.began - (charge - LOW_CHARGE))
            charge = LOW_CHARGE
        proved_at = now if run.drop >= PROOF_DROP else proved_at
    else:
        charge = _measured(charge if shown is None else min(charge, shown), level, reading)
        health = run.health if run.drop >= PROOF_DROP else health
        run = shown = None
    saved = _saved(state.saved, reading, charge, proved_at, shown, run, now)
    return State(saved, reading, now, now, charge, health, proved_at, shown, run)


def silent(state: State, on_battery: bool, now: float, plate: EnergySettings) -> State:
    """The UPS does not speak: reckon on with its last load, by what the other sources say of the supply."""
    if state.counted is None or state.reading is None:
        return state
    run, charge = _reckon(state, on_battery, now, plate, _share(state.reading, plate))
    health, shown = state.health, state.shown
    if run is not None and not on_battery:
        charge = charge if shown is None else min(charge, shown)
        health = run.health if run.drop >= PROOF_DROP else health
        run = shown = None
    saved = _saved(state.saved, state.reading, charge, state.proved_at, shown, run, now)
    return replace(state, saved=saved, counted=now, charge=charge, health=health, shown=shown, run=run)


def tested(state: State, passed: bool | None, now: float) -> State:
    """The UPS's own battery test ended; a failed one is remembered until one passes."""
    if passed is None or passed is not state.row.test_failed:
        return state
    return replace(state, saved={"battery": replace(state.row, test_failed=not passed)})


def left(state: State, now: float, plate: EnergySettings, extra_w: float = 0.0) -> Estimate | None:
    """Runtime at the present load and `extra_w` watts more; on mains: if they failed now. None before any reading."""
    reading = state.reading
    if reading is None or state.counted is None:
        return None
    run = state.run
    health = run.health if run else state.health
    charge = state.charge
    present = _share(reading, plate)
    if run is not None:
        charge -= _rate(present, plate) * max(0.0, now - state.counted) / health
        charge = charge if state.shown is None else min(charge, state.shown)
    charge = max(0.0, charge)
    share = _share(reading, plate, extra_w)
    seconds = charge * health / _rate(share, plate)
    if reading.runtime_s is not None:
        told = reading.runtime_s - (max(0.0, now - state.at) if run else 0.0)
        seconds = min(seconds, max(0.0, told) * _rate(present, plate) / _rate(share, plate))
    return Estimate(
        seconds=round(seconds, 1),
        confidence=round(_confidence(state, now), 2),
        age_s=max(0.0, now - state.at),
        charge_pct=round(charge * 100, 1),
        health_pct=round(health * 100) if state.row.proof or (run and run.drop >= PROOF_DROP) else None,
    )


def stretched(state: State, estimate: Estimate, plate: EnergySettings, extra_w: float) -> float:
    """The estimate's seconds with `extra_w` watts more than the present load."""
    if state.reading is None or not extra_w:
        return estimate.seconds
    present, more = _share(state.reading, plate), _share(state.reading, plate, extra_w)
    return estimate.seconds * _rate(present, plate) / _rate(more, plate)


def untrue(state: State) -> Untrue | None:
    """What the UPS said and what was reckoned, from when it was found until a discharge in which both agree."""
    row = state.row
    if row.said is None or row.reckoned is None:
        return None
    return Untrue(round(row.said * 100), round(row.reckoned * 100))


def died(state: State) -> State:
    """The battery gave out while energy was reckoned: it holds no more than what was spent. Charge is none."""
    row = state.row
    proof: Literal["discharge", "died"] = "discharge" if row.charge <= EMPTY else "died"
    health = row.health if proof == "discharge" else row.spent / max(row.began, LEAST_HEALTH)
    health = min(row.health, max(LEAST_HEALTH, round(health, 2)))
    row = replace(row, health=health, charge=0.0, on_battery=False, spent=0.0, proof=proof, proved_days=0)
    return replace(state, saved={"battery": row}, charge=0.0, health=health, run=None, shown=None, cut_short=False)


def survived(state: State) -> State:
    """The program ended on battery, but the machine did not: the battery has not died."""
    return replace(state, cut_short=False) if state.cut_short else state


# --- the battery's arithmetic --------------------------------------------------------------------------


def exponent(plate: EnergySettings) -> float:
    """Peukert's, from the plate's two points; held between 1 (an ideal battery) and 2."""
    return min(2.0, max(1.0, math.log(plate.half_load_s / plate.full_load_s, 2)))


def _share(reading: UpsReading, plate: EnergySettings, extra_w: float = 0.0) -> float:
    return max(IDLE_SHARE, reading.load_pct / 100 + extra_w / plate.rated_w)


def _rate(share: float, plate: EnergySettings) -> float:
    """Share of a new battery's capacity per second."""
    return math.pow(share, exponent(plate)) / plate.full_load_s


def _reckon(
    state: State, on_battery: bool, now: float, plate: EnergySettings, share: float
) -> tuple[Run | None, float]:
    """Discharge and charge at `now`. Time of which one end was on battery counts as on battery, at the greater load."""
    past = max(0.0, now - (state.counted if state.counted is not None else now))
    run = state.run
    if not on_battery:
        return run, min(1.0, state.charge + past / plate.recharge_s)
    if run is None:
        past = min(past, UNSEEN_S)
        trust = 0.05 if state.row.proof == "discharge" else 0.005
        run = Run(now - past, state.charge, state.health, trust)
    elif state.reading is not None:
        share = max(share, _share(state.reading, plate))
    spent = run.spent + _rate(share, plate) * past
    run = Run(run.since, run.began, run.prior, run.trust, spent, run.read, run.first, run.last, run.level, run.edge)
    return run, max(0.0, run.began - run.spent / run.health)


def _measured(charge: float, level: float | None, reading: UpsReading) -> float:
    """On mains, a UPS that tells its runtime measures its charge; other volts are the charger's, and tell nothing."""
    return charge if level is None or reading.runtime_s is None else min(charge, level)


def _first(state: State, on_battery: bool, now: float) -> State:
    if state.cut_short and not on_battery:
        state = died(state)
    proved = now - state.row.proved_days * DAY_S if state.row.proof == "discharge" else None
    return replace(state, counted=now, proved_at=proved, cut_short=False)


def _learn(run: Run, level: float, tenth: float, now: float) -> Run:
    """Only the moment at which the told volts change says exactly where they are. `tenth`: 0.1 V as charge."""
    before = run.level if run.level is not None else level
    edge = min(run.edge, tenth, max(0.001, abs(level - before)) if level != before else 1.0)
    first, last = run.first, run.last
    if now >= run.since + SETTLE_S and level < 1.0:
        if first is None:
            first = last = Point(run.spent, level)
        elif level != before:
            near = abs(level - before) < 1.5 * edge
            at = (level + before) / 2 if near else level + math.copysign(edge / 2, before - level)
            last = Point(run.spent, at)
    return Run(run.since, run.began, run.prior, run.trust, run.spent, run.spent, first, last, level, edge)


def _confidence(state: State, now: float) -> float:
    """Half at most until a discharge has proved the capacity; falls with age, silence and disagreement."""
    row, run = state.row, state.run
    if run is not None and run.drop >= PROOF_DROP:
        confidence = 0.95
    elif state.proved_at is not None:
        confidence = 0.5 + 0.45 * math.exp2(-(now - state.proved_at) / (180 * DAY_S))
    else:
        confidence = 0.3 if row.proof == "died" else 0.5
    if row.test_failed or row.said is not None:
        confidence *= 0.3
    if run is not None and state.shown is not None:
        confidence *= 1 - min(0.8, abs(state.shown - state.charge))
    return confidence * math.exp2(-max(0.0, now - state.at) / 60)


# --- the row -------------------------------------------------------------------------------------------


def _saved(
    saved: Mapping[str, Kept],
    reading: UpsReading,
    charge: float,
    proved_at: float | None,
    shown: float | None,
    run: Run | None,
    now: float,
) -> Mapping[str, Kept]:
    """The row as it should be on the disk; the same object when nothing that matters changed."""
    row = saved["battery"]
    least = charge if run is None or shown is None else min(charge, shown)
    stepped = math.floor(least * 20 + 1e-9) / 20
    new = row
    if run is None:
        if stepped != row.charge or row.on_battery:
            new = replace(new, charge=stepped, on_battery=False, began=stepped, spent=0.0)
        if proved_at is not None and row.proof == "discharge" and now - proved_at >= (row.proved_days + 1) * DAY_S:
            new = replace(new, proved_days=int((now - proved_at) / DAY_S))
        return saved if new is row else {"battery": new}
    if stepped != row.charge or not row.on_battery:
        spent, began = round(run.spent, 3), round(run.began, 2)
        new = replace(new, charge=stepped, on_battery=True, began=began, spent=spent)
    if run.drop >= PROOF_DROP:
        health = row.health if abs(run.health - row.health) < 0.03 else round(run.health, 2)
        if health != row.health or row.proof != "discharge" or row.proved_days:
            new = replace(new, health=health, proof="discharge", proved_days=0)
    new = new if shown is None or reading.battery_low else _truth(new, charge, shown)
    return saved if new is row else {"battery": new}


def _truth(row: Kept, charge: float, shown: float) -> Kept:
    if shown - charge >= 0.25 and charge <= 0.75:
        if row.said is None or (row.reckoned is not None and charge < row.reckoned - 0.1):
            return replace(row, said=round(shown, 2), reckoned=round(charge, 2))
    elif row.said is not None and charge <= 0.5 and shown - charge < 0.15:
        return replace(row, said=None, reckoned=None)
    return row
