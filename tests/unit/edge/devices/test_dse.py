"""The genset is told as its controller measures it; an order counts only when the engine shows it."""

from __future__ import annotations

import pytest

from edge.core.events import (
    DeviceLost,
    DeviceOnline,
    FrameRejected,
    GensetAlarm,
    GensetReading,
    RequestConfirmed,
    RequestFailed,
)
from edge.core.requests import StartGenset, StopCapture, StopGenset
from edge.devices.dse import Dse
from tests.unit.edge.devices.genset import Controller, framed
from tests.unit.edge.devices.line import Line


def genset(controller: Controller) -> Line:
    return Line(Dse("genset", unit=10), controller).open()


def latest(line: Line) -> GensetReading:
    return line.heard(GensetReading)[-1]


def test_a_standing_genset_is_told_with_what_it_does_not_measure_left_open() -> None:
    line = genset(Controller()).wait(1.5)
    assert line.one(DeviceOnline).details == {
        "maker": "Deep Sea Electronics",
        "model": "7310 MkII",
        "serial": "123456",
    }
    assert latest(line) == GensetReading(
        "genset",
        mode="auto",
        engine="stopped",
        rpm=0,
        volts=0,
        hertz=0,
        oil_kpa=0,
        coolant_c=31,
        fuel_pct=64,
        battery_v=12.6,
        mains_v=230.1,
        mains_hz=50.0,
        run_s=70536,
        starts=321,
        alarms=(),
        can_start=True,
    )
    assert not line.said


def test_a_running_genset_is_told_with_volts_and_hertz() -> None:
    controller = Controller()
    controller.run()
    reading = latest(genset(controller).wait(1.5))
    assert (reading.engine, reading.rpm, reading.volts, reading.hertz) == ("running", 1500, 229.8, 50.1)
    assert (reading.oil_kpa, reading.coolant_c, reading.battery_v) == (380, 78, 14.2)


def test_a_cold_engine_below_zero_is_not_a_hot_one() -> None:
    controller = Controller()
    controller.put(1025, [0xFFF6])
    assert latest(genset(controller).wait(1.5)).coolant_c == -10


@pytest.mark.parametrize("mark", [0xFFF8, 0xFFFB, 0xFFFF])
def test_marks_for_not_measured_are_no_figures(mark: int) -> None:
    controller = Controller()
    controller.put(1024, [mark, mark & 0x7FFF, mark, mark, mark, mark, mark, mark, 0xFFFF, mark])
    controller.put(1408, [15])
    reading = latest(genset(controller).wait(1.5))
    assert (reading.oil_kpa, reading.coolant_c, reading.fuel_pct, reading.battery_v) == (None,) * 4
    assert (reading.rpm, reading.hertz, reading.volts, reading.engine) == (None,) * 4


def test_alarms_of_the_newer_layout() -> None:
    controller = Controller()
    controller.alarms(39424, {0: 4, 1: 3, 13: 3, 22: 2, 35: 8, 79: 2, 2: 15}, 80)
    assert latest(genset(controller).wait(1.5)).alarms == (
        GensetAlarm("emergency-stop", "trip"),
        GensetAlarm("low-oil-pressure", "shutdown"),
        GensetAlarm("fail-to-start", "shutdown"),
        GensetAlarm("low-fuel", "warning"),
        GensetAlarm("alarm-79", "warning"),
    )


def test_the_small_models_of_the_newer_layout_have_their_fuel_elsewhere() -> None:
    controller = Controller()
    controller.put(769, [32808])
    controller.alarms(39424, {37: 2}, 44)
    names = [alarm.name for alarm in latest(genset(controller).wait(1.5)).alarms]
    assert names == ["low-fuel"]


def test_alarms_of_the_older_layout() -> None:
    controller = Controller()
    del controller.words[39424]
    controller.alarms(2048, {6: 3, 7: 2, 24: 2, 26: 2, 41: 2}, 47)
    names = [alarm.name for alarm in latest(genset(controller).wait(1.5)).alarms]
    assert names == ["fail-to-start", "fail-to-stop", "battery-low", "low-fuel", "maintenance-due"]


def test_a_model_without_some_pages_tells_the_rest() -> None:
    controller = Controller()
    for address in (1408, 1798, 4096, 39424):
        del controller.words[address]
    line = genset(controller).wait(3.5)
    reading = latest(line)
    assert (reading.fuel_pct, reading.engine, reading.run_s, reading.can_start) == (64, None, None, None)
    assert not line.heard(DeviceLost)
    assert [ask for ask in controller.asked if ask[0] == 1408] == [(1408, 1)], "what is not there is asked for once"


def test_a_model_that_does_not_offer_the_start_says_so() -> None:
    controller = Controller()
    controller.put(4098, [0x8000])
    assert latest(genset(controller).wait(1.5)).can_start is False


def test_a_start_is_one_write_of_key_and_complement_and_is_proved_by_the_engine() -> None:
    controller = Controller()
    line = genset(controller).wait(1.5).ask(StartGenset())
    assert not line.heard(RequestConfirmed), "nothing is proved by asking"
    line.wait(0.5)
    assert controller.keys == [(35732, 29803)]
    assert line.one(RequestConfirmed) == RequestConfirmed("genset", "StartGenset")
    assert latest(line).rpm == 1500
    line.ask(StopGenset()).wait(1.5)
    assert controller.keys[1:] == [(35733, 29802)]
    assert line.one(RequestConfirmed) == RequestConfirmed("genset", "StopGenset")
    assert not line.heard(RequestFailed)


def test_an_acknowledged_start_without_effect_has_failed() -> None:
    controller = Controller()
    controller.obeys = False
    controller.put(772, [2])
    line = genset(controller).wait(1.5).ask(StartGenset()).wait(19)
    assert not line.heard(RequestFailed)
    line.wait(3)
    failed = line.one(RequestFailed)
    assert failed.request == "StartGenset"
    assert "manual" in failed.error
    assert not line.heard(RequestConfirmed)
    assert controller.keys == [(35732, 29803)]


def test_a_refused_start_has_failed_at_once() -> None:
    controller = Controller()
    controller.refuse = {16: 3}
    line = genset(controller).wait(1.5).ask(StartGenset()).wait(1)
    assert "exception 3" in line.one(RequestFailed).error
    assert not line.heard(DeviceLost)


def test_a_busy_controller_is_asked_again() -> None:
    controller = Controller()
    controller.refuse = {16: 6}
    line = genset(controller).wait(1.5).ask(StartGenset()).wait(0.1)
    controller.refuse = {}
    line.wait(1)
    assert line.one(RequestConfirmed)


def test_figures_of_before_and_after_an_order_never_stand_in_one_reading() -> None:
    controller = Controller()
    line = genset(controller).wait(0.5)
    line.heard(GensetReading)
    while controller.asked[-1][0] != 1024:  # The basic figures are read, the engine's state is not.
        line.wait(0.001)
    line.ask(StartGenset()).wait(1)
    for reading in line.heard(GensetReading):
        assert (reading.engine, reading.rpm) in (("stopped", 0), ("running", 1500))


def test_another_order_takes_the_place_of_the_first() -> None:
    controller = Controller()
    controller.obeys = False
    line = genset(controller).wait(1.5).ask(StartGenset()).wait(2).ask(StopGenset())
    assert line.one(RequestFailed).request == "StartGenset"
    line.wait(1)
    assert controller.keys == [(35732, 29803), (35733, 29802)]
    assert line.one(RequestConfirmed).request == "StopGenset", "it stands already"


def test_what_it_cannot_do_is_answered() -> None:
    line = genset(Controller()).wait(1.5).ask(StopCapture())
    assert line.one(RequestFailed).request == "StopCapture"


def test_silence_is_told_once_and_the_return_as_well() -> None:
    controller = Controller()
    line = genset(controller).wait(2.5)
    line.heard(DeviceOnline)
    line.answer = None
    line.wait(6)
    lost = line.one(DeviceLost)
    assert "does not answer" in lost.error
    assert "unit" in lost.remedy
    line.wait(60)
    assert not line.heard(DeviceLost)
    line.answer = controller
    line.heard(GensetReading)
    line.wait(5)
    assert line.one(DeviceOnline)
    assert line.heard(GensetReading)


def test_a_start_that_meets_silence_has_failed() -> None:
    line = genset(Controller()).wait(1.5)
    line.answer = None
    line.ask(StartGenset()).wait(6)
    assert line.one(RequestFailed)
    assert line.one(DeviceLost)


@pytest.mark.parametrize("code", [4, 11])
def test_an_unknown_unit_is_lost_with_the_remedy(code: int) -> None:
    controller = Controller()
    controller.refuse = {3: code}
    lost = genset(controller).wait(3).one(DeviceLost)
    assert "no such unit" in lost.error
    assert "unit in the booth file" in lost.remedy


def test_a_damaged_answer_is_dropped_with_its_whole_sweep() -> None:
    controller = Controller()
    line = genset(controller).wait(2.5)
    line.heard(GensetReading)
    spoil = iter([True])
    answer = controller.__call__

    def noisy(out: bytes) -> bytes:
        reply = answer(out)
        damaged = len(reply) > 60 and next(spoil, False)
        return reply[:20] + bytes((reply[20] ^ 1,)) + reply[21:] if damaged else reply

    line.answer = noisy
    line.wait(3)
    assert line.one(FrameRejected).reason == "the check sum is wrong"
    assert {reading.fuel_pct for reading in line.heard(GensetReading)} == {64}
    assert not line.heard(DeviceLost)


def test_an_answer_of_another_unit_is_not_ours() -> None:
    line = Line(Dse("genset", unit=10), lambda out: framed(b"\x0b\x03\x0a" + bytes(10))).open().wait(5)
    assert line.one(DeviceLost)
    assert not line.heard(GensetReading)


def test_an_adapter_that_hears_itself_does_not_matter() -> None:
    controller = Controller()
    line = Line(Dse("genset"), lambda out: out + controller(out)).open().wait(2.5)
    assert line.heard(GensetReading)
    assert not line.heard(FrameRejected)


def test_answers_in_single_bytes_after_noise_are_understood() -> None:
    controller = Controller()
    line = Line(Dse("genset"))
    line.open()
    for _ in range(30):
        out = line.take()
        if not out:
            line.wait(0.01)
            continue
        for byte in b"\x00" + controller(out):
            line.feed(bytes((byte,)))
    assert line.heard(GensetReading)
    assert not line.heard(FrameRejected)


def test_a_port_that_goes_takes_the_order_with_it() -> None:
    controller = Controller()
    controller.obeys = False
    line = genset(controller).wait(1.5).ask(StartGenset()).wait(1).close()
    assert line.one(RequestFailed)
    assert line.one(DeviceLost)
    assert line.driver.next_wakeup() is None
    assert line.ask(StartGenset()).one(RequestFailed)
