"""One booth in virtual time: the real runtime, core and drivers on a database in memory, with simulated devices."""

from __future__ import annotations

from collections.abc import Callable

from contract.messages import Modality
from edge.__main__ import Core
from edge.adapters.items import MessageArrived
from edge.adapters.signals import Signals
from edge.core.commands import Lamp
from edge.core.events import Button, ButtonPressed, Contact, ContactChanged, LinkDown, LinkUp
from edge.core.settings import Settings
from edge.devices import Device
from edge.devices.evolis import Evolis
from edge.devices.megatec import Megatec
from edge.devices.sbi import Sbi
from edge.devices.scanner import Scanner
from edge.devices.topaz import Topaz
from edge.runtime import Booth, Identity
from tests.simulation.bench import Bench
from tests.simulation.clock import Clock
from tests.simulation.keys import COMMAND_PUBLIC, SEAL_PUBLIC
from tests.simulation.memory import Crashes, MemoryStore, PowerCut
from tests.simulation.plan import Plan

NAME = "sim-1"
KINDS = {"ups": "megatec", "scanner": "scanner", "pad": "topaz", "printer": "evolis"} | dict.fromkeys(
    ("face", "finger", "iris"), "sbi"
)
TAKES = {
    Modality.PHOTO: "face",
    Modality.SIGNATURE: "pad",
    Modality.RIGHT_FOUR: "finger",
    Modality.LEFT_FOUR: "finger",
    Modality.THUMBS: "finger",
    Modality.IRIS: "iris",
}
SETTINGS = Settings(NAME, MemoryStore.epoch, KINDS, TAKES, ups="ups", printer="printer", print_limit_s=60.0)
SETTLING_S = 0.3


class Panel:
    """The lamps as the officer sees them."""

    def __init__(self) -> None:
        self.lit: frozenset[Lamp] = frozenset()

    def light(self, lit: frozenset[Lamp]) -> None:
        self.lit = lit

    def buzz(self, on: bool) -> None:
        """Heard, and no more."""


class Node:
    """The booth program and what surrounds it. `booth` is None while the program is down."""

    def __init__(self, plan: Plan, clock: Clock, publish: Callable[[str, bytes], None], core: type[Core]) -> None:
        self.clock = clock
        self.store = MemoryStore(Crashes(plan.booth_crashes))
        self.bench = Bench(clock, self.tell, plan.seed, plan.blanks)
        self.booth: Booth | None = None
        self.panel = Panel()
        self.starts = 0
        self.connected = False
        self.generation = 0
        self.reachable: Callable[[], bool] = lambda: True
        self.lost_link: Callable[[], None] = lambda: None
        self._publish = publish
        self._core = core
        self._door = False
        self._due: float | None = None
        self._asked = True

    # --- the program -------------------------------------------------------------------------------

    def start(self) -> None:
        """Power on: a new program from what was committed."""
        self.starts += 1
        self.panel = Panel()
        identity = Identity("Simulated booth", "sim", f"boot-{self.starts}", SEAL_PUBLIC, COMMAND_PUBLIC)
        wires = self.bench.wires
        booth = Booth(
            SETTINGS,
            identity,
            self._core(),
            self.store,
            self,
            drivers(),
            wires,
            Signals(self.panel),
            wall=self.clock.wall,
        )
        self.booth = booth
        self._guard(lambda: booth.start(self.clock.now))
        self.tell(ContactChanged(Contact.MAINS, self.bench.mains))
        self.tell(ContactChanged(Contact.DOOR, self._door))
        for wire in wires.values():
            wire.open()
        self.clock.after(0.1, self.connect)

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
            crash = cut.crash
            if crash.dark:
                self.bench.set_mains(False)
            self.clock.after(crash.off_s, lambda: self.again(crash.dark))

    def die(self) -> None:
        """The program is gone; its connection and its ports with it."""
        self.booth = None
        self._asked = True
        for wire in self.bench.wires.values():
            wire.hang_up()
        if self.connected:
            self.connected = False
            self.lost_link()

    def again(self, dark: bool) -> None:
        """The power is back."""
        if dark:
            self.set_mains(True)
        if self.booth is None:
            self.start()

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
            self.clock.after(0.5, self.connect)
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

    # --- people and mains --------------------------------------------------------------------------

    def press(self, button: Button) -> None:
        self.tell(ButtonPressed(button))

    def set_mains(self, on: bool) -> None:
        """The mains fail or return, bouncing."""
        self.bench.set_mains(on)
        for level in (on, not on, on):
            self.tell(ContactChanged(Contact.MAINS, level))

    def set_door(self, is_open: bool) -> None:
        self._door = is_open
        self.tell(ContactChanged(Contact.DOOR, is_open))


def drivers() -> list[Device]:
    """The real drivers, polling a little slower than at a booth."""
    return [
        Megatec("ups", poll_s=4.0),
        Scanner("scanner", mode="text"),
        Topaz("pad"),
        Evolis("printer"),
        Sbi("face", port=4501, takes=(Modality.PHOTO,)),
        Sbi("finger", port=4502, takes=(Modality.RIGHT_FOUR, Modality.LEFT_FOUR, Modality.THUMBS)),
        Sbi("iris", port=4503, takes=(Modality.IRIS,)),
    ]
