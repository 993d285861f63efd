"""The booth's alarms, with the life that ISA-18.2 gives them: unacknowledged, acknowledged, returned, shelved, normal.

A condition must hold for a time before it is an alarm, and be gone for a time before it has returned: nobody is called
for a bounce. What to do about each is in docs/operations.md under its key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from contract.messages import AlarmChanged, AlarmCommand, AlarmState, Priority

CRITICAL, HIGH, MEDIUM, LOW = Priority.CRITICAL, Priority.HIGH, Priority.MEDIUM, Priority.LOW


@dataclass(frozen=True, slots=True)
class Definition:
    """One alarm. `on_s`, `off_s`: how long its condition must hold, or be gone. `remedy`: the first thing to do."""

    priority: Priority
    remedy: str
    on_s: float = 0.0
    off_s: float = 5.0


ALARMS: Mapping[str, Definition] = {
    "mains.out": Definition(MEDIUM, "Wait: the battery and the genset carry the booth. Ask the utility how long.", 1.0),
    "mains.unsteady": Definition(LOW, "Note the times and tell the utility; heavy machines nearby may be the cause."),
    "mains.low": Definition(MEDIUM, "Measure the mains at the panel; switch the air-conditioner off.", 2.0),
    "battery.low": Definition(HIGH, "Finish the present applicant; bring the genset or wait for the mains.", 3.0),
    "battery.old": Definition(MEDIUM, "Order a new battery for the UPS; test it when it is full."),
    "battery.untrue": Definition(HIGH, "Do not trust the UPS's charge: test the battery, and replace it."),
    "ups.lost": Definition(HIGH, "Check the serial cable of the UPS and that it is switched on."),
    "ups.failed": Definition(CRITICAL, "Note the code on the UPS's panel, put it on bypass, replace the UPS."),
    "ups.overload": Definition(HIGH, "Take loads off the UPS: only booth equipment may hang on it.", 3.0),
    "ups.implausible": Definition(MEDIUM, "Replace the serial cable; if it goes on, the UPS's electronics.", 5.0),
    "genset.start-failed": Definition(CRITICAL, "Check fuel, valve, starter battery; then start it by hand."),
    "genset.stop-failed": Definition(HIGH, "Use its emergency stop; check the start relay for a stuck contact."),
    "genset.stalled": Definition(CRITICAL, "Check fuel, air filter and load; look at its panel."),
    "genset.fuel-low": Definition(HIGH, "Refuel; see the hours left on the power page.", 5.0, 30.0),
    "genset.oil-low": Definition(CRITICAL, "Do not start it: check the oil level and look for a leak.", 1.0),
    "genset.too-hot": Definition(CRITICAL, "Let it cool down; check coolant, radiator and ventilation.", 1.0),
    "genset.battery-weak": Definition(MEDIUM, "Charge or replace the starter battery.", 10.0, 30.0),
    "genset.out-of-band": Definition(HIGH, "Have the governor and the voltage regulator adjusted.", 3.0),
    "genset.fault": Definition(CRITICAL, "Read the fault on its panel, mend it, and reset it there."),
    "genset.lost": Definition(MEDIUM, "Check the genset controller's serial cable (RS-485) and its supply."),
    "genset.not-automatic": Definition(MEDIUM, "Put its controller to AUTO.", 10.0),
    "genset.service-due": Definition(LOW, "Plan its service: oil, filters, coolant."),
    "ats.stuck": Definition(CRITICAL, "Move the transfer switch by hand as its label shows; check its motor fuse."),
    "ats.both-closed": Definition(
        CRITICAL, "Stop and isolate the genset; call an electrician: contacts may be welded."
    ),
    "board.lost": Definition(HIGH, "Check the power board's cable and its lamp; replace it if it stays dark."),
    "board.refuses": Definition(MEDIUM, "The board guards against a danger: see its reason and check the wiring.", 2.0),
    "board.deadman": Definition(MEDIUM, "The controller fell silent: look at its log and its power supply.", 0.0, 60.0),
    "board.tamper": Definition(HIGH, "Look who opened the power cabinet, and close it."),
    "sources.disagree": Definition(MEDIUM, "Compare contact, board and UPS with a meter; mend what lies.", 3.0),
    "clock.stepped": Definition(LOW, "Check the time server and the clock's battery.", 0.0, 60.0),
    "booth.closing": Definition(CRITICAL, "The booth goes off by itself and comes back with the mains."),
}

PRIORITIES = (CRITICAL, HIGH, MEDIUM, LOW)
#: A beep calls for these.
LOUD = frozenset({CRITICAL, HIGH})


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a condition holds: one English sentence, and the figures in it."""

    text: str
    figures: dict[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alarm:
    """Row `alarm/<key>`: the last occurrence. `shelved_until`: Unix seconds."""

    occurrence: int
    state: AlarmState
    active: bool
    cause: str = ""
    person: str = ""
    shelved_until: float | None = None


@dataclass(frozen=True, slots=True)
class State:
    """Rows, and since when a condition differs from its alarm. `wall`: Unix seconds minus monotonic, once known."""

    saved: Mapping[str, Alarm] = field(default_factory=dict)
    changing: Mapping[str, float] = field(default_factory=dict)
    wall: float | None = None


def step(state: State, causes: Mapping[str, Cause], now: float) -> tuple[State, list[AlarmChanged], bool]:
    """Compare the conditions with the alarms. What changed, and whether a person shall be called by sound."""
    told: list[AlarmChanged] = []
    loud = False
    for key, definition in ALARMS.items():
        alarm, holds = get(state, key), key in causes
        if holds == (alarm is not None and alarm.active):
            if key in state.changing:
                state = replace(state, changing={name: at for name, at in state.changing.items() if name != key})
            continue
        since = state.changing.get(key)
        if since is None:
            since = now
            state = replace(state, changing={**state.changing, key: now})
        if now < since + (definition.on_s if holds else definition.off_s):
            continue
        state = replace(state, changing={name: at for name, at in state.changing.items() if name != key})
        alarm = _rose(alarm, causes[key]) if holds else _returned(alarm)
        if alarm is None:
            continue
        state = _put(state, key, alarm)
        told.append(_told(key, alarm, causes.get(key)))
        loud = loud or (holds and definition.priority in LOUD and alarm.state is AlarmState.UNACKNOWLEDGED)
    state, more = _unshelved(state, now)
    return state, [*told, *more], loud


def command(state: State, body: AlarmCommand, now: float) -> tuple[State, list[AlarmChanged], str]:
    """A person's word on an alarm; the reason if it cannot be taken."""
    alarm = get(state, body.alarm)
    if body.alarm not in ALARMS or alarm is None:
        return state, [], f"there is no alarm {body.alarm} at this booth"
    if alarm.occurrence != body.occurrence:
        return state, [], f"{body.alarm} has risen again since (occurrence {alarm.occurrence}): look at it anew"
    if alarm.state is AlarmState.NORMAL:
        return state, [], f"{body.alarm} has gone and was acknowledged by {alarm.person or 'somebody'}"
    if body.action == "acknowledge":
        if alarm.state in (AlarmState.ACKNOWLEDGED, AlarmState.SHELVED):
            return state, [], f"{body.alarm} is {alarm.state.value} already"
        to = AlarmState.ACKNOWLEDGED if alarm.active else AlarmState.NORMAL
        alarm = replace(alarm, state=to, person=body.person)
    elif body.action == "shelve":
        if not body.minutes or not body.reason.strip():
            return state, [], "an alarm is shelved for a number of minutes and with a reason"
        if state.wall is None:
            return state, [], "the booth does not know the time yet: try again in a minute"
        until = now + state.wall + 60.0 * body.minutes
        alarm = replace(alarm, state=AlarmState.SHELVED, person=body.person, shelved_until=until)
    else:
        if alarm.state is not AlarmState.SHELVED:
            return state, [], f"{body.alarm} is not shelved"
        alarm = _off_shelf(alarm)
    told = _told(body.alarm, alarm, None)
    return _put(state, body.alarm, alarm), [told.model_copy(update={"reason": body.reason})], ""


def next_wakeup(state: State) -> float | None:
    """When a condition has held, or been gone, for long enough, or a shelf ends."""
    times = []
    for key, since in state.changing.items():
        alarm = get(state, key)
        definition = ALARMS[key]
        times.append(since + (definition.off_s if alarm is not None and alarm.active else definition.on_s))
    if state.wall is not None:
        ends = [row.shelved_until for row in state.saved.values()]
        times += [end - state.wall for end in ends if end is not None]
    return min(times, default=None)


def get(state: State, key: str) -> Alarm | None:
    """The last occurrence of an alarm; None when it never rose."""
    return state.saved.get(f"alarm/{key}")


def count(state: State, *states: AlarmState) -> int:
    """Alarms in these states."""
    return sum(alarm.state in states for alarm in state.saved.values())


def calls(state: State) -> bool:
    """Whether an alarm that needs a person soon holds, and nobody has acknowledged it."""
    return any(
        alarm.active
        and alarm.state is AlarmState.UNACKNOWLEDGED
        and (definition := ALARMS.get(row.partition("/")[2])) is not None
        and definition.priority in LOUD
        for row, alarm in state.saved.items()
    )


def active(state: State) -> tuple[str, ...]:
    """Keys of the alarms whose condition holds."""
    return tuple(key.partition("/")[2] for key, alarm in state.saved.items() if alarm.active)


def _rose(alarm: Alarm | None, cause: Cause) -> Alarm:
    occurrence = 1 if alarm is None else alarm.occurrence + 1
    if alarm is not None and alarm.state is AlarmState.SHELVED:
        return replace(alarm, occurrence=occurrence, active=True, cause=cause.text)
    return Alarm(occurrence, AlarmState.UNACKNOWLEDGED, True, cause.text)


def _returned(alarm: Alarm | None) -> Alarm | None:
    if alarm is None:
        return None
    to = {AlarmState.UNACKNOWLEDGED: AlarmState.RETURNED, AlarmState.ACKNOWLEDGED: AlarmState.NORMAL}
    return replace(alarm, active=False, state=to.get(alarm.state, alarm.state))


def _unshelved(state: State, now: float) -> tuple[State, list[AlarmChanged]]:
    """A shelf ends by itself: what still holds calls again."""
    wall = state.wall
    if wall is None:
        return state, []
    told = []
    for row, alarm in state.saved.items():
        if alarm.shelved_until is not None and now + wall >= alarm.shelved_until:
            back = _off_shelf(alarm)
            state = replace(state, saved={**state.saved, row: back})
            told.append(_told(row.partition("/")[2], back, None))
    return state, told


def _off_shelf(alarm: Alarm) -> Alarm:
    to = AlarmState.UNACKNOWLEDGED if alarm.active else AlarmState.NORMAL
    return replace(alarm, state=to, shelved_until=None)


def _put(state: State, key: str, alarm: Alarm) -> State:
    return replace(state, saved={**state.saved, f"alarm/{key}": alarm})


def _told(key: str, alarm: Alarm, cause: Cause | None) -> AlarmChanged:
    definition = ALARMS[key]
    return AlarmChanged(
        alarm=key,
        occurrence=alarm.occurrence,
        priority=definition.priority,
        state=alarm.state,
        active=alarm.active,
        cause=(cause.text if cause else alarm.cause)[:500],
        remedy=definition.remedy,
        figures=cause.figures if cause else {},
        person=alarm.person,
    )
