"""What the pages draw from the coordinator's views: the one-line diagram, live figures, order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, Final, Literal, TypeGuard

from central.console.texts import Language, text
from central.console.words import number
from central.core.views import BoothView, DeviceView, PrintJobView, TimelineEntry
from contract.messages import DeviceState, Supply

FIGURES: Final = (
    ("battery.charge", "figure.charge", "%", 0),
    ("ups.load", "figure.load", "%", 0),
    ("input.voltage", "figure.input", "V", 0),
    ("output.voltage", "figure.output", "V", 0),
    ("battery.voltage", "figure.voltage", "V", 1),
    ("input.frequency", "figure.frequency", "Hz", 1),
    ("ups.temperature", "figure.temperature", "°C", 0),
)
"""NUT's name, key of the label, unit, digits."""


def figures(language: Language, booth: BoothView) -> list[tuple[str, str]]:
    """Label and value with unit of the figures that the booth sends; one that it could not read is `not known`."""
    rows = []
    for name, label, unit, digits in FIGURES:
        if name in booth.figures:
            value = booth.figures[name]
            words = number(language, value, digits)
            rows.append((text(language, label), f"{words} {unit}" if is_number(value) else words))
    runtime = booth.figures.get("battery.runtime")
    if is_number(runtime):
        rows.append((text(language, "figure.runtime"), text(language, "figure.minutes", n=int(runtime // 60))))
    return rows


def figure(language: Language, booth: BoothView, name: str, unit: str) -> str:
    """One figure with its unit, or an empty text when the booth does not know it."""
    value = booth.figures.get(name)
    return f"{number(language, value)} {unit}" if is_number(value) else ""


def is_number(value: Any) -> TypeGuard[int | float]:
    """Whether a telemetry value is a figure."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value


@dataclass(frozen=True, slots=True)
class Diagram:
    """Parts of the one-line diagram: True powered, False not, None not known."""

    mains: bool | None
    ups: bool | None
    load: bool | None
    battery: bool
    """The load is fed by the battery."""
    genset: bool = False
    """The genset stands in the place of the mains."""


def diagram(booth: BoothView) -> Diagram:
    """What is powered, from the fused supply; of an offline booth nothing is known."""
    if not booth.online or booth.supply is Supply.UNKNOWN:
        return Diagram(None, None, None, False)
    ups = next(
        (device.state is not DeviceState.LOST for device in booth.devices if device.kind in ("megatec", "upsd")), None
    )
    if booth.supply is Supply.OFF:
        return Diagram(False, None, False, False)
    mains = booth.supply in (Supply.ON_MAINS, Supply.MAINS_RETURNING)
    genset = booth.supply is Supply.ON_GENSET
    return Diagram(mains, True if ups else None, True, not mains and not genset, genset)


_SUPPLIES: Final[dict[Supply, str]] = {
    Supply.ON_MAINS: "good",
    Supply.ON_GENSET: "busy",
    Supply.MAINS_RETURNING: "busy",
    Supply.SHUTTING_DOWN: "problem",
    Supply.OFF: "problem",
    Supply.UNKNOWN: "unknown",
}


def supply_weight(booth: BoothView) -> str:
    """How the supply is drawn; of a booth that is not heard it is not known, unless it told that it goes off."""
    if not booth.online and not booth.off:
        return "unknown"
    return _SUPPLIES.get(booth.supply, "attention")


def minutes_left(booth: BoothView) -> int | None:
    """Minutes that the battery would last at the present load; None when it is not known."""
    seconds = booth.figures.get("energy.seconds")
    return int(seconds // 60) if is_number(seconds) else None


def printer(booth: BoothView) -> DeviceView | None:
    """The booth's card printer."""
    return next((device for device in booth.devices if device.kind == "evolis"), None)


_SEVERITY: Final = {DeviceState.LOST: 0, DeviceState.FAULT: 1, DeviceState.OK: 2}


def by_severity(devices: Iterable[DeviceView]) -> list[DeviceView]:
    """Devices, the worst first, then by name."""
    return sorted(devices, key=lambda device: (_SEVERITY[device.state], device.name))


_WORST: Final = {"problem": 0, "attention": 1, "good": 2}


def worst_first(booths: Iterable[BoothView]) -> list[BoothView]:
    """Booths, those that need a person first, then by name."""
    return sorted(booths, key=lambda booth: (_WORST[booth.worst], booth.name, booth.id))


def newest(told: Iterable[Iterable[TimelineEntry]], limit: int) -> list[TimelineEntry]:
    """The latest events of several booths."""
    return sorted(chain.from_iterable(told), key=lambda entry: (entry.time, entry.seq), reverse=True)[:limit]


_STATES: Final = {"processing-stopped": 0, "processing": 1, "pending": 2}


def by_need(jobs: Iterable[PrintJobView]) -> list[PrintJobView]:
    """Jobs that wait for a person, then printing, then waiting by due time, then the ended, latest first."""

    def place(job: PrintJobView) -> tuple[int, float, float]:
        state = _STATES.get(job.state, 3)
        return (state, -job.changed.timestamp(), 0.0) if state == 3 else (state, job.due.timestamp(), 0.0)

    return sorted(jobs, key=place)


JobWeight = Literal["problem", "attention", "good", "busy", "ended"]


def job_weight(job: PrintJobView, now: datetime) -> JobWeight:
    """How a job's state is drawn; a job that waits beyond its due time needs attention."""
    if job.state == "processing-stopped":
        return "problem"
    if job.state == "aborted":
        return "attention"
    if job.state in ("pending", "processing"):
        return "attention" if job.due < now else "busy" if job.state == "processing" else "good"
    return "ended"


def encoding_weight(state: str) -> JobWeight:
    """How an enrolment's state at the centre is drawn."""
    if "FAILURE" in state or state in ("DUPLICATE_RECORD", "ADJUDICATE_RECORD", "REQUEST_VALIDATION"):
        return "attention"
    return "ended" if state == "PRINT_READY_RECORD" else "busy"


def beginning(payload: bytes, limit: int = 240) -> str:
    """The first bytes of a payload as text that no control character can disturb."""
    words = payload[:limit].decode("utf-8", errors="replace")
    shown = "".join(sign if sign.isprintable() else "·" for sign in words)
    return shown + ("…" if len(payload) > limit else "")
