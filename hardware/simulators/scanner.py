"""A document and bar code scanner at 9600 8N1: a plain one that only speaks, or a GM65 that also takes settings.

GM65 frames: `7E 00 type length address(2) data CRC(2)`, type 07 read, 08 write, 09 save, 0A heartbeat; the CRC is
CRC-16/XMODEM from the type on, and `AB CD` in its place skips the check. Reply: `02 00 00 length data CRC`.
"""

from __future__ import annotations

from binascii import crc_hqx
from collections import deque
from typing import Literal

from hardware.simulators.wire import Wire, earliest

# Zones of the GM65's settings; the rest of its 256 bytes is kept and given back, without effect.
ZONE_MODE = 0x0000
ZONE_TRIGGER = 0x0002
ZONE_READ_TIME = 0x0006
ZONE_TAIL = 0x0060

MANUAL, COMMAND, CONTINUOUS, INDUCTION = range(4)

_ZONES = 256
_DONE = b"\x00"
_TAILS = {0: b"\r", 1: b"\r\n", 2: b"\t", 3: b""}
_FRAME_TIMEOUT = 0.5


def _factory_zones() -> bytearray:
    zones = bytearray(_ZONES)
    zones[ZONE_MODE] = 0xD4  # lights as usual, reads when its button is pressed
    zones[ZONE_READ_TIME] = 50  # tenths of a second
    zones[ZONE_TAIL] = 0x21  # CR LF after the text
    return zones


class DocumentScanner:
    """The scanner. `present` lays a document under it.

    In `text` mode it speaks on every document and hears nothing. In `gm65` mode it obeys its settings: in command mode
    it reads only while triggered; a document stays under it until it was read. Faults: `wire`, and `double` (each text
    is sent twice, as when a document trembles under an eager scanner).
    """

    def __init__(self, mode: Literal["text", "gm65"] = "text") -> None:
        if mode not in ("text", "gm65"):
            raise ValueError(f"mode {mode!r} is not known; choose 'text' or 'gm65'")
        self.mode = mode
        self.double = False
        self.powered = True
        self.wire = Wire()
        self._flash = _factory_zones()
        self._zones = bytearray(self._flash)
        self._documents: deque[bytes] = deque()
        self._trigger_until: float | None = None
        self._buffer = bytearray()
        self._heard_at = 0.0

    def present(self, text: str) -> None:
        """Lays a document under the scanner; its code says `text`."""
        self._documents.append(text.encode("utf-8"))

    def remove(self) -> None:
        """Takes away whatever was not read."""
        self._documents.clear()

    @property
    def read_mode(self) -> int:
        """The GM65's mode: 0 manual, 1 command, 2 continuous, 3 induction."""
        return self._zones[ZONE_MODE] & 0x03

    @property
    def waiting(self) -> bool:
        """Whether a document lies there unread."""
        return bool(self._documents)

    def power_off(self) -> None:
        """Settings that were not saved are lost."""
        self.powered = False
        self._zones = bytearray(self._flash)
        self._buffer.clear()
        self._documents.clear()
        self._trigger_until = None
        self.wire.drop()

    def power_on(self) -> None:
        """Back, with the settings saved in flash."""
        self.powered = True

    def receive(self, data: bytes, now: float) -> bytes:
        """Settings, the trigger and the heartbeat of a GM65; a plain scanner hears nothing."""
        if self.mode == "text" or not self.powered:
            return b""
        if self._buffer and now - self._heard_at > _FRAME_TIMEOUT:
            self._buffer.clear()
        self._heard_at = now
        self._buffer += data
        out = b""
        while (frame := self._next_frame()) is not None:
            out += self._answer(frame, now)
        return self.wire.send(out, now) + self._read(now)

    def next_wakeup(self) -> float | None:
        """At once while a document can be read; else the end of the trigger, or late bytes."""
        if self.powered and self._documents and self._may_read():
            return 0.0
        return earliest(self._trigger_until, self.wire.next_wakeup())

    def wakeup(self, now: float) -> bytes:
        """Reads the document that lies there, if it may."""
        late = self.wire.wakeup(now)
        if self._trigger_until is not None and self._trigger_until <= now:
            self._stop_trigger()
        return late + self._read(now)

    def _may_read(self) -> bool:
        # With a button, laying down a document means pressing it.
        return self.mode == "text" or self.read_mode != COMMAND or self._trigger_until is not None

    def _read(self, now: float) -> bytes:
        out = b""
        while self.powered and self._documents and self._may_read():
            text = self._documents.popleft() + self._tail()
            out += self.wire.send(text * 2 if self.double else text, now)
            self._stop_trigger()
        return out

    def _tail(self) -> bytes:
        if self.mode == "text":
            return b"\r\n"
        setting = self._zones[ZONE_TAIL]
        return _TAILS[setting >> 5 & 3] if setting & 1 else b""

    def _stop_trigger(self) -> None:
        self._trigger_until = None
        self._zones[ZONE_TRIGGER] &= 0xFE

    def _next_frame(self) -> bytes | None:
        """The next whole frame from its type to its data, checked; noise and wrong sums are passed over in silence."""
        while True:
            start = self._buffer.find(b"\x7e\x00")
            if start < 0:
                del self._buffer[: -1 if self._buffer.endswith(b"\x7e") else len(self._buffer)]
                return None
            del self._buffer[:start]
            if len(self._buffer) < 4:
                return None
            # Reading and saving carry one data byte whatever the length says; so does the heartbeat.
            kind, length = self._buffer[2], self._buffer[3]
            data_length = length if kind == 0x08 else 1
            end = 6 + data_length
            if len(self._buffer) < end + 2:
                return None
            frame, check = bytes(self._buffer[2:end]), bytes(self._buffer[end : end + 2])
            if check == b"\xab\xcd" or check == crc_hqx(frame, 0).to_bytes(2, "big"):
                del self._buffer[: end + 2]
                return frame
            del self._buffer[:2]

    def _answer(self, frame: bytes, now: float) -> bytes:
        kind, address, data = frame[0], int.from_bytes(frame[2:4], "big"), frame[4:]
        if kind == 0x07:
            count = data[0] or 256
            if address + count > _ZONES:
                return b""
            return reply(bytes(self._zones[address : address + count]))
        if kind == 0x08:
            if address + len(data) > _ZONES:
                return b""
            self._zones[address : address + len(data)] = data
            if address <= ZONE_TRIGGER < address + len(data) and self._zones[ZONE_TRIGGER] & 1:
                self._trigger_until = now + (self._zones[ZONE_READ_TIME] / 10 or float("inf"))
            return reply(_DONE)
        if kind == 0x09:
            self._flash = bytearray(self._zones)
            self._flash[ZONE_TRIGGER] &= 0xFE
            return reply(_DONE)
        if kind == 0x0A:
            return b"\x03" + reply(_DONE)[1:]
        return b""

    def snapshot(self) -> dict[str, object]:
        """Plain JSON: the settings in flash."""
        return {"flash": self._flash.hex()}

    def restore(self, kept: dict[str, object]) -> None:
        """Takes up a `snapshot`, as after power came."""
        self._flash = bytearray.fromhex(str(kept["flash"]))
        self._zones = bytearray(self._flash)


def reply(data: bytes) -> bytes:
    """A GM65 answer with its sum. The first two bytes stand outside the sum."""
    body = bytes((0x00, len(data) & 0xFF)) + data
    return b"\x02\x00" + body + crc_hqx(body, 0).to_bytes(2, "big")
