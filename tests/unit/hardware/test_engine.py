"""What a technician sees, hears and measures at the simulated diesel genset."""

from __future__ import annotations

import json

import pytest

from hardware.simulators.engine import Engine, EngineModel


def started(engine: Engine, at: float = 0.0) -> Engine:
    """The engine, ten seconds after its start signal."""
    engine.set_start(at, True)
    engine.advance(at + 10)
    return engine


def words(engine: Engine) -> list[str]:
    return [what for _, what in engine.log]


def test_it_cranks_fires_after_two_seconds_and_gives_its_volts_three_seconds_later() -> None:
    engine = Engine()
    engine.set_start(100.0, True)
    engine.advance(101.0)
    assert engine.cranking and not engine.running_contact and engine.volts == 0
    assert 150 < engine.rpm < 250 and engine.battery_v < 11
    engine.advance(103.0)
    assert not engine.cranking and 0 < engine.rpm < 1500 and engine.volts < 100
    engine.advance(105.0)
    assert engine.running_contact and engine.volts == 230 and engine.hertz == pytest.approx(50.75)
    assert engine.oil_kpa > 300 and engine.battery_v == pytest.approx(14.1)
    assert engine.log == [(100.0, "crank"), (102.0, "crank.end"), (102.0, "fired")]


def test_the_running_contact_closes_at_the_moment_it_announces() -> None:
    engine = Engine()
    engine.set_start(0.0, True)
    engine.advance(2.0)
    due = engine.next_wakeup()
    assert due is not None
    engine.advance(due - 0.01)
    assert not engine.running_contact
    engine.advance(due)
    assert engine.running_contact and engine.rpm == pytest.approx(1000)


def test_the_signal_taken_away_ends_a_crank_and_stops_an_engine() -> None:
    engine = Engine()
    engine.set_start(0.0, True)
    engine.set_start(1.0, False)
    assert engine.standing and engine.starts == 96
    started(engine, 10.0)
    engine.set_start(60.0, False)
    assert engine.volts == 0 and not engine.running_contact and engine.rpm > 1400
    engine.advance(64.0)
    assert engine.standing and engine.rpm == 0 and engine.starts == 97


def test_two_masters_keep_it_running_until_both_let_go() -> None:
    engine = started(Engine())
    engine.set_start(20.0, True, by="dse")
    engine.set_start(30.0, False)
    assert engine.running
    engine.set_start(40.0, False, by="dse")
    assert not engine.running


def test_one_that_fails_to_start_drains_its_battery_while_it_is_cranked() -> None:
    engine = Engine(fails_to_start=True)
    engine.set_start(0.0, True)
    engine.advance(600.0)
    assert engine.cranking and engine.battery == pytest.approx(1 - 600 / 900)
    engine.fails_to_start = False
    engine.advance(600.1)
    assert engine.running


def test_the_third_crank_fires_when_so_told() -> None:
    engine = Engine(starts_on_attempt=3)
    for begin in (0.0, 20.0):
        engine.set_start(begin, True)
        engine.advance(begin + 10)
        assert engine.cranking
        engine.set_start(begin + 10, False)
    assert started(engine, 40.0).running and words(engine).count("crank") == 3


def test_a_slow_start_needs_a_longer_crank() -> None:
    engine = Engine(slow_start=True)
    engine.set_start(0.0, True)
    engine.advance(6.9)
    assert engine.cranking
    engine.advance(7.0)
    assert engine.running


def test_a_weak_starter_battery_sags_and_does_not_start_it() -> None:
    engine = Engine(weak_battery=True)
    assert engine.battery_v < 11.8
    assert started(engine).cranking and engine.battery_v < 8


def test_it_stalls_shows_a_fault_and_does_not_start_again_under_the_same_signal() -> None:
    engine = Engine(stalls_after_s=120.0)
    engine.set_start(0.0, True)
    engine.advance(122.0)
    assert engine.volts == 0 and engine.fault_contact
    engine.advance(300.0)
    assert engine.standing and engine.fault_contact and words(engine).count("crank") == 1
    engine.set_start(300.0, False)
    assert not engine.fault_contact
    assert started(engine, 310.0).running


def test_fuel_burns_with_the_load_the_float_tells_and_an_empty_tank_ends_it() -> None:
    engine = started(Engine(fuel_l=8.1, load_watts=2500.0))
    before = engine.fuel_l
    engine.advance(10 + 1800.0)
    assert before - engine.fuel_l == pytest.approx(1.3 / 2, abs=0.001)
    assert engine.fuel_low_contact and engine.fuel_percent == pytest.approx(18.6, abs=0.2)
    engine.advance(8 * 3600.0)
    assert engine.standing and engine.fuel_l == 0 and "stalled" in words(engine)
    engine.set_start(8 * 3600.0, False)
    assert started(engine, 9 * 3600.0).cranking


def test_it_refuses_to_stop_until_somebody_mends_it() -> None:
    engine = started(Engine(fails_to_stop=True))
    engine.set_start(20.0, False)
    engine.advance(80.0)
    assert engine.running_contact and engine.volts == 230
    engine.fails_to_stop = False
    engine.advance(85.0)
    assert not engine.running


def test_low_oil_is_seen_and_then_its_own_switch_stops_it() -> None:
    engine = Engine(low_oil=True)
    engine.set_start(0.0, True)
    engine.advance(8.0)
    assert engine.running and engine.oil_kpa == 40 and engine.fault_contact
    engine.advance(20.0)
    assert engine.standing and engine.fault_contact and "tripped" in words(engine)


def test_without_its_cooling_it_boils_and_trips_at_the_limit() -> None:
    engine = started(Engine())
    engine.advance(1800.0)
    assert engine.coolant_c == pytest.approx(82, abs=0.5)
    engine.hot = True
    engine.advance(1800.0 + 300)
    assert engine.coolant_c <= 105.5 and not engine.running and engine.fault_contact


def test_one_without_protection_of_its_own_runs_on() -> None:
    engine = started(Engine(EngineModel(protect_s=None), low_oil=True))
    engine.advance(60.0)
    assert engine.running and engine.fault_contact


def test_out_of_band_gives_too_little_of_both() -> None:
    engine = started(Engine(out_of_band=True))
    assert (engine.volts, engine.hertz) == (185, pytest.approx(44)) and engine.running_contact


def test_the_speed_droops_with_the_load() -> None:
    engine = started(Engine())
    empty = engine.rpm
    engine.load_watts = 5000
    assert engine.rpm == pytest.approx(1500) and engine.rpm < empty


def test_hours_and_starts_are_counted_and_survive() -> None:
    engine = started(Engine())
    engine.advance(2.0 + 3600)
    assert engine.run_seconds == pytest.approx(413 * 3600) and engine.starts == 97
    again = Engine()
    again.restore(json.loads(json.dumps(engine.snapshot())))
    assert (again.fuel_l, again.run_seconds, again.starts) == (engine.fuel_l, engine.run_seconds, 97)
    assert again.standing


def test_a_quick_model_keeps_the_order_of_things() -> None:
    engine = Engine(EngineModel().quicker(10))
    engine.set_start(0.0, True)
    engine.advance(0.21)
    assert engine.running
    engine.advance(0.5)
    assert engine.volts == 230


@pytest.mark.parametrize("begin", [0.0, 1_760_000_000.0])
def test_small_and_large_clocks_tell_the_same_story(begin: float) -> None:
    engine = Engine(fuel_l=0.05, hot=True)
    engine.set_start(begin, True)
    engine.advance(begin + 3600)
    assert words(engine) == ["crank", "crank.end", "fired", "tripped", "stopped"]
