"""A short chaos: what must survive kills survives them, and a booth that forgets too early is found out."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.needs import needs_program

ROOT = Path(__file__).parents[3]
VERDICT = re.compile(
    r"^events (\d+) lost (\d+) doubled (\d+) cards (\d+) printed-twice (\d+) blanks (balanced|NOT balanced)$"
)


def chaos(*words: str) -> tuple[int, list[str]]:
    """Exit code and output of a run."""
    command = [sys.executable, "-m", "tests.chaos", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    return done.returncode, (done.stdout + done.stderr).splitlines()


@pytest.mark.parametrize("broker", ["embedded", "mosquitto"])
def test_nothing_is_lost_doubled_or_printed_twice_whatever_is_killed(broker: str) -> None:
    if broker == "mosquitto":
        needs_program("mosquitto", package="mosquitto")
    code, lines = chaos("--kills", "8", "--seed", "7", "--broker", broker)
    verdict = VERDICT.match(lines[-1])
    assert verdict is not None, "\n".join(lines)
    events, lost, doubled, cards, twice = (int(verdict[group]) for group in range(1, 6))
    assert (code, lost, doubled, twice, verdict[6]) == (0, 0, 0, 0, "balanced"), "\n".join(lines)
    assert events > 100
    assert cards > 0


def test_a_booth_that_forgets_on_the_brokers_word_alone_is_found_to_lose_events() -> None:
    code, lines = chaos("--kills", "8", "--seed", "7", "--broker", "embedded", "--prune-on-puback")
    verdict = VERDICT.match(lines[-1])
    assert verdict is not None, "\n".join(lines)
    assert code == 1
    assert int(verdict[2]) > 0, "\n".join(lines)
