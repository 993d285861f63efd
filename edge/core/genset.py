"""The genset's sequence: when to start, how often to crank, when to give it the load, and when to take that back.

It believes what is measured (the engine turns, its volts are in their band, the ATS has moved) and never an
acknowledgement. Where a program that starts anew finds the engine is decided by measurement, too; only the number
of the crank attempt is kept, so that no loop of restarts can wear the starter out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from contract.messages import GensetPhase as Phase
from edge.core.events import Relay
from edge.core.settings import GensetSettings

#: Relays when nothing is asked of the genset.
SAFE = frozenset({Relay.ATS_INHIBIT})
#: How often the ATS is given its time before the transfer has failed.
TRANSFERS = 3
#: Stalls within one outage before the genset is given up.
STALLS = 3
#: After a start all contacts are read within READ_S; a source on a line has LOOK_S to speak (s).
READ_S = 0.2
LOOK_S = 3.0
#: Volts may leave their band for this long (s): a load step does that.
BAND_S = 3.0
_RUN = frozenset(
    {
        Phase.CRANKING,
        Phase.WARMING,
        Phase.TRANSFERRING,
        Phase.LOADED,
        Phase.RETURNING,
        Phase.TRANSFERRING_BACK,
        Phase.COOLING,
        Phase.EXERCISING,
    }
)
_PERMITTED = frozenset({Phase.TRANSFERRING, Phase.LOADED, Phase.RETURNING})
_WITH_LOAD = frozenset({Phase.LOADED, Phase.RETURNING, Phase.TRANSFERRING_BACK})
_QUIET = frozenset({Phase.STOPPED, Phase.FAILED, Phase.STOPPING})
_BEFORE_RUNNING = frozenset({Phase.START_DELAY, Phase.CRANKING, Phase.RESTING})


@dataclass(frozen=True, slots=True)
class Saved:
    """What a restart must know: the phase, the attempts used, and why."""

    phase: Phase = Phase.STOPPED
    attempt: int = 0
    cause: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """What is measured now; None: unknown. `fault`: why the engine must not run, empty when it may."""

    mains: bool | None
    mains_since: float
    line: bool | None
    running: bool | None
    good: bool | None
    ats: str | None
    fault: str = ""
    latched: bool = False
    """The fault is of a controller that holds it until a person resets it."""
    barred: str = ""
    """Why it shall not start by itself, e.g. the booth has passed its point of no return."""


@dataclass(frozen=True, slots=True)
class State:
    """`since`: when the phase began. `stuck`: the position that the ATS would not leave."""

    saved: Mapping[str, Saved] = field(default_factory=lambda: {"sequence": Saved()})
    since: float = 0.0
    looked: bool = False
    first_at: float | None = None
    """When the mains were first seen after the start."""
    exercise: bool = False
    stalls: int = 0
    bad_at: float | None = None
    stuck: str = ""
    transfers: int = 0
    overrun: bool = False
    """It turns though it was told to stop."""
    stalled: bool = False
    failure: Literal["", "start", "stall", "transfer", "volts", "fault"] = ""
    """Why the phase is `failed`."""

    @property
    def phase(self) -> Phase:
        return self.saved["sequence"].phase

    @property
    def attempt(self) -> int:
        return self.saved["sequence"].attempt

    @property
    def cause(self) -> str:
        return self.saved["sequence"].cause


def restore(saved: Saved) -> State:
    """Go on after a restart: the first step that sees the mains looks where the engine is."""
    return State({"sequence": saved})


def relays(state: State) -> frozenset[Relay]:
    """What the relays of the genset shall be in this phase, once it is known where the engine is."""
    if state.phase not in _RUN:
        return SAFE
    on = {Relay.GENSET_START}
    if state.phase not in _PERMITTED:
        on.add(Relay.ATS_INHIBIT)
    return frozenset(on)


def exercise(state: State, on: bool, now: float, view: View) -> tuple[State, str]:
    """A person, or the calendar, wants it to run without load, or to end that. Why not, if it may not."""
    if not on:
        if not state.exercise:
            return state, "no exercise is running"
        return _to(replace(state, exercise=False), Phase.COOLING, now, "the exercise was ended"), ""
    if state.phase is not Phase.STOPPED:
        return state, f"the genset is {state.phase.value}: wait until it stands still"
    if view.fault:
        return state, view.fault
    if view.barred:
        return state, view.barred
    if view.mains is not True:
        return state, "the mains are out or unknown: the genset is needed for the load"
    return _to(replace(state, exercise=True), Phase.CRANKING, now, "exercise without load", attempt=1), ""


def step(state: State, view: View, now: float, settings: GensetSettings) -> State:
    """Move as far as what is measured allows; several phases may pass at once."""
    if not state.looked:
        if view.mains is None:
            return state
        if state.first_at is None:
            return replace(state, first_at=now)
        known = view.running is not None and view.ats is not None
        if now < state.first_at + (READ_S if known else LOOK_S):
            return state
        state = replace(_resumed(state, view), looked=True, since=now)
    for _ in range(6):
        before = state
        state = _moved(state, view, now, settings)
        if state.phase is before.phase and state.attempt == before.attempt:
            break
    return state


def next_wakeup(state: State, view: View, settings: GensetSettings) -> float | None:
    """When the phase ends by time."""
    if not state.looked:
        return None if state.first_at is None else state.first_at + (READ_S if view.ats is not None else LOOK_S)
    if state.phase is Phase.STOPPED:
        return None
    times = [state.since + seconds for seconds in _limits(state.phase, settings)]
    if state.phase is Phase.RETURNING:
        times.append(max(view.mains_since, state.since) + settings.mains_steady_s)
    if state.bad_at is not None:
        times.append(state.bad_at + BAND_S)
    return min(times, default=None)


def seconds_until_power(state: State, now: float, settings: GensetSettings) -> float | None:
    """Expected seconds until it carries the load, if this attempt succeeds; None when it is not on its way."""
    after = settings.warm_up_s + 1.0
    crank = min(settings.crank_s, 4.0)
    spent = max(0.0, now - state.since)
    match state.phase:
        case Phase.START_DELAY:
            return max(0.0, settings.start_delay_s - spent) + crank + after
        case Phase.CRANKING:
            return max(1.0, crank - spent) + after
        case Phase.RESTING:
            return max(0.0, settings.rest_s - spent) + crank + after
        case Phase.WARMING:
            return max(0.0, settings.warm_up_s - spent) + 1.0
        case Phase.TRANSFERRING:
            return 1.0
        case Phase.FAILED if not state.failure or state.failure == "start":
            return max(0.0, settings.retry_s - spent) + settings.start_delay_s + crank + after
    return None


# --- the phases -----------------------------------------------------------------------------------------


def _limits(phase: Phase, settings: GensetSettings) -> tuple[float, ...]:
    match phase:
        case Phase.START_DELAY:
            return (settings.start_delay_s,)
        case Phase.CRANKING:
            return (settings.crank_s,)
        case Phase.RESTING:
            return (settings.rest_s,)
        case Phase.WARMING:
            return (settings.warm_up_s,)
        case Phase.TRANSFERRING | Phase.TRANSFERRING_BACK:
            return (settings.transfer_s,)
        case Phase.COOLING:
            return (settings.cool_down_s,)
        case Phase.STOPPING:
            return (settings.stop_s,)
        case Phase.EXERCISING:
            return (settings.exercise_s,)
        case Phase.FAILED:
            return (settings.retry_s,)
    return ()


def _resumed(state: State, view: View) -> State:
    """Where the engine is when the program starts: told by measurement."""
    saved = state.saved["sequence"]
    if view.running:
        if view.ats == "genset":
            phase = Phase.RETURNING if view.mains else Phase.LOADED
        else:
            phase = Phase.COOLING if view.mains else Phase.WARMING
        return _put(state, replace(saved, phase=phase, cause="found running at the start"))
    if view.mains is False and saved.phase in (Phase.CRANKING, Phase.RESTING):
        return _put(state, replace(saved, phase=Phase.RESTING, cause="the controller started anew"))
    if saved.phase is Phase.FAILED and view.mains is False:
        return state
    return _put(state, Saved()) if saved != Saved() else state


def _moved(state: State, view: View, now: float, settings: GensetSettings) -> State:
    phase, spent = state.phase, now - state.since
    if view.fault and phase in _RUN and not view.latched and not state.stalls:
        # Its protection may have let go with the start signal: it is cranked once more, if the contact opens.
        stopped = replace(state, stalls=1, stalled=True, exercise=False, bad_at=None)
        return _to(stopped, Phase.RESTING, now, view.fault, 0)
    if view.fault and phase not in _QUIET and not (phase is Phase.RESTING and spent < settings.rest_s):
        return _fail(state, now, view.fault, "fault")
    if view.barred and phase in _BEFORE_RUNNING:
        return _to(state, Phase.STOPPING, now, view.barred)
    match phase:
        case Phase.STOPPED | Phase.FAILED:
            return _still(state, view, now, settings)
        case Phase.START_DELAY | Phase.CRANKING | Phase.RESTING:
            return _starting(state, view, now, settings)
        case Phase.WARMING:
            if view.running is False:
                return _stall(state, now, settings)
            if state.exercise and view.mains:
                return _to(state, Phase.EXERCISING, now, state.cause)
            if view.mains:
                return _to(state, Phase.COOLING, now, "the mains came back")
            if spent >= settings.warm_up_s and view.good is not False:
                return _to(replace(state, transfers=0), Phase.TRANSFERRING, now, "it is warm and its volts are good")
            if spent >= settings.warm_up_s + 2 * settings.crank_s:
                return _fail(state, now, "its volts or hertz stay out of their band", "volts")
        case Phase.EXERCISING:
            if view.running is False:
                return _fail(state, now, "it stopped during its exercise", "stall")
            if view.mains is False:
                return _to(replace(state, exercise=False), Phase.WARMING, now, "the mains failed during its exercise")
            if spent >= settings.exercise_s:
                return _to(replace(state, exercise=False), Phase.COOLING, now, "the exercise is over")
        case Phase.TRANSFERRING | Phase.TRANSFERRING_BACK:
            return _transferring(state, view, now, settings)
        case Phase.LOADED | Phase.RETURNING:
            return _carrying(state, view, now, settings)
        case Phase.COOLING:
            if view.mains is False and view.running:
                return _to(state, Phase.WARMING, now, "the mains failed again")
            if spent >= settings.cool_down_s or view.running is False:
                return _to(state, Phase.STOPPING, now, state.cause)
        case Phase.STOPPING:
            return _stopping(state, view, now, settings)
    return state


def _still(state: State, view: View, now: float, settings: GensetSettings) -> State:
    spent = now - state.since
    if state.overrun and view.running is False:
        state = replace(state, overrun=False)
    if view.mains and state.phase is Phase.FAILED:
        return _to(replace(state, stalls=0, stuck="", stalled=False), Phase.STOPPED, now, "the mains are back", 0)
    if view.mains is not False or view.barred or view.fault:
        return state
    if state.phase is Phase.STOPPED:
        return _to(replace(state, stuck="", stalled=False), Phase.START_DELAY, now, "the mains are out", 0)
    if spent >= settings.retry_s:
        return _to(replace(state, stalls=0), Phase.START_DELAY, now, "it is tried again", 0)
    return state


def _starting(state: State, view: View, now: float, settings: GensetSettings) -> State:
    phase, spent = state.phase, now - state.since
    if view.mains and not state.exercise:
        if phase is Phase.CRANKING and view.running:
            return _to(state, Phase.COOLING, now, "the mains came back")
        return _to(state, Phase.STOPPING, now, "the mains came back")
    if phase is Phase.START_DELAY and spent >= settings.start_delay_s:
        if view.running:
            return _to(state, Phase.WARMING, now, "it runs already", 0)
        return _to(state, Phase.CRANKING, now, state.cause, 1)
    if phase is Phase.CRANKING:
        if view.running:
            return _to(replace(state, stalled=False), Phase.WARMING, now, f"it runs after attempt {state.attempt}")
        if spent >= settings.crank_s:
            if state.attempt >= settings.attempts:
                return _fail(state, now, f"it did not start in {state.attempt} attempts", "start")
            return _to(state, Phase.RESTING, now, f"attempt {state.attempt} failed")
    if phase is Phase.RESTING and spent >= settings.rest_s:
        if state.attempt >= settings.attempts:
            return _fail(state, now, f"it did not start in {state.attempt} attempts", "start")
        return _to(state, Phase.CRANKING, now, state.cause, state.attempt + 1)
    return state


def _transferring(state: State, view: View, now: float, settings: GensetSettings) -> State:
    out = state.phase is Phase.TRANSFERRING
    wanted = "genset" if out else "mains"
    arrived = view.ats == wanted or (view.ats is None and view.line is True and now - state.since >= 1.0)
    if arrived:
        state = replace(state, stuck="", transfers=0, bad_at=None)
        return _to(state, Phase.LOADED if out else Phase.COOLING, now, f"the ATS is on {wanted}")
    if out and view.running is False:
        return _stall(state, now, settings)
    if out and view.mains and view.ats == "mains":
        return _to(state, Phase.COOLING, now, "the mains came back")
    if not out and view.mains is False:
        return _to(state, Phase.LOADED, now, "the mains failed again")
    if now - state.since < settings.transfer_s:
        return state
    stuck = replace(state, stuck=view.ats or "unknown", transfers=state.transfers + 1, since=now)
    if not out:
        # It still carries the load: better so than dark.
        return _to(stuck, Phase.RETURNING, now, "the ATS does not go back to the mains")
    if stuck.transfers >= TRANSFERS:
        return _fail(stuck, now, "the ATS does not go to the genset", "transfer")
    return stuck


def _carrying(state: State, view: View, now: float, settings: GensetSettings) -> State:
    if view.running is False:
        return _stall(state, now, settings)
    if view.good is False:
        if state.bad_at is None:
            state = replace(state, bad_at=now)
        elif now >= state.bad_at + BAND_S and view.line is False:
            return _stall(state, now, settings)
    elif state.bad_at is not None:
        state = replace(state, bad_at=None)
    if view.mains is False:
        return _to(state, Phase.LOADED, now, "the mains failed again") if state.phase is Phase.RETURNING else state
    if view.mains is None:
        return state
    if state.phase is Phase.LOADED:
        return _to(state, Phase.RETURNING, now, "the mains are back")
    if now >= max(view.mains_since, state.since) + settings.mains_steady_s:
        return _to(state, Phase.TRANSFERRING_BACK, now, "the mains are steady")
    return state


def _stopping(state: State, view: View, now: float, settings: GensetSettings) -> State:
    if view.mains is False and view.running and not view.barred and not view.fault:
        return _to(state, Phase.WARMING, now, "the mains failed again")
    if view.running is not True:
        if view.running is None and now - state.since < settings.stop_s:
            return state
        return _to(replace(state, overrun=False, exercise=False, stalls=0), Phase.STOPPED, now, state.cause, 0)
    if now - state.since >= settings.stop_s:
        return replace(state, overrun=True)
    return state


def _stall(state: State, now: float, settings: GensetSettings) -> State:
    """It stopped by itself: rest, and crank again, a bounded number of times."""
    state = replace(state, stalls=state.stalls + 1, stalled=True, bad_at=None)
    if state.stalls > STALLS:
        return _fail(state, now, f"it stalled {state.stalls} times", "stall")
    attempt = state.attempt if state.phase is Phase.WARMING else 0
    if attempt >= settings.attempts:
        return _fail(state, now, f"it did not keep running in {attempt} attempts", "start")
    return _to(state, Phase.RESTING, now, "it stalled", attempt)


def _fail(
    state: State, now: float, cause: str, failure: Literal["start", "stall", "transfer", "volts", "fault"]
) -> State:
    return _to(replace(state, exercise=False, failure=failure), Phase.FAILED, now, cause)


def _to(state: State, phase: Phase, now: float, cause: str, attempt: int | None = None) -> State:
    saved = replace(
        state.saved["sequence"],
        phase=phase,
        cause=cause,
        attempt=state.attempt if attempt is None else attempt,
    )
    failure = state.failure if phase is Phase.FAILED else ""
    return replace(_put(state, saved), since=now, failure=failure)


def _put(state: State, saved: Saved) -> State:
    return replace(state, saved={"sequence": saved})
