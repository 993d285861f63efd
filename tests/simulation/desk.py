"""Whole days at the front desk in virtual time: 200 applicants, their officers, outages, and a booth that goes dark.

    python -m tests.simulation.desk [--days N] [--seed N]

The core decides; this file has the people, the devices' times and the power. After each fact the rules of the desk are
checked: a number is given once, no ticket is forgotten, at most three are in the recording area, and whoever was called
and has not come is called again after a power cut. At the end it prints how far the told waits were off.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import os
import random
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from contract.desk import PaperState, Precedence, Service, TicketIssued, TicketMoved, TicketState
from contract.messages import EnrolmentCompleted, Message, Modality
from edge.core import actions as want
from edge.core import applicant, controller, journal, tickets
from edge.core.commands import Announce, Answer, Ask, AssemblePacket, Command, Record
from edge.core.events import CaptureSealed, Contact, ContactChanged, Event, PacketAssembled, Started, WallTime, WokeUp
from edge.core.events_desk import Announced, OfficerAsked, TicketPrinted
from edge.core.requests import PrintTicket, StartCapture
from tests.simulation.hall import (
    APPLICANTS,
    BAD_CAPTURE,
    CAPTURE_S,
    COMES_BACK,
    HOUR,
    MIX,
    NO_SHOW,
    OPENS,
    Broken,
    Person,
    settings,
)


@dataclass
class Day:
    """One day. `told`: of each called ticket, the told wait and the true one (s)."""

    seed: int
    applicants: int = APPLICANTS
    now: float = 0.0
    rows: dict[str, object] = field(default_factory=dict)
    issued: dict[str, TicketIssued] = field(default_factory=dict)
    numbers: set[tuple[str, str]] = field(default_factory=set)
    told: list[tuple[float, float, bool]] = field(default_factory=list)
    outages: int = 0
    cuts: int = 0
    events: int = 0
    most_inside: int = 0
    completed: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.settings = settings()
        self.people: dict[str, Person] = {}
        self.hall: list[Person] = []
        self._line: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._last = 0
        self._dark = True
        self._replies: dict[str, Answer] = {}
        self._recorder_busy = False
        self._front_busy = False
        self._printing: tuple[str, float] | None = None
        self._run = 0

    # --- time ---

    def at(self, seconds: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._line, (self.now + max(0.0, seconds), next(self._order), do))

    def life(self, seconds: float, do: Callable[[], None]) -> None:
        """Something of the present run of the booth: gone when the power goes."""
        run = self._run

        def once() -> None:
            if run == self._run and not self._dark:
                do()

        self.at(seconds, once)

    def run(self) -> None:
        """Until the last applicant has gone home."""
        self._plan()
        while self._line:
            self.now, _, do = heapq.heappop(self._line)
            if self.now > 14 * HOUR:
                break
            do()
        self._balance()

    def _plan(self) -> None:
        self._boot()
        for serial in range(1, self.applicants + 1):
            # Most come in the morning: the earlier of two even draws over six and a half hours, every other time.
            hours = self.chance.uniform(0, 6.4)
            if self.chance.random() < 0.5:
                hours = min(hours, self.chance.uniform(0, 6.4))
            service = self.chance.choices(list(MIX), [share for share, _ in MIX.values()])[0]
            precedence = Precedence.NONE
            if self.chance.random() < 0.1:
                precedence = self.chance.choice(list(Precedence)[1:])
            person = Person(serial, service, precedence)
            self.at(hours * HOUR, lambda person=person: self._comes(person))  # type: ignore[misc]
        for _ in range(2):
            self.at(self.chance.uniform(0.3, 6.5) * HOUR, self._outage)
        for _ in range(self.chance.randrange(4)):
            self.at(self.chance.uniform(0.1, 7.5) * HOUR, self._crash)
        self.at(30.0, self._tick)

    def _tick(self) -> None:
        if not self._dark:
            self.see(WallTime(OPENS + self.now))
            self.see(WokeUp())
            self._work()
        if self.now < 13 * HOUR:
            self.at(30.0, self._tick)

    # --- the booth ---

    def _boot(self) -> None:
        self._dark = False
        self._run += 1
        self.state = controller.restore(self.settings, dict(self.rows), self._last + 1, self._last)
        called = [row.number for row in self._tickets() if row.state is TicketState.CALLED]
        heard = [one for event in (Started("sim"), WallTime(OPENS + self.now)) for one in self.see(event)]
        announced = [one.number for one in heard if isinstance(one, Announce)]
        if sorted(called) != sorted(announced):
            raise Broken(f"called before the power cut: {called}; called again: {announced}")
        self._recorder_busy = self._front_busy = False
        self.see(ContactChanged(Contact.MAINS, not self._out))
        self.life(1.0, lambda: self.see(WokeUp()) and None)

    _out = False

    def _outage(self) -> None:
        if self._out or self._dark:
            return
        self.outages += 1
        self._out = True
        length = self.chance.lognormvariate(0, 0.7) * 20 * 60
        self.see(ContactChanged(Contact.MAINS, False))
        self.life(0.5, lambda: self.see(WokeUp()) and None)
        if self.chance.random() < 0.5 and length > 300:
            self.at(self.chance.uniform(0.1, 0.9) * length, self._darken)
        self.at(length, self._back)

    def _darken(self) -> None:
        self.cuts += 1
        self._dark = True
        self._run += 1
        self._printing = None

    def _back(self) -> None:
        self._out = False
        if self._dark:
            self._boot()
        else:
            self.see(ContactChanged(Contact.MAINS, True))
            self.life(1.0, lambda: self.see(WokeUp()) and None)

    def _crash(self) -> None:
        """The program is killed, or the power fails for a moment."""
        if not self._dark:
            self.cuts += 1
            self._printing = None
            self._boot()

    def see(self, event: Event) -> list[Command]:
        """One fact, its commit, and what the devices make of the commands."""
        old = self.state
        self.state, commands = controller.step(old, event, self.now + 100.0)
        self.events += 1
        for key, row in journal.changes(old, self.state).items():
            if row is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = row
        for command in commands:
            if isinstance(command, Record):
                self._last = command.seq
                self._hear(command.body)
        for command in commands:
            self._perform(command)
        inside = sum(row.state in tickets.INSIDE and row.desk is want.Desk.RECORDING for row in self._tickets())
        self.most_inside = max(self.most_inside, inside)
        if inside > 3:
            raise Broken(f"{inside} applicants are in the recording area")
        return commands

    def _tickets(self) -> list[tickets.Ticket]:
        return [row for row in self.rows.values() if isinstance(row, tickets.Ticket)]

    def _hear(self, body: Message) -> None:
        match body:
            case TicketIssued():
                if (body.day, body.number) in self.numbers or body.ticket in self.issued:
                    raise Broken(f"{body.number} was given twice on {body.day}")
                self.numbers.add((body.day, body.number))
                self.issued[body.ticket] = body
            case TicketMoved(state=TicketState.CALLED, calls=1, waited_s=float(waited)):
                told = self.issued[body.ticket]
                if told.wait_s is not None and told.wait_low_s is not None and told.wait_high_s is not None:
                    within = told.wait_low_s - 60 <= waited <= told.wait_high_s + 60
                    self.told.append((told.wait_s, waited, within))
            case EnrolmentCompleted():
                self.completed += 1

    def _perform(self, command: Command) -> None:
        match command:
            case Answer(reply=reply):
                self._replies[reply] = command
            case Ask(request=PrintTicket(ticket=ticket)):
                self.life(1.5, lambda: self._printed(ticket))
                # The paper is out a moment before the printer has said so.
                self.at(1.2, lambda: self._paper(ticket))
                self._printing = (ticket, self.now)
            case Ask(request=StartCapture() as request):
                self.life(self.chance.uniform(2, 6), lambda: self._captured(request))
            case AssemblePacket(enrolment=enrolment):
                self.life(0.3, lambda: self.see(PacketAssembled(enrolment, enrolment, b"p", "1" * 64)) and None)
            case Announce(call=call, number=number):
                self.life(6.0, lambda: self._heard(call, number))

    def _paper(self, ticket: str) -> None:
        if self._printing is not None and self._printing[0] == ticket and ticket in self.people:
            self.people[ticket].paper = True

    def _printed(self, ticket: str) -> None:
        self._printing = None
        self.see(TicketPrinted("tickets", ticket))

    def _captured(self, request: StartCapture) -> None:
        parts = applicant.PARTS.get(request.modality, ("",))
        scores = {part: float(self.chance.randint(91, 99)) for part in parts}
        if request.modality is not Modality.SIGNATURE and self.chance.random() < BAD_CAPTURE:
            scores[self.chance.choice(parts)] = float(self.chance.randint(5, 35))
        self.see(CaptureSealed("face", request.modality, request.transaction, scores, b"s", "0" * 64))

    # --- applicants ---

    def _comes(self, person: Person) -> None:
        """Take a number; while the booth is dark or its door is shut, wait before it."""
        if self._dark:
            self.at(60.0, lambda: self._comes(person))
            return
        if person.service is Service.NEW:
            asked: want.Action = want.ReadCard(
                f"KK:3526010101100001;NIK:352601410190{person.serial:04}", precedence=person.precedence
            )
        else:
            asked = want.TakeTicket(person.service, person.precedence)
        answer = self._ask(asked)
        if answer.refusal is not None:
            if answer.refusal.code not in ("closed", "day-full", "outbox-full"):
                raise Broken(f"a number was refused: {answer.refusal}")
            person.end = answer.refusal.code
            return
        person.ticket = answer.given
        self.people[person.ticket] = person
        person.away = self.chance.random() < NO_SHOW

    def _heard(self, call: str, number: str) -> None:
        """The loudspeaker has called; whoever is in the hall comes."""
        self.see(Announced(call))
        ticket = call.rpartition(".")[0]
        person = self.people[ticket]
        person.called += 1
        if person.away:
            self.life(90.0, lambda: self._not_come(person))
        else:
            self.life(self.chance.uniform(10, 50), lambda: self._arrives(person))

    def _arrives(self, person: Person) -> None:
        if self._state(person) is TicketState.CALLED:
            self._do(want.Arrive(person.ticket))
        self._work()

    def _not_come(self, person: Person) -> None:
        if self._state(person) is not TicketState.CALLED:
            return
        if person.called < 3:
            self._do(want.Recall(person.ticket))
            return
        self._do(want.Skip(person.ticket))
        if self.chance.random() < COMES_BACK:
            person.away = False
            self.at(self.chance.uniform(5, 30) * 60, lambda: self._late(person))
        else:
            self.at(HOUR, lambda: self._gives_up(person))
        self._work()

    def _late(self, person: Person) -> None:
        if self._dark:
            self.at(60.0, lambda: self._late(person))
        elif self._state(person) is TicketState.SKIPPED:
            person.called = 0
            self._do(want.Return(person.ticket))
            self._work()

    def _gives_up(self, person: Person) -> None:
        if self._dark:
            self.at(60.0, lambda: self._gives_up(person))
        elif self._state(person) is TicketState.SKIPPED:
            self._do(want.EndTicket(person.ticket, "closed", "did not come"))
            person.end = "did not come"

    # --- officers ---

    def _work(self) -> None:
        """Both officers do what can be done now."""
        self._papers()
        if not self._front_busy:
            self._front()
        if not self._recorder_busy:
            self._record()
        while not self._out and self._called_more():
            pass

    def _called_more(self) -> bool:
        waiting = [
            row for row in self._tickets() if row.state is TicketState.WAITING and row.desk is want.Desk.RECORDING
        ]
        inside = [row for row in self._tickets() if row.state in tickets.INSIDE and row.desk is want.Desk.RECORDING]
        if not waiting or len(inside) >= 3:
            return False
        return self._ask(want.CallNext(want.Desk.RECORDING)).refusal is None

    def _papers(self) -> None:
        for row in self._tickets():
            person = self.people.get(row.id)
            if row.paper is PaperState.UNCERTAIN and person is not None:
                self._do(want.SettlePaper(row.id) if person.paper else want.ReprintTicket(row.id))

    def _front(self) -> None:
        here = [row for row in self._tickets() if row.state in tickets.INSIDE and row.desk is want.Desk.FRONT]
        present = next((row for row in here if row.state is TicketState.PRESENT), None)
        if present is not None:
            self._front_busy = True
            seconds = MIX[present.service][1] * self.chance.lognormvariate(0, 0.4)
            self.life(seconds, lambda: self._served(present.id))
        elif not here:
            self._ask(want.CallNext(want.Desk.FRONT))

    def _served(self, ticket: str) -> None:
        self._front_busy = False
        self._do(want.EndTicket(ticket))
        self.people[ticket].end = "served"
        self._work()

    def _record(self) -> None:
        """One step of the recording; a break of a moment between two."""
        row = applicant.recording(self.state.enrolment)
        if row is None:
            present = sorted(
                (one for one in self._tickets() if one.state is TicketState.PRESENT and one.enrolment),
                key=lambda one: one.called_at or 0.0,
            )
            if not present or self._ask(want.Begin(present[0].enrolment)).refusal is not None:
                return
        elif self.state.enrolment.busy is not None:
            return
        self._recorder_busy = True
        row = applicant.recording(self.state.enrolment)
        modality = applicant.present(row, self.settings) if row is not None else None
        seconds = CAPTURE_S.get(modality or Modality.PHOTO, 20.0) * self.chance.lognormvariate(0, 0.35)
        self.life(seconds, self._next_step)

    def _next_step(self) -> None:
        self._recorder_busy = False
        if applicant.recording(self.state.enrolment) is None:
            self._work()
            return
        answer = self._ask(want.Capture())
        if answer.refusal is not None and answer.refusal.code == "attempts-used":
            self._do(want.AcceptPoor("worn fingers"))
        self.life(1.0, self._watch)

    def _watch(self) -> None:
        """Wait for the capture, then go on."""
        if self.state.enrolment.busy is not None:
            self.life(1.0, self._watch)
        else:
            self._work()

    # --- asking ---

    def _ask(self, action: want.Action) -> Answer:
        reply = f"r{next(self._order)}"
        self.see(OfficerAsked(reply, "siti", action))
        return self._replies.pop(reply)

    def _do(self, action: want.Action) -> None:
        answer = self._ask(action)
        if answer.refusal is not None and answer.refusal.code not in ("paper-known", "wrong-state"):
            raise Broken(f"{action} was refused: {answer.refusal}")

    def _state(self, person: Person) -> TicketState | None:
        row = self.rows.get(f"ticket/{person.ticket}")
        return row.state if isinstance(row, tickets.Ticket) else None

    def _balance(self) -> None:
        """Nobody is forgotten: everybody with a number was served, or went, and the booth knows it."""
        known: dict[str, Any] = {row.id: row for row in self._tickets()}
        for ticket, person in self.people.items():
            row = known.get(ticket)
            if row is None:
                raise Broken(f"{self.issued[ticket].number} is forgotten")
            if row.state not in (TicketState.DONE, TicketState.CLOSED):
                raise Broken(f"{row.number} ({row.service}) is still {row.state} when everybody has gone home")
            if row.state is TicketState.CLOSED and person.end != "did not come":
                raise Broken(f"{row.number} was closed though its applicant waited")
        if len(self.people) != len(self.issued):
            raise Broken(f"{len(self.issued)} numbers were given to {len(self.people)} people")


@dataclass(frozen=True, slots=True)
class Result:
    """What one day came to; `broken`: which rule did not hold."""

    seed: int
    broken: str
    told: list[tuple[float, float, bool]]
    served: int
    issued: int
    outages: int
    cuts: int
    events: int
    most_inside: int


def one_day(seed: int) -> Result:
    """A worker's share."""
    day, broken = Day(seed), ""
    try:
        day.run()
    except Broken as error:
        broken = str(error)
    served = sum(row.state is TicketState.DONE for row in day._tickets())
    return Result(seed, broken, day.told, served, len(day.issued), day.outages, day.cuts, day.events, day.most_inside)


def main(arguments: list[str] | None = None) -> int:
    """Run the days and print the result; 1 when a rule was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.desk", description=__doc__.splitlines()[0])
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    begun = time.perf_counter()
    errors: list[tuple[float, float, bool]] = []
    served = issued = outages = cuts = failed = events = most = 0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for day in pool.map(one_day, range(given.seed, given.seed + given.days)):
            if day.broken:
                failed += 1
                again = f"python -m tests.simulation.desk --days 1 --seed {day.seed}"
                sys.stdout.write(f"seed {day.seed}: {day.broken}\n  again: {again}\n")
            errors += day.told
            served, issued = served + day.served, issued + day.issued
            outages, cuts, events = outages + day.outages, cuts + day.cuts, events + day.events
            most = max(most, day.most_inside)
    off = sorted(abs(told - true) / 60 for told, true, _ in errors)
    within = 100 * sum(inside for _, _, inside in errors) / max(1, len(errors))
    median, p90 = (off[len(off) // 2], off[int(len(off) * 0.9)]) if off else (0.0, 0.0)
    sys.stdout.write(
        f"desk days {given.days} failed {failed} tickets {issued} served {served} outages {outages} "
        f"restarts {cuts} most in the area {most} events {events}; told wait off by {median:.1f} min (median), "
        f"{p90:.1f} min (90th percentile), {within:.0f} % within the told range, "
        f"in {time.perf_counter() - begun:.1f} s\n"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
