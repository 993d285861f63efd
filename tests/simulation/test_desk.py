"""A day at the front desk keeps its rules, and a desk that breaks one of them is found out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from edge.core import calls, tickets, waits
from tests.simulation import desk
from tests.simulation.desk import Broken, Day

SEEDS = range(1, 7)


@pytest.mark.parametrize("seed", SEEDS)
def test_on_a_day_with_outages_nobody_is_forgotten_and_no_number_is_given_twice(seed: int) -> None:
    day = Day(seed, applicants=50)
    day.run()
    assert len(day.issued) + sum(bool(person.end == "closed") for person in day.hall) >= 45
    assert day.most_inside <= 3
    assert day.told


def _forgets_who_was_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "again", lambda _state: [])


def _lets_five_in(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = desk.settings()
    assert usual.desk is not None
    crowded = replace(usual, desk=replace(usual.desk, area=5))
    monkeypatch.setattr(desk, "settings", lambda: crowded)
    before: Callable[..., Any] = Day._called_more
    monkeypatch.setattr(Day, "_called_more", lambda self: before(self) or self._ask_more())
    monkeypatch.setattr(
        Day,
        "_ask_more",
        lambda self: self._ask(desk.want.CallNext(desk.want.Desk.RECORDING)).refusal is None,
        raising=False,
    )


def _forgets_its_counters(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = tickets.put

    def put(state: tickets.State, row: tickets.Ticket | tickets.Day) -> tickets.State:
        """The day's counters are not kept beyond twenty."""
        if isinstance(row, tickets.Day):
            row = replace(row, numbers={service: count % 20 for service, count in row.numbers.items()})
        return usual(state, row)

    monkeypatch.setattr(tickets, "put", put)


def _never_ends_a_ticket(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = calls.skip

    def skip(state: tickets.State, ticket: str, officer: str) -> calls.Step:
        """A skipped ticket is thrown away."""
        state, commands, refusal = usual(state, ticket, officer)
        saved = {key: row for key, row in state.saved.items() if key != f"ticket/{ticket}"}
        return replace(state, saved=saved), commands, refusal

    monkeypatch.setattr(calls, "skip", skip)


@pytest.mark.parametrize("plant", [_forgets_who_was_called, _lets_five_in, _forgets_its_counters, _never_ends_a_ticket])
def test_a_desk_that_breaks_a_rule_is_found_out(plant: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises(Broken):
        for seed in SEEDS:
            Day(seed, applicants=80).run()


def test_what_the_day_teaches_makes_the_told_waits_truer() -> None:
    """The told waits follow the day: without what was learned they are worse."""
    learned, blind = [], []
    usual = waits.ended
    for seed in SEEDS:
        for errors in (learned, blind):
            waits.ended = usual if errors is learned else (lambda state, row, now: state)
            try:
                day = Day(seed, applicants=80)
                day.run()
            finally:
                waits.ended = usual
            errors += [abs(told - true) for told, true, _ in day.told]
    assert sum(learned) < sum(blind)
