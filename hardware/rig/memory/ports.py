"""Devices that belong to the site, behind their ports: the plant notices what is said to them."""

from __future__ import annotations

from hardware.rig.memory.plant import Plant
from hardware.simulators.dse import DseController
from hardware.simulators.evolis import CardPrinter
from hardware.simulators.megatec import Ups


class SitePort:
    """The UPS, or the genset's controller. Its own timers are the site's; here are only its late bytes."""

    def __init__(self, device: Ups | DseController, plant: Plant) -> None:
        self._device = device
        self._plant = plant

    def receive(self, data: bytes, now: float) -> bytes:
        out = self._device.receive(data, now)
        if data[:1] not in b"QFI":
            # A question changes nothing; anything else may have moved what comes next.
            self._plant.touched()
        return out

    def next_wakeup(self) -> float | None:
        return self._device.wire.next_wakeup()

    def wakeup(self, now: float) -> bytes:
        return self._device.wakeup(now)


class PrinterPort:
    """The card printer; the plant sees its load and its cards."""

    def __init__(self, printer: CardPrinter, plant: Plant) -> None:
        self._printer = printer
        self._plant = plant

    def receive(self, data: bytes, now: float) -> bytes:
        out = self._printer.receive(data, now)
        self._plant.printer_moved()
        return out

    def next_wakeup(self) -> float | None:
        return self._printer.next_wakeup()

    def wakeup(self, now: float) -> bytes:
        out = self._printer.wakeup(now)
        self._plant.printer_moved()
        return out
