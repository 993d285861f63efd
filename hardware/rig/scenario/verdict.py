"""The verdict on a run: the scenario's own expectations, and the rules that hold in every scenario."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from contract.messages import Supply
from hardware.rig.scenario.file import Scenario
from hardware.rig.scenario.measure import Measurement, Seen, begun, count, measure, supplies
from hardware.rig.scenario.stage import PLANT

#: Added to the UPS's own delay before a booth without power counts as left in the dark (s).
DARK_GRACE_S = 20.0

#: A supply that is told was so within this time (s) before.
TRUE_S = 1.5

#: Supplies on which a card may be begun at all; on battery only with the energy for it.
_CARRIED = (Supply.ON_MAINS, Supply.ON_GENSET, Supply.MAINS_RETURNING)
_NEVER = (Supply.UNKNOWN, Supply.SHUTTING_DOWN, Supply.OFF)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Every line of the table: first the scenario's own, then the rules."""

    expected: tuple[Measurement, ...]
    rules: tuple[Measurement, ...]

    @property
    def failed(self) -> list[Measurement]:
        """Lines that did not hold."""
        return [line for line in (*self.expected, *self.rules) if not line.held]

    @property
    def held(self) -> bool:
        """Whether all did."""
        return not self.failed

    def line(self) -> str:
        """`HELD`, or what failed."""
        if self.held:
            return "HELD"
        return "FAILED: " + "; ".join(f"{one.what}: {one.measured}, wanted {one.limit}" for one in self.failed)


def judge(scenario: Scenario, seen: Seen) -> Verdict:
    """Hold everything against what was seen."""
    return Verdict(tuple(measure(each, seen) for each in scenario.expect), tuple(rules(scenario, seen)))


def rules(scenario: Scenario, seen: Seen) -> list[Measurement]:
    """What holds in every scenario that does not break it on purpose."""
    permits, facts = scenario.scenario.permits, seen.end.facts
    lines = [_order(seen), _drained(seen), _no_repeats(seen), _parallel(seen), _energy(scenario, seen)]
    if "untrue" not in permits:
        lines.append(_truth(seen))
    if "dark" not in permits:
        lines += _dark(scenario, seen)
    if "cut_in_print" not in permits:
        lines.append(_none("cards inside when the printer's power failed", facts.cut_in_print))
        if not any(each.count == "cards_spoiled" for each in scenario.expect):
            lines.append(_none("cards spoiled", facts.cards_spoiled))
    if "uncertain" not in permits:
        lines.append(_none("cards that a person must look at", count("uncertain", seen)))
    return lines


def _none(what: str, number: float) -> Measurement:
    return Measurement(what, "none", f"{number:g}", number == 0)


def _order(seen: Seen) -> Measurement:
    numbers = [one.seq for one in seen.told]
    gaps = [b for a, b in itertools.pairwise(numbers) if b != a + 1]
    return Measurement("every event, once and in order", "no gap", f"{len(numbers)} events, {len(gaps)} gaps", not gaps)


def _drained(seen: Seen) -> Measurement:
    return Measurement("everything delivered", "yes", "yes" if seen.drained else "no", seen.drained)


def _no_repeats(seen: Seen) -> Measurement:
    found = supplies(seen.told)
    twice = [a for a, b in itertools.pairwise(found) if a == b]
    return Measurement("no supply told twice in a row", "none", ", ".join(twice) or "none", not twice)


def _truth(seen: Seen) -> Measurement:
    """`ON_MAINS` is told only of mains that are there, `ON_GENSET` only of an ATS that is on the genset."""
    wrong = []
    for one in seen.told:
        if one.kind != "supply.changed" or one.body["supply"] not in (Supply.ON_MAINS, Supply.ON_GENSET):
            continue
        what, wanted = ("mains", "good") if one.body["supply"] == Supply.ON_MAINS else ("ats", "genset")
        # What was so at any time just before the telling was true when it was measured.
        if not _was(seen, what, wanted, one.at - TRUE_S, one.at):
            wrong.append(f"{one.body['supply']} at {one.at:.1f} s")
    return Measurement("supplies told that were not so", "none", ", ".join(wrong) or "none", not wrong)


def _was(seen: Seen, what: str, wanted: str, start: float, end: float) -> bool:
    """Whether the plant's `what` was `wanted` at any moment from start to end; at 0 s it stands on good mains."""
    state = {"mains": "good", "ats": "mains"}[what]
    for move in seen.end.facts.moves:
        if move.what != what or move.at > end:
            continue
        if state == wanted and move.at >= start:
            return True
        state = move.how
    return state == wanted


def _parallel(seen: Seen) -> Measurement:
    return _none("genset and mains joined", seen.end.facts.connected_against_mains)


def _energy(scenario: Scenario, seen: Seen) -> Measurement:
    """On battery a card may be begun only by a printer that hangs on the UPS; whether the energy sufficed is a fact."""
    good = {*_CARRIED} if scenario.booth.printer == "mains" else {*Supply} - {*_NEVER}
    bad = [
        f"{one.body['job']} while {supply} at {one.at:.1f} s" for one, supply in begun(seen.told) if supply not in good
    ]
    return Measurement("cards begun without supply", "none", ", ".join(bad) or "none", not bad)


def _dark(scenario: Scenario, seen: Seen) -> list[Measurement]:
    facts = seen.end.facts
    energy = scenario.booth.power.get("energy", {})
    limit = 60.0 * float(energy.get("back_min", 1)) + scenario.booth.plant.get("boot_s", PLANT["boot_s"]) + DARK_GRACE_S
    lines = [
        Measurement(
            "seconds dark on good mains",
            f"at most {limit:g}",
            f"{facts.dark_on_mains_s:.1f}",
            facts.dark_on_mains_s <= limit,
        )
    ]
    if facts.mains_good:
        up = "powered and running" if facts.powered and facts.running else "dark"
        lines.append(Measurement("the booth at the end, on good mains", "powered and running", up, up != "dark"))
    return lines
