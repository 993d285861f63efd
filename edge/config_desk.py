"""The tables of a booth file for people: `[desk]`, `[recording]`, `[screen]`, `[speaker]`, `[officers]`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, field_validator, model_validator

from contract.desk import Service
from contract.messages import Modality
from edge.config_base import MisfitError, Table
from edge.core.actions import Desk as Place
from edge.core.settings import DEFAULT_ORDER, DeskSettings

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK: Final = re.compile(r"^([01][0-9]|2[0-4])[:.]([0-5][0-9])$")
_DATE: Final = re.compile(r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")

Score = Annotated[int, Field(ge=0, le=100)]
Tries = Annotated[int, Field(ge=1, le=10)]
CaptureTime = Annotated[float, Field(gt=0, le=120)]


class Recording(Table):
    """How applicants are recorded. Thresholds 0..100 per modality; times in seconds.

    `attempts_of`, `capture_s_of`: what is other for single modalities. `nfiq2`: what each finger must reach, too.
    """

    order: Annotated[tuple[Modality, ...], Field(min_length=1)] = DEFAULT_ORDER
    thresholds: dict[Modality, Score] = Field(default_factory=dict)
    nfiq2: dict[Modality, Score] = Field(default_factory=dict)
    attempts: Tries = 3
    attempts_of: dict[Modality, Tries] = Field(default_factory=dict)
    capture_s: CaptureTime = 10.0
    capture_s_of: dict[Modality, CaptureTime] = Field(default_factory=dict)

    @field_validator("order")
    @classmethod
    def _once(cls, order: tuple[Modality, ...]) -> tuple[Modality, ...]:
        if len(set(order)) != len(order):
            raise MisfitError("a modality stands twice in the order", "Name each modality once")
        if Modality.EXCEPTION_PHOTO in order:
            raise MisfitError(
                "the photo of an exception has no place in the order",
                "Leave it out: it is taken last, where there is an exception",
            )
        return order


class Desk(Table):
    """The front desk: numbers, calls, hours. `services`: what is given, each with the letter of its numbers.

    `opens`, `closes` as HH:MM of the local clock; from `closes` on no number is given. `holidays` as YYYY-MM-DD.
    """

    title: Annotated[str, Field(max_length=42)] = ""
    services: Annotated[dict[Service, str], Field(min_length=1)] = Field(
        default_factory=lambda: dict(zip(Service, ("A", "B", "C", "D", "E"), strict=True))
    )
    recording_place: Annotated[str, Field(min_length=1, max_length=20)] = "1"
    front_place: Annotated[str, Field(min_length=1, max_length=20)] = "2"
    capacity: Annotated[int, Field(ge=1, le=999)] = 200
    opens: str = "08:00"
    closes: str = "15:00"
    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ("mon", "tue", "wed", "thu", "fri")
    holidays: tuple[str, ...] = ()
    utc_offset_h: Annotated[float, Field(ge=-12, le=14)] = 7.0
    area: Annotated[int, Field(ge=1, le=20)] = 3
    priority_share: Annotated[int, Field(ge=1, le=20)] = 2
    status_url: str = ""
    service_minutes: dict[Service, Annotated[float, Field(gt=0, le=120)]] = Field(default_factory=dict)
    outage_minutes: Annotated[float, Field(gt=0, le=600)] = 30.0

    @field_validator("services")
    @classmethod
    def _letters(cls, services: dict[Service, str]) -> dict[Service, str]:
        for service, letter in services.items():
            if not re.fullmatch(r"[A-Z]", letter):
                raise MisfitError(f"{letter!r} is no letter", 'Write one capital letter, such as "A"', service.value)
        if len(set(services.values())) != len(services):
            raise MisfitError("two services have the same letter", "Give each service a letter of its own")
        return services

    @field_validator("opens", "closes")
    @classmethod
    def _clock(cls, text: str) -> str:
        if not _CLOCK.match(text):
            raise MisfitError("not a time of day", 'Write "08:00"')
        return text

    @field_validator("holidays")
    @classmethod
    def _dates(cls, days: tuple[str, ...]) -> tuple[str, ...]:
        for day in days:
            if not _DATE.match(day):
                raise MisfitError(f"{day!r} is no date", 'Write "2026-12-25"')
        return days

    @field_validator("status_url")
    @classmethod
    def _address(cls, url: str) -> str:
        if url and not re.match(r"^https?://[^\s]+/$", url):
            raise MisfitError(
                "not the beginning of an address", 'Write "https://host/status/": the ticket\'s id follows it'
            )
        return url

    @model_validator(mode="after")
    def _opens_first(self) -> Desk:
        if hours(self.opens) >= hours(self.closes):
            raise MisfitError("it closes before it opens", "Write closes later than opens", "closes")
        return self

    def settings(self, printer: str | None) -> DeskSettings:
        """What the decisions need to know. `printer`: the ticket printer's name."""
        usual = DeskSettings()
        minutes = {service: 60.0 * given for service, given in self.service_minutes.items()}
        return DeskSettings(
            printer=printer,
            letters=self.services,
            places={Place.RECORDING: self.recording_place, Place.FRONT: self.front_place},
            capacity=self.capacity,
            opens_h=hours(self.opens),
            closes_h=hours(self.closes),
            days=frozenset(_DAYS.index(day) for day in self.days),
            holidays=frozenset(self.holidays),
            utc_offset_h=self.utc_offset_h,
            area=self.area,
            priority_share=self.priority_share,
            title=self.title,
            status_url=self.status_url,
            service_s={**usual.service_s, **minutes},
            outage_s=60.0 * self.outage_minutes,
        )


def hours(text: str) -> float:
    """`08:30` as 8.5."""
    whole, _, part = text.replace(".", ":").partition(":")
    return int(whole) + int(part) / 60


class Screen(Table):
    """The booth's own screen. Reached from other machines only where officers sign in."""

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8090
    language: Literal["id", "en"] = "id"


class Speaker(Table):
    """The loudspeaker. `alsa`: aplay, on `device` (empty: the default one; `aplay -L` lists them).

    `folder`: one WAV file a call (relative: from the booth file's folder). `clips`: recorded words as WAV files; what
    has no clip is spoken by espeak-ng.
    """

    output: Literal["alsa", "folder", "none"] = "alsa"
    device: str = ""
    folder: Path = Path("calls")
    clips: Path | None = None
    languages: Annotated[tuple[Literal["id", "en"], ...], Field(min_length=1)] = ("id",)

    def placed(self, folder: Path) -> Speaker:
        """The same with its paths taken from the booth file's folder."""
        clips = folder / self.clips if self.clips is not None else None
        return self.model_copy(update={"folder": folder / self.folder, "clips": clips})


class Officers(Table):
    """Those who may record. `match`: from this Bozorth3 score a finger counts as an officer's.

    NIST's usual 40 is for one comparison; a recording compares ten fingers with every officer's.
    """

    match: Annotated[int, Field(ge=10, le=400)] = 70
    required: bool = True
    """Whether the booth's buttons do anything before an officer has signed in, once one is registered."""
