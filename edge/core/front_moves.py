"""What the front desk does: gives numbers, prints them, calls them, begins and ends what they came for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from contract.desk import PaperState, Precedence, QueueFigures, Service, TicketIssued, TicketLinked, TicketState
from contract.messages import DeviceState, DocumentRefused
from edge.core import actions as want
from edge.core import applicant, basket, calls, capturing, enrolment, health, officers, tickets, waits
from edge.core.commands import Announce, Ask, Command, Publish, Sound, Tone
from edge.core.enrolment import Surroundings
from edge.core.refusals import Refusal, refuse
from edge.core.settings import DeskSettings, Settings
from edge.core.ticket_text import paper


@dataclass(frozen=True, slots=True)
class State:
    """All parts of the front desk. `announcing`: the call that the loudspeaker makes now."""

    tickets: tickets.State = field(default_factory=tickets.State)
    waits: waits.State = field(default_factory=waits.State)
    basket: basket.State = field(default_factory=basket.State)
    officers: officers.State = field(default_factory=officers.State)
    announcing: tuple[str, ...] = ()
    speaker_error: str = ""
    figures: QueueFigures | None = None
    figures_at: float = 0.0

    @property
    def saved(self) -> tuple[Mapping[str, Any], ...]:
        """Rows of all parts, for the journal."""
        return self.tickets.saved, self.waits.saved, self.basket.saved


@dataclass(frozen=True, slots=True)
class Both:
    """The front desk and the recordings: most of what is asked moves both."""

    front: State
    recordings: applicant.State
    commands: tuple[Command, ...] = ()
    refusal: Refusal | None = None
    given: str = ""
    """What came of it, for the answer."""
    later: bool = False
    """The answer is given when a finger has come."""


def take(
    both: Both, asked: want.TakeTicket, now: float, settings: Settings, given: DeskSettings, devices: health.State
) -> Both:
    """Give a number for a service, and print it."""
    refusal = tickets.closed(both.front.tickets, now, given)
    if asked.service not in given.letters:
        refusal = refuse("not-given")
    if refusal is not None:
        return replace(both, refusal=refusal)
    return issued(both, asked.service, asked.precedence, None, now, settings, given, devices)


def scan(
    both: Both,
    asked: want.ReadCard,
    now: float,
    settings: Settings,
    given: DeskSettings,
    around: Surroundings,
    devices: health.State,
) -> Both:
    """A family card: for a number that was called without one, or for a new number."""
    queued = both.front.tickets
    if asked.ticket:
        row = tickets.find(queued, asked.ticket)
        if row is None or row.state not in tickets.OPEN or row.enrolment or row.service is not Service.NEW:
            return replace(both, refusal=refuse("no-ticket"))
    else:
        called = tickets.inside(queued, want.Desk.RECORDING)
        row = next((one for one in called if not one.enrolment), None)
    refusal = tickets.closed(queued, now, given) if row is None else None
    if refusal is None and row is None and Service.NEW not in given.letters:
        refusal = refuse("not-given")
    if refusal is not None:
        return replace(both, refusal=refusal)
    ticket = row.id if row else f"{settings.epoch}-t{tickets.day_of(queued).total + 1}"
    recordings, commands, refusal = enrolment.open_for(both.recordings, asked.text, ticket, now, settings, around)
    if refusal is not None:
        return replace(both, refusal=refusal)
    opened = applicant.enrolments(recordings)[-1]
    both = replace(both, recordings=recordings, commands=(*both.commands, *commands), given=ticket)
    if row is None:
        return issued(both, Service.NEW, asked.precedence, opened, now, settings, given, devices)
    row = replace(row, enrolment=opened.id, nik_end=opened.nik[-4:])
    return queued_as(both, tickets.put(queued, row), Publish(TicketLinked(ticket=row.id, enrolment=opened.id)))


def issued(
    both: Both,
    service: Service,
    precedence: Precedence,
    opened: applicant.Enrolment | None,
    now: float,
    settings: Settings,
    given: DeskSettings,
    devices: health.State,
) -> Both:
    """The next number of a service, with the wait that is told on its paper; `opened`: whom it is for."""
    queued, row = tickets.issue(both.front.tickets, service, precedence, now, given, settings.epoch)
    told = waits.expected(both.front.waits, queued, row, service, now, given)
    row = replace(row, told=told)
    if opened is not None:
        row = replace(row, enrolment=opened.id, nik_end=opened.nik[-4:])
    issued = TicketIssued(
        ticket=row.id,
        number=row.number,
        day=row.day,
        service=service,
        precedence=precedence,
        enrolment=row.enrolment or None,
        wait_s=round(told.expected_s),
        wait_low_s=round(told.low_s),
        wait_high_s=round(told.high_s),
    )
    both = queued_as(both, tickets.put(queued, row), Publish(issued))
    return replace(print_paper(both, row, given, devices), given=row.id)


def print_paper(both: Both, row: tickets.Ticket, given: DeskSettings, devices: health.State) -> Both:
    """Ask for the paper. What is known to be without paper, or open, is not asked: the number stands on the screen."""
    if given.printer is None:
        return both
    known = health.of(devices, given.printer)
    if known is not None and known.state is not DeviceState.OK:
        queued, commands = tickets.papered(both.front.tickets, row, PaperState.NONE, known.error)
        return queued_as(both, queued, *commands)
    queued = tickets.put(both.front.tickets, replace(row, paper=PaperState.PRINTING))
    return queued_as(both, queued, Ask(given.printer, paper(row, given)))


def papered(both: Both, ticket: str, paper_state: PaperState, reason: str) -> Both:
    """What the printer says of the paper that it was asked for."""
    row = tickets.find(both.front.tickets, ticket)
    if row is None or row.paper is not PaperState.PRINTING:
        return both
    queued, commands = tickets.papered(both.front.tickets, row, paper_state, reason)
    return queued_as(both, queued, *commands)


def told_time(both: Both, unix: float, now: float, given: DeskSettings | None) -> Both:
    """What the clock says: a new day, and (the first time in this run) what a start found."""
    first = both.front.tickets.offset is None
    queued = replace(both.front.tickets, offset=unix - now)
    if given is None:
        return queued_as(both, queued)
    recording = applicant.recording(both.recordings)
    queued, left, commands = tickets.roll(queued, now, given, recording.id if recording else "")
    recordings = both.recordings
    for row in left:
        # Whoever comes again has a new number: nothing of the old one stands in the way.
        recordings, more = enrolment.withdraw(recordings, row.enrolment, tickets.DAY_ENDED)
        commands += more
    both = queued_as(replace(both, recordings=recordings), queued, *commands)
    return _resumed(both) if first else both


def _resumed(both: Both) -> Both:
    """After a start: papers that were under way are uncertain, and whoever was called today hears it again."""
    queued, commands = both.front.tickets, list[Command]()
    for row in tickets.tickets(queued):
        if row.paper is PaperState.PRINTING:
            reason = "the power failed, or the program was ended, while it was printed"
            queued, more = tickets.papered(queued, row, PaperState.UNCERTAIN, reason)
            commands += more
    calling = calls.again(queued)
    both = queued_as(both, queued, *commands, *calling)
    return replace(both, front=replace(both.front, announcing=tuple(one.call for one in calling)))


def start(both: Both, now: float, settings: Settings, given: DeskSettings, around: Surroundings) -> Both:
    """The start button: the first applicant in the recording area begins; if nobody is there, the next is called."""
    queued = both.front.tickets
    here = [row for row in tickets.inside(queued, want.Desk.RECORDING) if row.enrolment]
    line = here or tickets.queue(queued, want.Desk.RECORDING, given)
    if not line:
        return replace(both, refusal=refuse("no-one-waiting"))
    if not line[0].enrolment:
        return called(both, calls.call_next(queued, want.Desk.RECORDING, None, around.officer, now, given))
    begun = begin(both, want.Begin(line[0].enrolment), now, settings, given, around)
    if begun.refusal is not None:
        return replace(both, refusal=begun.refusal)
    recordings, commands, refusal = capturing.capture(begun.recordings, now, settings)
    return replace(begun, recordings=recordings, commands=(*begun.commands, *commands), refusal=refusal)


def begin(
    both: Both, asked: want.Begin, now: float, settings: Settings, given: DeskSettings | None, around: Surroundings
) -> Both:
    """Begin a recording; its applicant is present from now on."""
    recordings, commands, refusal = enrolment.begin(
        both.recordings, asked.enrolment, asked.reason, now, settings, around
    )
    row = tickets.of_enrolment(both.front.tickets, asked.enrolment)
    if refusal is None and row is not None and given is not None and row.state not in tickets.INSIDE:
        if row.state is not TicketState.WAITING:
            refusal = refuse("wrong-state", number=row.number, state=row.state.value)
        elif len(tickets.inside(both.front.tickets, row.desk)) >= given.area:
            refusal = refuse("area-full", limit=given.area)
    if refusal is not None:
        return replace(both, refusal=refusal)
    if row is not None and given is not None:
        if row.state is TicketState.WAITING:
            both = called(both, calls.call(both.front.tickets, row, around.officer, now, given))
        if row.state is not TicketState.PRESENT:
            both = moved(both, calls.arrive(both.front.tickets, row.id, around.officer))
    return replace(both, recordings=recordings, commands=(*both.commands, *commands), given=asked.enrolment)


def called(both: Both, done: calls.Step) -> Both:
    """After a call: the loudspeaker has it to say, and a first call tells whether the told wait was true."""
    both = moved(both, done)
    if both.refusal is not None:
        return both
    front = both.front
    for command in done[1]:
        if isinstance(command, Announce):
            front = replace(front, announcing=(*front.announcing, command.call))
            row = tickets.find(front.tickets, command.call.rpartition(".")[0])
            if row is not None:
                both = replace(both, given=row.id)
                if row.calls == 1 and row.called_at is not None:
                    front = replace(front, waits=waits.called(front.waits, row, row.called_at - row.issued_at))
    return replace(both, front=front)


def moved(both: Both, done: calls.Step) -> Both:
    """The same with the tickets as a call or a move left them."""
    queued, commands, refusal = done
    return replace(queued_as(both, queued, *commands), refusal=refusal)


def returned(both: Both, ticket: str, officer: str) -> Both:
    """Back into the queue, unless the recording is under way."""
    refusal = _runs(both, ticket)
    return replace(both, refusal=refusal) if refusal else moved(both, calls.back(both.front.tickets, ticket, officer))


def finished(both: Both, asked: want.EndTicket, officer: str, now: float) -> Both:
    """Served, or gone: an enrolment whose recording has not begun is withdrawn with it."""
    refusal = _runs(both, asked.ticket)
    if refusal is not None:
        return replace(both, refusal=refusal)
    to = TicketState.DONE if asked.state == "done" else TicketState.CLOSED
    both = moved(both, calls.end(both.front.tickets, asked.ticket, to, officer, asked.reason, now))
    row = tickets.find(both.front.tickets, asked.ticket)
    if both.refusal is not None or row is None:
        return both
    front = replace(both.front, waits=waits.ended(both.front.waits, row, now))
    reason = asked.reason or "the ticket was ended"
    recordings, commands = enrolment.withdraw(both.recordings, row.enrolment, reason)
    return replace(both, front=front, recordings=recordings, commands=(*both.commands, *commands))


def _runs(both: Both, ticket: str) -> Refusal | None:
    row = tickets.find(both.front.tickets, ticket)
    recording = applicant.recording(both.recordings)
    if row is not None and recording is not None and recording.id == row.enrolment:
        return refuse("recording-runs", number=row.number)
    return None


def preferred(both: Both, ticket: str, precedence: Precedence) -> Both:
    """Who waits is called earlier, or in turn after all."""
    row = tickets.find(both.front.tickets, ticket)
    if row is None:
        return replace(both, refusal=refuse("no-ticket"))
    if row.state is not TicketState.WAITING:
        return replace(both, refusal=refuse("wrong-state", number=row.number, state=row.state.value))
    return queued_as(both, tickets.put(both.front.tickets, replace(row, precedence=precedence)))


def reprinted(both: Both, ticket: str, given: DeskSettings, devices: health.State) -> Both:
    """The same number on paper again."""
    row = tickets.find(both.front.tickets, ticket)
    if row is None or row.state not in tickets.OPEN:
        return replace(both, refusal=refuse("no-ticket"))
    if given.printer is None:
        return replace(both, refusal=refuse("no-ticket-printer"))
    known = health.of(devices, given.printer)
    if known is not None and known.state is not DeviceState.OK:
        return replace(both, refusal=refuse("device-trouble", device=given.printer, error=known.error))
    if row.paper is PaperState.PRINTING:
        return replace(both, refusal=refuse("paper-known", number=row.number))
    return print_paper(both, row, given, devices)


def settled(both: Both, ticket: str) -> Both:
    """A person has the paper in hand."""
    row = tickets.find(both.front.tickets, ticket)
    if row is None:
        return replace(both, refusal=refuse("no-ticket"))
    if row.paper is PaperState.PRINTED:
        return replace(both, refusal=refuse("paper-known", number=row.number))
    queued, commands = tickets.papered(both.front.tickets, row, PaperState.PRINTED, "seen by an officer")
    return queued_as(both, queued, *commands)


def ended(state: State, of: str, to: TicketState, reason: str, now: float) -> tuple[State, list[Command]]:
    """The recording of a ticket is over: so is the ticket."""
    row = tickets.of_enrolment(state.tickets, of)
    if row is None or row.state not in tickets.OPEN:
        return state, []
    if to is TicketState.DONE and row.state not in tickets.INSIDE:
        to, reason = TicketState.CLOSED, "recorded without being called"
    queued, commands, _ = calls.end(state.tickets, row.id, to, state.officers.officer, reason, now)
    ended = tickets.find(queued, row.id)
    learned = waits.ended(state.waits, ended, now) if ended is not None else state.waits
    return replace(state, tickets=queued, waits=learned), commands


def toned(both: Both, document: str | None = None) -> Both:
    """What was asked without a screen is answered by the buzzer; a refused document is told to the coordinator."""
    if both.refusal is None:
        return replace(both, commands=(*both.commands, Sound(Tone.ACCEPT)))
    told = (Publish(DocumentRefused(reason=str(both.refusal)[:500])),) if document is not None else ()
    return replace(both, commands=(*both.commands, *told, Sound(Tone.REFUSE)))


def queued_as(both: Both, queued: tickets.State, *commands: Command) -> Both:
    """The same with these tickets, and these commands after the others."""
    return replace(both, front=replace(both.front, tickets=queued), commands=(*both.commands, *commands))
