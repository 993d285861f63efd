"""`loket run`: one working booth on this machine, without root or services; starts what dies again."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from hardware.rig import control, files
from hardware.rig.bench_board import UNREAL, micropython
from hardware.rig.places import DEFAULT, Places, read_json, write_json

ROOT = Path(__file__).resolve().parent.parent.parent
PACE_S = 20.0
START_S = 60.0
BACKOFF_S = (0.2, 5.0)
STEADY_S = 10.0
LOG_LIMIT = 5_000_000
#: What the booth's program ends with when it wants the machine to be halted.
HALTED = 76
SBI_PORTS = range(4501, 4601)
SCREEN_PORTS = range(8090, 8190)
#: Officers of the booth, and their PINs: everybody may know them, as nothing here is real.
OFFICERS = {"siti": "246813", "budi": "135792"}

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


class RunError(Exception):
    """The run cannot start; the text says what to do."""


@dataclass
class Child:
    """One program of the run. `farewell`: the signal it gets when the supervisor is killed."""

    name: str
    words: list[str]
    farewell: int = signal.SIGKILL
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    again_at: float = 0.0
    log: IO[bytes] | None = field(default=None, repr=False)

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Starts the programs in order, starts again what dies, and ends them all."""

    def __init__(self, places: Places, ports: dict[str, int], pace: float) -> None:
        self.places = places
        self.ports = ports
        python, broker = sys.executable, str(places.broker_file)
        bench = [python, "-m", "hardware.rig.serve", str(places.data), "--centre-port", str(ports["centre"])]
        self.children = {
            child.name: child
            for child in (
                # Quiet: rumqttd's spans come out as one error line per message.
                Child("broker", [python, "-m", "iotcore", "--log-level", "CRITICAL", "--config", broker]),
                Child("bench", [*bench, "--pace", str(pace)], signal.SIGTERM),
                Child("central", [python, "-m", "central", str(places.central_file)]),
                Child("edge", [python, "-m", "edge", str(places.booth_file)]),
            )
        }
        self.stopping = threading.Event()
        self.halts = 0
        """How often the booth's controller has halted itself."""
        self.halted = False
        """Whether it stands halted now."""
        self._cycle = 0
        self._dark = False

    def start(self) -> None:
        """Start all; returns when console and screen answer. Raises RunError when something does not come up."""
        deadline = time.monotonic() + START_S
        for name in ("broker", "central", "bench"):
            self.spawn(name)
        # The booth reads its pins' levels at start, so the wires must be there before it.
        self._wait(deadline, "bench", lambda: _answers(self.places.control))
        self._dark = not self._power()[0]
        if not self._dark:
            self.spawn("edge")
        self._wait(deadline, "broker", lambda: _listens(self.ports["broker"]))
        self._wait(deadline, "central", lambda: _listens(self.ports["console"]))
        if not self._dark and self._has_screen():
            self._wait(deadline, "edge", lambda: _listens(self.ports["screen"]))

    def _has_screen(self) -> bool:
        return "screen" in tomllib.loads(self.places.booth_file.read_text(encoding="utf-8"))

    def _wait(self, deadline: float, name: str, ready: Callable[[], bool]) -> None:
        while not self.stopping.is_set() and not ready():
            self.tend()
            child = self.children[name]
            if time.monotonic() > deadline or child.deaths >= 3:
                raise RunError(f"{name} does not come up; the end of its log {self._log(name)}:\n{self._tail(name)}")
            self.stopping.wait(0.03)

    def _log(self, name: str) -> Path:
        return self.places.logs / f"{name}.log"

    def _tail(self, name: str) -> str:
        with contextlib.suppress(OSError):
            return "\n".join(self._log(name).read_text(errors="replace").splitlines()[-15:])
        return "(empty)"

    def tend(self) -> None:
        """Start again what has died, and say so. The booth's program lives and dies with its controller's power."""
        now = time.monotonic()
        for child in self.children.values():
            if child.name == "edge" and self._led_by_power(child):
                continue
            if child.process is None or child.alive:
                continue
            if not child.again_at:
                code = child.process.returncode
                # Killed from outside is no fault of the program: it need not wait.
                steady = code == -signal.SIGKILL or now - child.started > STEADY_S
                child.deaths = 1 if steady else child.deaths + 1
                wait = min(BACKOFF_S[0] * 2 ** (child.deaths - 1), BACKOFF_S[1])
                child.again_at = now + wait
                how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
                _say(f"{child.name} {how}; starts again in {wait:.1f} s ({self._log(child.name)})")
            elif now >= child.again_at:
                self.spawn(child.name)

    def _power(self) -> tuple[bool, int]:
        """Whether the booth's controller has power, and how often it has come, as the bench says."""
        told = read_json(self.places.power)
        return bool(told.get("on", True)), int(told.get("cycle", 0))

    def _led_by_power(self, edge: Child) -> bool:
        """Take the power from the booth's program, or give it back; whether that is all there is to do for it.

        A controller that has halted stays dark until its power goes and comes: a Pi does not start by itself.
        """
        on, cycle = self._power()
        if not self._dark and edge.process is not None:
            if not on or cycle != self._cycle:
                self.kill("edge")
                self._dark = True
                _say("the UPS gives nothing: the booth's controller is dark until it does")
            elif edge.process.poll() == HALTED:
                self.halts += 1
                self._dark = self.halted = True
                _say("the booth's controller has halted itself: it starts when its power goes and comes")
        if self._dark and on and cycle != self._cycle:
            self._dark = self.halted = False
            _say("the booth's controller has power again")
            self.spawn("edge")
        return self._dark

    def kill(self, name: str, again_after: float = 0.0) -> None:
        """End a program without mercy; `tend` starts it again after so many seconds."""
        child = self.children[name]
        if child.process is not None and child.alive:
            child.process.kill()
            child.process.wait()
        child.again_at = time.monotonic() + again_after

    def spawn(self, name: str) -> None:
        """Start one program; its output goes to its log."""
        child, path = self.children[name], self._log(name)
        if name == "edge":
            self._cycle = self._power()[1]
        if child.log is None:
            if path.exists() and path.stat().st_size > LOG_LIMIT:
                path.replace(path.with_suffix(".log.1"))
            child.log = path.open("ab")
        env = os.environ | {
            "GPIOZERO_PIN_FACTORY": "rig",
            "RIG_GPIO": str(self.places.gpio),
            "PYTHONUNBUFFERED": "1",
        }
        parent = os.getpid()

        def leave_with_parent() -> None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, child.farewell)
            if os.getppid() != parent:
                os._exit(1)

        # Own sessions: Ctrl-C reaches the supervisor alone, which ends the programs in order.
        child.process = subprocess.Popen(
            child.words,
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=child.log,
            stderr=child.log,
            start_new_session=True,
            preexec_fn=leave_with_parent,
        )
        child.started, child.again_at = time.monotonic(), 0.0
        write_json(self.places.processes, {c.name: c.process.pid for c in self.children.values() if c.process})

    def stop(self) -> None:
        """End all programs: the booth first, the broker last; what does not end in 5 s is killed."""
        for name in ("edge", "central", "bench", "broker"):
            child = self.children[name]
            if child.process is not None and child.alive:
                child.process.terminate()
                try:
                    child.process.wait(5.0)
                except subprocess.TimeoutExpired:
                    _say(f"{name} did not end within 5 s and was killed")
                    child.process.kill()
                    child.process.wait()
            if child.log is not None:
                child.log.close()
        self.places.processes.unlink(missing_ok=True)


def run(data: Path, fresh: bool, port: int, pace: float = PACE_S) -> int:
    """Run until Ctrl-C (or SIGTERM, SIGHUP); 0 then, 1 when a program does not come up, 2 when it cannot start.

    `pace`: seconds between two applicants; 0: none come by themselves.
    """
    places = Places(data.absolute())
    try:
        with _locked(places, fresh):
            ports = choose_ports(places, port)
            files.write(places, ports, files.DEMO)
            register(places)
            return _supervise(Supervisor(places, ports, pace))
    except RunError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2


def _supervise(supervisor: Supervisor) -> int:
    before = {
        number: signal.signal(number, lambda *_: supervisor.stopping.set())
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        supervisor.start()
        if not supervisor.stopping.is_set():
            _say(_what_to_try(supervisor.places))
            if not micropython():
                _say(f"The power board runs in {UNREAL}")
            _say(f"console http://127.0.0.1:{supervisor.ports['console']}")
            screen, (name, pin) = f"http://127.0.0.1:{supervisor.ports['screen']}", next(iter(OFFICERS.items()))
            _say(f"layar loket {screen} - petugas {name}, PIN {pin}; papan {screen}/papan; nomor {screen}/ambil")
        while not supervisor.stopping.wait(0.1):
            supervisor.tend()
        return 0
    except RunError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    finally:
        supervisor.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def register(places: Places) -> None:
    """Let the demonstration's officers sign in. Raises RunError when the booth's program does not take them."""
    if (places.edge_data / "officers.json").exists():
        return
    for name, pin in OFFICERS.items():
        words = [sys.executable, "-m", "edge.officer", "add", str(places.booth_file), name]
        done = subprocess.run(words, cwd=ROOT, input=f"{pin}\n", capture_output=True, text=True, check=False)
        if done.returncode:
            raise RunError(f"officer {name} cannot be registered: {(done.stderr or done.stdout).strip()}")


@contextlib.contextmanager
def _locked(places: Places, fresh: bool) -> Iterator[None]:
    """The data folder for this run alone, emptied when `fresh`. Raises RunError when it cannot be used."""
    with contextlib.ExitStack() as stack:
        try:
            if places.data.is_dir() and not places.mark.exists() and any(places.data.iterdir()):
                raise RunError(f"{places.data} holds other files than a run's: choose an empty folder with --data DIR")
            places.data.mkdir(parents=True, exist_ok=True)
            fcntl.flock(stack.enter_context(places.mark.open("a")), fcntl.LOCK_EX | fcntl.LOCK_NB)
            if fresh:
                _empty(places)
        except BlockingIOError:
            remedy = "end it first (Ctrl-C), or choose another folder with --data DIR"
            raise RunError(f"another run uses {places.data}: {remedy}") from None
        except OSError as error:
            remedy = "choose another folder with --data DIR"
            raise RunError(f"cannot use {places.data} ({error.strerror}): {remedy}") from error
        yield


def _empty(places: Places) -> None:
    for item in places.data.iterdir():
        if item.is_dir() and not item.is_symlink():
            shutil.rmtree(item)
        elif item != places.mark:
            item.unlink()


def choose_ports(places: Places, console: int) -> dict[str, int]:
    """The console's port as asked, the others as remembered where they are free. Raises RunError when it is taken."""
    if not 0 < console < 65536:
        raise RunError(f"{console} is no port: choose 1..65535 with --port N (make run PORT=N)")
    if not _free(console):
        raise RunError(f"port {console} is taken: choose another with --port N (make run PORT=N)")
    remembered = read_json(places.ports)
    ports = {"console": console}
    for name in ("broker", "centre"):
        old = remembered.get(name)
        usable = isinstance(old, int) and old not in ports.values() and _free(old)
        ports[name] = old if usable and isinstance(old, int) else any_free()
    with _spoken_for(places) as reserved:
        for name, usual in (("face", SBI_PORTS), ("slap", SBI_PORTS), ("iris", SBI_PORTS), ("screen", SCREEN_PORTS)):
            old = remembered.get(name)
            candidates = ([old] if isinstance(old, int) else []) + [each for each in usual if each not in reserved]
            found = next((each for each in candidates if each not in ports.values() and _free(each)), None)
            if found is None:
                raise RunError(f"no free port in {usual[0]}..{usual[-1]} for the {name}: end other programs")
            ports[name] = found
            reserved.add(found)
    write_json(places.ports, ports)
    return ports


@contextlib.contextmanager
def _spoken_for(places: Places) -> Iterator[set[int]]:
    """Ports that other runs have chosen a moment ago and not opened yet; what is added is this run's."""
    path = Path(tempfile.gettempdir()) / f"loket-{os.getuid()}-ports.json"
    with path.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        now = time.time()
        held = {int(port): (at, who) for port, (at, who) in read_json(path).items() if 0 <= now - at < START_S}
        others = {port for port, (_, who) in held.items() if who != str(places.data)}
        reserved = set(others)
        yield reserved
        mine = {port: (now, str(places.data)) for port in reserved - others}
        write_json(path, {str(port): holder for port, holder in (held | mine).items()})


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def any_free() -> int:
    """A port of the loopback that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.5).close()
    except OSError:
        return False
    return True


def _answers(path: Path) -> bool:
    try:
        return control.ask(path, ["status"], 2.0)[0]
    except (OSError, ValueError):
        return False


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def _what_to_try(places: Places) -> str:
    beside = Path(sys.executable).parent / "loket"
    with contextlib.suppress(ValueError):
        beside = beside.relative_to(Path.cwd())
    loket = "loket" if shutil.which("loket") else str(beside)
    rig = f"{loket} rig" if places.data == DEFAULT.absolute() else f'{loket} rig --data "{places.data}"'
    return f"""
One booth runs on simulated hardware; applicants come by themselves. Logs: {places.logs}
Try from a second terminal, with the console and the booth's screen open (who signs in there serves by hand):
  {rig} mains off          the mains fail: battery, genset; `mains on` brings them back
  {rig} genset no-start    cranking will not start the engine; `genset healthy`
  {rig} battery charge 0.05   the battery is nearly empty: the booth will close, and come back with the mains
  {rig} applicant          somebody comes with a family card, and gets a number
  {rig} paper out          the ticket printer has no paper; `paper load`; `paper show` shows the last tickets
  {rig} printer jam        the next card jams; `printer clear` mends it
  {rig} scanner unplug     a cable comes loose; `scanner plug` puts it back
  {rig} kill edge          the booth's program dies in the middle of its work
  {rig} centre down        the national centre does not answer; `centre up`
  {rig} help               everything else
Ctrl-C ends all of it; the next run goes on from the same data.
"""
