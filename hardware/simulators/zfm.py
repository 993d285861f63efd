"""A ZFM-20 / R30x finger module, 57600 8N1: it sees a finger, keeps templates in pages, and tells whose finger it is.

Source: ZFM-20 series user manual; commands 35, 3D and 53 are of its successor R503. The library of pages, the password,
the address and the parameters are in flash; the image and the two character buffers are lost without power.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hardware.simulators import zfm_packets as p
from hardware.simulators.wire import Wire, earliest
from hardware.simulators.zfm_packets import Flaw

_Answer = tuple[int, bytes]
_SEEN = 32


@dataclass(frozen=True)
class ZfmTiming:
    """How long the module works, in seconds: seeing a finger, finding its features, searching, writing flash."""

    image: float = 0.12
    features: float = 0.25
    search: float = 0.15
    flash: float = 0.1
    other: float = 0.005


@dataclass(frozen=True)
class Finger:
    """What lies on the glass. `whose` is the finger, `impression` the way it lies there this time."""

    whose: str
    impression: str
    image: bytes
    flaw: Flaw


@dataclass
class FingerModule:
    """The module. Faults: `wire`; `spoil` packets to come have a wrong sum; `image_fails`, `no_upload`; `flash_fails`
    (it refuses to write), `flash_lies` (it says that it has written, and has not).

    A cut of the power while a page is written leaves it torn: the index names it, but it cannot be read.
    """

    capacity: int = 162
    password: int = 0
    address: int = 0xFFFFFFFF
    security: int = 3
    size_code: int = 2
    baud_n: int = 6
    timing: ZfmTiming = field(default_factory=ZfmTiming)
    wire: Wire = field(default_factory=Wire)
    spoil: int = 0
    image_fails: bool = False
    flash_fails: bool = False
    flash_lies: bool = False
    no_upload: bool = False
    powered: bool = True
    finger: Finger | None = None
    library: dict[int, bytes] = field(default_factory=dict)
    _buffer: bytearray = field(default_factory=bytearray)
    _work: bytes | None = None
    _ends: float = 0.0
    _verified: bool = False
    _matched: bool = False
    _image: tuple[str, str, Flaw, bytes] | None = None
    _chars: dict[int, bytes] = field(default_factory=dict)
    _seen: dict[bytes, tuple[str, str, Flaw]] = field(default_factory=dict)
    _filling: tuple[str, bytearray] | None = None
    _chance: random.Random = field(default_factory=lambda: random.Random(0))

    # --- what people do ----------------------------------------------------------------------------------------

    def put_finger(self, token: str, image: bytes | None = None, *, flaw: Flaw = "") -> None:
        """Lays a finger on the glass. `token`: `seed/person/finger/impression`; the last part is this impression.

        `image`: 256x288 grey levels, one byte a pixel; without it, lines that are nobody's. `flaw`: what the module
        finds wrong with it. Raises ValueError for an image of another size.
        """
        if image is not None and len(image) != p.WIDTH * p.HEIGHT:
            raise ValueError(f"a finger's image has {p.WIDTH * p.HEIGHT} bytes, not {len(image)}")
        whose, _, impression = token.rpartition("/")
        self.finger = Finger(whose or impression, impression, p.packed(image or p.ridges(token)), flaw)

    def lift(self) -> None:
        """Takes the finger away."""
        self.finger = None

    def power_off(self) -> None:
        """Cuts power at any moment: the library stays, but a page that is being written is torn."""
        if self.powered and self._work is not None and self._work[:1] == b"\x06" and len(self._work) >= 4:
            page = int.from_bytes(self._work[2:4], "big")
            if page < self.capacity and self._allowed(self._work):
                self.library[page] = b""
        self.powered = False
        self._forget()

    def power_on(self) -> None:
        """Power is back."""
        self.powered = True

    def _forget(self) -> None:
        self._buffer.clear()
        self.wire.drop()
        self._work = self._image = self._filling = None
        self._verified = self._matched = False
        self._chars.clear()
        self._seen.clear()

    # --- the wire ----------------------------------------------------------------------------------------------

    def receive(self, data: bytes, now: float) -> bytes:
        """Packets in pieces of any size; what comes while the module works waits."""
        if not self.powered:
            return b""
        self._buffer += data
        return self._go_on(now)

    def next_wakeup(self) -> float | None:
        """The end of the present work, or late bytes."""
        if not self.powered:
            return None
        return earliest(self._ends if self._work is not None else None, self.wire.next_wakeup())

    def wakeup(self, now: float) -> bytes:
        """Ends the work and answers."""
        if not self.powered:
            return b""
        return self.wire.wakeup(now) + self._go_on(now)

    def _go_on(self, now: float) -> bytes:
        out = b""
        while True:
            if self._work is not None:
                if now < self._ends:
                    break
                work, self._work = self._work, None
                out += self._finish(work)
            found = p.take(self._buffer)
            if found is None:
                break
            address, kind, content, good = found
            if address != self.address:
                continue
            if kind in (p.DATA, p.END) and self._filling is not None:
                self._fill(kind, content, good)
            elif kind == p.COMMAND:
                self._filling = None
                if not good or not content:
                    out += self._ack(p.PACKET_ERROR)
                else:
                    self._work, self._ends = content, now + self._lasts(content[0])
        return self.wire.send(out, now)

    def _lasts(self, code: int) -> float:
        timing = self.timing
        known = {0x01: timing.image, 0x52: timing.image, 0x02: timing.features, 0x05: timing.features}
        flash = dict.fromkeys((0x06, 0x0C, 0x0D, 0x0E, 0x12, 0x15), timing.flash)
        return (known | flash | {0x04: timing.search, 0x1B: timing.search}).get(code, timing.other)

    def _packet(self, kind: int, content: bytes) -> bytes:
        out = p.packet(self.address, kind, content)
        if self.spoil > 0:
            self.spoil -= 1
            out = out[:-1] + bytes([out[-1] ^ 0x01])
        return out

    def _ack(self, code: int, body: bytes = b"") -> bytes:
        return self._packet(p.ACK, bytes([code]) + body)

    def _stream(self, data: bytes) -> bytes:
        pieces = p.split(data, p.PACKET_BYTES[self.size_code])
        return self._ack(p.OK) + b"".join(self._packet(kind, piece) for kind, piece in pieces)

    def _fill(self, kind: int, content: bytes, good: bool) -> None:
        assert self._filling is not None
        where, data = self._filling
        data += content if good and len(data) <= p.IMAGE_BYTES else b""
        if kind != p.END:
            return
        self._filling = None
        if where == "image":
            whose, impression, flaw = self._seen.get(bytes(data), (f"drawn/{data.hex()[:64]}", "1", ""))
            self._image = (whose, impression, flaw, bytes(data)) if len(data) == p.IMAGE_BYTES else None
        else:
            self._chars[int(where)] = bytes(data)

    # --- commands ----------------------------------------------------------------------------------------------

    def _allowed(self, work: bytes) -> bool:
        return work[0] in (0x13, 0x53) or not self.password or self._verified

    def _finish(self, work: bytes) -> bytes:
        code, rest = work[0], work[1:]
        if not self._allowed(work):
            return self._ack(p.VERIFY_FIRST)
        if code in (0x08, 0x0A):
            return self._upload(code, rest)
        commands: dict[int, tuple[int, Callable[[bytes], _Answer]]] = {
            0x01: (0, self._see), 0x52: (0, self._see), 0x02: (1, self._features), 0x03: (0, self._match),
            0x04: (5, self._search), 0x1B: (5, self._search), 0x05: (0, self._merge), 0x06: (3, self._store),
            0x07: (3, self._load), 0x09: (1, self._download), 0x0B: (0, self._download), 0x0C: (4, self._delete),
            0x0D: (0, self._empty), 0x0E: (2, self._set), 0x0F: (0, self._parameters), 0x12: (4, self._set_password),
            0x13: (4, self._verify), 0x14: (0, self._random), 0x15: (4, self._set_address), 0x1D: (0, self._count),
            0x1F: (1, self._index), 0x35: (4, self._light), 0x3D: (0, self._reset), 0x50: (0, self._light),
            0x51: (0, self._light), 0x53: (0, lambda rest: (p.HERE, b"")),
        }  # fmt: skip
        length, act = commands.get(code, (-1, self._light))
        if len(rest) != length:
            return self._ack(p.PACKET_ERROR)
        out = self._ack(*act(rest))
        return out + bytes([p.HERE]) if code == 0x3D else out

    def _verify(self, rest: bytes) -> _Answer:
        self._verified = int.from_bytes(rest, "big") == self.password
        return (p.OK if self._verified else p.WRONG_PASSWORD), b""

    def _set_password(self, rest: bytes) -> _Answer:
        self.password = int.from_bytes(rest, "big")
        self._verified = True
        return p.OK, b""

    def _set_address(self, rest: bytes) -> _Answer:
        self.address = int.from_bytes(rest, "big")
        return p.OK, b""

    def _set(self, rest: bytes) -> _Answer:
        number, value = rest
        if number == 4 and 1 <= value <= 12:
            self.baud_n = value
        elif number == 5 and 1 <= value <= 5:
            self.security = value
        elif number == 6 and value <= 3:
            self.size_code = value
        else:
            return p.BAD_REGISTER, b""
        return p.OK, b""

    def _parameters(self, rest: bytes) -> _Answer:
        status = 2 * self._matched | 4 * self._verified | 8 * (self._image is not None)
        words = (status, 0x0009, self.capacity, self.security)
        more = (self.size_code, self.baud_n)
        address = self.address.to_bytes(4, "big")
        return p.OK, b"".join(n.to_bytes(2, "big") for n in words) + address + _words(*more)

    def _see(self, rest: bytes) -> _Answer:
        if self.finger is None:
            return p.NO_FINGER, b""
        if self.image_fails:
            return p.IMAGE_FAILED, b""
        finger = self.finger
        self._image = (finger.whose, finger.impression, finger.flaw, finger.image)
        self._seen[finger.image] = self._image[:3]
        while len(self._seen) > _SEEN:
            del self._seen[next(iter(self._seen))]
        return p.OK, b""

    def _features(self, rest: bytes) -> _Answer:
        if self._image is None:
            return p.NO_IMAGE, b""
        whose, impression, flaw, _ = self._image
        if flaw:
            return (p.MESSY if flaw == "messy" else p.FEW_FEATURES), b""
        self._chars[_slot(rest[0])] = p.template(whose, impression)
        return p.OK, b""

    def _match(self, rest: bytes) -> _Answer:
        found = p.score(self._chars.get(1, b""), self._chars.get(2, b""))
        self._matched = found is not None
        return (p.OK, _words(found)) if found is not None else (p.NO_MATCH, _words(0))

    def _search(self, rest: bytes) -> _Answer:
        wanted = self._chars.get(_slot(rest[0]), b"")
        start, count = int.from_bytes(rest[1:3], "big"), int.from_bytes(rest[3:5], "big")
        for page in sorted(self.library):
            found = p.score(self.library[page], wanted) if start <= page < start + count else None
            if found is not None:
                self._matched = True
                return p.OK, _words(page, found)
        self._matched = False
        return p.NOT_FOUND, _words(0, 0)

    def _merge(self, rest: bytes) -> _Answer:
        both = p.merged(self._chars.get(1, b""), self._chars.get(2, b""))
        if both is None:
            return p.MISMATCH, b""
        self._chars = {1: both, 2: both}
        return p.OK, b""

    def _store(self, rest: bytes) -> _Answer:
        page = int.from_bytes(rest[1:3], "big")
        if page >= self.capacity:
            return p.BAD_PAGE, b""
        if self.flash_fails or not self._chars.get(_slot(rest[0])):
            return p.FLASH_FAILED, b""
        if not self.flash_lies:
            self.library[page] = self._chars[_slot(rest[0])]
        return p.OK, b""

    def _load(self, rest: bytes) -> _Answer:
        page = int.from_bytes(rest[1:3], "big")
        if page >= self.capacity:
            return p.BAD_PAGE, b""
        if not self.library.get(page):
            return p.BAD_TEMPLATE, b""
        self._chars[_slot(rest[0])] = self.library[page]
        return p.OK, b""

    def _upload(self, code: int, rest: bytes) -> bytes:
        if len(rest) != (code == 0x08):
            return self._ack(p.PACKET_ERROR)
        if code == 0x0A:
            return self._ack(p.UPLOAD_FAILED) if self.no_upload or not self._image else self._stream(self._image[3])
        features = self._chars.get(_slot(rest[0]))
        return self._stream(features) if features else self._ack(0x0D)

    def _download(self, rest: bytes) -> _Answer:
        self._filling = (str(_slot(rest[0])) if rest else "image", bytearray())
        return p.OK, b""

    def _delete(self, rest: bytes) -> _Answer:
        page, count = int.from_bytes(rest[:2], "big"), int.from_bytes(rest[2:], "big")
        if page + count > self.capacity or self.flash_fails:
            return p.DELETE_FAILED, b""
        for each in range(page, page + count):
            self.library.pop(each, None)
        return p.OK, b""

    def _empty(self, rest: bytes) -> _Answer:
        if self.flash_fails:
            return 0x11, b""
        self.library.clear()
        return p.OK, b""

    def _count(self, rest: bytes) -> _Answer:
        return p.OK, _words(len(self.library))

    def _index(self, rest: bytes) -> _Answer:
        used = bytearray(32)
        for page in self.library:
            if page // 256 == rest[0]:
                used[page % 256 // 8] |= 1 << page % 8
        return p.OK, bytes(used)

    def _random(self, rest: bytes) -> _Answer:
        return p.OK, self._chance.randbytes(4)

    def _light(self, rest: bytes) -> _Answer:
        return p.OK, b""

    def _reset(self, rest: bytes) -> _Answer:
        self._forget()
        return p.OK, b""

    # --- what survives -----------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """Plain JSON: what stands in the module's flash."""
        return {
            "password": self.password,
            "address": self.address,
            "parameters": [self.baud_n, self.security, self.size_code],
            "library": {str(page): data.hex() for page, data in sorted(self.library.items())},
        }

    def restore(self, kept: dict[str, Any]) -> None:
        """Takes up a `snapshot` as after power came."""
        self._forget()
        self.password, self.address = int(kept["password"]), int(kept["address"])
        self.baud_n, self.security, self.size_code = kept["parameters"]
        self.library = {int(page): bytes.fromhex(data) for page, data in kept["library"].items()}
        self.powered = True


def _words(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(2, "big") for number in numbers)


def _slot(number: int) -> int:
    """Any number but 1 is character buffer 2, as the manual says."""
    return 1 if number == 1 else 2
