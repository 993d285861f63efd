"""The controller of the memory bench: a machine that boots, runs the booth program, halts, and loses its power."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edge.__main__ import Core
from edge.adapters.signals import Signals
from edge.core.events import Contact, ContactChanged, Relay
from edge.core.settings import Settings
from edge.devices import Device
from edge.runtime import Booth, Identity
from hardware.rig.memory.clock import Clock
from hardware.rig.memory.keys import COMMAND_PUBLIC, SEAL_PUBLIC
from hardware.rig.memory.plant import Plant
from hardware.rig.memory.program import Program
from hardware.rig.memory.store import Crash, Crashes, MemoryStore
from hardware.rig.memory.wire import Wire

#: After how long (s) its supervisor starts a program again that has ended.
SUPERVISED_S = 2.0


class Controller(Program):
    """`boot_s`: from power to the program's start."""

    def __init__(
        self,
        clock: Clock,
        publish: Callable[[str, bytes], None],
        plant: Plant,
        settings: Settings,
        drivers: Callable[[], list[Device]],
        core: type[Core],
        boot_s: float,
        crashes: tuple[Crash, ...] = (),
    ) -> None:
        super().__init__(clock, MemoryStore(Crashes(crashes)), publish)
        self.plant = plant
        self.settings = settings
        self.ports: dict[str, Wire] = {}
        self.door = False
        self.stepped_s = 0.0
        """How far the wall clock was set wrong."""
        self._drivers = drivers
        self._core = core
        self._boot_s = boot_s
        self._life = 0
        self._cycles = 1
        self._held = False

    @property
    def wires(self) -> Mapping[str, Wire]:
        return self.ports

    def wall(self) -> float:
        """Seconds since 1970, as this machine believes."""
        return self.clock.wall() + self.stepped_s

    def make(self) -> Booth:
        self.plant.note("program", "starts")
        keys = SEAL_PUBLIC, COMMAND_PUBLIC
        identity = Identity("Simulated booth", "sim", f"boot-{self.starts}", *keys, machine=f"machine-{self._cycles}")
        return Booth(
            self.settings,
            identity,
            self._core(),
            self.store,
            self,
            self._drivers(),
            self.wires,
            Signals(self.panel),
            wall=self.wall,
            plant=self,
            halt=self._halt,
        )

    def read_pins(self) -> None:
        for name in sorted(self.settings.wired & set(Contact)):
            closed = self.door if name == "door" else self.plant.levels[name]
            self.tell(ContactChanged(Contact(name), closed))

    def contact(self, name: str, closed: bool) -> None:
        """A dry contact moved."""
        if name in self.settings.wired:
            self.tell(ContactChanged(Contact(name), closed))

    def relays(self, on: frozenset[Relay]) -> None:
        """The booth program drives its own pins."""
        if self.settings.board is None:
            wanted = frozenset(relay.value for relay in on)
            # What the plant does of it must not reach the program while it is still deciding.
            self.clock.after(0.0, lambda: self.plant.relays(wanted) if self.booth is not None else None)

    # --- life and death ----------------------------------------------------------------------------

    def die(self) -> None:
        """The program is gone, and with it every pin that it held."""
        was = self.booth is not None
        super().die()
        self._life += 1
        if was:
            self.plant.note("program", "ends")
            if self.settings.board is None:
                self.plant.release()

    def kill(self, away_s: float = SUPERVISED_S) -> None:
        """The program ends at once; its supervisor starts it again after `away_s`."""
        if self.plant.halted or not self.plant.powered:
            return
        self.die()
        self._start_in(away_s)

    def power(self, on: bool) -> None:
        """The controller's power goes or comes: with it a halted machine starts, too."""
        self.die()
        if on:
            self._cycles += 1
            self._start_in(self._boot_s)

    def cut(self, crash: Crash) -> None:
        self._start_in(crash.off_s)

    def _start_in(self, seconds: float) -> None:
        life = self._life

        def begin() -> None:
            if self._life == life and self.booth is None and self.plant.powered and not self.plant.halted:
                self.start()

        self.clock.after(seconds, begin)

    def _halt(self, reason: str) -> None:
        # Within a step of the program: its last commit stands; it takes nothing in any more.
        self.clock.after(0.0, lambda: self._halted(reason))

    def _halted(self, reason: str) -> None:
        self.die()
        self.plant.halt(reason)
