"""The front desk as a whole: tickets, calls, waits, basket and officers, and what they mean for the recordings.

Its parts do not know each other; what one must know of another goes through here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from contract.desk import PaperState, QueueFigures, TicketState
from contract.messages import (
    EnrolmentCancelled,
    EnrolmentCompleted,
    Message,
    PrintChanged,
    PrintState,
)
from edge.core import actions as want
from edge.core import applicant, basket, calls, enrolment, health, officers, tickets, waits
from edge.core import events_desk as desk
from edge.core import front_moves as moves
from edge.core.commands import Answer, Ask, Command, Publish
from edge.core.enrolment import Surroundings
from edge.core.events import Button, ButtonPressed, DocumentScanned, Event, WallTime
from edge.core.front_moves import Both
from edge.core.front_moves import State as State
from edge.core.printing import Job
from edge.core.refusals import Refusal, refuse
from edge.core.requests import EnrolFinger, IdentifyFinger, StopFinger
from edge.core.settings import DeskSettings, Settings

#: What may be asked by somebody who is not signed in: the public's ticket, and the finger that signs in.
_OPEN: Final = (want.TakeTicket, want.WantFinger, want.StopWaiting)

#: How often (s) the figures of the queue are told to the coordinator, if they have changed.
FIGURES_S: Final = 30.0


def restore(rows: Mapping[str, Any], last: Any) -> State:
    """The parts as the last commit left them. `last`: the newest deed."""

    def part(*words: str) -> dict[str, Any]:
        return {key: row for key, row in rows.items() if key.partition("/")[0] in words}

    queued = tickets.State(part("ticket", "day"))
    return State(
        queued,
        waits.restore(part("pace", "outages", "waited", "slips"), queued),
        basket.State(part("sent", "card")),
        officers.State(last=last),
    )


def decides(event: Event, recordings: applicant.State, settings: Settings) -> bool:
    """Whether an event is first of all the front desk's: the recordings are not given it."""
    if isinstance(event, desk.OfficerAsked):
        return True
    if isinstance(event, DocumentScanned):
        return settings.desk is not None
    if isinstance(event, ButtonPressed):
        idle = applicant.recording(recordings) is None
        return settings.desk is not None and idle and event.button is Button.START
    return False


def step(
    state: State,
    recordings: applicant.State,
    event: Event,
    now: float,
    settings: Settings,
    around: Surroundings,
    devices: health.State,
) -> Both:
    """What a fact means for the front desk."""
    both = Both(state, recordings)
    match event:
        case WallTime(unix=unix):
            return moves.told_time(both, unix, now, settings.desk)
        case desk.OfficerAsked():
            return _asked(both, event, now, settings, around, devices)
        case desk.OfficerSigned() | desk.OfficerRefusedSign():
            return _signed(both, event, now)
        case desk.FingerWanted(what=what):
            return replace(both, front=replace(state, officers=replace(state.officers, finger=what)))
        case desk.FingerStored():
            return _finger(both, None)
        case desk.FingerRefused(error=error):
            return _finger(both, refuse("finger-trouble", error=error))
        case desk.Announced(call=call, error=error):
            left = tuple(one for one in state.announcing if one != call)
            return replace(both, front=replace(state, announcing=left, speaker_error=error))
    if settings.desk is None:
        return both
    match event:
        case DocumentScanned(text=text):
            read = want.ReadCard(text)
            return moves.toned(moves.scan(both, read, now, settings, settings.desk, around, devices), text)
        case desk.TicketButtonPressed(service=service):
            asked = want.TakeTicket(service)
            return moves.toned(moves.take(both, asked, now, settings, settings.desk, devices))
        case ButtonPressed(button=Button.START) if applicant.recording(recordings) is None:
            return moves.toned(moves.start(both, now, settings, settings.desk, around))
        case desk.PaperLow(device=device, low=low) if device == settings.desk.printer:
            return moves.queued_as(both, replace(state.tickets, paper_low=low))
        case desk.TicketPrinted(ticket=ticket):
            return moves.papered(both, ticket, PaperState.PRINTED, "")
        case desk.TicketFailed(ticket=ticket, touched=touched, error=error):
            return moves.papered(both, ticket, PaperState.UNCERTAIN if touched else PaperState.NONE, error)
    return both


def follow(
    both: Both,
    bodies: list[Message],
    jobs: Mapping[str, Any],
    may_record: bool,
    now: float,
    settings: Settings,
) -> tuple[State, list[Command]]:
    """What the other parts' events of this step mean here: a recording that ended, a card that came out."""
    state, commands = both.front, list[Command]()
    at = tickets.unix(state.tickets, now)
    for body in bodies:
        if isinstance(body, EnrolmentCompleted):
            row = tickets.of_enrolment(state.tickets, body.enrolment)
            number = row.number if row else ""
            before = applicant.find(both.recordings, body.enrolment)
            end = before.nik[-4:] if before else row.nik_end if row else ""
            state = replace(state, basket=basket.completed(state.basket, body.enrolment, number, end, at))
            state, more = moves.ended(state, body.enrolment, TicketState.DONE, "", now)
            commands += more
        elif isinstance(body, EnrolmentCancelled):
            state, more = moves.ended(state, body.enrolment, TicketState.CLOSED, body.reason, now)
            commands += more
        elif isinstance(body, PrintChanged) and body.state is PrintState.PRINTED:
            job = jobs.get(f"job/{body.job}")
            if isinstance(job, Job):
                state = replace(state, basket=basket.printed(state.basket, job.enrolment, at))
    followed = waits.power(state.waits, may_record, now, at)
    return (state if followed is state.waits else replace(state, waits=followed)), commands


def figures(state: State, now: float, settings: Settings) -> tuple[State, list[Command]]:
    """Tell the coordinator of the queue, for the public pages: when it has changed, and not too often."""
    given = settings.desk
    if given is None or now < state.figures_at or state.tickets.offset is None:
        return state, []
    found = waits.waits(state.waits, state.tickets, now, given)
    rows = [row for row in tickets.tickets(state.tickets) if row.state is TicketState.WAITING]
    closed = tickets.closed(state.tickets, now, given)
    told = QueueFigures(
        waiting={service: sum(row.service is service for row in rows) for service in given.letters},
        wait_s={one: 60.0 * round(found[f"next/{one}"].expected_s / 60) for one in given.letters},
        wait_high_s={one: 60.0 * round(found[f"next/{one}"].high_s / 60) for one in given.letters},
        open=closed is None,
        note=str(closed) if closed else "",
    )
    state = replace(state, figures_at=now + FIGURES_S)
    if told == state.figures or (state.figures is None and not rows and closed is not None):
        return state, []
    return replace(state, figures=told), [Publish(told)]


# --- what is asked on the screen -----------------------------------------------------------------------


def _asked(
    both: Both,
    event: desk.OfficerAsked,
    now: float,
    settings: Settings,
    around: Surroundings,
    devices: health.State,
) -> Both:
    """Do it, write it into the record, answer."""
    action = event.action
    if settings.officers and not event.officer and not isinstance(action, _OPEN):
        return _answer(replace(both, refusal=refuse("not-signed-in")), event.reply)
    around = replace(around, officer=event.officer)
    done = _acted(both, event, now, settings, around, devices)
    deed = officers.told(action)
    if done.refusal is None and deed is not None:
        at = tickets.unix(done.front.tickets, now)
        state, commands = officers.did(done.front.officers, at, event.officer, *deed)
        done = replace(done, front=replace(done.front, officers=state), commands=(*done.commands, *commands))
    return done if done.later else _answer(done, event.reply)


def _answer(both: Both, reply: str) -> Both:
    return replace(both, commands=(*both.commands, Answer(reply, both.refusal, both.given)), refusal=None, given="")


def _acted(
    both: Both,
    event: desk.OfficerAsked,
    now: float,
    settings: Settings,
    around: Surroundings,
    devices: health.State,
) -> Both:
    action = event.action
    given = settings.desk
    if isinstance(action, want.HandOver):
        held, commands, refusal = basket.hand_over(
            both.front.basket, action.enrolment, action.to, action.name, event.officer
        )
        return replace(both, front=replace(both.front, basket=held), commands=tuple(commands), refusal=refusal)
    if isinstance(action, want.WantFinger | want.StoreFinger | want.StopWaiting):
        return _at_reader(both, action, event.reply, settings)
    if isinstance(action, want.Begin):
        return moves.begin(both, action, now, settings, given, around)
    if isinstance(action, want.ReadCard) and given is None:
        recordings, commands, refusal = enrolment.open_for(both.recordings, action.text, "", now, settings, around)
        return replace(both, recordings=recordings, commands=tuple(commands), refusal=refusal)
    step = enrolment.act(both.recordings, action, now, settings, around)
    if step is not None:
        recordings, commands, refusal = step
        return replace(both, recordings=recordings, commands=tuple(commands), refusal=refusal)
    if given is None:
        return replace(both, refusal=refuse("no-desk"))
    return _ticketed(both, action, event.officer, now, settings, given, around, devices)


def _ticketed(
    both: Both,
    action: want.Action,
    officer: str,
    now: float,
    settings: Settings,
    given: DeskSettings,
    around: Surroundings,
    devices: health.State,
) -> Both:
    queued = both.front.tickets
    match action:
        case want.TakeTicket():
            return moves.take(both, action, now, settings, given, devices)
        case want.ReadCard():
            return moves.scan(both, action, now, settings, given, around, devices)
        case want.CallNext(desk=at, service=service):
            return moves.called(both, calls.call_next(queued, at, service, officer, now, given))
        case want.Recall(ticket=ticket):
            return moves.called(both, calls.recall(queued, ticket, officer, now, given))
        case want.Arrive(ticket=ticket):
            return moves.moved(both, calls.arrive(queued, ticket, officer))
        case want.Skip(ticket=ticket):
            return moves.moved(both, calls.skip(queued, ticket, officer))
        case want.Return(ticket=ticket):
            return moves.returned(both, ticket, officer)
        case want.EndTicket():
            return moves.finished(both, action, officer, now)
        case want.Prefer(ticket=ticket, precedence=precedence):
            return moves.preferred(both, ticket, precedence)
        case want.ReprintTicket(ticket=ticket):
            return moves.reprinted(both, ticket, given, devices)
        case want.SettlePaper(ticket=ticket):
            return moves.settled(both, ticket)
    return replace(both, refusal=refuse("unknown"))


# --- officers and the reader of their fingers ----------------------------------------------------------


def _at_reader(
    both: Both, action: want.WantFinger | want.StoreFinger | want.StopWaiting, reply: str, settings: Settings
) -> Both:
    """The reader serves one at a time: who asks last has it."""
    if settings.finger is None:
        return replace(both, refusal=refuse("no-finger-device"))
    commands: list[Command] = []
    if both.front.officers.waits:
        commands.append(Answer(both.front.officers.waits, refuse("finger-trouble", error="somebody else asked")))
    later = not isinstance(action, want.StopWaiting)
    match action:
        case want.StopWaiting():
            commands.append(Ask(settings.finger, StopFinger()))
        case want.StoreFinger(page=page):
            commands.append(Ask(settings.finger, EnrolFinger(page)))
        case want.WantFinger():
            commands.append(Ask(settings.finger, IdentifyFinger()))
    waits_for = reply if later else ""
    front = replace(both.front, officers=replace(both.front.officers, waits=waits_for, finger="put" if later else ""))
    return replace(both, front=front, commands=(*both.commands, *commands), later=later)


def _finger(both: Both, refusal: Refusal | None) -> Both:
    """The reader is done: whoever waits for it is told."""
    state = both.front.officers
    both = replace(both, front=replace(both.front, officers=replace(state, waits="", finger="")))
    return _answer(replace(both, refusal=refusal), state.waits) if state.waits else both


def _signed(both: Both, event: desk.OfficerSigned | desk.OfficerRefusedSign, now: float) -> Both:
    """Somebody signed in or out, or did not get in: all three stand in the record."""
    state = both.front.officers
    at = tickets.unix(both.front.tickets, now)
    if isinstance(event, desk.OfficerRefusedSign):
        state, commands = officers.did(state, at, event.officer, "sign-in-refused", "", event.reason)
        both = replace(both, front=replace(both.front, officers=state), commands=tuple(commands))
        return _finger(both, refuse("finger-unknown"))
    out = event.how == "out"
    state, commands = officers.did(state, at, event.officer, "sign-out" if out else "sign-in", "", event.how)
    state = replace(state, officer="" if out else event.officer)
    reply = event.reply or (state.waits if event.how == "finger" else "")
    if event.how == "finger":
        state = replace(state, waits="", finger="")
    both = replace(both, front=replace(both.front, officers=state), commands=tuple(commands), given=event.officer)
    return _answer(both, reply) if reply else replace(both, given="")
