"""Random power episodes in virtual time: from normal through their faults to rest, with people and prints under way.

`python -m tests.simulation.episodes [--episodes N] [--seed FIRST] [--jobs N]`, or `--one SEED [--ignoring]`. First all
with the booth's own decisions, then all with a policy that ignores the power. Exits non-zero when a card was lost to a
print that was begun without the energy, or when a booth stayed dark after the mains had returned.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import random
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Literal

from contract.messages import PrintState
from edge.__main__ import Core
from edge.core import commands as do
from edge.core import controller
from edge.core.controller import State
from edge.core.energy import Answer
from edge.core.events import Event
from hardware.rig.memory.stage import MemoryBench
from hardware.rig.scenario.measure import supplies
from hardware.rig.scenario.stage import BoothPlan

CHUNK = 20
SHOWN = 10
README = Path("README.md")
MARKS = ("<!-- episodes -->", "<!-- /episodes -->")
#: Seconds after the last fault within which everything must be at rest.
PATIENCE_S = 900.0
LOOK_S = 5.0
#: After the UPS's own time to restore (s): the boot, and its own hesitation.
DARK_GRACE_S = 30.0

#: Ten times quicker than a real plant, so that an episode has as much in it as a real hour.
GENSET = {
    "start_delay_s": 2.0,
    "crank_s": 4.0,
    "rest_s": 3.0,
    "warm_up_s": 4.0,
    "transfer_s": 3.0,
    "mains_steady_s": 12.0,
    "cool_down_s": 8.0,
    "stop_s": 8.0,
    "retry_s": 120.0,
}
ENERGY = {
    "rated_w": 920.0,
    "recharge_s": 14_400.0,
    "record_s": 30.0,
    "print_s": 40.0,
    "reserve_s": 10.0,
    "shed_1_s": 120.0,
    "shed_2_s": 70.0,
    "shutdown_s": 35.0,
    "closing_s": 6.0,
    "off_s": 12.0,
    "back_min": 1,
    "steady_s": 15.0,
}


class IgnoringPower(Core):
    """A booth that does not look at its supply: it begins whatever is asked for, and never shuts down in order."""

    @staticmethod
    def step(state: State, event: Event, now: float) -> tuple[State, list[do.Command]]:
        idle = replace(state.plant, may_record=Answer(), may_print=Answer(), due=None)
        if _of_power(event, state):
            return state, []
        state, commands = controller.step(replace(state, plant=idle, no_print=""), event, now)
        plant = replace(state.plant, may_record=Answer(), may_print=Answer(), due=None)
        return replace(state, plant=plant), [one for one in commands if not isinstance(one, (do.SetRelays,))]


def _of_power(event: Event, state: State) -> bool:
    """Whether the event is of the supply: this policy does not hear it."""
    settings = state.settings
    genset = settings.genset.device if settings.genset else None
    device = getattr(event, "device", "")
    return bool(device and device in (settings.ups, settings.board, genset)) or hasattr(event, "contact")


@dataclass(frozen=True, slots=True)
class Episode:
    """One episode: the booth, and what is done to it. `heals_at`: when everything is well again."""

    seed: int
    booth: BoothPlan
    acts: tuple[tuple[float, str], ...]
    heals_at: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one episode. Times in seconds."""

    lost_without_energy: int = 0
    """Cards that were inside the printer when its power went, begun when nothing but the battery fed it."""
    cut: int = 0
    """All cards that were inside when the printer's power went."""
    cut_on_ups: int = 0
    """Of these, in a printer that hangs on the UPS."""
    spoiled: int = 0
    left_dark: int = 0
    dark_s: float = 0.0
    stopped_s: float = 0.0
    """The booth program did not run."""
    printed: int = 0
    recorded: int = 0
    outages: int = 0
    gensets: int = 0
    halted: int = 0
    uncertain: int = 0
    seconds: float = 0.0
    events: int = 0

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


@dataclass(frozen=True, slots=True)
class Failure:
    """An episode that went wrong."""

    seed: int
    what: str


def episode(seed: int) -> Episode:
    """Chosen by the seed alone."""
    chance = random.Random(f"episode{seed}")
    genset: Literal["none", "contacts", "dse"] = chance.choices(("none", "contacts", "dse"), (50, 35, 15))[0]  # type: ignore[assignment]
    battery_s = chance.uniform(12.0, 80.0)
    plan = BoothPlan(
        genset=genset,
        board=genset != "none" and chance.random() < 0.3,
        printer="ups" if chance.random() < 0.75 else "mains",
        power={
            "genset": GENSET,
            "energy": _plate(battery_s),
            "ups_poll_s": 5.0,
            "ups_stale_s": 15.0,
            "genset_poll_s": 4.0,
            "genset_stale_s": 15.0,
            "telemetry_s": 60.0,
        },
        plant={
            "battery_s": battery_s,
            "charge": chance.choice((1.0, 1.0, 1.0, chance.uniform(0.1, 1.0))),
            "health": chance.choice((1.0, 1.0, 0.8, chance.uniform(0.15, 1.0))),
            "load_w": chance.uniform(60.0, 260.0),
            "engine_factor": 4.0,
            "light": 1.0,
            "boot_s": 4.0,
            "seed": float(seed % 1000),
        },
    )
    acts: list[tuple[float, str]] = []
    at = chance.uniform(2.0, 8.0)
    for _ in range(chance.choice((1, 1, 2, 3))):
        length = chance.choice((chance.uniform(0.1, 0.9), chance.uniform(1, 30), chance.uniform(15, 90)))
        length = chance.uniform(150, 600) if chance.random() < 0.15 else length
        acts += _outage(chance, at, length)
        at += length + chance.uniform(0.5, 25.0)
    end = max(moment for moment, _ in acts)
    acts += _faults(chance, plan, end)
    acts += [(chance.uniform(0.0, end), "applicant") for _ in range(chance.choice((0, 1, 1, 2)))]
    acts += [(chance.uniform(0.0, end), "print") for _ in range(chance.choice((1, 2, 3, 5)))]
    heals_at = max(moment for moment, _ in acts) + 2.0
    steps = sum(word.startswith("clock") for _, word in acts)
    if steps:
        acts.append((heals_at, f"clock step {-86400 * steps}"))
    acts += _healed(plan, heals_at)
    return Episode(seed, plan, tuple(sorted(acts)), heals_at)


def _plate(battery_s: float) -> dict[str, float]:
    """The booth file's figures of this battery: runtime at full and at half load."""
    return ENERGY | {"full_load_s": battery_s, "half_load_s": battery_s * 2**1.15}


def _outage(chance: random.Random, at: float, length: float) -> list[tuple[float, str]]:
    kind = chance.random()
    if length < 1.0:
        return [(at, f"mains dip {length:.2f}"), (at + length, "mains on")]
    if kind < 0.15:
        return [(at, f"mains {chance.uniform(90, 160):.0f}"), (at + length, "mains on")]
    if kind < 0.3:
        return [(at, f"mains bounce {chance.randint(2, 6)} {chance.randint(30, 400)}"), (at + length, "mains on")]
    return [(at, "mains off"), (at + length, "mains on")]


def _faults(chance: random.Random, plan: BoothPlan, end: float) -> list[tuple[float, str]]:
    """Mostly none or one besides the outages; each lasts until everything is healed."""
    words = ["ups silent", "ups garbage", "ups unplug", "battery lying", "kill edge", "link down", "clock step 86400"]
    words += ["contact mains stuck-on", "contact mains stuck-off", "battery health 0.3", f"battery charge {0.2}"]
    if plan.genset != "none":
        words += ["genset no-start", "genset starts-on 2", "genset starts-on 3", "genset stalls 20", "genset fuel 0"]
        words += ["ats stuck mains", "ats stuck genset", "genset no-volts", "genset low-oil", "genset no-stop"]
    if plan.genset == "dse":
        words += ["genset silent", "genset unplug"]
    if plan.board:
        words += ["board silent", "board unplug", "board reset"]
    count = chance.choices((0, 1, 2), (4, 4, 2))[0]
    return [(chance.uniform(0.0, end), chance.choice(words)) for _ in range(count)]


def _healed(plan: BoothPlan, at: float) -> list[tuple[float, str]]:
    words = ["mains on", "contact mains free", "ups normal", "ups plug", "battery honest", "link up"]
    if plan.genset != "none":
        words += ["genset healthy", "genset fuel 80", "ats stuck free"]
    if plan.genset == "dse":
        words += ["genset normal", "genset plug"]
    if plan.board:
        words += ["board normal", "board plug"]
    return [(at + 0.01 * n, word) for n, word in enumerate(words)]


def run(given: Episode, core: type[Core] = Core) -> Outcome:
    """One episode to its rest. Raises AssertionError with what is wrong."""
    bench = MemoryBench(core)
    bench.start(given.booth)
    for at, word in given.acts:
        bench.run_until(at)
        bench.act(word)
    bench.run_until(given.heals_at + 1.0)
    dark = False
    while not _rests(bench) and not dark:
        if bench.now > given.heals_at + PATIENCE_S:
            raise AssertionError(f"not at rest {PATIENCE_S:g} s after the last fault: {_picture(bench)}")
        bench.run_until(bench.now + LOOK_S)
        down = bench.controller.booth is None
        dark = down and bench.now > given.heals_at + 60.0 * ENERGY["back_min"] + ENERGY["off_s"] + DARK_GRACE_S
    return _outcome(bench, dark)


def _rests(bench: MemoryBench) -> bool:
    """Everything delivered, nobody waits, no card is open but those that need a person's eyes."""
    printer = bench.plant.printer
    if printer.powered and printer.path.inside is not None and not printer.path.busy and printer.path.error:
        printer.clear_jam()  # The technician takes the card out.
    there = bench.controller.booth is not None and supplies(bench.told())[-1:] in ([], ["ON_MAINS"])
    return there and bench.drained() and not bench.people.waiting and not bench.coordinator.open_jobs()


def _jobs(bench: MemoryBench) -> dict[str, str]:
    return {one.body["job"]: one.body["state"] for one in bench.told() if one.kind == "print.changed"}


def _picture(bench: MemoryBench) -> str:
    booth = bench.controller.booth
    return (
        f"waiting {bench.people.waiting}, jobs {_jobs(bench)}, drained {bench.drained()}, supplies "
        f"{supplies(bench.told())[-4:]}, facts {replace(bench.facts(), moves=())}, "
        f"plant {None if booth is None else repr(booth.state.plant)[:1500]}"
    )


def _outcome(bench: MemoryBench, dark: bool) -> Outcome:
    facts, told = bench.facts(), bench.told()
    numbers = [one.seq for one in told]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else True, "an event is missing"
    assert facts.connected_against_mains == 0, "the genset was connected against the mains"
    words = [(move.at, move.how) for move in facts.moves if move.what == "program"]
    stopped, down = 0.0, None
    for at, how in words:
        if how == "ends":
            down = at
        elif how == "starts" and down is not None:
            stopped, down = stopped + at - down, None
    jobs = list(_jobs(bench).values())
    return Outcome(
        lost_without_energy=bench.plant.cut_begun_on_battery,
        cut=facts.cut_in_print,
        cut_on_ups=facts.cut_in_print if bench.plan.printer == "ups" else 0,
        spoiled=facts.cards_spoiled,
        left_dark=int(dark),
        dark_s=facts.dark_s,
        stopped_s=stopped + (bench.now - down if down is not None else 0.0),
        printed=facts.cards_good,
        recorded=sum(one.kind == "enrolment.completed" for one in told),
        outages=supplies(told).count("ON_BATTERY"),
        gensets=supplies(told).count("ON_GENSET"),
        halted=facts.halted,
        uncertain=jobs.count(PrintState.UNCERTAIN),
        seconds=bench.now,
        events=len(told),
    )


def outcome(seed: int, ignoring: bool) -> Outcome | Failure:
    """One episode by its seed."""
    try:
        found = run(episode(seed), IgnoringPower if ignoring else Core)
    except Exception as error:
        return Failure(seed, f"{type(error).__name__}: {error}")
    if not ignoring and (found.lost_without_energy or found.left_dark):
        return Failure(seed, f"a card lost without energy, or a booth left dark: {found}")
    return found


def many(seeds: range, ignoring: bool) -> list[Outcome | Failure]:
    """A worker's share. What an episode leaves behind is collected between episodes, not within them."""
    logging.disable(logging.CRITICAL)
    gc.disable()
    try:
        found = []
        for seed in seeds:
            found.append(outcome(seed, ignoring))
            if seed % 8 == 0:
                gc.collect()
        return found
    finally:
        gc.enable()


def results(first: int, count: int, jobs: int, ignoring: bool = False) -> Iterator[Outcome | Failure]:
    """All episodes, over the processors."""
    chunks = [range(at, min(at + CHUNK, first + count)) for at in range(first, first + count, CHUNK)]
    with ProcessPoolExecutor(jobs) as pool:
        for part in pool.map(many, chunks, [ignoring] * len(chunks)):
            yield from part


def table(count: int, ours: Outcome, ignoring: Outcome) -> str:
    """The comparison as the README shows it."""

    mains_fed = ignoring.cut - ignoring.cut_on_ups

    def row(what: str, one: float, other: float) -> str:
        return f"| {what} | {one:,.0f} | {other:,.0f} |"

    lost = ours.lost_without_energy, ignoring.lost_without_energy

    return "\n".join(
        (
            f"| {count:,} power episodes | Loket | ignoring the power |",
            "|---|---:|---:|",
            row("cards lost to a print begun without the energy", *lost),
            row("cards inside a printer on the UPS when its power went", ours.cut_on_ups, ignoring.cut_on_ups),
            row("cards inside a printer on the mains when they went", ours.cut - ours.cut_on_ups, mains_fed),
            row("cards spoiled or in doubt", ours.spoiled + ours.uncertain, ignoring.spoiled + ignoring.uncertain),
            row("booths left dark after the mains returned", ours.left_dark, ignoring.left_dark),
            row("minutes in which the booth did not run", ours.stopped_s / 60, ignoring.stopped_s / 60),
            row("outages carried by the genset", ours.gensets, ignoring.gensets),
            row("cards printed", ours.printed, ignoring.printed),
        )
    )


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.episodes", description=__doc__)
    parser.add_argument("--episodes", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1, help="first seed; the others follow")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--one", type=int, help="run this seed alone, and tell what happens")
    parser.add_argument("--ignoring", action="store_true", help="with --one: the policy that ignores the power")
    parser.add_argument("--readme", action="store_true", help="put the table into README.md")
    given = parser.parse_args()
    if given.one is not None:
        return _one(given.one, IgnoringPower if given.ignoring else Core)
    failures: list[Failure] = []
    sums, took = [Outcome(), Outcome()], [0.0, 0.0]
    for ignoring in (False, True):
        begun = time.monotonic()
        for result in results(given.seed, given.episodes, given.jobs, ignoring):
            if isinstance(result, Failure):
                failures.append(result)
                if len(failures) <= SHOWN:
                    again = f"--one {result.seed}" + (" --ignoring" if ignoring else "")
                    print(f"seed {result.seed} failed: {result.what[:3000]}")
                    print(f"  again: python -m tests.simulation.episodes {again}")
            else:
                sums[ignoring] += result
        took[ignoring] = time.monotonic() - begun
    ours, theirs = sums
    text = table(given.episodes, ours, theirs)
    print(text)
    print(
        f"episodes {given.episodes} failed {len(failures)} lost {ours.lost_without_energy} dark {ours.left_dark} "
        f"outages {ours.outages} halted {ours.halted} events {ours.events} simulated {ours.seconds / 3600:.1f} h "
        f"in {took[0]:.0f} s; ignoring the power {theirs.seconds / 3600:.1f} h in {took[1]:.0f} s"
    )
    if given.readme and not failures:
        before, rest = README.read_text().split(MARKS[0])
        README.write_text(f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{rest.split(MARKS[1])[1]}")
    return 1 if failures else 0


def _one(seed: int, core: type[Core]) -> int:
    given = episode(seed)
    print(given.booth)
    for at, word in given.acts:
        print(f"{at:8.2f}  {word}")
    print(run(given, core))
    return 0


if __name__ == "__main__":
    sys.exit(main())
