"""Load shedding in stages, and the booth's own shutdown: reversible up to one declared point of no return.

    none -> announced -> closing -> committed (point of no return) -> the UPS cuts the output and restores it
              \\-----------\\---> cancelled, when the mains or the genset are back

The controller is halted only after the UPS has confirmed that it will cut and restore. A controller that halts without
that would stay dark when the mains return: its power must go away for it to start again. If the UPS does not confirm,
the booth stays up until the battery is empty, which is the same power-cycle in the end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from edge.core.settings import EnergySettings

#: A UPS that says "battery low" must say so for this long (s): a heavy load pulls the volts down for a moment.
LOW_S = 5.0
#: A stage of shedding is taken back when power has been there for this long (s).
RESTORE_S = 5.0
#: How often (s) an unconfirmed order to the UPS is given again.
AGAIN_S = 10.0
#: A card under way is waited for at most this long (s) at the point of no return.
CARD_S = 90.0

Stage = Literal["none", "announced", "closing", "committed"]


@dataclass(frozen=True, slots=True)
class View:
    """What it decides from. `left_s`: runtime (s) at the present load; `ups_cuts`: an order to cut is pending."""

    fed: bool
    on_battery: bool
    left_s: float | None
    battery_low: bool
    ups_answers: bool
    ups_cuts: bool
    card_under_way: bool


@dataclass(frozen=True, slots=True)
class State:
    """Nothing of it survives a restart: what the UPS is about to do is read from the UPS."""

    stage: Stage = "none"
    since: float = 0.0
    cause: str = ""
    shed: int = 0
    low_since: float | None = None
    fed_since: float | None = None
    asked_at: float | None = None
    confirmed: bool = False
    halted: bool = False


def step(state: State, view: View, now: float, settings: EnergySettings) -> State:
    """One stage further, or back."""
    low = view.battery_low and view.on_battery
    if low != (state.low_since is not None):
        state = replace(state, low_since=now if low else None)
    if view.fed != (state.fed_since is not None):
        state = replace(state, fed_since=now if view.fed else None)
    state = replace_if(state, shed=_shed(state, view, now, settings))
    match state.stage:
        case "none":
            if view.ups_cuts:
                return _to(state, "committed", now, "the UPS is about to cut the output", confirmed=True)
            cause = _why(state, view, now, settings)
            return _to(state, "announced", now, cause) if cause else state
        case "announced":
            if view.fed:
                return _to(state, "none", now, "power is back")
            return _to(state, "closing", now, state.cause) if now >= state.since + settings.closing_s / 2 else state
        case "closing":
            if view.fed:
                return _to(state, "none", now, "power is back")
            waits = view.card_under_way and now < state.since + CARD_S
            if now < state.since + settings.closing_s / 2 or waits or not view.ups_answers:
                return state
            return _to(state, "committed", now, state.cause)
        case "committed":
            if not state.confirmed and view.ups_cuts:
                return replace(state, confirmed=True)
            if not state.confirmed and view.fed and (state.asked_at is None or now >= state.asked_at + AGAIN_S):
                return _to(state, "none", now, "power is back, and the UPS has not taken the order")
            if state.confirmed and not view.ups_cuts and view.ups_answers and view.fed:
                return state if state.halted else _to(state, "none", now, "the UPS has taken the order back")
    return state


def due_order(state: State, now: float) -> bool:
    """Whether the UPS shall be told now to cut and restore."""
    if state.stage != "committed" or state.confirmed:
        return False
    return state.asked_at is None or now >= state.asked_at + AGAIN_S


def next_wakeup(state: State, settings: EnergySettings) -> float | None:
    """When a stage ends by time."""
    times = []
    if state.stage in ("announced", "closing"):
        times.append(state.since + settings.closing_s / 2)
        times.append(state.since + CARD_S)
    if state.stage == "committed" and not state.confirmed and state.asked_at is not None:
        times.append(state.asked_at + AGAIN_S)
    if state.low_since is not None and state.stage == "none":
        times.append(state.low_since + LOW_S)
    if state.fed_since is not None and state.shed:
        times.append(state.fed_since + RESTORE_S)
    return min(times, default=None)


def replace_if(state: State, shed: int) -> State:
    """The same object when nothing changes."""
    return state if shed == state.shed else replace(state, shed=shed)


def _shed(state: State, view: View, now: float, settings: EnergySettings) -> int:
    """More is shed as the energy falls; all comes back when power has been there for a while."""
    if state.fed_since is not None:
        return 0 if now >= state.fed_since + RESTORE_S else state.shed
    if not view.on_battery or view.left_s is None:
        return state.shed
    wanted = 2 if view.left_s < settings.shed_2_s else 1 if view.left_s < settings.shed_1_s else 0
    return max(state.shed, wanted)


def _why(state: State, view: View, now: float, settings: EnergySettings) -> str:
    if not view.on_battery or view.fed:
        return ""
    if view.left_s is not None and view.left_s < settings.shutdown_s:
        return f"the battery lasts {view.left_s:.0f} s more"
    if state.low_since is not None and now >= state.low_since + LOW_S:
        return "the UPS says that its battery is low"
    return ""


def _to(state: State, stage: Stage, now: float, cause: str, confirmed: bool = False) -> State:
    return replace(state, stage=stage, since=now, cause=cause, asked_at=None, confirmed=confirmed, halted=False)
