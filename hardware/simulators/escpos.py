"""A receipt printer with a cutter that speaks ESC/POS over a serial port.

Source: Epson's ESC/POS command reference (TM-T88). Commands wait in the receive buffer and are carried out in their
order, as the paper moves; `DLE EOT` and `DLE ENQ` are carried out as they arrive, even while printing, offline or in
an error. Without power the buffer is lost; what was printed stays on the paper.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from hardware.simulators.escpos_paper import (
    DOTS_MM,
    LINE_DOTS,
    Code,
    Cut,
    Line,
    Paper,
    PrintLine,
    Style,
    Ticket,
    code_mm,
    qr_modules,
)
from hardware.simulators.wire import Wire, earliest

_DLE, _ESC, _FS, _GS = 0x10, 0x1B, 0x1C, 0x1D
_BUFFER = 4096
_CUT_S = 0.4
_Job = tuple[Line | Code | None, float, Cut]
_ALIGN = {0: "left", 1: "center", 2: "right"}
_CODE_PAGES = {
    0: "cp437", 2: "cp850", 3: "cp860", 4: "cp863", 5: "cp865", 16: "cp1252", 17: "cp866", 18: "cp852", 19: "cp858",
}  # fmt: skip
#: How many parameters follow these commands; those with a length of their own are not here.
_PARAMETERS = {
    **dict.fromkeys((b"\x1b@", b"\x1b2", b"\x1bS", b"\x1b<"), 0),
    **dict.fromkeys((b"\x1b" + bytes([letter]) for letter in b"!EGaMtRd-{=3JVr "), 1),
    **dict.fromkeys((b"\x1bc", b"\x1b$", b"\x1b\\"), 2),
    b"\x1bp": 3,
    **dict.fromkeys((b"\x1d" + bytes([letter]) for letter in b"!BbHfhwar|I"), 1),
    **dict.fromkeys((b"\x1dL", b"\x1dW", b"\x1dP"), 2),
    **dict.fromkeys((b"\x10\x04", b"\x10\x05"), 1),
}


@dataclass
class EscposPrinter:
    """The printer, paper loaded, cover closed. Faults of the cable are attributes of `wire`.

    `speed`: mm/s. `columns`: characters of font A a line. `answers_gs_r`: some cheap printers do not know `GS r`.
    `jam_next`: the next cut fails. `near_end_mm`: what is left on the roll when the near-end sensor speaks.
    """

    speed: float = 150.0
    columns: int = 42
    near_end_mm: float = 5_000.0
    answers_gs_r: bool = True
    jam_next: bool = False
    paper: Paper = field(default_factory=Paper)
    wire: Wire = field(default_factory=Wire)
    powered: bool = True
    cover_open: bool = False
    broken: bool = False
    """A fault that only a service engineer ends."""
    lost_bytes: int = 0
    """Bytes that came while the buffer was full."""
    unknown: list[bytes] = field(default_factory=list)
    """Commands that it did not know."""
    _buffer: bytearray = field(default_factory=bytearray)
    _swallow: int = 0
    _recent: bytes = b""
    _said: bytearray = field(default_factory=bytearray)
    _jammed: bool = False
    _cutter_error: bool = False
    _switched_off_line: bool = False
    _busy_until: float | None = None
    _doing: _Job | None = None
    """What is being printed, its paper (mm), and the cut after it: `full`, `partial` or nothing."""
    _jobs: list[_Job] = field(default_factory=list)
    _auto_status: int = 0
    _told: bytes = b""
    _page: str = "cp437"
    _qr: dict[str, Any] = field(default_factory=dict)
    _poked: bool = False
    _clock: float = 0.0

    def __post_init__(self) -> None:
        self._line = PrintLine(self.columns * 12)
        self._forget()

    # --- what people do ----------------------------------------------------------------------------------------

    def power_off(self, now: float | None = None) -> None:
        """Cuts the power at any moment: buffers and settings are lost, the paper stays as it is."""
        if now is not None:
            self._advance(now)
        self.powered = False
        self.wire.drop()
        self._forget()

    def power_on(self) -> None:
        """Power is back. An error of the cutter ends if nothing is jammed."""
        if not self.powered:
            self.powered = True
            self._cutter_error = self._jammed

    def open_cover(self) -> None:
        """Opens the cover: printing stops at once, and goes on with the same line when it is closed."""
        self.cover_open = True
        self._stop_dead()

    def close_cover(self) -> None:
        """Closes the cover."""
        self.cover_open = False
        self._poked = True

    def load_paper(self, millimetres: float = 80_000.0) -> None:
        """Puts in a new roll; what hung out of the printer is torn off."""
        self.paper.tear(self._clock)
        self.paper.left_mm = millimetres
        self._poked = True

    def paper_near_end(self) -> None:
        """The roll has become thin."""
        self.paper.left_mm = self.near_end_mm / 2
        self._poked = True

    def paper_out(self) -> None:
        """The roll is used up, or was taken out."""
        self.paper.left_mm = 0.0
        self._stop_dead()

    def clear_jam(self) -> None:
        """A person frees the cutter. The error stays until the host ends it with DLE ENQ, or power goes."""
        self._jammed = self.jam_next = False
        self._poked = True

    def set_off_line(self, off: bool) -> None:
        """Its own switch (or the FEED button held down): off line without any other cause."""
        self._switched_off_line = off
        if off:
            self._stop_dead()
        self._poked = True

    # --- the wire ----------------------------------------------------------------------------------------------

    def receive(self, data: bytes, now: float) -> bytes:
        """Text and commands, in pieces of any size."""
        if not self.powered:
            return b""
        self._advance(now)
        for byte in data:
            if len(self._buffer) >= _BUFFER:
                self._advance(now)
            if len(self._buffer) < _BUFFER:
                self._buffer.append(byte)
            else:
                self.lost_bytes += 1
            self._recent = (self._recent + bytes([byte]))[-3:]
            if len(self._recent) == 3 and self._recent[:2] in (b"\x10\x04", b"\x10\x05"):
                self._at_once(self._recent[1], byte)
        self._advance(now)
        return self.wire.send(self._take_said(), now)

    def _at_once(self, command: int, n: int) -> None:
        """DLE EOT and DLE ENQ are found in the stream as it comes, even within the data of another command.

        There they count as that data too, as the manual warns; elsewhere they take no room in the buffer.
        """
        if self._buffer.endswith(self._recent) and self._starts_command(len(self._buffer) - 3):
            del self._buffer[-3:]
        if command == 0x04:
            self._say(self.status(n))
        else:
            self._recover(n)

    def _starts_command(self, at: int) -> bool:
        """Whether the byte at this place of the buffer is the first of a command."""
        place = self._swallow
        while place < at:
            place += self._length(place) or at + 1
        return place == at

    def next_wakeup(self) -> float | None:
        """The end of what is being printed, or late bytes."""
        if not self.powered:
            return None
        if self._poked:
            return 0.0
        return earliest(None if self.off_line else self._busy_until, self.wire.next_wakeup())

    def wakeup(self, now: float) -> bytes:
        """Moves the paper on."""
        if not self.powered:
            return b""
        self._advance(now)
        return self.wire.wakeup(now) + self.wire.send(self._take_said(), now)

    def _say(self, data: bytes) -> None:
        self._said += data

    def _take_said(self) -> bytes:
        out = bytes(self._said)
        self._said.clear()
        return out

    # --- status ------------------------------------------------------------------------------------------------

    @property
    def no_paper(self) -> bool:
        """Whether the paper-end sensor sees none."""
        return self.paper.left_mm <= 0

    @property
    def near_end(self) -> bool:
        """Whether the roll is thin."""
        return self.paper.left_mm <= self.near_end_mm

    @property
    def off_line(self) -> bool:
        """Whether it takes nothing from its buffer."""
        error = self._cutter_error or self.broken
        return error or self.cover_open or self.no_paper or self._switched_off_line

    @property
    def printing(self) -> bool:
        """Whether paper moves, or something waits for it."""
        return self._doing is not None or bool(self._jobs) or bool(self._buffer)

    def status(self, n: int) -> bytes:
        """The answer to DLE EOT n; nothing for an n that is not known."""
        byte = 0x12
        if n == 1:
            byte |= 0x08 if self.off_line else 0
        elif n == 2:
            byte |= 0x04 if self.cover_open else 0
            byte |= 0x20 if self.no_paper else 0
            byte |= 0x40 if self._cutter_error or self.broken else 0
        elif n == 3:
            byte |= 0x08 if self._cutter_error else 0
            byte |= 0x20 if self.broken else 0
        elif n == 4:
            byte |= 0x0C if self.near_end else 0
            byte |= 0x60 if self.no_paper else 0
        else:
            return b""
        return bytes([byte])

    def _sensors(self) -> int:
        return (0x03 if self.near_end else 0) | (0x0C if self.no_paper else 0)

    def _unasked(self) -> bytes:
        """The four bytes of automatic status back."""
        first = 0x10 | (0x08 if self.off_line else 0) | (0x20 if self.cover_open else 0)
        second = (0x08 if self._cutter_error else 0) | (0x20 if self.broken else 0)
        return bytes([first, second, self._sensors(), 0x0F])

    def _recover(self, n: int) -> None:
        """DLE ENQ: 1 goes on with what failed, 2 throws the buffers away. Nothing mends what is still jammed."""
        if not self._cutter_error or self._jammed or n not in (1, 2):
            return
        self._cutter_error = False
        if n == 2:
            self._buffer.clear()
            self._swallow = 0
            self._jobs.clear()
            self._doing = self._busy_until = None
            self._line.clear()

    # --- time --------------------------------------------------------------------------------------------------

    def _advance(self, now: float) -> None:
        self._poked, self._clock = False, now
        at = now if self._busy_until is None else min(now, self._busy_until)
        while not self.off_line:
            if self._doing is not None:
                if self._busy_until is None:
                    self._busy_until = at + self._seconds(self._doing)
                if self._busy_until > now:
                    break
                at, self._busy_until = self._busy_until, None
                self._finish(at)
            elif self._jobs:
                self._doing = self._jobs.pop(0)
            elif not self._carry_out():
                break
        if self.off_line:
            self._busy_until = None
        if self._auto_status and (status := self._unasked()) != self._told:
            self._told = status
            self._say(status)

    def _seconds(self, job: _Job) -> float:
        return job[1] / self.speed + (_CUT_S if job[2] else 0.0)

    def _finish(self, now: float) -> None:
        assert self._doing is not None
        item, millimetres, cut = self._doing
        if cut and self.jam_next:
            self.jam_next, self._jammed, self._cutter_error = False, True, True
            return
        self._doing = None
        self.paper.put(item, millimetres)
        if cut:
            self.paper.cut(cut, now)

    def _stop_dead(self) -> None:
        """The line that was being printed is begun anew when it goes on."""
        self._busy_until = None
        self._poked = True

    def _forget(self) -> None:
        self._buffer.clear()
        self._swallow = 0
        self._recent = b""
        self._said.clear()
        self._jobs.clear()
        self._doing = self._busy_until = None
        self._auto_status, self._told = 0, b""
        self._initialise()

    def _initialise(self) -> None:
        self._line.clear()
        self._line.style = Style()
        self._page = "cp437"
        self._qr = {"model": 2, "module": 3, "level": 0, "data": b""}

    # --- commands ----------------------------------------------------------------------------------------------

    def _carry_out(self) -> bool:
        """The next command of the buffer, or one character; False when there is no whole one."""
        if not self._buffer:
            return False
        length = None if self._swallow else self._length(0)
        if length is not None and length > _BUFFER:
            # Too long to be kept: its data is swallowed as it comes.
            self._swallow = length
        if self._swallow:
            swallowed = min(self._swallow, len(self._buffer))
            del self._buffer[:swallowed]
            self._swallow -= swallowed
            return True
        if length is None or len(self._buffer) < length:
            return False
        command = bytes(self._buffer[:length])
        del self._buffer[:length]
        if length == 1:
            self._character(command[0])
        else:
            self._obey(command[:2], command[2:])
        return True

    def _length(self, at: int) -> int | None:
        """Bytes of the command (or 1: a character) at this place; None: not enough of it is there to tell."""
        here = self._buffer[at : at + 5]
        if here[0] not in (_DLE, _ESC, _FS, _GS):
            return 1
        if len(here) < 2:
            return None
        head = bytes(here[:2])
        if head == b"\x1dV":
            return (3 + (here[2] in (65, 66, 97, 98, 103, 104))) if len(here) > 2 else None
        if head == b"\x1d(":
            return 5 + here[3] + 256 * here[4] if len(here) > 4 else None
        return 2 + _PARAMETERS.get(head, 0)

    def _obey(self, name: bytes, given: bytes) -> None:
        line = self._line
        simple: dict[bytes, Callable[[int], None]] = {
            b"\x1b!": self._print_mode,
            b"\x1bE": lambda n: self._style(bold=bool(n & 1)),
            b"\x1bG": lambda n: self._style(bold=bool(n & 1)),
            b"\x1b-": lambda n: self._style(underline=n % 48 in (1, 2)),
            b"\x1bM": lambda n: self._style(font=n & 1),
            b"\x1d!": lambda n: self._style(width=(n >> 4 & 7) + 1, height=(n & 7) + 1),
            b"\x1bt": lambda n: setattr(self, "_page", _CODE_PAGES.get(n, "cp437")),
            b"\x1bd": lambda n: self._feed(n * LINE_DOTS),
            b"\x1bJ": self._feed,
            b"\x1da": self._set_auto_status,
            b"\x1dr": self._sensors_asked,
        }
        if name == b"\x1b@":
            self._initialise()
        elif name == b"\x1ba":
            # Only at the beginning of a line.
            if line.empty:
                self._style(align=_ALIGN.get(given[0] % 48, "left"))
        elif name == b"\x1dV":
            if given[0] in (65, 66):
                self._feed(given[1] + 14 * DOTS_MM)
            self._jobs.append((None, 0.0, "full" if given[0] in (0, 48, 65) else "partial"))
        elif name == b"\x1d(":
            self._symbol(given)
        elif name in simple:
            simple[name](given[0])
        elif name not in _PARAMETERS and len(self.unknown) < 100:
            self.unknown.append(name)

    def _style(self, **changes: Any) -> None:
        self._line.style = replace(self._line.style, **changes)

    def _print_mode(self, n: int) -> None:
        self._style(
            font=n & 1,
            bold=bool(n & 8),
            height=2 if n & 16 else 1,
            width=2 if n & 32 else 1,
            underline=bool(n & 128),
        )

    def _set_auto_status(self, n: int) -> None:
        self._auto_status, self._told = n, b""

    def _sensors_asked(self, n: int) -> None:
        """GS r stands in the buffer like any command: its answer says that all before it was printed."""
        if self.answers_gs_r and n in (1, 49):
            self._say(bytes([self._sensors()]))
        elif self.answers_gs_r and n in (2, 50):
            self._say(b"\x00")

    def _character(self, byte: int) -> None:
        if byte == 0x0A:
            self._end_line()
        elif byte >= 0x20:
            if not self._line.fits():
                self._end_line()
            self._line.add(bytes([byte]).decode(self._page, "replace"))

    def _end_line(self) -> None:
        line, millimetres = self._line.take()
        self._jobs.append((line, millimetres, ""))

    def _feed(self, dots: int) -> None:
        if not self._line.empty:
            self._end_line()
        self._jobs.append((None, dots / DOTS_MM, ""))

    def _symbol(self, given: bytes) -> None:
        """GS ( k of QR codes: model, size of a module, level, data, print. A code that has no room is not printed."""
        if given[0:1] != b"k" or given[3:4] != b"1":
            if len(self.unknown) < 100:
                self.unknown.append(b"\x1d(" + given[:1])
            return
        function, data = given[4], given[5:]
        qr = self._qr
        if function == 65 and data[:1] in (b"1", b"2", b"3"):
            qr["model"] = data[0] - 48
        elif function == 67 and data and 1 <= data[0] <= 16:
            qr["module"] = data[0]
        elif function == 69 and data and 48 <= data[0] <= 51:
            qr["level"] = data[0] - 48
        elif function == 80 and data[:1] == b"0":
            qr["data"] = data[1:]
        elif function == 81:
            modules = qr_modules(len(qr["data"]), qr["level"])
            if not qr["data"] or modules is None or modules * qr["module"] > self.columns * 12:
                return
            content = qr["data"].decode("utf-8", "replace")
            align = self._line.style.align
            code = Code(content, qr["module"], modules, "LMQH"[qr["level"]], qr["model"], align)
            self._jobs.append((code, code_mm(code), ""))

    # --- what survives -----------------------------------------------------------------------------------------

    @property
    def tickets(self) -> list[Ticket]:
        """The pieces of paper that were cut or torn off, in order."""
        return self.paper.tickets

    def state(self) -> dict[str, Any]:
        """Plain JSON of what a person at the printer would see."""
        return {
            "powered": self.powered,
            "off_line": self.off_line,
            "cover_open": self.cover_open,
            "no_paper": self.no_paper,
            "near_end": self.near_end,
            "cutter_error": self._cutter_error,
            "broken": self.broken,
            "printing": self.printing,
            "tickets": len(self.tickets),
            "last": self.tickets[-1].as_dict() if self.tickets else None,
        }

    def snapshot(self) -> dict[str, Any]:
        """Plain JSON: paper and what is wrong. Buffers are not kept, as without power."""
        return {"paper": self.paper.snapshot(), "cover_open": self.cover_open, "jammed": self._jammed}

    def restore(self, kept: dict[str, Any]) -> None:
        """Takes up a `snapshot` as after power came."""
        self._forget()
        self.paper.restore(kept["paper"])
        self.cover_open, self._jammed = bool(kept["cover_open"]), bool(kept["jammed"])
        self.powered = True
        self._cutter_error = self._jammed
