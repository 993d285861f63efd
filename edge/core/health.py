"""Health of the booth's devices and its door: what is lost or faulty, since when told, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from contract.messages import DeviceChanged, DeviceState, DoorChanged
from edge.core import debounce
from edge.core.commands import Command, Publish
from edge.core.debounce import Debounced
from edge.core.events import (
    Contact,
    ContactChanged,
    DeviceEvent,
    DeviceFault,
    DeviceLost,
    DeviceOnline,
    Event,
    FrameRejected,
)
from edge.core.settings import Settings

DOOR_DEBOUNCE_S = 0.2


@dataclass(frozen=True, slots=True)
class Health:
    """What was last told of one device."""

    state: DeviceState
    error: str = ""
    remedy: str = ""
    reasons: tuple[str, ...] = ()
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Door:
    """What was last told of the door."""

    open: bool


@dataclass(frozen=True, slots=True)
class State:
    """Rows `device/<name>` and `door`, and counts since the start."""

    saved: Mapping[str, Health | Door] = field(default_factory=dict)
    door: Debounced = debounce.UNREAD
    rejected: Mapping[str, int] = field(default_factory=dict)
    trouble: bool = False
    """Whether any device is lost or faulty."""


def restore(saved: Mapping[str, Health | Door]) -> State:
    """The health that was told last."""
    return State(saved, trouble=_any_trouble(saved))


def step(state: State, event: Event, now: float, settings: Settings) -> tuple[State, list[Command]]:
    """Repeated words of a driver change nothing; only a change is told."""
    if isinstance(event, ContactChanged) and event.contact is Contact.DOOR:
        state = replace(state, door=debounce.seen(state.door, event.active, now))
    elif isinstance(event, FrameRejected):
        count = state.rejected.get(event.device, 0) + 1
        return replace(state, rejected={**state.rejected, event.device: count}), []
    elif isinstance(event, DeviceEvent):
        return _told(state, event, settings)
    door = debounce.settled(state.door, DOOR_DEBOUNCE_S, now)
    if door is not state.door:
        state = replace(state, door=door)
    known = state.saved.get("door")
    if door.level is None or (isinstance(known, Door) and known.open == door.level):
        return state, []
    state = replace(state, saved={**state.saved, "door": Door(door.level)})
    return state, [Publish(DoorChanged(open=door.level))]


def next_wakeup(state: State) -> float | None:
    """When the door's contact settles."""
    return debounce.due(state.door, DOOR_DEBOUNCE_S)


def of(state: State, device: str | None) -> Health | None:
    """Health of a device; None when it has not been told yet."""
    health = state.saved.get(f"device/{device}")
    return health if isinstance(health, Health) else None


def metrics(state: State, settings: Settings) -> dict[str, float | int | str | bool | None]:
    """State and count of rejected frames per device."""
    figures: dict[str, float | int | str | bool | None] = {}
    for name in settings.kinds:
        health = of(state, name)
        figures[f"device.{name}.state"] = health.state.value if health else None
        figures[f"device.{name}.rejected"] = state.rejected.get(name, 0)
    return figures


def _any_trouble(saved: Mapping[str, Health | Door]) -> bool:
    return any(isinstance(row, Health) and row.state is not DeviceState.OK for row in saved.values())


def _told(state: State, event: DeviceEvent, settings: Settings) -> tuple[State, list[Command]]:
    match event:
        case DeviceOnline(details=details):
            health = Health(DeviceState.OK, details=details)
        case DeviceFault(reasons=reasons, error=error, remedy=remedy):
            health = Health(DeviceState.FAULT, error, remedy, reasons)
        case DeviceLost(error=error, remedy=remedy):
            health = Health(DeviceState.LOST, error, remedy)
        case _:
            return state, []
    known = of(state, event.device)
    if known is not None and not health.details:
        health = replace(health, details=known.details)
    if event.device not in settings.kinds or health == known:
        return state, []
    saved = {**state.saved, f"device/{event.device}": health}
    state = replace(state, saved=saved, trouble=_any_trouble(saved))
    body = DeviceChanged(
        device=event.device,
        kind=settings.kinds[event.device],
        state=health.state,
        error=health.error[:500],
        remedy=health.remedy[:500],
        reasons=health.reasons,
        details=health.details,
    )
    return state, [Publish(body)]
