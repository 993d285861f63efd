"""Measures the budgets side by side in one run: `python -m tests.bench [--quick] [--only NAME]`."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench import (
    capture,
    day,
    desk,
    dispatch,
    durable,
    edges,
    ingest,
    kit,
    power,
    process,
    screen,
    ticket,
    waits,
)
from tests.bench.result import Figure, show, write
from tests.bench.stage import NotMeasured
from tests.chaos.programs import ROOT

TARGET = ROOT / "build" / "bench.json"
MEASUREMENTS: dict[str, Callable[[Path, bool], list[Figure]]] = {
    "durable": durable.measure,
    "ingest": ingest.measure,
    "backlog": ingest.backlog,
    "booth": process.measure,
    "edge": edges.measure,
    "power": power.measure,
    "console": screen.measure,
    "dispatch": dispatch.measure,
    "day": day.measure,
    "desk": desk.measure,
    "ticket": ticket.measure,
    "capture": capture.measure,
    "waits": waits.measure,
    "kit": kit.measure,
}


def main() -> int:
    """0, also when a budget is missed; 1 when something could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few samples: shows that it works, not how fast it is")
    parser.add_argument("--only", choices=list(MEASUREMENTS), action="append", help="this one; may be repeated")
    given = parser.parse_args()
    # Without bytecode the second start of a program would be as slow as the very first.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    TARGET.parent.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=TARGET.parent))
    figures: list[Figure] = []
    trouble: list[str] = []
    try:
        for name in given.only or MEASUREMENTS:
            began = time.monotonic()
            try:
                figures += MEASUREMENTS[name](folder / name, given.quick)
            except (NotMeasured, OSError, TimeoutError) as error:
                trouble.append(f"{name} was not measured: {error}")
            print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    write(TARGET, figures)
    show(figures)
    for line in trouble:
        print(line)
    missed = [figure.name for figure in figures if figure.within is False]
    print(f"{TARGET.relative_to(ROOT)} written; outside of the budget: {len(missed)} (causes: docs/benchmarks.md)")
    return 1 if trouble else 0


if __name__ == "__main__":
    sys.exit(main())
