"""A run for people (timeline, table, verdict) and for machines (JSON)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hardware.rig.scenario.measure import Measurement
from hardware.rig.scenario.run import Done, Run
from hardware.rig.scenario.stage import Moved, Told

#: Fields of an event that its line of the timeline shows, in this order.
_SHOWN: dict[str, tuple[str, ...]] = {
    "supply.changed": ("supply", "cause"),
    "mains.dipped": ("seconds", "lowest_v"),
    "genset.changed": ("phase", "attempt", "verified", "cause"),
    "load.shed": ("stage", "cause"),
    "shutdown.changed": ("stage", "cause"),
    "ups.tested": ("passed", "cause"),
    "alarm.changed": ("alarm", "state", "priority", "cause"),
    "device.changed": ("device", "state", "error"),
    "print.changed": ("job", "state", "cause"),
    "command.done": ("command", "outcome", "reason"),
    "enrolment.attempt": ("modality", "accepted", "reason"),
}


def text(run: Run) -> str:
    """Timeline, table and verdict."""
    head = run.scenario.scenario
    lines = [f"{run.name} ({run.bench})", f"  {head.title.id}", f"  {head.title.en}", ""]
    lines += [_timeline_line(one) for one in run.timeline()]
    lines += ["", *table(run), "", f"{run.name}: {run.verdict.line()}"]
    return "\n".join(lines)


def _timeline_line(one: Done | Told | Moved) -> str:
    match one:
        case Done(at=at, do=do, answer=answer):
            return f"{at:8.2f} s  >> {do}{f'  ({answer})' if answer and answer != do else ''}"
        case Moved(at=at, what=what, how=how):
            return f"{at:8.2f} s     {what}: {how}"
        case Told(at=at, kind=kind, body=body):
            return f"{at:8.2f} s        {kind} {_body(kind, body)}".rstrip()


def _body(kind: str, body: Mapping[str, Any]) -> str:
    shown = _SHOWN.get(kind, ())
    values = (body.get(key) for key in shown)
    return " | ".join(str(value) for value in values if value not in ("", None))


def table(run: Run) -> list[str]:
    """What must hold, what was measured, and whether it did."""
    rows = [("what", "limit", "measured", "")]
    for line in (*run.verdict.expected, *run.verdict.rules):
        rows.append((line.what, line.limit, line.measured, "held" if line.held else "FAILED"))
    widths = [min(60, max(len(row[column]) for row in rows)) for column in range(3)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, (*widths, 0), strict=True)).rstrip() for row in rows
    ]


def as_json(run: Run) -> dict[str, Any]:
    """Everything of a run: measurements with their limits, the bench, versions and serial numbers, the timeline."""
    head = run.scenario.scenario
    return {
        "scenario": run.name,
        "family": head.family,
        "title": head.title.model_dump(),
        "bench": run.bench,
        "verdict": "HELD" if run.verdict.held else "FAILED",
        "failed": [one.what for one in run.verdict.failed],
        "versions": run.versions,
        "booth": run.scenario.booth.model_dump(),
        "expected": [_line(one) for one in run.verdict.expected],
        "rules": [_line(one) for one in run.verdict.rules],
        "timeline": [_entry(one) for one in run.timeline()],
    }


def _line(one: Measurement) -> dict[str, Any]:
    return {"what": one.what, "limit": one.limit, "measured": one.measured, "held": one.held}


def _entry(one: Done | Told | Moved) -> dict[str, Any]:
    at = round(one.at, 3)
    match one:
        case Done():
            return {"at": at, "done": one.do, "answer": one.answer}
        case Moved():
            return {"at": at, "moved": one.what, "how": one.how}
        case Told():
            return {"at": at, "told": one.kind, "seq": one.seq, "body": dict(one.body)}


def write(run: Run, path: Path) -> None:
    """The JSON report."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(as_json(run), indent=1, ensure_ascii=False, default=str) + "\n", encoding="utf-8")
