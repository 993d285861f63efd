"""One applicant's recording as it is remembered: what was taken, what is excepted, what comes next. Plain rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from contract.desk import ExceptionKind, Standing
from contract.messages import Modality
from edge.core.settings import Settings

_RIGHT = tuple(f"Right {name}Finger" for name in ("Index", "Middle", "Ring", "Little"))
_LEFT = tuple(f"Left {name}Finger" for name in ("Index", "Middle", "Ring", "Little"))

#: What a modality consists of, by SBI's bioSubType (MOSIP SBI 0.9.5); a face and a signature have no parts.
PARTS: Final[Mapping[Modality, tuple[str, ...]]] = {
    Modality.RIGHT_FOUR: _RIGHT,
    Modality.LEFT_FOUR: _LEFT,
    Modality.THUMBS: ("Left Thumb", "Right Thumb"),
    Modality.IRIS: ("Left", "Right"),
}


class Stage(StrEnum):
    """Where an enrolment is at the booth."""

    WAITING = "waiting"
    RECORDING = "recording"
    ASSEMBLING = "assembling"


@dataclass(frozen=True, slots=True)
class Taken:
    """One sealed capture; its bytes are the blob `<enrolment>/<name>`. `reason`: why a poor one was accepted."""

    name: str
    modality: Modality
    attempt: int
    quality: dict[str, float]
    sha256: str
    nfiq2: dict[str, int] = field(default_factory=dict)
    reason: str = ""

    @property
    def worst(self) -> float:
        """Quality of the worst sample: each finger is judged by itself."""
        return min(self.quality.values(), default=0.0)


@dataclass(frozen=True, slots=True)
class Excepted:
    """A finger or an eye that is not recorded."""

    modality: Modality
    subtype: str
    kind: ExceptionKind
    permanent: bool


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One applicant. `tries` are the captures of the present modality that stayed below its threshold."""

    id: str
    order: int
    nik: str
    kk: str
    stage: Stage = Stage.WAITING
    done: tuple[Taken, ...] = ()
    tries: tuple[Taken, ...] = ()
    attempt: int = 0
    """Number of the last try of the present modality that was begun."""
    spare: tuple[str, ...] = ()
    """Names of attempts that are not the best of theirs: kept until the packet is put together."""
    exceptions: tuple[Excepted, ...] = ()
    ticket: str = ""
    standing: Standing = Standing.UNASKED
    standing_reason: str = ""
    hashes: dict[str, str] = field(default_factory=dict)
    """The SBI hash chain: the last hash of each device."""
    barred: str = ""
    """The officer whose finger was found among the applicant's: nothing more is captured."""


@dataclass(frozen=True, slots=True)
class Counter:
    """How many enrolments this booth has opened since its database was made."""

    opened: int = 0


@dataclass(frozen=True, slots=True)
class Busy:
    """A capture under way; a device that has not answered by `until` has failed."""

    enrolment: str
    modality: Modality
    device: str
    transaction: str
    until: float
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the last try brought nothing."""

    modality: Modality
    error: str
    remedy: str


@dataclass(frozen=True, slots=True)
class State:
    """Rows `enrolment/<id>` and `counter`, the capture under way, and what went wrong last."""

    saved: Mapping[str, Enrolment | Counter] = field(default_factory=dict)
    busy: Busy | None = None
    trouble: Trouble | None = None
    opened_at: Mapping[str, float] = field(default_factory=dict)
    """When enrolments were opened in this run."""
    sure_until: float = float("-inf")
    """Until then a second press of the stop button ends the recording for good."""


def enrolments(state: State) -> list[Enrolment]:
    """All applicants at the booth, in the order of their scanning."""
    return sorted((row for row in state.saved.values() if isinstance(row, Enrolment)), key=lambda row: row.order)


def find(state: State, enrolment: str) -> Enrolment | None:
    """The enrolment of this id, if it is at the booth."""
    row = state.saved.get(f"enrolment/{enrolment}")
    return row if isinstance(row, Enrolment) else None


def recording(state: State) -> Enrolment | None:
    """The applicant whose recording has begun."""
    for row in state.saved.values():
        if isinstance(row, Enrolment) and row.stage is Stage.RECORDING:
            return row
    return None


def waiting(state: State) -> int:
    """Applicants whose recording has not begun."""
    return sum(row.stage is Stage.WAITING for row in state.saved.values() if isinstance(row, Enrolment))


def parts(row: Enrolment, modality: Modality) -> tuple[str, ...]:
    """Fingers or eyes of a modality that are to be recorded."""
    gone = {one.subtype for one in row.exceptions if one.modality is modality}
    return tuple(part for part in PARTS.get(modality, ()) if part not in gone)


def excepted(row: Enrolment, modality: Modality) -> bool:
    """Whether nothing of the modality can be recorded."""
    return modality in PARTS and not parts(row, modality)


def present(row: Enrolment, settings: Settings) -> Modality | None:
    """The modality that is recorded next; None: all are. A photo of what is excepted comes last."""
    done = {taken.modality for taken in row.done}
    order = settings.order + ((Modality.EXCEPTION_PHOTO,) if row.exceptions else ())
    return next((one for one in order if one not in done and not excepted(row, one)), None)


def attempts(modality: Modality, settings: Settings) -> int:
    """Captures that may stay below the threshold before a person must say how it goes on."""
    return settings.attempts_of.get(modality, settings.attempts)


def limit_s(modality: Modality, settings: Settings) -> float:
    """How long the device may try, in seconds."""
    return settings.capture_s_of.get(modality, settings.capture_s)


def threshold(modality: Modality, settings: Settings) -> int:
    """The device's score that each part must reach."""
    return settings.thresholds.get(modality, 0)


def device(modality: Modality, settings: Settings) -> str:
    """Which device takes it; an exception's photo is taken by the camera of the photo, or by whatever has none."""
    if modality is Modality.EXCEPTION_PHOTO and modality not in settings.capture_devices:
        return settings.capture_devices.get(Modality.PHOTO) or next(iter(settings.capture_devices.values()))
    return settings.capture_devices[modality]


def low(taken: Taken, settings: Settings) -> list[str]:
    """Parts below a threshold, with the figure that shows it."""
    least, nfiq2 = threshold(taken.modality, settings), settings.nfiq2.get(taken.modality, 0)
    found = [f"{part} {quality:g}" for part, quality in taken.quality.items() if quality < least]
    return found + [f"{part} NFIQ2 {score}" for part, score in taken.nfiq2.items() if score < nfiq2]


def good(taken: Taken, settings: Settings) -> bool:
    """Each part by itself reaches each threshold; an average hides a bad finger among good ones."""
    return bool(taken.quality) and not low(taken, settings)


def margin(taken: Taken, settings: Settings) -> float:
    """How far the worst part is from its threshold (0..100 scales): what makes one attempt better than another."""
    least, nfiq2 = threshold(taken.modality, settings), settings.nfiq2.get(taken.modality, 0)
    scores = [quality - least for quality in taken.quality.values()] or [float(-least)]
    if nfiq2:
        scores += [score - nfiq2 for score in taken.nfiq2.values()]
    return min(scores)
