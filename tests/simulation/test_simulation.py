"""Whatever fails, and whenever: nothing is lost, no card is printed twice, and the day comes to its end."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from edge.__main__ import Core
from tests.simulation.__main__ import Failure, run
from tests.simulation.plan import TIMED, Crash, Dice, Fault, Plan
from tests.simulation.planted import PLANTED
from tests.simulation.world import World

#: Seeds among which every planted fault is found.
SEARCHED = range(1, 121)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def crashes(commits: int) -> some.SearchStrategy[tuple[Crash, ...]]:
    one = some.builds(
        Crash, some.integers(1, commits), some.sampled_from(("before", "after")), some.floats(0.1, 3.0), some.booleans()
    )
    return some.lists(one, max_size=4).map(tuple)


FAULTS = some.lists(
    some.sampled_from(sorted(TIMED)).flatmap(
        lambda kind: some.builds(Fault, some.floats(0.5, 40.0), some.just(kind), some.floats(0.0, TIMED[kind]))
    ),
    max_size=4,
).map(tuple)
PLANS = some.builds(
    Plan,
    some.integers(0, 1_000_000),
    some.lists(some.floats(0.5, 10.0), min_size=1, max_size=2).map(tuple),
    crashes(80),
    crashes(60),
    FAULTS,
)


def test_a_quiet_day_ends_with_a_card_for_everybody() -> None:
    verdict = World(Plan(1, arrivals=(0.5, 1.0, 1.5))).run()
    assert (verdict.cards, verdict.uncertain, verdict.spoiled) == (3, 0, 0)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
)
@given(PLANS)
def test_no_plan_of_faults_loses_or_doubles_anything(plan: Plan) -> None:
    World(plan).run()


@pytest.mark.parametrize("first", range(5_000, 5_100, 10))
def test_seeded_days_hold(first: int) -> None:
    failed = [one for seed in range(first, first + 10) if isinstance(one := run(seed), Failure)]
    assert not failed


def test_power_may_fail_before_or_after_any_commit_of_a_day() -> None:
    """Every third commit of one day, either way; `make sim` covers the rest by chance."""
    for commit in range(1, 60, 3):
        for moment in ("before", "after"):
            crash = Crash(commit, moment, 0.5, dark=commit % 2 == 0)  # type: ignore[arg-type]
            assert World(Plan(7, booth_crashes=(crash,))).run().cards == 1


@pytest.mark.parametrize("core", PLANTED)
def test_a_planted_fault_is_noticed(core: type[Core]) -> None:
    for seed in SEARCHED:
        try:
            World(Dice(seed).plan(), core).run()
        except AssertionError:
            return
    pytest.fail(f"{core.__name__} passed {len(SEARCHED)} days unnoticed: {core.__doc__}")
