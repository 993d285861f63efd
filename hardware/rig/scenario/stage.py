"""What a scenario asks of a bench: a booth set up, things done to it at a moment, and what was seen.

A bench (`memory`, `pty`) has one class of this shape. The runner calls `start`, then `run_until` and `act` in turn,
reads `told` and `facts`, and `close`s. All times are seconds since `start` returned, on the bench's own clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class BoothPlan:
    """The booth that a scenario wants: its power equipment, and settings that differ from the usual ones.

    `power`: keys of the booth file's [power] with the tables `genset` and `energy`, as in TOML. The bench adds what is
    its own: names of devices, ports and pins. `genset = "contacts"` has a start relay and contacts; `"dse"` has a
    controller that starts it and tells its state, and only the ATS's contacts and inhibit beside it. With `board` the
    relays and all contacts but MAINS and DOOR hang on the power board, else on pins. `printer`: what feeds it.
    """

    genset: Literal["none", "contacts", "dse"] = "none"
    board: bool = False
    printer: Literal["ups", "mains"] = "ups"
    power: Mapping[str, Any] = field(default_factory=dict)
    plant: Mapping[str, float] = field(default_factory=dict)
    """The physical things, keys in `PLANT`; what is not named has the usual value."""
    desk: bool = False
    """With a front desk: tickets, calls, the screen, officers."""


#: Physical figures that a scenario may set, with the usual value on every bench. Seconds, watts, share.
PLANT: Mapping[str, float] = {
    "battery_s": 600.0,  # runtime of the full, new battery at full load
    "charge": 1.0,
    "health": 1.0,
    "load_w": 80.0,  # the essential loads; beside them 60 W (SHED_1), 40 W (SHED_2) and the printer
    "boot_s": 3.0,  # from power at the controller to the program's start
    "engine_factor": 4.0,  # how many times quicker than a real one the genset and its controller start and stop
    "fuel_pct": 80.0,
    "seed": 1.0,
    "light": 0.0,  # 1: nothing but camera and pad record, and devices are asked seldom (for thousands of runs)
}

#: The simulated UPS: rated watts, and its battery's exponent.
UPS_W, PEUKERT = 920.0, 1.15

#: A genset's sequence made short, so that a scenario takes seconds; a scenario's own [booth.power.genset] goes before.
BRISK: Mapping[str, float] = {
    "start_delay_s": 2.0,
    "crank_s": 3.0,
    "rest_s": 2.0,
    "warm_up_s": 2.0,
    "transfer_s": 3.0,
    "mains_steady_s": 5.0,
    "cool_down_s": 4.0,
    "stop_s": 5.0,
}


@dataclass(frozen=True, slots=True)
class Told:
    """One durable event of the booth as the coordinator got it, in the order of `seq`. `at`: when, seconds."""

    at: float
    seq: int
    kind: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Moved:
    """One physical change. `what`: a word (`mains`, `feeds`, `engine`, `ats`, `program`, `card`); `how`: its text."""

    at: float
    what: str
    how: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What truly is, whatever the booth believes. Counts are since `start`.

    `powered`: the controller has power. `running`: the booth program runs. `fed_by`: what carries the essential loads.
    `printer_powered`: of the card printer. `dark_s`: seconds in which the controller had no power; `dark_on_mains_s`:
    seconds of these (and of a controller that was halted and stays so) while the mains were good: a booth left dark.
    `cards_begun`: cards that the printer has taken in. `cut_in_print`: cards inside when the printer lost its power.
    """

    powered: bool
    running: bool
    mains_good: bool
    fed_by: Literal["mains", "battery", "genset", "none"]
    printer_powered: bool
    dark_s: float = 0.0
    dark_on_mains_s: float = 0.0
    halted: int = 0
    starts: int = 1
    cranks: int = 0
    transfers: int = 0
    connected_against_mains: int = 0
    cards_begun: int = 0
    cards_good: int = 0
    cards_spoiled: int = 0
    cut_in_print: int = 0
    moves: Sequence[Moved] = ()
    """The log, in order of time."""


def figure(booth: BoothPlan, name: str) -> float:
    """A physical figure of the plan, or the usual one."""
    return float(booth.plant.get(name, PLANT[name]))


def contacts_of(booth: BoothPlan) -> frozenset[str]:
    """Contacts of the genset's side that are wired, to pins or to the board."""
    if booth.genset == "none":
        return frozenset()
    ats = frozenset({"ats_mains", "ats_genset"})
    return ats if booth.genset == "dse" else ats | {"genset_running", "genset_fault", "fuel_low"}


def power_of(booth: BoothPlan) -> dict[str, Any]:
    """The booth file's [power] for this plan: what the scenario gives, and what the bench's UPS has on its plate."""
    battery_s = figure(booth, "battery_s")
    plate = {
        "steady_s": 5.0,
        "rated_w": UPS_W,
        "full_load_s": battery_s,
        "half_load_s": round(battery_s * 0.5**-PEUKERT, 1),
    }
    given = dict(booth.power)
    made: dict[str, Any] = {"print_on_battery": booth.printer == "ups", **given}
    made["energy"] = {**plate, **given.get("energy", {})}
    if booth.genset == "none":
        made.pop("genset", None)
    else:
        # The controller cools the engine down by its own time.
        own = {**BRISK, "stop_s": 25.0} if booth.genset == "dse" else BRISK
        made["genset"] = {**own, **given.get("genset", {})}
    return made


class Stage(Protocol):
    """One bench with one booth on it."""

    name: str
    """`memory`, `pty` or `bench`."""

    def start(self, booth: BoothPlan) -> None:
        """Set everything up; returns when the booth stands on good mains, connected, its devices found. That is 0 s."""

    @property
    def now(self) -> float:
        """Seconds since `start` returned."""

    def run_until(self, at: float) -> None:
        """Let time pass until `at`."""

    def act(self, words: str) -> str:
        """Do one of `hardware.rig.scenario.words`; what was done. Raises ValueError for what this bench cannot do."""

    def told(self) -> Sequence[Told]:
        """Every durable event since the scenario began (at or after 0 s), each once, in order of `seq`."""

    def telemetry(self) -> Mapping[str, Any]:
        """The last telemetry; empty when none came."""

    def facts(self) -> Facts:
        """How things stand now."""

    def drained(self) -> bool:
        """Whether the coordinator has all events and packets of the booth."""

    def versions(self) -> Mapping[str, str]:
        """Versions and serial numbers of programs and devices, where told."""

    def close(self) -> None:
        """Take everything down; may be called at any moment, also twice."""
