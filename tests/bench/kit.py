"""A mobile kit's recordings, from its database by a stick into the coordinator: time and memory of both programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.process import peak
from tests.bench.result import Figure, at_most
from tests.bench.stage import NotMeasured, start
from tests.chaos.programs import ROOT, Program, free_port, python
from tests.tools.kit import Kit, Site, counted, make_site

RECORDINGS: Final = 500
SIZE: Final = 700_000
#: Starts a program and ends with a line of its highest resident memory in KiB. The kernel counts a child's from its
#: parent's at the fork: the parent must be small.
_LAUNCH: Final = """
import os, sys
child = os.posix_spawn(sys.executable, [sys.executable, "-m", *sys.argv[1:]], os.environ)
_, status, usage = os.wait4(child, 0)
print(f"\\n{usage.ru_maxrss}", flush=True)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@dataclass(frozen=True, slots=True)
class Run:
    """A program that has ended well: seconds, and its highest memory (MiB)."""

    seconds: float
    peak: float
    said: str


def measure(folder: Path, quick: bool) -> list[Figure]:
    """The real programs, beside a plain copy of the file that is synced to the same disk."""
    recordings = 20 if quick else RECORDINGS
    console = free_port()
    site = make_site(folder, port=console)
    kit = Kit(site)
    kit.record(recordings, SIZE)
    kit.close()
    stick = folder / "stick"
    stick.mkdir()
    exported = run("edge.kit", "export", str(site.booth), str(stick))
    file = next(stick.glob("*.lkb"), None)
    if file is None:
        raise NotMeasured(f"the kit exported nothing: {exported.said}")
    key = run("edge.kit", "key", str(site.booth)).said.strip()
    copied = copy(file)
    central = Program("coordinator", python("central", str(site.central)), folder / "central.log", {})
    try:
        start(central, console)
        imported = run("central.importing", str(site.central), "--trust", key, str(file))
        assert central.process is not None
        held = peak(central.process.pid)
    finally:
        central.end()
    return figures(site, recordings, file.stat().st_size, copied, exported, imported, held)


def figures(
    site: Site, recordings: int, size: int, copied: float, exported: Run, imported: Run, held: float
) -> list[Figure]:
    """`copied`: seconds of the plain copy; `held`: the coordinator's highest memory (MiB)."""
    found = counted(site)[1:]
    if found != (recordings, recordings):
        raise NotMeasured(f"of {recordings} recordings the coordinator has {found[0]}, and {found[1]} whole packets")
    told = f"{recordings} recordings, {size / 1e6:.0f} MB; baseline: a copy of the file, synced"
    return [
        Figure("kit's export to the stick", exported.seconds, "s", copied, note=told),
        Figure("kit's export, peak memory", exported.peak, "MiB", None, at_most(70.0)),
        Figure("coordinator's import of it", imported.seconds, "s", copied, note=told),
        Figure("coordinator while importing, peak memory", held, "MiB", note=f"of the import {imported.peak:.0f}"),
    ]


def run(*words: str) -> Run:
    """A program until its end. Raises NotMeasured when it fails."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", _LAUNCH, *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    text, _, kib = done.stdout.rstrip().rpartition("\n")
    if done.returncode:
        raise NotMeasured(f"{words[0]} ended with code {done.returncode}: {text}")
    return Run(time.monotonic() - began, int(kib) / 1024, text)


def copy(file: Path) -> float:
    """Seconds of a plain copy beside the file, until the disk has it."""
    target = file.with_suffix(".copy")
    began = time.monotonic()
    shutil.copyfile(file, target)
    with target.open("rb+") as there:
        os.fsync(there.fileno())
    took = time.monotonic() - began
    target.unlink()
    return took
