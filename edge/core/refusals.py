"""Why the booth does not do what was asked: one code per reason, its figures, and its English sentence.

The screen has each sentence in Indonesian too; events and logs carry the English one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

#: Code -> English sentence. `{name}` stands for a figure.
SENTENCES: Final[dict[str, str]] = {
    # documents
    "not-a-card": "not a family card: expected KK and NIK, for example KK:3526010101100001;NIK:3526014101900001",
    "kk-length": "the KK number has {digits} digits, not 16",
    "nik-length": "the NIK has {digits} digits, not 16",
    "nik-date": "the NIK's birth date {date} cannot be (day, month, year; a woman's day is +40)",
    "nik-province": "the NIK's province 00 does not exist",
    "nik-serial": "the NIK's serial 0000 does not exist",
    "already-here": "the NIK ending in {end} is already waiting at this booth",
    "bench-full": "{limit} applicants are waiting already",
    # work that waits
    "outbox-full": "{events} events wait for the coordinator: restore the link first",
    "packets-full": "{packets} packets wait for the coordinator: restore the link first",
    "no-energy": "{why}",
    # tickets
    "no-desk": "this booth gives no tickets",
    "closed": "the front office is closed: it opens at {opens}",
    "day-full": "all {capacity} numbers of today are given",
    "no-ticket": "there is no such ticket today",
    "wrong-state": "the ticket {number} is {state}",
    "no-one-waiting": "nobody is waiting",
    "area-full": "{limit} applicants are in the recording area already",
    "no-ticket-printer": "this booth has no ticket printer",
    "recording-runs": "the recording of {number} is under way: finish or cancel it first",
    "not-given": "this booth does not give this service",
    "paper-known": "the paper of {number} is settled already",
    # recording
    "no-enrolment": "there is no such enrolment at this booth",
    "no-family-card": "scan the family card of {number} first",
    "another-recording": "the recording of another applicant is under way",
    "not-recording": "no recording is under way",
    "capturing": "a capture is under way: wait for its end, or stop it",
    "not-capturing": "no capture is under way",
    "nik-waits": "the centre is being asked about this NIK: a few seconds",
    "enrolled": "the centre has this NIK enrolled already: no recording is needed",
    "duplicate": "the centre has this person under another NIK: {why}",
    "unknown-nik": "the centre does not know this NIK: check the family card, or go on with a reason",
    "attempts-left": "{left} of {attempts} attempts are left: try again first",
    "nothing-captured": "nothing was captured: try again, or note an exception",
    "attempts-used": "all {attempts} attempts are used: go on with a reason, or note an exception",
    "no-such-part": "{subtype} is no part of {modality}",
    "is-officer": "a finger of this applicant is that of the officer {officer}: nobody records a colleague's finger",
    "needs-reason": "give a reason",
    "device-trouble": "{device}: {error}",
    # people
    "not-signed-in": "sign in first",
    "wrong-pin": "the name or the PIN is wrong",
    "locked": "too many wrong PINs: wait {seconds} s",
    "finger-unknown": "this finger is nobody's",
    "finger-trouble": "{error}",
    "no-finger-device": "this booth has no finger reader",
    "no-card": "there is no such card in the basket",
    "needs-name": "write who takes the card",
    "halted": "the booth is shutting down",
    "unknown": "this cannot be done",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason: its code in `SENTENCES` and the figures that the sentence names."""

    code: str
    figures: dict[str, str | int | float] = field(default_factory=dict)

    def __str__(self) -> str:
        return SENTENCES[self.code].format(**self.figures)


def refuse(code: str, **figures: str | int | float) -> Refusal:
    """A refusal with its figures. Raises KeyError for a code that has no sentence."""
    SENTENCES[code]
    return Refusal(code, figures)
