"""A driver and a simulated device at the two ends of one line, in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self, TypeVar

from edge.core.events import Event
from edge.core.requests import Request
from edge.devices import Device
from hardware.rig.ptys import Simulator

E = TypeVar("E", bound=Event)


class Together:
    """`meddle` sees what the device says and returns what arrives; `byte_s` is how long a byte takes from it."""

    def __init__(self, driver: Device, device: Simulator, byte_s: float = 0.0) -> None:
        self.driver, self.device = driver, device
        self.meddle: Callable[[bytes], bytes] = lambda data: data
        self.byte_s = byte_s
        self.now = 1000.0
        self.said: list[Event] = []
        self.written = b""
        self._line: list[tuple[float, bytes]] = []

    def open(self) -> Self:
        return self._after(self.driver.opened(self.now))

    def close(self, error: str = "unplugged") -> Self:
        self._line.clear()
        return self._after(self.driver.closed(self.now, error))

    def ask(self, request: Request) -> Self:
        return self._after(self.driver.send(request, self.now))

    def feed(self, data: bytes) -> Self:
        """Bytes that no device sent."""
        return self._after(self.driver.receive(data, self.now))

    def wait(self, seconds: float) -> Self:
        """Let time pass, with all that happens in it."""
        self._until(self.now + seconds, lambda: False)
        return self

    def until(self, kind: type[E], within: float = 60.0) -> E:
        """Let time pass until something of this kind is said; everything before it is kept."""
        self._until(self.now + within, lambda: any(isinstance(event, kind) for event in self.said))
        found = next((event for event in self.said if isinstance(event, kind)), None)
        assert found is not None, f"no {kind.__name__} in {within} s, but {self.said}"
        self.said.remove(found)
        return found

    def heard(self, kind: type[E]) -> list[E]:
        """Everything of one kind that was said, then forgotten."""
        found = [event for event in self.said if isinstance(event, kind)]
        self.said = [event for event in self.said if not isinstance(event, kind)]
        return found

    def one(self, kind: type[E]) -> E:
        found = self.heard(kind)
        assert len(found) == 1, found
        return found[0]

    def _until(self, end: float, enough: Callable[[], bool]) -> None:
        while not enough():
            mine, its = self.driver.next_wakeup(), self.device.next_wakeup()
            line = self._line[0][0] if self._line else None
            at = min((each for each in (mine, its, line) if each is not None), default=end)
            if at > end or mine is its is line is None:
                break
            self.now = max(self.now, at)
            if line is not None and line <= self.now:
                self._after(self.driver.receive(self._line.pop(0)[1], self.now))
            elif its is not None and its <= self.now:
                self._arrive(self.device.wakeup(self.now))
            else:
                self._after(self.driver.wakeup(self.now))
                following = self.driver.next_wakeup()
                assert following is None or following > self.now, "a driver that wakes without end keeps the booth busy"
        else:
            return
        self.now = end

    def _after(self, events: list[Event]) -> Self:
        self.said += events
        while out := self.driver.outgoing():
            self.written += out
            self._arrive(self.device.receive(out, self.now))
        return self

    def _arrive(self, data: bytes) -> None:
        data = self.meddle(data)
        start = self._line[-1][0] if self._line else self.now
        size = 256 if self.byte_s else max(1, len(data))
        for at in range(0, len(data), size):
            piece = data[at : at + size]
            start += len(piece) * self.byte_s
            self._line.append((start, piece))
