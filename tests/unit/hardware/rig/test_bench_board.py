"""Where there is no MicroPython the board's logic runs in this Python, on the same port, and says so."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from contract import power_wire
from hardware.rig.bench_board import UNREAL, LogicBoard
from hardware.rig.ptys import PtyServer

OUTAGE = {"mains_v": 0.0, "genset_v": 0.0, "battery_v": 12.6}


class Desk:
    """A board on a pty, and a controller's end of the cable."""

    def __init__(self, folder: Path) -> None:
        self.told: list[frozenset[str]] = []
        self.ptys = PtyServer()
        self.board = LogicBoard(self.ptys, "board", folder / "board", self.told.append)
        self.ptys.start()
        self.sense(OUTAGE)
        self.port = serial.Serial(str(folder / "board"), 115200, timeout=0.05)
        self.decoder = power_wire.Decoder()

    def sense(self, volts: dict[str, float], *contacts: str) -> None:
        self.ptys.call(lambda: self.board.sense(self.ptys.now(), volts, frozenset(contacts)))

    def drive(self, relays: int, wanted: frozenset[str]) -> None:
        """Drive until the board tells that it holds them."""
        deadline = time.monotonic() + 20.0
        while not self.told or self.told[-1] != wanted:
            assert time.monotonic() < deadline, f"the board holds {self.told}"
            self.port.write(power_wire.drive(1, relays))
            self.port.read(256)

    def close(self) -> None:
        self.port.close()
        self.ptys.stop()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    one = Desk(tmp_path)
    yield one
    one.close()


def test_it_says_that_it_is_not_the_real_one(desk: Desk) -> None:
    assert desk.ptys.call(desk.board.told)["runs_on"] == UNREAL
    assert "CPython" in UNREAL


def test_it_drives_what_the_controller_asks_for_in_an_outage(desk: Desk) -> None:
    desk.drive(power_wire.GENSET_START | power_wire.ATS_INHIBIT, frozenset({"genset_start", "ats_inhibit"}))


def test_without_power_it_is_safe_and_silent_and_comes_back(desk: Desk) -> None:
    both = frozenset({"genset_start", "ats_inhibit"})
    desk.drive(power_wire.GENSET_START | power_wire.ATS_INHIBIT, both)
    desk.ptys.call(lambda: desk.board.power(desk.ptys.now(), False))
    assert desk.told[-1] == {"ats_inhibit"}
    desk.port.reset_input_buffer()
    desk.port.write(power_wire.ask(2))
    assert desk.port.read(256) == b""
    desk.ptys.call(lambda: desk.board.power(desk.ptys.now(), True))
    desk.sense(OUTAGE)
    desk.drive(power_wire.GENSET_START | power_wire.ATS_INHIBIT, both)
