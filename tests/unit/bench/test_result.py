"""A measured figure says the same in the table and in build/bench.json, and a budget is judged as it is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from central.deciding.incoming import read_event
from tests.bench.events import events
from tests.bench.result import Figure, at_least, at_most, paired, percentile, write


def test_the_ratio_is_the_value_in_baselines() -> None:
    assert Figure("x", 3.0, "ms", 2.0).ratio == 1.5


def test_without_a_baseline_there_is_no_ratio_and_a_budget_for_it_is_missed() -> None:
    figure = Figure("x", 3.0, "ms", None, at_most(9.0, "ratio"))
    assert figure.ratio is None
    assert figure.within is False


@pytest.mark.parametrize(("value", "within"), [(44.9, True), (45.0, True), (45.1, False)])
def test_a_budget_is_kept_up_to_its_limit(value: float, within: bool) -> None:
    assert Figure("memory", value, "MiB", None, at_most(45.0)).within is within


@pytest.mark.parametrize(("ours", "within"), [(79.0, False), (80.0, True), (120.0, True)])
def test_a_budget_for_a_rate_is_a_lower_limit_of_its_ratio(ours: float, within: bool) -> None:
    assert Figure("rate", ours, "1/s", 100.0, at_least(0.8)).within is within


def test_a_figure_without_a_budget_is_neither_within_nor_outside() -> None:
    assert Figure("x", 1.0, "s").within is None


def test_pairs_are_compared_pair_by_pair_so_that_a_drift_of_the_machine_cancels_out() -> None:
    figure = paired("x", "1/s", [(80.0, 100.0), (8.0, 10.0), (400.0, 500.0)], at_least(0.8))
    assert figure.ratio == pytest.approx(0.8)
    assert (figure.value, figure.baseline) == (80.0, 100.0)


def test_one_pair_that_went_wrong_does_not_decide() -> None:
    assert paired("x", "1/s", [(90.0, 100.0), (1.0, 100.0), (91.0, 100.0)], None).ratio == pytest.approx(0.9)


@pytest.mark.parametrize(("per_cent", "found"), [(50, 50), (99, 99), (99.5, 100), (100, 100), (1, 1)])
def test_a_percentile_is_a_value_that_was_measured(per_cent: float, found: float) -> None:
    assert percentile([float(value) for value in range(100, 0, -1)], per_cent) == found


def test_the_file_holds_every_figure_with_its_baseline_ratio_budget_and_verdict(tmp_path: Path) -> None:
    target = tmp_path / "build" / "bench.json"
    write(target, [Figure("ingest", 60.0, "1/s", 100.0, at_least(0.7), note="why"), Figure("page", 36.5, "kB")])
    assert json.loads(target.read_text()) == [
        {
            "name": "ingest",
            "value": 60.0,
            "unit": "1/s",
            "baseline": 100.0,
            "ratio": 0.6,
            "budget": "ratio >= 0.7",
            "within": False,
            "note": "why",
        },
        {
            "name": "page",
            "value": 36.5,
            "unit": "kB",
            "baseline": None,
            "ratio": None,
            "budget": None,
            "within": None,
            "note": "",
        },
    ]


def test_the_events_that_are_sent_are_ones_that_the_coordinator_accepts() -> None:
    read = [read_event(payload) for payload in events("aabbccddeeff", 30)]
    assert [None if isinstance(one, str) else (one[0], one[1].seq, one[1].refused) for one in read] == [
        ("aabbccddeeff", seq, "") for seq in range(1, 31)
    ]
