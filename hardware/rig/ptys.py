"""Serves simulators on pseudo-terminals under stable names: to a booth they are serial ports.

One thread, one selector, many ports. A simulator is sans-IO; here it meets the clock and the wire. A port's link
(`<dir>/by-id/<name>`) is what a booth's configuration names; the `/dev/pts` number behind it changes each time.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import selectors
import threading
import time
import tty
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")

# What a serial driver's buffers hold while nobody reads; after that a real port overruns and bytes are lost.
_OVERRUN_BYTES = 65_536
# What nobody has read for so long is lost: the next program to open the port must not hear of yesterday.
_UNREAD_SECONDS = 2.0
_CHUNK = 16_384


class Simulator(Protocol):
    """A simulated device. `now` is in seconds of a monotonic clock, the same for all calls."""

    def receive(self, data: bytes, now: float) -> bytes:
        """Bytes from the booth; returns the bytes the device sends at once."""

    def next_wakeup(self) -> float | None:
        """When the device wants to act by itself; None while it only waits."""

    def wakeup(self, now: float) -> bytes:
        """Lets the device act; returns the bytes it sends unasked or late."""


@dataclass
class _Port:
    name: str
    simulator: Simulator
    link: Path
    byte_seconds: float
    master: int = -1
    slave: int = -1
    outgoing: bytearray = field(default_factory=bytearray)
    write_at: float = 0.0
    read_at: float = 0.0
    blocked: bool = False
    blocked_at: float = 0.0
    watched: int = 0
    failed: bool = False

    @property
    def plugged(self) -> bool:
        return self.master >= 0


class PtyServer:
    """Many simulated devices on ptys. Use as a context manager, or `start()` and `stop()`.

    Every public method may be called from any thread. Simulators are touched by the server's thread only: reach into
    them with `call`.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ports: dict[str, _Port] = {}
        self._selector = selectors.DefaultSelector()
        self._jobs: deque[tuple[Callable[[], object], Future[object]]] = deque()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._selector.register(self._wake_read, selectors.EVENT_READ, None)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._stopping = False
        self._closed = False

    def __enter__(self) -> PtyServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def now(self) -> float:
        """The clock the simulators live by, in seconds."""
        return self._clock()

    def start(self) -> None:
        """Starts the serving thread. Adding ports before or after is the same."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="ptys", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ends the thread, closes every port and removes the links."""
        with self._lock:
            self._stopping = True
        self._nudge()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self._thread = None
        self._close()

    def call(self, fn: Callable[[], _T]) -> _T:
        """Runs `fn` between two events of the server, in its thread; returns its result or raises its exception.

        Whatever `fn` makes a simulator want to send is sent right after.
        """
        if self._thread is None or self._thread is threading.current_thread():
            return fn()
        future: Future[object] = Future()
        with self._lock:
            if self._stopping:
                raise RuntimeError("the pty server is stopping")
            self._jobs.append((fn, future))
        self._nudge()
        return future.result()  # type: ignore[return-value]

    def post(self, fn: Callable[[], object]) -> None:
        """As `call`, without waiting: for a thread that the server's own thread may have to wait for."""

        def work() -> None:
            try:
                fn()
            except Exception:
                _LOG.exception("a job of the pty server failed")

        with self._lock:
            if self._stopping:
                return
            self._jobs.append((work, Future()))
        self._nudge()

    def add(self, name: str, simulator: Simulator, link_path: Path | str, *, baud: int | None = None) -> None:
        """Serves a simulator and plugs it in.

        `link_path` becomes a symbolic link to the terminal; its folder is made. With `baud` both directions are paced
        at ten bits a byte, as a real wire; without it they are as fast as the machine. Raises ValueError for a name in
        use.
        """
        port = _Port(name, simulator, Path(link_path), 10.0 / baud if baud else 0.0)

        def work() -> None:
            if name in self._ports:
                raise ValueError(f"port {name!r} is already served; unplug it or choose another name")
            self._ports[name] = port
            self._open(port)

        self.call(work)

    def unplug(self, name: str) -> None:
        """Pulls the cable: the link is gone and an open client sees its port hang up. Unplugging twice is harmless."""
        self.call(lambda: self._shut(self._port(name)))

    def plug(self, name: str) -> None:
        """Puts the cable back under the same link. The device itself kept its state. Plugging twice is harmless."""

        def work() -> None:
            port = self._port(name)
            if not port.plugged:
                port.failed = False
                self._open(port)

        self.call(work)

    def plugged(self, name: str) -> bool:
        """Whether the cable is in."""
        return self.call(lambda: self._port(name).plugged)

    def inject(self, name: str, data: bytes) -> None:
        """Puts bytes on the wire towards the booth that no device sent: noise. Nothing happens while unplugged."""
        self.call(lambda: self._queue(self._port(name), data))

    def names(self) -> list[str]:
        """The served ports, in the order they were added."""
        return self.call(lambda: list(self._ports))

    def _port(self, name: str) -> _Port:
        try:
            return self._ports[name]
        except KeyError:
            known = ", ".join(self._ports) or "none"
            raise KeyError(f"no port named {name!r} is served here; served: {known}") from None

    def _open(self, port: _Port) -> None:
        # The slave stays open here, too: otherwise reading the master fails (EIO) whenever a client closes.
        port.master, port.slave = os.openpty()
        tty.setraw(port.slave)
        os.set_blocking(port.master, False)
        port.outgoing.clear()
        port.blocked = False
        port.link.parent.mkdir(parents=True, exist_ok=True)
        fresh = port.link.with_name(f".{port.link.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(port.slave))
        fresh.replace(port.link)
        self._watch(port)

    def _shut(self, port: _Port) -> None:
        if not port.plugged:
            return
        port.link.unlink(missing_ok=True)
        if port.watched:
            self._selector.unregister(port.master)
            port.watched = 0
        os.close(port.slave)
        os.close(port.master)
        port.master = port.slave = -1
        port.outgoing.clear()

    def _queue(self, port: _Port, data: bytes) -> None:
        if not port.plugged or not data:
            return
        self._lose_unread(port)
        room = _OVERRUN_BYTES - len(port.outgoing)
        if room < len(data):
            _LOG.debug("port %s overruns, %d bytes lost", port.name, len(data) - max(room, 0))
        port.outgoing += data[: max(room, 0)]

    def _lose_unread(self, port: _Port) -> None:
        if port.blocked and self._clock() - port.blocked_at > _UNREAD_SECONDS:
            port.outgoing.clear()
            port.blocked = False

    def _run(self) -> None:
        while True:
            self._work_jobs()
            if self._stopping:
                break
            now = self._clock()
            for port in self._ports.values():
                self._wake_simulator(port, now)
                self._write(port, now)
                self._watch(port)
            events = self._selector.select(self._patience())
            for key, mask in events:
                if key.data is None:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._wake_read, 4096)
                elif key.data.master == key.fd and mask & selectors.EVENT_READ:
                    self._read(key.data, self._clock())
                elif key.data.master == key.fd:
                    self._lose_unread(key.data)
                    key.data.blocked = False
        self._work_jobs()

    def _patience(self) -> float | None:
        """Seconds the loop may sleep; None while only outside bytes can change anything."""
        now = self._clock()
        due: list[float] = []
        for port in self._ports.values():
            wanted = None if port.failed else port.simulator.next_wakeup()
            if wanted is not None:
                due.append(wanted)
            if port.plugged and port.outgoing and not port.blocked:
                due.append(port.write_at)
            if port.plugged and port.read_at > now:
                due.append(port.read_at)
        return max(0.0, min(due) - now) if due else None

    def _watch(self, port: _Port) -> None:
        if not port.plugged:
            return
        wanted = 0
        if port.read_at <= self._clock():
            wanted |= selectors.EVENT_READ
        if port.outgoing and port.blocked:
            wanted |= selectors.EVENT_WRITE
        if wanted == port.watched:
            return
        if not wanted:
            self._selector.unregister(port.master)
        elif port.watched:
            self._selector.modify(port.master, wanted, port)
        else:
            self._selector.register(port.master, wanted, port)
        port.watched = wanted

    def _wake_simulator(self, port: _Port, now: float) -> None:
        if port.failed:
            return
        wanted = port.simulator.next_wakeup()
        if wanted is not None and wanted <= now:
            # An unplugged device lives on; what it says meanwhile nobody hears.
            self._ask(port, lambda: port.simulator.wakeup(now))

    def _ask(self, port: _Port, act: Callable[[], bytes]) -> None:
        # A mistake in one simulator looks like that device's cable pulled; the others go on.
        try:
            self._queue(port, act())
        except Exception:
            _LOG.exception("the simulator on port %s failed; its port is unplugged", port.name)
            port.failed = True
            self._shut(port)

    def _read(self, port: _Port, now: float) -> None:
        chunk = _CHUNK if not port.byte_seconds else max(1, int(0.02 / port.byte_seconds))
        try:
            data = os.read(port.master, chunk)
        except BlockingIOError:
            return
        if port.byte_seconds:
            port.read_at = now + len(data) * port.byte_seconds
        self._ask(port, lambda: port.simulator.receive(data, now))

    def _write(self, port: _Port, now: float) -> None:
        while port.plugged and port.outgoing and not port.blocked and port.write_at <= now:
            chunk = bytes(port.outgoing[: _CHUNK if not port.byte_seconds else max(1, int(0.01 / port.byte_seconds))])
            try:
                sent = os.write(port.master, chunk)
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EWOULDBLOCK):
                    raise
                port.blocked, port.blocked_at = True, now
                return
            del port.outgoing[:sent]
            if port.byte_seconds:
                port.write_at = max(port.write_at, now) + sent * port.byte_seconds

    def _work_jobs(self) -> None:
        while True:
            with self._lock:
                if not self._jobs:
                    return
                fn, future = self._jobs.popleft()
            try:
                future.set_result(fn())
            except BaseException as error:
                future.set_exception(error)

    def _nudge(self) -> None:
        with contextlib.suppress(BlockingIOError, OSError):
            os.write(self._wake_write, b"!")

    def _close(self) -> None:
        if self._closed:
            return
        self._closed = True
        for port in self._ports.values():
            self._shut(port)
        self._selector.close()
        os.close(self._wake_read)
        os.close(self._wake_write)
