"""What the pages draw: order by need, readable figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from central.console import pictures, words
from contract.messages import DeviceState
from tests.tools.console_world import a_job, calm_booth

NOW = datetime(2026, 11, 24, 7, 5, 9, tzinfo=UTC)


def test_a_figure_that_the_ups_did_not_give_is_not_known_rather_than_zero() -> None:
    booth = calm_booth(figures={"battery.charge": None, "ups.load": 0.0, "input.voltage": float("nan")})
    assert pictures.figures("en", booth) == [("Battery", "not known"), ("Load", "0 %"), ("Input", "not known")]


def test_nothing_is_drawn_as_powered_while_the_booth_is_offline() -> None:
    assert pictures.diagram(calm_booth(online=False)) == pictures.Diagram(None, None, None, False)


def test_a_silent_ups_is_drawn_as_not_known() -> None:
    booth = calm_booth()
    silent = tuple(replace(each, state=DeviceState.LOST) for each in booth.devices)
    assert pictures.diagram(replace(booth, devices=silent)).ups is None


def test_the_booth_that_needs_a_person_comes_first() -> None:
    booths = [calm_booth("a", "A"), calm_booth("b", "B", worst="attention"), calm_booth("c", "C", worst="problem")]
    assert [booth.id for booth in pictures.worst_first(booths)] == ["c", "b", "a"]


def test_jobs_that_wait_for_a_decision_come_first_and_the_earliest_due_before_the_later() -> None:
    jobs = [
        a_job("done", "completed"),
        a_job("later", due=NOW + timedelta(hours=9)),
        a_job("sooner", due=NOW + timedelta(hours=1)),
        a_job("stopped", "processing-stopped"),
    ]
    assert [job.job for job in pictures.by_need(jobs)] == ["stopped", "sooner", "later", "done"]


def test_a_job_beyond_its_due_time_needs_attention() -> None:
    late = a_job("late", due=NOW - timedelta(seconds=1))
    assert pictures.job_weight(late, NOW) == "attention"
    assert pictures.job_weight(replace(late, state="completed"), NOW) == "ended"


def test_the_beginning_of_a_payload_is_one_line_of_printable_text() -> None:
    shown = pictures.beginning(b"\x00\x1b[2J\n\xff<b>" + b"x" * 900)
    assert shown.isprintable() and shown.endswith("…") and len(shown) < 300


def test_times_are_those_of_west_indonesia() -> None:
    assert words.clock("id", NOW, NOW) == "14:05:09"
    assert words.clock("id", NOW - timedelta(days=200), NOW) == "8 Mei 14:05:09"
    assert words.clock("en", NOW - timedelta(days=400), NOW) == "20 Oct 2025 14:05:09"
    assert words.clock("id", None, NOW) == "belum pernah"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (-5, "baru saja"),
        (3, "3 dtk lalu"),
        (119, "119 dtk lalu"),
        (150, "2 mnt lalu"),
        (7300, "2 jam lalu"),
        (2e5, "2 hari lalu"),
    ],
)
def test_an_age_is_told_in_one_unit(seconds: float, told: str) -> None:
    assert words.age("id", NOW - timedelta(seconds=seconds), NOW) == told


def test_numbers_have_the_decimal_sign_of_the_language() -> None:
    assert words.number("id", 12345.6, 1) == "12.345,6"
    assert words.number("en", 12345.6, 1) == "12,345.6"
