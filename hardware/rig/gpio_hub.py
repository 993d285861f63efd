"""The wires of the simulated booth: holds inputs, tells changes of outputs, outlives the booth program."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Callable
from pathlib import Path

Listener = Callable[[str, int | None], None]


class GpioHub:
    """One end of `pin_factory`'s protocol on a Unix socket; every connection is greeted with all levels.

    When the program that drove an output goes away, the output is released: its level is None, a lamp goes dark.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._inputs: dict[str, int] = {}
        self._outputs: dict[str, int] = {}
        self._listeners: list[Listener] = []
        self._clients: dict[socket.socket, bytes] = {}
        self._owners: dict[str, socket.socket] = {}
        path.unlink(missing_ok=True)
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen()
        self._wake, self._waker = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, name="gpio-hub", daemon=True)

    def start(self) -> None:
        """Serve on a thread of its own."""
        self._thread.start()

    def close(self) -> None:
        """Stop serving; all connections end."""
        self._waker.send(b"x")
        self._thread.join()
        for client in self._clients:
            client.close()
        for end in (self._server, self._wake, self._waker):
            end.close()
        self.path.unlink(missing_ok=True)

    def on_output(self, listener: Listener) -> None:
        """Call `listener(pin, level)` at each change of an output, from the hub's thread; it must not block."""
        self._listeners.append(listener)

    def set(self, pin: str, level: int | None) -> None:
        """Drive the wire of an input high (1), low (0), or not at all (None)."""
        with self._lock:
            if level is None:
                self._inputs.pop(pin, None)
            else:
                self._inputs[pin] = level
            self._tell(f"I {pin} {'z' if level is None else level}\n", tuple(self._clients))

    def output(self, pin: str) -> int | None:
        """Level of an output, None while no program drives it."""
        with self._lock:
            return self._outputs.get(pin)

    @property
    def connections(self) -> int:
        """Programs that are connected now."""
        with self._lock:
            return len(self._clients)

    def _tell(self, text: str, clients: tuple[socket.socket, ...]) -> None:
        for client in clients:
            # A client that has gone, or reads nothing, is dropped by the loop: its end closes with it.
            with contextlib.suppress(OSError):
                client.sendall(text.encode())

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._server, selectors.EVENT_READ)
            selector.register(self._wake, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._wake:
                        return
                    if key.fileobj is self._server:
                        selector.register(self._greet(), selectors.EVENT_READ)
                    else:
                        client = key.fileobj
                        assert isinstance(client, socket.socket)
                        if not self._read(client):
                            selector.unregister(client)
                            self._drop(client)

    def _greet(self) -> socket.socket:
        client, _ = self._server.accept()
        client.settimeout(1.0)
        with self._lock:
            self._clients[client] = b""
            text = "".join(f"I {pin} {level}\n" for pin, level in self._inputs.items())
            self._tell(text + "S\n", (client,))
        return client

    def _read(self, client: socket.socket) -> bool:
        try:
            data = client.recv(4096)
        except OSError:
            return False
        if not data or len(self._clients[client]) > 65536:
            return False
        *lines, rest = (self._clients[client] + data).split(b"\n")
        self._clients[client] = rest
        for line in lines:
            self._hear(client, line.decode("ascii", "replace").split())
        return True

    def _hear(self, client: socket.socket, words: list[str]) -> None:
        if len(words) == 3 and words[0] == "O" and words[2] in ("0", "1"):
            self._owners[words[1]] = client
            self._change(words[1], int(words[2]))
        elif len(words) == 4 and words[0] == "F" and words[2] == "input" and self._owners.get(words[1]) is client:
            del self._owners[words[1]]
            self._change(words[1], None)

    def _drop(self, client: socket.socket) -> None:
        with self._lock:
            del self._clients[client]
        client.close()
        for pin in [pin for pin, owner in self._owners.items() if owner is client]:
            del self._owners[pin]
            self._change(pin, None)

    def _change(self, pin: str, level: int | None) -> None:
        with self._lock:
            if self._outputs.get(pin) == level:
                return
            if level is None:
                self._outputs.pop(pin, None)
            else:
                self._outputs[pin] = level
        for listener in self._listeners:
            listener(pin, level)
