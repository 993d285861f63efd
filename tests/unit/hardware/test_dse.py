"""What the GenComm standard says of the simulated controller's registers and keys, and what it then does."""

from __future__ import annotations

import json
import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.simulators.dse import AUTO, MANUAL, STOP, TEST, DseController, DseModel
from hardware.simulators.dse_map import crc16
from hardware.simulators.engine import Engine, EngineModel

START, CANCEL, RESET, STOP_MODE, AUTO_MODE, TEST_MODE = 35732, 35733, 35734, 35700, 35701, 35703


def framed(*body: int, unit: int = 10) -> bytes:
    """A request with its address and checksum."""
    whole = bytes((unit, *body))
    return whole + crc16(whole)


def reading(address: int, count: int) -> bytes:
    return framed(3, *struct.pack(">HH", address, count))


def writing(address: int, *words: int) -> bytes:
    return framed(16, *struct.pack(f">HHB{len(words)}H", address, len(words), 2 * len(words), *words))


def words(dse: DseController, address: int, count: int, now: float) -> list[int]:
    """Reads registers; fails on anything but a whole answer."""
    reply = dse.receive(reading(address, count), now)
    assert reply[:3] == bytes((10, 3, 2 * count)) and crc16(reply[:-2]) == reply[-2:]
    return list(struct.unpack(f">{count}H", reply[3:-2]))


def word(dse: DseController, address: int, now: float) -> int:
    return words(dse, address, 1, now)[0]


def double(dse: DseController, address: int, now: float) -> int:
    high, low = words(dse, address, 2, now)
    return high << 16 | low


def press(dse: DseController, key: int, now: float) -> None:
    """Writes a key with its complement and expects the echo."""
    reply = dse.receive(writing(4104, key, 65535 - key), now)
    assert reply == framed(16, *struct.pack(">HH", 4104, 2))


def old_alarm(dse: DseController, place: int, now: float) -> int:
    return word(dse, 2049 + place // 4, now) >> (12 - 4 * (place % 4)) & 15


def named_alarm(dse: DseController, place: int, now: float) -> int:
    return word(dse, 39425 + place // 4, now) >> (12 - 4 * (place % 4)) & 15


def running() -> DseController:
    """A genset that was asked for at second 0 and carries on at second 60."""
    dse = DseController(Engine())
    press(dse, START, 0.0)
    assert word(dse, 1408, 60.0) == 3
    return dse


# --- the wire ----------------------------------------------------------------------------------------------------


def test_the_checksum_is_the_published_one() -> None:
    # "123456789" has CRC-16/MODBUS 0x4B37, sent low byte first.
    assert crc16(b"123456789") == bytes((0x37, 0x4B))


def test_standing_still_it_shows_standstill() -> None:
    dse = DseController(Engine())
    assert words(dse, 768, 2, 0.0) == [1, 32840]
    assert word(dse, 772, 0.0) == AUTO
    assert words(dse, 1024, 2, 0.0) == [0, 32]
    assert words(dse, 1027, 1, 0.0) == [75]
    assert words(dse, 1029, 3, 0.0) == [127, 0, 0]
    assert double(dse, 1032, 0.0) == 0
    assert double(dse, 1798, 0.0) == 412 * 3600 and double(dse, 1808, 0.0) == 96


def test_what_it_does_not_measure_is_the_sentinel_of_its_type() -> None:
    dse = DseController(Engine())
    assert word(dse, 1026, 0.0) == 0x7FFF
    assert double(dse, 1034, 0.0) == 0xFFFFFFFF
    assert words(dse, 1059, 3, 0.0) == [0xFFFF] * 3
    assert words(dse, 4104, 2, 0.0) == [0xFFFF] * 2


def test_its_mains_terminals_see_the_mains() -> None:
    dse = DseController(Engine(), mains_volts=228.4)
    assert word(dse, 1059, 0.0) == 500 and double(dse, 1060, 0.0) == 2284
    dse.mains_volts = 0.0
    assert word(dse, 1059, 0.0) == 0 and double(dse, 1060, 0.0) == 0


@pytest.mark.parametrize(
    ("request_frame", "function", "code"),
    [
        (framed(4, 4, 0, 0, 1), 4, 1),
        (framed(6, 0x10, 0x08, 0x8B, 0x94), 6, 1),
        (framed(43, 14, 1, 0), 43, 1),
        (reading(0, 1), 3, 2),
        (reading(1279, 2), 3, 2),
        (reading(65535, 2), 3, 2),
        (writing(1024, 1, 2), 16, 2),
        (writing(4103, 1, 2), 16, 2),
        (reading(1024, 0), 3, 3),
        (reading(1024, 126), 3, 3),
        (writing(4104, START), 16, 3),
        (writing(4105, 65535 - START), 16, 3),
        (writing(4104, START, START), 16, 3),
        (writing(4104, 35720, 65535 - 35720), 16, 3),
    ],
)
def test_what_it_cannot_do_it_says_with_the_right_exception(request_frame: bytes, function: int, code: int) -> None:
    dse = DseController(Engine())
    assert dse.receive(request_frame, 0.0) == framed(function | 0x80, code)
    assert not dse.keys_written and not dse.wanted


def test_another_unit_and_a_broken_checksum_are_not_answered() -> None:
    dse = DseController(Engine())
    assert dse.receive(framed(3, 4, 0, 0, 1, unit=11), 0.0) == b""
    broken = bytearray(reading(1024, 1))
    broken[3] ^= 1
    assert dse.receive(bytes(broken), 1.0) == b""
    assert word(dse, 1030, 2.0) == 0


@given(cuts=st.lists(st.integers(1, 12), max_size=6))
def test_a_request_may_come_in_pieces(cuts: list[int]) -> None:
    dse, whole, said = DseController(Engine()), writing(4104, START, 65535 - START), b""
    places = [0, *sorted(set(cuts)), len(whole)]
    for index, (begin, end) in enumerate(pairwise(places)):
        said += dse.receive(whole[begin:end], 0.001 * index)
    assert said == framed(16, 16, 8, 0, 2) and dse.keys_written == [START]


def test_half_a_request_is_forgotten_in_the_silence_after_it() -> None:
    dse = DseController(Engine())
    assert dse.receive(reading(1024, 1)[:5], 0.0) == b""
    assert word(dse, 1030, 1.0) == 0


@given(junk=st.binary(max_size=300), tail=st.binary(max_size=40))
def test_no_bytes_break_it_and_after_a_silence_it_answers_again(junk: bytes, tail: bytes) -> None:
    dse = DseController(Engine())
    dse.receive(junk, 0.0)
    dse.receive(tail, 0.01)
    assert word(dse, 768, 1.0) == 1


def test_the_faults_of_the_wire() -> None:
    dse = DseController(Engine())
    dse.wire.silent = True
    assert dse.receive(reading(768, 2), 0.0) == b""
    dse.wire.silent, dse.wire.cut_after = False, 4
    assert len(dse.receive(reading(768, 2), 1.0)) == 4
    dse.wire.cut_after, dse.wire.delay = None, 0.7
    assert dse.receive(reading(768, 2), 2.0) == b"" and dse.next_wakeup() == 2.7
    assert dse.wakeup(2.7)[:3] == bytes((10, 3, 4))


# --- keys and the sequence -----------------------------------------------------------------------------------------


def test_the_bitmap_says_which_keys_it_knows() -> None:
    bitmap = words(DseController(Engine()), 4096, 8, 0.0)
    known = [35700 + 16 * r + b for r in range(8) for b in range(16) if bitmap[r] >> (15 - b) & 1]
    assert {STOP_MODE, AUTO_MODE, TEST_MODE, START, CANCEL, RESET} <= set(known)


def test_asked_it_cranks_warms_runs_and_afterwards_cools_down() -> None:
    dse = DseController(Engine())
    press(dse, START, 0.0)
    assert word(dse, 1408, 0.5) == 1 and dse.engine.standing
    assert word(dse, 1408, 2.0) == 1 and dse.engine.cranking
    assert word(dse, 1408, 4.0) == 2
    assert word(dse, 1408, 10.0) == 3
    assert 1500 <= word(dse, 1030, 10.0) <= 1530 and 500 <= word(dse, 1031, 10.0) <= 510
    assert double(dse, 1032, 10.0) == 2300 and double(dse, 1808, 10.0) == 97
    press(dse, CANCEL, 100.0)
    assert word(dse, 1408, 130.0) == 4 and double(dse, 1032, 130.0) == 2300
    assert word(dse, 1408, 161.0) == 6 and double(dse, 1032, 161.0) == 0
    assert word(dse, 1408, 170.0) == 0 and word(dse, 1030, 170.0) == 0


def test_asked_again_during_the_cooling_it_carries_on_without_a_crank() -> None:
    dse = running()
    press(dse, CANCEL, 100.0)
    press(dse, START, 120.0)
    assert word(dse, 1408, 300.0) == 3 and dse.engine.starts == 97


def test_a_request_taken_back_while_it_cranks_ends_the_crank() -> None:
    dse = DseController(Engine(fails_to_start=True))
    press(dse, START, 0.0)
    dse.advance(3.0)
    assert dse.engine.cranking
    press(dse, CANCEL, 3.0)
    assert dse.engine.standing and word(dse, 1408, 4.0) == 0


def test_three_cranks_then_a_latched_failure_until_it_is_reset() -> None:
    dse = DseController(Engine(fails_to_start=True))
    press(dse, START, 0.0)
    dse.advance(200.0)
    assert dse.engine.log == [
        (1.0, "crank"), (11.0, "crank.end"), (21.0, "crank"), (31.0, "crank.end"), (41.0, "crank"), (51.0, "crank.end")
    ]  # fmt: skip
    assert named_alarm(dse, 13, 200.0) == 3 and old_alarm(dse, 6, 200.0) == 3
    press(dse, CANCEL, 201.0)
    dse.engine.fails_to_start = False
    press(dse, START, 210.0)
    assert word(dse, 1030, 240.0) == 0
    press(dse, RESET, 250.0)
    assert word(dse, 1408, 280.0) == 3 and named_alarm(dse, 13, 280.0) == 1


def test_the_third_crank_may_succeed() -> None:
    dse = DseController(Engine(starts_on_attempt=3))
    press(dse, START, 0.0)
    assert word(dse, 1408, 60.0) == 3 and not dse.alarms


@pytest.mark.parametrize("mode", [STOP, MANUAL])
def test_left_out_of_automatic_it_acknowledges_the_start_and_does_nothing(mode: int) -> None:
    dse = DseController(Engine(), mode=mode)
    press(dse, START, 0.0)
    assert word(dse, 772, 60.0) == mode and word(dse, 1030, 60.0) == 0
    press(dse, AUTO_MODE, 61.0)
    press(dse, START, 62.0)
    assert word(dse, 1030, 120.0) > 1400


def test_a_model_that_only_pretends_to_know_the_telemetry_start() -> None:
    dse = DseController(Engine(), lacks_telemetry_start=True)
    assert words(dse, 4096, 8, 0.0)[2] >> 15
    press(dse, START, 0.0)
    assert word(dse, 1030, 60.0) == 0 and word(dse, 1408, 60.0) == 0


def test_the_test_mode_runs_it_and_stop_mode_stops_it_without_cooling() -> None:
    dse = DseController(Engine())
    press(dse, TEST_MODE, 0.0)
    assert word(dse, 772, 60.0) == TEST and word(dse, 1408, 60.0) == 3
    press(dse, STOP_MODE, 60.0)
    assert word(dse, 772, 66.0) == STOP and word(dse, 1408, 66.0) == 0


def test_a_quick_controller_on_a_quick_engine() -> None:
    dse = DseController(Engine(EngineModel().quicker(20)), DseModel().quicker(20))
    press(dse, START, 0.0)
    assert word(dse, 1408, 1.0) == 3


# --- alarms --------------------------------------------------------------------------------------------------------


def test_both_alarm_pages_begin_with_their_length_and_tell_quiet_from_unfitted() -> None:
    dse = DseController(Engine())
    assert word(dse, 2048, 0.0) == 99 and word(dse, 39424, 0.0) == 80
    assert words(dse, 2049, 1, 0.0) == [0x111F]
    assert words(dse, 39425, 2, 0.0) == [0x111F, 0x1111]
    assert words(dse, 39444, 2, 0.0) == [0xFFFF, 0xFFFF]


def test_a_model_has_one_of_the_layouts() -> None:
    dse = DseController(Engine(), DseModel(model=4623, named_alarms=False))
    assert dse.receive(reading(39424, 1), 0.0) == framed(0x83, 2)
    assert word(dse, 2048, 0.1) == 99


@pytest.mark.parametrize(
    ("fault", "old", "named", "level"),
    [
        ("low_oil", 1, 1, 3),
        ("hot", 2, 2, 3),
        ("emergency_stop", 0, 0, 3),
        ("out_of_band", 9, 8, 4),
        ("out_of_band", 11, 6, 4),
    ],
)
def test_a_fault_of_the_engine_stops_it_and_shows_in_both_layouts(fault: str, old: int, named: int, level: int) -> None:
    dse = running()
    setattr(dse.engine, fault, True)
    dse.advance(600.0)
    assert old_alarm(dse, old, 600.0) == level and named_alarm(dse, named, 600.0) == level
    assert dse.engine.standing
    setattr(dse.engine, fault, False)
    dse.advance(700.0)
    assert named_alarm(dse, named, 700.0) == level and dse.engine.standing
    press(dse, RESET, 3600.0)
    assert named_alarm(dse, named, 3600.0) == 1 and old_alarm(dse, old, 3600.0) == 1
    assert word(dse, 1408, 3660.0) == 3


def test_a_stall_is_a_loss_of_speed() -> None:
    dse = DseController(Engine(stalls_after_s=100.0))
    press(dse, START, 0.0)
    dse.advance(200.0)
    assert named_alarm(dse, 4, 200.0) == 3 and old_alarm(dse, 4, 200.0) == 3
    assert word(dse, 774, 200.0) & 0x1000


def test_an_engine_that_does_not_stop() -> None:
    dse = running()
    dse.engine.fails_to_stop = True
    press(dse, CANCEL, 60.0)
    dse.advance(160.0)
    assert named_alarm(dse, 14, 160.0) == 3 and old_alarm(dse, 7, 160.0) == 3 and word(dse, 1030, 160.0) > 1400


def test_little_fuel_and_a_weak_battery_warn_and_go_by_themselves() -> None:
    dse = DseController(Engine(fuel_l=6.0, weak_battery=True))
    dse.advance(0.0)
    dse.advance(10.0)
    assert (named_alarm(dse, 22, 10.0), old_alarm(dse, 26, 10.0)) == (2, 2)
    assert (named_alarm(dse, 10, 10.0), old_alarm(dse, 24, 10.0)) == (2, 2)
    assert word(dse, 774, 10.0) == 0x0400
    dse.engine.fuel_l, dse.engine.weak_battery = 40.0, False
    dse.advance(11.0)
    assert named_alarm(dse, 22, 11.0) == 1 and word(dse, 774, 11.0) == 0


def test_a_restored_controller_keeps_its_mode_and_its_latched_alarms() -> None:
    dse = DseController(Engine(fails_to_start=True))
    press(dse, START, 0.0)
    dse.advance(100.0)
    dse.mode = MANUAL
    again = DseController(Engine())
    again.restore(json.loads(json.dumps(dse.snapshot())))
    assert word(again, 772, 0.0) == MANUAL and named_alarm(again, 13, 0.0) == 3
