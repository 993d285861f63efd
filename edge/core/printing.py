"""The print journal: no card is ever printed twice, and what a power cut left open is settled honestly.

    accepted -> printing -> printed
       ^            |  \\---> uncertain -> printed | spoiled | accepted   (by a person's word)
       \\------------/        (the printer's counter proves that no card was touched)

`printing` with the printer's count of inserted cards is committed before the first byte goes to the printer. A job
found `printing` after a restart, or one that the printer broke off, is settled by that counter: unchanged means that no
card was inserted, and the job goes on by itself; anything else is `uncertain` and waits for a person.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from contract import messages
from contract.messages import CommandDone, Outcome, PrintChanged, PrintCommand, PrintState, SettleCommand
from edge.core.commands import Ask, Command, DropBlob, KeepBlob, Publish, Sound, Tone
from edge.core.events import (
    CardPrinted,
    CommandForged,
    CommandReceived,
    DeviceOnline,
    Event,
    PrinterReady,
    PrintFailed,
)
from edge.core.requests import CheckPrinter, PrintCard
from edge.core.settings import Settings

#: Evolis: 1016 lines of 81 bytes for black and overlay, 1016 x 648 bytes for a colour.
RASTER = {"k": 82_296, "o": 82_296, "y": 658_368, "m": 658_368, "c": 658_368}

#: Forged commands that are reported in one run of the program; the rest is only counted.
FORGED_TOLD = 20

_ID = re.compile(r"^[A-Za-z0-9._-]{1,80}$")

FINISHED = (PrintState.PRINTED, PrintState.SPOILED)


@dataclass(frozen=True, slots=True)
class Job:
    """One card. `counter_before`: inserted cards before `attempt` began; its raster is the blob `print/<id>`."""

    id: str
    order: int
    enrolment: str
    created: datetime
    attempt: int = 1
    state: PrintState = PrintState.ACCEPTED
    cause: str = ""
    counter_before: int | None = None
    counter_after: int | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """A command that was answered: it is never carried out again."""

    order: int
    issued: datetime


@dataclass(frozen=True, slots=True)
class Horizon:
    """Jobs and commands made before these times may have been forgotten, so they are refused."""

    jobs: datetime | None = None
    commands: datetime | None = None


@dataclass(frozen=True, slots=True)
class State:
    """Rows `job/<id>`, `command/<id>`, `horizon`; the card that this run is printing, and when to ask again."""

    saved: Mapping[str, Job | Answered | Horizon] = field(default_factory=dict)
    live: str | None = None
    until: float = 0.0
    ask_at: float = 0.0
    forged: int = 0


def step(
    state: State, event: Event, now: float, settings: Settings, refusal: str, carried: str | None = None
) -> tuple[State, list[Command]]:
    """`refusal`: why no new job may be accepted; empty when it may.

    `carried`: another part has carried the command out (empty), or refused it with this reason.
    """
    match event:
        case CommandReceived(command=command, late=late):
            return _command(state, command, late, settings, refusal, carried)
        case CommandForged(command=name, reason=reason):
            return _forged(state, name, reason)
        case CardPrinted(job=name, counter=counter):
            return _printed(state, name, counter)
        case PrintFailed(job=name, counter=counter, reason=reason) if name == state.live:
            return _settle(replace(state, live=None, ask_at=now + settings.print_poll_s), name, counter, reason)
        case DeviceOnline(device=device) if device == settings.printer:
            return replace(state, ask_at=now), []
    return state, []


def drive(state: State, event: Event, now: float, settings: Settings, refusal: str) -> tuple[State, list[Command]]:
    """Move the oldest open job on. `refusal`: why no card may be begun now; empty when it may."""
    if state.live is not None:
        # Overdue: the job stays `printing`, and is settled by the counter as after a power cut.
        return (state, []) if now < state.until else (replace(state, live=None, ask_at=now), [])
    job = _next(state, refusal)
    if settings.printer is None or job is None:
        return state, []
    if isinstance(event, PrinterReady):
        state = replace(state, ask_at=now + settings.print_poll_s)
        if job.state is PrintState.PRINTING:
            reason = "the power failed, the program was ended, or the printer fell silent"
            settled, commands = _settle(state, job.id, event.counter, reason)
            return replace(settled, ask_at=now), commands
        begun = replace(job, state=PrintState.PRINTING, counter_before=event.counter, counter_after=None, cause="")
        state = replace(_put(state, begun), live=job.id, until=now + settings.print_limit_s)
        card = PrintCard(job.id, event.counter, f"print/{job.id}")
        return state, [_told(begun), Ask(settings.printer, card)]
    if now < state.ask_at:
        return state, []
    return replace(state, ask_at=now + settings.print_poll_s), [Ask(settings.printer, CheckPrinter())]


def next_wakeup(state: State, settings: Settings, refusal: str) -> float | None:
    """When the card under way is overdue, or the printer is asked again."""
    if settings.printer is None:
        return None
    if state.live is not None:
        return state.until
    return state.ask_at if _next(state, refusal) is not None else None


def jobs(state: State) -> list[Job]:
    """All remembered jobs in the order of their acceptance."""
    return sorted((row for row in state.saved.values() if isinstance(row, Job)), key=lambda row: row.order)


def count(state: State, *states: PrintState) -> int:
    """How many remembered jobs are in these states."""
    return sum(job.state in states for job in state.saved.values() if isinstance(job, Job))


def _next(state: State, refusal: str) -> Job | None:
    """A job that must be settled comes before one that may begin."""
    open_jobs = [
        row
        for row in state.saved.values()
        if isinstance(row, Job)
        and (row.state is PrintState.PRINTING or (row.state is PrintState.ACCEPTED and not refusal))
    ]
    return min(open_jobs, key=lambda row: (row.state is not PrintState.PRINTING, row.order), default=None)


def unanswered(state: State, command: messages.Command, late: bool) -> bool:
    """Whether the command may still be carried out: it was not answered, is not late, and not older than memory."""
    horizon = _horizon(state).commands
    return not late and f"command/{command.id}" not in state.saved and (horizon is None or command.issued > horizon)


def _command(
    state: State, command: messages.Command, late: bool, settings: Settings, refusal: str, carried: str | None
) -> tuple[State, list[Command]]:
    if f"command/{command.id}" in state.saved:
        return state, []
    horizon = _horizon(state)
    outcome, reason, commands = Outcome.DONE, "", list[Command]()
    if late:
        outcome, reason = Outcome.EXPIRED, f"it expired at {command.expires.isoformat()}"
    elif horizon.commands is not None and command.issued <= horizon.commands:
        outcome, reason = Outcome.REFUSED, "it is older than this booth remembers"
    elif isinstance(command.body, PrintCommand):
        state, commands, reason = _accept(state, command.body, settings, refusal)
    elif isinstance(command.body, SettleCommand):
        state, commands, reason = _person(state, command.body)
    elif carried is not None:
        reason = carried
    else:
        commands = [Sound(Tone.IDENTIFY)]
    if reason and outcome is Outcome.DONE:
        outcome = Outcome.REFUSED
    state = _remember(state, command, settings)
    done = Publish(CommandDone(command=command.id, outcome=outcome, reason=reason[:500]))
    return state, [*commands, done]


def _accept(state: State, body: PrintCommand, settings: Settings, refusal: str) -> tuple[State, list[Command], str]:
    known = state.saved.get(f"job/{body.job}")
    horizon = _horizon(state)
    if isinstance(known, Job):
        if body.attempt <= known.attempt:
            return state, [_told(known)], ""
        if known.state is not PrintState.SPOILED or body.attempt != known.attempt + 1:
            return state, [_told(known)], f"attempt {known.attempt} is {known.state.value}, so no other may begin"
    elif horizon.jobs is not None and body.created <= horizon.jobs:
        return state, [], messages.FORGOTTEN
    if settings.printer is None:
        return state, [], "this booth has no card printer"
    fault = raster_fault(body.panels)
    if refusal or fault:
        return state, [], refusal or fault
    order = max((row.order for row in state.saved.values() if isinstance(row, Job)), default=0) + 1
    job = Job(body.job, order, body.enrolment, body.created, body.attempt)
    raster = body.model_dump_json(include={"panels"}).encode()
    return _put(state, job), [KeepBlob(f"print/{job.id}", raster), _told(job)], ""


def _person(state: State, body: SettleCommand) -> tuple[State, list[Command], str]:
    job = state.saved.get(f"job/{body.job}")
    found = {"printed": PrintState.PRINTED, "spoiled": PrintState.SPOILED, "not-begun": PrintState.ACCEPTED}[body.found]
    if not isinstance(job, Job):
        return state, [], f"job {body.job} is not known at this booth"
    if job.attempt != body.attempt or job.state is not PrintState.UNCERTAIN:
        return state, [_told(job)], f"attempt {job.attempt} is {job.state.value}, not uncertain"
    job = replace(job, state=found, cause=f"{body.person} looked: {body.found}"[:500])
    return _put(state, job), [_told(job), *_cleared(job)], ""


def _forged(state: State, name: str, reason: str) -> tuple[State, list[Command]]:
    state = replace(state, forged=state.forged + 1)
    if state.forged > FORGED_TOLD:
        return state, []
    claimed = name if _ID.match(name) else "unreadable"
    return state, [Publish(CommandDone(command=claimed, outcome=Outcome.FORGED, reason=reason[:500]))]


def _printed(state: State, name: str, counter: int) -> tuple[State, list[Command]]:
    job = state.saved.get(f"job/{name}")
    if name != state.live or not isinstance(job, Job):
        return state, []
    job = replace(job, state=PrintState.PRINTED, counter_after=counter)
    state = replace(_put(state, job), live=None, ask_at=0.0)
    return state, [_told(job), *_cleared(job)]


def _settle(state: State, name: str, counter: int | None, reason: str) -> tuple[State, list[Command]]:
    """Without a counter the job stays `printing` and the printer is asked again; with it the rule above decides."""
    job = state.saved.get(f"job/{name}")
    if not isinstance(job, Job) or counter is None:
        return state, []
    if counter == job.counter_before:
        job = replace(job, state=PrintState.ACCEPTED, counter_after=counter, cause=f"not begun: {reason}"[:500])
    else:
        cause = f"{reason}; inserted cards {job.counter_before} -> {counter}"
        job = replace(job, state=PrintState.UNCERTAIN, counter_after=counter, cause=cause[:500])
    return _put(state, job), [_told(job)]


def raster_fault(panels: Mapping[str, str]) -> str:
    """Why these panels cannot be printed; empty when they can."""
    if not panels:
        return "the job has no panel to print"
    for letter, text in panels.items():
        size = RASTER.get(letter)
        try:
            inflate = zlib.decompressobj()
            raster = inflate.decompress(base64.b64decode(text, validate=True), (size or 0) + 1)
        except (binascii.Error, ValueError, zlib.error):
            return f"panel {letter} is not base64 of a zlib stream"
        if len(raster) != size or not inflate.eof:
            return f"panel {letter} is not {size} bytes"
    return ""


def _told(job: Job) -> Publish:
    return Publish(
        PrintChanged(
            job=job.id,
            attempt=job.attempt,
            state=job.state,
            cause=job.cause,
            counter_before=job.counter_before,
            counter_after=job.counter_after,
        )
    )


def _cleared(job: Job) -> list[Command]:
    return [DropBlob(f"print/{job.id}")] if job.state in FINISHED else []


def _put(state: State, job: Job) -> State:
    return replace(state, saved={**state.saved, f"job/{job.id}": job})


def _horizon(state: State) -> Horizon:
    row = state.saved.get("horizon")
    return row if isinstance(row, Horizon) else Horizon()


def _remember(state: State, command: messages.Command, settings: Settings) -> State:
    """Add the answered command; forget the oldest finished ones and move the horizon up to them."""
    saved = dict(state.saved)
    answered = [(key, row) for key, row in saved.items() if isinstance(row, Answered)]
    order = max((row.order for _, row in answered), default=0) + 1
    saved[f"command/{command.id}"] = Answered(order, command.issued)
    horizon = _horizon(state)
    while len(answered) >= settings.commands_kept:
        key, row = min(answered, key=lambda item: item[1].order)
        answered.remove((key, row))
        del saved[key]
        horizon = replace(horizon, commands=max(filter(None, (horizon.commands, row.issued))))
    done = sorted(
        ((key, row) for key, row in saved.items() if isinstance(row, Job) and row.state is PrintState.PRINTED),
        key=lambda item: item[1].order,
    )
    for key, job in done[: max(0, len(done) - settings.jobs_kept)]:
        del saved[key]
        horizon = replace(horizon, jobs=max(filter(None, (horizon.jobs, job.created))))
    if horizon != _horizon(state):
        saved["horizon"] = horizon
    return replace(state, saved=saved)
