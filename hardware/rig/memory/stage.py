"""The memory bench as a scenario sees it: one booth with its plant, its coordinator and its people in virtual time.

Everything that decides is real: runtime, core, drivers, the board's firmware, the simulators. `MemoryBench(core)` takes
another core, so that a wrong policy can be planted.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from edge.__main__ import Core, program_version
from edge.core.events import Contact, ContactChanged
from hardware.rig.memory import acts
from hardware.rig.memory.board import BoardPort
from hardware.rig.memory.clock import START, Clock
from hardware.rig.memory.controller import Controller
from hardware.rig.memory.keys import COMMAND_PRIVATE
from hardware.rig.memory.people import People
from hardware.rig.memory.plant import Plant
from hardware.rig.memory.ports import PrinterPort, SitePort
from hardware.rig.memory.store import Crash
from hardware.rig.memory.wire import SbiWire, Wire
from hardware.rig.memory.wiring import NAME, drivers_of, on_board, recorders_of, settings_of
from hardware.rig.scenario import words
from hardware.rig.scenario.coordinator import Coordinator
from hardware.rig.scenario.stage import BoothPlan, Facts, Told, figure
from hardware.simulators.sbi import SbiDevice
from hardware.simulators.scanner import DocumentScanner
from hardware.simulators.topaz import SignaturePad

NETWORK_S = 0.006
#: The booth has found its devices, and the genset's sequence has looked around, after this time (s).
SETTLED_S = 6.0
#: Steps at one moment before it is clear that time stands still.
STEPS_LIMIT = 20_000


class Node(Protocol):
    """Whatever does something by itself."""

    def next_wakeup(self) -> float | None: ...

    def wake(self) -> None: ...


class MemoryBench:
    """A `Stage` in virtual time."""

    name = "memory"

    def __init__(self, core: type[Core] = Core, crashes: tuple[Crash, ...] = ()) -> None:
        self._core = core
        self._crashes = crashes
        self.clock = Clock()
        self.linked = True
        self._resending = False
        self._zero = START
        self._first = 1

    # --- setting up --------------------------------------------------------------------------------

    def start(self, booth: BoothPlan) -> None:
        """Set everything up and let it come to rest on good mains."""
        clock, seed = self.clock, int(figure(booth, "seed"))
        self.plan = booth
        self.plant = Plant(booth, clock, self._contact, self._power)
        self.coordinator = Coordinator(NAME, COMMAND_PRIVATE, self._to_booth)
        self.controller = Controller(
            clock,
            self._from_booth,
            self.plant,
            settings_of(booth),
            partial(drivers_of, booth),
            self._core,
            figure(booth, "boot_s"),
            self._crashes,
        )
        self.controller.reachable = lambda: self.linked
        self.scanner, self.pad = DocumentScanner("text"), SignaturePad(rate=25.0, seed=seed)
        kinds = {"face": "Face", "finger": "Finger", "iris": "Iris"}
        self.sbi = {
            name: SbiDevice(kinds[name], seed=seed, capture_s=0.3, bad_rate=0.0, record_scale=0.05)
            for name in recorders_of(booth)
        }
        self.people = People(clock, self.controller, self.scanner, self.pad, self._recorded)
        self.board: BoardPort | None = None
        self._wire(booth, seed)
        self._nodes: list[Node] = [self.controller, self.plant, *self.controller.ports.values()]
        self.controller.start()
        self._advance(START + SETTLED_S)
        self._zero = clock.now
        self._first = self.controller.store.last + 1
        self._begun = self.controller.starts - 1

    def _wire(self, booth: BoothPlan, seed: int) -> None:
        tell, clock, ports = self.controller.tell, self.clock, self.controller.ports
        site = self.plant.site
        devices: dict[str, Any] = {
            "ups": SitePort(site.ups, self.plant),
            "scanner": self.scanner,
            "pad": self.pad,
            "printer": PrinterPort(self.plant.printer, self.plant),
        }
        if site.dse is not None:
            devices["genset"] = SitePort(site.dse, self.plant)
        if booth.board:
            self.board = devices["board"] = BoardPort(self.plant, clock, on_board(booth))
            self.plant.moved = self._board_moved
        for name, device in devices.items():
            ports[name] = Wire(name, device, clock, tell, seed)
        for name, sbi in self.sbi.items():
            ports[name] = SbiWire(name, sbi, clock, tell, seed)
        for wire in ports.values():
            wire.lazy = True
        self.plant.touch = self.touch

    # --- time --------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        return self.clock.now - self._zero

    def run_until(self, at: float) -> None:
        self._advance(self._zero + at)

    def _advance(self, until: float) -> None:
        """The earliest of all things due, until the moment."""
        clock, moment, steps = self.clock, self.clock.now, 0
        while True:
            act: Callable[[], None] = clock.step
            due = clock.due()
            for node in self._nodes:
                when = node.next_wakeup()
                if when is not None and (due is None or when < due):
                    due, act = when, node.wake
            if due is None or due > until:
                clock.now = max(clock.now, until)
                return
            if act != clock.step:
                clock.now = max(clock.now, due)
            act()
            steps = steps + 1 if clock.now == moment else 0
            moment = clock.now
            if steps > STEPS_LIMIT:
                raise RuntimeError(f"time stands still at {self.now:.3f} s: {act!r} is due again and again")

    # --- what the parts tell each other ------------------------------------------------------------

    def touch(self) -> None:
        """Somebody acted on a device, past its wire."""
        for wire in self.controller.ports.values():
            wire.touch()

    def _board_moved(self) -> None:
        assert self.board is not None
        self.board.touched()
        self.controller.ports["board"].touch()

    def _contact(self, name: str, closed: bool) -> None:
        """Contacts reach the program after what moved them, never within it."""
        self.clock.after(0.0, lambda: self.controller.contact(name, closed))

    def _power(self, on: bool) -> None:
        self.controller.power(on)
        (self.pad.power_on if on else self.pad.power_off)()
        self.touch()

    def _from_booth(self, topic: str, payload: bytes) -> None:
        def arrive() -> None:
            if self.linked:
                self.coordinator.receive(topic, payload, self.now, self.clock.wall())
                self._plan_resend()

        self.clock.after(NETWORK_S, arrive)

    def _to_booth(self, topic: str, payload: bytes) -> None:
        self.clock.after(NETWORK_S, lambda: self.controller.arrive(topic, payload) if self.linked else None)

    def _plan_resend(self) -> None:
        """Commands that nobody answered are sent again; nothing is due while there are none."""
        due = self.coordinator.next_wakeup()
        if due is not None and not self._resending:
            self._resending = True
            self.clock.after(max(0.5, due - self.now), self._resend)

    def _resend(self) -> None:
        self._resending = False
        self.coordinator.wake(self.now)
        self._plan_resend()

    def _recorded(self, nik: str) -> bool:
        opened = [one.body["enrolment"] for one in self.coordinator.told if one.body.get("nik") == nik]
        done = ("enrolment.completed", "enrolment.cancelled")
        return any(one.kind in done and one.body["enrolment"] in opened for one in self.coordinator.told)

    # --- what a scenario asks ----------------------------------------------------------------------

    def act(self, text: str) -> str:
        done = acts.act(self, words.parse(text)) or text
        self.touch()
        return done

    def order(self, body: dict[str, Any]) -> str:
        """The coordinator sends a signed command; its id."""
        name = self.coordinator.ask(body, self.now, self.clock.wall())
        self._plan_resend()
        return name

    def card(self) -> str:
        """The coordinator sends a card to print; the job."""
        job = f"job-extra-{len(self.coordinator.states) + 1}"
        self.coordinator.print(job, job.removeprefix("job-"), self.now, self.clock.wall())
        self._plan_resend()
        return job

    def door(self, is_open: bool) -> None:
        """The cabinet's door."""
        self.controller.door = is_open
        self.controller.tell(ContactChanged(Contact.DOOR, is_open))

    def told(self) -> Sequence[Told]:
        return [one for one in self.coordinator.told if one.seq >= self._first]

    def telemetry(self) -> Mapping[str, Any]:
        return self.coordinator.telemetry

    def facts(self) -> Facts:
        running = self.controller.booth is not None
        return self.plant.facts(self._zero, running, self.controller.starts - self._begun)

    def drained(self) -> bool:
        store = self.controller.store
        return not store.outbox and not store.blobs_waiting() and self.coordinator.caught_up(store.last)

    def versions(self) -> Mapping[str, str]:
        return {
            "loket": program_version(),
            "python": platform.python_version(),
            "ups": f"simulated {self.plant.site.ups.model.model} {self.plant.site.ups.model.firmware}",
            "printer": f"simulated, serial {self.plant.printer.serial_number}",
            **({"genset": f"simulated, serial {self.plant.site.dse.model.serial}"} if self.plant.site.dse else {}),
            **({"board": self.board.version} if self.board is not None else {}),
        }

    def close(self) -> None:
        """Nothing to take down."""
