"""Print jobs of one turn: created, sent, answered, settled by a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from central.adapters import store_work
from central.core import print_queue
from central.core.encoding import Encoding
from central.core.items import Settle
from central.core.print_queue import Job
from central.deciding.commands import UNANSWERED, Commands
from central.deciding.turn import Turn
from contract.messages import (
    CommandDone,
    Outcome,
    PrintChanged,
    PrintCommand,
    PrintState,
    SettleCommand,
)


class Printing:
    """The print queue."""

    def __init__(self, turn: Turn, commands: Commands) -> None:
        self._turn = turn
        self._commands = commands

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
        known = self._commands.answered(booth, body)
        if known is None:
            return
        kind, name, attempt, before = known
        if body.outcome is Outcome.DONE or before == UNANSWERED or name is None:
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
                self._commands.give(booth, self._print_body(job), print_queue.PRINT_EXPIRES_S, job=job)
        turn.printers.clear()

    def given_up(self, command: store_work.OpenCommand) -> None:
        """A command's time is over without an answer."""
        turn = self._turn
        job = store_work.job(turn.connection, command.job) if command.job else None
        if job is None:
            return
        if command.kind == "print":
            self._save(print_queue.unanswered(job, command.attempt, turn.at))
        elif job.state == "processing-stopped":
            self._save(replace(job, why=print_queue.NO_ANSWER))

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
        self._commands.give(job.booth, body, print_queue.SETTLE_EXPIRES_S, person=body.person, job=job)
        self._save(replace(job, changed=turn.at, why=f"{item.person[:100]} found: {item.found}; the booth is told"))
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
