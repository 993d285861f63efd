"""The centre's word about an applicant's NIK: when it is asked again, and whether a recording may be sent after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from contract.desk import Standing

#: For so long the answer is of use to the booth.
ANSWER_EXPIRES_S: Final = 600.0
#: Enrolments whose question is under way at the same time.
CALLS: Final = 4

_SAID: Final[dict[Standing, str]] = {
    Standing.ENROLLED: "the centre says that this NIK is enrolled already",
    Standing.DUPLICATE: "the centre says that the person of this NIK is enrolled under another one",
    Standing.UNKNOWN: "the centre does not know this NIK, and no officer has given a reason to go on",
}


@dataclass(frozen=True, slots=True)
class Question:
    """One applicant's NIK. `answered` None: not yet; `went_on`: why an officer recorded against an answer."""

    enrolment: str
    booth: str
    nik: str
    standing: str
    reason: str
    answered: float | None
    tries: int
    next_try: float | None
    checked: str
    went_on: str


@dataclass(frozen=True, slots=True)
class NikAnswer:
    """What came of asking. `error`: ask again."""

    standing: Standing = Standing.UNASKED
    reason: str = ""
    error: str = ""


def refusal(standing: Standing, reason: str, checked: str = "", went_on: str = "") -> str:
    """Why a recording is not sent to the centre; empty when it is.

    Only for an unknown NIK an officer's reason counts: a new resident may not have reached the centre's register yet.
    """
    said = _SAID.get(standing)
    if said is None:
        return ""
    if standing is Standing.UNKNOWN and checked == Standing.UNKNOWN.value and went_on.strip():
        return ""
    return f"{said}{': ' + reason if reason else ''}; nothing was sent"[:500]
