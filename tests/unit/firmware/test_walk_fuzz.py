"""The board keeps its promises under anything, and the walk that says so finds a board that does not."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from contract import power_wire as wire
from firmware import board as boards
from firmware import interlock
from tests.tools.fuzz import rounds
from tests.unit.firmware import walk


def test_fuzz_whatever_happens_the_plant_is_safe() -> None:
    """20,000 events in `make test`, a million in `make fuzz`."""
    events = rounds(20_000) * (10 if os.environ.get("LOKET_FUZZ") else 1)
    done = walk.run(seed=20_261, events=events)
    assert all(done.seen.values()), f"the walk never came near some edge: {done.seen}"
    assert done.refused == (1 << len(wire.REFUSALS)) - 1, wire.words(done.refused, wire.REFUSALS)


Plant = Callable[[pytest.MonkeyPatch], None]


def _crank_unbounded(patch: pytest.MonkeyPatch) -> None:
    real = interlock._start

    def start(state: interlock.State, wanted: int, *rest: object) -> int:
        state.crank_ms = 0
        return real(state, wanted, *rest)  # type: ignore[arg-type]

    patch.setattr(interlock, "_start", start)


def _no_rest(patch: pytest.MonkeyPatch) -> None:
    def end(state: interlock.State, limits: interlock.Limits) -> None:
        state.start = False
        state.crank_ms = 0

    patch.setattr(interlock, "_end_of_crank", end)


def _never_locked(patch: pytest.MonkeyPatch) -> None:
    real = interlock._end_of_crank

    def end(state: interlock.State, limits: interlock.Limits) -> None:
        real(state, limits)
        state.locked = False

    patch.setattr(interlock, "_end_of_crank", end)


def _mains_unheeded(patch: pytest.MonkeyPatch) -> None:
    real = interlock._permit

    def permit(state: interlock.State, *rest: object) -> int:
        state.mains, state.absent_ms = False, 1 << 20
        return real(state, *rest)  # type: ignore[arg-type]

    patch.setattr(interlock, "_permit", permit)


def _both_unheeded(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(interlock, "_both_closed", lambda *_: 0)


def _both_not_latched(patch: pytest.MonkeyPatch) -> None:
    real = interlock._both_closed

    def both(state: interlock.State, *rest: object) -> int:
        state.both = False
        return real(state, *rest)  # type: ignore[arg-type]

    patch.setattr(interlock, "_both_closed", both)


def _no_deadman(patch: pytest.MonkeyPatch) -> None:
    real = boards.Board._pass

    def passing(board: boards.Board, now_ms: int) -> None:
        board._silent_ms = 0
        real(board, now_ms)

    patch.setattr(boards.Board, "_pass", passing)


def _heard_is_enough(patch: pytest.MonkeyPatch) -> None:
    """After a deadman any frame brings the old relays back, a DRIVE is not waited for."""
    real = boards.Board._obey

    def obey(board: boards.Board, frame: wire.Frame) -> bool:
        if board._tripped:
            board.report.driven = True
        return real(board, frame)

    patch.setattr(boards.Board, "_obey", obey)


def _foreign_obeyed(patch: pytest.MonkeyPatch) -> None:
    real = boards.Board._obey

    def obey(board: boards.Board, frame: wire.Frame) -> bool:
        frame.version = wire.VERSION
        return real(board, frame)

    patch.setattr(boards.Board, "_obey", obey)


@pytest.mark.parametrize(
    ("plant", "finding"),
    [
        (_crank_unbounded, "longer than it may"),
        (_no_rest, "without its rest"),
        (_never_locked, "once more than it may"),
        (_mains_unheeded, "while the mains are there"),
        (_both_unheeded, "both places"),
        (_both_not_latched, "both places"),
        (_no_deadman, "nobody drives"),
        (_heard_is_enough, "nobody drives"),
        (_foreign_obeyed, "nobody asks|nobody drives|not shed"),
    ],
)
def test_a_board_with_this_fault_is_found_out(plant: Plant, finding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises(walk.ViolationError, match=finding):
        walk.run(seed=20_261, events=20_000)
