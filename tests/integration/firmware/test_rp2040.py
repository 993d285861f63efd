"""The firmware in an emulated RP2040 that boots the MicroPython image which POWERBOARD_UF2 names."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rp2040py.boards import BOARDS, resolve_firmware
from rp2040py.cli.mklittlefs import build_littlefs_image
from rp2040py.device import MicroPythonDevice
from rp2040py.peripherals import uart

from contract import power_wire as wire
from firmware import pins
from tests.tools.firmware import MAIN, MODULES

_CHARACTER_NS = 86_800  # one character at 115200 baud, by the chip's own clock
_PATIENCE_S = 300.0  # the emulation is some hundred times slower than the chip


def _mend_uart() -> None:
    """The emulator holds the transmitter's interrupt for ever; a PL011 raises it when its FIFO drains after a write."""
    write = uart.RPUART.write_uint32

    def check(self: Any) -> None:
        self.rp2040.set_interrupt(self.irq, bool(self._interrupt_status & self._interrupt_mask))

    def writing(self: Any, offset: int, value: int) -> None:
        write(self, offset, value)
        if offset == uart.UARTDR:
            self._interrupt_status |= uart.UARTTXINTR
            self.check_interrupts()

    uart.RPUART.check_interrupts = check
    uart.RPUART.write_uint32 = writing


class Chip:
    """The emulated board, with the controller's end of its UART."""

    def __init__(self, folder: Path) -> None:
        _mend_uart()
        image = folder / "files.img"
        build_littlefs_image(image, [*MODULES, MAIN])
        board = resolve_firmware(BOARDS["pico"], "micropython", os.environ["POWERBOARD_UF2"])
        self.device = MicroPythonDevice(board=board, filesystem=image)
        self.mcu: Any = self.device.mcu
        self.identities: list[wire.Identity] = []
        self.reports: list[wire.Report] = []
        self._decoder = wire.Decoder()
        self._waiting = bytearray()
        self.mcu.uart[0].on_byte = lambda byte: self._hear(bytes([byte]))
        self._alarm = self.mcu.clock.create_alarm(self._pump)
        for number in (*pins.CONTACTS, pins.TAMPER):
            self.mcu.gpio[number].set_input_value(number != pins.TAMPER)

    def coil(self, number: int) -> bool:
        return bool(self.mcu.gpio[number].output_value)

    def send(self, data: bytes) -> None:
        idle = not self._waiting
        self._waiting += data
        if idle:
            self._alarm.schedule(_CHARACTER_NS)

    def _pump(self, *_: object) -> None:
        if self._waiting and not self.mcu.uart[0].rx_fifo.full:
            self.mcu.uart[0].feed_byte(self._waiting.pop(0))
        if self._waiting:
            self._alarm.schedule(_CHARACTER_NS)

    def _hear(self, data: bytes) -> None:
        for frame in self._decoder.receive(data):
            if identity := wire.read_identity(frame.payload) if frame.kind == wire.IDENTITY else None:
                self.identities.append(identity)
            if report := wire.read_report(frame.payload) if frame.kind == wire.REPORT else None:
                self.reports.append(report)

    async def until(self, condition: Callable[[], object], what: str, sending: bytes = b"") -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _PATIENCE_S
        while not condition():
            assert loop.time() < deadline, f"{what}: it did not happen"
            if sending and not self._waiting:
                self.send(sending)
            await asyncio.sleep(0.5)


async def _story(chip: Chip) -> None:
    async with chip.device:
        await chip.until(lambda: chip.reports, "the board reports")
        assert not any(chip.coil(number) for number in pins.COILS), "every coil is off at the start"
        await chip.until(lambda: chip.identities, "the board says who it is", wire.identify(1))
        assert chip.identities[0].protocol == wire.VERSION
        drive = wire.drive(2, wire.GENSET_START | wire.ATS_INHIBIT)
        await chip.until(lambda: chip.coil(pins.GENSET_START), "the start relay closes", drive)
        assert not chip.coil(pins.ATS_PERMIT)
        await chip.until(lambda: not chip.coil(pins.GENSET_START), "the deadman lets go")
        await chip.until(lambda: chip.reports[-1].deadman_trips == 1, "the deadman is told")


def test_the_firmware_starts_drives_and_lets_go_on_an_emulated_chip(tmp_path: Path) -> None:
    asyncio.run(_story(Chip(tmp_path)))
