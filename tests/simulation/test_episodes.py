"""Random power episodes: no card is lost for want of energy, no booth stays dark; and wrong policies are noticed."""

from __future__ import annotations

import pytest

from contract.messages import ShutdownChanged
from edge.__main__ import Core
from edge.core import commands as do
from edge.core import controller
from edge.core.controller import State
from edge.core.events import Event
from tests.simulation.episodes import Failure, IgnoringPower, Outcome, episode, outcome, run

#: Seeds in which the wrong policies go wrong.
LOSING, DARK = (6, 52, 78), (37, 38, 45)


class HaltsWithoutTheUps(Core):
    """Halts the machine when the battery is nearly empty, and leaves the UPS alone."""

    @staticmethod
    def step(state: State, event: Event, now: float) -> tuple[State, list[do.Command]]:
        state, commands = controller.step(state, event, now)
        for command in commands:
            if isinstance(command, do.Record) and isinstance(command.body, ShutdownChanged):
                commands = [*commands, do.HaltController("the battery is nearly empty")]
        return state, commands


@pytest.mark.parametrize("seed", range(1, 41))
def test_an_episode_ends_well(seed: int) -> None:
    found = outcome(seed, ignoring=False)
    assert not isinstance(found, Failure), found.what


def test_the_same_seed_gives_the_same_episode() -> None:
    assert run(episode(7)) == run(episode(7))


def test_a_policy_that_ignores_the_power_loses_cards() -> None:
    found = sum((run(episode(seed), IgnoringPower) for seed in LOSING), Outcome())
    assert found.lost_without_energy > 0


def test_a_halt_without_the_ups_leaves_booths_dark() -> None:
    assert sum(run(episode(seed), HaltsWithoutTheUps).left_dark for seed in DARK) > 0
