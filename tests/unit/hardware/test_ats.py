"""Where the simulated transfer switch goes, and where it does not."""

from __future__ import annotations

import json

from hardware.simulators.ats import Ats


def on_genset() -> Ats:
    """A switch that an outage brought to the genset at second 1."""
    ats = Ats()
    ats.set_sources(0.0, mains_good=False, genset_good=True)
    ats.set_inhibit(0.0, False)
    ats.advance(1.0)
    return ats


def test_it_breaks_before_it_makes() -> None:
    ats = Ats()
    ats.set_sources(0.0, mains_good=False, genset_good=True)
    ats.set_inhibit(0.0, False)
    ats.advance(0.5)
    assert ats.position == "moving" and not ats.mains_contact and not ats.genset_contact
    assert ats.output(0.0, 230.0) == 0
    assert ats.next_wakeup() == 1.0
    ats.advance(1.0)
    assert ats.position == "genset" and ats.genset_contact and not ats.mains_contact
    assert ats.output(0.0, 230.0) == 230


def test_inhibited_it_stays_on_dead_mains_beside_a_good_genset() -> None:
    ats = Ats()
    ats.set_sources(0.0, mains_good=False, genset_good=True)
    ats.advance(60.0)
    assert ats.position == "mains"


def test_it_stays_on_a_good_genset_when_the_mains_are_back_until_it_is_inhibited() -> None:
    ats = on_genset()
    ats.set_sources(10.0, mains_good=True, genset_good=True)
    ats.advance(100.0)
    assert ats.position == "genset"
    ats.set_inhibit(100.0, True)
    ats.advance(101.0)
    assert ats.position == "mains" and ats.transfers == 2


def test_inhibited_on_the_genset_with_dead_mains_it_stays_where_it_is() -> None:
    ats = on_genset()
    ats.set_inhibit(10.0, True)
    ats.advance(60.0)
    assert ats.position == "genset"


def test_a_genset_that_fails_sends_it_back_to_good_mains_only() -> None:
    ats = on_genset()
    ats.set_sources(10.0, mains_good=False, genset_good=False)
    ats.advance(20.0)
    assert ats.position == "genset"
    ats.set_sources(20.0, mains_good=True, genset_good=False)
    ats.advance(21.0)
    assert ats.position == "mains"


def test_a_transfer_that_began_is_finished_before_the_next() -> None:
    ats = Ats()
    ats.set_sources(0.0, mains_good=False, genset_good=True)
    ats.set_inhibit(0.0, False)
    ats.set_sources(0.5, mains_good=True, genset_good=False)
    ats.advance(5.0)
    assert ats.log == [(0.0, "ats.moving"), (1.0, "ats.genset"), (1.0, "ats.moving"), (2.0, "ats.mains")]


def test_stuck_it_does_not_leave_its_side_and_mended_it_does() -> None:
    ats = Ats(stuck_on="mains")
    ats.set_sources(0.0, mains_good=False, genset_good=True)
    ats.set_inhibit(0.0, False)
    ats.advance(60.0)
    assert ats.position == "mains"
    ats.stuck_on = None
    ats.advance(60.0)
    ats.advance(61.0)
    assert ats.position == "genset"
    ats.stuck_on = "genset"
    ats.set_sources(70.0, mains_good=True, genset_good=True)
    ats.set_inhibit(70.0, True)
    ats.advance(90.0)
    assert ats.position == "genset"


def test_welded_it_shows_both_contacts_closed() -> None:
    ats = Ats(welded=True)
    assert ats.mains_contact and not ats.genset_contact
    ats.set_sources(0.0, mains_good=False, genset_good=True)
    ats.set_inhibit(0.0, False)
    ats.advance(1.0)
    assert ats.mains_contact and ats.genset_contact


def test_a_restored_switch_rests_where_it_was_going() -> None:
    ats = Ats()
    ats.set_sources(0.0, mains_good=False, genset_good=True)
    ats.set_inhibit(0.0, False)
    again = Ats()
    again.restore(json.loads(json.dumps(ats.snapshot())))
    assert again.position == "genset" and again.next_wakeup() is None
