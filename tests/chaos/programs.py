"""The real programs of a chaos run: started, killed without mercy, started again; they die with the harness."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
END_S = 8.0

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1
#: Debian keeps daemons outside of an ordinary account's PATH.
_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])


@dataclass
class Program:
    """One process. Start it from the main thread only: it is ended by the kernel when the starting thread ends."""

    name: str
    words: list[str]
    log: Path
    env: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    again_at: float | None = None
    unasked: int = 0
    """How often it ended without having been killed: must stay 0."""

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it; what it says is appended to its log."""
        parent = os.getpid()

        def leave_with_parent() -> None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)

        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.words,
                cwd=ROOT,
                env=os.environ | self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=leave_with_parent,
            )
        self.again_at = None

    def kill(self, again_after: float | None = None) -> int:
        """SIGKILL; started again by `tend` after so many seconds. Returns the process id that died."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        if again_after is not None:
            self.again_at = time.monotonic() + again_after
        return self.process.pid

    def tend(self) -> None:
        """Start again what was killed and is due; note and start again what ended by itself."""
        if self.process is None or self.alive:
            return
        now = time.monotonic()
        if self.again_at is None:
            self.unasked += 1
            self.again_at = now + 1.0
        elif now >= self.again_at:
            self.start()

    def end(self) -> bool:
        """SIGTERM, and wait; whether it ended in good time."""
        if not self.alive:
            return True
        assert self.process is not None
        self.process.terminate()
        try:
            self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return False
        return True

    def tail(self, lines: int = 15) -> str:
        """The end of its log."""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return "(no log)"


def python(*words: str) -> list[str]:
    """A module run by this interpreter."""
    return [sys.executable, "-m", *words]


def mosquitto(config: Path, port: int, data: Path) -> list[str] | None:
    """Debian's mosquitto with a configuration of its own; None when it is not installed."""
    program = shutil.which("mosquitto", path=_PATH)
    if program is None:
        return None
    data.mkdir(parents=True, exist_ok=True)
    lines = [
        f"listener {port} 127.0.0.1",
        "allow_anonymous true",
        "persistence true",
        f"persistence_location {data}/",
        "autosave_interval 2",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
    ]
    if os.geteuid() == 0:
        lines.append("user root")
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [program, "-c", str(config)]


def listens(port: int) -> bool:
    """Whether somebody answers on a port of the loopback."""
    try:
        socket.create_connection(("127.0.0.1", port), 0.5).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    """A port of the loopback that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(what: Callable[[], bool], seconds: float, tend: Callable[[], None] | None = None) -> bool:
    """Wait for something, tending the programs meanwhile; False when it did not come."""
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        if tend is not None:
            tend()
        time.sleep(0.03)
    return True
