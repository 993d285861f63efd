"""The booth's devices in virtual time: the simulators behind their wires, and the mains that feeds them."""

from __future__ import annotations

from collections.abc import Callable

from hardware.rig.memory.clock import Clock
from hardware.rig.memory.wire import SbiWire, Wire
from hardware.simulators.card_path import Timing
from hardware.simulators.evolis import CardPrinter
from hardware.simulators.megatec import Ups
from hardware.simulators.sbi import SbiDevice
from hardware.simulators.scanner import DocumentScanner
from hardware.simulators.topaz import SignaturePad


class Bench:
    """All devices of one booth, and the mains that feeds them."""

    def __init__(self, clock: Clock, tell: Callable[[object], None], seed: int, blanks: int) -> None:
        self.ups = Ups()
        self.scanner = DocumentScanner("text")
        self.pad = SignaturePad(rate=25.0, seed=seed)
        self.printer = CardPrinter(feeder=blanks, timing=Timing(0.3, 0.2, 0.8, 2.0, 0.3, 0.3, 0.3, 1.0))
        # A packet of real size has several parts; most days do with a small one.
        size = 1.0 if seed % 5 == 0 else 0.05
        self.sbi = {
            name: SbiDevice(kind, seed=seed, capture_s=0.3, bad_rate=0.1, record_scale=size)
            for name, kind in (("face", "Face"), ("finger", "Finger"), ("iris", "Iris"))
        }
        self.wires: dict[str, Wire] = {
            "ups": Wire("ups", self.ups, clock, tell, seed),
            "scanner": Wire("scanner", self.scanner, clock, tell, seed),
            "pad": Wire("pad", self.pad, clock, tell, seed),
            "printer": Wire("printer", self.printer, clock, tell, seed),
        }
        for name, device in self.sbi.items():
            self.wires[name] = SbiWire(name, device, clock, tell, seed)
        self._clock = clock
        self.mains = True

    def set_mains(self, on: bool) -> None:
        """The mains fail or return: the card printer has no battery."""
        if on == self.mains:
            return
        self.mains = on
        self.ups.set_mains(self._clock.now, 228.0 if on else 0.0)
        if on:
            self.printer.power_on()
        else:
            self.printer.power_off(self._clock.now)
