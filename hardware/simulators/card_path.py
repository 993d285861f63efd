"""The inside of a card printer: feeder, card path, ribbon, output tray, reject box, and what goes wrong on the way.

Every card ever loaded is in exactly one place: feeder, inside, tray or reject box. The counter of inserted cards and
the places survive power; a movement that power interrupts stops where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

# Error word of `Rpst`.
E_FEEDER, E_RIBBON, E_COVER, E_MECHANICAL = 0x08000000, 0x04000000, 0x02000000, 0x01000000
E_REJECT_FULL, E_RIBBON_ENDED, E_HOPPER_FULL = 0x00800000, 0x00200000, 0x00100000
# Warning word.
W_REJECT_FULL, W_FEEDER_EMPTY, W_HOPPER_FULL = 0x08000000, 0x01000000, 0x00100000
W_RIBBON_ENDED, W_COVER_OPEN, W_NO_RIBBON = 0x00080000, 0x00020000, 0x00010000

Phase = Literal["pick", "travel", "print_front", "print_back", "contact", "contactless", "eject", "reject", "clean"]


@dataclass(frozen=True)
class Timing:
    """How long each movement takes, in seconds."""

    pick: float = 1.0
    travel: float = 1.0
    print_black: float = 3.0
    print_colour: float = 18.0
    station: float = 1.0
    eject: float = 1.5
    reject: float = 1.5
    clean: float = 20.0


@dataclass
class Card:
    """One card. `number` is the printer's counter when it was inserted; `k_sha256` names the black raster of its front.

    `complete` is true once everything that was asked for is on it.
    """

    number: int
    k_sha256: str | None = None
    started: bool = False
    complete: bool = False


@dataclass
class Face:
    """What a printing phase puts on a card."""

    k_sha256: str | None
    colour: bool
    last: bool


@dataclass
class CardPath:
    """The mechanism. It moves one card at a time through the phases of a plan; times come from outside.

    Faults, to be set at any time: `jam_next` (the phase at whose end the card gets stuck), `misfeed_next` (the feeder
    does not give its card), `reject_full`, `hopper_capacity`, `ribbon_left`, `ribbon_present`.
    """

    timing: Timing = field(default_factory=Timing)
    feeder: int = 0
    loaded: int = 0
    counter: int = 0
    panels: int = 0
    ribbon_left: int = 500
    ribbon_present: bool = True
    cover_open: bool = False
    reject_full: bool = False
    hopper_capacity: int = 1_000_000
    jam_next: Phase | None = None
    misfeed_next: bool = False
    inside: Card | None = None
    station: Literal["contact", "contactless"] | None = None
    tray: list[Card] = field(default_factory=list)
    rejected: list[Card] = field(default_factory=list)
    error: int = 0
    plan: list[Phase] = field(default_factory=list)
    faces: dict[str, Face] = field(default_factory=dict)
    phase_ends: float | None = None

    @property
    def busy(self) -> bool:
        """Whether something moves."""
        return bool(self.plan)

    @property
    def printing(self) -> bool:
        """Whether the head is on a card."""
        return bool(self.plan) and self.plan[0].startswith("print")

    @property
    def warning(self) -> int:
        """The warning word: what a person should see to."""
        return (
            (W_FEEDER_EMPTY if self.feeder == 0 else 0)
            | (W_REJECT_FULL if self.reject_full else 0)
            | (W_HOPPER_FULL if len(self.tray) >= self.hopper_capacity else 0)
            | (W_RIBBON_ENDED if self.ribbon_present and self.ribbon_left <= 0 else 0)
            | (W_NO_RIBBON if not self.ribbon_present else 0)
            | (W_COVER_OPEN if self.cover_open else 0)
        )

    def balanced(self) -> bool:
        """Whether every loaded card is in exactly one place."""
        inside = 1 if self.inside else 0
        return self.loaded == self.feeder + len(self.tray) + len(self.rejected) + inside

    def start(self, plan: Sequence[Phase], faces: dict[str, Face], now: float) -> None:
        """Begins a plan. Ask `busy` and `error` afterwards: it may fail at once."""
        self.plan = list(plan)
        self.faces = faces
        self._begin(now)

    def advance(self, now: float) -> None:
        """Lets movements that end by `now` end, in order."""
        if self.cover_open and self.plan:
            self._fail(E_COVER)
        while self.plan and self.phase_ends is not None and self.phase_ends <= now:
            ended = self.phase_ends
            phase = self.plan[0]
            if not self._end(phase):
                return
            self.plan.pop(0)
            self._begin(ended)

    def stop_dead(self) -> None:
        """Power is gone: nothing moves any more, the card stays where it is, errors are forgotten."""
        self.plan.clear()
        self.phase_ends = None
        self.error = 0

    def wake(self) -> None:
        """Power is back. A card that lies inside is an error until somebody takes it away."""
        self.error = E_MECHANICAL if self.inside else 0

    def take_out(self) -> None:
        """A person opens the printer and puts the card from inside with the rejected ones; what moves stops."""
        if self.plan:
            self._fail(E_COVER)
        if self.inside is not None:
            self.rejected.append(self.inside)
            self.inside = None
        self.station = None
        self.error &= ~E_MECHANICAL

    def clear(self) -> None:
        """Forgets the errors whose cause is gone. A card that is stuck, or printed in part, is not gone."""
        stuck = self.error and self.inside and (self.inside.started or self.error & E_MECHANICAL)
        kept = E_MECHANICAL if stuck else 0
        self.error = kept | (E_COVER if self.cover_open else 0)

    def _fail(self, error: int) -> None:
        self.error |= error
        self.plan.clear()
        self.phase_ends = None

    def _begin(self, now: float) -> None:
        if not self.plan:
            self.phase_ends = None
            return
        phase = self.plan[0]
        if (error := self._obstacle(phase)) != 0:
            self._fail(error)
            return
        if phase.startswith("print") and self.inside is not None:
            face = self.faces[phase]
            self.ribbon_left -= 1
            self.panels += 1
            self.inside.started, self.inside.complete = True, False
            if phase == "print_front":
                self.inside.k_sha256 = face.k_sha256
        self.phase_ends = now + self._seconds(phase)

    def _obstacle(self, phase: Phase) -> int:
        if self.cover_open:
            return E_COVER
        if phase == "pick" and self.feeder == 0:
            return E_FEEDER
        if phase.startswith("print") and not self.ribbon_present:
            return E_RIBBON
        if phase.startswith("print") and self.ribbon_left <= 0:
            return E_RIBBON_ENDED
        if phase == "eject" and len(self.tray) >= self.hopper_capacity:
            return E_HOPPER_FULL
        if phase == "reject" and self.reject_full:
            return E_REJECT_FULL
        return 0

    def _seconds(self, phase: Phase) -> float:
        if phase.startswith("print"):
            return self.timing.print_colour if self.faces[phase].colour else self.timing.print_black
        if phase in ("contact", "contactless"):
            return self.timing.station
        seconds: float = getattr(self.timing, phase)
        return seconds

    def _end(self, phase: Phase) -> bool:
        if phase == "pick" and self.misfeed_next:
            self.misfeed_next = False
            self._fail(E_FEEDER)
            return False
        if self.jam_next == phase and phase != "pick":
            self.jam_next = None
            self._fail(E_MECHANICAL)
            return False
        effect: dict[str, Callable[[], None]] = {"pick": self._picked, "eject": self._ejected, "reject": self._rejected}
        if phase in effect:
            effect[phase]()
        elif phase == "contact" or phase == "contactless":
            self.station = phase
        elif phase.startswith("print") and self.inside is not None:
            self.inside.complete = self.faces[phase].last
        return True

    def _picked(self) -> None:
        # The counter and the feeder change together: no power cut falls between them.
        self.feeder -= 1
        self.counter += 1
        self.inside = Card(self.counter)

    def _ejected(self) -> None:
        if self.inside is not None:
            self.tray.append(self.inside)
        self.inside = self.station = None

    def _rejected(self) -> None:
        if self.inside is not None:
            self.rejected.append(self.inside)
        self.inside = self.station = None
        self.error &= ~E_MECHANICAL

    def snapshot(self) -> dict[str, Any]:
        """Plain JSON: what is still true after the plug was pulled."""
        names = ("feeder", "loaded", "counter", "panels", "ribbon_left", "ribbon_present", "cover_open", "reject_full")
        kept: dict[str, Any] = {name: getattr(self, name) for name in names}
        kept["inside"] = asdict(self.inside) if self.inside else None
        kept["tray"] = [asdict(card) for card in self.tray]
        kept["rejected"] = [asdict(card) for card in self.rejected]
        return kept

    def restore(self, kept: dict[str, Any]) -> None:
        """Takes up a `snapshot`; nothing moves."""
        self.stop_dead()
        for name, value in kept.items():
            if name == "inside":
                self.inside = Card(**value) if value else None
            elif name in ("tray", "rejected"):
                setattr(self, name, [Card(**card) for card in value])
            elif hasattr(self, name):
                setattr(self, name, value)
