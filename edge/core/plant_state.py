"""What is known of the booth's power: the states of all parts, and what one part may see of another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from contract.messages import Supply
from edge.core import alarms, battery, conditions, energy, genset, power, shutdown, upkeep
from edge.core.battery import Estimate
from edge.core.energy import Answer, Kind, Left
from edge.core.events import Contact, Relay
from edge.core.settings import GensetSettings, Settings


@dataclass(frozen=True, slots=True)
class Machine:
    """Row `machine`: the run of the machine that the rows were written in."""

    id: str = ""


UNASKED: Final = Answer("the supply is not known yet: check the mains contact and the UPS", None)


@dataclass(frozen=True, slots=True)
class State:
    """All parts, and what was last ordered. `at`: time of the last step."""

    power: power.State = field(default_factory=power.State)
    genset: genset.State = field(default_factory=genset.State)
    battery: battery.State = field(default_factory=battery.State)
    energy: energy.State = field(default_factory=energy.State)
    shutdown: shutdown.State = field(default_factory=shutdown.State)
    alarms: alarms.State = field(default_factory=alarms.State)
    upkeep: upkeep.State = field(default_factory=upkeep.State)
    seen: conditions.Seen = field(default_factory=conditions.Seen)
    machine: Mapping[str, Machine] = field(default_factory=dict)
    at: float = 0.0
    due: float | None = None
    """When anything here ends by time; as of the last step."""
    relays: frozenset[Relay] | None = None
    key_on: bool | None = None
    """Whether the genset's controller was asked to run; None after a start: an earlier run may have asked it."""
    key_failed: bool = False
    """It advertises the key and lacks it: the start relay does the work."""
    muted: bool = False
    fed_since: float | None = None
    """Since when mains or genset carry the load; from the first look on they count as steady."""
    confirmed: bool = True
    """Whether more than one source has said that the last outage is over."""
    wall: float | None = None
    """Unix seconds minus monotonic seconds."""
    busy: Mapping[Kind, bool] = field(default_factory=dict)
    may_record: Answer = UNASKED
    may_print: Answer = UNASKED
    left: Left | None = None
    estimate: Estimate | None = None
    """The battery, as of the last step."""
    sounded_at: float = float("-inf")

    @property
    def supply(self) -> Supply:
        return self.power.supply

    @property
    def saved(self) -> tuple[Mapping[str, Any], ...]:
        """Rows of all parts, for the journal."""
        return (
            self.power.saved,
            self.genset.saved,
            self.battery.saved,
            self.energy.saved,
            self.alarms.saved,
            self.upkeep.saved,
            self.machine,
        )


def restore(rows: Mapping[str, Any]) -> State:
    """The parts as the last commit left them."""

    def part(word: str) -> dict[str, Any]:
        return {key: row for key, row in rows.items() if key.partition("/")[0] == word}

    supply = part("supply")
    sequence = rows.get("sequence")
    usage = part("usage")
    clean = bool(supply) and supply["supply"].supply is Supply.OFF
    return State(
        power=power.State(saved=supply) if supply else power.State(),
        genset=genset.restore(sequence) if isinstance(sequence, genset.Saved) else genset.State(),
        battery=battery.restore(part("battery"), clean=clean),
        energy=energy.State(saved=part("need")),
        alarms=alarms.State(saved=part("alarm")),
        upkeep=upkeep.State(saved=usage) if usage else upkeep.State(),
        machine=part("machine"),
    )


def relays(state: State, settings: Settings) -> frozenset[Relay]:
    """What the relays shall be. Without a genset only loads are shed."""
    on = genset.relays(state.genset) if settings.genset is not None else genset.SAFE
    if by_key(state, settings):
        on -= {Relay.GENSET_START}
    shed = state.shutdown.shed
    return on | ({Relay.SHED_1} if shed >= 1 else set()) | ({Relay.SHED_2} if shed >= 2 else set())


def looked(state: State, settings: Settings) -> bool:
    """Whether it is known, after a start, where the engine and the ATS are."""
    return settings.genset is None or state.genset.looked


def by_key(state: State, settings: Settings) -> bool:
    """Whether the genset's controller starts it, and not the start relay."""
    engine = settings.genset
    return engine is not None and engine.device is not None and not state.key_failed


def given(state: State, settings: Settings) -> GensetSettings:
    """The sequence's times. A controller cranks and rests by itself: one attempt of ours is all of its own."""
    engine = settings.genset
    assert engine is not None
    if not by_key(state, settings):
        return engine
    return replace(engine, crank_s=engine.attempts * (engine.crank_s + engine.rest_s) + 5.0, attempts=1)


def view(state: State, now: float, settings: Settings) -> genset.View:
    """What the genset's sequence decides from."""
    return genset.View(
        mains=state.power.mains,
        mains_since=state.power.mains_since,
        line=state.power.line,
        running=power.running(state.power, now, settings),
        good=power.verified(state.power, now, settings),
        ats=power.position(state.power),
        fault=conditions.engine_fault(state.power, now, settings),
        latched=conditions.engine_stops(state.power, now, settings) != [],
        barred="the booth has passed its point of no return" if state.shutdown.stage == "committed" else "",
    )


def upkeep_figures(state: State, now: float, settings: Settings) -> upkeep.Figures | None:
    """Run hours and fuel; None without a genset."""
    if settings.genset is None:
        return None
    reading = power.engine(state.power, now, settings)
    low = power.level(state.power, Contact.FUEL_LOW)
    return upkeep.figures(state.upkeep, reading.fuel_pct if reading else None, low, settings.genset)
