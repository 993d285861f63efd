"""The booth of the rig with a front desk: its booth file's tables, its ticket printer, its officer."""

from __future__ import annotations

import threading
import time
import tomllib
from typing import Any, Final

from edge.adapters.officers import Officers
from hardware.rig import files
from hardware.rig.ptys import Simulator
from hardware.simulators.escpos import EscposPrinter
from tests.bench.stage import NotMeasured, Stage
from tests.chaos.programs import free_port

OFFICER, PIN = "bench", "270815"
BAUD: Final = 38_400
LINK: Final = "usb-bench-ticket-printer"
#: The service whose button is wired, and what ends each of its tickets: the partial cut.
SERVICE: Final = "lost"
CUT: Final = b"\x1dV\x01"
#: `DLE EOT n` asks for the printer's status; it is polled all the time, and no part of a ticket.
_ASKS: Final = tuple(b"\x10\x04" + bytes([number]) for number in (1, 2, 3, 4))


def unasked(data: bytes) -> bytes:
    """What is left of bytes for the printer without the questions for its status."""
    for question in _ASKS:
        data = data.replace(question, b"")
    return data


class WatchedPrinter:
    """The ticket printer; remembers when the first and the last bytes of the next ticket came to it."""

    def __init__(self) -> None:
        # Paper that runs fast: the next sample need not wait for it. What is measured is over by then.
        self._printer: Simulator = EscposPrinter(speed=2_000.0)
        self._lock = threading.Lock()
        self._first = self._last = 0.0
        self._got = b""

    def receive(self, data: bytes, now: float) -> bytes:
        """Bytes from the booth."""
        at = time.monotonic()
        ticket = unasked(data)
        with self._lock:
            if ticket and not self._last:
                self._first = self._first or at
                self._got += ticket
                if CUT in self._got:
                    self._last = at
        return self._printer.receive(data, now)

    def next_wakeup(self) -> float | None:
        """When it wants to act by itself."""
        return self._printer.next_wakeup()

    def wakeup(self, now: float) -> bytes:
        """Let it act."""
        return self._printer.wakeup(now)

    def expect(self) -> None:
        """The next bytes that are no question are a ticket's."""
        with self._lock:
            self._first = self._last = 0.0
            self._got = b""

    def ticket(self, seconds: float = 20.0) -> tuple[float, float, int]:
        """Monotonic times of its first and last bytes, and how many there were. Raises NotMeasured."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with self._lock:
                if self._last:
                    return self._first, self._last, self._got.index(CUT) + len(CUT)
            time.sleep(0.01)
        raise NotMeasured(f"no ticket came to the printer within {seconds:g} s")


def equip(set_up: Stage, screen: bool) -> tuple[dict[str, Any], int]:
    """Write the stage's booth file anew, with a desk that is always open, a ticket printer and an officer.

    Gives what was written, and the screen's port (0: no screen). The printer is not plugged in yet.
    """
    booth: dict[str, Any] = tomllib.loads(set_up.places.booth_file.read_text(encoding="utf-8"))
    booth["device"] = [one for one in booth["device"] if one["kind"] != "escpos"]
    port = str(set_up.places.devices / LINK)
    booth["device"].append({"name": "tickets", "kind": "escpos", "port": port, "baud": BAUD})
    booth["gpio"].setdefault(f"ticket_{SERVICE}", {"pin": free_pin(booth["gpio"]), "active_high": False, "pull": "up"})
    booth["desk"] = {
        "title": "MPP Bangkalan",
        "opens": "00:00",
        "closes": "24:00",
        "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        "capacity": 999,
        "status_url": f"http://127.0.0.1:{set_up.ports['console']}/status/",
    }
    # A loudspeaker is no part of it: it is a process that is started for each call.
    for table in ("screen", "speaker"):
        booth.pop(table, None)
    if screen:
        booth["screen"] = {"port": free_port()}
    set_up.places.booth_file.write_text(files.toml(booth).lstrip(), encoding="utf-8")
    officers = Officers(set_up.places.edge_data)
    if OFFICER not in officers.names():
        officers.add(OFFICER, PIN)
    return booth, booth["screen"]["port"] if screen else 0


def free_pin(gpio: dict[str, Any]) -> int:
    """The lowest BCM number above the bus pins that no line of a `[gpio]` table has."""
    used = {line["pin"] if isinstance(line, dict) else line for line in gpio.values()}
    return next(pin for pin in range(4, 28) if pin not in used)


def plug_in(set_up: Stage) -> WatchedPrinter:
    """A ticket printer on a line of BAUD; both directions take the time of a real wire."""
    printer = WatchedPrinter()
    set_up.bench.ptys.add("bench-tickets", printer, set_up.places.devices / LINK, baud=BAUD)
    return printer


def press(set_up: Stage, booth: dict[str, Any]) -> float:
    """Press the applicants' button and let it go; the monotonic time of its first edge."""
    pin = f"GPIO{booth['gpio'][f'ticket_{SERVICE}']['pin']}"
    at = time.monotonic()
    set_up.bench.hub.set(pin, 0)
    time.sleep(0.08)
    set_up.bench.hub.set(pin, 1)
    return at


def release(set_up: Stage, booth: dict[str, Any]) -> None:
    """Nobody has a finger on the button."""
    set_up.bench.hub.set(f"GPIO{booth['gpio'][f'ticket_{SERVICE}']['pin']}", 1)
