"""The end of the cable inside a simulated device: it delays, garbles or swallows what the device says."""

from __future__ import annotations

import random
from collections import deque


class Wire:
    """What leaves a device, with the faults a cable or a sick interface adds.

    `silent` swallows everything; `garbage` replaces each byte by a random one; `delay` (seconds) sends late;
    `cut_after` sends only so many bytes of each message: a cable pulled in the middle of a frame. All are plain
    attributes, to be set at any time. The noise is the same for the same `seed`.
    """

    def __init__(self, seed: int = 0) -> None:
        self.silent = False
        self.garbage = False
        self.delay = 0.0
        self.cut_after: int | None = None
        self._noise = random.Random(seed)
        self._late: deque[tuple[float, bytes]] = deque()

    def send(self, data: bytes, now: float) -> bytes:
        """Takes what the device says; returns what is on the wire at once."""
        if self.silent or not data:
            return b""
        if self.cut_after is not None:
            data = data[: self.cut_after]
        if self.garbage:
            data = self._noise.randbytes(len(data))
        if self.delay > 0 or self._late:
            self._late.append((now + self.delay, data))
            return b""
        return data

    def next_wakeup(self) -> float | None:
        """When the next late bytes are due."""
        return self._late[0][0] if self._late else None

    def wakeup(self, now: float) -> bytes:
        """The late bytes that are due."""
        out = b""
        while self._late and self._late[0][0] <= now:
            out += self._late.popleft()[1]
        return out

    def drop(self) -> None:
        """Forgets what was not yet sent: the device lost power."""
        self._late.clear()


def earliest(*times: float | None) -> float | None:
    """The earliest of several wake-up times; None when none is set. Infinity counts as none."""
    known = [each for each in times if each is not None and each != float("inf")]
    return min(known) if known else None
