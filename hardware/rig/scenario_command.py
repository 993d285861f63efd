"""`loket rig scenario FILE...`: runs scenarios, prints timeline, table and verdict, writes the JSON report."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from hardware.rig.scenario import report
from hardware.rig.scenario.file import ScenarioError, load
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
    parser.add_argument("--jobs", type=int, default=1, help="so many at a time: in real time most of it is waiting")
    given = parser.parse_args(words)
    files: list[Path] = given.file or sorted(FOLDER.glob("*.toml"))
    try:
        for file in files:
            load(file)
    except ScenarioError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    several = len(files) > 1
    runs: list[Run] = []
    for file, done in zip(files, _runs(files, given.bench, given.jobs, given.log), strict=True):
        runs.append(done)
        print(_line(done) if given.short or several else report.text(done), flush=True)  # noqa: T201
        if given.report is not None:
            report.write(done, given.report / f"{file.stem}.json" if several else given.report)
    failed = [one for one in runs if not one.verdict.held]
    if several:
        print(f"{len(runs)} scenarios on {given.bench}: {len(runs) - len(failed)} held, {len(failed)} failed")  # noqa: T201
    return 1 if failed else 0


def _runs(files: list[Path], name: str, jobs: int, log: bool) -> Iterator[Run]:
    """Each file on a fresh bench, in the order given."""
    if jobs <= 1 or len(files) == 1:
        for file in files:
            yield _one(file, name, log)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(_one, files, [name] * len(files), [log] * len(files))


def _one(file: Path, name: str, log: bool) -> Run:
    logging.basicConfig(level=logging.INFO if log else logging.CRITICAL, format="%(name)s: %(message)s")
    return run_file(file, bench(name))


def _line(done: Run) -> str:
    return f"{done.name:28} {done.verdict.line()}"
