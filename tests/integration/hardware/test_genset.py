"""minimalmodbus and mbpoll, Modbus masters written by others, read the simulated genset and command it over a pty."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import minimalmodbus
import pytest

from hardware.rig.ptys import PtyServer
from hardware.simulators.dse import DseController, DseModel
from hardware.simulators.engine import Engine, EngineModel
from tests.integration.needs import needs_program

PATIENCE = 20.0
START, CANCEL = 35732, 35733
_VALUE = re.compile(r"^\[(\d+)\]:\s+(-?\d+)", re.MULTILINE)


@dataclass
class Genset:
    """A genset whose starts are sixty times quicker than real ones, on a serial port."""

    dse: DseController
    server: PtyServer
    port: Path
    mbpoll: Path

    @property
    def engine(self) -> Engine:
        return self.dse.engine

    def master(self, unit: int = 10, patience: float = 2.0) -> minimalmodbus.Instrument:
        """minimalmodbus on the port, 115200 8N1. It waits its whole patience for what is shorter than a good answer."""
        master = minimalmodbus.Instrument(str(self.port), unit)
        assert master.serial is not None
        master.serial.baudrate, master.serial.timeout = 115200, patience
        return master

    def poll(self, address: int, count: int = 1, kind: str = "4") -> list[int]:
        """What mbpoll prints of so many values; `kind` 4: words, 4:int: double words."""
        rtu = ["-m", "rtu", "-a", "10", "-b", "115200", "-P", "none", "-o", "2"]
        what = ["-0", "-B", "-1", "-t", kind, "-r", str(address), "-c", str(count)]
        command = [str(self.mbpoll), *rtu, *what, str(self.port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        found = [int(value) for _, value in _VALUE.findall(done.stdout)]
        assert len(found) == count, done.stdout
        return found

    def do(self, act: Callable[[float], None]) -> None:
        """Does something to the genset between two requests."""
        self.server.call(lambda: act(self.server.now()))

    def until(self, holds: Callable[[], bool]) -> None:
        """Waits for the engine; fails when it never happens."""
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < deadline, f"it never came to it; alarms {self.dse.alarms}"
            time.sleep(0.02)


@pytest.fixture
def genset(tmp_path: Path) -> Iterator[Genset]:
    mbpoll = needs_program("mbpoll", "mbpoll")
    dse = DseController(Engine(EngineModel().quicker(60)), DseModel().quicker(60), mains_volts=228.4)
    port = tmp_path / "by-id" / "genset"
    with PtyServer() as server:
        server.add("genset", dse, port)
        yield Genset(dse, server, port, mbpoll)


def test_both_masters_read_what_the_genset_is(genset: Genset) -> None:
    master = genset.master()
    assert master.read_registers(768, 2) == genset.poll(768, 2) == [1, 32840]
    assert master.read_register(1027) == genset.poll(1027)[0] == 75
    assert master.read_register(1029, 1) == pytest.approx(genset.engine.battery_v, abs=0.05)
    assert master.read_register(1025, signed=True) == genset.poll(1025)[0] == 32
    assert master.read_long(1060) / 10 == genset.poll(1060, kind="4:int")[0] / 10 == 228.4
    assert master.read_long(1798) == genset.poll(1798, kind="4:int")[0] == 412 * 3600
    assert master.read_long(1808) == genset.poll(1808, kind="4:int")[0] == 96
    assert master.read_registers(39425, 2) == genset.poll(39425, 2) == [0x111F, 0x1111]
    assert master.read_registers(4096, 8) == genset.poll(4096, 8)


def test_minimalmodbus_starts_it_both_see_it_run_and_it_cools_down_when_told(genset: Genset) -> None:
    master = genset.master()
    master.write_registers(4104, [START, 65535 - START])
    genset.until(lambda: master.read_register(1408) == 3)
    genset.do(lambda now: setattr(genset.engine, "load_watts", 2500.0))
    engine = genset.engine
    assert master.read_register(1030) == genset.poll(1030)[0] == round(engine.rpm)
    assert master.read_register(1031) == genset.poll(1031)[0] == round(10 * engine.hertz)
    assert master.read_long(1032) == genset.poll(1032, kind="4:int")[0] == 2300
    assert master.read_long(1052, signed=True) == genset.poll(1052, kind="4:int")[0] == 2500
    assert master.read_register(1024) == genset.poll(1024)[0] == round(engine.oil_kpa)
    assert master.read_long(1808) == 97
    master.write_registers(4104, [CANCEL, 65535 - CANCEL])
    genset.until(lambda: master.read_register(1408) == 4)
    genset.until(lambda: master.read_register(1030) == 0)


def test_a_key_without_its_complement_does_nothing(genset: Genset) -> None:
    master = genset.master(patience=0.5)
    with pytest.raises(minimalmodbus.IllegalRequestError):
        master.write_registers(4104, [START, START])
    with pytest.raises(minimalmodbus.IllegalRequestError):
        master.write_registers(4104, [START])
    assert not genset.dse.keys_written


def test_what_is_not_offered_is_refused_and_a_stranger_hears_nothing(genset: Genset) -> None:
    master = genset.master(patience=0.5)
    with pytest.raises(minimalmodbus.IllegalRequestError):
        master.read_register(1030, functioncode=4)
    with pytest.raises(minimalmodbus.IllegalRequestError):
        master.read_register(100)
    with pytest.raises(minimalmodbus.NoResponseError):
        genset.master(unit=11, patience=0.5).read_register(1030)
    assert master.read_register(1030) == 0


def test_both_masters_read_a_failed_start_in_both_layouts(genset: Genset) -> None:
    genset.do(lambda now: setattr(genset.engine, "fails_to_start", True))
    master = genset.master()
    master.write_registers(4104, [START, 65535 - START])
    genset.until(lambda: "fail_to_start" in genset.dse.alarms)
    assert master.read_register(2050) >> 4 & 15 == genset.poll(2050)[0] >> 4 & 15 == 3
    assert master.read_register(39428) >> 8 & 15 == genset.poll(39428)[0] >> 8 & 15 == 3
