"""The power of the simulated booth in real time: the plant's electrics on the booth's pins, ports and program."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from hardware.rig import control
from hardware.rig.bench_board import BenchBoard
from hardware.rig.bench_desk import BenchDesk
from hardware.rig.gpio_hub import GpioHub
from hardware.rig.memory.plant import PRINTER_BUSY_W, PRINTER_IDLE_W, site_of
from hardware.rig.places import Places, read_json, write_json
from hardware.rig.ptys import PtyServer, Simulator
from hardware.rig.scenario.stage import BoothPlan, figure
from hardware.simulators.evolis import CardPrinter
from hardware.simulators.wire import earliest

MAINS_V: Final = 228.0
RELAYS: Final = ("genset_start", "ats_inhibit", "shed_1", "shed_2")
#: What feeds on the controller's USB sockets, by kind in the booth file.
ON_USB: Final = ("scanner", "topaz", "zfm")
#: How often (s) the board's dividers and the printer's appetite follow, beside every event.
_FOLLOW_S: Final = 0.1


class Plant:
    """Site, pins, board and what hangs on the UPS. Every method belongs to the pty server's thread: `ptys.call`.

    `drive` sets the wire of a contact. `printer_on_ups`: what feeds the card printer.
    """

    def __init__(
        self,
        places: Places,
        plan: BoothPlan,
        hub: GpioHub,
        ptys: PtyServer,
        printer: CardPrinter,
        drive: Callable[[str, bool], None],
    ) -> None:
        self._places = places
        self._hub = hub
        self._ptys = ptys
        self._printer = printer
        self._drive = drive
        self.printer_on_ups = plan.printer == "ups"
        self.printer_switch = True
        self.boot_s = figure(plan, "boot_s")
        self.site = site_of(plan)
        self.ups = self.site.ups
        self.log: list[tuple[float, str, str]] = []
        """(seconds, what, how) beside the site's own log."""
        self.cut_in_print = 0
        self.board: BenchBoard | None = None
        self.desk: BenchDesk | None = None
        self.usb: list[str] = []
        """Devices that vanish with the controller's power."""
        self._contacts: dict[str, bool] = {}
        self._pulled: set[str] = set()
        self._lit = True
        self._boot_at: float | None = None
        told = read_json(places.power)
        self._cycle, self._told_on = int(told.get("cycle", 0)), told.get("on") is True
        self._follow_at = 0.0
        self._cards = (0, 0, 0)
        self._sensed: tuple[dict[str, float], frozenset[str]] | None = None

    # --- its own life ------------------------------------------------------------------------------------------

    def start(self, now: float) -> None:
        """The mains are good; an empty UPS starts with them."""
        if not self.ups.output_on:
            self.ups.mains_volts = 0.0
        self._lit = self.ups.output_on
        if self._lit and not self._told_on:
            # Else the bench alone was started again: the controller has had power all the time.
            self._cycle += 1
        self._tell_power(self._lit)
        self._feed_rest(now)
        self.site.set_mains(now, MAINS_V)
        path = self._printer.path
        self._cards = (path.counter, sum(card.complete for card in path.tray), len(path.rejected))
        self.pump(now)

    def pump(self, now: float) -> None:
        """Let the plant live until `now`, and carry everything that has changed to the booth."""
        self.site.advance(now)
        for name, closed in self.site.contacts(now).items():
            if self._contacts.get(name) is not closed:
                self._contacts[name] = closed
                self._drive(name, closed)
                self._follow_at = now
        if self.site.controller_powered != self._lit:
            self._lit = not self._lit
            (self._light if self._lit else self._darken)(now)
        self.feed_printer(now)
        if self._boot_at is not None and now >= self._boot_at:
            self._boot_at = None
            self._cycle += 1
            self._tell_power(True)
        if now >= self._follow_at:
            self._follow(now)

    def next_wakeup(self) -> float | None:
        """When `pump` must be called."""
        return earliest(self.site.next_wakeup(), self._boot_at, self._follow_at)

    def _follow(self, now: float) -> None:
        self._follow_at = now + _FOLLOW_S
        path = self._printer.path
        watts = PRINTER_BUSY_W if path.busy else PRINTER_IDLE_W
        if not (self._printer.powered and self.printer_on_ups):
            watts = 0.0
        if self.site.loads.get("printer", 0.0) != watts:
            self.site.set_load(now, "printer", watts)
        cards = (path.counter, sum(card.complete for card in path.tray), len(path.rejected))
        for how, before, after in zip(("taken in", "printed", "rejected"), self._cards, cards, strict=True):
            if after > before:
                self.note(now, "card", how)
        self._cards = cards
        if self.board is not None:
            closed = frozenset(name for name, level in self._contacts.items() if level)
            if (seen := (self.site.senses(now), closed)) != self._sensed:
                self._sensed = seen
                self.board.sense(now, *seen)

    def note(self, now: float, what: str, how: str) -> None:
        """Into the physical log."""
        self.log.append((now, what, how))

    # --- the UPS's sockets -------------------------------------------------------------------------------------

    def _darken(self, now: float) -> None:
        """The UPS gives nothing: program, scanners and printer die where they are."""
        self._boot_at = None
        self._tell_power(False)
        control.kill(self._places, ["edge"])
        self._pulled = {name for name in self.usb if self._ptys.plugged(name)}
        for name in self._pulled:
            self._ptys.unplug(name)
        self._feed_rest(now)

    def _light(self, now: float) -> None:
        """The UPS's sockets are live again: the controller starts as a Pi does, some seconds later."""
        self._boot_at = now + self.boot_s
        for name in self._pulled:
            self._ptys.plug(name)
        self._pulled = set()
        self._feed_rest(now)

    def _feed_rest(self, now: float) -> None:
        if self.board is not None:
            self.board.power(now, self._lit)
        if self.desk is not None:
            self.desk.power(self._lit, now)

    def feed_printer(self, now: float) -> None:
        """The printer has power when its switch is on and what it hangs on gives some."""
        fed = self.printer_switch and (self._lit if self.printer_on_ups else self.site.heavy_powered)
        if fed and not self._printer.powered:
            self._printer.power_on()
            self.note(now, "printer", "on")
        elif not fed and self._printer.powered:
            self.cut_in_print += self._printer.path.inside is not None
            self._printer.power_off(now)
            self.note(now, "printer", "off")

    def _tell_power(self, on: bool) -> None:
        write_json(self._places.power, {"on": on, "cycle": self._cycle})

    # --- the relays --------------------------------------------------------------------------------------------

    def relays(self, now: float, on: Iterable[str]) -> None:
        """Pins or board hold exactly these relays."""
        self.site.relays(now, on)
        self.pump(now)

    # --- what it tells -----------------------------------------------------------------------------------------

    def fed_by(self) -> str:
        """What carries the essential loads."""
        if not self.ups.output_on:
            return "none"
        if self.ups.on_battery:
            return "battery"
        return "genset" if self.site.ats is not None and self.site.ats.position == "genset" else "mains"

    def status(self, now: float) -> dict[str, Any]:
        """How things truly stand, as plain JSON."""
        self.pump(now)
        site, ups, engine = self.site, self.ups, self.site.engine
        told: dict[str, Any] = {
            "mains_v": round(site.mains_volts, 1),
            "fed_by": self.fed_by(),
            "ups": {
                "output": "on" if ups.output_on else "off",
                "on_battery": ups.on_battery,
                "charge_pct": round(100 * ups.charge, 1),
                "health_pct": round(100 * ups.battery_health),
                "load_w": round(ups.load_watts),
                "runtime_s": round(min(ups.runtime(), 1e6)),
            },
            "relays": sorted(site.active),
            "contacts": {name: "closed" if closed else "open" for name, closed in self._contacts.items()},
            "controller": "on" if self._lit and self._boot_at is None else "booting" if self._lit else "dark",
        }
        if engine is not None:
            told["genset"] = {
                "engine": "running" if engine.running else "cranking" if engine.cranking else "standing",
                "rpm": round(engine.rpm),
                "volts": round(engine.volts, 1),
                "hertz": round(engine.hertz, 1),
                "fuel_pct": round(engine.fuel_percent, 1),
                "coolant_c": round(engine.coolant_c, 1),
                "battery_v": round(engine.battery_v, 1),
            }
        if site.ats is not None:
            told["ats"] = {"position": site.ats.position, "transfers": site.ats.transfers}
        return told

    def facts(self, now: float) -> dict[str, Any]:
        """What a verdict needs: figures since the start and the whole physical log (monotonic seconds)."""
        self.pump(now)
        path, figures = self._printer.path, self.site.figures
        return {
            "now": now,
            "powered": self._lit,
            "mains_good": self.site.mains_good,
            "fed_by": self.fed_by(),
            "printer_powered": self._printer.powered,
            "dark_s": figures.dark_s,
            "dark_on_mains_s": figures.dark_with_mains_s,
            "cranks": figures.cranks,
            "transfers": figures.transfers,
            "connected_against_mains": figures.genset_against_mains,
            "cards_begun": path.counter,
            "cards_good": sum(card.complete for card in path.tray),
            "cards_spoiled": len(path.rejected) + sum(not card.complete for card in path.tray),
            "cut_in_print": self.cut_in_print,
            "log": sorted([*self.log, *((at, *_split(what)) for at, what in self.site.log)], key=lambda one: one[0]),
        }

    # --- what survives -----------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, object]:
        """Plain JSON: the site, and whether the printer is switched on."""
        return {**self.site.snapshot(), "printer_switch": self.printer_switch, "printer_on_ups": self.printer_on_ups}

    def restore(self, kept: dict[str, Any]) -> None:
        """Takes up a `snapshot`."""
        self.site.restore(kept)
        self.printer_switch = bool(kept["printer_switch"])
        self.printer_on_ups = bool(kept["printer_on_ups"])


class OnPlant:
    """A device of the plant on its port: what it is told moves the plant, and the plant's time moves it."""

    def __init__(self, device: Simulator, plant: Plant) -> None:
        self._device = device
        self._plant = plant

    def receive(self, data: bytes, now: float) -> bytes:
        self._plant.pump(now)
        out = self._device.receive(data, now)
        self._plant.pump(now)
        return out

    def next_wakeup(self) -> float | None:
        return earliest(self._device.next_wakeup(), self._plant.next_wakeup())

    def wakeup(self, now: float) -> bytes:
        self._plant.pump(now)
        return self._device.wakeup(now)


def plan_of(places: Places) -> BoothPlan:
    """The plant of a run, as `files.write` left it; a booth with a UPS alone when it left nothing."""
    given = read_json(places.plant)
    return BoothPlan(given.get("genset", "none"), printer=given.get("printer", "ups"), plant=given.get("plant", {}))


def _split(what: str) -> tuple[str, str]:
    """The site's words as (what, how)."""
    if what in ("dark", "lit"):
        return "feeds", what
    for mark in (".", "="):
        first, found, rest = what.partition(mark)
        if found and first in ("mains", "ats", "genset", "relays"):
            return first, rest
    return "engine", what
