"""Virtual time: what is due is done, in order, and nothing waits."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

#: Virtual moments begin here, so that nothing passes by being near zero.
START = 1_000.0
#: 2026-11-24 08:00 WIB, seconds since 1970, at virtual moment START.
WALL = 1_795_482_000.0


class Clock:
    """A heap of things to do."""

    def __init__(self) -> None:
        self.now = START
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def wall(self) -> float:
        """Seconds since 1970."""
        return WALL + self.now - START

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something later."""
        heapq.heappush(self._heap, (self.now + max(0.0, seconds), next(self._order), act))

    def due(self) -> float | None:
        """When the next thing is due."""
        return self._heap[0][0] if self._heap else None

    def step(self) -> None:
        """Do the next thing."""
        when, _, act = heapq.heappop(self._heap)
        self.now = max(self.now, when)
        act()
