"""From the applicants' button to the ticket's bytes: beside one commit and the time that bytes need on the line."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Final

from tests.bench.counter import BAUD, equip, plug_in, press, release
from tests.bench.durable import bare
from tests.bench.process import BOOTH, Listener
from tests.bench.result import Figure, at_most, percentile
from tests.bench.stage import stage

#: Before a ticket the printer is asked whether it can print: three questions of three bytes, answers of one.
ASKED_BYTES: Final = 3 * (3 + 1)
#: What a person does not notice.
NOTICED_MS: Final = 100.0
PAYLOAD: Final = b'{"ticket":"' + b"x" * 900 + b'"}'


def line_ms(count: int, baud: int = BAUD) -> float:
    """How long so many bytes take on a serial line: ten bits each."""
    return count * 10_000 / baud


def measure(folder: Path, quick: bool) -> list[Figure]:
    """The real booth program with its pins, store and port; a commit beside each press."""
    samples = 5 if quick else 100
    firsts, lasts, commits, sizes = [], [], [], []
    with stage(folder, central=False) as set_up:
        booth, _ = equip(set_up, screen=False)
        printer = plug_in(set_up)
        release(set_up, booth)
        listener = Listener(set_up.ports["broker"], f"loket/v1/{BOOTH}/up/event")
        db = bare(folder / "bare.db")
        try:
            listener.expect(b'"device":"tickets","kind":"escpos","state":"ok"')
            set_up.booth.start()
            listener.when("the booth's word that its ticket printer is ready")
            # The printer's leftovers are settled and its next poll is over.
            time.sleep(3.0)
            for number in range(samples):
                printer.expect()
                pressed = press(set_up, booth)
                first, last, size = printer.ticket()
                firsts.append((first - pressed) * 1000)
                lasts.append((last - pressed) * 1000)
                sizes.append(size)
                began = time.monotonic()
                db.execute("INSERT INTO row (payload) VALUES (?)", (PAYLOAD,))
                commits.append((time.monotonic() - began) * 1000)
                # Out, cut and confirmed. Then not always at the same moment of a poll.
                time.sleep(0.8 + number % 7 * 0.09)
        finally:
            db.close()
            listener.close()
    return figures(firsts, lasts, commits, sizes)


def figures(firsts: list[float], lasts: list[float], commits: list[float], sizes: list[int]) -> list[Figure]:
    """From the samples, in milliseconds and bytes."""
    commit, size = statistics.median(commits), int(statistics.median(sizes))
    asked = line_ms(ASKED_BYTES)
    note = (
        f"ratio of the p50, {statistics.median(firsts):.1f}; worst {max(firsts):.1f}; the whole ticket p50 "
        f"{statistics.median(lasts):.0f} ({size} bytes need {line_ms(size):.0f}); baseline: commit {commit:.2f} and "
        f"the printer asked {asked:.1f}; {len(firsts)} samples"
    )
    return [
        Figure(
            "button to the ticket's first byte, p99",
            percentile(firsts, 99),
            "ms",
            commit + asked,
            at_most(NOTICED_MS),
            statistics.median(firsts) / (commit + asked),
            note,
        )
    ]
