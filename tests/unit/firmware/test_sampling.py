"""Volts and contacts as an electrician would read them."""

from __future__ import annotations

import math

import pytest

from firmware import pins
from firmware.sampling import Debounce, Mean, Rms, isqrt


def sine(volts: float, hertz: float, step_ms: float, count: int, bias: int = 2048, phase: float = 0.3) -> list[int]:
    peak = volts * math.sqrt(2) * 10 * 2048 / pins.PEAK_DV
    samples = (bias + peak * math.sin(2 * math.pi * hertz * n * step_ms / 1000 + phase) for n in range(count))
    return [min(4095, max(0, round(one))) for one in samples]


def rms(samples: list[int]) -> float:
    meter = Rms(pins.PEAK_DV)
    for one in samples:
        meter.add(one)
    return meter.take() / 10


@pytest.mark.parametrize("volts", [0.0, 12.0, 110.0, 230.0, 253.0, 300.0])
def test_two_periods_of_the_mains_give_their_volts(volts: float) -> None:
    assert rms(sine(volts, 50, 2, 20)) == pytest.approx(volts, abs=1.0)


def test_a_genset_that_runs_fast_or_slow_is_still_read_within_two_per_cent() -> None:
    for hertz in (48.0, 49.0, 51.0, 52.0):
        assert rms(sine(230, hertz, 2, 20)) == pytest.approx(230, rel=0.025)


def test_a_bias_that_is_off_the_middle_changes_nothing() -> None:
    assert rms(sine(230, 50, 2, 20, bias=2200)) == pytest.approx(230, abs=1.0)


def test_a_dip_of_one_period_is_seen() -> None:
    assert rms(sine(230, 50, 2, 10) + [2048] * 10) < 172.5


def test_each_window_stands_alone_and_none_is_zero() -> None:
    meter = Rms(pins.PEAK_DV)
    for one in sine(230, 50, 2, 20):
        meter.add(one)
    meter.take()
    assert meter.take() == 0


def test_battery_volts_are_the_mean() -> None:
    meter = Mean(pins.BATTERY_FULL_CV)
    for one in (2000, 3000):
        meter.add(one)
    assert meter.take() == 2500 * 3600 // 4095
    assert meter.take() == 0


def test_square_roots_are_exact() -> None:
    numbers = [*range(1000), 2**30 - 1, 2**30, 2**32 + 7, (2**20 + 1) ** 2 - 1]
    assert [isqrt(n) for n in numbers] == [math.isqrt(n) for n in numbers]


def test_a_contact_counts_when_it_has_lasted_on_either_edge() -> None:
    levels = Debounce(20)
    assert levels.look(0b01, 0) == 0b01, "the first look is believed"
    assert [levels.look(0b11, 5) for _ in range(4)] == [0b01] * 4
    assert levels.look(0b11, 5) == 0b11
    assert levels.look(0b10, 5) == 0b11
    assert levels.look(0b11, 5) == 0b11, "a bounce"
    assert [levels.look(0b10, 5) for _ in range(5)][-1] == 0b10
