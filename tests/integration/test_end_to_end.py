"""The whole path with real programs: from a scanned family card to the card in the tray, whatever is killed between."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hardware.simulators.card_path import Timing
from tests.chaos.people import Hall, Technician
from tests.chaos.programs import wait_until
from tests.chaos.site import Site
from tests.chaos.verdict import Verdict, judge

ALL_SIX = ("photo", "signature", "right-four", "left-four", "thumbs", "iris")
#: Slow enough that a kill can be placed in the middle of a print.
CALM = Timing(pick=0.5, travel=0.2, print_black=1.5, eject=0.5, reject=0.3)
PATIENCE_S = 60.0


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """One booth with all devices, its coordinator, and the embedded broker; nobody is there yet."""
    place = Site(tmp_path / "site", order=ALL_SIX, timing=CALM)
    for device in place.bench.sbi.values():
        device.bad_rate = 0.0
    try:
        place.start()
        yield place
    finally:
        place.close()


@pytest.fixture
def officer(site: Site) -> Iterator[Hall]:
    """An officer who serves whoever comes."""
    hall = Hall(site, seed=1)
    hall.arrivals = False
    hall.start()
    yield hall
    hall.end()


def until(site: Site, what: Callable[[], bool]) -> None:
    """Wait for something that must come; killed programs are started again meanwhile."""
    if not wait_until(what, PATIENCE_S, site.tend):
        tails = "\n".join(f"--- {name}\n{program.tail()}" for name, program in site.programs.items())
        pytest.fail(f"it did not come: {site.open_work()}\n{tails}")


def told(site: Site, kind: str) -> list[dict[str, Any]]:
    """Bodies of all events of a kind that the coordinator has committed, in order."""
    with site.central() as db:
        rows = db.execute("SELECT payload FROM event WHERE kind=? ORDER BY seq", (kind,)).fetchall()
    return [json.loads(payload)["body"] for (payload,) in rows]


def finished(site: Site, cards: int) -> Callable[[], bool]:
    """Whether so many cards are in the tray and nothing is left to do."""
    return lambda: len(site.bench.printer.tray) >= cards and not site.open_work()


def verdict(site: Site) -> Verdict:
    """End the programs and count everything."""
    assert site.close() == []
    return judge(site, {})


def test_an_applicant_gets_one_card(site: Site, officer: Hall) -> None:
    nik = officer.arrive()
    until(site, finished(site, 1))
    assert [body["nik"] for body in told(site, "enrolment.opened")] == [nik]
    accepted = [body["modality"] for body in told(site, "enrolment.attempt") if body["accepted"]]
    assert accepted == list(ALL_SIX)
    assert list(site.bench.centre.registered()) == [nik]
    counted = verdict(site)
    assert (counted.problems, counted.cards) == ([], 1)


def test_a_booth_killed_in_the_middle_of_a_recording_goes_on_where_it_was(site: Site, officer: Hall) -> None:
    officer.arrive()
    until(site, lambda: len(told(site, "enrolment.attempt")) >= 2)
    site.programs["booth"].kill(again_after=0.3)
    until(site, finished(site, 1))
    assert len(told(site, "booth.started")) == 2
    assert len(told(site, "enrolment.opened")) == 1
    accepted = [body["modality"] for body in told(site, "enrolment.attempt") if body["accepted"]]
    assert accepted == list(ALL_SIX), "what was recorded before the kill is not asked for again"
    counted = verdict(site)
    assert (counted.problems, counted.cards) == ([], 1)


def test_a_booth_killed_in_the_middle_of_a_print_never_prints_twice(site: Site, officer: Hall) -> None:
    technician = Technician(site)
    officer.arrive()
    until(site, lambda: site.bench.printer.path.printing)
    site.programs["booth"].kill(again_after=0.3)
    until(site, lambda: any(body["state"] == "uncertain" for body in told(site, "print.changed")))
    assert sum(body["state"] == "printed" for body in told(site, "print.changed")) == 0
    technician.start()
    until(site, finished(site, 1))
    technician.end()
    counted = verdict(site)
    assert (counted.problems, counted.cards, counted.twice) == ([], 1, 0)


def test_coordinator_and_broker_killed_meanwhile_cost_nothing(site: Site, officer: Hall) -> None:
    officer.arrive()
    until(site, lambda: len(told(site, "enrolment.attempt")) >= 2)
    site.programs["coordinator"].kill(again_after=0.5)
    site.programs["broker"].kill(again_after=1.0)
    officer.arrive()
    until(site, finished(site, 2))
    counted = verdict(site)
    assert (counted.problems, counted.cards) == ([], 2)
