"""What the power page tells beside its diagram: the energy left, what may still start, and the genset's sequence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from central.console import sentences_power
from central.console.plant import Reading, has_genset
from central.console.remedies import translated
from central.console.texts import Language, text
from central.console.words import lasting, number, short_time
from central.core.views import BoothView, GensetView
from contract.messages import GensetPhase, Supply

Weight = Literal["calm", "attention", "problem", "unknown"]

LOW_S: Final = 600.0
"""Runtime below which the figure is drawn as a problem while nothing else carries the booth."""

STEPS: Final = (
    GensetPhase.START_DELAY, GensetPhase.CRANKING, GensetPhase.WARMING, GensetPhase.TRANSFERRING, GensetPhase.LOADED,
    GensetPhase.RETURNING, GensetPhase.TRANSFERRING_BACK, GensetPhase.COOLING, GensetPhase.STOPPING,
)  # fmt: skip
"""The sequence as it is drawn; a rest belongs to the cranks."""

_CARRIED: Final = frozenset({Supply.ON_MAINS, Supply.ON_GENSET, Supply.MAINS_RETURNING})


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a recording or a print may start, why not, and when it is expected to."""

    key: str
    allowed: bool | None
    why: str
    expected: str
    need: str


@dataclass(frozen=True, slots=True)
class Energy:
    """The battery's energy at the present load. `figure` is empty when it is not known."""

    figure: str
    unit: str
    basis: str
    confidence: str
    weight: Weight
    stale: bool
    heard: str
    may: tuple[Admission, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of the genset; `note` explains it."""

    label: str
    value: str
    note: str = ""
    weight: Weight = "calm"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the sequence."""

    words: str
    state: Literal["before", "now", "after"]


@dataclass(frozen=True, slots=True)
class Genset:
    """The genset's panel."""

    phase: str
    weight: Weight
    since: datetime | None
    verified: bool | None
    """None: it does not matter now, for it stands still."""
    cause: str
    old: str
    """`lost since 14:03` when the genset's controller is not heard; empty otherwise."""
    steps: tuple[Step, ...]
    fuel_pct: float | None
    rows: tuple[Row, ...]


def energy(language: Language, booth: BoothView, now: datetime, stale_s: float) -> Energy:
    """How long the battery would last, and what may still start on it."""
    read = Reading(language, booth, now, stale_s)
    seconds = read.number("energy.seconds")
    carried = booth.supply in _CARRIED
    figure, unit = "", ""
    if seconds is not None and seconds >= 0:
        hours = seconds >= 5940
        figure = number(language, seconds / 3600, 1) if hours else number(language, seconds // 60)
        unit = text(language, "energy.hours" if hours else "energy.minutes")
    weight: Weight = "unknown" if not figure or not read.fresh else "calm"
    if figure and read.fresh and not carried:
        weight = "problem" if seconds is not None and seconds < LOW_S else "attention"
    sure = read.number("energy.confidence")
    confidence = text(language, "energy.confidence.unknown")
    if sure is not None:
        word = "high" if sure >= 0.75 else "medium" if sure >= 0.45 else "low"
        confidence = text(language, "energy.confidence", word=text(language, f"confidence.{word}"), n=round(sure * 100))
    if_out = "energy.if-stalled" if booth.supply is Supply.ON_GENSET else "energy.if-out"
    basis = text(language, if_out if carried else "energy.at-load")
    age = read.number("energy.age_s") or 0.0
    at = booth.figures_at - timedelta(seconds=age) if booth.figures_at else None
    old = not read.fresh or age > stale_s
    heard = text(language, "quality.heard", time=short_time(language, at, now)) if old and at else ""
    may = tuple(_admission(read, job) for job in ("record", "print"))
    return Energy(figure, unit, basis, confidence, weight, old, heard, may)


def _admission(read: Reading, job: str) -> Admission:
    why = read.booth.figures.get(f"may.{job}")
    need_s, need_w = read.number(f"need.{job}_s"), read.number(f"need.{job}_w")
    need = ""
    if need_s is not None and need_w is not None:
        need = read.say("may.need", time=lasting(read.language, need_s), watts=number(read.language, need_w))
    if not isinstance(why, str) or not read.fresh:
        return Admission(job, None, "", "", need)
    if not why:
        return Admission(job, True, "", "", need)
    wait = read.number(f"may.{job}_in_s")
    expected = read.say("may.unexpected")
    if wait is not None and read.booth.figures_at is not None:
        at = read.booth.figures_at + timedelta(seconds=wait)
        expected = read.say("may.expected", time=short_time(read.language, at, read.now))
    return Admission(job, False, translated(read.language, why), expected, need)


def genset(
    language: Language, booth: BoothView, told: GensetView | None, now: datetime, stale_s: float
) -> Genset | None:
    """The genset's panel, None for a booth without one."""
    if told is None and not has_genset(booth):
        return None
    read = Reading(language, booth, now, stale_s)
    phase = told.phase if told else None
    attempts = read.number("genset.attempts")
    words = text(language, "unknown")
    if told is not None:
        words = sentences_power.phase(language, told.phase, told.attempt, int(attempts) if attempts else None)
    idle = phase in (None, GensetPhase.STOPPED, GensetPhase.START_DELAY, GensetPhase.FAILED)
    turning = phase not in (GensetPhase.CRANKING, GensetPhase.RESTING, GensetPhase.STOPPING) and not idle
    verified = (read.truth("genset.verified") or bool(told and told.verified)) if turning else None
    trust, old = read.trust("genset")
    weight: Weight = "problem" if phase is GensetPhase.FAILED else "attention" if verified is False else "calm"
    if phase is None or trust != "good":
        weight = "unknown"
    fuel = read.number("genset.fuel_pct")
    if fuel is None and told is not None:
        fuel = told.fuel_pct
    return Genset(
        phase=words,
        weight=weight,
        since=told.since if told else None,
        verified=verified,
        cause=translated(language, told.cause) if told else "",
        old=old,
        steps=_steps(language, phase),
        fuel_pct=fuel,
        rows=tuple(_rows(read, told, fuel)),
    )


def _steps(language: Language, phase: GensetPhase | None) -> tuple[Step, ...]:
    """The sequence with the step that it is at; none when it stands still, failed, or only exercises."""
    if phase is GensetPhase.RESTING:
        phase = GensetPhase.CRANKING
    if phase not in STEPS:
        return ()
    at = STEPS.index(phase)
    return tuple(
        Step(text(language, f"step.{step}"), "now" if place == at else "before" if place < at else "after")
        for place, step in enumerate(STEPS)
    )


def _rows(read: Reading, told: GensetView | None, fuel: float | None) -> list[Row]:
    say, language = read.say, read.language

    def weight(alarm: str) -> Weight:
        return read.weight(f"genset.{alarm}")

    def first(name: str, told_value: float | None) -> float | None:
        value = read.number(name)
        return told_value if value is None else value

    hours = first("genset.fuel_hours", told.fuel_hours if told else None)
    run = first("genset.run_hours", told.run_hours if told else None)
    service = first("genset.service_hours", told.service_hours if told else None)
    exercise = read.number("genset.exercise_due_h")
    none = say("genset.unmeasured")
    lasts = "" if hours is None else say("genset.hours", n=number(language, hours, 1))
    rows = [
        Row(say("genset.fuel"), none if fuel is None else f"{number(language, fuel)} %", lasts, weight("fuel-low")),
        Row(say("genset.run-hours"), none if run is None else f"{number(language, run, 1)} {say('unit.h')}"),
        Row(say("genset.service"), none if service is None else _service(read, service), "", weight("service-due")),
        Row(say("genset.starter"), read.shown("genset.battery_v", "V", 1) or none, "", weight("battery-weak")),
        Row(say("genset.exercise"), none if exercise is None else _exercise(read, exercise)),
    ]
    volts, hertz = read.shown("genset.volts", "V"), read.shown("genset.hertz", "Hz", 1)
    output = " · ".join(filter(None, (volts, hertz)))
    rows.append(Row(say("genset.output"), output or none, "", weight("out-of-band")))
    for key, name, unit, alarm in (
        ("genset.rpm", "genset.rpm", "rpm", ""),
        ("genset.oil", "genset.oil_kpa", "kPa", "oil-low"),
        ("genset.coolant", "genset.coolant_c", "°C", "too-hot"),
    ):
        shown = read.shown(name, unit)
        if shown:
            rows.append(Row(say(key), shown, "", weight(alarm)))
    mode = read.word("genset.mode")
    if mode:
        rows.append(Row(say("genset.mode"), mode.upper(), "", weight("not-automatic")))
    return rows


def _service(read: Reading, hours: float) -> str:
    key = "genset.service.over" if hours < 0 else "genset.service.in"
    return read.say(key, n=number(read.language, abs(hours)))


def _exercise(read: Reading, hours: float) -> str:
    if hours <= 0:
        return read.say("genset.exercise.now")
    return read.say("genset.exercise.in", time=lasting(read.language, hours * 3600))
