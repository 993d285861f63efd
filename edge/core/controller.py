"""Routes each event to the parts of the booth's core and joins their commands: the one decision of the booth.

The parts do not know each other; what one must know of another goes through here as a plain value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from contract.messages import BoothStarted, PrintState
from edge.core import enrolment, health, outbox, packets, power, printing
from edge.core.commands import Command, Lamp, Publish, Record, SendTelemetry, SetLamps
from edge.core.events import Event, PacketAssembled, Started
from edge.core.settings import Settings


@dataclass(frozen=True, slots=True)
class State:
    """All that the booth knows. What must survive is in the parts' `saved`; the rest begins anew at a start."""

    settings: Settings
    power: power.State
    health: health.State
    enrolment: enrolment.State
    printing: printing.State
    packets: packets.State
    outbox: outbox.State
    lamps: frozenset[Lamp] | None = None
    telemetry_at: float = 0.0
    no_print: str = ""
    """Why no card may be begun; as of the last step."""


def restore(settings: Settings, rows: Mapping[str, object], first: int, last: int) -> State:
    """The state as the last commit left it. `first`..`last`: outbox rows held (first = last + 1: none)."""

    def part(*prefixes: str) -> dict[str, Any]:
        return {key: row for key, row in rows.items() if key.partition("/")[0] in prefixes}

    known = {f"device/{name}" for name in settings.kinds} | {"door"}
    supply = part("supply")
    return State(
        settings,
        power.State(saved=supply) if supply else power.State(),
        health.State(saved={key: row for key, row in part("device", "door").items() if key in known}),
        enrolment.State(saved=part("enrolment", "counter")),
        printing.State(saved=part("job", "command", "horizon")),
        packets.State(saved=part("packet")),
        outbox.State(first, last),
    )


def step(state: State, event: Event, now: float) -> tuple[State, list[Command]]:
    """Decide what follows from one fact. Durable commands come with their place in the outbox."""
    settings = state.settings
    commands: list[Command] = []
    if isinstance(event, Started):
        commands.append(Publish(BoothStarted(version=event.version)))
    supply, more = power.step(state.power, event, now, settings)
    commands += more
    devices, more = health.step(state.health, event, now, settings)
    commands += more
    state = replace(state, power=supply, health=devices)
    refusal = refused(state)
    recording, more = enrolment.step(
        state.enrolment, event, now, settings, refusal or power.may_record(supply, now, settings)
    )
    commands += more
    held = state.packets
    if isinstance(event, PacketAssembled) and recording is not state.enrolment:
        held, more = packets.keep(held, event.packet, event.data)
        commands += more
    job, more = printing.step(state.printing, event, now, settings, refusal)
    commands += more
    no_print = power.may_print(supply, now, settings)
    job, more = printing.drive(job, event, now, settings, no_print)
    commands += more
    held, more = packets.step(held, event, now, settings)
    commands += more
    sent, more = outbox.step(state.outbox, event, now, settings)
    commands += more
    state = replace(state, enrolment=recording, printing=job, packets=held, outbox=sent, no_print=no_print)
    return _close(state, commands, now)


def next_wakeup(state: State) -> float | None:
    """When `step` wants a `WokeUp` even if nothing happens."""
    settings = state.settings
    times = (
        power.next_wakeup(state.power, settings),
        health.next_wakeup(state.health),
        enrolment.next_wakeup(state.enrolment),
        printing.next_wakeup(state.printing, settings, state.no_print),
        packets.next_wakeup(state.packets, settings),
        outbox.next_wakeup(state.outbox, settings),
        state.telemetry_at if state.outbox.link is not None else None,
    )
    return min((time for time in times if time is not None), default=None)


def refused(state: State) -> str:
    """Why the booth takes no new work; empty when it does. What is under way goes on."""
    if outbox.full(state.outbox, state.settings):
        return f"{outbox.waiting(state.outbox)} events wait for the coordinator: restore the link first"
    if packets.full(state.packets, state.settings):
        return f"{len(state.packets.saved)} packets wait for the coordinator: restore the link first"
    return ""


def _close(state: State, commands: list[Command], now: float) -> tuple[State, list[Command]]:
    """Number the events, then let the link carry what its window allows."""
    out = state.outbox
    numbered: list[Command] = []
    for command in commands:
        if isinstance(command, Publish):
            out, seq = outbox.append(out)
            numbered.append(Record(seq, command.body))
        else:
            numbered.append(command)
    out, more = outbox.send(out, now, state.settings)
    held, parts = packets.send(state.packets, now, state.settings)
    state = replace(state, outbox=out, packets=held)
    lamps = _lamps(state, now)
    if lamps != state.lamps:
        state = replace(state, lamps=lamps)
        numbered.append(SetLamps(lamps))
    if out.link is not None and now >= state.telemetry_at:
        state = replace(state, telemetry_at=now + state.settings.telemetry_s)
        more.append(SendTelemetry(metrics(state, now)))
    return state, [*numbered, *more, *parts]


def _lamps(state: State, now: float) -> frozenset[Lamp]:
    lit = set()
    if enrolment.recording(state.enrolment) is None:
        blocked = refused(state) or power.may_record(state.power, now, state.settings)
    else:
        blocked = ""
    if blocked or health.troubled(state.health, state.settings):
        lit.add(Lamp.RED)
    if state.enrolment.busy is not None:
        lit.add(Lamp.AMBER)
    elif not blocked:
        lit.add(Lamp.GREEN)
    return frozenset(lit)


def metrics(state: State, now: float) -> dict[str, float | int | str | bool | None]:
    """Flat telemetry of the whole booth."""
    recording = enrolment.recording(state.enrolment)
    return {
        **power.metrics(state.power, now, state.settings),
        **health.metrics(state.health, state.settings),
        "enrolment.waiting": enrolment.waiting(state.enrolment),
        "enrolment.recording": recording.id if recording else None,
        "print.open": printing.count(state.printing, PrintState.ACCEPTED, PrintState.PRINTING),
        "print.uncertain": printing.count(state.printing, PrintState.UNCERTAIN),
        "print.waits": power.may_print(state.power, now, state.settings) or None,
        "command.forged": state.printing.forged,
        "packets.waiting": len(state.packets.saved),
        "outbox.waiting": outbox.waiting(state.outbox),
        "booth.refuses": refused(state) or None,
    }
