"""What happens in one run: arrivals and faults, made from a seed or by hypothesis."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

from hardware.rig.memory.store import Crash, Moment

#: Every fault that may happen at a time, with the longest time it lasts (seconds).
TIMED = {
    "kill": 2.0,
    "blackout": 8.0,
    "outage": 30.0,
    "partition": 20.0,
    "broker": 3.0,
    "coordinator": 5.0,
    "centre-down": 20.0,
    "centre-wrong": 10.0,
    "unplug ups": 8.0,
    "unplug scanner": 8.0,
    "unplug pad": 8.0,
    "unplug printer": 8.0,
    "unplug finger": 8.0,
    "garbage ups": 5.0,
    "garbage printer": 2.0,
    "slow": 10.0,
    "jam": 15.0,
    "feeder-empty": 10.0,
    "cover-open": 10.0,
    "finger-low": 0.0,
    "finger-drop": 0.0,
    "forged": 0.0,
    "replay": 0.0,
    "door": 1.0,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of the surroundings from `at` for `lasts` seconds of virtual time."""

    at: float
    kind: str
    lasts: float


@dataclass(frozen=True, slots=True)
class Plan:
    """One run, whole."""

    seed: int
    arrivals: tuple[float, ...] = (0.5,)
    booth_crashes: tuple[Crash, ...] = ()
    coordinator_crashes: tuple[Crash, ...] = ()
    faults: tuple[Fault, ...] = ()
    blanks: int = 50

    def without_faults(self) -> Plan:
        """The same day with nothing going wrong."""
        return replace(self, booth_crashes=(), coordinator_crashes=(), faults=())


@dataclass
class Dice:
    """Chooses a plan from a seed."""

    seed: int
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def plan(self) -> Plan:
        """Mostly one applicant and a few crashes; sometimes a crowd, sometimes a storm of faults."""
        chance = self.chance
        people = chance.choices((1, 2, 3), (8, 3, 1))[0]
        arrivals = tuple(0.5 + 4.0 * n * chance.random() for n in range(people))
        crashes = tuple(self._crash(45 * people) for _ in range(chance.choices((0, 1, 2, 4), (1, 5, 3, 1))[0]))
        central = tuple(self._crash(30 * people) for _ in range(chance.choices((0, 1, 2), (3, 2, 1))[0]))
        faults = tuple(self._fault(20.0 * people) for _ in range(chance.choices((0, 1, 2, 4), (2, 3, 2, 1))[0]))
        return Plan(self.seed, arrivals, crashes, central, faults)

    def _crash(self, commits: int) -> Crash:
        moment: Moment = "before" if self.chance.random() < 0.5 else "after"
        return Crash(self.chance.randint(1, commits), moment, self.chance.uniform(0.1, 4.0), self.chance.random() < 0.4)

    def _fault(self, span: float) -> Fault:
        kind = self.chance.choice((*sorted(TIMED), "kill", "blackout", "blackout"))
        return Fault(self.chance.uniform(0.5, span), kind, TIMED[kind] * self.chance.uniform(0.05, 1.0))
