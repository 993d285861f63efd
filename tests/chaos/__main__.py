"""`make chaos`: random SIGKILLs over booth, coordinator and broker during real traffic; then everything is counted.

    python -m tests.chaos [--kills 100] [--seed N] [--broker embedded|mosquitto|both] [--prune-on-puback]

Prints the seed, a line for each kill, and at last the verdict. Exit code 0 only when nothing was lost or doubled.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import get_args

from tests.chaos.people import Hall, Technician, Trouble
from tests.chaos.programs import wait_until
from tests.chaos.site import Broker, Site, SiteError
from tests.chaos.verdict import Verdict, judge
from tests.chaos.witness import Witness

#: Seconds between two kills. A program is up again after 1..3 s, so some kills meet one that has just started.
GAP_S = (0.3, 2.2)
#: This part of the kills waits until events arrive again, so that they meet real traffic; but not for ever.
IN_TRAFFIC = 0.6
TRAFFIC_S = 8.0
DOWN_S = (0.0, 1.0)
#: After this part of the coordinator's deaths the broker follows while the coordinator is still away.
PAIRS = 0.35
PAIR_GAP_S = (0.3, 1.0)
DRAIN_S = 90.0
#: A forgetful booth has no way to drain what it forgot.
FORGETFUL_DRAIN_S = 6.0
#: Quiet for so long after the last work: what comes late would be seen.
QUIET_S = 2.0


class Killer:
    """Chooses victims; every choice follows from the seed (what it meets in the programs does not)."""

    def __init__(self, site: Site, seed: int, kills: int, label: str, pairs: float) -> None:
        """`pairs`: part of the coordinator's deaths that the broker follows; 1: it begins with such a pair."""
        self._site = site
        self._chance = random.Random(f"{seed}/{label}")
        self._kills = kills
        self._label = label
        self._pairs = pairs
        self._next: str | None = "coordinator" if pairs == 1 else None
        self.dead = dict.fromkeys(site.programs, 0)

    def run(self) -> None:
        """All kills, one after the other."""
        for number in range(1, self._kills + 1):
            gap = self._chance.uniform(*(PAIR_GAP_S if self._next else GAP_S))
            if self._next is None and self._chance.random() < IN_TRAFFIC:
                before = self._site.heard()
                wait_until(lambda: self._site.heard() > before, TRAFFIC_S, self._site.tend)  # noqa: B023
            wait_until(lambda: False, gap, self._site.tend)
            self._strike(number)

    def _strike(self, number: int) -> None:
        victim = self._next or self._chance.choice(sorted(self._site.programs))
        pair, down = self._chance.random() < self._pairs, self._chance.uniform(*DOWN_S)
        self._next = "broker" if victim == "coordinator" and pair else None
        program = self._site.programs[victim]
        if not wait_until(lambda: program.alive, 10.0, self._site.tend):
            raise SiteError(f"{victim} does not come back; the end of its log:\n{program.tail()}")
        printing = ", a card moves" if self._site.printer_busy() else ""
        pid = program.kill(down + (PAIR_GAP_S[1] if self._next else 0.0))
        self.dead[victim] += 1
        cards = len(self._site.bench.printer.tray)
        say(
            f"{self._label} kill {number}/{self._kills}: {victim} (process {pid}), again in {down:.2f} s; "
            f"{self._site.heard()} events, {cards} cards{printing}"
        )


def chaos(folder: Path, broker: Broker, kills: int, seed: int, forgetful: bool) -> Verdict:
    """One run with one broker. Raises SiteError when the programs do not come up."""
    site = Site(folder, broker, "tests.chaos.forgetful_booth" if forgetful else "edge")
    witness = Witness(site.ports["broker"])
    hall, trouble, technician = Hall(site, seed), Trouble(site, seed), Technician(site)
    drained = False
    left: list[str] = []
    try:
        site.start()
        witness.start()
        for people in (hall, trouble, technician):
            people.start()
        killer = Killer(site, seed, kills, broker, 1 if forgetful else PAIRS)
        killer.run()
        say(f"{broker}: no more kills ({', '.join(f'{name} {n}' for name, n in killer.dead.items())}); draining")
        hall.arrivals = False
        trouble.end()
        drained = wait_until(lambda: drain(site), FORGETFUL_DRAIN_S if forgetful else DRAIN_S, site.tend)
        left = [] if drained else site.open_work()
        hall.end()
        technician.end()
    finally:
        seen = witness.end()
        late = site.close()
    verdict = judge(site, seen)
    verdict.problems += [f"not drained: {item}" for item in left]
    verdict.problems += [f"{name} did not end on SIGTERM" for name in late]
    for name, program in site.programs.items():
        if program.unasked:
            verdict.problems.append(f"{name} ended by itself {program.unasked} times:\n{program.tail()}")
    say(
        f"{broker}: {hall.arrived} applicants, {trouble.cuts} power cuts while printing, "
        f"{technician.settled} uncertain cards looked up"
    )
    return verdict


def drain(site: Site) -> bool:
    """Whether everything has come to its end, and stays so."""
    if site.open_work():
        return False
    before = site.heard()
    quiet = not wait_until(lambda: site.heard() != before, QUIET_S, site.tend)
    return quiet and not site.open_work()


def say(text: str) -> None:
    """A line of progress."""
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def main() -> int:
    """0: all is well; 1: something was lost, doubled or left over; 2: the run could not be made."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100, help="how many in all (100)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="of all choices")
    parser.add_argument("--broker", choices=[*get_args(Broker), "both"], default="both")
    parser.add_argument("--prune-on-puback", action="store_true", help="a booth that is wrong on purpose: must lose")
    parser.add_argument("--keep", action="store_true", help="keep the folder with databases and logs")
    given = parser.parse_args()
    brokers: list[Broker] = ["embedded", "mosquitto"] if given.broker == "both" else [given.broker]
    print(f"seed {given.seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="loket-chaos-"))
    total = Verdict()
    try:
        for index, broker in enumerate(brokers):
            kills = given.kills // len(brokers) + (index < given.kills % len(brokers))
            total = total.add(chaos(folder / broker, broker, kills, given.seed, given.prune_on_puback))
    except SiteError as error:
        print(error, file=sys.stderr)
        return 2
    for problem in total.problems:
        print(problem)
    if total.good and not given.keep:
        shutil.rmtree(folder)
    else:
        print(f"databases and logs: {folder}")
    print(f"seed {given.seed}")
    print(total.line())
    return 0 if total.good else 1


if __name__ == "__main__":
    sys.exit(main())
