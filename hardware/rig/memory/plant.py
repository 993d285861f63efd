"""The booth's physical plant in virtual time: the site, the card printer, and the power of the controller."""

from __future__ import annotations

from collections.abc import Callable

from hardware.rig.memory.clock import Clock
from hardware.rig.scenario.stage import UPS_W, BoothPlan, Facts, Moved, figure
from hardware.simulators.ats import Ats
from hardware.simulators.dse import DseController
from hardware.simulators.engine import Engine, EngineModel
from hardware.simulators.evolis import CardPrinter
from hardware.simulators.megatec import Ups, UpsModel
from hardware.simulators.site import SAFE, Site

PRINTER_IDLE_W = 10.0
PRINTER_BUSY_W = 90.0
BLANKS = 100
#: What the log of the site says, in a technician's words; what is not here is shown as it is.
_WORDS = {
    "mains.out": ("mains", "out"),
    "mains.good": ("mains", "good"),
    "dark": ("feeds", "dark"),
    "lit": ("feeds", "lit"),
}


def site_of(booth: BoothPlan) -> Site:
    """The plant that a plan describes."""
    ups = Ups(UpsModel(full_load_seconds=figure(booth, "battery_s")))
    assert ups.model.rated_watts == UPS_W
    ups.charge, ups.battery_health = figure(booth, "charge"), figure(booth, "health")
    loads = {"essential": figure(booth, "load_w"), "shed_1": 60.0, "shed_2": 40.0, "heavy": 1400.0}
    if booth.printer == "ups":
        loads["printer"] = PRINTER_IDLE_W
    if booth.genset == "none":
        return Site(ups, loads=loads)
    quick = figure(booth, "engine_factor")
    model = EngineModel().quicker(quick) if quick != 1 else EngineModel()
    engine = Engine(model, fuel_l=model.tank_l * figure(booth, "fuel_pct") / 100.0)
    dse = None
    if booth.genset == "dse":
        dse = DseController(engine)
        dse.model = dse.model.quicker(quick) if quick != 1 else dse.model
    return Site(ups, engine, Ats(), dse, loads=loads)


class Plant:
    """`contact`: told of a contact that moved; `power`: told when the controller's power goes or comes.

    `moved` is called whenever anything may have changed, `touch` when a device on a wire was acted upon.
    """

    def __init__(
        self, booth: BoothPlan, clock: Clock, contact: Callable[[str, bool], None], power: Callable[[bool], None]
    ):
        self.booth = booth
        self.site = site_of(booth)
        self.printer = CardPrinter(feeder=BLANKS)
        self.moves: list[Moved] = []
        self.halted = False
        self.halts = 0
        self.cut_in_print = 0
        self.cut_begun_on_battery = 0
        """Of these, the cards that were begun when neither the mains nor the genset fed the printer."""
        self.powered = True
        self._clock = clock
        self.moved: Callable[[], None] = lambda: None
        self.touch: Callable[[], None] = lambda: None
        self._contact = contact
        self._power = power
        self._due: float | None = None
        self._dirty = True
        self._halted_dark_s = 0.0
        self._last = clock.now
        self._cards = (0, 0, 0)
        self._on_battery = False
        self.site.set_mains(clock.now, 228.0)
        self.levels = self.site.contacts(clock.now)

    # --- time --------------------------------------------------------------------------------------

    def next_wakeup(self) -> float | None:
        """When something changes by itself."""
        if self._dirty:
            self._due, self._dirty = self.site.next_wakeup(), False
        return self._due

    def touched(self) -> None:
        """Something was said to a part: what comes next may come earlier."""
        self._dirty = True

    def wake(self) -> None:
        """Let everything live until now, and carry what changed to the booth."""
        now = self._clock.now
        if self.halted and self.powered and self.site.mains_good:
            self._halted_dark_s += now - self._last
        self._last = now
        levels = self.site.contacts(now)
        self._dirty = True
        if levels != self.levels:
            before, self.levels = self.levels, levels
            for name, closed in levels.items():
                if closed != before[name]:
                    self._contact(name, closed)
        self._printer_power()
        self.moved()
        if self.site.controller_powered != self.powered:
            self.powered = self.site.controller_powered
            self.halted = False
            self._power(self.powered)

    def _printer_power(self) -> None:
        fed = self.site.controller_powered if self.booth.printer == "ups" else self.site.heavy_powered
        printer = self.printer
        if fed and not printer.powered:
            printer.power_on()
            self.touch()
        elif not fed and printer.powered:
            printer.wakeup(self._clock.now)
            if printer.path.inside is not None:
                self.cut_in_print += 1
                self.cut_begun_on_battery += self._on_battery
                self.note("card", "the printer's power failed with a card inside")
            printer.power_off(self._clock.now)
            self.touch()

    def printer_moved(self) -> None:
        """The card printer did something: its load, and the cards that came out."""
        path = self.printer.path
        if self.booth.printer == "ups":
            watts = PRINTER_BUSY_W if path.busy else PRINTER_IDLE_W
            if self.site.loads["printer"] != watts:
                self.site.set_load(self._clock.now, "printer", watts)
                self._dirty = True
        if path.counter > self._cards[0]:
            self._on_battery = not self.site.heavy_powered
        cards = (path.counter, sum(card.complete for card in path.tray), len(path.rejected))
        for what, old, new in zip(("taken in", "printed", "rejected"), self._cards, cards, strict=True):
            if new > old:
                self.note("card", what)
        self._cards = cards

    # --- what is done to it ------------------------------------------------------------------------

    def halt(self, reason: str) -> None:
        """The controller halted: only its power going away and coming back starts it again."""
        self.wake()
        self.halted = True
        self.halts += 1
        self.note("program", f"halted: {reason}")

    def relays(self, on: frozenset[str]) -> None:
        """The controller or the board drives the relays."""
        self.site.relays(self._clock.now, on)
        self.wake()

    def release(self) -> None:
        """Nobody drives the relays: all coils are off."""
        if self.site.active != SAFE:
            self.relays(SAFE)

    def note(self, what: str, how: str) -> None:
        """One line of the log."""
        self.moves.append(Moved(self._clock.now, what, how))

    # --- what is seen ------------------------------------------------------------------------------

    def facts(self, since: float, running: bool, starts: int) -> Facts:
        """How things stand. `since`: the moment that counts as 0 s."""
        self.wake()
        site, path = self.site, self.printer.path
        figures = site.figures
        fed = "battery" if site.ups.on_battery else self._line()
        dark = figures.dark_with_mains_s + self._halted_dark_s
        return Facts(
            powered=site.controller_powered,
            running=running,
            mains_good=site.mains_good,
            fed_by=fed if site.controller_powered else "none",  # type: ignore[arg-type]
            printer_powered=self.printer.powered,
            dark_s=round(figures.dark_s, 3),
            dark_on_mains_s=round(dark, 3),
            halted=self.halts,
            starts=starts,
            cranks=figures.cranks,
            transfers=figures.transfers,
            connected_against_mains=figures.genset_against_mains,
            cards_begun=path.counter,
            cards_good=sum(card.complete for card in path.tray),
            cards_spoiled=len(path.rejected) + sum(not card.complete for card in path.tray),
            cut_in_print=self.cut_in_print,
            moves=tuple(self._log(since)),
        )

    def _line(self) -> str:
        return "genset" if self.site.ats is not None and self.site.ats.position == "genset" else "mains"

    def _log(self, since: float) -> list[Moved]:
        plant = [Moved(at, *_WORDS.get(what, _split(what))) for at, what in self.site.log]
        everything = sorted([*plant, *self.moves], key=lambda one: one.at)
        return [Moved(one.at - since, one.what, one.how) for one in everything if one.at >= since]


def _split(what: str) -> tuple[str, str]:
    for mark in (".", "="):
        head, found, rest = what.partition(mark)
        if found and head in ("ats", "genset", "relays"):
            return head, rest
    return "engine", what
