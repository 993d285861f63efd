"""The booth program in virtual time: it starts from what was committed, is told things, and dies with its power."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

from edge.adapters.items import MessageArrived
from edge.core.commands import Lamp
from edge.core.events import LinkDown, LinkUp
from edge.runtime import Booth
from hardware.rig.memory.clock import Clock
from hardware.rig.memory.store import Crash, MemoryStore, PowerCut
from hardware.rig.memory.wire import Wire

CONNECT_S = 0.1
AGAIN_S = 0.5


class Panel:
    """The lamps as the officer sees them."""

    def __init__(self) -> None:
        self.lit: frozenset[Lamp] = frozenset()

    def light(self, lit: frozenset[Lamp]) -> None:
        self.lit = lit

    def buzz(self, on: bool) -> None:
        """Heard, and no more."""


class Program(ABC):
    """The booth program and its connection. `booth` is None while the program is down."""

    def __init__(self, clock: Clock, store: MemoryStore, publish: Callable[[str, bytes], None]) -> None:
        self.clock = clock
        self.store = store
        self.booth: Booth | None = None
        self.panel = Panel()
        self.starts = 0
        self.connected = False
        self.generation = 0
        self.reachable: Callable[[], bool] = lambda: True
        self.lost_link: Callable[[], None] = lambda: None
        self._publish = publish
        self._due: float | None = None
        self._asked = True

    @property
    @abstractmethod
    def wires(self) -> Mapping[str, Wire]:
        """Its ports."""

    @abstractmethod
    def make(self) -> Booth:
        """A new program, not started."""

    @abstractmethod
    def read_pins(self) -> None:
        """Tell the program the levels of its pins, as at every start."""

    @abstractmethod
    def cut(self, crash: Crash) -> None:
        """The power failed at a commit, as planned; the program is gone already."""

    # --- the program -------------------------------------------------------------------------------

    def start(self) -> None:
        """Power on: a new program from what was committed."""
        self.starts += 1
        self.panel = Panel()
        booth = self.booth = self.make()
        self._guard(lambda: booth.start(self.clock.now))
        self.read_pins()
        for wire in self.wires.values():
            wire.open()
        self.clock.after(CONNECT_S, self.connect)

    def tell(self, item: object) -> None:
        """Give the program an item of its inbox, if it runs."""
        booth = self.booth
        if booth is not None:
            self._guard(lambda: booth.handle(item, self.clock.now))

    def wake(self) -> None:
        """The program's own timers."""
        booth = self.booth
        if booth is not None:
            self._guard(lambda: booth.wake(self.clock.now))

    def next_wakeup(self) -> float | None:
        """Asked of the program only after it has done something."""
        if self._asked:
            self._asked = False
            self._due = self.booth.next_wakeup() if self.booth is not None else None
        return self._due

    def _guard(self, act: Callable[[], None]) -> None:
        self._asked = True
        try:
            act()
        except PowerCut as cut:
            self.die()
            self.cut(cut.crash)

    def die(self) -> None:
        """The program is gone; its connection and its ports with it."""
        self.booth = None
        self._asked = True
        for wire in self.wires.values():
            wire.hang_up()
        if self.connected:
            self.connected = False
            self.lost_link()

    # --- the link ----------------------------------------------------------------------------------

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool) -> bool:
        """The MQTT client's face to the runtime."""
        if not self.connected:
            return False
        self._publish(topic, payload)
        return True

    def connect(self) -> None:
        """Try the broker until it answers."""
        if self.booth is None or self.connected:
            return
        if not self.reachable():
            self.clock.after(AGAIN_S, self.connect)
            return
        self.connected = True
        self.generation += 1
        self.tell(LinkUp(self.generation))

    def disconnect(self, reason: str) -> None:
        """The connection broke."""
        if self.connected:
            self.connected = False
            self.tell(LinkDown(self.generation, reason))
            self.clock.after(0.3, self.connect)

    def arrive(self, topic: str, payload: bytes) -> None:
        """A message of the coordinator reached the booth."""
        if self.connected:
            self.tell(MessageArrived(topic, payload))
