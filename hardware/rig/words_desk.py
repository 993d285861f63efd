"""The words of `loket rig` for the front desk: tickets, their paper, fingers on the reader, calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hardware.rig.bench_desk import SERVICES, BenchDesk
from hardware.rig.words_power import choice

if TYPE_CHECKING:
    from hardware.rig.bench import Bench

#: So many of the last tickets and calls are shown.
SHOWN = 3


class DeskWords:
    """What each word does at the front desk; ValueError says what may be said instead."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def known(self) -> dict[str, Callable[[list[str]], str]]:
        """Word -> what carries it out."""
        return {"ticket": self._ticket, "paper": self._paper, "finger": self._finger, "calls": self._calls}

    @property
    def _desk(self) -> BenchDesk:
        if self._bench.desk is None:
            raise ValueError("this booth has no front desk: its booth file has no [desk]")
        return self._bench.desk

    def _ticket(self, words: list[str]) -> str:
        assert self._desk
        self._bench.press(f"ticket_{choice('ticket', words, SERVICES)}")
        return f"pressed the button for {words[0]}"

    def _paper(self, words: list[str]) -> str:
        desk, ptys = self._desk, self._bench.ptys
        acts: dict[str, Callable[[], object]] = {
            "near-end": desk.printer.paper_near_end,
            "out": desk.printer.paper_out,
            "load": desk.printer.load_paper,
            "cover-open": desk.printer.open_cover,
            "cover-close": desk.printer.close_cover,
            "off": lambda: desk.turn(False, ptys.now()),
            "on": lambda: desk.turn(True, ptys.now()),
        }
        word = choice("paper", words, (*acts, "show"))
        if word == "show":
            return ptys.call(lambda: desk.shown(SHOWN))
        ptys.call(acts[word])
        return f"ticket printer: {word}"

    def _finger(self, words: list[str]) -> str:
        desk = self._desk
        if not words:
            raise ValueError("finger NAME (whose), or finger lift")
        if words == ["lift"]:
            self._bench.ptys.call(desk.finger.lift)
            return "nothing lies on the reader"
        name = " ".join(words)
        self._bench.ptys.call(lambda: desk.put(name))
        return f"{name}'s finger lies on the reader"

    def _calls(self, words: list[str]) -> str:
        if words:
            raise ValueError("calls takes no further word")
        desk = self._desk
        return "\n".join(f"{desk.calls_folder}/{name}" for name in desk.calls(SHOWN)) or "nothing was called"
