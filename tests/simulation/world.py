"""A day at a booth in virtual time: arrivals, an officer, a technician, faults, crashes at commits, and a verdict.

Everything that decides is real: the booth's runtime, core and drivers, the simulators, the coordinator's deciding.
After the last fault everything must drain to the end by itself, except what needs a person's eyes; then the technician
looks, and it must drain again.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from functools import partial

from contract import sealing, topics
from contract.messages import Modality, SignedCommand
from edge.__main__ import Core
from edge.core.commands import Lamp
from edge.core.events import Button
from hardware.rig.memory.clock import START, Clock
from hardware.rig.memory.store import Crashes
from hardware.rig.memory.wire import Wire
from hardware.simulators.topaz import scribble
from tests.simulation import verdict
from tests.simulation.booth import NAME, Node
from tests.simulation.central import Central
from tests.simulation.plan import Fault, Plan

#: Virtual seconds after which a day that has not come to rest is a failure.
PATIENCE_S = 1_800.0
LOOK_S = 0.4


class StuckError(AssertionError):
    """The day did not come to its end by itself."""


class World:
    """One run of one plan."""

    def __init__(self, plan: Plan, core: type[Core] = Core) -> None:
        self.plan = plan
        self.clock = Clock()
        self.central = Central(plan.seed, self.clock, Crashes(plan.coordinator_crashes), plan.blanks)
        self.booth = Node(plan, self.clock, self.central.from_booth, core)
        self.central.booth = self.booth
        self.booth.reachable = self.central.reachable
        self.booth.lost_link = self.central.lost_booth
        self.faults_open = len(plan.faults)
        self.applicants = [self._applicant(n) for n in range(len(plan.arrivals))]
        self.settled: dict[str, str] = {}
        self._chance = random.Random(f"people{plan.seed}")
        self._looked = -1
        self._signed = ""
        self._arrived = 0
        self._nodes: tuple[Node | Central | Wire, ...] = (self.booth, self.central, *self.booth.bench.wires.values())

    # --- time --------------------------------------------------------------------------------------

    def run(self) -> verdict.Verdict:
        """Until everything is at rest. Raises StuckError, and whatever the product raises."""
        self.central.start()
        self.booth.start()
        for fault in self.plan.faults:
            self.clock.after(fault.at, partial(self._begin, fault))
        for n, moment in enumerate(self.plan.arrivals):
            self.clock.after(moment, partial(self._arrive, n))
        self.clock.after(LOOK_S, self._officer)
        self.clock.after(5.0, self._technician)
        while not self._rest():
            if self.clock.now > START + PATIENCE_S:
                raise StuckError(f"after {PATIENCE_S:g} s: {verdict.picture(self)}")
            self._step()
        return verdict.judge(self)

    def _step(self) -> None:
        """The earliest of all things due."""
        act: Callable[[], None] = self.clock.step
        due = self.clock.due()
        for node in self._nodes:
            when = node.next_wakeup()
            if when is not None and (due is None or when < due):
                due, act = when, node.wake
        if due is not None and act != self.clock.step:
            self.clock.now = max(self.clock.now, due)
        act()

    def _rest(self) -> bool:
        if self.faults_open or self._arrived < len(self.applicants) or self.booth.booth is None:
            return False
        if self.central.coordinator is None or self.booth.store.outbox or self.booth.store.blobs:
            return False
        if self.central.turns == self._looked:
            return False
        self._looked = self.central.turns
        return verdict.finished(self)

    # --- people ------------------------------------------------------------------------------------

    def _applicant(self, n: int) -> str:
        return f"KK:3526010101100001;NIK:352601410190{n + 1:04}"

    def _arrive(self, n: int) -> None:
        """Lays the family card under the scanner; again, if the booth has not taken it."""
        nik = self.applicants[n][-16:]
        if any(nik in raw.decode() for raw in self.booth.store.written.values()):
            self._arrived += 1
            return
        if self.booth.booth is not None and self.booth.bench.wires["scanner"].plugged:
            self.booth.bench.scanner.present(self.applicants[n])
        self.clock.after(2.0, partial(self._arrive, n))

    def _officer(self) -> None:
        """Goes on when the lamp is green; sees to it that the applicant signs when the pad is asked."""
        self.clock.after(LOOK_S, self._officer)
        lit = self.booth.panel.lit
        if self.booth.booth is None:
            return
        busy = self.booth.booth.state.enrolment.busy
        if Lamp.GREEN in lit:
            self.booth.press(Button.START if self._chance.random() < 0.5 else Button.NEXT)
        elif busy is not None and busy.modality is Modality.SIGNATURE and busy.transaction != self._signed:
            self._signed = busy.transaction
            self.booth.bench.pad.sign(self.clock.now, scribble(self.plan.seed, strokes=1)[:20])

    def _technician(self) -> None:
        """Clears the printer, and looks at uncertain cards once nothing else moves."""
        self.clock.after(5.0, self._technician)
        printer = self.booth.bench.printer
        if self.faults_open or not printer.powered:
            return
        if printer.path.inside is not None and not printer.path.busy and printer.path.error:
            printer.clear_jam()
        for job in verdict.uncertain(self):
            if job not in self.settled and not printer.path.busy and printer.path.inside is None:
                found = verdict.seen_in_printer(self, job)
                self.central.settle(job, found)

    # --- faults ------------------------------------------------------------------------------------

    def _begin(self, fault: Fault) -> None:
        end = self._undo(fault)
        self.clock.after(fault.lasts, partial(self._end, end))

    def _end(self, undo: Callable[[], None]) -> None:
        self.faults_open -= 1
        undo()

    def _undo(self, fault: Fault) -> Callable[[], None]:
        """Begin the fault; what ends it."""
        bench, central = self.booth.bench, self.central
        word, _, device = fault.kind.partition(" ")
        match word:
            case "unplug":
                bench.wires[device].unplug()
                return bench.wires[device].plug
            case "garbage":
                self._garbage(device, self.clock.now + fault.lasts)
            case "kill" | "blackout":
                self.booth.die()
                if word == "blackout":
                    bench.set_mains(False)
                return partial(self.booth.again, dark=word == "blackout")
            case "outage":
                self.booth.set_mains(False)
                return partial(self.booth.set_mains, True)
            case "partition":
                central.partitioned = True
                self.booth.disconnect("the network is cut")
                return partial(setattr, central, "partitioned", False)
            case "broker":
                central.broker_dies()
                return central.broker_returns
            case "coordinator":
                central.die()
                return lambda: central.start() if central.coordinator is None else None
            case "centre-down" | "centre-wrong":
                central.centre.set_mode(word.removeprefix("centre-"))
                return partial(central.centre.set_mode, "up")
            case "slow":
                for wire in bench.wires.values():
                    wire.slow = True
                return lambda: [setattr(wire, "slow", False) for wire in bench.wires.values()] and None
            case "finger-low" | "finger-drop":
                bench.sbi["finger"].fault(word.removeprefix("finger-"), 2)
            case "forged" | "replay":
                self._hostile(word)
            case "door":
                self.booth.set_door(True)
                return partial(self.booth.set_door, False)
            case _:
                return self._printer(word)
        return lambda: None

    def _printer(self, word: str) -> Callable[[], None]:
        printer = self.booth.bench.printer
        if word == "jam":
            printer.jam(self._chance.choice(("travel", "print_front", "eject")))
            return printer.clear_jam
        if word == "cover-open":
            printer.open_cover()
            return printer.close_cover
        assert word == "feeder-empty"
        kept, printer.path.feeder = printer.path.feeder, 0
        printer.path.loaded -= kept
        return partial(printer.load, kept)

    def _garbage(self, device: str, until: float) -> None:
        """Noise on a line, sometimes amid a frame."""
        wire = self.booth.bench.wires[device]
        wire.speak(self._chance.randbytes(self._chance.randint(1, 40)))
        if self.clock.now + 0.3 < until:
            self.clock.after(0.3, partial(self._garbage, device, until))

    def _hostile(self, word: str) -> None:
        """Somebody on the broker replays an old command, or makes one up."""
        topic = topics.of(NAME, topics.COMMAND)
        old = self.central.dropped_commands
        if word == "replay":
            for _, payload in old[-3:]:
                self.booth.arrive(topic, payload)
            return
        payload = SignedCommand.model_validate_json(old[-1][1]).payload if old else '{"v":1,"id":"x"}'
        made = json.loads(payload) | {"id": f"forged-{self.plan.seed}"}
        text = json.dumps(made)
        forged = SignedCommand(payload=text, signature=sealing.sign(text.encode(), b"\x33" * 32))
        self.booth.arrive(topic, forged.model_dump_json().encode())
