"""The outbox: which events the coordinator still lacks, and when to send them again.

Rows first..last are held by the store. Nothing is forgotten before the coordinator's own acknowledgement, which it
gives after its commit; a broker's PUBACK plays no part. At most `window` rows are in flight, so that nothing piles up
in the MQTT client.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from edge.core.commands import Command, Prune, SendEvents, SendHello
from edge.core.events import Acked, Event, LinkDown, LinkUp
from edge.core.settings import Settings


@dataclass(frozen=True, slots=True)
class State:
    """`first` = `last` + 1: nothing is held. `sent`: the last row given to this connection."""

    first: int
    last: int
    sent: int = 0
    link: int | None = None
    progress: float = 0.0
    """When something was last sent for the first time or acknowledged."""


def append(state: State) -> tuple[State, int]:
    """Take the next number; the row with it is committed in the same transaction."""
    return replace(state, last=state.last + 1), state.last + 1


def full(state: State, settings: Settings) -> bool:
    """Whether new work must be refused. Events of what is under way are still taken."""
    return waiting(state) >= settings.outbox_limit


def waiting(state: State) -> int:
    """Events that the coordinator has not acknowledged."""
    return state.last - state.first + 1


def step(state: State, event: Event, now: float, settings: Settings) -> tuple[State, list[Command]]:
    """Connection, acknowledgement, silence."""
    match event:
        case LinkUp(generation=generation):
            state = replace(state, link=generation, sent=state.first - 1, progress=now)
            return state, [SendHello(state.first, state.last)]
        case LinkDown(generation=generation) if generation == state.link:
            return replace(state, link=None), []
        case Acked(epoch=epoch, seq=seq) if epoch == settings.epoch and state.first <= seq <= state.last:
            state = replace(state, first=seq + 1, sent=max(state.sent, seq), progress=now)
            return state, [Prune(seq)]
    return state, []


def send(state: State, now: float, settings: Settings) -> tuple[State, list[Command]]:
    """What the window lets through now; after silence, the unacknowledged tail again."""
    if state.link is None:
        return state, []
    commands: list[Command] = []
    due = next_wakeup(state, settings)
    if due is not None and now >= due:
        commands.append(SendEvents(state.first, state.sent))
        state = replace(state, progress=now)
    last = min(state.last, state.first + settings.window - 1)
    if last > state.sent:
        if state.sent < state.first:
            state = replace(state, progress=now)
        commands.append(SendEvents(state.sent + 1, last))
        state = replace(state, sent=last)
    return state, commands


def next_wakeup(state: State, settings: Settings) -> float | None:
    """When silence has lasted too long; None while nothing is unacknowledged."""
    if state.link is None or state.sent < state.first:
        return None
    return state.progress + settings.resend_s
