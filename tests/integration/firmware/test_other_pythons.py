"""Wire, interlock and board do the very same on MicroPython: 64 bit on unix, and 32 bit as on the chip."""

from __future__ import annotations

import contextlib
import io
import math
import zlib
from collections.abc import Callable

import pytest

from contract import power_wire
from firmware import interlock, sampling
from tests.integration.firmware.pythons import on_unix, on_wasm
from tests.unit.firmware import walk

pythons = pytest.mark.parametrize("run", [on_unix, on_wasm], ids=["unix", "wasm"])
Run = Callable[[str], str]

WALK = """
done = walk.run({seed}, 1500)
print(done.digest, done.now, done.refused, done.relays, done.board.report.uptime_ms, done.board.report.deadman_trips)
print(sorted(done.seen.items()))
"""

WIRE = """
report = wire.Report()
report.mains_dv, report.battery_cv, report.dips, report.uptime_ms = 2304, 2655, 4000000000, 1 << 40
report.bad_frames, report.wanted, report.refused, report.tamper = 4294967295, 1, 65, True
stream = wire.frame(wire.REPORT, 65535, report.encode()) + b"noise" + wire.drive(1, 3) + wire.config(2, 700)
decoder = wire.Decoder()
for at in range(0, len(stream), 7):
    for frame in decoder.receive(stream[at : at + 7]):
        print(frame.kind, frame.seq, frame.version, list(frame.payload))
back = wire.read_report(report.encode())
print(back.dips, back.uptime_ms, back.bad_frames, back.tamper, list(stream))
print(decoder.bad_frames, decoder.bad_reason, list(decoder.bad_beginning))
"""

TICKS = """
for now, before in ((5, 3), (3, 5), (0, 1073741823), (1073741823, 0), (536870911, 0), (536870912, 0), (7, 536870920)):
    print(interlock.ticks_diff(now, before))
"""


def here(code: str) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {"walk": walk, "wire": power_wire, "interlock": interlock})
    return out.getvalue()


@pythons
@pytest.mark.parametrize("seed", [1, 2])
def test_the_board_takes_the_same_steps(run: Run, seed: int) -> None:
    code = WALK.format(seed=seed)
    assert run("import walk\n" + code) == here(code)


@pythons
def test_frames_are_the_same_bytes(run: Run) -> None:
    assert run("import power_wire as wire\n" + WIRE) == here(WIRE)


@pythons
def test_ticks_are_reckoned_as_the_python_itself_reckons_them(run: Run) -> None:
    assert run("import interlock\n" + TICKS) == here(TICKS)


def test_the_chip_s_own_ticks_agree() -> None:
    """`time.ticks_diff` of a 32-bit MicroPython is the measure."""
    told = on_wasm("import time as interlock\n" + TICKS)
    assert told == here(TICKS)


@pythons
def test_sums_and_roots_are_right_where_integers_are_small(run: Run) -> None:
    code = (
        "import power_wire, sampling\n"
        "print(power_wire.plain_crc32(bytes(range(256))))\n"
        "print([sampling.isqrt(n) for n in (0, 1, 2, 3, 4, 99, 2 ** 28, 2 ** 30 - 1, 2 ** 31, 2 ** 36 + 5)])\n"
    )
    roots = [math.isqrt(n) for n in (0, 1, 2, 3, 4, 99, 2**28, 2**30 - 1, 2**31, 2**36 + 5)]
    assert run(code) == f"{zlib.crc32(bytes(range(256)))}\n{roots}\n"
    assert roots == [sampling.isqrt(n) for n in (0, 1, 2, 3, 4, 99, 2**28, 2**30 - 1, 2**31, 2**36 + 5)]
