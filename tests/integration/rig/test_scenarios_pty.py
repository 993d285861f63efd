"""Some of the scenarios with the real processes, side by side: most of their time is waiting."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from hardware.rig.pty_stage import PtyStage
from hardware.rig.scenario.run import Run, run_file
from hardware.rig.scenario_command import FOLDER

#: Contacts on pins; relays on pins; a program that dies in an outage; a shutdown that is taken back.
CHOSEN = ("mains-bounce", "exercise", "killed-during-outage", "shutdown-cancelled")


@pytest.fixture(scope="module")
def runs() -> Iterator[dict[str, Future[Run]]]:
    with ThreadPoolExecutor(len(CHOSEN)) as pool:
        yield {name: pool.submit(run_file, FOLDER / f"{name}.toml", PtyStage) for name in CHOSEN}


@pytest.mark.parametrize("name", CHOSEN)
def test_it_holds_with_real_processes(runs: dict[str, Future[Run]], name: str) -> None:
    done = runs[name].result()
    assert done.bench == "pty"
    assert done.verdict.held, done.verdict.line()
