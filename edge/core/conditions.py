"""Which alarm conditions hold now, each with its cause in one sentence and the figures in it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from contract.messages import GensetPhase, Quality
from edge.core import battery, genset, power, shutdown, upkeep
from edge.core.alarms import Cause
from edge.core.events import BoardReading, Contact, Event, WallTime
from edge.core.settings import GensetSettings, Settings

#: So many dips within DIPS_S seconds call the mains unsteady.
DIPS = 3
DIPS_S = 3_600.0
#: A moment's trouble (a clock's step, a deadman's trip) is shown for so long (s).
SHOWN_S = 60.0
STEP_S = 30.0
OLD_PCT = 60.0
#: Volts (V) below which the mains are away, and not merely low.
AWAY_V = 40.0
WIRED_V = 3.0
OIL_S = 10.0

_LOADED = frozenset({GensetPhase.LOADED, GensetPhase.RETURNING, GensetPhase.TRANSFERRING_BACK})
_REST = frozenset({GensetPhase.STOPPED, GensetPhase.FAILED})
#: Phases in which the engine shall turn: one that coasts to a stop has no oil pressure, and needs none.
_TURNING = _LOADED | {
    GensetPhase.WARMING,
    GensetPhase.TRANSFERRING,
    GensetPhase.EXERCISING,
    GensetPhase.COOLING,
}


@dataclass(frozen=True, slots=True)
class Seen:
    """Moments that a condition is made of. `dips`: times of the last dips."""

    dips: tuple[float, ...] = ()
    count: int = 0
    stepped_at: float | None = None
    stepped_s: float = 0.0
    trips: int | None = None
    tripped_at: float | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the conditions are read from."""

    power: power.State
    genset: genset.State
    shutdown: shutdown.State
    estimate: battery.Estimate | None
    untrue: battery.Untrue | None
    test_failed: bool
    usage: upkeep.Figures | None
    seen: Seen
    draining: bool


def seen(state: Seen, event: Event, dips: int, now: float) -> Seen:
    """Note the moments."""
    if dips > state.count:
        state = replace(state, dips=(*state.dips, now)[-DIPS:], count=dips)
    if isinstance(event, WallTime) and abs(event.stepped_s) >= STEP_S:
        state = replace(state, stepped_at=now, stepped_s=event.stepped_s)
    if isinstance(event, BoardReading) and event.deadman_trips != state.trips:
        tripped = state.trips is not None and event.deadman_trips > state.trips
        state = replace(state, trips=event.deadman_trips, tripped_at=now if tripped else state.tripped_at)
    return state


def next_wakeup(state: Seen) -> float | None:
    """When a shown moment is over."""
    times = [at + SHOWN_S for at in (state.stepped_at, state.tripped_at) if at is not None]
    if len(state.dips) >= DIPS:
        times.append(state.dips[0] + DIPS_S)
    return min(times, default=None)


def engine_fault(state: power.State, now: float, settings: Settings) -> str:
    """Why the engine must not run: its own controller or its fault contact says so. Empty when it may."""
    if settings.genset is None:
        return ""
    stops = engine_stops(state, now, settings)
    if stops:
        return f"its controller has stopped it: {', '.join(stops)}"
    if power.level(state, Contact.GENSET_FAULT):
        return "its fault contact is closed"
    return ""


def engine_stops(state: power.State, now: float, settings: Settings) -> list[str]:
    """Alarms with which the genset's controller has stopped it; it holds them until a person resets them."""
    reading = power.engine(state, now, settings)
    return [alarm.name for alarm in reading.alarms if alarm.severity in ("shutdown", "trip")] if reading else []


def causes(facts: Facts, now: float, settings: Settings) -> dict[str, Cause]:
    """Key -> cause of every condition that holds."""
    found: dict[str, Cause] = {}
    _mains(found, facts, now, settings)
    if settings.ups is not None:
        _ups(found, facts, now, settings)
    if settings.genset is not None:
        _engine(found, facts, now, settings, settings.genset)
        _ats(found, facts)
    if settings.board is not None:
        _board(found, facts, now, settings)
    if facts.seen.stepped_at is not None and now < facts.seen.stepped_at + SHOWN_S:
        step_s = facts.seen.stepped_s
        found["clock.stepped"] = Cause(f"the clock jumped by {step_s:+.0f} s", {"seconds": round(step_s)})
    if facts.shutdown.stage != "none":
        minutes = round(facts.estimate.seconds / 60, 1) if facts.estimate else 0.0
        found["booth.closing"] = Cause(f"the booth shuts down: {facts.shutdown.cause}", {"minutes": minutes})
    return found


def _mains(found: dict[str, Cause], facts: Facts, now: float, settings: Settings) -> None:
    if facts.power.mains is False:
        found["mains.out"] = Cause("the mains are out", {"supply": facts.power.supply.value})
    recent = [at for at in facts.seen.dips if now < at + DIPS_S]
    if len(recent) >= DIPS:
        found["mains.unsteady"] = Cause(f"{facts.power.dips} dips since the start", {"dips": facts.power.dips})
    volts = mains_volts(facts.power, now, settings)
    if volts is not None and AWAY_V < volts < settings.mains_v * (1 - settings.mains_low_pct / 100):
        found["mains.low"] = Cause(f"the mains have {volts:.0f} V", {"volts": round(volts, 1)})
    words = power.disagreement(facts.power, now, settings)
    if words:
        found["sources.disagree"] = Cause("of the mains, " + ", ".join(words), {"sources": ", ".join(words)})


def mains_volts(state: power.State, now: float, settings: Settings) -> float | None:
    """Volts of the mains, by whoever measures them; None when nobody does."""
    report, reading = power.board(state, now, settings), power.engine(state, now, settings)
    if report is not None:
        return report.mains_v
    if reading is not None and reading.mains_v is not None:
        return reading.mains_v
    ups = power.fresh(state, now, settings)
    known = ups is not None and "input_v" not in ups.unknown and power.same_moment(state)
    if ups is not None and known and (settings.genset is None or power.position(state) == "mains"):
        return ups.input_v
    return None


def _ups(found: dict[str, Cause], facts: Facts, now: float, settings: Settings) -> None:
    heard, estimate = facts.power.ups, facts.estimate
    if power.gone(heard, settings.ups_stale_s, now):
        found["ups.lost"] = Cause("the UPS does not answer")
    elif power.quality(heard, settings.ups_stale_s, now) is Quality.IMPLAUSIBLE:
        found["ups.implausible"] = Cause("the UPS sends figures that cannot be", {"reason": "implausible"})
    if estimate is not None and estimate.health_pct is not None and estimate.health_pct < OLD_PCT:
        text = f"the battery holds {estimate.health_pct:.0f} % of a new one"
        found["battery.old"] = Cause(text, {"health_pct": round(estimate.health_pct)})
    elif facts.test_failed or _asks_for_battery(facts.power, now, settings):
        text = "the battery failed its own test" if facts.test_failed else "the UPS asks for a new battery"
        found["battery.old"] = Cause(text, {"health_pct": "?"})
    if facts.untrue is not None:
        said, reckoned = facts.untrue.said_pct, facts.untrue.reckoned_pct
        text = f"the UPS claims {said:.0f} % where {reckoned:.0f} % are reckoned"
        found["battery.untrue"] = Cause(text, {"said_pct": said, "reckoned_pct": reckoned})
    ups = power.fresh(facts.power, now, settings)
    short = facts.draining and estimate is not None and estimate.seconds < settings.energy.shed_2_s
    if short or (facts.draining and ups is not None and ups.battery_low):
        minutes = round(estimate.seconds / 60, 1) if estimate else 0.0
        found["battery.low"] = Cause(f"the battery lasts {minutes:g} min", {"minutes": minutes})
    if ups is None:
        return
    if ups.failed:
        found["ups.failed"] = Cause("the UPS says that it has failed")
    if ups.load_pct > 100:
        found["ups.overload"] = Cause(f"the load is {ups.load_pct:.0f} %", {"load_pct": ups.load_pct})


def _asks_for_battery(state: power.State, now: float, settings: Settings) -> bool:
    """NUT's word RB."""
    ups = power.fresh(state, now, settings)
    return ups is not None and "RB" in ups.status.split()


def _engine(found: dict[str, Cause], facts: Facts, now: float, settings: Settings, given: GensetSettings) -> None:
    sequence = facts.genset
    reading, report = power.engine(facts.power, now, settings), power.board(facts.power, now, settings)
    fault = engine_fault(facts.power, now, settings)
    running = power.running(facts.power, now, settings)
    if fault and "fail-to-start" not in fault:
        found["genset.fault"] = Cause(fault, {"alarms": fault.rpartition(": ")[2]})
    if sequence.failure == "start" or "fail-to-start" in fault:
        # A controller cranks by itself: one attempt of ours is all of its own.
        attempts = given.attempts if given.device is not None else sequence.attempt or given.attempts
        found["genset.start-failed"] = Cause(f"it did not start in {attempts} attempts", {"attempts": attempts})
    if sequence.overrun:
        found["genset.stop-failed"] = Cause("it turns though it was told to stop")
    if sequence.stalled or sequence.failure == "stall":
        found["genset.stalled"] = Cause("it stopped by itself under way")
    usage = facts.usage
    low = power.level(facts.power, Contact.FUEL_LOW)
    if usage is not None and (low or (usage.fuel_pct is not None and usage.fuel_pct < given.fuel_low_pct)):
        hours = "?" if usage.fuel_h is None else round(usage.fuel_h, 1)
        pct = "?" if usage.fuel_pct is None else round(usage.fuel_pct)
        found["genset.fuel-low"] = Cause(f"fuel is at {pct} %, for {hours} h", {"fuel_pct": pct, "hours": hours})
    if usage is not None and usage.service_h <= 0:
        found["genset.service-due"] = Cause("its service is due", {"hours": round(-usage.service_h, 1)})
    volts = reading.battery_v if reading and reading.battery_v is not None else report.battery_v if report else None
    cranks = sequence.phase is GensetPhase.CRANKING
    if volts is not None and WIRED_V < volts < given.battery_low_v and not cranks:
        found["genset.battery-weak"] = Cause(f"its starter battery has {volts:.1f} V", {"volts": round(volts, 1)})
    bad = sequence.phase in _LOADED and running and power.verified(facts.power, now, settings) is False
    if bad or sequence.failure == "volts":
        figures: dict[str, float | str] = {
            "volts": "?" if reading is None or reading.volts is None else reading.volts,
            "hertz": "?" if reading is None or reading.hertz is None else reading.hertz,
        }
        if report is not None and figures["volts"] == "?":
            figures["volts"] = report.genset_v
        found["genset.out-of-band"] = Cause("its volts or hertz are out of their band", figures)
    if given.device is not None and power.gone(facts.power.genset, settings.genset_stale_s, now):
        found["genset.lost"] = Cause("the genset's controller does not answer")
    if reading is None:
        return
    if reading.mode is not None and reading.mode != "auto":
        found["genset.not-automatic"] = Cause(f"its controller is on {reading.mode}", {"mode": reading.mode})
    steady = running and sequence.phase in _TURNING and now >= sequence.since + OIL_S
    names = {alarm.name for alarm in reading.alarms}
    if "low-oil-pressure" in names or (steady and reading.oil_kpa is not None and reading.oil_kpa < given.oil_low_kpa):
        kpa = "?" if reading.oil_kpa is None else reading.oil_kpa
        found["genset.oil-low"] = Cause(f"its oil pressure is {kpa} kPa", {"kpa": kpa})
    hot = reading.coolant_c is not None and reading.coolant_c > given.coolant_hot_c
    if hot or "high-coolant-temperature" in names:
        celsius = "?" if reading.coolant_c is None else reading.coolant_c
        found["genset.too-hot"] = Cause(f"its coolant has {celsius} deg C", {"celsius": celsius})


def _ats(found: dict[str, Cause], facts: Facts) -> None:
    where, sequence = power.position(facts.power), facts.genset
    if where == "both":
        found["ats.both-closed"] = Cause("the ATS says that it is on both sides at once")
    if sequence.stuck:
        wanted = "genset" if sequence.stuck == "mains" or sequence.failure == "transfer" else "mains"
        figures: dict[str, float | str] = {"wanted": wanted, "position": where or "unknown"}
        found["ats.stuck"] = Cause(f"the ATS does not go to the {wanted}", figures)
    elif where == "genset" and sequence.phase in _REST and facts.power.mains:
        found["ats.stuck"] = Cause("the ATS stays on the genset", {"wanted": "mains", "position": "genset"})


def _board(found: dict[str, Cause], facts: Facts, now: float, settings: Settings) -> None:
    if power.gone(facts.power.board, settings.board_stale_s, now):
        found["board.lost"] = Cause("the power board does not answer")
    report = power.board(facts.power, now, settings)
    if report is not None and report.refused:
        reason = ", ".join(report.refused)
        found["board.refuses"] = Cause(f"the board does not follow: {reason}", {"reason": reason})
    if report is not None and report.tamper:
        found["board.tamper"] = Cause("the power cabinet was opened")
    if facts.seen.tripped_at is not None and now < facts.seen.tripped_at + SHOWN_S:
        text = "the board heard nothing from the controller and took the safe state"
        found["board.deadman"] = Cause(text, {"trips": facts.seen.trips or 0})
