"""The front desk of the simulated booth: ticket printer, finger reader, applicants' buttons, and who serves."""

from __future__ import annotations

import http.client
import json
import threading
import time
import zlib
from pathlib import Path
from typing import Any, Final

from hardware.rig.places import read_json, write_json
from hardware.simulators.escpos import EscposPrinter
from hardware.simulators.zfm import FingerModule

SERVICES: Final = ("new", "lost", "damaged", "change", "pickup")
#: Pieces of paper that are kept; of older ones only the number.
KEPT: Final = 60
LOOK_S: Final = 1.5
#: So long (s) after the screen last told of an officer the counter is still theirs: its program may have died only.
STAYS_S: Final = 30.0


class BenchDesk:
    """Printer and reader belong to the pty server's thread. `state`: the file that outlives the bench.

    `screen`: port of the booth's screen, which tells whether an officer works there; None: there is no screen.
    """

    def __init__(self, state: Path, screen: int | None, calls: Path | None) -> None:
        self.printer = EscposPrinter()
        self.finger = FingerModule()
        self.calls_folder = calls
        self.switch = True
        self._fed = True
        self._state = state
        self._dropped = 0
        self._written: object = None
        self._impressions = 0
        kept = read_json(state)
        if "printer" in kept:
            self.printer.restore(kept["printer"])
            self.finger.restore(kept["finger"])
            self._dropped, self.switch = int(kept["dropped"]), bool(kept["switch"])
        self._screen = screen
        self._seen_at = float("-inf")
        self._told: dict[str, int] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._look, name="desk", daemon=True)

    def start(self) -> None:
        """Begin to look at the screen."""
        if self._screen is not None:
            self._thread.start()

    def close(self) -> None:
        """End it."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    # --- paper, finger, power: on the pty server's thread --------------------------------------------------------

    @property
    def tickets(self) -> int:
        """Pieces of paper that came out, ever."""
        return self._dropped + len(self.printer.tickets)

    def power(self, on: bool, now: float) -> None:
        """The UPS feeds both, or nothing does."""
        self._fed = on
        self._feed(now)
        if on and not self.finger.powered:
            self.finger.power_on()
        elif not on and self.finger.powered:
            self.finger.power_off()

    def turn(self, on: bool, now: float) -> None:
        """The ticket printer's own switch."""
        self.switch = on
        self._feed(now)

    def _feed(self, now: float) -> None:
        fed = self._fed and self.switch
        if fed and not self.printer.powered:
            self.printer.power_on()
        elif not fed and self.printer.powered:
            self.printer.power_off(now)

    def save(self, always: bool = False) -> None:
        """Write what must survive, if paper came out, a finger was stored, or a person did something."""
        while len(self.printer.tickets) > KEPT:
            del self.printer.tickets[0]
            self._dropped += 1
        printer, switch = self.printer, self.switch
        told = (self.tickets, printer.cover_open, printer.no_paper, printer.near_end, switch, repr(self.finger.library))
        if always or told != self._written:
            self._written = told
            kept = {"printer": printer.snapshot(), "finger": self.finger.snapshot()}
            write_json(self._state, kept | {"dropped": self._dropped, "switch": switch})

    def put(self, person: str) -> None:
        """A person's right forefinger on the reader; each time it lies a little differently."""
        # Heavy, and of no use to a booth whose officers type their PIN.
        from hardware.simulators.pictures.fingerprint import sensor_image

        self._impressions += 1
        who = zlib.crc32(person.strip().lower().encode())
        image = sensor_image(0, who, "Right IndexFinger", self._impressions).tobytes()
        self.finger.put_finger(f"0/{who}/Right IndexFinger/{self._impressions}", image)

    def status(self) -> dict[str, Any]:
        """Plain JSON of what a person sees."""
        told = {name: value for name, value in self.printer.state().items() if name != "last"}
        lies = self.finger.finger is not None
        return told | {"tickets": self.tickets, "stored fingers": len(self.finger.library), "finger lies": lies}

    def shown(self, count: int) -> str:
        """The text of the last pieces of paper."""
        cut = [[*ticket.lines, *(f"[QR {code}]" for code in ticket.codes)] for ticket in self.printer.tickets[-count:]]
        return "\n--\n".join("\n".join(lines) for lines in cut) or "no ticket has come out"

    def calls(self, count: int) -> list[str]:
        """Names of the files with the last calls, oldest first."""
        if self.calls_folder is None:
            return []
        return [file.name for file in sorted(self.calls_folder.glob("[0-9]*.wav"))[-count:]]

    # --- who serves -------------------------------------------------------------------------------------------

    @property
    def officers(self) -> int:
        """Officers who work at the screen just now."""
        return self._told.get("officers", 0)

    @property
    def attended(self) -> bool:
        """Whether the counter is somebody's who works at the screen."""
        return time.monotonic() - self._seen_at < STAYS_S

    @property
    def waiting(self) -> int:
        """Applicants whose recording has not begun, as the screen tells."""
        return self._told.get("waiting", 0)

    def _look(self) -> None:
        while not self._stopping.wait(LOOK_S):
            told = self._ask()
            if told is None:
                self._told = self._told | {"officers": 0}
                continue
            if told.get("officers", 0):
                self._seen_at = time.monotonic()
            elif self.officers:
                # Signed out, or long at rest: the counter is free at once.
                self._seen_at = float("-inf")
            self._told = told

    def _ask(self) -> dict[str, int] | None:
        link = http.client.HTTPConnection("127.0.0.1", self._screen, timeout=2.0)
        try:
            link.request("GET", "/hidup")
            answer = link.getresponse()
            told = json.loads(answer.read(4096)) if answer.status == 200 else None
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            link.close()
        return {str(key): int(value) for key, value in told.items()} if isinstance(told, dict) else None


class Tickets:
    """The ticket printer on its line: what it has cut is written down before the booth hears of it."""

    def __init__(self, desk: BenchDesk) -> None:
        self._desk = desk

    def receive(self, data: bytes, now: float) -> bytes:
        return self._saved(self._desk.printer.receive(data, now))

    def next_wakeup(self) -> float | None:
        return self._desk.printer.next_wakeup()

    def wakeup(self, now: float) -> bytes:
        return self._saved(self._desk.printer.wakeup(now))

    def _saved(self, out: bytes) -> bytes:
        self._desk.save()
        return out


def desk_of(booth: dict[str, Any], data: Path) -> BenchDesk | None:
    """The front desk of a booth file; None: it has none. `data`: where its state is kept."""
    if "desk" not in booth:
        return None
    speaker = booth.get("speaker", {})
    calls = Path(speaker["folder"]) if speaker.get("output") == "folder" else None
    return BenchDesk(data / "desk.json", booth["screen"]["port"] if "screen" in booth else None, calls)
