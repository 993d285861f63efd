"""A day's arrivals: an officer and applicants who know the booth by its scanner, buttons, lamps and pad alone."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Protocol

#: How long a person waits for the amber lamp after a press, before the press counts as of no effect (s).
PATIENCE_S = 1.0
#: Pause of the officer between two steps (s).
PAUSE_S = 0.7
#: Amber for so long (s) means that a person is asked for something: a signature.
SIGN_AFTER_S = 1.2
SIGN_AGAIN_S = 6.0
#: How often an idle officer tries whether somebody is still there (s), as after a power cut.
LOOK_S = 8.0
QUEUE = 3


class Hands(Protocol):
    """What people at the booth can do."""

    def scan(self, text: str) -> None:
        """Hold a family card under the scanner."""

    def press(self, button: str) -> None:
        """Press and release one of the officer's buttons."""

    def sign(self) -> None:
        """Sign on the pad."""


def family_card(seed: int, number: int) -> tuple[str, str]:
    """KK and NIK (16 digits each) of the applicant with this number (from 1); no two numbers have the same."""
    chance = random.Random(f"{seed}/{number}")
    woman = chance.random() < 0.5
    born = f"{chance.randint(1, 28) + 40 * woman:02}{chance.randint(1, 12):02}{chance.choice((97, 98, 99, 3, 5, 7)):02}"
    district, serial = divmod(number - 1, 9999)
    home = f"3526{1 + (chance.randrange(18) if district == 0 else district):02}"
    kk = f"{home}{chance.randint(1, 28):02}{chance.randint(1, 12):02}{chance.randint(5, 25):02}{serial + 1:04}"
    return kk, f"{home}{born}{serial + 1:04}"


@dataclass
class Day:
    """The people. `tick` is called often with monotonic seconds, `lamp` at each change of a lamp.

    `pace`: seconds between two arrivals on average; 0: nobody comes, but who is there is served.
    """

    hands: Hands
    pace: float = 20.0
    seed: int = 3526
    arrived: int = 0
    serving: bool = True
    attended: bool = False
    """A person works at the booth's screen: the officer of the day leaves the counter to them."""
    lamps: dict[str, bool] = field(default_factory=dict)
    waiting: int = 0
    """As the officer counts: family cards scanned, less recordings begun."""
    _next_arrival: float | None = None
    _amber_since: float | None = None
    _signed_at: float = float("-inf")
    _pressed: str = ""
    _pressed_at: float = float("-inf")
    _free_at: float = float("-inf")
    _look_at: float = float("-inf")

    def lamp(self, name: str, lit: bool, now: float) -> None:
        """A lamp of the booth changed."""
        self.lamps[name] = lit
        if name != "amber":
            return
        self._amber_since = now if lit else None
        if lit and self._pressed == "start":
            self.waiting = max(0, self.waiting - 1)
        self._pressed = ""
        self._free_at = now + PAUSE_S

    def leave_to_officer(self, attended: bool, waiting: int) -> None:
        """Whether a person works at the screen, and how many wait as the screen tells."""
        if attended:
            self.waiting, self._pressed = waiting, ""
        self.attended = attended

    def tick(self, now: float) -> None:
        """Do what a person would do now."""
        self._arrive(now)
        if not self.serving:
            return
        if self._amber_since is not None:
            if now - self._amber_since >= SIGN_AFTER_S and now - self._signed_at >= SIGN_AGAIN_S:
                self._signed_at = now
                self.hands.sign()
            return
        if self.attended:
            return
        if not self.lamps.get("green"):
            self._pressed = ""
        elif self._pressed:
            if now - self._pressed_at >= PATIENCE_S:
                self._no_effect(now)
        elif now >= self._free_at and (now >= self._look_at or self.waiting):
            # Whoever is in the middle of a recording comes first.
            self._press("next", now)

    def _arrive(self, now: float) -> None:
        if self.pace <= 0:
            self._next_arrival = None
            return
        if self._next_arrival is None:
            self._next_arrival = now + min(2.0, self.pace)
        # Without a lit lamp the booth is dark, and nobody hands over a family card; a full bench sends people home.
        if now < self._next_arrival or self.waiting >= QUEUE or not self.lamps.get("green"):
            return
        self.come(now)
        self._next_arrival = now + self.pace * random.Random(f"{self.seed}/{self.arrived}/gap").uniform(0.7, 1.3)

    def come(self, now: float) -> tuple[str, str]:
        """Somebody comes and hands over the family card; its KK and NIK."""
        self.arrived += 1
        kk, nik = family_card(self.seed, self.arrived)
        self.hands.scan(f"KK:{kk};NIK:{nik}")
        self.waiting += 1
        self._free_at = max(self._free_at, now + PAUSE_S)
        return kk, nik

    def _press(self, button: str, now: float) -> None:
        self._pressed, self._pressed_at = button, now
        self.hands.press(button)

    def _no_effect(self, now: float) -> None:
        if self._pressed == "next":
            self._press("start", now)
            return
        self.waiting = 0
        self._pressed = ""
        self._look_at = now + LOOK_S
