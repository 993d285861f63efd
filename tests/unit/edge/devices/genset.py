"""A genset controller at the end of an RS-485 line, for tests: registers in a dictionary, keys obeyed or not."""

from __future__ import annotations

import struct


def crc(data: bytes) -> bytes:
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return struct.pack("<H", value)


def framed(data: bytes) -> bytes:
    return data + crc(data)


def packed(codes: dict[int, int], count: int) -> list[int]:
    """An alarm page of `count` alarms: code by place, else 1 (not active), and its count in front."""
    nibbles = [codes.get(place, 1) for place in range(count)] + [15] * (-count % 4)
    words = [sum(code << (12 - 4 * at) for at, code in enumerate(nibbles[n : n + 4])) for n in range(0, count, 4)]
    return [count, *words]


class Controller:
    """Answers function 3 and 16 of one unit. `pages`: address of a page's beginning -> its words, by offset."""

    def __init__(self, unit: int = 10) -> None:
        self.unit = unit
        self.words: dict[int, int] = {}
        self.keys: list[tuple[int, ...]] = []
        self.asked: list[tuple[int, int]] = []
        self.refuse: dict[int, int] = {}
        """Address or function -> exception code."""
        self.obeys = True
        self.put(768, [1, 32840, 0x0001, 0xE240, 1])
        self.put(1024, [0, 31, 0x7FFF, 64, 0xFFFF, 126, 0, 0, 0, 0] + [0xFFFF] * 25 + [500, 0, 2301])
        self.put(1408, [0])
        self.put(1798, [1, 5000] + [0xFFFF] * 8 + [0, 321])
        self.put(4096, [0, 0, 0xC000, 0, 0, 0, 0, 0])
        self.alarms(39424, {}, 80)

    def put(self, address: int, words: list[int]) -> None:
        self.words |= {address + at: word for at, word in enumerate(words)}

    def alarms(self, page: int, codes: dict[int, int], count: int) -> None:
        self.put(page, packed(codes, count))

    def run(self) -> None:
        """The engine turns, warm."""
        self.put(1024, [380, 78, 0x7FFF, 63, 0xFFFF, 142, 1500, 501, 0, 2298])
        self.put(1408, [3])

    def __call__(self, out: bytes) -> bytes:
        unit, function, address, count = struct.unpack(">BBHH", out[:6])
        if unit != self.unit or out[-2:] != crc(out[:-2]):
            return b""
        if (code := self.refuse.get(address, self.refuse.get(function))) is not None:
            return framed(bytes((unit, function | 0x80, code)))
        if function == 16:
            self.keys.append(struct.unpack(f">{count}H", out[7:-2]))
            if self.obeys and self.keys[-1] == (35732, 29803):
                self.run()
            if self.obeys and self.keys[-1] == (35733, 29802):
                self.put(1408, [4])
            return framed(out[:6])
        self.asked.append((address, count))
        words = [self.words.get(at) for at in range(address, address + count)]
        if None in words:
            return framed(bytes((unit, function | 0x80, 2)))
        return framed(bytes((unit, function, count * 2)) + struct.pack(f">{count}H", *words))
