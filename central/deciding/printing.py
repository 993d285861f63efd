"""Print jobs and commands of one turn: created, sent, repeated, answered, settled by a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from central.adapters import store_work
from central.core import print_queue
from central.core.encoding import Encoding
from central.core.items import Identify, Publish, Settle
from central.core.print_queue import Job
from central.deciding.turn import Turn
from contract import topics
from contract.messages import (
    Command,
    CommandDone,
    IdentifyCommand,
    Outcome,
    PrintChanged,
    PrintCommand,
    PrintState,
    SettleCommand,
    SignedCommand,
)
from contract.sealing import sign

#: A command that the coordinator gave up waiting for.
_UNANSWERED = "unanswered"


class Printing:
    """`sent`: command -> monotonic time of its last publication, kept by the coordinator between turns."""

    def __init__(self, turn: Turn, sent: dict[str, float]) -> None:
        self._turn = turn
        self._sent = sent
        self.published = False
        """Whether a command went out in this turn."""

    # --- what the booths say ---------------------------------------------------------------------------

    def changed(self, booth: str, change: PrintChanged, payload: str) -> None:
        """A job moved at its booth."""
        turn = self._turn
        job = store_work.job(turn.connection, change.job)
        if job is None or job.booth != booth:
            reason = f"the booth {booth} told of the job {change.job}, which it was never given"
            turn.dead(f"print.changed of {booth}", reason, payload.encode())
            return
        moved = print_queue.moved(job, change, turn.at)
        # A job that is over or waits for a person must not be asked for again under any attempt.
        ended = moved.state not in ("pending", "processing")
        last = max(change.attempt, job.attempt) if ended else change.attempt
        store_work.close_job_commands(turn.connection, job.job, last, turn.at)
        if change.state in (PrintState.PRINTED, PrintState.SPOILED):
            self._card(job, change)
        self._save(moved, begun=change.state is PrintState.PRINTING)

    def done(self, booth: str, body: CommandDone) -> None:
        """A command was answered."""
        turn = self._turn
        known = store_work.command(turn.connection, body.command)
        if known is None or known[0] != booth:
            return
        _, kind, name, attempt, before = known
        store_work.close_command(turn.connection, body.command, body.outcome.value, body.reason, turn.at)
        self._sent.pop(body.command, None)
        if body.outcome is Outcome.DONE or before == _UNANSWERED or name is None:
            return
        job = store_work.job(turn.connection, name)
        if job is None:
            return
        reason = body.reason or f"the booth answered: {body.outcome.value}"
        if kind == "print":
            self._save(print_queue.refused(job, attempt, reason, turn.at))
        elif job.state == "processing-stopped":
            self._save(replace(job, why=reason))

    def memory_replaced(self, booth: str) -> None:
        """The booth has a new memory: nobody knows what became of the jobs that it had."""
        for job in store_work.unfinished(self._turn.connection, booth):
            store_work.close_job_commands(self._turn.connection, job.job, job.attempt, self._turn.at)
            self._save(print_queue.orphan(job, self._turn.at))

    def unblocked(self, booth: str) -> None:
        """What may have stood in the way at a booth is over."""
        store_work.no_wait(self._turn.connection, booth)
        self._turn.printers.add(booth)

    # --- what the coordinator decides ------------------------------------------------------------------

    def create(self, encoding: Encoding) -> None:
        """The centre has registered the enrolment: its card may be printed."""
        turn = self._turn
        job = print_queue.created(
            encoding.enrolment, encoding.booth, encoding.nik, turn.at, turn.settings.promise_s
        )
        store_work.add_job(turn.connection, job)
        self._seen(job)

    def dispatch(self) -> None:
        """Send a job to every booth whose printer is free; the turn's rows must have been written."""
        turn = self._turn
        for booth in sorted(turn.printers):
            if print_queue.blocked(store_work.printer(turn.connection, booth)):
                continue
            job = store_work.next_job(turn.connection, booth, turn.at)
            if job is not None:
                self._save(print_queue.sent(job, turn.at))
                self._command(booth, self._print_body(job), print_queue.PRINT_EXPIRES_S, job)
        turn.printers.clear()

    def repeat(self) -> float | None:
        """Publish unanswered commands again, give up those whose time is over; answers when to look again."""
        turn, again = self._turn, list[store_work.OpenCommand]()
        wakeup: float | None = None
        for command in store_work.open_commands(turn.connection):
            if command.expires <= turn.at:
                self._give_up(command)
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

    # --- what people say -------------------------------------------------------------------------------

    def settle(self, item: Settle) -> str | None:
        """A person's word about an uncertain job; answers why it cannot be taken, or None."""
        turn = self._turn
        job = store_work.job(turn.connection, item.job)
        if job is None:
            return f"there is no job {item.job}"
        if job.state != "processing-stopped":
            return f"the job {item.job} does not wait for a person: it is {job.state}"
        if job.orphaned:
            if item.found != "not-begun":
                cause = f"{item.person} looked: {item.found}"
                self._card(
                    job, PrintChanged(job=job.job, attempt=job.attempt, state=PrintState(item.found), cause=cause[:500])
                )
            self._save(print_queue.settled_here(job, item.found, turn.at))
            return None
        if store_work.settling(turn.connection, job.job):
            return f"what was found about {item.job} is on its way to the booth already"
        body = SettleCommand(job=job.job, attempt=job.attempt, found=item.found, person=item.person[:500])
        self._command(job.booth, body, print_queue.SETTLE_EXPIRES_S, job)
        self._save(replace(job, changed=turn.at, why=f"{item.person[:100]} found: {item.found}; the booth is told"))
        return None

    def identify(self, item: Identify) -> str | None:
        """Blink and beep; answers why it cannot be done, or None."""
        self._turn.flush_booths()
        if not store_work.printer(self._turn.connection, item.booth).online:
            return f"the booth {item.booth} is offline"
        self._command(item.booth, IdentifyCommand(), print_queue.IDENTIFY_EXPIRES_S, None)
        return None

    # --- rows ------------------------------------------------------------------------------------------

    def _save(self, job: Job, begun: bool = False) -> None:
        """Write a job. Of two that a booth claims to have, the one whose card is begun holds the printer."""
        turn = self._turn
        if job.state == "processing":
            other = store_work.processing(turn.connection, job.booth)
            if other is not None and other.job != job.job:
                if begun:
                    store_work.save_job(turn.connection, replace(other, state="pending", why=print_queue.BEHIND))
                else:
                    job = replace(job, state="pending", why=print_queue.BEHIND)
        store_work.save_job(turn.connection, job)
        self._seen(job)

    def _seen(self, job: Job) -> None:
        self._turn.printers.add(job.booth)
        self._turn.effects.changed.add("print")
        self._turn.touch(job.booth)

    def _card(self, job: Job, change: PrintChanged) -> None:
        row = {
            "job": job.job,
            "attempt": change.attempt,
            "booth": job.booth,
            "outcome": change.state.value,
            "cause": change.cause,
            "counter_before": change.counter_before,
            "counter_after": change.counter_after,
            "at": self._turn.at,
        }
        store_work.add_card(self._turn.connection, row)

    def _print_body(self, job: Job) -> PrintCommand:
        return PrintCommand(
            job=job.job,
            enrolment=job.enrolment,
            attempt=job.attempt,
            created=datetime.fromtimestamp(job.created, UTC),
            panels=self._turn.settings.panels(job.job, job.nik, job.attempt),
        )

    def _command(
        self, booth: str, body: PrintCommand | SettleCommand | IdentifyCommand, lasts: float, job: Job | None
    ) -> None:
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
        store_work.add_command(
            turn.connection,
            {
                "id": command.id,
                "booth": booth,
                "kind": body.kind,
                "job": job.job if job else None,
                "attempt": job.attempt if job else None,
                "payload": text,
                "issued": turn.at,
                "expires": expires,
                "outcome": None,
                "reason": "",
                "answered": None,
            },
        )
        self._publish(command.id, booth, text)

    def _publish(self, name: str, booth: str, text: str) -> None:
        self._sent[name] = self._turn.now
        self.published = True
        topic = topics.of(booth, topics.COMMAND)
        self._turn.effects.publishes.append(
            Publish(topic, text.encode(), topics.COMMAND.qos, topics.COMMAND.retain)
        )

    def _give_up(self, command: store_work.OpenCommand) -> None:
        turn = self._turn
        store_work.close_command(turn.connection, command.id, _UNANSWERED, print_queue.NO_ANSWER, turn.at)
        self._sent.pop(command.id, None)
        job = store_work.job(turn.connection, command.job) if command.job else None
        if job is None:
            return
        if command.kind == "print":
            self._save(print_queue.unanswered(job, command.attempt, turn.at))
        elif job.state == "processing-stopped":
            self._save(replace(job, why=print_queue.NO_ANSWER))
