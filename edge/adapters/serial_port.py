"""One device's port, serial or TCP, that reopens by itself; one thread that sleeps until there is something to do."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import select
import termios
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import serial

from edge.adapters.items import PortClosed, PortData, PortOpened

log = logging.getLogger("loket.port")

BACKOFF_FIRST_S: Final = 0.2
BACKOFF_LAST_S: Final = 2.0
CHUNK: Final = 4096


@dataclass(frozen=True, slots=True)
class Line:
    """How the line is set. `parity`: N, E or O. `dtr`, `rts`: what those lines show while the port is open."""

    baud: int = 9600
    parity: str = "N"
    dtr: bool = True
    rts: bool = True


class SerialPort:
    """Puts PortOpened, PortData and PortClosed for `device` through `put`; `write` never waits.

    `port`: a stable device name (`/dev/serial/by-id/...`) or `socket://host:port`. `renew_s`: for a service that
    answers every request; one that was silent for so long, when it is asked again, is asked on a new connection,
    because a request on a hung one reaches nobody. 0: never.
    """

    def __init__(self, device: str, port: str, line: Line, put: Callable[[object], None], renew_s: float = 0.0) -> None:
        self.device = device
        self._port = port
        self._line = line
        self._put = put
        self._session = 0
        self._open = False
        self._out = bytearray()
        self._renew_s = renew_s
        self._asked_at: float | None = None
        self._hung = False
        self._guard = threading.Lock()
        self._stopping = threading.Event()
        self._wake_r, self._wake_w = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._thread = threading.Thread(target=self._run, name=f"port-{device}", daemon=True)

    def start(self) -> None:
        """Begin to open the port."""
        self._thread.start()

    def stop(self, timeout: float = 1.0) -> None:
        """Close the port. `timeout`: seconds to wait for the thread."""
        self._stopping.set()
        self._wake()
        self._thread.join(timeout)

    def write(self, session: int, data: bytes) -> None:
        """Queue bytes for the opening `session`; dropped when that is over (the driver hears of it)."""
        with self._guard:
            if not self._open or session != self._session:
                return
            now = time.monotonic()
            if self._asked_at is None:
                self._asked_at = now
            elif self._renew_s and now - self._asked_at >= self._renew_s:
                self._hung = True
            self._out += data
        self._wake()

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):  # a full pipe wakes as well
            os.write(self._wake_w, b"w")

    def _run(self) -> None:
        told, backoff = "", BACKOFF_FIRST_S
        while not self._stopping.is_set():
            try:
                port = self._opened()
            except (OSError, ValueError, termios.error) as error:  # SerialException is an OSError, termios.error is not
                reason = explain(self._port, error)
                if reason != told:
                    told = reason
                    self._put(PortClosed(self.device, reason))
                self._stopping.wait(backoff)
                backoff = min(backoff * 2, BACKOFF_LAST_S)
                continue
            told, backoff = "", BACKOFF_FIRST_S
            reason = self._serve(port)
            with self._guard:
                self._open = False
                self._out.clear()
            with contextlib.suppress(OSError):
                port.close()
            if not self._stopping.is_set():
                self._put(PortClosed(self.device, reason))
                self._stopping.wait(backoff)

    def _opened(self) -> Any:
        port = serial.serial_for_url(self._port, do_not_open=True)
        port.baudrate, port.parity = self._line.baud, self._line.parity
        port.dtr, port.rts = self._line.dtr, self._line.rts
        if not self._port.startswith("socket://"):
            port.exclusive = True
        port.open()
        return port

    def _serve(self, port: Any) -> str:
        """Read and write until the port fails; the reason."""
        fd = port.fileno()
        with self._guard:
            self._session += 1
            self._open = True
            self._asked_at, self._hung = None, False
        self._put(PortOpened(self.device, self._session))
        while True:
            writing = [fd] if self._out else []
            try:
                ready, writable, _ = select.select([fd, self._wake_r], writing, [])
                if self._stopping.is_set():
                    return "stopped"
                if self._hung:
                    return f"{self._port} does not answer: it is asked on a new connection"
                if self._wake_r in ready:
                    os.read(self._wake_r, CHUNK)
                if fd in ready:
                    data = os.read(fd, CHUNK)
                    self._asked_at = None
                    if not data:
                        return f"{self._port} was closed by the other side"
                    self._put(PortData(self.device, data))
                if writable:
                    with self._guard:
                        head = bytes(self._out[:CHUNK])
                    sent = os.write(fd, head)
                    with self._guard:
                        del self._out[:sent]
            except BlockingIOError:
                continue
            except OSError as error:
                return explain(self._port, error)


def explain(port: str, error: Exception) -> str:
    """What keeps a port closed, and what to do."""
    number = error.args[0] if isinstance(error, termios.error) and error.args else getattr(error, "errno", None)
    text = str(error)
    if number == errno.ENOENT:
        return f"{port} is not there: plug the device in, or correct its port in the booth file"
    if number in (errno.EACCES, errno.EPERM):
        return f"{port} may not be opened: add the booth's user to the group dialout"
    if number == errno.EAGAIN or "exclusively lock" in text:
        return f"{port} is in use by another program: end that one"
    if number in (errno.EIO, errno.ENXIO, errno.ENODEV):
        return f"{port} was unplugged"
    if "refused" in text:
        return f"{port} refuses the connection: start the device's service"
    return f"{port}: {text}"
