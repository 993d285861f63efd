"""One measured figure beside its baseline and budget: the arithmetic, the JSON and the table."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit for the value itself, or for its ratio to the baseline."""

    of: Literal["value", "ratio"]
    least: bool
    """True: at least `limit`; False: at most."""
    limit: float

    def __str__(self) -> str:
        return f"{self.of} {'>=' if self.least else '<='} {self.limit:.3g}"

    def holds(self, value: float, ratio: float | None) -> bool:
        """Whether a measurement keeps it; a ratio that could not be made does not."""
        figure = value if self.of == "value" else ratio
        if figure is None:
            return False
        return figure >= self.limit if self.least else figure <= self.limit


@dataclass(frozen=True, slots=True)
class Figure:
    """A measurement. `ratio`: given where it is the median of pairs, else value / baseline. `note`: what was beside."""

    name: str
    value: float
    unit: str
    baseline: float | None = None
    budget: Budget | None = None
    given_ratio: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        if self.given_ratio is not None:
            return self.given_ratio
        return self.value / self.baseline if self.baseline else None

    @property
    def within(self) -> bool | None:
        """None: there is no budget."""
        return self.budget.holds(self.value, self.ratio) if self.budget else None

    def row(self) -> dict[str, Any]:
        """As in build/bench.json."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "baseline": self.baseline,
            "ratio": self.ratio,
            "budget": str(self.budget) if self.budget else None,
            "within": self.within,
            "note": self.note,
        }


def at_least(limit: float, of: Literal["value", "ratio"] = "ratio") -> Budget:
    """A lower limit."""
    return Budget(of, True, limit)


def at_most(limit: float, of: Literal["value", "ratio"] = "value") -> Budget:
    """An upper limit."""
    return Budget(of, False, limit)


def percentile(values: Sequence[float], per_cent: float) -> float:
    """Nearest rank: the smallest value that at least so many per cent do not exceed."""
    ranked = sorted(values)
    rank = -(-len(ranked) * per_cent // 100)
    return ranked[max(0, int(rank) - 1)]


def paired(name: str, unit: str, pairs: Sequence[tuple[float, float]], budget: Budget | None, note: str = "") -> Figure:
    """Medians of (ours, baseline), and the median of the pairs' ratios: drift between pairs cancels out."""
    ratios = [ours / other for ours, other in pairs]
    spread = f"pairs {min(ratios):.2f}..{max(ratios):.2f}"
    return Figure(
        name,
        statistics.median(ours for ours, _ in pairs),
        unit,
        statistics.median(other for _, other in pairs),
        budget,
        statistics.median(ratios),
        f"{note}; {spread}" if note else spread,
    )


def write(path: Path, figures: Iterable[Figure]) -> None:
    """The machine's copy of the table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([figure.row() for figure in figures], indent=1) + "\n", encoding="utf-8")


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def show(figures: Iterable[Figure]) -> None:
    """The table for people."""
    table = Table(title="Loket: budgets")
    for title in ("what", "value", "unit", "baseline", "ratio", "budget", "within", "note"):
        table.add_column(title, justify="right" if title in ("value", "baseline", "ratio") else "left")
    words = {True: "yes", False: "NO", None: ""}
    for one in figures:
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        budget = str(one.budget) if one.budget else ""
        figure = (_number(one.value), one.unit, _number(one.baseline), ratio, budget, words[one.within], one.note)
        table.add_row(one.name, *figure)
    Console(width=None if Console().is_terminal else 200).print(table)
