"""The power board's real firmware in a real MicroPython, with a rig for hardware: a tty to the booth, pins, volts.

board = BoardProcess(Path("dev/board"))     # the link that the booth file names
board.start()                               # the power comes
board.set(mains_v=228.0, contacts={"ats_mains"})
board.relays()                              # frozenset({"ats_inhibit"}), as the coils say
board.kill()                                # the power goes: all coils off
board.close()
"""

from __future__ import annotations

import contextlib
import math
import os
import selectors
import signal
import socket
import subprocess
import sys
import termios
import threading
import time
import tty
from collections import deque
from collections.abc import Callable, Collection
from pathlib import Path

from contract import power_wire as wire
from firmware import pins

_ROOT = Path(__file__).parents[2]
_FIRMWARE = _ROOT / "firmware"
_SHIM = Path(__file__).parent / "board_shim"
_POWER_ON, _WATCHDOG = 1, 3  # machine.reset_cause() of the RP2040
_COILS = {number: wire.RELAYS[n] for n, number in enumerate(pins.COILS)}
_ERRORS_KEPT = 4_000
SAFE = frozenset({"ats_inhibit"})


class BoardProcess:
    """One power board. Any thread may call. What is set stays set while the board is without power.

    `on_relays` is called in the board's own thread with the words of `power_wire.RELAYS` after each change, in order.
    Booth side: a pty whose link is `port_link`, as a USB-serial adapter would be. `bite_s`: the
    watchdog's time, if it shall not be the firmware's own.
    """

    def __init__(
        self,
        port_link: Path,
        on_relays: Callable[[frozenset[str]], None] | None = None,
        bite_s: float | None = None,
    ) -> None:
        self.port_link = port_link
        self._bite_s = bite_s
        self._on_relays = on_relays or (lambda _relays: None)
        self._guard = threading.RLock()
        self._selector = selectors.DefaultSelector()
        self._outer: tuple[int, int] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._rig: socket.socket | None = None
        self._inner: tuple[int, int] | None = None
        self._lines = b""
        self._coils = dict.fromkeys(pins.COILS, 0)
        self._errors = b""
        self._fed, self._watchdog_s = 0.0, 0.0
        self._scratch = 0
        self._resets = 0
        self._moves: deque[frozenset[str]] = deque()
        self._analog = {pins.ADC_MAINS: "S 26 0", pins.ADC_GENSET: "S 27 0", pins.ADC_BATTERY: "A 28 0"}
        self._contacts: frozenset[str] = frozenset()
        self._tamper = False
        self._closed = False
        self._wake_read, self._wake_write = os.pipe()
        self._selector.register(self._wake_read, selectors.EVENT_READ, lambda: os.read(self._wake_read, 4096))
        self.set(battery_v=26.0)
        self.plug()
        self._thread = threading.Thread(target=self._run, name="board", daemon=True)
        self._thread.start()

    # --- power ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Give the board power, its counts forgotten; harmless when it has it."""
        with self._guard:
            if self._process is None and not self._closed:
                self._scratch = 0
                self._spawn(_POWER_ON)

    def kill(self) -> None:
        """Take the power away: everything stops at once, all coils are off."""
        with self._guard:
            self._end()
            self._coils_off()

    def hang(self) -> None:
        """Let the firmware stand still with its pins as they are, as a program gone astray: its watchdog will bite."""
        with self._guard:
            if self._process is not None:
                self._process.send_signal(signal.SIGSTOP)

    def close(self) -> None:
        """End the process and the thread, remove the link."""
        with self._guard:
            if self._closed:
                return
            self._closed = True
            self._end()
            self.unplug()
        self._nudge()
        self._thread.join()
        self._selector.close()
        os.close(self._wake_read)
        os.close(self._wake_write)

    @property
    def powered(self) -> bool:
        """Whether the board has power."""
        return self._process is not None

    @property
    def watchdog_resets(self) -> int:
        """How often the watchdog has bitten, as the rig saw it."""
        return self._resets

    @property
    def errors(self) -> str:
        """The end of what MicroPython wrote to its terminal: an exception of the firmware would be here."""
        return self._errors.decode(errors="replace")

    # --- what the board senses and does -----------------------------------------------------------------------

    def set(
        self,
        *,
        mains_v: float | None = None,
        genset_v: float | None = None,
        battery_v: float | None = None,
        contacts: Collection[str] | None = None,
        tamper: bool | None = None,
    ) -> None:
        """Change what the board senses: V RMS, V DC, the active ones of `power_wire.CONTACTS`, the case opened."""
        with self._guard:
            if mains_v is not None:
                self._analog[pins.ADC_MAINS] = f"S {pins.ADC_MAINS} {_peak(mains_v)}"
            if genset_v is not None:
                self._analog[pins.ADC_GENSET] = f"S {pins.ADC_GENSET} {_peak(genset_v)}"
            if battery_v is not None:
                raw = min(65535, round(battery_v * 100 * 65535 / pins.BATTERY_FULL_CV))
                self._analog[pins.ADC_BATTERY] = f"A {pins.ADC_BATTERY} {raw}"
            if contacts is not None:
                wire.bits(contacts, wire.CONTACTS)  # a word that is not known is the caller's mistake
                self._contacts = frozenset(contacts)
            if tamper is not None:
                self._tamper = tamper
            self._tell_sensed()

    def relays(self) -> frozenset[str]:
        """What holds now, in the words of `power_wire.RELAYS`, as the coils are."""
        on = {_COILS[number] for number, level in self._coils.items() if level}
        return frozenset(on ^ SAFE)

    # --- the line to the booth --------------------------------------------------------------------------------

    def plug(self) -> None:
        """Put the cable in; harmless when it is in."""
        with self._guard:
            if self._outer is None:
                master, slave = os.openpty()
                tty.setraw(slave)
                os.set_blocking(master, False)
                self._outer = master, slave
                self.port_link.parent.mkdir(parents=True, exist_ok=True)
                fresh = self.port_link.with_name(f".{self.port_link.name}.new")
                fresh.unlink(missing_ok=True)
                fresh.symlink_to(os.ttyname(slave))
                fresh.replace(self.port_link)
                self._selector.register(master, selectors.EVENT_READ, self._from_booth)
                self._nudge()

    def unplug(self) -> None:
        """Pull the cable: the link is gone, an open client sees its port hang up; harmless when it is out."""
        with self._guard:
            if self._outer is not None:
                self.port_link.unlink(missing_ok=True)
                self._selector.unregister(self._outer[0])
                for end in self._outer:
                    os.close(end)
                self._outer = None

    def inject(self, data: bytes, *, to_board: bool = False) -> None:
        """Noise on the line, towards the booth or towards the board."""
        with self._guard:
            self._put(self._inner if to_board else self._outer, data)

    # --- inside -----------------------------------------------------------------------------------------------

    def _spawn(self, cause: int) -> None:
        ours, theirs = socket.socketpair()
        master, slave = os.openpty()
        tty.setraw(slave)
        settings = termios.tcgetattr(slave)
        settings[6][termios.VMIN] = settings[6][termios.VTIME] = 0  # the shim's reads never wait
        termios.tcsetattr(slave, termios.TCSANOW, settings)
        os.set_blocking(master, False)
        path = os.pathsep.join(map(str, (_SHIM, _FIRMWARE, _ROOT / "contract", ".frozen")))
        told = {"MICROPYPATH": path, "RIG_FD": str(theirs.fileno()), "RIG_UART": os.ttyname(slave)}
        told |= {"RIG_RESET_CAUSE": str(cause), "RIG_SCRATCH": str(self._scratch)}
        command = [sys.executable, "-m", "micropython_unix", "-X", "heapsize=400k", str(_FIRMWARE / "main.py")]
        self._rig, self._inner, self._lines = ours, (master, slave), b""
        self._watchdog_s = 0.0  # it runs from the moment the firmware starts it
        self._tell_sensed()  # before the first look, as a real input is
        self._process = subprocess.Popen(
            command,
            env={**os.environ, **told},
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        theirs.close()
        ours.setblocking(False)
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdout.fileno(), False)
        self._selector.register(ours, selectors.EVENT_READ, self._from_rig)
        self._selector.register(master, selectors.EVENT_READ, self._from_board)
        self._selector.register(self._process.stdout, selectors.EVENT_READ, self._from_terminal)
        self._nudge()

    def _end(self) -> None:
        process, rig, inner = self._process, self._rig, self._inner
        if process is None or rig is None or inner is None:
            return
        process.kill()
        process.wait()
        self._from_terminal()
        for source in (rig, inner[0], process.stdout):
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(source)  # type: ignore[arg-type]
        rig.close()
        for end in inner:
            os.close(end)
        if process.stdout is not None:
            process.stdout.close()
        self._process = self._rig = self._inner = None

    def _coils_off(self) -> None:
        before = self.relays()
        self._coils = dict.fromkeys(pins.COILS, 0)
        self._note_move(before)

    def _note_move(self, before: frozenset[str]) -> None:
        if before != self.relays():
            self._moves.append(self.relays())
            self._nudge()

    def _run(self) -> None:
        while not self._closed:
            ready = self._selector.select(0.1 if self._process is not None else None)
            with self._guard:
                for key, _ in ready:
                    if self._selector.get_map() and key.fd in self._selector.get_map():
                        key.data()
                late = time.monotonic() - self._fed > self._watchdog_s > 0
                if late and self._process is not None and not self._closed:
                    self._end()
                    self._coils_off()
                    self._resets += 1
                    self._spawn(_WATCHDOG)
            while self._moves:  # without the guard: whoever listens may call the board
                self._on_relays(self._moves.popleft())

    def _from_booth(self) -> None:
        if self._outer is not None:
            with contextlib.suppress(BlockingIOError):
                self._put(self._inner, os.read(self._outer[0], 4096))

    def _from_board(self) -> None:
        if self._inner is not None:
            with contextlib.suppress(BlockingIOError):
                self._put(self._outer, os.read(self._inner[0], 4096))

    @staticmethod
    def _put(line: tuple[int, int] | None, data: bytes) -> None:
        """As on a real line, what finds nobody, or no room, is lost."""
        if line is not None:
            with contextlib.suppress(BlockingIOError):
                os.write(line[0], data)

    def _from_terminal(self) -> None:
        if self._process is not None and self._process.stdout is not None:
            try:
                data = os.read(self._process.stdout.fileno(), 4096)
            except BlockingIOError:
                return
            self._errors = (self._errors + data)[-_ERRORS_KEPT:]
            if not data:
                with contextlib.suppress(KeyError, ValueError):
                    self._selector.unregister(self._process.stdout)

    def _from_rig(self) -> None:
        if self._rig is None:
            return
        try:
            data = self._rig.recv(4096)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        if not data:  # the firmware has ended: its pins stay as they are until the watchdog bites
            self._selector.unregister(self._rig)
            self._watchdog_s = self._watchdog_s or 1.0
            return
        *lines, self._lines = (self._lines + data).split(b"\n")
        before = self.relays()
        for line in lines:
            self._told(line.split())
        self._note_move(before)

    def _told(self, words: list[bytes]) -> None:
        match words:
            case [b"P", number, level] if int(number) in self._coils:
                self._coils[int(number)] = int(level)
            case [b"W", milliseconds]:
                self._watchdog_s, self._fed = self._bite_s or int(milliseconds) / 1000, time.monotonic()
            case [b"F"]:
                self._fed = time.monotonic()
            case [b"M", value]:
                self._scratch = int(value)

    def _tell_sensed(self) -> None:
        if self._rig is None:
            return
        lines = list(self._analog.values())
        active = wire.bits(self._contacts, wire.CONTACTS)
        for n, number in enumerate(pins.CONTACTS):
            closed = (active ^ pins.OPEN_IS_ACTIVE) >> n & 1
            lines.append(f"P {number} {0 if closed else 1}")
        lines.append(f"P {pins.TAMPER} {1 if self._tamper else 0}")
        with contextlib.suppress(OSError):
            self._rig.sendall("".join(f"{line}\n" for line in lines).encode())

    def _nudge(self) -> None:
        with contextlib.suppress(OSError):
            os.write(self._wake_write, b"!")


def _peak(volts: float) -> int:
    """Counts of 16 bit between the middle of the ADC's range and the peak of a sine of these volts RMS."""
    return min(32767, round(volts * math.sqrt(2) * 10 * 32768 / pins.PEAK_DV))
