"""Signed commands of one turn: given, written down with who asked, published again until answered or too old."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

from central.adapters import store_work
from central.core import asking, print_queue
from central.core.items import Publish
from central.core.print_queue import Job
from central.deciding.turn import Turn
from contract import topics
from contract.messages import Command, CommandDone, Outcome, SignedCommand
from contract.sealing import sign

#: A command that the coordinator gave up waiting for.
UNANSWERED = "unanswered"


class Commands:
    """`sent`: command -> monotonic time of its last publication, kept by the coordinator between turns."""

    def __init__(self, turn: Turn, sent: dict[str, float]) -> None:
        self._turn = turn
        self._sent = sent
        self.published = False
        """Whether a command went out in this turn."""

    def give(self, booth: str, body: asking.Body, lasts: float, person: str = "", job: Job | None = None) -> None:
        """Sign and publish; the booth carries it out within `lasts` seconds or never."""
        turn = self._turn
        expires = turn.at + lasts
        command = Command(
            id=turn.settings.new_id(),
            booth=booth,
            issued=turn.moment,
            expires=datetime.fromtimestamp(expires, UTC),
            body=body,
        )
        payload = command.model_dump_json()
        signed = SignedCommand(payload=payload, signature=sign(payload.encode(), turn.settings.command_key))
        text = signed.model_dump_json()
        self._write(command.id, booth, body, person, expires, payload=text, job=job)
        self._publish(command.id, booth, text)

    def refuse(self, booth: str, body: asking.Body, person: str, reason: str) -> None:
        """Write down what was asked and is not sent."""
        self._write(self._turn.settings.new_id(), booth, body, person, self._turn.at, refused=reason)

    def answered(self, booth: str, body: CommandDone) -> tuple[str, str | None, int | None, str | None] | None:
        """A booth's answer: kind, job, attempt and earlier outcome of the command; None: it was never given one."""
        turn = self._turn
        known = store_work.command(turn.connection, body.command)
        if known is None or known[0] != booth:
            return None
        store_work.close_command(turn.connection, body.command, body.outcome.value, body.reason, turn.at)
        self._sent.pop(body.command, None)
        return known[1:]

    def repeat(self, given_up: Callable[[store_work.OpenCommand], None]) -> float | None:
        """Publish unanswered commands again, give up those whose time is over; answers when to look again."""
        turn, again = self._turn, list[store_work.OpenCommand]()
        wakeup: float | None = None
        for command in store_work.open_commands(turn.connection):
            if command.expires <= turn.at:
                store_work.close_command(turn.connection, command.id, UNANSWERED, print_queue.NO_ANSWER, turn.at)
                self._sent.pop(command.id, None)
                turn.touch(command.booth)
                given_up(command)
                continue
            left = command.expires - turn.at
            if command.online:
                age = turn.now - self._sent.get(command.id, float("-inf"))
                if age >= print_queue.RESEND_S or command.booth in turn.resend:
                    again.append(command)
                    age = 0.0
                left = min(left, print_queue.RESEND_S - age)
            wakeup = turn.now + left if wakeup is None else min(wakeup, turn.now + left)
        already = {item.payload for item in turn.effects.publishes}
        for command in again:
            text = store_work.payload(turn.connection, command.id)
            if text.encode() not in already:
                self._publish(command.id, command.booth, text)
        turn.resend.clear()
        return wakeup

    def _write(
        self,
        name: str,
        booth: str,
        body: asking.Body,
        person: str,
        expires: float,
        payload: str = "",
        refused: str | None = None,
        job: Job | None = None,
    ) -> None:
        turn = self._turn
        store_work.add_command(
            turn.connection,
            {
                "id": name,
                "booth": booth,
                "kind": body.kind,
                "job": job.job if job else None,
                "attempt": job.attempt if job else None,
                "payload": payload,
                "issued": turn.at,
                "expires": expires,
                "outcome": None if refused is None else Outcome.REFUSED.value,
                "reason": refused or "",
                "answered": None if refused is None else turn.at,
                "person": person,
                "fields": json.dumps(asking.fields(body)),
            },
        )
        turn.touch(booth)

    def _publish(self, name: str, booth: str, text: str) -> None:
        self._sent[name] = self._turn.now
        self.published = True
        topic = topics.of(booth, topics.COMMAND)
        self._turn.effects.publishes.append(
            Publish(topic, text.encode(), topics.COMMAND.qos, topics.COMMAND.retain)
        )
