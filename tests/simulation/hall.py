"""The hall of a simulated front desk: who comes for what, how long things take, and the booth's settings there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from contract.desk import Precedence, Service
from contract.messages import Modality
from edge.core.settings import DeskSettings, Settings

#: Share of each service, and the median duration (s) of what is done for it.
MIX: Final[dict[Service, tuple[float, float]]] = {
    Service.NEW: (0.40, 0.0),
    Service.LOST: (0.15, 150.0),
    Service.DAMAGED: (0.10, 140.0),
    Service.CHANGE: (0.15, 190.0),
    Service.PICKUP: (0.20, 50.0),
}
#: Median time (s) until the applicant sits right, or has placed the hand.
CAPTURE_S: Final[dict[Modality, float]] = {
    Modality.PHOTO: 22.0,
    Modality.SIGNATURE: 18.0,
    Modality.RIGHT_FOUR: 24.0,
    Modality.LEFT_FOUR: 24.0,
    Modality.THUMBS: 20.0,
    Modality.IRIS: 30.0,
}
BAD_CAPTURE: Final = 0.12
NO_SHOW: Final = 0.04
COMES_BACK: Final = 0.5
OPENS: Final = datetime(2026, 11, 24, 1, 0, tzinfo=UTC).timestamp()
HOUR: Final = 3_600.0
APPLICANTS: Final = 200


def settings() -> Settings:
    """One booth with both desks, that records on mains only."""
    return Settings(
        booth="b1",
        epoch="aa11bb22cc33",
        kinds={"face": "sbi", "tickets": "escpos", "printer": "evolis", "ups": "megatec"},
        ups="ups",
        capture_devices=dict.fromkeys(Modality, "face"),
        printer="printer",
        desk=DeskSettings(printer="tickets", capacity=400, service_s=_expected()),
    )


def _expected() -> dict[Service, float]:
    """What a head of service would write into the booth file: round figures."""
    return {
        Service.NEW: 240.0,
        Service.LOST: 180.0,
        Service.DAMAGED: 180.0,
        Service.CHANGE: 240.0,
        Service.PICKUP: 60.0,
    }


@dataclass
class Person:
    """One applicant, who knows the number on the paper (or on the screen), and what was said."""

    serial: int
    service: Service
    precedence: Precedence
    ticket: str = ""
    paper: bool = False
    called: int = 0
    away: bool = False
    """Is not in the hall when called."""
    end: str = ""


class Broken(AssertionError):  # noqa: N818 - a rule of the desk, not an error of the program
    """A rule of the desk does not hold."""
