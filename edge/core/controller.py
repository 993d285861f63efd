"""Routes each event to the parts of the booth's core and joins their commands: the one decision of the booth.

The parts do not know each other; what one must know of another goes through here as a plain value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from contract.desk import Deed
from contract.messages import BoothStarted, NikAnswerCommand, PowerCommand, PrintState
from edge.core import applicant, enrolment, figures, front, health, outbox, packets, plant, plant_state, printing
from edge.core.commands import Command, Lamp, Publish, Record, SendTelemetry, SetLamps, Sound, Tone
from edge.core.energy import Kind
from edge.core.enrolment import Surroundings
from edge.core.events import ButtonPressed, CommandReceived, Event, PacketAssembled, Started
from edge.core.front_moves import Both
from edge.core.refusals import Refusal, refuse
from edge.core.settings import Settings


@dataclass(frozen=True, slots=True)
class State:
    """All that the booth knows. What must survive is in the parts' `saved`; the rest begins anew at a start."""

    settings: Settings
    plant: plant_state.State
    health: health.State
    front: front.State
    enrolment: enrolment.State
    printing: printing.State
    packets: packets.State
    outbox: outbox.State
    lamps: frozenset[Lamp] | None = None
    telemetry_at: float = 0.0
    no_print: str = ""
    """Why no card may be begun; as of the last step."""


def restore(settings: Settings, rows: Mapping[str, object], first: int, last: int, deed: Deed | None = None) -> State:
    """The state as the last commit left it. `first`..`last`: outbox rows held (first = last + 1: none).

    `deed`: the newest one of the record of who did what.
    """

    def part(*prefixes: str) -> dict[str, Any]:
        return {key: row for key, row in rows.items() if key.partition("/")[0] in prefixes}

    known = {f"device/{name}" for name in settings.kinds} | {"door"}
    return State(
        settings,
        plant_state.restore(rows),
        health.restore({key: row for key, row in part("device", "door").items() if key in known}),
        front.restore(rows, deed),
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
        commands.append(Publish(BoothStarted(version=event.version, key=event.key)))
    supply, more = plant.step(state.plant, event, now, settings, _busy(state))
    commands += more
    carried, job, recordings = None, state.printing, state.enrolment
    if isinstance(event, CommandReceived) and printing.unanswered(job, event.command, event.late):
        body = event.command.body
        if isinstance(body, PowerCommand):
            supply, more, carried = plant.command(supply, body, now, settings)
            commands += more
        elif isinstance(body, NikAnswerCommand):
            recordings, carried = enrolment.answered(recordings, body)
    devices, more = health.step(state.health, event, now, settings)
    commands += more
    refusal = refused(state)
    no_record = supply.may_record.reason
    desk, recordings, more = _people(state, recordings, devices, event, now, surroundings(state, no_record, refusal))
    commands += more
    held = state.packets
    if isinstance(event, PacketAssembled) and recordings is not state.enrolment:
        held, more = packets.keep(held, event.packet, event.data)
        commands += more
    job, more = printing.step(job, event, now, settings, str(refusal or ""), carried)
    commands += more
    no_print = supply.may_print.reason
    job, more = printing.drive(job, event, now, settings, no_print)
    commands += more
    bodies = [command.body for command in commands if isinstance(command, Publish)]
    both = Both(desk, state.enrolment)
    desk, more = front.follow(both, bodies, job.saved, not no_record, now, settings)
    commands += more
    desk, more = front.figures(desk, now, settings)
    commands += more
    held, more = packets.step(held, event, now, settings)
    commands += more
    out, more = outbox.step(state.outbox, event, now, settings)
    commands += more
    out, commands = _numbered(out, commands)
    out, more = outbox.send(out, now, settings)
    commands += more
    held, more = packets.send(held, now, settings)
    commands += more
    lamps = state.lamps
    at = now if plant.turned(state.plant, supply) else state.telemetry_at
    state = State(settings, supply, devices, desk, recordings, job, held, out, lamps, at, no_print)
    return _shown(state, commands, no_record, now)


def _people(
    state: State,
    recordings: applicant.State,
    devices: health.State,
    event: Event,
    now: float,
    around: Surroundings,
) -> tuple[front.State, applicant.State, list[Command]]:
    """Front desk and recordings: what the one decides first is not given to the other."""
    settings, desk = state.settings, state.front
    if settings.officers and isinstance(event, ButtonPressed) and not desk.officers.officer:
        return desk, recordings, [Sound(Tone.REFUSE)]
    first = front.decides(event, recordings, settings)
    both = front.step(desk, recordings, event, now, settings, around, devices)
    desk, recordings, commands = both.front, both.recordings, list(both.commands)
    if not first:
        recordings, more = enrolment.step(recordings, event, now, settings, around)
        commands += more
    return desk, recordings, commands


def surroundings(state: State, no_record: str, refusal: Refusal | None) -> Surroundings:
    """What recordings must know of the rest. `no_record`: why the supply lets none begin; `refusal`: as `refused`."""
    low = refuse("no-energy", why=no_record) if no_record else None
    return Surroundings(refusal, low, state.outbox.link is not None, state.front.officers.officer)


def _busy(state: State) -> dict[Kind, bool]:
    """Which jobs run now; they are what the plant learns from, and waits for."""
    return {
        Kind.RECORD: applicant.recording(state.enrolment) is not None,
        Kind.PRINT: state.printing.live is not None,
    }


def _numbered(out: outbox.State, commands: list[Command]) -> tuple[outbox.State, list[Command]]:
    """Each event gets its place in the outbox."""
    numbered: list[Command] = []
    for command in commands:
        if isinstance(command, Publish):
            out, seq = outbox.append(out)
            numbered.append(Record(seq, command.body))
        else:
            numbered.append(command)
    return out, numbered


def _shown(state: State, commands: list[Command], low: str, now: float) -> tuple[State, list[Command]]:
    """Lamps and telemetry show the state as it is now. `low`: why no recording may begin on this supply."""
    lamps = _lamps(state, low)
    if lamps != state.lamps:
        state = replace(state, lamps=lamps)
        commands.append(SetLamps(lamps))
    if state.outbox.link is not None and now >= state.telemetry_at:
        state = replace(state, telemetry_at=now + state.settings.telemetry_s)
        commands.append(SendTelemetry(metrics(state, now)))
    return state, commands


def next_wakeup(state: State) -> float | None:
    """When `step` wants a `WokeUp` even if nothing happens."""
    settings = state.settings
    times = (
        state.plant.due,
        health.next_wakeup(state.health),
        enrolment.next_wakeup(state.enrolment),
        printing.next_wakeup(state.printing, settings, state.no_print),
        packets.next_wakeup(state.packets, settings),
        outbox.next_wakeup(state.outbox, settings),
        state.telemetry_at if state.outbox.link is not None else None,
    )
    return min((time for time in times if time is not None), default=None)


def refused(state: State) -> Refusal | None:
    """Why the booth takes no new work; None when it does. What is under way goes on."""
    if outbox.full(state.outbox, state.settings):
        return refuse("outbox-full", events=outbox.waiting(state.outbox))
    if packets.full(state.packets, state.settings):
        return refuse("packets-full", packets=len(state.packets.saved))
    return None


def _lamps(state: State, low: str) -> frozenset[Lamp]:
    blocked = applicant.recording(state.enrolment) is None and bool(low or refused(state))
    lit = {Lamp.RED} if blocked or state.health.trouble else set()
    if state.enrolment.busy is not None:
        lit.add(Lamp.AMBER)
    elif not blocked:
        lit.add(Lamp.GREEN)
    return frozenset(lit)


def metrics(state: State, now: float) -> dict[str, float | int | str | bool | None]:
    """Flat telemetry of the whole booth."""
    recording = applicant.recording(state.enrolment)
    return {
        **figures.of(state.plant, now, state.settings),
        **health.metrics(state.health, state.settings),
        "enrolment.waiting": applicant.waiting(state.enrolment),
        "enrolment.recording": recording.id if recording else None,
        "print.open": printing.count(state.printing, PrintState.ACCEPTED, PrintState.PRINTING),
        "print.uncertain": printing.count(state.printing, PrintState.UNCERTAIN),
        "print.waits": state.no_print or None,
        "command.forged": state.printing.forged,
        "packets.waiting": len(state.packets.saved),
        "outbox.waiting": outbox.waiting(state.outbox),
        "booth.refuses": str(refused(state) or "") or None,
    }
