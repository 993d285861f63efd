"""The booth program with a wall clock that a rig can set: `python -m hardware.rig.clocked OFFSET edge CONFIG`.

OFFSET is a file with the seconds by which the wall clock is wrong; without it the clock is right. All else is as in
`python -m edge CONFIG`.
"""

from __future__ import annotations

import runpy
import sys
import time
from pathlib import Path


def main() -> None:
    """Become the program."""
    offset, program, *rest = sys.argv[1:]
    true = time.time

    def wall() -> float:
        try:
            return true() + float(Path(offset).read_text())
        except (OSError, ValueError):
            return true()

    time.time = wall
    sys.argv = [program, *rest]
    runpy.run_module(program, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
