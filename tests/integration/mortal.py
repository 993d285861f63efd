"""The real booth program, killed by itself at a commit of a recording: `python -m tests.integration.mortal BOOTH_FILE`.

Reads one order a line: `-` to run; `before STEP` or `after STEP` to be gone (SIGKILL) at that commit; `before judged
MODALITY` and `while judged MODALITY` for the time between a device's delivery and its commit. The program is loaded
once and runs in a child that is forked for each order, so that a start costs no second of imports. Answers with the
child's process id, then with how it ended. Each commit of a recording is written into the file named by TRAIL.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edge import __main__ as program
from edge.adapters.judge import Judge
from edge.adapters.store import SqliteStore
from edge.core.applicant import Enrolment, Stage
from edge.core.commands import DropBlob, KeepBlob
from edge.core.events import CaptureTaken
from edge.core.settings import DEFAULT_ORDER

_PR_SET_PDEATHSIG = 1
#: By then the judge's process has a finger, and is not done with four.
JUDGING_S = 0.4


def step_of(changes: Mapping[str, object | None], blobs: Sequence[KeepBlob | DropBlob]) -> str:
    """What a commit does to the recording; empty: it changes neither an enrolment nor a capture."""
    captures = [blob.name.partition("/")[2] for blob in blobs if isinstance(blob, KeepBlob) and "/" in blob.name]
    if captures:
        return f"captured {captures[0].partition('.')[0]}"
    rows = [row for key, row in changes.items() if key.startswith("enrolment/")]
    match rows:
        case []:
            return "dropped" if any("/" in blob.name for blob in blobs) else ""
        case [None]:
            return "assembled"
        case [Enrolment(stage=Stage.WAITING, standing="unasked")]:
            return "opened"
        case [Enrolment(stage=Stage.WAITING)]:
            return "checked"
        case [Enrolment(stage=Stage.RECORDING, attempt=attempt, done=done)] if attempt:
            return f"asked {DEFAULT_ORDER[len(done)].value}"
    return f"something else: {rows}"


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _lay_mines(order: str, trail: str) -> None:
    """The commit, and the handing over to the judge, as they are, with death before or after the step of the order."""
    commit, ask = SqliteStore.commit, Judge.ask

    def mortal_commit(
        self: SqliteStore,
        changes: Mapping[str, object | None],
        records: Sequence[tuple[int, bytes]] = (),
        prune: int | None = None,
        blobs: Sequence[KeepBlob | DropBlob] = (),
        deeds: Sequence[Any] = (),
    ) -> None:
        step = step_of(changes, blobs)
        if step and order == f"before {step}":
            _die()
        commit(self, changes, records, prune, blobs, deeds)
        if step:
            with Path(trail).open("a", encoding="utf-8") as out:
                out.write(f"{step}\n")
            if order == f"after {step}":
                _die()

    def mortal_ask(self: Judge, taken: CaptureTaken) -> None:
        if order == f"before judged {taken.modality.value}":
            _die()
        ask(self, taken)
        if order == f"while judged {taken.modality.value}":
            threading.Timer(JUDGING_S, _die).start()

    SqliteStore.commit = mortal_commit  # type: ignore[method-assign]
    Judge.ask = mortal_ask  # type: ignore[method-assign]


def _live(order: str, booth_file: str) -> int:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    if order != "-":
        _lay_mines(order, os.environ["TRAIL"])
    return program.main([booth_file])


def main() -> None:
    """One life after another, until there are no more orders."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            code = os.EX_SOFTWARE
            try:
                code = _live(line.strip(), sys.argv[1])
            finally:
                os._exit(code)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
