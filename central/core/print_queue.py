"""The print queue's rules: which job goes to a booth's printer next, and how the booth's words move a job.

    pending -> processing -> completed
       ^           |  \\---> processing-stopped   (uncertain: waits for a person)
       \\----------/  refused, no answer, or spoiled (then with the next attempt)

States are IPP's. A job keeps its id through every retry; `attempt` grows only after a spoiled card, so that the booth
can tell a repeated command from a new card. Moments are seconds since 1970 (UTC).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from contract.messages import FORGOTTEN, PrintChanged, PrintState

JobState = Literal["pending", "processing", "processing-stopped", "completed", "canceled", "aborted"]

#: A refused job is offered again after 5 s, 10 s, 20 s ... at most 5 minutes.
REFUSED_FIRST_S = 5.0
REFUSED_MOST_S = 300.0

#: How long a print command may be carried out after it was given.
PRINT_EXPIRES_S = 600.0
#: A person's word about a job stays true for long.
SETTLE_EXPIRES_S = 86_400.0
IDENTIFY_EXPIRES_S = 30.0
#: An unanswered command is published again after this time.
RESEND_S = 10.0

SPOILED = "the last card was spoiled"
NO_ANSWER = "the booth did not answer in time"
UNCERTAIN = "nobody knows whether the card was printed: a person must look"
ORPHANED = "the booth's memory was replaced while it had this job: a person must look"
BEHIND = "the booth has another job in its printer"


@dataclass(frozen=True, slots=True)
class Job:
    """One card that shall be printed. `orphaned`: the booth that had it has lost its journal."""

    job: str
    enrolment: str
    booth: str
    nik: str
    state: JobState
    attempt: int
    due: float
    created: float
    changed: float
    not_before: float = 0.0
    refusals: int = 0
    orphaned: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Printer:
    """What must be true of a booth before a job is sent to it."""

    online: bool
    state: str | None
    """Health of the card printer; None: the booth has told of none."""
    busy: str | None
    """Job in processing there."""
    off: bool = False
    """It has told that it goes off until the mains return."""
    may_not: str = ""
    """Why the booth itself begins no card now, as it last told; for people, since the booth decides again."""


def job_id(enrolment: str) -> str:
    """The one print job of an enrolment."""
    return f"job-{enrolment}"


def created(enrolment: str, booth: str, nik: str, at: float, promise_s: float) -> Job:
    """A new job. `promise_s`: the service promise, counted from now."""
    return Job(job_id(enrolment), enrolment, booth, nik, "pending", 1, at + promise_s, at, at)


def blocked(printer: Printer) -> str:
    """Why no job can be sent to this booth now; empty when one can."""
    if printer.off:
        return "the booth is off until the mains return"
    if not printer.online:
        return "the booth is offline"
    if printer.state is None:
        return "the booth has told of no card printer"
    if printer.state != "ok":
        return "the card printer needs a person" if printer.state == "fault" else "the card printer does not answer"
    if printer.busy is not None:
        return "the card printer is busy"
    return ""


def why(job: Job, printer: Printer, at: float) -> str:
    """Why the job is not printed now, for people."""
    if job.state != "pending":
        return job.why
    told = blocked(printer)
    if told:
        return told
    if printer.may_not:
        return printer.may_not
    if job.not_before > at:
        return job.why or "waits before the next try"
    return "waits for its turn"


def sent(job: Job, at: float) -> Job:
    """The job goes to its booth."""
    return replace(job, state="processing", changed=at, why="")


def moved(job: Job, change: PrintChanged, at: float) -> Job:
    """What the booth said about the job. Its words are the truth, except about attempts that are over."""
    if job.state in ("completed", "canceled", "aborted"):
        return job
    decided = change.state in (PrintState.PRINTED, PrintState.UNCERTAIN)
    if change.attempt < job.attempt and not decided:
        return job
    job = replace(job, attempt=change.attempt, changed=at, not_before=0.0, refusals=0, orphaned=False, why="")
    match change.state:
        case PrintState.ACCEPTED | PrintState.PRINTING:
            return replace(job, state="processing", why=change.cause)
        case PrintState.PRINTED:
            return replace(job, state="completed")
        case PrintState.SPOILED:
            cause = f"{SPOILED}: {change.cause}" if change.cause else SPOILED
            return replace(job, state="pending", attempt=change.attempt + 1, why=cause)
        case PrintState.UNCERTAIN:
            return replace(job, state="processing-stopped", why=change.cause or UNCERTAIN)


def refused(job: Job, attempt: int | None, reason: str, at: float) -> Job:
    """The booth did not take the job: it waits and is offered again, unless the booth may have printed it before."""
    if job.state != "processing" or attempt != job.attempt:
        return job
    if reason == FORGOTTEN:
        return replace(job, state="processing-stopped", orphaned=True, changed=at, why=reason)
    wait = min(REFUSED_MOST_S, REFUSED_FIRST_S * 2.0 ** min(job.refusals, 10))
    return replace(
        job, state="pending", changed=at, not_before=at + wait, refusals=job.refusals + 1, why=reason
    )


def unanswered(job: Job, attempt: int | None, at: float) -> Job:
    """The command's time is over without an answer: the same attempt is sent again when the booth is there."""
    if job.state != "processing" or attempt != job.attempt:
        return job
    return replace(job, state="pending", changed=at, why=NO_ANSWER)


def orphan(job: Job, at: float) -> Job:
    """The booth that had the job has a new memory: only a person can say what became of the card."""
    if job.state not in ("processing", "processing-stopped"):
        return job
    return replace(job, state="processing-stopped", orphaned=True, changed=at, why=ORPHANED)


def settled_here(job: Job, found: Literal["printed", "spoiled", "not-begun"], at: float) -> Job:
    """A person's word about an orphaned job: the booth knows nothing of it.

    What is to be printed now is made now: a booth refuses what is older than it remembers.
    """
    job = replace(job, created=at)
    state = {"printed": PrintState.PRINTED, "spoiled": PrintState.SPOILED}.get(found)
    if state is None:
        return replace(job, state="pending", orphaned=False, changed=at, not_before=0.0, why="")
    return moved(job, PrintChanged(job=job.job, attempt=job.attempt, state=state), at)
