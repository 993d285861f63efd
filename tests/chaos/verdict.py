"""Counts after the dust has settled: the booth's memory, the coordinator's, the centre's, and the cards themselves."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from central.adapters.card_face import k_raster
from tests.chaos.site import CARDS, Site

Seen = dict[tuple[str, int], set[str]]


@dataclass
class Verdict:
    """What became of a run. `problems`: in words, everything that is not as it must be."""

    events: int = 0
    lost: int = 0
    doubled: int = 0
    cards: int = 0
    twice: int = 0
    balanced: bool = True
    problems: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Nothing lost, nothing doubled, every card accounted for, nothing else wrong."""
        return not (self.lost or self.doubled or self.twice or self.problems) and self.balanced

    def add(self, other: Verdict) -> Verdict:
        """Both runs as one."""
        return Verdict(
            self.events + other.events,
            self.lost + other.lost,
            self.doubled + other.doubled,
            self.cards + other.cards,
            self.twice + other.twice,
            self.balanced and other.balanced,
            self.problems + other.problems,
        )

    def line(self) -> str:
        """The one line."""
        blanks = "balanced" if self.balanced else "NOT balanced"
        return (
            f"events {self.events} lost {self.lost} doubled {self.doubled} cards {self.cards} "
            f"printed-twice {self.twice} blanks {blanks}"
        )


def judge(site: Site, seen: Seen) -> Verdict:
    """Compare everything that was written down. The programs have ended. `seen`: what the witness saw."""
    verdict = Verdict()
    with site.edge() as booth, site.central() as central:
        _events(verdict, booth, central, seen)
        _work(verdict, site, central)
        _cards(verdict, site, central)
    return verdict


def _events(verdict: Verdict, booth: sqlite3.Connection, central: sqlite3.Connection, seen: Seen) -> None:
    """The booth numbers what it commits without a gap: its last number says how many events there were."""
    (epoch,) = booth.execute("SELECT value FROM meta WHERE key='epoch'").fetchone()
    (held,) = booth.execute("SELECT coalesce(max(seq), 0) FROM outbox").fetchone()
    pruned = booth.execute("SELECT value FROM meta WHERE key='pruned'").fetchone()
    last = max(held, int(pruned[0]) if pruned else 0)
    kept = dict(central.execute("SELECT seq, id FROM event WHERE epoch=?", (epoch,)))
    missing = sorted(set(range(1, last + 1)) - set(kept))
    verdict.events, verdict.lost = last, len(missing)
    if missing:
        verdict.problems.append(f"numbers of lost events: {_some(missing)}")
    extra = sorted(set(kept) - set(range(1, last + 1)))
    foreign = central.execute("SELECT count(*) FROM event WHERE epoch!=?", (epoch,)).fetchone()[0]
    if extra or foreign:
        verdict.problems.append(f"events that the booth does not remember: {_some(extra)}, other epochs: {foreign}")
    twins = [name for name, count in Counter(kept.values()).items() if count > 1]
    verdict.doubled += len(twins)
    # The same number for two different events, or an event that the coordinator does not have.
    odd = {key: names for key, names in seen.items() if key[0] != epoch or names - {kept.get(key[1], "")}}
    verdict.doubled += sum(len(names) > 1 for names in odd.values())
    if odd:
        verdict.problems.append(f"seen on the wire but not kept like that: {_some(sorted(odd))}")
    for first, to, lost in central.execute("SELECT first, last, lost FROM gap"):
        verdict.problems.append(f"the coordinator tells of a gap {first}..{to}: {lost} events lost")
    for topic, reason in central.execute("SELECT topic, reason FROM dead_letter"):
        verdict.problems.append(f"dead letter {topic}: {reason}")
    streams = central.execute("SELECT prefix FROM stream WHERE epoch=?", (epoch,)).fetchall()
    if streams != [(last,)]:
        verdict.problems.append(f"the coordinator's prefix is {streams}, the booth's last event is {last}")


def _work(verdict: Verdict, site: Site, central: sqlite3.Connection) -> None:
    """Each applicant once, whatever was sent twice: the coordinator's tables against the events themselves."""
    told: dict[str, list[dict[str, Any]]] = {}
    for kind, payload in central.execute("SELECT kind, payload FROM event WHERE refused = '' ORDER BY seq"):
        told.setdefault(kind, []).append(json.loads(payload)["body"])
    opened = [body["nik"] for body in told.get("enrolment.opened", ())]
    verdict.doubled += len(opened) - len(set(opened))
    completed = {body["enrolment"] for body in told.get("enrolment.completed", ())}
    verdict.doubled += len(told.get("enrolment.completed", ())) - len(completed)
    _same(verdict, "enrolments", _ids(central, "SELECT enrolment FROM enrolment"), _bodies(told, "enrolment.opened"))
    _same(verdict, "encodings", _ids(central, "SELECT enrolment FROM encoding"), completed)
    _same(verdict, "print jobs", _ids(central, "SELECT enrolment FROM print_job"), completed)
    centre = site.bench.centre.enrolments
    _same(verdict, "registrations", set(centre), completed)
    niks = Counter(entry["nik"] for entry in centre.values())
    verdict.doubled += sum(count - 1 for count in niks.values())
    printed = {(body["job"], body["attempt"]) for body in told.get("print.changed", ()) if body["state"] == "printed"}
    spoiled = {(body["job"], body["attempt"]) for body in told.get("print.changed", ()) if body["state"] == "spoiled"}
    for outcome, wanted in (("printed", printed), ("spoiled", spoiled)):
        rows = central.execute("SELECT job, attempt FROM card WHERE outcome=?", (outcome,)).fetchall()
        _same(verdict, f"cards {outcome}", set(map(tuple, rows)), wanted)
    jobs = Counter(job for job, _ in printed)
    verdict.doubled += sum(count - 1 for count in jobs.values())


def _cards(verdict: Verdict, site: Site, central: sqlite3.Connection) -> None:
    """The cards that can be held in the hand."""
    printer = site.bench.printer
    jobs = {
        sha256(k_raster(job, nik)).hexdigest(): (job, state)
        for job, nik, state in central.execute("SELECT job, nik, state FROM print_job")
    }
    out = Counter(card.k_sha256 for card in printer.tray if card.complete)
    verdict.cards = out.total()
    verdict.twice = sum(count > 1 for count in out.values())
    for raster, count in out.items():
        job, _ = jobs.get(raster or "", ("", ""))
        if count > 1 or not job:
            verdict.problems.append(f"{count} complete cards of {job or 'no job that the coordinator knows'}")
    for raster, (job, state) in jobs.items():
        if (state == "completed") != (out[raster] > 0):
            verdict.problems.append(f"{job} is {state}, complete cards of it in the tray: {out[raster]}")
    query = "SELECT count(*) FROM card WHERE outcome IN ('printed', 'spoiled')"
    accounted = central.execute(query).fetchone()[0]
    left = len(printer.tray) + len(printer.rejected) + (printer.inside is not None)
    whole = printer.path.loaded == CARDS and printer.path.counter == left
    verdict.balanced = printer.balanced() and whole and accounted == left
    if not verdict.balanced:
        verdict.problems.append(
            f"blanks: loaded {printer.path.loaded}, feeder {printer.path.feeder}, tray {len(printer.tray)}, rejected "
            f"{len(printer.rejected)}, inserted {printer.path.counter}; accounted for by the coordinator: {accounted}"
        )


def _ids(db: sqlite3.Connection, query: str) -> set[str]:
    return {row[0] for row in db.execute(query)}


def _bodies(told: dict[str, list[dict[str, Any]]], kind: str) -> set[str]:
    return {body["enrolment"] for body in told.get(kind, ())}


def _same(verdict: Verdict, what: str, found: set[Any], wanted: set[Any]) -> None:
    if found != wanted:
        verdict.problems.append(
            f"{what}: not told of {_some(sorted(found - wanted))}, missing {_some(sorted(wanted - found))}"
        )


def _some(items: list[Any]) -> str:
    shown = ", ".join(map(str, items[:8]))
    return f"{shown} and {len(items) - 8} more" if len(items) > 8 else shown or "none"
