"""Many days in virtual time: `python -m tests.simulation [--runs N] [--seed FIRST] [--jobs N]`, or `--one SEED`.

Exits non-zero when an invariant fails; every failing seed is printed with the command that repeats it.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from hardware.rig.memory.store import PowerCut
from tests.simulation.plan import Dice
from tests.simulation.verdict import Verdict
from tests.simulation.world import World

CHUNK = 25
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Failure:
    """A seed whose day went wrong."""

    seed: int
    what: str


def run(seed: int) -> Verdict | Failure:
    """One day."""
    try:
        return World(Dice(seed).plan()).run()
    except (Exception, PowerCut) as error:
        return Failure(seed, f"{type(error).__name__}: {error}")


def many(seeds: range) -> list[Verdict | Failure]:
    """A worker's share. What a day leaves behind is collected between days, not within them."""
    logging.disable(logging.CRITICAL)
    gc.disable()
    try:
        return [run(seed) for seed in seeds]
    finally:
        gc.enable()
        gc.collect()


def results(first: int, runs: int, jobs: int) -> Iterator[Verdict | Failure]:
    """All days, over the processors."""
    chunks = [range(start, min(start + CHUNK, first + runs)) for start in range(first, first + runs, CHUNK)]
    with ProcessPoolExecutor(jobs) as pool:
        for part in pool.map(many, chunks):
            yield from part


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1, help="first seed; the others follow")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--one", type=int, help="run this seed alone, and log what happens")
    given = parser.parse_args()
    if given.one is not None:
        logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
        print(Dice(given.one).plan())
        print(World(Dice(given.one).plan()).run())
        return 0
    begun = time.monotonic()
    failures: list[Failure] = []
    good: list[Verdict] = []
    for result in results(given.seed, given.runs, given.jobs):
        if isinstance(result, Verdict):
            good.append(result)
            continue
        failures.append(result)
        if len(failures) <= SHOWN:
            print(f"seed {result.seed} failed: {result.what[:2000]}")
            print(f"  again: python -m tests.simulation --one {result.seed}")
    took = time.monotonic() - begun
    print(
        f"runs {given.runs} failed {len(failures)} events {sum(one.events for one in good)} "
        f"cards {sum(one.cards for one in good)} spoiled {sum(one.spoiled for one in good)} "
        f"uncertain {sum(one.uncertain for one in good)} restarts {sum(one.crashes for one in good)} "
        f"simulated {sum(one.seconds for one in good) / 3600:.1f} h in {took:.1f} s"
    )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
