"""What the power events of the timeline say: dips, the genset, shed loads, the shutdown, UPS tests and alarms."""

from __future__ import annotations

from typing import Final, Literal

from central.console import alarms
from central.console.remedies import translated
from central.console.texts import Language, known, text
from central.console.words import number, within
from contract.messages import (
    AlarmChanged,
    AlarmState,
    GensetChanged,
    GensetPhase,
    LoadShed,
    MainsDipped,
    Priority,
    Quality,
    ShutdownChanged,
    Supply,
    SupplyChanged,
    UpsTested,
)

Weight = Literal["problem", "attention", "normal"]
PowerEvent = MainsDipped | GensetChanged | LoadShed | ShutdownChanged | UpsTested | AlarmChanged

_SUPPLIES: Final[dict[Supply, Weight]] = {
    Supply.ON_MAINS: "normal",
    Supply.ON_GENSET: "normal",
    Supply.MAINS_RETURNING: "normal",
    Supply.SHUTTING_DOWN: "problem",
    Supply.OFF: "problem",
}
_RUNNING: Final = frozenset(
    {GensetPhase.WARMING, GensetPhase.TRANSFERRING, GensetPhase.LOADED, GensetPhase.RETURNING, GensetPhase.EXERCISING}
)


def say(language: Language, body: PowerEvent) -> tuple[list[str], Weight]:
    """What happened and what else is known of it, and how much it matters."""
    match body:
        case MainsDipped():
            lowest = text(language, "say.mains.lowest", n=number(language, body.lowest_v)) if body.lowest_v else ""
            return [text(language, "say.mains.dipped", seconds=number(language, body.seconds, 2)), lowest], "normal"
        case GensetChanged():
            return _genset(language, body)
        case LoadShed():
            key = "say.shed.n" if body.stage else "say.shed.0"
            said = text(language, key, stage=body.stage)
            return [said, translated(language, body.cause)], "attention" if body.stage else "normal"
        case ShutdownChanged():
            said = text(language, f"say.shutdown.{body.stage}")
            weight: Weight = "normal" if body.stage == "cancelled" else "problem"
            return [said, translated(language, body.cause)], weight
        case UpsTested():
            word = "broken-off" if body.passed is None else "passed" if body.passed else "failed"
            said = text(language, f"say.ups.{word}")
            return [said, translated(language, body.cause)], "attention" if body.passed is False else "normal"
        case AlarmChanged():
            return _alarm(language, body)


def _genset(language: Language, body: GensetChanged) -> tuple[list[str], Weight]:
    said = text(language, "say.genset", phase=within(phase(language, body.phase, body.attempt)))
    doubt = "" if body.verified or body.phase not in _RUNNING else text(language, "say.genset.unverified")
    weight: Weight = "problem" if body.phase is GensetPhase.FAILED else "attention" if doubt else "normal"
    return [said, doubt, translated(language, body.cause)], weight


def _alarm(language: Language, body: AlarmChanged) -> tuple[list[str], Weight]:
    priority = text(language, f"priority.{body.priority}")
    shown = priority.lower() if language == "id" else priority
    said = text(language, f"say.alarm.{body.state}", priority=shown, name=alarms.name(language, body.alarm))
    if body.state is not AlarmState.UNACKNOWLEDGED:
        return [said, text(language, "alarms.by", person=body.person) if body.person else "", body.reason], "normal"
    cause = alarms.cause(language, body.alarm, body.figures, body.cause)
    serious = body.priority in (Priority.CRITICAL, Priority.HIGH)
    return [said, cause], "problem" if serious else "attention" if body.priority is Priority.MEDIUM else "normal"


def phase(language: Language, now: GensetPhase, attempt: int, attempts: int | None = None) -> str:
    """A phase of the genset's sequence in plain words, with the crank's number."""
    if now is GensetPhase.CRANKING and attempt:
        if attempts:
            return text(language, "phase.cranking.of", n=attempt, all=attempts)
        return text(language, "phase.cranking.n", n=attempt)
    return text(language, f"phase.{now}")


def supply(language: Language, body: SupplyChanged) -> tuple[str, Weight]:
    """The fused state with the figures that came with it; none that the UPS did not give."""
    figures = []
    for key, value in (("charge", body.charge_pct), ("load", body.load_pct), ("input", body.input_v)):
        if value is not None:
            figures.append(text(language, f"say.supply.{key}", n=number(language, value)))
    if body.runtime_s is not None and body.supply is not Supply.ON_MAINS:
        figures.append(text(language, "say.supply.runtime", n=number(language, body.runtime_s // 60)))
    if body.mains_contact is True and body.supply is Supply.ON_BATTERY:
        figures.append(text(language, "say.supply.contact.on"))
    if body.mains_contact is False and body.supply is Supply.ON_MAINS:
        figures.append(text(language, "say.supply.contact.off"))
    for source, quality in body.sources.items():
        if quality is not Quality.GOOD:
            word = known(language, f"word.{source}", source)
            believed = text(language, f"quality.{quality}")
            figures.append(text(language, "say.supply.source", source=word, quality=believed))
    said = text(language, f"say.supply.{body.supply}")
    if figures:
        said = f"{said} ({', '.join(figures)})"
    return said, _SUPPLIES.get(body.supply, "attention")
