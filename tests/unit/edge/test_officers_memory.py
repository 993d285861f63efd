"""A PIN takes 19 MiB for a moment; the booth, which has little memory, gets them back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

#: As the screen does it: each PIN on a thread of a pool. Prints MiB of resident memory before the PINs and after.
PINS = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from edge.adapters.officers import Officers

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

officers = Officers(Path(sys.argv[1]))
officers.add("siti", "270815")
with ThreadPoolExecutor(2) as pool:
    before = resident()
    assert all(pool.submit(officers.check, "siti", "270815").result() for _ in range(4))
    print(before, resident())
"""


def test_memory_that_a_pin_takes_is_given_back_however_many_sign_in(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PINS, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    before, after = map(float, done.stdout.split())
    assert after - before < 10
