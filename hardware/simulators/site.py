"""The electrics of one booth joined: mains, genset, transfer switch, UPS, loads, contacts and the senses of the board.

mains and genset -> ATS -> heavy loads (no battery) and UPS -> essential and sheddable loads. Without a genset or an ATS
the mains go straight to the UPS. Only events are reckoned, no steps: a quiet hour costs nothing.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass, field

from hardware.simulators.ats import Ats
from hardware.simulators.dse import DseController
from hardware.simulators.engine import Engine
from hardware.simulators.megatec import Ups
from hardware.simulators.wire import earliest

CONTACTS = ("mains", "genset_running", "genset_fault", "fuel_low", "ats_mains", "ats_genset")
SAFE = frozenset({"ats_inhibit"})
_LIVE_VOLTS = 50.0
# Charging takes about this much beside the load; an inverter-charger passes the rest on.
_CHARGER_WATTS = 120.0


@dataclass
class Figures:
    """What physically happened so far, for verdicts. Seconds and counts."""

    dark_s: float = 0.0
    """The UPS's sockets were dead: no controller, no network."""
    dark_with_mains_s: float = 0.0
    """Of these, while the mains were good."""
    mains_out_s: float = 0.0
    on_genset_s: float = 0.0
    heavy_off_s: float = 0.0
    transfers: int = 0
    cranks: int = 0
    crank_s: float = 0.0
    longest_crank_s: float = 0.0
    shortest_rest_s: float | None = None
    """Between the end of a crank that did not fire and the next one."""
    genset_against_mains: int = 0
    """Times that two live sources were joined: with a sound ATS never."""


@dataclass
class Site:
    """One booth's plant. Change it by its methods; faults of the parts are attributes of the parts.

    `loads`: watts by name; "heavy" hangs on the ATS, every other name on the UPS; the relays "shed_1" and "shed_2"
    switch off the loads of their names. Sensor faults: `lying_contact` (the mains contact is stuck at this value),
    `contact_lost` (names of contacts whose wire is broken: they read open). `log`: (seconds, what), see the parts, and
    mains.out, mains.good, dark, lit, genset.good, genset.bad, relays=..., genset_against_mains.
    """

    ups: Ups
    engine: Engine | None = None
    ats: Ats | None = None
    dse: DseController | None = None
    mains_volts: float = 228.0
    loads: dict[str, float] = field(
        default_factory=lambda: {"essential": 140.0, "shed_1": 60.0, "shed_2": 40.0, "heavy": 1400.0}
    )
    lying_contact: bool | None = None
    contact_lost: set[str] = field(default_factory=set)
    good_volts: tuple[float, float] = (180.0, 265.0)
    """What the ATS, the heavy loads and the mains contact take for good."""
    log: list[tuple[float, str]] = field(default_factory=list)
    figures: Figures = field(default_factory=Figures)
    active: frozenset[str] = SAFE
    """The relays, as they were driven last."""
    _planned: list[tuple[float, int, float]] = field(default_factory=list)
    _order: int = 0
    _clock: float | None = None
    _fed: float | None = None
    _seen: int = 0
    _crank_from: float | None = None
    _crank_end: float | None = None
    _was: dict[str, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.dse is not None and self.engine is None:
            self.engine = self.dse.engine
        for part in (self.engine, self.ats):
            if part is not None:
                part.log = self.log

    # --- what happens to it ------------------------------------------------------------------------------------

    def set_mains(self, now: float, volts: float) -> None:
        """The utility now gives so many volts; 0 is an outage. What was planned of dips and bounces is forgotten."""
        self.advance(now)
        self._planned.clear()
        self.mains_volts = volts
        self._settle(now)

    def dip(self, now: float, seconds: float, volts: float = 0.0) -> None:
        """The utility sags to `volts` and comes back by itself after `seconds`."""
        self.advance(now)
        self._plan(now + seconds, self._last_planned())
        self.mains_volts = volts
        self._settle(now)

    def bounce(self, now: float, times: int, ms: float, then: float | None = None) -> None:
        """The utility goes and comes `times` times, each for `ms`; then it gives `then` volts (None: as before)."""
        self.advance(now)
        before = self._last_planned()
        self._planned.clear()
        for index in range(1, 2 * times):
            self._plan(now + index * ms / 1000.0, before if index % 2 else 0.0)
        if then is not None:
            self._plan(now + 2 * times * ms / 1000.0, then)
        self.mains_volts = 0.0
        self._settle(now)

    def relays(self, now: float, active: Iterable[str]) -> None:
        """Drives the relays: "genset_start", "ats_inhibit", "shed_1", "shed_2"; what is not named is off."""
        self.advance(now)
        wanted = frozenset(str(each) for each in active)
        if wanted != self.active:
            self.log.append((now, "relays=" + ",".join(sorted(wanted))))
        self.active = wanted
        if self.engine is not None:
            self.engine.set_start(now, "genset_start" in wanted)
        if self.ats is not None:
            self.ats.set_inhibit(now, "ats_inhibit" in wanted)
        self._settle(now)

    def set_load(self, now: float, name: str, watts: float) -> None:
        """A load takes so many watts from now on; any new name hangs on the UPS."""
        self.advance(now)
        self.loads[name] = watts
        self._settle(now)

    def advance(self, now: float) -> None:
        """Lets everything live until `now`, in order. Faults set since then count from the last moment reached."""
        if self._clock is None:
            self._clock = now
        self._settle(self._clock)
        while (due := self.next_wakeup()) is not None and due <= now:
            self._reach(max(due, self._clock))
            while self._planned and self._planned[0][0] <= self._clock:
                self.mains_volts = self._planned.pop(0)[2]
            self._settle(self._clock)
        self._reach(max(now, self._clock))
        self._settle(self._clock)

    def next_wakeup(self) -> float | None:
        """When something changes by itself. Late bytes on the wires of UPS and controller are their own affair."""
        due = earliest(
            self._planned[0][0] if self._planned else None,
            self.engine.next_wakeup() if self.engine else None,
            self.dse.next_step() if self.dse else None,
            self.ats.next_wakeup() if self.ats else None,
            self.ups.next_change(),
        )
        return None if due is None else max(due, self._clock or due)

    # --- what it shows -----------------------------------------------------------------------------------------

    def contacts(self, now: float) -> dict[str, bool]:
        """The dry contacts, as their wires show them: closed is True. A part that is not there leaves its own open."""
        self.advance(now)
        engine, ats = self.engine, self.ats
        true = {
            "mains": self.mains_good if self.lying_contact is None else self.lying_contact,
            "genset_running": engine is not None and engine.running_contact,
            "genset_fault": engine is not None and engine.fault_contact,
            "fuel_low": engine is not None and engine.fuel_low_contact,
            "ats_mains": ats is not None and ats.mains_contact,
            "ats_genset": ats is not None and ats.genset_contact,
        }
        return {name: closed and name not in self.contact_lost for name, closed in true.items()}

    def senses(self, now: float) -> dict[str, float]:
        """What the power board's dividers see, volts: `mains_v`, `genset_v`, `battery_v` (the starter battery)."""
        self.advance(now)
        engine = self.engine
        return {
            "mains_v": self.mains_volts,
            "genset_v": engine.volts if engine else 0.0,
            "battery_v": engine.battery_v if engine else 0.0,
        }

    @property
    def mains_good(self) -> bool:
        """Whether the utility is within `good_volts`."""
        return self.good_volts[0] <= self.mains_volts <= self.good_volts[1]

    @property
    def genset_good(self) -> bool:
        """Whether the genset gives volts and frequency that an ATS takes."""
        engine = self.engine
        if engine is None or not self.good_volts[0] <= engine.volts <= self.good_volts[1]:
            return False
        return abs(engine.hertz - engine.model.hertz) <= 0.1 * engine.model.hertz

    @property
    def output_volts(self) -> float:
        """What the ATS passes on; without an ATS the mains."""
        if self.ats is None:
            return self.mains_volts
        return self.ats.output(self.mains_volts, self.engine.volts if self.engine else 0.0)

    @property
    def controller_powered(self) -> bool:
        """Whether the UPS's sockets, and with them controller and network, are live."""
        return self.ups.output_on

    @property
    def heavy_powered(self) -> bool:
        """Whether air-con and lights have power."""
        return self.good_volts[0] <= self.output_volts <= self.good_volts[1]

    @property
    def ups_watts(self) -> float:
        """What hangs on the UPS and is not shed."""
        return sum(watts for name, watts in self.loads.items() if name != "heavy" and name not in self.active)

    # --- how it lives ------------------------------------------------------------------------------------------

    def _last_planned(self) -> float:
        return self._planned[-1][2] if self._planned else self.mains_volts

    def _plan(self, at: float, volts: float) -> None:
        self._order += 1
        insort(self._planned, (at, self._order, volts))

    def _reach(self, moment: float) -> None:
        """Moves every part to the moment; until then nothing changes but what flows."""
        seconds = moment - (self._clock if self._clock is not None else moment)
        if seconds > 0:
            figures = self.figures
            if not self.ups.output_on:
                figures.dark_s += seconds
                figures.dark_with_mains_s += seconds if self.mains_good else 0.0
            figures.mains_out_s += 0.0 if self.mains_good else seconds
            figures.heavy_off_s += 0.0 if self.heavy_powered else seconds
            if self.ats is not None and self.ats.position == "genset" and self.genset_good:
                figures.on_genset_s += seconds
        self._clock = moment
        if self.dse is not None:
            self.dse.advance(moment)
        elif self.engine is not None:
            self.engine.advance(moment)
        if self.ats is not None:
            self.ats.advance(moment)
        self.ups.advance(moment)

    def _settle(self, now: float) -> None:
        """Carries what changed in one part to the others."""
        if self.engine is not None:
            self.engine.load_watts = self._genset_watts()
        if self.ats is not None:
            self.ats.set_sources(now, self.mains_good, self.genset_good)
        if self.dse is not None:
            self.dse.mains_volts = self.mains_volts
        output = self.output_volts
        if output != self._fed:
            self._fed = output
            self.ups.set_mains(now, output)
        if self.ups.load_watts != (watts := self.ups_watts):
            self.ups.advance(now)
            self.ups.load_watts = watts
        self._note(now)

    def _genset_watts(self) -> float:
        if self.ats is None or self.ats.position != "genset":
            return 0.0
        ups = self.ups
        through = (self.ups_watts if ups.output_on else 0.0) + (_CHARGER_WATTS if ups.charge < 1 else 0.0)
        return self.loads.get("heavy", 0.0) + through

    def _note(self, now: float) -> None:
        joined = (
            self.ats is not None
            and self.ats.mains_contact
            and self.ats.genset_contact
            and self.mains_volts > _LIVE_VOLTS
            and self.engine is not None
            and self.engine.volts > _LIVE_VOLTS
        )
        words = {"mains": ("mains.out", "mains.good"), "genset": ("genset.bad", "genset.good")}
        words |= {"ups": ("dark", "lit"), "joined": ("", "genset_against_mains")}
        state = {"mains": self.mains_good, "genset": self.genset_good, "ups": self.ups.output_on, "joined": joined}
        before = self._was or {**state, "joined": False}
        for name, holds in state.items():
            if holds != before[name] and (what := words[name][holds]):
                self.log.append((now, what))
                self.figures.genset_against_mains += what == "genset_against_mains"
        self._was = state
        for at, what in self.log[self._seen :]:
            self._count(at, what)
        self._seen = len(self.log)

    def _count(self, at: float, what: str) -> None:
        figures = self.figures
        if what == "crank":
            figures.cranks += 1
            self._crank_from = at
            if self._crank_end is not None:
                rest = at - self._crank_end
                figures.shortest_rest_s = min(
                    rest, rest if figures.shortest_rest_s is None else figures.shortest_rest_s
                )
        elif what == "crank.end" and self._crank_from is not None:
            figures.crank_s += at - self._crank_from
            figures.longest_crank_s = max(figures.longest_crank_s, at - self._crank_from)
            self._crank_from, self._crank_end = None, at
        elif what == "fired":
            self._crank_end = None
        elif what in ("ats.mains", "ats.genset"):
            figures.transfers += 1

    # --- what survives -----------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, object]:
        """Plain JSON: the mains and every part's own snapshot. What runs or moves is not kept."""
        parts = {"ups": self.ups, "engine": self.engine, "ats": self.ats, "dse": self.dse}
        kept = {name: part.snapshot() for name, part in parts.items() if part is not None}
        return {"mains_volts": self.mains_volts, "loads": dict(self.loads), **kept}

    def restore(self, kept: dict[str, object]) -> None:
        """Takes up a `snapshot`."""
        self.mains_volts = float(str(kept["mains_volts"]))
        loads = kept["loads"]
        if isinstance(loads, dict):
            self.loads = {str(name): float(watts) for name, watts in loads.items()}
        for name, part in (("ups", self.ups), ("engine", self.engine), ("ats", self.ats), ("dse", self.dse)):
            own = kept.get(name)
            if part is not None and isinstance(own, dict):
                part.restore(own)
        self._fed, self._was = None, {}
