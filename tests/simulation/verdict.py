"""What must hold when a day is over, and what is still open while it is not."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from contract.messages import Outcome, PrintState
from tests.simulation.central import raster

if TYPE_CHECKING:
    from tests.simulation.world import World


@dataclass(frozen=True, slots=True)
class Verdict:
    """Counts of one run."""

    events: int
    cards: int
    spoiled: int
    uncertain: int
    crashes: int
    seconds: float


def finished(world: World) -> bool:
    """Every enrolment's card is printed, or the centre has said no."""
    rows = _jobs(world)
    opened = [one for one in _written(world) if one["kind"] == "enrolment.opened"]
    return len(rows) == len(opened) and all(row["state"] == "completed" for row in rows)


def uncertain(world: World) -> list[str]:
    """Jobs that the coordinator shows as waiting for a person's eyes."""
    return [row["job"] for row in _jobs(world) if row["state"] == "processing-stopped"]


def seen_in_printer(world: World, job: str) -> str:
    """What a person finds: a finished card of this job in the tray, or none."""
    wanted = sha256(raster(job)).hexdigest()
    good = [card for card in world.booth.bench.printer.path.tray if card.complete and card.k_sha256 == wanted]
    return "printed" if good else "spoiled"


def picture(world: World) -> str:
    """Where a stuck day stands."""
    booth = world.booth.booth
    return json.dumps(
        {
            "plan": repr(world.plan),
            "jobs": _jobs(world),
            "encodings": _rows(world, "SELECT * FROM encoding"),
            "outbox": len(world.booth.store.outbox),
            "blobs": sorted(world.booth.store.blobs),
            "booth": None if booth is None else repr(booth.state)[:4000],
            "lamps": sorted(world.booth.panel.lit),
            "printer": repr(world.booth.bench.printer.path)[:800],
        },
        default=str,
        indent=1,
    )


def judge(world: World) -> Verdict:
    """All invariants that apply. Raises AssertionError with what is wrong."""
    written = _written(world)
    _events(world, written)
    path = world.booth.bench.printer.path
    names = {sha256(raster(row["job"])).hexdigest(): row["job"] for row in _jobs(world)}
    printed = Counter(names.get(card.k_sha256 or "", "a stranger") for card in path.tray if card.complete)
    twice = {job: count for job, count in printed.items() if count > 1}
    assert not twice, f"cards printed twice: {twice}"
    assert "a stranger" not in printed, "a card was printed for nobody"
    assert set(printed) == set(names.values()), f"a job without its card: {set(names.values()) - set(printed)}"
    assert path.balanced(), "the blanks do not balance in the printer"
    spoiled = _count(world, "SELECT count(*) FROM card WHERE outcome = 'spoiled'")
    issued = _count(world, "SELECT count(*) FROM card WHERE outcome = 'printed'")
    # A blank that a cut or a jam touched before the booth read the counter is in the reject box of no job's attempt.
    assert issued == len(printed), f"{issued} cards counted as issued, {len(printed)} in the tray"
    assert issued + spoiled <= path.counter, "more cards are counted than were inserted"
    assert len(world.central.centre.registered()) == len(_opened(written)), "somebody is registered twice or not at all"
    _forged(world, written)
    _begun_with_power(written)
    states = Counter(one["body"]["state"] for one in written if one["kind"] == "print.changed")
    return Verdict(
        len(written),
        len(printed),
        spoiled,
        states[PrintState.UNCERTAIN],
        world.booth.starts - 1,
        world.clock.now - 1_000.0,
    )


def _events(world: World, written: list[dict[str, Any]]) -> None:
    """Everything that was ever committed at the booth is at the coordinator, once and in order."""
    here = _rows(world, "SELECT seq, id FROM event ORDER BY seq")
    assert [(row["seq"], row["id"]) for row in here] == [(one["seq"], one["id"]) for one in written], (
        f"{len(written)} events were committed at the booth, {len(here)} are at the coordinator"
    )
    assert _count(world, "SELECT coalesce(sum(lost), 0) FROM gap") == 0, "a gap was recorded"
    letters = _rows(world, "SELECT topic, reason FROM dead_letter")
    assert not letters, f"dead letters: {letters}"
    prefix = _count(world, "SELECT max(prefix) FROM stream")
    assert prefix == len(written), f"the coordinator has counted {prefix} of {len(written)}"


def _forged(world: World, written: list[dict[str, Any]]) -> None:
    told = [one for one in written if one["kind"] == "command.done" and one["body"]["outcome"] == Outcome.FORGED]
    wanted = sum(fault.kind == "forged" for fault in world.plan.faults)
    assert len(told) <= wanted, "a command of our own was taken for a forged one"


def _begun_with_power(written: list[dict[str, Any]]) -> None:
    """No card is begun while the booth itself knew that it was not on mains."""
    supply = "UNKNOWN"
    for one in written:
        if one["kind"] == "supply.changed":
            supply = one["body"]["supply"]
        if one["kind"] == "print.changed" and one["body"]["state"] == PrintState.PRINTING:
            assert supply == "ON_MAINS", f"a card was begun with the supply {supply}"


def _written(world: World) -> list[dict[str, Any]]:
    return [json.loads(raw) for _, raw in sorted(world.booth.store.written.items())]


def _opened(written: list[dict[str, Any]]) -> set[str]:
    return {one["body"]["nik"] for one in written if one["kind"] == "enrolment.opened"}


def _jobs(world: World) -> list[dict[str, Any]]:
    return _rows(world, "SELECT job, enrolment, state, attempt, why FROM print_job ORDER BY job")


def _count(world: World, query: str) -> int:
    with world.central.store.read() as connection:
        return int(connection.execute(text(query)).scalar() or 0)


def _rows(world: World, query: str) -> list[dict[str, Any]]:
    with world.central.store.read() as connection:
        return [dict(row._mapping) for row in connection.execute(text(query))]
