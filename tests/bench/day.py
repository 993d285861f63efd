"""How fast a working day goes by in virtual time."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from tests.bench.result import Figure, at_least
from tests.simulation import world
from tests.simulation.plan import Fault, Plan

DAY_S = 8 * 3600.0
APPLICANTS = 200


def measure(_folder: Path, quick: bool) -> list[Figure]:
    """Eight hours, 200 applicants, two outages of the mains; every byte of every device is decoded."""
    part = 0.05 if quick else 1.0
    people = int(APPLICANTS * part)
    gap = DAY_S * part / people
    outages = (Fault(DAY_S * part * 0.3, "outage", 60.0), Fault(DAY_S * part * 0.7, "outage", 60.0))
    plan = Plan(1, tuple(10.0 + gap * n for n in range(people)), faults=outages, blanks=people + 10)
    patience, world.PATIENCE_S = world.PATIENCE_S, DAY_S * 2
    logging.disable(logging.CRITICAL)
    try:
        began = time.perf_counter()
        verdict = world.World(plan).run()
        took = time.perf_counter() - began
    finally:
        world.PATIENCE_S = patience
        logging.disable(logging.NOTSET)
    note = f"{verdict.seconds / 3600:.1f} h, {verdict.cards} cards, {verdict.events} events in {took:.1f} s"
    return [Figure("simulated day", verdict.seconds / took, "x real time", None, at_least(5000.0, "value"), note=note)]
