"""The front desk in one turn: tickets, queues, cards handed over, and the centre's word about NIKs."""

from __future__ import annotations

import json

from central.adapters import store_desk
from central.core import encoding
from central.core.items import NikAnswered, NikCall
from central.core.nik import ANSWER_EXPIRES_S, NikAnswer
from central.deciding.commands import Commands
from central.deciding.turn import Turn
from contract.desk import (
    CardHanded,
    NikChecked,
    QueueFigures,
    TicketIssued,
    TicketLinked,
    TicketMoved,
    TicketPaper,
    TicketState,
)
from contract.messages import EnrolmentOpened, Message, NikAnswerCommand

MEMORY_REPLACED = "the booth has a new memory: its queue before that is not known any more"


class Desk:
    """Events come in the order of their numbers, but for those that were counted as lost before (`late`)."""

    def __init__(self, turn: Turn, commands: Commands) -> None:
        self._turn = turn
        self._commands = commands

    # --- what the booths say ---------------------------------------------------------------------------

    def told(self, booth: str, body: Message | None, at: float, late: bool) -> bool:
        """One event; False: it is none of the front desk's."""
        connection = self._turn.connection
        match body:
            case TicketIssued():
                self._issued(booth, body, at)
            case TicketPaper():
                self._paper(booth, body, at, late)
            case TicketMoved():
                self._moved(booth, body, at, late)
            case TicketLinked():
                store_desk.save_ticket(connection, booth, body.ticket, enrolment=body.enrolment)
            case QueueFigures():
                if not late:
                    self._queue(booth, body, at)
            case CardHanded():
                self._handed(booth, body, at)
            case NikChecked():
                said = {"checked": body.standing.value, "officer": body.officer, "went_on": body.reason}
                store_desk.save_question(connection, body.enrolment, booth, **said)
            case _:
                return False
        self._turn.effects.changed.add("desk")
        return True

    def opened(self, booth: str, body: EnrolmentOpened, late: bool) -> None:
        """An applicant has come: the booth wants to know of the NIK before the recording starts."""
        store_desk.ask(self._turn.connection, body.enrolment, booth, body.nik, None if late else self._turn.at)
        self._turn.asking = True

    def ended(self, booth: str, enrolment: str) -> None:
        """The recording is over: an answer that has not come is asked for with the packet."""
        store_desk.question_over(self._turn.connection, enrolment, booth)

    def memory_replaced(self, booth: str) -> None:
        """The booth knows nothing of the numbers that it gave."""
        store_desk.close_tickets(self._turn.connection, booth, MEMORY_REPLACED, self._turn.at)
        self._turn.effects.changed.add("desk")

    def _issued(self, booth: str, body: TicketIssued, at: float) -> None:
        linked = {} if body.enrolment is None else {"enrolment": body.enrolment}
        store_desk.save_ticket(
            self._turn.connection,
            booth,
            body.ticket,
            number=body.number,
            day=body.day,
            service=body.service.value,
            precedence=body.precedence.value,
            issued=at,
            wait_s=body.wait_s,
            wait_low_s=body.wait_low_s,
            wait_high_s=body.wait_high_s,
            **linked,
        )

    def _paper(self, booth: str, body: TicketPaper, at: float, late: bool) -> None:
        connection = self._turn.connection
        if late and (store_desk.ticket_times(connection, booth, body.ticket)[1] or 0.0) >= at:
            return
        said = {"paper": body.state.value, "paper_reason": body.reason, "paper_at": at}
        store_desk.save_ticket(connection, booth, body.ticket, **said)

    def _moved(self, booth: str, body: TicketMoved, at: float, late: bool) -> None:
        connection = self._turn.connection
        if late and (store_desk.ticket_times(connection, booth, body.ticket)[0] or 0.0) >= at:
            return
        said: dict[str, object] = {"state": body.state.value, "officer": body.officer, "reason": body.reason}
        if body.calls:
            said["calls"] = body.calls
        if body.place:
            said["place"] = body.place
        if body.waited_s is not None:
            said["waited_s"] = body.waited_s
        if body.state is TicketState.CALLED:
            said["called"] = at
        store_desk.save_ticket(connection, booth, body.ticket, changed=at, **said)

    def _queue(self, booth: str, body: QueueFigures, at: float) -> None:
        told = body.model_dump(mode="json")
        row = {name: json.dumps(told[name]) for name in ("waiting", "wait_s", "wait_high_s")}
        store_desk.save_queue(
            self._turn.connection, {"booth": booth, **row, "open": body.open, "note": body.note, "at": at}
        )

    def _handed(self, booth: str, body: CardHanded, at: float) -> None:
        row = {
            "enrolment": body.enrolment,
            "booth": booth,
            "recipient": body.to,
            "name": body.name,
            "officer": body.officer,
            "at": at,
        }
        store_desk.save_handed(self._turn.connection, row)
        self._turn.effects.changed.add("print")

    # --- what the centre says --------------------------------------------------------------------------

    def due(self, room: int) -> list[NikCall]:
        """Questions to be put now; committed before, so that a crash puts the same ones again."""
        turn, calls = self._turn, list[NikCall]()
        for found in store_desk.due_questions(turn.connection, turn.at, room):
            again = {"tries": found.tries + 1, "next_try": turn.at + encoding.LEASE_S}
            store_desk.save_question(turn.connection, found.enrolment, found.booth, **again)
            calls.append(NikCall(found.enrolment, found.nik))
        return calls

    def answered(self, item: NikAnswered) -> None:
        """The centre spoke of a NIK, or did not; the booth is told as long as it can use it."""
        turn, answer = self._turn, item.answer
        found = store_desk.question(turn.connection, item.enrolment)
        if found is None or found.next_try is None:
            # The recording is over. Its packet may have been sent since: then this word would be about itself.
            return
        if answer.error:
            later = turn.at + encoding.pause(found.tries, turn.settings.jitter())
            store_desk.save_question(turn.connection, found.enrolment, found.booth, next_try=later)
            return
        self.learned(found.enrolment, found.booth, answer)
        if store_desk.recording(turn.connection, found.enrolment) in ("opened", "started"):
            body = NikAnswerCommand(enrolment=found.enrolment, standing=answer.standing, reason=answer.reason)
            self._commands.give(found.booth, body, ANSWER_EXPIRES_S)

    def learned(self, enrolment: str, booth: str, answer: NikAnswer) -> None:
        """Keep the centre's word about a NIK."""
        said = {"standing": answer.standing.value, "reason": answer.reason, "answered": self._turn.at}
        store_desk.save_question(self._turn.connection, enrolment, booth, next_try=None, **said)
