"""What the Megatec protocol says of the UPS, and how its battery behaves."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.simulators.megatec import Ups, UpsModel

MINUTE, HOUR = 60.0, 3600.0


def ask(ups: Ups, command: bytes, now: float) -> bytes:
    return ups.receive(command + b"\r", now)


def fields(ups: Ups, now: float) -> list[str]:
    line = ask(ups, b"Q1", now)
    assert len(line) == 47 and line.startswith(b"(") and line.endswith(b"\r")
    return line[1:-1].decode("ascii").split(" ")


def bits(ups: Ups, now: float) -> str:
    return fields(ups, now)[7]


def test_on_mains_everything_is_normal() -> None:
    assert ask(Ups(), b"Q1", 0.0) == b"(228.0 228.0 228.0 020 50.0 27.2 29.0 00001001\r"


def test_nominal_values_have_the_published_form() -> None:
    assert ask(Ups(), b"F", 0.0) == b"#230.0 004 024.0 50.0\r"


def test_the_type_plate_has_fixed_columns() -> None:
    line = ask(Ups(), b"I", 0.0)
    assert len(line) == 39
    assert line[1:16].strip() == b"LOKET-SIM" and line[17:27].strip() == b"LI-1000" and line[28:38].strip() == b"V1.02"


def test_an_unknown_command_comes_back_and_a_known_one_is_not_answered() -> None:
    ups = Ups()
    assert ask(ups, b"QX9", 0.0) == b"QX9\r"
    for command in (b"T", b"T02", b"TL", b"CT", b"Q", b"S.5R0003", b"C"):
        assert ask(ups, command, 0.0) == b""


def test_an_outage_sets_the_utility_bit_and_the_load_stays_fed() -> None:
    ups = Ups()
    ups.set_mains(10.0, 0.0)
    volts, fault, output, _, hertz, _, _, status = fields(ups, 10.1)
    assert (volts, fault, output, hertz) == ("000.0", "000.0", "230.0", "50.0")
    assert status[0] == "1"


def test_the_battery_runs_down_reports_low_and_then_the_booth_is_dark() -> None:
    ups = Ups()
    ups.set_mains(0.0, 0.0)
    lasts = ups.runtime()
    assert bits(ups, lasts * 0.7)[1] == "0"
    assert bits(ups, lasts * 0.85)[1] == "1"
    first, later = float(fields(ups, lasts * 0.86)[5]), float(fields(ups, lasts * 0.99)[5])
    assert first > later
    assert ups.next_wakeup() == pytest.approx(lasts)
    ups.wakeup(lasts + 1)
    assert not ups.output_on
    assert ask(ups, b"Q1", lasts + 2) == b""


def test_half_the_load_lasts_more_than_twice_as_long() -> None:
    full, half = Ups(load_watts=920.0), Ups(load_watts=460.0)
    for ups in (full, half):
        ups.set_mains(0.0, 0.0)
    assert full.runtime() == pytest.approx(600.0)
    assert half.runtime() > 2 * full.runtime()


def test_the_battery_charges_again_on_mains() -> None:
    ups = Ups(charge=0.3)
    ups.advance(0.0)
    ups.advance(4 * HOUR)
    assert ups.charge == 1.0


def test_after_a_dead_battery_the_booth_comes_back_with_the_mains() -> None:
    ups = Ups(charge=0.01)
    ups.set_mains(0.0, 0.0)
    ups.wakeup(HOUR)
    assert not ups.output_on
    ups.set_mains(2 * HOUR, 230.0)
    ups.wakeup(2 * HOUR + 2)
    assert ups.output_on
    assert bits(ups, 2 * HOUR + 3)[0] == "0"


def test_a_dip_ends_by_itself() -> None:
    ups = Ups()
    ups.dip(10.0, 0.4)
    assert bits(ups, 10.1)[0] == "1"
    assert ups.next_wakeup() == pytest.approx(10.4)
    assert fields(ups, 10.5)[0] == "228.0" and bits(ups, 10.5)[0] == "0"
    assert fields(ups, 10.6)[1] == "000.0", "the fault voltage remembers"


@pytest.mark.parametrize(
    ("mains", "on_battery", "regulating", "ratio"),
    [(150, "1", "0", None), (190, "0", "1", 1.15), (230, "0", "0", 1.0), (265, "0", "1", 0.87), (300, "1", "0", None)],
)
def test_weak_and_high_mains_are_boosted_trimmed_or_left(
    mains: float, on_battery: str, regulating: str, ratio: float | None
) -> None:
    ups = Ups()
    ups.set_mains(0.0, mains)
    volts, _, output, *_, status = fields(ups, 1.0)
    assert (status[0], status[2]) == (on_battery, regulating)
    if ratio is not None:
        assert float(output) / float(volts) == pytest.approx(ratio, abs=0.01)


def test_shutdown_and_return_power_cycles_the_booth_even_with_mains_there() -> None:
    ups = Ups()
    assert ask(ups, b"S.5R0003", 0.0) == b""
    assert bits(ups, 1.0)[6] == "1", "shutdown active"
    ups.wakeup(29.0)
    assert ups.output_on
    ups.wakeup(31.0)
    assert not ups.output_on and fields(ups, 31.0)[2] == "000.0"
    ups.wakeup(30.0 + 3 * MINUTE + 1)
    assert ups.output_on and bits(ups, 300.0)[6] == "0"


def test_shutdown_in_an_outage_waits_for_the_mains_then_returns() -> None:
    ups = Ups()
    ups.set_mains(0.0, 0.0)
    ask(ups, b"S.2R0001", 1.0)
    ups.wakeup(20.0)
    assert not ups.output_on and ask(ups, b"Q1", 21.0) == b""
    ups.set_mains(HOUR, 230.0)
    ups.wakeup(HOUR + 59)
    assert not ups.output_on
    ups.wakeup(HOUR + 61)
    assert ups.output_on


def test_shutdown_without_return_leaves_the_booth_dark_while_mains_is_there() -> None:
    ups = Ups()
    ask(ups, b"S01", 0.0)
    ups.wakeup(61.0)
    ups.wakeup(10 * HOUR)
    assert not ups.output_on
    ask(ups, b"C", 10 * HOUR)
    ups.wakeup(10 * HOUR + 11)
    assert ups.output_on


def test_a_shutdown_can_be_cancelled_in_time() -> None:
    ups = Ups()
    ask(ups, b"S.5R0003", 0.0)
    ask(ups, b"C", 10.0)
    ups.wakeup(HOUR)
    assert ups.output_on and bits(ups, HOUR)[6] == "0"


def test_low_battery_ends_the_waiting_before_a_shutdown() -> None:
    ups = Ups(charge=0.21)
    ups.set_mains(0.0, 0.0)
    ask(ups, b"S10R0001", 1.0)
    ups.wakeup(5 * MINUTE)
    assert not ups.output_on


def test_a_self_test_runs_on_battery_for_ten_seconds() -> None:
    ups = Ups()
    ask(ups, b"T", 0.0)
    assert ups.on_battery and bits(ups, 5.0)[5] == "1"
    assert bits(ups, 11.0)[5] == "0" and not ups.on_battery


def test_a_deep_test_ends_with_a_low_battery() -> None:
    ups = Ups()
    ask(ups, b"TL", 0.0)
    assert bits(ups, 5 * MINUTE)[5] == "1"
    ups.wakeup(10 * HOUR)
    assert bits(ups, 10 * HOUR)[5] == "0" and ups.output_on


def test_a_worn_out_battery_fails_its_test() -> None:
    ups = Ups(battery_health=0.2)
    ask(ups, b"T", 0.0)
    assert bits(ups, 11.0)[3] == "1"


def test_the_beeper_is_switched_by_q() -> None:
    ups = Ups()
    assert bits(ups, 0.0)[7] == "1"
    ask(ups, b"Q", 0.0)
    assert bits(ups, 0.0)[7] == "0"


def test_a_lying_battery_says_all_is_well_until_it_is_dark() -> None:
    ups = Ups(lying_battery=True, battery_health=0.05)
    ups.set_mains(0.0, 0.0)
    lasts = ups.runtime()
    assert fields(ups, lasts * 0.99)[5] == "26.0" and bits(ups, lasts * 0.99)[1] == "0"
    assert ask(ups, b"Q1", lasts + 1) == b""


def test_some_units_report_volts_per_cell() -> None:
    assert fields(Ups(per_cell=True), 0.0)[5] == "2.27"


def test_silent_slow_and_garbled_units() -> None:
    ups = Ups()
    ups.wire.silent = True
    assert ask(ups, b"Q1", 0.0) == b""
    ups.wire.silent, ups.wire.delay = False, 2.0
    assert ask(ups, b"Q1", 1.0) == b""
    assert ups.next_wakeup() == 3.0
    assert len(ups.wakeup(3.0)) == 47
    ups.wire.delay, ups.wire.garbage = 0.0, True
    noise = ask(ups, b"Q1", 4.0)
    assert len(noise) == 47 and not noise.startswith(b"(228")
    ups.wire.garbage, ups.wire.cut_after = False, 20
    assert ask(ups, b"Q1", 5.0) == b"(228.0 228.0 228.0 0"


def test_a_command_may_come_in_pieces() -> None:
    ups = Ups()
    assert ups.receive(b"Q", 0.0) == b""
    assert len(ups.receive(b"1\rQ1", 0.1)) == 47
    assert len(ups.receive(b"\r", 0.2)) == 47


def test_its_state_survives_the_rig() -> None:
    ups = Ups(charge=0.5)
    ups.set_mains(0.0, 0.0)
    ups.advance(100.0)
    again = Ups()
    again.restore(json.loads(json.dumps(ups.snapshot())))
    assert (again.charge, again.mains_volts, again.output_on) == (ups.charge, 0.0, True)


@given(
    st.lists(st.tuples(st.floats(0, 4000), st.sampled_from(["cut", "back", "dip", "S.5R0003", "S01", "C", "T", "TL"])))
)
def test_the_charge_stays_between_empty_and_full_and_a_fed_booth_has_a_source(
    steps: list[tuple[float, str]],
) -> None:
    ups, now = Ups(model=UpsModel(recharge_seconds=600.0)), 0.0
    for seconds, act in steps:
        now += seconds
        ups.wakeup(now)
        if act == "cut":
            ups.set_mains(now, 0.0)
        elif act == "back":
            ups.set_mains(now, 231.0)
        elif act == "dip":
            ups.dip(now, 0.5)
        else:
            ask(ups, act.encode(), now)
        assert 0.0 <= ups.charge <= 1.0
        assert not ups.output_on or ups.mains_good or ups.charge > 0
        due = ups.next_wakeup()
        assert due is None or due >= now


@given(st.binary(max_size=300))
def test_noise_is_taken_without_harm(data: bytes) -> None:
    ups = Ups()
    ups.receive(data, 0.0)
    ups.receive(b"\r", 0.0)
    assert len(ask(ups, b"Q1", 1.0)) == 47
