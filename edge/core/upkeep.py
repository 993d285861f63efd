"""What the genset has run and burnt: run hours, fuel, service and exercise, measured where it can be, else reckoned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from edge.core.settings import GensetSettings

#: The row is written after so many more seconds of running.
STEP_S = 360.0
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Usage:
    """Row `usage`. `burnt_l`: since the tank was last known full. `serviced_s`: run seconds at the last service."""

    run_s: float = 0.0
    burnt_l: float = 0.0
    serviced_s: float = 0.0
    ran_at: float | None = None
    """Unix seconds of the last time that it ran."""


@dataclass(frozen=True, slots=True)
class State:
    """`counted`: until when running was reckoned; `pending_s`: run seconds that are not in the row yet."""

    saved: Mapping[str, Usage] = field(default_factory=lambda: {"usage": Usage()})
    counted: float | None = None
    pending_s: float = 0.0
    was_low: bool | None = None

    @property
    def usage(self) -> Usage:
        return self.saved["usage"]


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known now; None: not known. `measured`: the fuel comes from a gauge and not from reckoning."""

    run_h: float
    service_h: float
    fuel_pct: float | None
    fuel_h: float | None
    measured: bool


def step(
    state: State,
    running: bool | None,
    fuel_low: bool | None,
    run_s: int | None,
    wall: float | None,
    now: float,
    settings: GensetSettings,
) -> State:
    """Reckon the time since the last step. `run_s`: the controller's own count; `wall`: Unix seconds."""
    past = now - state.counted if state.counted is not None and running else 0.0
    pending = state.pending_s + past
    usage = state.usage
    if state.was_low and fuel_low is False:
        usage = replace(usage, burnt_l=0.0)  # Somebody has refuelled; that the tank is full is an assumption.
    if pending and (pending >= STEP_S or not running):
        usage = replace(
            usage,
            run_s=usage.run_s + pending,
            burnt_l=min(settings.tank_l, usage.burnt_l + settings.burn_l_h * pending / 3600),
            ran_at=wall if wall is not None else usage.ran_at,
        )
        pending = 0.0
    if run_s is not None and abs(run_s - usage.run_s - pending) > STEP_S:
        usage = replace(usage, run_s=float(run_s))
    if usage.ran_at is None and wall is not None:
        usage = replace(usage, ran_at=wall)  # The first exercise is due one interval after the first start.
    counted = now if running else None
    saved = state.saved if usage == state.usage else {"usage": usage}
    return replace(state, saved=saved, counted=counted, pending_s=pending, was_low=fuel_low)


def figures(state: State, fuel_pct: float | None, fuel_low: bool | None, settings: GensetSettings) -> Figures:
    """Hours and fuel. `fuel_pct`: the controller's gauge, if it has one."""
    usage = state.usage
    run_h = (usage.run_s + state.pending_s) / 3600
    measured = fuel_pct is not None
    if fuel_pct is None and fuel_low is not None:
        burnt = usage.burnt_l + settings.burn_l_h * state.pending_s / 3600
        fuel_pct = max(0.0, 100 * (1 - burnt / settings.tank_l))
        # The float switch knows better than the reckoning.
        fuel_pct = min(fuel_pct, settings.fuel_low_pct) if fuel_low else max(fuel_pct, settings.fuel_low_pct)
    hours = None if fuel_pct is None else settings.tank_l * fuel_pct / 100 / settings.burn_l_h
    service = settings.service_h - (usage.run_s + state.pending_s - usage.serviced_s) / 3600
    return Figures(run_h, service, fuel_pct, hours, measured)


def exercise_due(state: State, wall: float, settings: GensetSettings) -> bool:
    """Whether the weekly run without load shall begin now: the days are over, and it is office hours."""
    ran_at = state.usage.ran_at
    if ran_at is None or wall - ran_at < settings.exercise_days * DAY_S:
        return False
    hour = (wall / 3600 + settings.utc_offset_h) % 24
    return settings.exercise_hours[0] <= hour < settings.exercise_hours[1]


def exercise_in_h(state: State, wall: float | None, settings: GensetSettings) -> float | None:
    """Hours until the next exercise is due; None while the time is not known."""
    ran_at = state.usage.ran_at
    if ran_at is None or wall is None:
        return None
    return max(0.0, (ran_at + settings.exercise_days * DAY_S - wall) / 3600)
