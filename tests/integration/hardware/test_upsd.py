"""The booth reads and commands a UPS through a real `upsd`, over the port that the booth file would name."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TypeVar

import pytest

from edge.adapters.items import PortClosed, PortData, PortOpened
from edge.adapters.serial_port import Line, SerialPort
from edge.core.events import (
    DeviceFault,
    DeviceLost,
    DeviceOnline,
    Event,
    RequestConfirmed,
    RequestFailed,
    UpsReading,
    UpsTestEnded,
)
from edge.core.requests import CancelCut, CancelUpsTest, CutAndRestore, Request, SetBeeper, TestUps
from edge.devices.upsd import Upsd
from hardware.simulators.megatec import Ups
from tests.integration.hardware.nut import PASSWORD, USER, Nut, Server, megatec, serving

E = TypeVar("E", bound=Event)
PATIENCE = 30.0


class Booth:
    """The driver on a real port, in one thread."""

    def __init__(self, port: int, ups: str, username: str = USER) -> None:
        self.driver = Upsd("ups", ups, 0.2, username, PASSWORD)
        self._inbox: SimpleQueue[object] = SimpleQueue()
        self._port = SerialPort("ups", f"socket://127.0.0.1:{port}", Line(), self._inbox.put)
        self._session = 0
        self.said: list[Event] = []
        self._port.start()

    def ask(self, request: Request) -> None:
        self.said += self.driver.send(request, time.monotonic())
        self._write()

    def until(self, kind: type[E], holds: Callable[[E], bool] = lambda event: True) -> E:
        """The next event of a kind for which `holds`; what came before it is forgotten."""
        deadline = time.monotonic() + PATIENCE
        seen: list[Event] = []
        while time.monotonic() < deadline:
            while self.said:
                event = self.said.pop(0)
                seen.append(event)
                if isinstance(event, kind) and holds(event):
                    return event
            self._turn()
        pytest.fail(f"no such {kind.__name__}; the last words: {seen[-5:]}")

    def _turn(self) -> None:
        now = time.monotonic()
        wakeup = self.driver.next_wakeup()
        try:
            item = self._inbox.get(timeout=max(0.001, min(0.5, (wakeup or now + 0.5) - now)))
        except Empty:
            self.said += self.driver.wakeup(time.monotonic())
        else:
            now = time.monotonic()
            match item:
                case PortOpened(session=session):
                    self._session = session
                    self.said += self.driver.opened(now)
                case PortData(data=data):
                    self.said += self.driver.receive(data, now)
                case PortClosed(error=error):
                    self.said += self.driver.closed(now, error)
        self._write()

    def _write(self) -> None:
        if out := self.driver.outgoing():
            self._port.write(self._session, out)

    def close(self) -> None:
        self._port.stop()


@pytest.fixture
def nut(tmp_path: Path) -> Iterator[Nut]:
    with megatec(tmp_path, Ups()) as running:
        yield running


@pytest.fixture
def booth(nut: Nut) -> Iterator[Booth]:
    one = Booth(nut.server.port, "ups")
    yield one
    one.close()


def on(status: str) -> Callable[[UpsReading], bool]:
    return lambda reading: reading.status == status


def test_readings_come_through_nut_and_an_outage_with_them(nut: Nut, booth: Booth) -> None:
    details = booth.until(DeviceOnline, lambda event: "maker" in event.details).details
    assert details == {"maker": "LOKET-SIM", "model": "LI-1000", "firmware": "V1.02", "driver": "nutdrv_qx"}
    reading = booth.until(UpsReading, on("OL"))
    assert (reading.input_v, reading.output_v, reading.load_pct, reading.battery_v) == (228.0, 228.0, 20.0, 27.2)
    assert reading.unknown == frozenset() and reading.offline_type and reading.beeper
    nut.command(lambda now: nut.ups.set_mains(now, 0.0))
    first = booth.until(UpsReading, lambda reading: reading.utility_fail)
    assert first.input_v == 0.0, "volts of before the outage never stand beside its status"
    nut.command(lambda now: setattr(nut.ups, "charge", 0.1))
    low = booth.until(UpsReading, lambda reading: reading.battery_low and reading.battery_v < 22)
    assert low.charge_pct == pytest.approx(10, abs=2)


def test_commands_reach_the_ups_and_are_proved_by_its_status(nut: Nut, booth: Booth) -> None:
    booth.until(UpsReading, on("OL"))
    booth.ask(SetBeeper(on=False))
    assert booth.until(RequestConfirmed).request == "SetBeeper"
    assert nut.ups.beeper is False
    booth.ask(TestUps("deep"))
    assert booth.until(RequestConfirmed).request == "TestUps"
    booth.ask(CancelUpsTest())
    assert booth.until(UpsTestEnded).passed is None
    assert booth.until(RequestConfirmed).request == "CancelUpsTest"
    booth.ask(CutAndRestore(31.0, 1))
    assert booth.until(RequestConfirmed).request == "CutAndRestore"
    left = nut.ptys.call(lambda: (nut.ups._off_at or 0.0) - nut.ptys.now())
    assert 20 < left <= 36, "NUT was told 36 s: no sooner than asked"
    booth.ask(CancelCut())
    assert booth.until(RequestConfirmed).request == "CancelCut"
    assert booth.until(UpsReading, on("OL")).output_v == 228.0


def test_a_pulled_cable_is_a_lost_ups_and_no_outage(nut: Nut, booth: Booth) -> None:
    booth.until(UpsReading, on("OL"))
    nut.ptys.unplug("ups")
    lost = booth.until(DeviceLost)
    assert "DATA-STALE" in lost.error and "cable" in lost.remedy
    booth.ask(TestUps())
    assert "DATA-STALE" in booth.until(RequestFailed).error


def test_nuts_driver_that_died_is_named_and_the_ups_found_again(nut: Nut, booth: Booth) -> None:
    booth.until(UpsReading, on("OL"))
    nut.server.drivers["ups"].kill()
    assert "upsdrvctl" in booth.until(DeviceLost).remedy
    nut.server.restart("ups")
    booth.until(DeviceOnline)
    assert not booth.until(UpsReading).utility_fail


def test_a_name_that_nut_does_not_know_is_named(nut: Nut) -> None:
    booth = Booth(nut.server.port, "elsewhere")
    try:
        lost = booth.until(DeviceLost, lambda event: "refuses" not in event.error)
        assert "UNKNOWN-UPS" in lost.error and "upsc -l" in lost.remedy
    finally:
        booth.close()


def test_a_user_that_may_not_command_is_told_what_is_missing(nut: Nut) -> None:
    booth = Booth(nut.server.port, "ups", "stranger")
    try:
        booth.until(UpsReading, on("OL"))
        booth.ask(TestUps())
        assert "upsd.users" in booth.until(RequestFailed).error
    finally:
        booth.close()


# --- another UPS, of NUT's own making ------------------------------------------------------------------

_EATON = """
ups.status: OL CHRG
ups.mfr: EATON
ups.model: 5SC 1000i
ups.serial: G354K
ups.realpower: 126
ups.realpower.nominal: 700
battery.charge: 83
battery.runtime: 2148
battery.voltage: 41.3
input.voltage: 221.4
output.voltage: 221.0
output.frequency: 49.9
ups.beeper.status: disabled
ups.timer.shutdown: -1
ups.test.result: Done and passed
"""


@pytest.fixture
def eaton(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "eaton.dev").write_text(_EATON)
    section = "[eaton]\ndriver = dummy-ups\nport = eaton.dev\nmode = dummy-once\npollinterval = 1\n"
    with serving(tmp_path, section, {"eaton": "dummy-ups"}) as server:
        yield server


def test_a_ups_of_another_make_is_read_as_far_as_it_tells(eaton: Server) -> None:
    booth = Booth(eaton.port, "eaton")
    try:
        assert booth.until(DeviceOnline).details["serial"] == "G354K"
        reading = booth.until(UpsReading, on("OL CHRG"))
        assert (reading.load_pct, reading.charge_pct, reading.runtime_s) == (18.0, 83.0, 2148.0)
        assert (reading.input_v, reading.battery_v, reading.frequency_hz) == (221.4, 41.3, 49.9)
        assert reading.unknown == {"fault_v", "temperature_c"}
        eaton.set("eaton", "ups.status", "OB DISCHRG LB")
        reading = booth.until(UpsReading, on("OB DISCHRG LB"))
        assert reading.utility_fail and reading.battery_low
        assert reading.input_v == 0.0 and "input_v" in reading.unknown
        eaton.set("eaton", "ups.test.result", "Done and error")
        assert booth.until(DeviceFault).reasons == ("ups-failed",)
        booth.ask(TestUps())
        assert "mains are out" in booth.until(RequestFailed).error
    finally:
        booth.close()
