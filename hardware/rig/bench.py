"""All simulated hardware of one booth: pins, ptys, plant, SBI devices, the centre, and what people do to them."""

from __future__ import annotations

import contextlib
import os
import termios
import threading
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hardware.rig.bench_board import BenchBoard, board_on
from hardware.rig.bench_desk import SERVICES, BenchDesk, Tickets, desk_of
from hardware.rig.bench_power import MAINS_V, ON_USB, RELAYS, OnPlant, Plant, plan_of
from hardware.rig.day import Day
from hardware.rig.gpio_hub import GpioHub
from hardware.rig.places import Places, read_json, write_json
from hardware.rig.ptys import PtyServer, Simulator
from hardware.rig.sbi_server import SbiServer
from hardware.simulators.centre import Centre, CentreServer
from hardware.simulators.evolis import CardPrinter
from hardware.simulators.sbi import SbiDevice
from hardware.simulators.scanner import DocumentScanner
from hardware.simulators.topaz import SignaturePad, scribble

PRESS_S = 0.15
TICK_S = 0.05

#: Which samples an SBI device gives follows from what it takes.
_SBI_KINDS = {"photo": "Face", "iris": "Iris", "right-four": "Finger", "left-four": "Finger", "thumbs": "Finger"}


class _Paper:
    """The printer, whose every move is written down before the booth hears of it: killing the bench loses no card."""

    def __init__(self, printer: CardPrinter, save: Callable[[], None]) -> None:
        self._printer = printer
        self._save = save

    def receive(self, data: bytes, now: float) -> bytes:
        out = self._printer.receive(data, now)
        self._save()
        return out

    def next_wakeup(self) -> float | None:
        return self._printer.next_wakeup()

    def wakeup(self, now: float) -> bytes:
        out = self._printer.wakeup(now)
        self._save()
        return out


class Bench:
    """The booth file's devices and pins, and what a person may do to them. Any thread may call.

    The printer's cards and counter, the UPS's charge and the number of arrivals are kept in `places.bench_data`.
    """

    def __init__(self, places: Places, centre_port: int, pace: float) -> None:
        self.places = places
        self.door_open = False
        booth: dict[str, Any] = tomllib.loads(places.booth_file.read_text(encoding="utf-8"))
        self._pins: dict[str, Any] = booth.get("gpio", {})
        self._state = places.bench_data / "state.json"
        kept = read_json(self._state)
        self.ptys = PtyServer()
        self.hub = GpioHub(places.gpio)
        self.scanner = DocumentScanner("text")
        self.pad = SignaturePad()
        self.printer = CardPrinter()
        self._lines: list[Path] = []
        self.sbi: dict[str, SbiDevice] = {}
        self.sbi_server = SbiServer()
        self.board: BenchBoard | None = None
        self.plant = Plant(places, plan_of(places), self.hub, self.ptys, self.printer, self._drive)
        self.ups = self.plant.ups
        self.desk: BenchDesk | None = desk_of(booth, places.bench_data)
        self.plant.desk = self.desk
        survivors: dict[str, Plant | CardPrinter | DocumentScanner] = {
            "plant": self.plant,
            "printer": self.printer,
            "scanner": self.scanner,
        }
        for name, survivor in survivors.items():
            if name in kept:
                survivor.restore(kept[name])
        for device in booth["device"]:
            self._add(device)
        self.centre = Centre(places.bench_data / "centre.json")
        self.centre_server = CentreServer(self.centre, centre_port)
        self.day = Day(self, pace=pace, arrived=int(kept.get("arrived", 0)))
        self._day_lock = threading.Lock()
        self._stopping = threading.Event()
        self._saved: object = None
        self._loop = threading.Thread(target=self._run, name="bench", daemon=True)

    def _add(self, device: dict[str, Any]) -> None:
        simulators: dict[str, Simulator] = {
            "megatec": OnPlant(self.ups, self.plant),
            "scanner": self.scanner,
            "topaz": self.pad,
            "evolis": _Paper(self.printer, self._save),
        }
        if self.desk is not None:
            simulators |= {"escpos": Tickets(self.desk), "zfm": self.desk.finger}
        if self.plant.site.dse is not None:
            simulators["dse"] = OnPlant(self.plant.site.dse, self.plant)
        if device["kind"] == "sbi":
            port = int(device["port"].rpartition(":")[2])
            # The same seed on every start: the same capture gives the same bytes.
            self.sbi[device["name"]] = SbiDevice(_SBI_KINDS[device["takes"][0]], port, seed=port, pictures=True)
            self.sbi_server.add(self.sbi[device["name"]])
        else:
            if device["kind"] == "scanner":
                self.scanner.mode = device.get("mode", "text")
            if device["kind"] in ON_USB:
                self.plant.usb.append(device["name"])
            self._lines.append(Path(device["port"]))
            if device["kind"] == "powerboard":
                self.board = self.plant.board = board_on(self.ptys, device["name"], self._lines[-1], self.plant.relays)
                return
            self.ptys.add(device["name"], simulators[device["kind"]], self._lines[-1])

    def start(self) -> None:
        """Everything is there when this returns; the mains are on."""
        self.plant.start(self.ptys.now())
        self._drive("door", False)
        for button in ("start", "next", "retry", "stop", *(f"ticket_{service}" for service in SERVICES)):
            self._drive(button, False)
        coils: dict[str, str] = {f"GPIO{self._pin(name)[0]}": name for name in RELAYS if name in self._pins}
        names = {f"GPIO{self._pin(name)[0]}": name for name in ("green", "amber", "red") if name in self._pins}

        def lamp(pin: str, level: int | None) -> None:
            if level is None:
                self._forget_lines()
            if pin in coils:
                self._relays(coils)
            if pin in names:
                lit = level is not None and bool(level) == self._pin(names[pin])[1]
                with self._day_lock:
                    self.day.lamp(names[pin], lit, time.monotonic())

        self.hub.on_output(lamp)
        self.hub.start()
        self.ptys.start()
        self.sbi_server.start()
        self.centre_server.start()
        if self.desk is not None:
            self.desk.start()
        self._loop.start()

    def close(self) -> None:
        """Save what survives, and end."""
        self._stopping.set()
        self._loop.join()
        if self.desk is not None:
            self.desk.close()
        self.save(always=True)
        self.hub.close()
        self.sbi_server.close()
        self.centre_server.close()
        self.ptys.stop()
        if self.board is not None:
            self.board.close()

    def _relays(self, coils: dict[str, str]) -> None:
        """The booth drives relays by its pins: one that nobody drives lies low."""
        on = {name for pin, name in coils.items() if bool(self.hub.output(pin)) == self._pin(name)[1]}
        self.ptys.post(lambda: self.plant.relays(self.ptys.now(), on))

    def _forget_lines(self) -> None:
        """The booth program is gone: make the ptys forget its line settings, as a serial adapter does.

        A pty takes no parity. Linux lets that pass once; the next program that sets the same again gets EINVAL,
        because then nothing at all has changed.
        """
        for path in self._lines:
            with contextlib.suppress(OSError, termios.error):
                line = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
                try:
                    settings = termios.tcgetattr(line)
                    settings[4] = settings[5] = termios.B50
                    termios.tcsetattr(line, termios.TCSANOW, settings)
                finally:
                    os.close(line)

    def _run(self) -> None:
        while not self._stopping.wait(TICK_S):
            with self._day_lock:
                if self.desk is not None:
                    self.day.leave_to_officer(self.desk.attended, self.desk.waiting)
                self.day.tick(time.monotonic())
            self.save()

    def save(self, always: bool = False) -> None:
        """Write what must survive, if a card has moved or an applicant has come since, or `always`."""
        self.ptys.call(lambda: self._save(always))

    def _save(self, always: bool = False) -> None:
        if self.desk is not None:
            self.desk.save(always)
        path, settings = self.printer.path, self.scanner.snapshot()
        cards = (path.counter, path.loaded, repr(path.inside), len(path.tray), len(path.rejected))
        told = (*cards, path.cover_open, path.reject_full, settings, self.day.arrived)
        if always or told != self._saved:
            self._saved = told
            kept = {"printer": self.printer.snapshot(), "plant": self.plant.snapshot(), "scanner": settings}
            write_json(self._state, kept | {"arrived": self.day.arrived})

    def _pin(self, name: str) -> tuple[int, bool]:
        """BCM number and active level of a pin of the booth file."""
        given = self._pins[name]
        # The inhibit goes through an opening contact: with its coil off it inhibits.
        usual = name != "ats_inhibit"
        if isinstance(given, int):
            return given, usual
        return int(given["pin"]), bool(given.get("active_high", usual and given.get("pull") != "up"))

    def _drive(self, name: str, active: bool) -> None:
        if name in self._pins:
            pin, active_high = self._pin(name)
            self.hub.set(f"GPIO{pin}", int(active == active_high))

    def lit(self) -> list[str]:
        """Lamps that are on."""
        with self._day_lock:
            return [name for name, lit in self.day.lamps.items() if lit]

    # --- what people and the day do --------------------------------------------------------------------------

    @property
    def mains_on(self) -> bool:
        """Whether the utility is good."""
        return self.plant.site.mains_good

    def mains(self, on: bool) -> None:
        """The utility fails, or is back."""
        self.on_plant(lambda now: self.plant.site.set_mains(now, MAINS_V if on else 0.0))

    def on_plant(self, act: Callable[[float], object]) -> None:
        """Do something to the power plant; pins, ports and programs feel it at once. `act` gets the plant's time."""

        def work() -> None:
            now = self.ptys.now()
            self.plant.pump(now)
            act(now)
            self.plant.pump(now)

        self.ptys.call(work)

    def power_printer(self, on: bool) -> None:
        """The printer's own switch."""
        self.plant.printer_switch = on
        self.on_plant(self.plant.feed_printer)

    def feed_printer(self, on_ups: bool) -> None:
        """Put the printer's plug into a socket of the UPS, or of the mains (behind the ATS)."""
        self.plant.printer_on_ups = on_ups
        self.on_plant(self.plant.feed_printer)

    def door(self, is_open: bool) -> None:
        """The cabinet's door."""
        self.door_open = is_open
        self._drive("door", is_open)

    def scan(self, text: str) -> None:
        """Hold a document under the scanner."""
        self.ptys.call(lambda: self.scanner.present(text))

    def applicant(self) -> tuple[str, str]:
        """Somebody comes; KK and NIK."""
        with self._day_lock:
            return self.day.come(time.monotonic())

    def press(self, button: str) -> None:
        """Press a button and let go."""
        self._drive(button, True)
        timer = threading.Timer(PRESS_S, self._drive, (button, False))
        timer.daemon = True
        timer.start()

    def sign(self) -> None:
        """Sign on the pad, unless somebody is at it."""

        def work() -> None:
            if not self.pad.signing:
                self.pad.sign(self.ptys.now(), scribble(self.day.arrived))

        self.ptys.call(work)
