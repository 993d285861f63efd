"""A Topaz SigLite signature pad, 19200 8O1: five bytes for each position of the pen, about a hundred a second.

Byte 0 is the only one with bit 7 set: sync (7), near (6), type (2..4), pen down (0). Then X low 7 bits, X high 5 bits,
Y low 7, Y high 5. The pad takes no commands and is silent while no pen is near.
"""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Sequence

from hardware.simulators.wire import Wire, earliest

_SYNC, _NEAR, _DOWN = 0x80, 0x40, 0x01

Point = tuple[int, int]


def packet(x: int, y: int, *, down: bool = True, near: bool = True) -> bytes:
    """One packet; x and y are 12 bits in the pad's own units."""
    status = _SYNC | (_NEAR if near else 0) | (_DOWN if down else 0)
    return bytes((status, x & 0x7F, x >> 7 & 0x1F, y & 0x7F, y >> 7 & 0x1F))


def scribble(seed: int = 0, strokes: int = 3, width: int = 2400, height: int = 600) -> list[Point | None]:
    """A made-up signature: some strokes with the pen lifted (None) between them. The same for the same seed."""
    chance = random.Random(seed)
    points: list[Point | None] = []
    for stroke in range(strokes):
        left = 300 + width * stroke // strokes
        phase, loops = chance.uniform(0, math.tau), chance.uniform(1.5, 3.5)
        count = chance.randint(25, 45)
        for step in range(count):
            part = step / count
            x = left + part * width / strokes * 0.85
            y = 500 + height / 2 * (1 + math.sin(phase + part * math.tau * loops))
            points.append((int(x), int(y)))
        points.append(None)
    return points


class SignaturePad:
    """The pad. `sign` puts a person's hand on it; the packets come at `rate` a second.

    Faults: `wire`; `noise` (chance of a stray byte before each packet, 0..1); `drop` (chance of losing one byte of a
    packet, 0..1): the reader loses step and has to find the next sync bit.
    """

    def __init__(self, rate: float = 100.0, seed: int = 0) -> None:
        self.rate = rate
        self.noise = 0.0
        self.drop = 0.0
        self.powered = True
        self.wire = Wire(seed)
        self._chance = random.Random(seed)
        self._due: deque[tuple[float, bytes]] = deque()

    def sign(self, now: float, points: Sequence[Point | None]) -> float:
        """Someone signs: a position every 1/rate seconds, None lifts the pen. Returns when the pen is gone again.

        Raises ValueError for a position that does not fit the 12 bits.
        """
        for point in points:
            if point is not None and not (0 <= point[0] <= 4095 and 0 <= point[1] <= 4095):
                raise ValueError(f"position {point} is off the pad; x and y go from 0 to 4095")
        step = 1.0 / self.rate
        moment = max(now, self._due[-1][0] + step if self._due else now)
        last: Point = next((point for point in points if point is not None), (0, 0))
        down = False
        for point in points:
            if point is None:
                self._due.append((moment, packet(*last, down=False)))
                down = False
            else:
                self._due.append((moment, packet(*point)))
                last, down = point, True
            moment += step
        if down:
            self._due.append((moment, packet(*last, down=False)))
            moment += step
        self._due.append((moment, packet(*last, down=False, near=False)))
        return moment

    @property
    def signing(self) -> bool:
        """Whether a pen is still near."""
        return bool(self._due)

    def power_off(self) -> None:
        """The pad goes dark; a signature under way is lost."""
        self.powered = False
        self._due.clear()
        self.wire.drop()

    def power_on(self) -> None:
        """The pad is back; it says nothing until a pen comes near."""
        self.powered = True

    def receive(self, data: bytes, now: float) -> bytes:
        """The pad has no ear."""
        return b""

    def next_wakeup(self) -> float | None:
        """When the next packet is due."""
        return earliest(self._due[0][0] if self._due else None, self.wire.next_wakeup())

    def wakeup(self, now: float) -> bytes:
        """The packets due by now, with the noise of the day."""
        out = self.wire.wakeup(now)
        while self._due and self._due[0][0] <= now:
            data = bytearray(self._due.popleft()[1])
            if self._chance.random() < self.drop:
                del data[self._chance.randrange(len(data))]
            if self._chance.random() < self.noise:
                data.insert(0, self._chance.randrange(256))
            if self.powered:
                out += self.wire.send(bytes(data), now)
        return out

    def snapshot(self) -> dict[str, object]:
        """Nothing survives in a pad."""
        return {}

    def restore(self, kept: dict[str, object]) -> None:
        """Nothing to take up."""
