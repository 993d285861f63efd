"""Sealed packets on their way to the coordinator: in parts, one packet after the other, resumable.

A packet is forgotten only when the coordinator says that it has all parts and has checked them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from contract.packet import count
from edge.core.commands import Command, DropBlob, KeepBlob, SendParts
from edge.core.events import Acked, Event, LinkDown, LinkUp
from edge.core.settings import Settings

#: Parts in flight: 256 KiB at most wait in the MQTT client.
WINDOW = 4


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet that is held; its bytes are the blob of the same name."""

    size: int
    order: int


@dataclass(frozen=True, slots=True)
class State:
    """Rows `packet/<id>`. `acked` and `sent` are of this connection and of the oldest packet only."""

    saved: Mapping[str, Packet] = field(default_factory=dict)
    link: int | None = None
    acked: int = 0
    sent: int = 0
    progress: float = 0.0


def full(state: State, settings: Settings) -> bool:
    """Whether new recordings must be refused."""
    return len(state.saved) >= settings.packets_limit


def keep(state: State, packet: str, data: bytes) -> tuple[State, list[Command]]:
    """Hold a packet until the coordinator has it."""
    order = max((row.order for row in state.saved.values()), default=0) + 1
    saved = {**state.saved, f"packet/{packet}": Packet(len(data), order)}
    return replace(state, saved=saved), [KeepBlob(packet, data)]


def step(state: State, event: Event, now: float, settings: Settings) -> tuple[State, list[Command]]:
    """Connection and acknowledgement."""
    match event:
        case LinkUp(generation=generation):
            return replace(state, link=generation, acked=0, sent=0, progress=now), []
        case LinkDown(generation=generation) if generation == state.link:
            return replace(state, link=None), []
        case Acked(epoch=epoch, packets=wanted) if epoch == settings.epoch and wanted:
            return _acked(state, wanted, now)
    return state, []


def send(state: State, now: float, settings: Settings) -> tuple[State, list[Command]]:
    """The parts of the oldest packet that may go now; after silence, the unacknowledged ones again."""
    head = _head(state)
    if state.link is None or head is None:
        return state, []
    parts = count(state.saved[head].size)
    due = next_wakeup(state, settings)
    if due is not None and now >= due:
        state = replace(state, sent=state.acked, progress=now)
    end = min(parts, state.acked + WINDOW)
    if end <= state.sent:
        return state, []
    command = SendParts(head.removeprefix("packet/"), state.sent, end - 1)
    return replace(state, sent=end, progress=now), [command]


def next_wakeup(state: State, settings: Settings) -> float | None:
    """When silence has lasted too long; None while nothing is under way."""
    if state.link is None or not state.saved:
        return None
    return state.progress + settings.resend_s


def _head(state: State) -> str | None:
    return min(state.saved, key=lambda key: state.saved[key].order, default=None)


def _acked(state: State, wanted: Mapping[str, int], now: float) -> tuple[State, list[Command]]:
    commands: list[Command] = []
    for packet, part in wanted.items():
        key = f"packet/{packet}"
        if key not in state.saved:
            continue
        is_head = key == _head(state)
        if part >= count(state.saved[key].size):
            saved = {name: row for name, row in state.saved.items() if name != key}
            state = replace(state, saved=saved)
            commands.append(DropBlob(packet))
            if is_head:
                state = replace(state, acked=0, sent=0, progress=now)
        elif is_head and part != state.acked:
            # A smaller number than before: the coordinator dropped damaged parts and begins again.
            sent = max(part, state.sent) if part > state.acked else part
            state = replace(state, acked=part, sent=sent, progress=now)
    return state, commands
