"""The people of a chaos run: applicants and an officer in a hurry, a bad power supply, and a technician."""

from __future__ import annotations

import contextlib
import random
import re
import sqlite3
import threading
import time
from hashlib import sha256

import httpx

from central.adapters.card_face import k_raster
from hardware.rig.day import family_card
from tests.chaos.site import Site

TICK_S = 0.015
#: A press that lights no amber lamp within this time had no effect: nobody is left to be recorded.
PATIENCE_S = 0.35
#: A button must have come up before it can go down again.
AGAIN_S = 0.2
#: Seconds of each applicant: what the printer can follow.
PACE_S = (1.5, 3.0)
SIGN_AFTER_S = 0.3
SIGN_AGAIN_S = 3.0
VISIT_S = 1.0
#: A person who looks into the tray waits until nothing has moved for a while.
STILL_S = 1.5
_TOKEN = re.compile(r'name="token"\s+value="([^"]+)"')


class Hall(threading.Thread):
    """Applicants, and an officer who knows the booth by its lamps and buttons alone."""

    def __init__(self, site: Site, seed: int) -> None:
        super().__init__(name="hall", daemon=True)
        self._bench = site.bench
        self._signs = "signature" in site.order
        self._chance = random.Random(f"{seed}/hall")
        self.arrivals = True
        self.arrived = 0
        self._ending = threading.Event()
        self._pressed_at = 0.0
        self._amber_at: float | None = None
        self._signed_at = 0.0
        self._arrive_at = 0.0

    def end(self) -> None:
        """Everybody goes home."""
        self._ending.set()
        self.join()

    def run(self) -> None:
        while not self._ending.wait(TICK_S):
            self._look(time.monotonic())

    def _look(self, now: float) -> None:
        lit = self._bench.lit()
        if "amber" in lit:
            self._amber_at = self._amber_at or now
            if self._signs and now - self._amber_at > SIGN_AFTER_S and now - self._signed_at > SIGN_AGAIN_S:
                self._signed_at = now
                self._bench.sign()
            return
        effect = self._amber_at is not None
        if "green" not in lit or now - self._pressed_at < (AGAIN_S if effect else PATIENCE_S):
            return
        self._amber_at = None
        if not effect and self.arrivals and now >= self._arrive_at:
            # The last press had no effect: the next applicants hand over their cards.
            number = self._chance.choice((1, 1, 2))
            self._arrive_at = now + number * self._chance.uniform(*PACE_S)
            for _ in range(number):
                self.arrive()
        self._pressed_at = now
        self._bench.press("start")

    def arrive(self) -> str:
        """The next applicant's family card is held under the scanner; the NIK."""
        self.arrived += 1
        kk, nik = family_card(3526, self.arrived)
        self._bench.scan(f"KK:{kk};NIK:{nik}")
        return nik


class Trouble(threading.Thread):
    """Mains that come and go, a restless door, wrong papers, a loose cable, a printer that loses its power."""

    def __init__(self, site: Site, seed: int) -> None:
        super().__init__(name="trouble", daemon=True)
        self._site = site
        self._bench = site.bench
        self._chance = random.Random(f"{seed}/trouble")
        self._ending = threading.Event()
        self.cuts = 0
        """How often the printer lost its power with a card inside."""

    def end(self) -> None:
        """Everything is well again."""
        self._ending.set()
        self.join()
        self._bench.door(False)
        self._bench.mains(True)
        self._bench.ptys.plug("scanner")
        self._power(True)

    def run(self) -> None:
        chance = self._chance
        now = time.monotonic()
        due = {"door": now, "paper": now, "mains": now + 3, "cable": now + 5, "printer": now + 8}
        door = mains = cable = printer = False
        while not self._ending.wait(0.05):
            now = time.monotonic()
            if now >= due["door"]:
                door = not door
                self._bench.door(door)
                due["door"] = now + chance.uniform(0.3, 0.7)
            if now >= due["paper"]:
                self._bench.scan(f"parking ticket {chance.randrange(10**6)}")
                due["paper"] = now + chance.uniform(0.1, 0.4)
            if now >= due["mains"]:
                mains = not mains
                self._bench.mains(not mains)
                due["mains"] = now + (chance.uniform(0.1, 1.2) if mains else chance.uniform(3, 7))
            if now >= due["cable"]:
                cable = not cable
                (self._bench.ptys.unplug if cable else self._bench.ptys.plug)("scanner")
                due["cable"] = now + (chance.uniform(0.2, 1.0) if cable else chance.uniform(8, 15))
            # The printer's power fails while a card is inside: the case that only a person can settle.
            if printer and now >= due["printer"]:
                printer = False
                self._power(True)
                due["printer"] = now + chance.uniform(11, 20)
            elif not printer and now >= due["printer"] and self._site.printer_busy():
                printer = True
                self.cuts += 1
                time.sleep(chance.uniform(0.0, 0.7))
                self._power(False)
                due["printer"] = now + chance.uniform(0.8, 1.5)

    def _power(self, on: bool) -> None:
        """A printer on USB vanishes from the bus with its power."""
        if on:
            self._bench.power_printer(True)
            self._bench.ptys.plug("printer")
        else:
            self._bench.ptys.unplug("printer")
            self._bench.power_printer(False)


class Technician(threading.Thread):
    """Takes out stuck cards, looks into the printer's tray, and answers for uncertain jobs on the console's page."""

    def __init__(self, site: Site) -> None:
        super().__init__(name="technician", daemon=True)
        self._site = site
        self._ending = threading.Event()
        self._still_since: float | None = None
        self._settled_at: dict[tuple[str, int], float] = {}
        self.settled = 0

    def end(self) -> None:
        """The shift is over."""
        self._ending.set()
        self.join()

    def run(self) -> None:
        while not self._ending.wait(VISIT_S):
            self._take_out()
            if self._still():
                with contextlib.suppress(sqlite3.Error, httpx.HTTPError):
                    self._decide()

    def _take_out(self) -> None:
        printer = self._site.bench.printer

        def work() -> None:
            if printer.powered and printer.path.error and printer.inside is not None and not printer.path.busy:
                printer.clear_jam()

        self._site.bench.ptys.call(work)

    def _still(self) -> bool:
        now = time.monotonic()
        if self._site.printer_busy():
            self._still_since = None
            return False
        self._still_since = self._still_since or now
        return now - self._still_since >= STILL_S

    def _decide(self) -> None:
        with self._site.central() as db:
            query = "SELECT job, attempt, nik FROM print_job WHERE state = 'processing-stopped'"
            jobs = db.execute(query).fetchall()
        for job, attempt, nik in jobs:
            # A word on its way is not said again at once.
            if time.monotonic() - self._settled_at.get((job, attempt), 0.0) < 6.0:
                continue
            found = "printed" if complete(self._site, job, nik) else "spoiled"
            self._say(job, found)
            self._settled_at[job, attempt] = time.monotonic()
            self.settled += 1

    def _say(self, job: str, found: str) -> None:
        with httpx.Client(base_url=f"http://127.0.0.1:{self._site.ports['console']}", timeout=5.0) as console:
            page = console.get(f"/print/{job}")
            token = _TOKEN.search(page.text)
            if page.status_code == 200 and token is not None:
                form = {"token": token[1], "found": found, "sure": "yes", "name": "chaos"}
                console.post(f"/print/{job}", data=form)


def complete(site: Site, job: str, nik: str) -> int:
    """Complete cards of a job in the printer's tray."""
    wanted = sha256(k_raster(job, nik)).hexdigest()
    tray = site.bench.ptys.call(lambda: list(site.bench.printer.tray))
    return sum(card.complete and card.k_sha256 == wanted for card in tray)
