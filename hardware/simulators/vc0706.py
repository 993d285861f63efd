"""A VC0706 camera module, 38400 8N1: it freezes a frame, and hands it over as a JPEG in pieces.

Source: VC0706 serial protocol manual. `56 serial command length data` is answered by `76 serial command status length
data`. A frame stays frozen until the camera is told to resume: a second freeze without that changes nothing.
"""

from __future__ import annotations

import io
import random
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any

from hardware.simulators.wire import Wire, earliest

VERSION = b"VC0703 1.00"
BOOT = VERSION + b"\r\nCtrl infr exist\r\nUser-defined sensor\r\n525\r\nInit end\r\n"

OK, NOT_RECEIVED, BAD_LENGTH, BAD_FORMAT, NOT_NOW, WENT_WRONG = range(6)

RESET, GEN_VERSION, SET_PORT = 0x26, 0x11, 0x24
READ_DATA, WRITE_DATA = 0x30, 0x31
READ_FBUF, GET_FBUF_LEN, FBUF_CTRL = 0x32, 0x34, 0x36
DOWNSIZE_CTRL, DOWNSIZE_STATUS = 0x54, 0x55
#: Switches of motion detection, colours, exposure, television and power saving: taken, and without effect here.
_SWITCHES = frozenset((0x37, 0x3A, 0x3C, 0x3E, 0x40, 0x42, 0x44, 0x45, 0x52))

SIZES = {0x00: (640, 480), 0x11: (320, 240), 0x22: (160, 120)}
BAUDS = {0xAEC8: 9600, 0x56E4: 19200, 0x2AF2: 38400, 0x1C4C: 57600, 0x1C1C: 57600, 0x0DA6: 115200}
_CHIP, _EEPROM = 1, 4
_SIZE_AT, _RATIO_AT = 0x0019, 0x1204
_RATIO = 0x36
_ALIGN = 8


@lru_cache(maxsize=8)
def picture(who: str, shot: int, width: int, height: int, quality: int) -> bytes:
    """A drawn face before a wall as a JPEG, different for each person and each shot; nobody's likeness."""
    from PIL import Image, ImageDraw, ImageFilter

    person, moment = sha256(who.encode()).digest(), random.Random(f"{who} {shot}")
    image = Image.new("RGB", (width, height), (150 + person[0] % 60, 170 + person[1] % 40, 190))
    draw = ImageDraw.Draw(image)
    unit = height / 100
    x, y = width / 2 + moment.uniform(-6, 6) * unit, height * 0.45 + moment.uniform(-3, 3) * unit
    wide, high = (18 + person[2] % 5) * unit, (24 + person[3] % 5) * unit

    def oval(dx: float, dy: float, rx: float, ry: float, colour: tuple[int, int, int]) -> None:
        draw.ellipse((x + dx - rx, y + dy - ry, x + dx + rx, y + dy + ry), fill=colour)

    skin = (150 + person[4] % 80, 105 + person[5] % 60, 75 + person[6] % 50)
    oval(0, 52 * unit, 40 * unit, 28 * unit, (person[7], person[8] // 2, 90))
    oval(0, -high * 0.25, wide * 1.1, high, (30 + person[9] % 40, 25, 20))
    oval(0, 0, wide, high, skin)
    for side in (-1, 1):
        oval(side * wide * 0.42, -high * 0.12, 3.4 * unit, 2.0 * unit, (245, 245, 245))
        oval(side * wide * 0.42, -high * 0.12, 1.5 * unit, 1.7 * unit, (40, 25, 15))
    draw.line(
        (x, y - high * 0.05, x - 2 * unit, y + high * 0.25, x + unit, y + high * 0.27), fill=(90, 60, 45), width=2
    )
    smile = (4 + person[10] % 5) * unit
    draw.arc((x - 8 * unit, y + high * 0.3, x + 8 * unit, y + high * 0.3 + smile), 10, 170, fill=(140, 50, 50), width=3)
    grain = Image.frombytes("L", (width, height), moment.randbytes(width * height)).convert("RGB")
    out = io.BytesIO()
    image = Image.blend(image.filter(ImageFilter.GaussianBlur(unit * 0.2)), grain, 0.04)
    image.save(out, "JPEG", quality=quality, subsampling=2)
    return out.getvalue()


@dataclass
class Camera:
    """The camera. `sit` puts a person before it; `frozen` is the picture that stands in its buffer.

    Faults: `wire`; `refuses` (it answers every command with status 4), `stuck` (it never lets a frame go), `half` (the
    picture in the buffer has no end), `boot_s` without an answer after power and reset.
    """

    boot_s: float = 0.1
    wire: Wire = field(default_factory=Wire)
    refuses: bool = False
    stuck: bool = False
    half: bool = False
    powered: bool = True
    baud: int = 38400
    shots: int = 0
    frozen: bytes | None = None
    who: str = ""
    _buffer: bytearray = field(default_factory=bytearray)
    _memory: bytes = b""
    _eeprom: dict[int, int] = field(default_factory=dict)
    _chip: dict[int, int] = field(default_factory=dict)
    _size: int = 0
    _booted: float | None = None
    _late: list[tuple[float, bytes]] = field(default_factory=list)

    # --- what people do ----------------------------------------------------------------------------------------

    def sit(self, who: str) -> None:
        """A person sits down before the camera; empty: nobody, the chair's drawing is shown all the same."""
        self.who = who

    def power_off(self) -> None:
        """Cuts power; the frozen frame is lost, what was written to the EEPROM stays."""
        self.powered = False
        self.wire.drop()
        self._forget()

    def power_on(self, now: float) -> None:
        """Power is back; the camera tells that it has started."""
        if not self.powered:
            self.powered = True
            self._start(now)

    def _forget(self) -> None:
        self._buffer.clear()
        self._late.clear()
        self._chip.clear()
        self.frozen, self._memory, self._booted, self.baud = None, b"", None, 38400

    def _start(self, now: float) -> None:
        self._forget()
        self._size = self._eeprom.get(_SIZE_AT, 0)
        self._booted = now + self.boot_s

    # --- the wire ----------------------------------------------------------------------------------------------

    def receive(self, data: bytes, now: float) -> bytes:
        """Commands in pieces of any size; while the camera starts it hears nothing."""
        out = self._awake(now)
        if not self.powered or self._booted is not None:
            return self.wire.send(out, now)
        self._buffer += data
        while self._booted is None and (found := self._take()) is not None:
            out += self._obey(*found, now)
        return self.wire.send(out, now)

    def next_wakeup(self) -> float | None:
        """The end of its start, the delay before a piece of a picture, or late bytes."""
        if not self.powered:
            return None
        return earliest(self._booted, self._late[0][0] if self._late else None, self.wire.next_wakeup())

    def wakeup(self, now: float) -> bytes:
        """Goes on."""
        if not self.powered:
            return b""
        return self.wire.wakeup(now) + self.wire.send(self._awake(now), now)

    def _awake(self, now: float) -> bytes:
        out = b""
        while self._late and self._late[0][0] <= now:
            out += self._late.pop(0)[1]
        if self._booted is not None and self._booted <= now:
            self._booted = None
            out += BOOT
        return out

    def _take(self) -> tuple[int, int, bytes] | None:
        start = self._buffer.find(b"\x56")
        if start != 0:
            del self._buffer[: start if start > 0 else len(self._buffer)]
        if len(self._buffer) < 4:
            return None
        serial, command, length = self._buffer[1:4]
        # These two take no data, and libraries count on it that a wrong length does not hold them up.
        if command in (RESET, GEN_VERSION):
            length = 0
        if length > 16:
            del self._buffer[:1]
            return self._take()
        if len(self._buffer) < 4 + length:
            return None
        data = bytes(self._buffer[4 : 4 + length])
        del self._buffer[: 4 + length]
        return serial, command, data

    def _obey(self, serial: int, command: int, data: bytes, now: float) -> bytes:
        def answer(status: int, body: bytes = b"") -> bytes:
            return bytes((0x76, serial, command, status, len(body))) + body

        if self.refuses:
            return answer(NOT_NOW)
        if command == RESET:
            self._start(now)
            return answer(OK)
        if command == GEN_VERSION:
            return answer(OK, VERSION)
        if command == READ_FBUF:
            return self._read(serial, data, now)
        if command in _SWITCHES:
            return answer(OK)
        handlers = {
            SET_PORT: (3, self._set_port),
            READ_DATA: (4, self._read_data),
            WRITE_DATA: (5, self._write_data),
            GET_FBUF_LEN: (1, self._length),
            FBUF_CTRL: (1, self._control),
            DOWNSIZE_CTRL: (1, self._downsize),
            DOWNSIZE_STATUS: (0, lambda data: (OK, bytes([self._size]))),
        }
        if command not in handlers:
            return answer(NOT_RECEIVED)
        length, act = handlers[command]
        return answer(*act(data)) if len(data) == length else answer(BAD_LENGTH)

    # --- commands ----------------------------------------------------------------------------------------------

    def _set_port(self, data: bytes) -> tuple[int, bytes]:
        baud = BAUDS.get(int.from_bytes(data[1:3], "big"))
        if data[0] != 1 or baud is None:
            return BAD_FORMAT, b""
        self.baud = baud
        return OK, b""

    def _read_data(self, data: bytes) -> tuple[int, bytes]:
        device, count, address = data[0], data[1], int.from_bytes(data[2:4], "big")
        if device not in (_CHIP, _EEPROM) or not 1 <= count <= 16:
            return BAD_FORMAT, b""
        memory = self._chip if device == _CHIP else self._eeprom
        usual = {_RATIO_AT: _RATIO}
        return OK, bytes(memory.get(at, usual.get(at, 0)) for at in range(address, address + count))

    def _write_data(self, data: bytes) -> tuple[int, bytes]:
        device, count, address, value = data[0], data[1], int.from_bytes(data[2:4], "big"), data[4]
        if device not in (_CHIP, _EEPROM) or count != 1:
            return BAD_FORMAT, b""
        # What is written to the EEPROM, such as the size, holds from the next start on.
        (self._chip if device == _CHIP else self._eeprom)[address] = value
        return OK, b""

    def _downsize(self, data: bytes) -> tuple[int, bytes]:
        if data[0] not in SIZES:
            return BAD_FORMAT, b""
        self._size = data[0]
        return OK, b""

    def _control(self, data: bytes) -> tuple[int, bytes]:
        if data[0] in (0, 1):
            if self.frozen is None:
                self._freeze()
        elif data[0] in (2, 3):
            if not self.stuck:
                self.frozen = None
                if data[0] == 2:
                    self._freeze()
        else:
            return BAD_FORMAT, b""
        return OK, b""

    def _freeze(self) -> None:
        self.shots += 1
        width, height = SIZES.get(self._size, SIZES[0])
        quality = max(20, 95 - self._chip.get(_RATIO_AT, _RATIO) // 2)
        jpeg = picture(self.who, self.shots, width, height, quality)
        if self.half:
            jpeg = jpeg[: len(jpeg) // 2]
        self.frozen = jpeg
        padded = jpeg + bytes(-len(jpeg) % _ALIGN)
        # A shorter picture leaves the end of a longer one behind it.
        self._memory = padded + self._memory[len(padded) :]

    def _length(self, data: bytes) -> tuple[int, bytes]:
        if data[0] not in (0, 1):
            return BAD_FORMAT, b""
        length = len(self.frozen) + -len(self.frozen) % _ALIGN if self.frozen is not None else 0
        return OK, length.to_bytes(4, "big")

    def _read(self, serial: int, data: bytes, now: float) -> bytes:
        head = bytes((0x76, serial, READ_FBUF))
        if len(data) != 12:
            return head + bytes((BAD_LENGTH, 0))
        start, count = int.from_bytes(data[2:6], "big"), int.from_bytes(data[6:10], "big")
        delay = int.from_bytes(data[10:12], "big") / 100_000
        if data[0] not in (0, 1) or start % 4 or count % 4 or count > 1 << 20:
            return head + bytes((BAD_FORMAT, 0))
        if self.frozen is None:
            return head + bytes((NOT_NOW, 0))
        piece = self._memory[start : start + count]
        ok = head + bytes((OK, 0))
        self._late.append((now + delay, piece + bytes(count - len(piece)) + ok))
        return ok

    # --- what survives -----------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """Plain JSON: the EEPROM, and how many frames were ever frozen."""
        return {"eeprom": {str(at): value for at, value in sorted(self._eeprom.items())}, "shots": self.shots}

    def restore(self, kept: dict[str, Any]) -> None:
        """Takes up a `snapshot` as after power came."""
        self._forget()
        self._eeprom = {int(at): int(value) for at, value in kept["eeprom"].items()}
        self.shots = int(kept["shots"])
        self._size = self._eeprom.get(_SIZE_AT, 0)
        self.powered = True
