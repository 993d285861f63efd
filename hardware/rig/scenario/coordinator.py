"""A light stand-in of the coordinator: it acknowledges, takes packets, sends signed commands until they are answered.

It holds no database and knows no network: a bench gives it the booth's messages, and sends what it says. Its own clock
is right, whatever the booth's says.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from contract import packet, topics
from contract.messages import FORGOTTEN, Ack, Command, Outcome, PrintState, SignedCommand
from contract.sealing import sign
from hardware.rig.scenario.stage import Told

#: A command that nobody answered is sent again after this time (s).
AGAIN_S = 5.0
#: A command may be carried out for so long (s) after it was made.
VALID_S = 6 * 3600.0
#: Size of the black panel's raster in bytes.
RASTER = 82_296


def panels(job: str) -> dict[str, str]:
    """A cheap card: another one for every job."""
    raster = sha256(job.encode()).digest() * (RASTER // 32) + bytes(RASTER % 32)
    return {"k": base64.b64encode(zlib.compress(raster, 1)).decode()}


@dataclass
class Sent:
    """One command and whether it was answered."""

    id: str
    payload: bytes
    sent_at: float
    job: str | None = None
    attempt: int = 0
    answered: bool = False


@dataclass
class Coordinator:
    """`send` takes topic and payload. `now`: seconds of the bench, `wall`: seconds since 1970."""

    booth: str
    key: bytes
    send: Callable[[str, bytes], None]
    told: list[Told] = field(default_factory=list)
    telemetry: dict[str, Any] = field(default_factory=dict)
    commands: dict[str, Sent] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    """Print job -> its last state as told."""
    _early: dict[int, tuple[float, dict[str, Any]]] = field(default_factory=dict)
    _epoch: str = ""
    _seq: int = 0
    _parts: dict[str, int] = field(default_factory=dict)
    _made: int = 0
    held: tuple[int, int] = (1, 0)

    # --- from the booth ----------------------------------------------------------------------------

    def receive(self, topic: str, payload: bytes, now: float, wall: float) -> None:
        """A message of the booth."""
        place = topics.parse(topic)
        if place is None:
            return
        if place[1] is topics.EVENT:
            self._event(json.loads(payload), now, wall)
        elif place[1] is topics.TELEMETRY:
            self.telemetry = json.loads(payload)
        elif place[1] is topics.HELLO:
            hello = json.loads(payload)
            self._epoch, self.held = hello["epoch"], (hello["first"], hello["last"])
            self._ack()
            # The booth was away: what it did not hear is said again at once.
            for sent in self.commands.values():
                sent.sent_at = float("-inf")
            self.wake(now)
        elif place[1] is topics.PACKET and place[2] is not None:
            self._part(place[2], payload)

    def _event(self, event: dict[str, Any], now: float, wall: float) -> None:
        self._epoch = event["epoch"]
        if event["seq"] > self._seq:
            self._early.setdefault(event["seq"], (now, event))
        while self._seq + 1 in self._early:
            at, ready = self._early.pop(self._seq + 1)
            self._seq += 1
            self.told.append(Told(at, ready["seq"], ready["kind"], ready["body"]))
            self._follow(ready, now, wall)
        self._ack()

    def _follow(self, event: dict[str, Any], now: float, wall: float) -> None:
        kind, body = event["kind"], event["body"]
        if kind == "enrolment.completed":
            self.print(f"job-{body['enrolment']}", body["enrolment"], now, wall)
        elif kind == "command.done" and body["command"] in self.commands:
            sent = self.commands[body["command"]]
            sent.answered = True
            refused = body["outcome"] in (Outcome.REFUSED, Outcome.EXPIRED) and body["reason"] != FORGOTTEN
            if sent.job is not None and refused and self.states.get(sent.job, "") == "":
                self._again(sent, now, wall)
        elif kind == "print.changed":
            self.states[body["job"]] = body["state"]
            if body["state"] == PrintState.SPOILED:
                self._print(body["job"], body["job"].removeprefix("job-"), body["attempt"] + 1, now, wall)

    def _part(self, name: str, payload: bytes) -> None:
        index, count, _ = packet.read_part(payload)
        wanted = self._parts.get(name, 0)
        if index == wanted and wanted < count:
            self._parts[name] = wanted + 1
        self._ack(name)

    def _ack(self, name: str | None = None) -> None:
        if not self._epoch:
            return
        packets = {name: self._parts[name]} if name is not None and name in self._parts else {}
        ack = Ack(epoch=self._epoch, seq=self._seq, packets=packets)
        self.send(topics.of(self.booth, topics.ACK), ack.model_dump_json().encode())

    # --- to the booth ------------------------------------------------------------------------------

    def print(self, job: str, enrolment: str, now: float, wall: float) -> None:
        """A card to print."""
        self.states.setdefault(job, "")
        self._print(job, enrolment, 1, now, wall)

    def ask(self, body: dict[str, Any], now: float, wall: float) -> str:
        """A person's command; its id."""
        return self._command(body, now, wall, None, 0).id

    def wake(self, now: float) -> None:
        """Send again what is unanswered."""
        for sent in self.commands.values():
            if not sent.answered and now >= sent.sent_at + AGAIN_S:
                sent.sent_at = now
                self.send(topics.of(self.booth, topics.COMMAND), sent.payload)

    def next_wakeup(self) -> float | None:
        """When the next unanswered command is due again."""
        return min((one.sent_at + AGAIN_S for one in self.commands.values() if not one.answered), default=None)

    def open_jobs(self) -> list[str]:
        """Jobs that are neither printed nor wait for a person."""
        return [job for job, state in self.states.items() if state not in (PrintState.PRINTED, PrintState.UNCERTAIN)]

    def caught_up(self, last: int) -> bool:
        """Whether everything up to `last` is here."""
        return self._seq >= last

    def _print(self, job: str, enrolment: str, attempt: int, now: float, wall: float) -> None:
        created = datetime.fromtimestamp(wall, UTC).isoformat()
        body = {"kind": "print", "job": job, "enrolment": enrolment, "attempt": attempt, "created": created}
        self._command({**body, "panels": panels(job)}, now, wall, job, attempt)

    def _again(self, sent: Sent, now: float, wall: float) -> None:
        """The booth would not have it: a new command for the same attempt, later."""
        old = json.loads(SignedCommand.model_validate_json(sent.payload).payload)["body"]
        fresh = self._command(old, now, wall, sent.job, sent.attempt, later=True)
        fresh.sent_at = now

    def _command(
        self, body: dict[str, Any], now: float, wall: float, job: str | None, attempt: int, later: bool = False
    ) -> Sent:
        self._made += 1
        name = f"command-{self._made}"
        issued = datetime.fromtimestamp(wall, UTC)
        made = {"id": name, "booth": self.booth, "issued": issued, "expires": issued + timedelta(seconds=VALID_S)}
        text = Command.model_validate({**made, "body": body}).model_dump_json()
        signed = SignedCommand(payload=text, signature=sign(text.encode(), self.key))
        sent = Sent(name, signed.model_dump_json().encode(), now, job, attempt)
        self.commands[name] = sent
        if not later:
            self.send(topics.of(self.booth, topics.COMMAND), sent.payload)
        return sent


def body_of(given: tuple[str | float, ...], told: list[Told]) -> dict[str, Any]:
    """The command of the words after `command`; an alarm is named by its last occurrence."""
    person = "the technician"
    match given:
        case ("test-genset", str(action)):
            return {"kind": "test-genset", "action": action, "person": person}
        case ("test-ups", str(length)):
            return {"kind": "test-ups", "length": length, "person": person}
        case ("mute", str(what)):
            return {"kind": "mute", "what": what, "person": person}
        case (("acknowledge" | "shelve" | "unshelve") as action, str(alarm)):
            rises = [one.body for one in told if one.kind == "alarm.changed" and one.body["alarm"] == alarm]
            if not rises:
                raise ValueError(f"the alarm {alarm} has not risen: nobody can see to it")
            made = {"kind": "alarm", "action": action, "alarm": alarm, "occurrence": rises[-1]["occurrence"]}
            return {**made, "person": person, "minutes": 60 if action == "shelve" else 0, "reason": "a scenario"}
    raise ValueError(f"no such command: {' '.join(map(str, given))}")
