"""One booth in virtual time: the real runtime, core and drivers on a database in memory, with simulated devices."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from contract.messages import Modality
from edge.__main__ import Core
from edge.adapters.signals import Signals
from edge.core.events import Button, ButtonPressed, Contact, ContactChanged
from edge.core.settings import EnergySettings, Settings
from edge.devices import Device
from edge.devices.evolis import Evolis
from edge.devices.megatec import Megatec
from edge.devices.sbi import Sbi
from edge.devices.scanner import Scanner
from edge.devices.topaz import Topaz
from edge.runtime import Booth, Identity
from hardware.rig.memory.clock import Clock
from hardware.rig.memory.keys import COMMAND_PUBLIC, SEAL_PUBLIC
from hardware.rig.memory.program import Program
from hardware.rig.memory.store import Crash, Crashes, MemoryStore
from hardware.rig.memory.wire import Wire
from tests.simulation.bench import Bench
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
#: Mains prove themselves sooner than at a booth: a simulated day is short.
ENERGY = EnergySettings(steady_s=5.0)
SETTINGS = Settings(
    NAME, MemoryStore.epoch, KINDS, TAKES, ups="ups", printer="printer", print_limit_s=60.0, energy=ENERGY
)


class Node(Program):
    """The booth program and what surrounds it."""

    def __init__(self, plan: Plan, clock: Clock, publish: Callable[[str, bytes], None], core: type[Core]) -> None:
        super().__init__(clock, MemoryStore(Crashes(plan.booth_crashes)), publish)
        self.bench = Bench(clock, self.tell, plan.seed, plan.blanks)
        self._core = core
        self._door = False

    @property
    def wires(self) -> Mapping[str, Wire]:
        return self.bench.wires

    def make(self) -> Booth:
        identity = Identity("Simulated booth", "sim", f"boot-{self.starts}", SEAL_PUBLIC, COMMAND_PUBLIC)
        return Booth(
            SETTINGS,
            identity,
            self._core(),
            self.store,
            self,
            drivers(),
            self.wires,
            Signals(self.panel),
            wall=self.clock.wall,
        )

    def read_pins(self) -> None:
        self.tell(ContactChanged(Contact.MAINS, self.bench.mains))
        self.tell(ContactChanged(Contact.DOOR, self._door))

    def cut(self, crash: Crash) -> None:
        if crash.dark:
            self.bench.set_mains(False)
        self.clock.after(crash.off_s, lambda: self.again(crash.dark))

    def again(self, dark: bool) -> None:
        """The power is back."""
        if dark:
            self.set_mains(True)
        if self.booth is None:
            self.start()

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
