"""Serves simulated SBI devices on ports of 127.0.0.1: one thread, one selector, all connections."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from hardware.simulators.sbi import SbiConnection, SbiDevice

T = TypeVar("T")

#: So many bytes of a live preview wait for its client at most, and one frame more.
SLOW = 128 * 1024
MAKING_S = 0.02


@dataclass
class _Link:
    socket: socket.socket
    connection: SbiConnection
    out: bytearray = field(default_factory=bytearray)


class SbiServer:
    """Listens for each device on its `port`. Devices are touched by the server's thread alone: use `call`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._devices: dict[socket.socket, SbiDevice] = {}
        self._links: dict[socket.socket, _Link] = {}
        self._selector = selectors.DefaultSelector()
        self._wake, self._waker = socket.socketpair()
        self._selector.register(self._wake, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._serve, name="sbi", daemon=True)

    def add(self, device: SbiDevice) -> None:
        """Listen for a device, before `start`. Port 0 takes a free one and writes it into the device."""
        server = socket.create_server(("127.0.0.1", device.port))
        server.setblocking(False)
        device.port = server.getsockname()[1]
        self._devices[server] = device
        self._selector.register(server, selectors.EVENT_READ)

    def start(self) -> None:
        """Serve on a thread of its own."""
        self._thread.start()

    def close(self) -> None:
        """Stop serving; all connections end."""
        self._waker.send(b"x")
        self._thread.join()
        for end in (*self._devices, *self._links, self._wake, self._waker):
            end.close()
        self._selector.close()

    def call(self, what: Callable[[], T]) -> T:
        """Do something with a device while no request is being answered. What it closes is closed at once."""
        with self._lock:
            done = what()
        with contextlib.suppress(OSError):
            self._waker.send(b"-")
        return done

    def _serve(self) -> None:
        while True:
            ready = self._selector.select(self._patience())
            for key, mask in ready:
                if key.fileobj is self._wake:
                    if b"x" in self._wake.recv(4096):
                        return
                    continue
                assert isinstance(key.fileobj, socket.socket)
                if key.fileobj in self._devices:
                    self._accept(key.fileobj)
                elif mask & selectors.EVENT_READ:
                    self._read(self._links[key.fileobj])
            now = self._clock()
            for link in tuple(self._links.values()):
                at = link.connection.next_wakeup()
                if at is not None and at <= now and not link.connection.making:
                    streaming = link.connection.streaming
                    with self._lock:
                        given = link.connection.wakeup(now)
                    # A client that reads slowly misses frames.
                    if not streaming or link.connection.closed or len(link.out) < SLOW:
                        link.out += given
                self._write(link)

    def _patience(self) -> float | None:
        """How long nothing is due, seconds; None: for ever. Pictures that take longer are asked for again soon."""
        now = self._clock()
        waits = []
        for link in self._links.values():
            at = link.connection.next_wakeup()
            if at is not None:
                waits.append(max(MAKING_S if link.connection.making else 0.0, at - now))
        return min(waits, default=None)

    def _accept(self, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            client, _ = server.accept()
            if self._devices[server].unplugged:
                client.close()
                return
            client.setblocking(False)
            self._links[client] = _Link(client, SbiConnection(self._devices[server]))
            self._selector.register(client, selectors.EVENT_READ)

    def _read(self, link: _Link) -> None:
        try:
            data = link.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(link)
            return
        with self._lock:
            link.out += link.connection.receive(data, self._clock())

    def _write(self, link: _Link) -> None:
        if link.socket.fileno() < 0:
            return
        try:
            while link.out:
                del link.out[: link.socket.send(link.out)]
        except BlockingIOError:
            self._selector.modify(link.socket, selectors.EVENT_READ | selectors.EVENT_WRITE)
            return
        except OSError:
            self._drop(link)
            return
        if link.connection.closed:
            self._drop(link)
        else:
            self._selector.modify(link.socket, selectors.EVENT_READ)

    def _drop(self, link: _Link) -> None:
        if self._links.pop(link.socket, None) is not None:
            self._selector.unregister(link.socket)
            link.socket.close()
