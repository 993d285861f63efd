"""Runs one scenario on one bench: time passes, things are done to it, and what it did is judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hardware.rig.scenario.file import Scenario, load
from hardware.rig.scenario.measure import Moment, Seen
from hardware.rig.scenario.stage import Moved, Stage, Told
from hardware.rig.scenario.verdict import Verdict, judge

#: How long (s) after its end a booth may still deliver what it has told.
DRAIN_S = 15.0


@dataclass(frozen=True, slots=True)
class Done:
    """One thing of the timeline that was done."""

    at: float
    do: str
    answer: str


@dataclass(frozen=True, slots=True)
class Run:
    """A run and its verdict."""

    name: str
    scenario: Scenario
    bench: str
    seen: Seen
    done: tuple[Done, ...]
    verdict: Verdict
    versions: dict[str, str]

    def timeline(self) -> list[Done | Told | Moved]:
        """Everything that was done, told and moved, in order of time."""
        everything: list[Done | Told | Moved] = [*self.done, *self.seen.end.facts.moves, *self.seen.told]
        return sorted(everything, key=lambda one: one.at)


def run(name: str, scenario: Scenario, stage: Stage) -> Run:
    """Run and judge; the bench is taken down whatever happens."""
    try:
        stage.start(scenario.plan)
        seen, done = _play(scenario, stage)
        versions = dict(stage.versions())
    finally:
        stage.close()
    return Run(name, scenario, stage.name, seen, tuple(done), judge(scenario, seen), versions)


def run_file(path: Path, make: Callable[[], Stage]) -> Run:
    """Run a file on a fresh bench. Raises ScenarioError for a file that is none."""
    return run(path.stem, load(path), make())


def _play(scenario: Scenario, stage: Stage) -> tuple[Seen, list[Done]]:
    acts = list(scenario.at)
    looks = {each.at_s for each in scenario.expect if each.at_s is not None}
    moments: dict[float, Moment] = {}
    done: list[Done] = []
    for at in sorted({act.s for act in acts} | looks):
        stage.run_until(at)
        if at in looks:
            # Looked at just before what is done at the same second.
            moments[at] = Moment(dict(stage.telemetry()), stage.facts())
        for act in acts:
            if act.s == at:
                done.append(Done(stage.now, act.do, stage.act(act.do)))
    end = scenario.scenario.lasts
    stage.run_until(end)
    last = Moment(dict(stage.telemetry()), stage.facts())
    while not stage.drained() and stage.now < end + DRAIN_S:
        stage.run_until(stage.now + 0.5)
    return Seen(tuple(stage.told()), last, moments, stage.drained()), done
