"""What happens to a simulated booth's power: outages, transfers, loads, sensors, and what may never happen."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.simulators.ats import Ats
from hardware.simulators.dse import DseController
from hardware.simulators.dse_map import crc16
from hardware.simulators.engine import Engine
from hardware.simulators.megatec import Ups, UpsModel
from hardware.simulators.site import SAFE, Site

RUN = frozenset({"genset_start", "ats_inhibit"})
TAKE = frozenset({"genset_start"})


def booth() -> Site:
    """A booth with a contact-only genset, alive since second 0."""
    site = Site(Ups(), Engine(), Ats())
    site.advance(0.0)
    return site


def on_genset(site: Site) -> Site:
    """An outage at 10, the genset asked for at 15, taken at 30."""
    site.set_mains(10.0, 0.0)
    site.relays(15.0, RUN)
    site.relays(30.0, TAKE)
    site.advance(40.0)
    return site


def closed(site: Site, now: float) -> set[str]:
    return {name for name, shut in site.contacts(now).items() if shut}


def moments(site: Site, what: str) -> list[float]:
    return [at for at, said in site.log if said == what]


def test_a_quiet_booth_stands_on_the_mains() -> None:
    site = booth()
    assert closed(site, 60.0) == {"mains", "ats_mains"}
    assert site.senses(60.0) == {"mains_v": 228.0, "genset_v": 0.0, "battery_v": pytest.approx(12.7)}
    assert site.heavy_powered and site.controller_powered and site.next_wakeup() is None


def test_through_an_outage_onto_the_genset_and_back() -> None:
    site = on_genset(booth())
    assert closed(site, 40.0) == {"genset_running", "ats_genset"}
    assert site.ups.mains_volts == 230 and not site.ups.on_battery and site.heavy_powered
    site.set_mains(600.0, 228.0)
    assert closed(site, 610.0) == {"mains", "genset_running", "ats_genset"}
    site.relays(660.0, RUN)
    assert not closed(site, 660.5) & {"ats_mains", "ats_genset"} and site.ups.on_battery
    assert "ats_mains" in closed(site, 661.0)
    site.relays(720.0, SAFE)
    assert closed(site, 730.0) == {"mains", "ats_mains"}
    figures = site.figures
    assert (figures.transfers, figures.cranks, figures.genset_against_mains) == (2, 1, 0)
    assert figures.crank_s == pytest.approx(2.0) and figures.dark_s == 0
    assert figures.mains_out_s == pytest.approx(590.0)
    assert figures.heavy_off_s == pytest.approx(22.0)


def test_the_genset_carries_the_heavy_loads_what_hangs_on_the_ups_and_its_charging() -> None:
    site = on_genset(booth())
    assert site.engine is not None
    assert site.engine.load_watts == pytest.approx(1400 + 240 + 120)
    site.set_load(50.0, "printer", 300.0)
    assert site.engine.load_watts == pytest.approx(1400 + 540 + 120)


def test_shedding_takes_the_load_off_the_battery() -> None:
    site = booth()
    site.set_mains(10.0, 0.0)
    before = site.ups.runtime()
    site.relays(20.0, {"ats_inhibit", "shed_1"})
    assert site.ups.load_watts == 180 and site.ups.runtime() > before
    site.relays(30.0, {"ats_inhibit", "shed_1", "shed_2"})
    assert site.ups.load_watts == 140
    site.relays(40.0, SAFE)
    assert site.ups.load_watts == 240


def test_a_booth_that_nobody_helps_goes_dark_and_comes_back_with_the_mains() -> None:
    site = booth()
    site.set_mains(0.0, 0.0)
    site.advance(4 * 3600.0)
    assert not site.controller_powered
    dark = moments(site, "dark")[0]
    site.set_mains(4 * 3600.0, 228.0)
    site.advance(4 * 3600.0 + 60)
    assert site.controller_powered
    assert site.figures.dark_s == pytest.approx(4 * 3600 - dark + 1.0)
    assert site.figures.dark_with_mains_s == pytest.approx(1.0)


def test_without_a_genset_the_mains_go_straight_to_the_ups() -> None:
    site = Site(Ups())
    site.set_mains(0.0, 190.0)
    assert site.ups.mains_volts == 190 and closed(site, 1.0) == {"mains"}
    site.relays(2.0, TAKE)
    site.set_mains(3.0, 0.0)
    assert site.ups.on_battery and closed(site, 60.0) == set()


def test_a_dip_comes_back_by_itself() -> None:
    site = booth()
    site.dip(10.0, 0.4, 90.0)
    assert site.next_wakeup() == pytest.approx(10.4)
    assert not site.contacts(10.2)["mains"] and site.ups.on_battery
    assert site.contacts(10.4)["mains"] and not site.ups.on_battery
    assert (moments(site, "mains.out"), moments(site, "mains.good")) == ([10.0], [10.4])


def test_a_bounce_is_as_many_edges_as_said_and_ends_as_said() -> None:
    site = booth()
    site.bounce(10.0, times=3, ms=50)
    site.advance(20.0)
    assert moments(site, "mains.out") == pytest.approx([10.0, 10.1, 10.2])
    assert moments(site, "mains.good") == pytest.approx([10.05, 10.15, 10.25])
    site.bounce(30.0, times=2, ms=20, then=0.0)
    assert not site.contacts(40.0)["mains"]
    assert moments(site, "mains.out")[3:] == pytest.approx([30.0, 30.04, 30.08])


def test_new_mains_put_an_end_to_what_was_planned() -> None:
    site = booth()
    site.dip(10.0, 5.0)
    site.set_mains(11.0, 0.0)
    assert not site.contacts(60.0)["mains"]


def test_a_brown_out_is_no_mains_to_the_relays_but_the_ups_still_lifts_it() -> None:
    site = booth()
    site.set_mains(10.0, 175.0)
    assert not site.contacts(11.0)["mains"] and not site.heavy_powered
    assert not site.ups.on_battery and site.ups.output_volts == pytest.approx(175 * 1.15)


def test_a_genset_out_of_band_is_not_taken() -> None:
    site = booth()
    assert site.engine is not None
    site.engine.out_of_band = True
    site = on_genset(site)
    assert closed(site, 60.0) == {"genset_running", "ats_mains"} and site.ups.on_battery


def test_a_genset_that_stalls_leaves_the_booth_on_its_battery() -> None:
    site = booth()
    assert site.engine is not None
    site.engine.stalls_after_s = 120.0
    site = on_genset(site)
    assert not site.ups.on_battery
    assert closed(site, 200.0) == {"genset_fault", "ats_genset"} and site.ups.on_battery


@pytest.mark.parametrize("side", ["mains", "genset"])
def test_a_stuck_switch(side: str) -> None:
    site = booth()
    assert site.ats is not None
    site.ats.stuck_on = side
    site = on_genset(site)
    site.set_mains(100.0, 228.0)
    site.relays(160.0, RUN)
    assert site.contacts(200.0)[f"ats_{side}"] and site.figures.transfers == (0 if side == "mains" else 1)


def test_only_a_welded_switch_joins_the_sources() -> None:
    site = booth()
    assert site.ats is not None
    site.ats.welded = True
    site = on_genset(site)
    assert site.figures.genset_against_mains == 0
    site.set_mains(100.0, 228.0)
    assert site.figures.genset_against_mains == 1 and {"ats_mains", "ats_genset"} <= closed(site, 101.0)


def test_sensors_that_lie_and_wires_that_break_do_not_change_the_plant() -> None:
    site = booth()
    site.lying_contact = True
    site.set_mains(10.0, 0.0)
    assert site.contacts(11.0)["mains"] and site.ups.on_battery and site.senses(11.0)["mains_v"] == 0
    site.lying_contact = None
    site.contact_lost.add("ats_mains")
    assert closed(site, 12.0) == set()
    assert site.ats is not None and site.ats.position == "mains"


def test_a_genset_with_a_controller_is_started_by_it_and_not_stopped_by_the_relays() -> None:
    dse = DseController(Engine())
    site = Site(Ups(), ats=Ats(), dse=dse)
    site.set_mains(10.0, 0.0)
    request = bytes((10, 16, 16, 8, 0, 2, 4)) + (35732).to_bytes(2, "big") + (65535 - 35732).to_bytes(2, "big")
    assert dse.receive(request + crc16(request), 15.0)
    site.relays(16.0, set())
    assert closed(site, 30.0) == {"genset_running", "ats_genset"}
    assert dse.mains_volts == 0
    site.relays(40.0, SAFE)
    assert "genset_running" in closed(site, 60.0)


def test_it_announces_each_change_at_the_moment_it_happens() -> None:
    """Walked from wake-up to wake-up, a booth lives the same hours as in one stride."""
    walked, strode = booth(), booth()
    for site in (walked, strode):
        assert site.engine is not None
        site.engine.starts_on_attempt, site.engine.fuel_l = 1, 8.2
        site.set_mains(10.0, 0.0)
        site.relays(15.0, TAKE)
    while (due := walked.next_wakeup()) is not None and due <= 12 * 3600:
        walked.advance(due)
    walked.advance(12 * 3600.0)
    strode.advance(12 * 3600.0)
    assert [what for _, what in walked.log] == [what for _, what in strode.log]
    assert [at for at, _ in walked.log] == pytest.approx([at for at, _ in strode.log])
    assert moments(strode, "dark") and moments(strode, "stalled")
    assert walked.figures.dark_s == pytest.approx(strode.figures.dark_s)


def test_what_is_kept_is_plain_json() -> None:
    site = on_genset(booth())
    site.set_load(50.0, "printer", 300.0)
    again = booth()
    again.restore(json.loads(json.dumps(site.snapshot())))
    assert again.mains_volts == 0 and again.ats is not None and again.ats.position == "genset"
    assert again.loads["printer"] == 300 and again.engine is not None and again.engine.starts == 97


@dataclass(frozen=True)
class Act:
    """One thing that happens, so many seconds after the last."""

    after: float
    what: str
    value: float


ACTS = st.builds(
    Act,
    st.floats(0, 900),
    st.sampled_from(["mains", "dip", "bounce", "relays", "load", "fault", "mend"]),
    st.floats(0, 1),
)
FAULTS = ["fails_to_start", "fails_to_stop", "low_oil", "hot", "weak_battery", "out_of_band", "slow_start"]
RELAYS = ["genset_start", "ats_inhibit", "shed_1", "shed_2"]


def perform(site: Site, now: float, act: Act) -> None:
    assert site.engine is not None
    pick = int(act.value * 15.99)
    if act.what == "mains":
        site.set_mains(now, [0.0, 0.0, 228.0, 228.0, 175.0, 280.0][pick % 6])
    elif act.what == "dip":
        site.dip(now, 5 * act.value, 90.0)
    elif act.what == "bounce":
        site.bounce(now, 1 + pick, 40.0, then=None if pick % 2 else 0.0)
    elif act.what == "relays":
        site.relays(now, {name for bit, name in enumerate(RELAYS) if pick >> bit & 1})
    elif act.what == "load":
        site.set_load(now, "printer", 300 * act.value)
    else:
        setattr(site.engine, FAULTS[pick % len(FAULTS)], act.what == "fault")


@settings(deadline=None)
@given(acts=st.lists(ACTS, max_size=25), with_dse=st.booleans(), begin=st.sampled_from([0.0, 1_760_000_000.0]))
def test_whatever_happens_a_sound_switch_never_joins_the_sources(acts: list[Act], with_dse: bool, begin: float) -> None:
    engine = Engine()
    dse = DseController(engine, mode=3) if with_dse else None
    site = Site(Ups(UpsModel(full_load_seconds=300)), engine, Ats(), dse)
    site.advance(begin)
    now = begin
    for act in acts:
        now += act.after
        perform(site, now, act)
        shut = closed(site, now)
        assert not {"ats_mains", "ats_genset"} <= shut
        assert engine.fuel_l >= 0 and 0 <= site.ups.charge <= 1 and engine.rpm >= 0
    # After all faults are mended and the mains are back for good, every booth is lit again.
    for fault in FAULTS:
        setattr(engine, fault, False)
    site.set_mains(now, 228.0)
    site.relays(now, SAFE)
    site.advance(now + 120)
    assert site.controller_powered and site.heavy_powered and site.figures.genset_against_mains == 0
    assert [at for at, _ in site.log] == sorted(at for at, _ in site.log)
