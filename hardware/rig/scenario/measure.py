"""Holds one expectation against what a bench saw, and gives what was measured beside its limit."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contract.messages import PrintState, Supply
from hardware.rig.scenario.file import Expect
from hardware.rig.scenario.stage import Facts, Told


@dataclass(frozen=True, slots=True)
class Measurement:
    """One line of the table: what must hold, its limit, what was measured."""

    what: str
    limit: str
    measured: str
    held: bool


@dataclass(frozen=True, slots=True)
class Moment:
    """What stood at one moment."""

    telemetry: Mapping[str, Any]
    facts: Facts


@dataclass(frozen=True, slots=True)
class Seen:
    """All that a run gave. `moments`: at the seconds that expectations name; `end`: at the verdict."""

    told: Sequence[Told]
    end: Moment
    moments: Mapping[float, Moment] = field(default_factory=dict)
    drained: bool = True


def measure(expect: Expect, seen: Seen) -> Measurement:
    """The expectation's line."""
    return _MEASURES[expect.subject](expect, seen)


def supplies(told: Sequence[Told]) -> list[str]:
    """The supplies that were told, in order."""
    return [str(one.body["supply"]) for one in told if one.kind == "supply.changed"]


def phases(told: Sequence[Told]) -> list[str]:
    """The genset's phases, in order, without repetitions of one in a row."""
    found: list[str] = []
    for one in told:
        if one.kind == "genset.changed" and found[-1:] != [one.body["phase"]]:
            found.append(str(one.body["phase"]))
    return found


def begun(told: Sequence[Told]) -> list[tuple[Told, str]]:
    """Each begin of a card, with the supply as last told."""
    supply, found = Supply.ON_MAINS.value, []
    for one in told:
        if one.kind == "supply.changed":
            supply = str(one.body["supply"])
        elif one.kind == "print.changed" and one.body["state"] == PrintState.PRINTING:
            found.append((one, supply))
    return found


def count(name: str, seen: Seen) -> float:
    """A number of `Facts`, or one made of the events."""
    told = seen.told

    def prints(state: PrintState) -> int:
        return sum(one.kind == "print.changed" and one.body["state"] == state for one in told)

    made: dict[str, Callable[[], int]] = {
        "dips": lambda: sum(one.kind == "mains.dipped" for one in told),
        "outages": lambda: sum(one == Supply.ON_BATTERY for one in supplies(told)),
        "supply_changes": lambda: len(supplies(told)),
        "prints_begun": lambda: prints(PrintState.PRINTING),
        "printed": lambda: prints(PrintState.PRINTED),
        "spoiled": lambda: prints(PrintState.SPOILED),
        "uncertain": lambda: prints(PrintState.UNCERTAIN),
        "recorded": lambda: sum(one.kind == "enrolment.completed" for one in told),
        "sheds": lambda: sum(one.kind == "load.shed" and one.body["stage"] > 0 for one in told),
    }
    if name in made:
        return made[name]()
    return float(getattr(seen.end.facts, name))


def _in_order(wanted: Sequence[str], found: Sequence[str]) -> bool:
    rest = iter(found)
    return all(any(one == each for each in rest) for one in wanted)


def _sequence(what: str, wanted: Sequence[str], found: list[str], exactly: bool) -> Measurement:
    held = list(wanted) == found if exactly else _in_order(wanted, found)
    limit = ("exactly " if exactly else "in this order ") + " > ".join(wanted)
    return Measurement(what, limit, " > ".join(found) or "nothing", held)


def _supply(expect: Expect, seen: Seen) -> Measurement:
    assert expect.supply is not None
    wanted = [each.value for each in expect.supply]
    return _sequence("supply goes", wanted, supplies(seen.told), expect.exactly)


def _genset(expect: Expect, seen: Seen) -> Measurement:
    assert expect.genset is not None
    return _sequence("genset goes", [each.value for each in expect.genset], phases(seen.told), expect.exactly)


def _last(what: str, wanted: str, found: list[str], before: str) -> Measurement:
    last = found[-1] if found else before
    return Measurement(what, wanted, last, last == wanted)


def _alarm(expect: Expect, seen: Seen) -> Measurement:
    moves = [one for one in seen.told if one.kind == "alarm.changed" and one.body["alarm"] == expect.alarm]
    raised = [one for one in moves if one.body["active"]]
    first = next((one for one in raised if _between(one, expect) and _fits(one, expect)), None)
    held, limit = first is not None, "rises"
    if expect.by_s is not None:
        limit += f" by {expect.by_s:g} s"
    if expect.after_s is not None:
        limit += f" after {expect.after_s:g} s"
    measured = "never rose" if not raised else ", ".join(f"rose at {one.at:.1f} s" for one in raised[:3])
    if expect.ends is not None:
        active = bool(moves and moves[-1].body["active"])
        held = held and active is not expect.ends
        limit += ", and is over at the end" if expect.ends else ", and holds at the end"
        measured += ", holds at the end" if active else ", is over at the end"
    return Measurement(f"alarm {expect.alarm}", limit, measured, held)


def _only_alarms(expect: Expect, seen: Seen) -> Measurement:
    assert expect.only_alarms is not None
    rose = {str(one.body["alarm"]) for one in seen.told if one.kind == "alarm.changed" and one.body["active"]}
    strange = sorted(rose - set(expect.only_alarms))
    limit = "no other than " + ", ".join(expect.only_alarms) if expect.only_alarms else "none"
    return Measurement("alarms", limit, ", ".join(sorted(rose)) or "none", not strange)


def _count(expect: Expect, seen: Seen) -> Measurement:
    assert expect.count is not None
    return _limits(expect.count.replace("_", " "), count(expect.count, seen), expect)


def _fact(expect: Expect, seen: Seen) -> Measurement:
    assert expect.fact is not None
    moment, when = _moment(expect, seen)
    return _limits(f"in truth: {expect.fact.replace('_', ' ')}{when}", getattr(moment.facts, expect.fact), expect)


def _telemetry(expect: Expect, seen: Seen) -> Measurement:
    assert expect.telemetry is not None
    moment, when = _moment(expect, seen)
    return _limits(f"told live: {expect.telemetry}{when}", moment.telemetry.get(expect.telemetry), expect)


def _moment(expect: Expect, seen: Seen) -> tuple[Moment, str]:
    if expect.at_s is None:
        return seen.end, ""
    return seen.moments[expect.at_s], f" at {expect.at_s:g} s"


def _limits(what: str, value: Any, expect: Expect) -> Measurement:
    held, limits = True, []
    number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    if expect.equals is not None:
        limits.append(f"is {_plain(expect.equals)}")
        held = held and value == expect.equals
    if expect.at_least is not None:
        limits.append(f"at least {expect.at_least:g}")
        held = held and number is not None and number >= expect.at_least
    if expect.at_most is not None:
        limits.append(f"at most {expect.at_most:g}")
        held = held and number is not None and number <= expect.at_most
    if expect.contains:
        limits.append(f"holds {expect.contains!r}")
        held = held and expect.contains in str(value)
    return Measurement(what, ", ".join(limits), _plain(value), held)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float | int):
        return f"{value:.6g}"
    return "not known" if value is None else str(value)


def _between(one: Told, expect: Expect) -> bool:
    low = expect.after_s if expect.after_s is not None else float("-inf")
    return low <= one.at <= (expect.by_s if expect.by_s is not None else float("inf"))


def _fits(one: Told, expect: Expect) -> bool:
    same = all(one.body.get(key) == value for key, value in expect.where.items())
    return same and expect.contains in json.dumps(dict(one.body), default=str, ensure_ascii=False)


def _told(expect: Expect, seen: Seen) -> Measurement:
    kind = expect.told or expect.not_told
    found = [one for one in seen.told if one.kind == kind and _between(one, expect) and _fits(one, expect)]
    parts = [f"{key} {_plain(value)}" for key, value in expect.where.items()]
    parts += [repr(expect.contains)] if expect.contains else []
    parts += [f"after {expect.after_s:g} s"] if expect.after_s is not None else []
    parts += [f"by {expect.by_s:g} s"] if expect.by_s is not None else []
    measured = ", ".join(f"{one.at:.1f} s" for one in found[:4]) or "never"
    wanted = expect.told is not None
    if expect.not_told is not None:
        return Measurement(f"never told {kind} {', '.join(parts)}", "never", measured, not found)
    held, limit = bool(found), "at least once"
    if expect.equals is not None or expect.at_least is not None or expect.at_most is not None:
        line = _limits("", len(found), expect.model_copy(update={"contains": ""}))
        held, limit = line.held, f"times {line.limit}"
    return Measurement(f"told {kind} {', '.join(parts)}", limit, measured, held and wanted)


def _no_print_while(expect: Expect, seen: Seen) -> Measurement:
    bad = [one for one, supply in begun(seen.told) if supply == expect.no_print_while]
    measured = ", ".join(f"{one.body['job']} at {one.at:.1f} s" for one in bad) or "none"
    return Measurement(f"cards begun while {expect.no_print_while}", "none", measured, not bad)


_MEASURES: dict[str, Callable[[Expect, Seen], Measurement]] = {
    "supply": _supply,
    "genset": _genset,
    "final": lambda expect, seen: _last("supply at the end", str(expect.final), supplies(seen.told), "ON_MAINS"),
    "final_genset": lambda expect, seen: _last(
        "genset at the end", str(expect.final_genset), phases(seen.told), "stopped"
    ),
    "alarm": _alarm,
    "only_alarms": _only_alarms,
    "count": _count,
    "fact": _fact,
    "telemetry": _telemetry,
    "told": _told,
    "not_told": _told,
    "no_print_while": _no_print_while,
}
