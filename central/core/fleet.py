"""How urgently a booth needs a person: problem before attention before good; and which alarm needs one first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from central.core.supply import ON_THE_BATTERY
from contract.messages import AlarmState, DeviceState, Priority, Supply

Worst = Literal["problem", "attention", "good"]

ORDER: dict[Worst, int] = {"problem": 0, "attention": 1, "good": 2}

#: Below this a battery is no longer a pause but a problem: seconds left at the present load.
LOW_S = 600.0
#: The same in per cent of its charge, where nobody can tell the seconds.
LOW_CHARGE = 30.0

PRIORITIES: dict[Priority, int] = {
    Priority.CRITICAL: 0,
    Priority.HIGH: 1,
    Priority.MEDIUM: 2,
    Priority.LOW: 3,
}
STATES: dict[AlarmState, int] = {
    AlarmState.UNACKNOWLEDGED: 0,
    AlarmState.RETURNED: 1,
    AlarmState.ACKNOWLEDGED: 2,
    AlarmState.SHELVED: 3,
    AlarmState.NORMAL: 4,
}
#: Nobody has seen to these.
UNSEEN = frozenset({AlarmState.UNACKNOWLEDGED, AlarmState.RETURNED})
_URGENT = frozenset({Priority.CRITICAL, Priority.HIGH})


@dataclass(frozen=True, slots=True)
class Alarmed:
    """What an alarm weighs."""

    priority: Priority
    state: AlarmState
    active: bool


@dataclass(frozen=True, slots=True)
class Condition:
    """A booth's condition. `seconds` (energy left) and `charge` (per cent): None when unknown."""

    online: bool
    supply: Supply
    seconds: float | None = None
    charge: float | None = None
    devices: tuple[DeviceState, ...] = ()
    door_open: bool | None = None
    uncertain: int = 0
    lost: int = 0
    alarms: tuple[Alarmed, ...] = ()


def worst(booth: Condition) -> Worst:
    """The booth's place in the overview."""
    down = not booth.online or booth.supply in (Supply.SHUTTING_DOWN, Supply.OFF)
    if down or _running_out(booth) or booth.lost or booth.uncertain:
        return "problem"
    if any(state is not DeviceState.OK for state in booth.devices) or _unseen(booth.alarms):
        return "problem"
    if booth.supply is not Supply.ON_MAINS or booth.door_open or _lesser(booth.alarms):
        return "attention"
    return "good"


def is_off(online: bool, supply: Supply, committed: bool) -> bool:
    """Whether a silent booth has told before that it goes off; it returns with the mains by itself."""
    return not online and (supply is Supply.OFF or committed)


def _running_out(booth: Condition) -> bool:
    if booth.supply not in ON_THE_BATTERY:
        return False
    if booth.seconds is not None:
        return booth.seconds < LOW_S
    return booth.charge is not None and booth.charge < LOW_CHARGE


def _unseen(alarms: Iterable[Alarmed]) -> bool:
    return any(one.state is AlarmState.UNACKNOWLEDGED and one.priority in _URGENT for one in alarms)


def _lesser(alarms: Iterable[Alarmed]) -> bool:
    """Whatever nobody has seen to; and what a person knows of, while it lasts and matters."""
    return any(
        one.state in UNSEEN
        or (one.state is AlarmState.ACKNOWLEDGED and one.active and one.priority is not Priority.LOW)
        for one in alarms
    )
