"""`loket rig scenario FILE...`: runs scenarios, prints timeline, table and verdict, writes the JSON report."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable
from pathlib import Path

from hardware.rig.scenario import report
from hardware.rig.scenario.file import ScenarioError
from hardware.rig.scenario.run import Run, run_file
from hardware.rig.scenario.stage import Stage

#: Where the scenarios are that come with Loket.
FOLDER = Path(__file__).resolve().parent / "scenarios"
BENCHES = ("memory", "pty")


def bench(name: str) -> Callable[[], Stage]:
    """How to make a fresh bench of this name. Only the bench that is wanted is imported."""
    if name == "memory":
        from hardware.rig.memory.stage import MemoryBench

        return MemoryBench
    from hardware.rig.pty_stage import PtyStage

    return PtyStage


def main(words: list[str]) -> int:
    """0: everything held; 1: something failed; 2: a file is no scenario."""
    parser = argparse.ArgumentParser(prog="loket rig scenario", description=__doc__)
    parser.add_argument("file", type=Path, nargs="*", help="scenario files; none: all of hardware/rig/scenarios")
    parser.add_argument("--bench", choices=BENCHES, default="memory", help="virtual time, or the real processes")
    parser.add_argument("--report", type=Path, help="JSON report; with several files a folder")
    parser.add_argument("--short", action="store_true", help="the verdicts only, and what failed")
    parser.add_argument("--log", action="store_true", help="what the booth program logs, too")
    given = parser.parse_args(words)
    logging.basicConfig(level=logging.INFO if given.log else logging.CRITICAL, format="%(name)s: %(message)s")
    files: list[Path] = given.file or sorted(FOLDER.glob("*.toml"))
    make = bench(given.bench)
    runs: list[Run] = []
    for file in files:
        try:
            done = run_file(file, make)
        except ScenarioError as error:
            print(error, file=sys.stderr)  # noqa: T201
            return 2
        runs.append(done)
        _show(done, given.short or len(files) > 1)
        if given.report is not None:
            report.write(done, given.report / f"{file.stem}.json" if len(files) > 1 else given.report)
    if len(runs) > 1:
        failed = [one.name for one in runs if not one.verdict.held]
        print(f"{len(runs)} scenarios on {given.bench}: {len(runs) - len(failed)} held, {len(failed)} failed")  # noqa: T201
    return 0 if all(one.verdict.held for one in runs) else 1


def _show(done: Run, short: bool) -> None:
    text = f"{done.name:28} {done.verdict.line()}" if short else report.text(done)
    print(text, flush=True)  # noqa: T201
