"""The booth's power as a whole: joins supply, genset, battery, energy, shutdown and alarms into one decision.

The parts do not know each other; what one must know of another goes through here as a plain value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from contract.messages import (
    AlarmCommand,
    GensetChanged,
    GensetPhase,
    LoadShed,
    Message,
    MuteCommand,
    PowerCommand,
    ShutdownChanged,
    Supply,
    TestGensetCommand,
    TestUpsCommand,
    UpsTested,
)
from edge.core import alarms, battery, conditions, energy, genset, power, shutdown, upkeep
from edge.core import commands as do
from edge.core import requests as ask
from edge.core.commands import Command, Publish, Sound, Tone
from edge.core.energy import Answer, Kind
from edge.core.events import (
    BoardReading,
    Contact,
    ContactChanged,
    DeviceEvent,
    Event,
    Relay,
    RequestConfirmed,
    RequestFailed,
    Started,
    UpsReading,
    UpsTestEnded,
    WallTime,
    WokeUp,
)
from edge.core.plant_state import Machine, State, by_key, given, looked, relays, upkeep_figures, view
from edge.core.settings import Settings

#: Phases in which the genset's controller is asked to keep its engine running.
_ASKED = frozenset(
    {
        GensetPhase.CRANKING,
        GensetPhase.WARMING,
        GensetPhase.TRANSFERRING,
        GensetPhase.LOADED,
        GensetPhase.RETURNING,
        GensetPhase.TRANSFERRING_BACK,
        GensetPhase.EXERCISING,
    }
)


#: An alarm that nobody has acknowledged calls again after this time (s), unless it was muted.
CALL_S = 60.0


def concerns(state: State, event: Event, now: float, settings: Settings, busy: Mapping[Kind, bool]) -> bool:
    """Whether this event can change anything here; most events of a booth cannot."""
    if isinstance(event, (Started, WallTime)) or busy != state.busy:
        return True
    if isinstance(event, ContactChanged):
        return event.contact is not Contact.DOOR
    if isinstance(event, DeviceEvent):
        engine = settings.genset
        return event.device in (settings.ups, settings.board, engine.device if engine else None)
    return state.due is not None and now >= state.due


def step(
    state: State, event: Event, now: float, settings: Settings, busy: Mapping[Kind, bool]
) -> tuple[State, list[Command]]:
    """Take a fact in and decide anew. `busy`: which kinds of job run now."""
    if not concerns(state, event, now, settings, busy):
        return state, []
    before = state
    source, dips = power.observe(state.power, event, now, settings)
    seen = conditions.seen(state.seen, event, source.dips, now)
    state = replace(state, power=source, at=now, busy=busy, seen=seen)
    told: list[Message] = list(dips)
    if isinstance(event, (Started, WallTime)):
        state = _noticed(state, event, now)
    if isinstance(event, UpsTestEnded) and event.device == settings.ups:
        state = replace(state, battery=battery.tested(state.battery, event.passed, now))
        told.append(UpsTested(passed=event.passed, cause=event.reason[:500]))
    state = _sequenced(state, now, settings)
    fed_by = power.feeding(state.power, now, settings, state.genset.phase)
    fed = power.fed(state.power, fed_by)
    if fed != (state.fed_since is not None):
        steady = state.power.supply is Supply.UNKNOWN or power.fed(state.power, state.power.supply)
        state = replace(state, fed_since=(float("-inf") if steady else now) if fed else None, confirmed=steady)
    if not state.confirmed and power.confirmed(state.power, now, settings):
        state = replace(state, confirmed=True)
    state = _reckoned(state, event, now, settings, fed_by, fed)
    state = _closing(state, now, settings, fed_by, fed, busy)
    closing = {"none": None, "committed": Supply.OFF}.get(state.shutdown.stage, Supply.SHUTTING_DOWN)
    source, changed = state.power, False
    if looked(state, settings):
        source, changed = power.fuse(state.power, now, settings, state.genset.phase, closing)
    if source is not state.power:
        state = replace(state, power=source)
    state = _admitted(state, now, settings, fed)
    if changed:
        seconds = state.left.seconds if state.left else None
        told.append(power.told(source, now, settings, seconds, _cause(state)))
    told += _moves(before, state, now, settings)
    causes = conditions.causes(_facts(state, now, settings), now, settings)
    raised, words, loud = alarms.step(_timed(state), causes, now)
    if raised is not state.alarms or loud:
        state = replace(state, alarms=raised, muted=state.muted and not loud)
    commands: list[Command] = [Publish(body) for body in (*told, *words)]
    state, orders = _ordered(before, state, event, now, settings)
    if loud or (alarms.calls(state.alarms) and not state.muted and now >= state.sounded_at + CALL_S):
        state = replace(state, sounded_at=now)
        commands.append(Sound(Tone.ALARM))
    due = _due(state, settings)
    return state if due == state.due else replace(state, due=due), commands + orders


def command(state: State, body: PowerCommand, now: float, settings: Settings) -> tuple[State, list[Command], str]:
    """A technician's order; what follows, or the reason why it is refused."""
    state, commands, reason = _carried_out(replace(state, at=now), body, now, settings)
    return replace(state, due=_due(state, settings)), commands, reason


def _carried_out(state: State, body: PowerCommand, now: float, settings: Settings) -> tuple[State, list[Command], str]:
    match body:
        case AlarmCommand():
            kept, told, reason = alarms.command(_timed(state), body, now)
            return replace(state, alarms=kept), [Publish(word) for word in told], reason
        case MuteCommand(what="booth"):
            return replace(state, muted=True), [], ""
        case MuteCommand():
            if power.fresh(state.power, now, settings) is None or settings.ups is None:
                return state, [], "the UPS does not answer"
            return state, [do.Ask(settings.ups, ask.SetBeeper(False))], ""
        case TestUpsCommand():
            return _test_ups(state, body, now, settings)
        case TestGensetCommand():
            if settings.genset is None:
                return state, [], "this booth has no genset"
            measured = view(state, now, settings)
            sequence, reason = genset.exercise(state.genset, body.action == "start", now, measured)
            if reason:
                return state, [], reason
            before, state = state, replace(state, genset=sequence)
            moves = [Publish(word) for word in _moves(before, state, now, settings)]
            state, orders = _ordered(before, state, WokeUp(), now, settings)
            return state, [*moves, *orders], ""


def _due(state: State, settings: Settings) -> float | None:
    """When anything here ends by time. What was due at this step has been seen to."""
    times: list[float | None] = [
        power.next_wakeup(state.power, settings),
        shutdown.next_wakeup(state.shutdown, settings.energy),
        alarms.next_wakeup(state.alarms),
        conditions.next_wakeup(state.seen),
    ]
    if not state.muted and alarms.calls(state.alarms):
        times.append(state.sounded_at + CALL_S)
    if settings.genset is not None:
        times.append(genset.next_wakeup(state.genset, view(state, state.at, settings), given(state, settings)))
    if state.may_record.wait_s:
        times.append(state.at + state.may_record.wait_s)
    if state.may_print.wait_s:
        times.append(state.at + state.may_print.wait_s)
    return min((time for time in times if time is not None and time > state.at), default=None)


def turned(old: State, new: State) -> bool:
    """Whether what a technician watches has changed, so that the figures are told at once."""
    before, after = old.power.ups.reading, new.power.ups.reading
    return (
        old.supply is not new.supply
        or (before and before.status) != (after and after.status)
        or old.genset.phase is not new.genset.phase
        or power.position(old.power) != power.position(new.power)
        or old.shutdown.stage != new.shutdown.stage
    )


def _timed(state: State) -> alarms.State:
    """The alarms, knowing the time of day."""
    return state.alarms if state.alarms.wall == state.wall else replace(state.alarms, wall=state.wall)


# --- the parts in turn ----------------------------------------------------------------------------------


def _noticed(state: State, event: Started | WallTime, now: float) -> State:
    """The machine and its wall clock."""
    if isinstance(event, WallTime):
        return replace(state, wall=event.unix - now)
    if not event.machine:
        return state
    known = state.machine.get("machine")
    if known is not None and known.id == event.machine:
        # Only the program ended: that tells nothing of the battery.
        return replace(state, battery=battery.survived(state.battery))
    return replace(state, machine={"machine": Machine(event.machine)})


def _sequenced(state: State, now: float, settings: Settings) -> State:
    if settings.genset is None:
        return state
    times = given(state, settings)
    measured = view(state, now, settings)
    usage = upkeep.step(
        state.upkeep,
        measured.running,
        power.level(state.power, Contact.FUEL_LOW),
        (reading.run_s if (reading := power.engine(state.power, now, settings)) else None),
        None if state.wall is None else now + state.wall,
        now,
        settings.genset,
    )
    sequence = genset.step(state.genset, measured, now, times)
    steady = measured.mains is True and now >= measured.mains_since + times.mains_steady_s
    idle = steady and sequence.phase is GensetPhase.STOPPED and state.shutdown.stage == "none"
    if idle and state.wall is not None and upkeep.exercise_due(usage, now + state.wall, settings.genset):
        sequence, _ = genset.exercise(sequence, True, now, measured)
    if sequence is state.genset and usage is state.upkeep:
        return state
    return replace(state, genset=sequence, upkeep=usage)


def _reckoned(state: State, event: Event, now: float, settings: Settings, fed_by: Supply, fed: bool) -> State:
    """The battery's energy, and what the jobs under way take of it."""
    plate = settings.energy
    load_w, held = None, state.battery
    if isinstance(event, UpsReading) and event.device == settings.ups:
        held = battery.step(held, event, now, plate)
        load_w = event.load_pct / 100 * plate.rated_w
    elif settings.ups is not None and power.fresh(state.power, now, settings) is None:
        held = battery.silent(held, _draining(fed_by, fed), now, plate)
    tracked = energy.track(state.energy, state.busy, load_w, now, plate)
    own = battery.left(held, now, plate)
    left = None
    if own is not None:

        def under(kind: Kind) -> float:
            """With the job's own load, unless it is under way and in the present load already."""
            more = 0.0 if state.busy.get(kind) else energy.need(tracked, kind, plate).expected_w
            return battery.stretched(held, own, plate, more)

        left = energy.Left(own.seconds, under(Kind.RECORD), under(Kind.PRINT), own.confidence)
    return replace(state, battery=held, energy=tracked, left=left, estimate=own)


def _closing(
    state: State, now: float, settings: Settings, fed_by: Supply, fed: bool, busy: Mapping[Kind, bool]
) -> State:
    if settings.ups is None:
        return state
    ups = power.fresh(state.power, now, settings)
    view = shutdown.View(
        fed=fed,
        on_battery=_draining(fed_by, fed),
        left_s=state.left.seconds if state.left else None,
        battery_low=ups is not None and ups.battery_low,
        ups_answers=ups is not None,
        ups_cuts=ups is not None and ups.shutting_down,
        card_under_way=busy.get(Kind.PRINT, False) and settings.print_on_battery,
    )
    closing = shutdown.step(state.shutdown, view, now, settings.energy)
    return state if closing is state.shutdown else replace(state, shutdown=closing)


def _admitted(state: State, now: float, settings: Settings, fed: bool) -> State:
    wait = None
    if settings.genset is not None:
        wait = genset.seconds_until_power(state.genset, now, given(state, settings))
    if fed and state.power.supply is Supply.UNKNOWN:
        fed = False

    def ask(kind: Kind, on_ups: bool) -> Answer:
        fed_for = 0.0 if state.fed_since is None else now - state.fed_since
        return energy.admit(
            state.energy,
            kind,
            state.power.supply,
            fed,
            fed_for,
            state.left,
            wait,
            settings.energy,
            on_ups,
            state.confirmed,
            power.fresh(state.power, now, settings) is not None,
        )

    record = ask(Kind.RECORD, settings.ups is not None)
    printing = ask(Kind.PRINT, settings.print_on_battery)
    if record == state.may_record and printing == state.may_print:
        return state
    return replace(state, may_record=record, may_print=printing)


def _moves(before: State, after: State, now: float, settings: Settings) -> list[Message]:
    """What the sequence, the shedding and the shutdown did in this step."""
    told: list[Message] = []
    if after.genset.saved != before.genset.saved and settings.genset is not None:
        told.append(_genset_told(after, now, settings))
    if after.shutdown.shed != before.shutdown.shed:
        lasts = f"the battery lasts {after.left.seconds / 60:.0f} min" if after.left else "the energy is not known"
        told.append(LoadShed(stage=after.shutdown.shed, cause=lasts if after.shutdown.shed else "power is back"))
    if after.shutdown.stage != before.shutdown.stage:
        stage = after.shutdown.stage
        told.append(ShutdownChanged(stage="cancelled" if stage == "none" else stage, cause=after.shutdown.cause))
    return told


def _ordered(before: State, state: State, event: Event, now: float, settings: Settings) -> tuple[State, list[Command]]:
    """Orders to relays, genset controller and UPS: each is given again from the state, should one be lost."""
    orders: list[Command] = []
    on = relays(state, settings)
    if not looked(state, settings):
        pass  # A board holds what it was told before the restart, and the engine with it.
    elif on != state.relays or _board_is_back(before, state, event, settings):
        if settings.board is not None:
            orders.append(do.Ask(settings.board, ask.DriveRelays(on)))
        if on != state.relays and settings.wired & {relay.value for relay in Relay}:
            orders.append(do.SetRelays(on))
        state = replace(state, relays=on)
    state, more = _keyed(state, event, settings)
    orders += more
    if settings.ups is not None:
        if shutdown.due_order(state.shutdown, now):
            cut = ask.CutAndRestore(settings.energy.off_s, settings.energy.back_min)
            orders.append(do.Ask(settings.ups, cut))
            state = replace(state, shutdown=replace(state.shutdown, asked_at=now))
        if isinstance(event, RequestConfirmed) and event.device == settings.ups and event.request == "CutAndRestore":
            state = replace(state, shutdown=replace(state.shutdown, confirmed=state.shutdown.stage == "committed"))
    if state.shutdown.stage == "committed" and state.shutdown.confirmed and not state.shutdown.halted:
        state = replace(state, shutdown=replace(state.shutdown, halted=True))
        orders.append(do.HaltController(state.shutdown.cause))
    return state, orders


def _board_is_back(before: State, state: State, event: Event, settings: Settings) -> bool:
    """A board that holds other relays than it shall, and does not say that it refuses: it was started anew."""
    if not isinstance(event, BoardReading) or event.device != settings.board or state.relays is None:
        return False
    first = before.power.board.reading is None or before.power.board.lost
    return first or (event.relays != state.relays and event.deadman_trips != _trips(before))


def _trips(state: State) -> int:
    reading = state.power.board.reading
    return reading.deadman_trips if reading is not None else 0


def _keyed(state: State, event: Event, settings: Settings) -> tuple[State, list[Command]]:
    """Ask the genset's controller to run, or no longer to; only readings prove that it does."""
    engine = settings.genset
    if engine is None or engine.device is None:
        return state, []
    if isinstance(event, RequestFailed) and event.device == engine.device and event.request == "StartGenset":
        return replace(state, key_failed=True), []
    if not looked(state, settings):
        return state, []
    wanted = by_key(state, settings) and state.genset.phase in _ASKED
    if state.key_on is None and not wanted and state.genset.phase is GensetPhase.STOPPED:
        return replace(state, key_on=False), []
    if wanted == state.key_on:
        return state, []
    order = ask.StartGenset() if wanted else ask.StopGenset()
    return replace(state, key_on=wanted), [do.Ask(engine.device, order)]


def _facts(state: State, now: float, settings: Settings) -> conditions.Facts:
    return conditions.Facts(
        power=state.power,
        genset=state.genset,
        shutdown=state.shutdown,
        estimate=state.estimate,
        untrue=battery.untrue(state.battery),
        test_failed=state.battery.row.test_failed,
        usage=upkeep_figures(state, now, settings),
        seen=state.seen,
        draining=_draining(state.supply, power.fed(state.power, state.supply)),
    )


def _genset_told(state: State, now: float, settings: Settings) -> GensetChanged:
    usage = upkeep_figures(state, now, settings)
    return GensetChanged(
        phase=state.genset.phase,
        attempt=state.genset.attempt,
        cause=state.genset.cause[:500],
        verified=power.verified(state.power, now, settings) is True,
        fuel_pct=_rounded(usage.fuel_pct if usage else None),
        fuel_hours=_rounded(usage.fuel_h if usage else None),
        run_hours=_rounded(usage.run_h if usage else None),
        service_hours=_rounded(usage.service_h if usage else None),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _cause(state: State) -> str:
    if state.shutdown.stage != "none":
        return state.shutdown.cause
    return state.genset.cause if state.supply in (Supply.GENSET_STARTING, Supply.MAINS_RETURNING) else ""


def _draining(supply: Supply, fed: bool) -> bool:
    return not fed and supply is not Supply.UNKNOWN


def _test_ups(state: State, body: TestUpsCommand, now: float, settings: Settings) -> tuple[State, list[Command], str]:
    ups = power.fresh(state.power, now, settings)
    if settings.ups is None or ups is None:
        return state, [], "the UPS does not answer"
    if body.length == "cancel":
        if not ups.testing:
            return state, [], "no test is running"
        return state, [do.Ask(settings.ups, ask.CancelUpsTest())], ""
    if not power.fed(state.power, state.supply):
        return state, [], "the battery carries the booth now: test it when the mains are back"
    if ups.testing:
        return state, [], "a test is running already"
    if any(state.busy.values()):
        return state, [], "a recording or a print is under way: test the battery when the booth is idle"
    if ups.battery_low or (ups.charge_pct is not None and ups.charge_pct < 50):
        return state, [], "the battery is not charged enough for a test"
    return state, [do.Ask(settings.ups, ask.TestUps(body.length))], ""
