"""The chip's `machine` module for the unix MicroPython: UART = a tty, pins, ADC and watchdog = a socket to the rig.

`hardware/rig/board_process.py` stands at the other end. Lines, rig to board: `P <pin> <level>`, `S <adc> <peak>` (a
50 Hz sine around the middle of the range), `A <adc> <value>`. Board to rig: `P <pin> <level>`, `W <ms>` (watchdog),
`F` (fed), `M <value>` (SCRATCH0). When the rig is gone, so is the power.
"""

import math
import os
import select
import time

PWRON_RESET = 1
WDT_RESET = 3

_rig = open(int(os.getenv("RIG_FD")), "r+b")
_poll = select.poll()
_poll.register(_rig, select.POLLIN)
_levels = {}
_values = {}
_peaks = {}
_SINE = [math.sin(2 * math.pi * n / 10) for n in range(10)]  # a sample each 2 ms, always


def _pump():
    while _poll.poll(0):
        line = _rig.readline()
        if not line:
            raise SystemExit(9)
        kind, number, value = line.split()
        number = int(number)
        value = int(value)
        if kind == b"P":
            _levels[number] = value
        elif kind == b"S":
            _peaks[number] = value
        elif kind == b"A":
            _values[number] = value


def _tell(line):
    try:
        _rig.write(line)
    except OSError:
        raise SystemExit(9)


class Pin:
    IN = 0
    OUT = 1
    PULL_UP = 1
    PULL_DOWN = 2

    def __init__(self, number, mode=-1, pull=-1, value=None):
        self.number = number
        if mode == Pin.IN and number not in _levels:
            _levels[number] = 1 if pull == Pin.PULL_UP else 0
        if value is not None:
            self.value(value)

    def value(self, level=None):
        if level is not None and _levels.get(self.number) != int(bool(level)):
            _levels[self.number] = int(bool(level))
            _tell(b"P %d %d\n" % (self.number, _levels[self.number]))
        return _levels[self.number]


class ADC:
    def __init__(self, number):
        self.number = number
        self._phase = 0

    def read_u16(self):
        peak = _peaks.get(self.number)
        if peak is None:
            return _values.get(self.number, 0)
        self._phase = (self._phase + 1) % 10
        return max(0, min(65535, int(32768 + peak * _SINE[self._phase])))


class WDT:
    def __init__(self, id=0, timeout=5000):
        if timeout > 8388:
            raise ValueError("timeout exceeds 8388")
        self._fed = time.ticks_ms()
        _tell(b"W %d\n" % timeout)

    def feed(self):
        now = time.ticks_ms()
        if time.ticks_diff(now, self._fed) >= 100:
            self._fed = now
            _tell(b"F\n")


class UART:
    """`any` says how much `read` may take; as on the chip, `write` never waits: what finds no room is lost."""

    def __init__(self, number, baudrate=115200, **_options):
        self._line = open(os.getenv("RIG_UART"), "r+b")
        self._in = select.poll()
        self._in.register(self._line, select.POLLIN)
        self._out = select.poll()
        self._out.register(self._line, select.POLLOUT)

    def any(self):
        _pump()
        return 64 if self._in.poll(0) else 0

    def read(self, size):
        # The rig has set the tty to VMIN=0, VTIME=0: a read gives what is there.
        return self._line.read(size)

    def write(self, data):
        return self._line.write(data) if self._out.poll(0) else None


class _Memory:
    def __getitem__(self, address):
        return int(os.getenv("RIG_SCRATCH") or "0")

    def __setitem__(self, address, value):
        _tell(b"M %d\n" % value)


mem32 = _Memory()


def reset_cause():
    return int(os.getenv("RIG_RESET_CAUSE") or "1")


def unique_id():
    return b"RIGBOARD"
