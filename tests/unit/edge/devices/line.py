"""A driver at the end of a line in virtual time: what was written, what it said, and a stand-in that answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from edge.core.events import Event
from edge.core.requests import Request
from edge.devices import Device

E = TypeVar("E", bound=Event)


class Line:
    """`answer` sees each written piece and returns what the device sends back."""

    def __init__(self, driver: Device, answer: Callable[[bytes], bytes] | None = None) -> None:
        self.driver = driver
        self.answer = answer
        self.now = 1000.0
        self.said: list[Event] = []
        self.written = b""

    def open(self) -> Line:
        return self._after(self.driver.opened(self.now))

    def close(self, error: str = "unplugged") -> Line:
        return self._after(self.driver.closed(self.now, error))

    def ask(self, request: Request) -> Line:
        return self._after(self.driver.send(request, self.now))

    def feed(self, data: bytes) -> Line:
        return self._after(self.driver.receive(data, self.now))

    def wait(self, seconds: float) -> Line:
        """Let time pass, with every wake-up in it."""
        end = self.now + seconds
        while (at := self.driver.next_wakeup()) is not None and at <= end:
            self.now = max(self.now, at)
            self._after(self.driver.wakeup(self.now))
            following = self.driver.next_wakeup()
            assert following is None or following > self.now, "a driver that wakes without end keeps the booth busy"
        self.now = end
        return self

    def heard(self, kind: type[E]) -> list[E]:
        """Everything of one kind that was said, then forgotten."""
        found = [event for event in self.said if isinstance(event, kind)]
        self.said = [event for event in self.said if not isinstance(event, kind)]
        return found

    def one(self, kind: type[E]) -> E:
        found = self.heard(kind)
        assert len(found) == 1, found
        return found[0]

    def take(self) -> bytes:
        written, self.written = self.written, b""
        return written

    def _after(self, events: list[Event]) -> Line:
        self.said += events
        while out := self.driver.outgoing():
            self.written += out
            reply = self.answer(out) if self.answer else b""
            if not reply:
                break
            self.said += self.driver.receive(reply, self.now)
        return self
