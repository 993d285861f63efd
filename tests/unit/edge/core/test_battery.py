"""What is said to be left in the battery is not much more than is truly left; what it taught is remembered."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from edge.core import battery
from edge.core.battery import Estimate, Kept, State
from edge.core.events import UpsReading
from edge.core.settings import EnergySettings
from edge.devices.megatec_wire import Rating, read_q1
from hardware.simulators.megatec import Ups, UpsModel

PLATE = EnergySettings(rated_w=920.0)
RATING = Rating(230.0, 4.0, 24.0, 50.0)


class Room:
    """A simulated UPS in virtual time, read each second as the booth reads it."""

    def __init__(self, state: State | None = None, watts: float = 180.0, lying: bool = False, **ups: float) -> None:
        self.ups = Ups(load_watts=watts, lying_battery=lying)
        for name, value in ups.items():
            setattr(self.ups, name, value)
        self.state = state or battery.State()
        self.now = 1000.0
        self.rows = 0
        self.wait(5)

    def read(self) -> bool:
        """False once the UPS is dark."""
        line = self.ups.receive(b"Q1\r", self.now)
        if not line:
            return False
        before = self.state.row
        self.state = battery.step(self.state, read_q1("ups", line.rstrip(b"\r"), RATING), self.now, PLATE)
        self.rows += self.state.row is not before
        return True

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds)):
            self.now += 1.0
            self.read()

    def outage(self) -> None:
        self.ups.set_mains(self.now, 0.0)

    def back(self) -> None:
        self.ups.set_mains(self.now, 230.0)

    def left(self, extra_w: float = 0.0) -> Estimate:
        estimate = battery.left(self.state, self.now, PLATE, extra_w)
        assert estimate is not None
        return estimate

    def to_the_end(self) -> list[tuple[float, float, float]]:
        """An outage until the UPS is dark: (seconds into it, what was said to be left, what truly was left)."""
        self.outage()
        began, told = self.now, []
        while self.read():
            told.append((self.now - began, self.left().seconds, self.ups.runtime()))
            self.now += 1.0
        return told


def restarted(state: State, clean: bool = False) -> State:
    return battery.restore(dict(state.saved), clean)


@pytest.mark.parametrize("watts", [180.0, 360.0, 600.0, 900.0])
@pytest.mark.parametrize("health", [1.0, 0.7, 0.4])
def test_after_a_minute_a_good_or_old_battery_is_never_said_to_last_much_longer_than_it_does(
    watts: float, health: float
) -> None:
    told = [(said, true) for at, said, true in Room(watts=watts, battery_health=health).to_the_end() if at >= 60]
    assert all(said <= 1.25 * true + 5 for said, true in told)
    halfway = told[: len(told) // 2]
    assert all(said >= 0.6 * true for said, true in halfway), "and is not written off either"
    said, true = halfway[-1]
    assert said == pytest.approx(true, rel=0.12)


def test_a_light_load_moves_the_volts_so_slowly_that_an_old_battery_shows_later() -> None:
    """One step of the volts takes a minute and more: nobody can know before."""
    told = Room(watts=90.0, battery_health=0.4).to_the_end()
    assert all(said <= 1.25 * true + 5 for at, said, true in told if at >= 240)


def test_without_any_proof_a_new_booth_trusts_its_battery_less_than_the_plate() -> None:
    room = Room()
    estimate = room.left()
    assert estimate.health_pct is None
    assert estimate.confidence <= 0.5
    assert estimate.seconds == pytest.approx(0.8 * room.ups.runtime(), rel=0.05)


def test_health_learned_in_one_outage_is_known_from_the_first_second_of_the_next() -> None:
    room = Room(watts=360.0, battery_health=0.4)
    room.outage()
    room.wait(400)
    room.back()
    room.wait(4 * 3600)
    after = Room(restarted(room.state), watts=360.0, battery_health=0.4)
    after.outage()
    after.wait(2)
    assert after.left().health_pct == pytest.approx(40, abs=5)
    assert after.left().seconds == pytest.approx(after.ups.runtime(), rel=0.2)
    assert after.left().confidence > 0.8


def test_a_short_dip_teaches_nothing_of_the_health() -> None:
    room = Room(watts=600.0, battery_health=0.4)
    before = room.state.row
    room.outage()
    room.wait(15)
    room.back()
    room.wait(2)
    assert room.state.row.health == before.health and room.state.row.proof == ""


def test_volts_that_sag_when_the_inverter_takes_over_frighten_nobody() -> None:
    """A lead battery falls fast for some seconds, and slowly from there."""
    state, now = battery.State(), 0.0
    for second in range(120):
        sag = min(1.0, max(0.0, second - 5) / 12)
        level = (100.0 - 22.0 * sag) if second >= 5 else 100.0
        line = reading(utility_fail=second >= 5, charge_pct=round(level - max(0, second - 17) * 0.02, 1))
        now += 1.0
        state = battery.step(state, line, now, PLATE)
        estimate = battery.left(state, now, PLATE)
        assert estimate is not None and estimate.seconds > 1200


def reading(**changes: object) -> UpsReading:
    plain = UpsReading(
        device="ups",
        input_v=230.0,
        fault_v=230.0,
        output_v=230.0,
        load_pct=20.0,
        frequency_hz=50.0,
        battery_v=25.0,
        temperature_c=25.0,
        utility_fail=False,
        battery_low=False,
        bypass=False,
        failed=False,
        offline_type=True,
        testing=False,
        shutting_down=False,
        beeper=False,
        charge_pct=100.0,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_more_load_means_less_time_by_peukert() -> None:
    room = Room(watts=184.0)
    assert room.left(extra_w=0.0).seconds / room.left(extra_w=184.0).seconds == pytest.approx(2**1.15, rel=0.01)


def test_a_battery_that_claims_to_be_full_is_reckoned_down_and_found_untrue() -> None:
    room = Room(watts=360.0, lying=True)
    room.outage()
    room.wait(120)
    assert battery.untrue(room.state) is None
    room.wait(700)
    found = battery.untrue(room.state)
    assert found is not None and found.said_pct == 100 and found.reckoned_pct <= 75
    assert room.left().seconds < room.ups.runtime()
    room.back()
    room.wait(60)
    assert battery.untrue(restarted(room.state)) == battery.untrue(room.state), "it is remembered over a restart"
    assert room.left().confidence < 0.2


def test_a_battery_that_died_with_energy_reckoned_is_believed_less_at_the_next_start() -> None:
    room = Room(watts=360.0, lying=True, battery_health=0.3)
    room.to_the_end()
    assert room.state.charge > 0.4, "nothing showed before it died"
    after = Room(restarted(room.state), watts=360.0, lying=True, battery_health=0.3)
    assert after.left().seconds < 60, "it is empty"
    assert after.left().health_pct == pytest.approx(30, abs=5)
    after.wait(4 * 3600)
    after.ups.charge = 1.0
    assert after.left().seconds == pytest.approx(after.ups.runtime(), rel=0.2)


@pytest.mark.parametrize("clean", [True, False])
def test_a_program_that_starts_again_within_an_outage_goes_on_reckoning(clean: bool) -> None:
    room = Room(watts=360.0)
    room.outage()
    room.wait(600)
    before = room.left().charge_pct
    room.state = restarted(room.state, clean)
    room.wait(2)
    assert before - 6 <= room.left().charge_pct <= before


def test_an_orderly_shutdown_says_nothing_against_the_battery() -> None:
    room = Room(watts=360.0)
    room.outage()
    room.wait(600)
    kept = room.state.row
    after = Room(restarted(room.state, clean=True), watts=360.0, charge=room.ups.charge)
    assert after.state.row.health == kept.health
    assert after.left().charge_pct == pytest.approx(kept.charge * 100, abs=1)


def test_a_silent_ups_on_battery_is_reckoned_down_and_believed_less_and_less() -> None:
    room = Room(watts=360.0)
    room.outage()
    room.wait(120)
    at_last, truth = room.left(), room.ups.runtime()
    room.now += 300
    room.state = battery.silent(room.state, True, room.now, PLATE)
    later = room.left()
    assert later.seconds == pytest.approx(at_last.seconds - 300, abs=10)
    assert later.seconds <= truth
    assert later.age_s == 300 and later.confidence < at_last.confidence / 10


def test_silence_while_the_mains_are_there_empties_nothing() -> None:
    room = Room()
    room.now += 3600
    room.state = battery.silent(room.state, False, room.now, PLATE)
    room.wait(2)
    assert room.left().charge_pct == 100


def test_a_ups_that_tells_less_than_is_reckoned_is_believed() -> None:
    state = battery.step(battery.State(), reading(runtime_s=120.0, charge_pct=60.0), 1.0, PLATE)
    alone, more = battery.left(state, 1.0, PLATE), battery.left(state, 1.0, PLATE, 184.0)
    assert alone is not None and more is not None
    assert (alone.seconds, alone.charge_pct) == (120.0, 60.0)
    assert more.seconds == pytest.approx(120 / 2**1.15, rel=0.01)


def test_battery_low_means_a_fifth_at_most() -> None:
    state = battery.step(battery.State(), reading(utility_fail=True), 1.0, PLATE)
    state = battery.step(state, reading(utility_fail=True, battery_low=True), 2.0, PLATE)
    estimate = battery.left(state, 2.0, PLATE)
    assert estimate is not None and estimate.charge_pct == 20


def test_nothing_is_said_before_the_ups_has_spoken() -> None:
    assert battery.left(battery.State(), 5.0, PLATE) is None


def test_a_failed_test_is_remembered_until_one_passes() -> None:
    room = Room()
    trusted = room.left().confidence
    room.state = battery.tested(room.state, False, room.now)
    assert restarted(room.state).row.test_failed
    assert room.left().confidence < trusted / 2
    room.state = battery.tested(room.state, None, room.now)
    assert room.state.row.test_failed
    room.state = battery.tested(room.state, True, room.now)
    assert room.left().confidence == trusted


def test_a_deep_test_of_the_ups_proves_the_capacity() -> None:
    room = Room(watts=360.0, battery_health=0.7)
    room.ups.receive(b"TL\r", room.now)
    room.wait(600)
    room.ups.receive(b"CT\r", room.now)
    room.wait(2)
    assert room.left().health_pct == pytest.approx(70, abs=5)


def test_confidence_fades_with_the_age_of_the_proof() -> None:
    fresh = battery.restore({"battery": Kept(proof="discharge")})
    old = battery.restore({"battery": Kept(proof="discharge", proved_days=720)})
    said = [battery.left(battery.step(each, reading(), 1.0, PLATE), 1.0, PLATE) for each in (fresh, old)]
    assert said[0] is not None and said[1] is not None
    assert said[0].confidence > 0.9 > 0.6 > said[1].confidence


def test_the_disk_is_written_seldom() -> None:
    room = Room(watts=360.0)
    room.rows = 0
    room.wait(3600)
    assert room.rows == 0, "nothing is written while nothing changes"
    room.to_the_end()
    assert room.rows <= 30


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_ups_says_the_figures_stay_within_their_bounds(seed: int) -> None:
    chance = random.Random(seed)
    state, now = battery.State(), 0.0
    for _ in range(300):
        now += chance.choice((0.0, 0.2, 1.0, 500.0))
        line = reading(
            utility_fail=chance.random() < 0.6,
            testing=chance.random() < 0.1,
            battery_low=chance.random() < 0.1,
            charge_pct=chance.choice((None, 0.0, 100.0, round(chance.uniform(0, 100), 1))),
            runtime_s=chance.choice((None, 0.0, 1e6)),
            load_pct=chance.uniform(0, 250),
            battery_v=chance.choice((0.0, 1.1, 24.0, 600.0)),
        )
        state = battery.step(state, line, now, PLATE)
        if chance.random() < 0.1:
            state = battery.silent(state, chance.random() < 0.5, now + 5, PLATE)
        if chance.random() < 0.05:
            state = restarted(state, chance.random() < 0.5)
        estimate = battery.left(state, now, PLATE, chance.uniform(0, 500))
        assert 0 <= state.row.charge <= 1 and 0.05 <= state.row.health <= 1
        if estimate is not None:
            assert estimate.seconds >= 0 and 0 <= estimate.confidence <= 1 and 0 <= estimate.charge_pct <= 100


def test_a_plate_of_another_battery_changes_the_exponent() -> None:
    ideal = replace(PLATE, half_load_s=1200.0)
    assert battery.exponent(ideal) == pytest.approx(1.0)
    assert Room(watts=460.0).ups.model == UpsModel()
    assert battery.exponent(PLATE) == pytest.approx(UpsModel().exponent, abs=0.01)
