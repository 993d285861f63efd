"""Wires in virtual time between the booth program and simulated devices: slow, cut, or noisy."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Protocol

from edge.adapters.items import PortClosed, PortData, PortOpened
from hardware.rig.memory.clock import Clock
from hardware.simulators.sbi import SbiConnection, SbiDevice

LATENCY = 0.004


class Device(Protocol):
    """What a wire needs of a simulator."""

    def receive(self, data: bytes, now: float) -> bytes: ...

    def next_wakeup(self) -> float | None: ...

    def wakeup(self, now: float) -> bytes: ...


class Wire:
    """One port. `tell` gives an item to the booth, or drops it when no program runs.

    A `lazy` wire asks its device for its next wake-up only after something has happened to it: whoever acts on the
    device otherwise must `touch` the wire.
    """

    lazy = False

    def __init__(self, name: str, device: Device, clock: Clock, tell: Callable[[object], None], seed: int) -> None:
        self.name = name
        self.device = device
        self.plugged = True
        self.slow = False
        self.session = 0
        self._clock = clock
        self._tell = tell
        self._chance = random.Random(f"{seed}{name}")
        self._busy_until = 0.0
        self._touched = True
        self._due: float | None = None

    def touch(self) -> None:
        """Something happened to the device: its next wake-up may be another."""
        self._touched = True

    def open(self) -> None:
        """The booth program opens the port, now or when it is plugged in."""
        if self.plugged:
            self.session += 1
            self.opened()
            self._tell(PortOpened(self.name, self.session))
        else:
            self._tell(PortClosed(self.name, "no such file"))

    def opened(self) -> None:
        """Something of a device's own at a new connection."""

    def unplug(self) -> None:
        """The cable is pulled."""
        if self.plugged:
            self.plugged = False
            self.session += 1
            self._tell(PortClosed(self.name, "the device was unplugged"))

    def plug(self) -> None:
        """The cable is back; the port is found again within a second."""
        if not self.plugged:
            self.plugged = True
            self._clock.after(self._chance.uniform(0.1, 1.0), lambda: self.open() if self.plugged else None)

    def hang_up(self) -> None:
        """The booth program ended: what was on the way to it is gone."""
        self.session += 1

    def write(self, session: int, data: bytes) -> None:
        """The booth writes."""
        if session == self.session and self.plugged:
            self._clock.after(self._delay(), lambda: self._arrive(session, data))

    def _arrive(self, session: int, data: bytes) -> None:
        # Bytes that were written before the program ended still reach the device.
        if self.plugged and session <= self.session:
            self._touched = True
            self.speak(self.device.receive(data, self._clock.now))

    def next_wakeup(self) -> float | None:
        """When the device does something by itself."""
        if self._touched or not self.lazy:
            self._touched = False
            self._due = self.device.next_wakeup()
        return self._due

    def wake(self) -> None:
        """The device's own timers."""
        self._touched = True
        self.speak(self.device.wakeup(self._clock.now))

    def speak(self, data: bytes) -> None:
        """The device's bytes travel to the booth, sometimes in two portions."""
        if not data or not self.plugged:
            return
        session = self.session
        cut = self._chance.randint(1, len(data)) if self._chance.random() < 0.2 else len(data)
        for portion in (data[:cut], data[cut:]):
            if portion:
                self._clock.after(self._delay(), partial(self._deliver, session, portion))

    def _delay(self) -> float:
        delay = LATENCY + (self._chance.uniform(0.2, 0.8) if self.slow else 0.0)
        # Bytes do not overtake each other.
        self._busy_until = max(self._busy_until + 1e-6, self._clock.now + delay)
        return self._busy_until - self._clock.now

    def _deliver(self, session: int, data: bytes) -> None:
        if session == self.session:
            self._tell(PortData(self.name, data))


class SbiWire(Wire):
    """An SBI device: every opening is a new HTTP connection, which the device may end."""

    def __init__(self, name: str, sbi: SbiDevice, clock: Clock, tell: Callable[[object], None], seed: int) -> None:
        self.sbi = sbi
        super().__init__(name, SbiConnection(sbi), clock, tell, seed)

    def opened(self) -> None:
        self.device = SbiConnection(self.sbi)
        self.touch()

    def speak(self, data: bytes) -> None:
        super().speak(data)
        connection = self.device
        if isinstance(connection, SbiConnection) and connection.closed and self.plugged:
            session = self.session
            self._clock.after(self._delay() + 0.01, lambda: self._ended(session))

    def _ended(self, session: int) -> None:
        if session == self.session:
            self.session += 1
            self._tell(PortClosed(self.name, "the connection was closed"))
            self._clock.after(0.2, lambda: self.open() if self.plugged and self.session == session + 1 else None)
