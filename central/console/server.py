"""Serves the console on a thread of its own, and ends within two seconds whatever pages are open.

What serves the pages takes about a second to read: the thread does that, while the coordinator is at work already.
"""

from __future__ import annotations

import logging
import socket
import threading
from typing import TYPE_CHECKING

from central.console.settings import ConsoleSettings
from central.core.views import Actions, Changes, Views

if TYPE_CHECKING:
    import uvicorn

    from central.console.page import Console

log = logging.getLogger(__name__)


class PortTakenError(OSError):
    """Another program listens on the console's port, or the host is none of this machine's."""


class Server:
    """The console's web server. `start` returns when the port is open; `stop` when all has ended."""

    def __init__(self, views: Views, actions: Actions, changes: Changes, settings: ConsoleSettings) -> None:
        self._views, self._actions, self._changes, self._settings = views, actions, changes, settings
        self._lock = threading.Lock()
        self._ended = False
        self._serving: tuple[Console, uvicorn.Server] | None = None
        self._thread: threading.Thread | None = None
        self._socket: socket.socket | None = None

    @property
    def address(self) -> str:
        """Where the console is, e.g. `http://127.0.0.1:8080` (after `start`)."""
        host = f"[{self._settings.host}]" if ":" in self._settings.host else self._settings.host
        port = self._socket.getsockname()[1] if self._socket else self._settings.port
        return f"http://{host}:{port}"

    def start(self) -> None:
        """Listen and answer. Raises PortTakenError when the address cannot be had; port 0 takes a free one."""
        host, port = self._settings.host, self._settings.port
        try:
            family, kind, *_, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            self._socket = socket.socket(family, kind)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind(where)
            self._socket.listen(128)
        except OSError as error:
            raise PortTakenError(
                f"the console cannot listen on {host} port {port} ({error.strerror or error}): "
                "end the program that has it, or set another port"
            ) from error
        self._thread = threading.Thread(target=self._run, name="console", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End open pages and the server; called from any thread, and again."""
        with self._lock:
            self._ended = True
            if self._serving is not None:
                console, server = self._serving
                console.live.end()
                server.should_exit = True
        if self._thread is not None:
            self._thread.join(5.0)

    def _run(self) -> None:
        assert self._socket is not None
        try:
            console, server = self._make()
            with self._lock:
                if self._ended:
                    self._socket.close()
                    return
                self._serving = console, server
            server.run(sockets=[self._socket])
        except Exception:
            log.exception("the console ended by a fault; the coordinator goes on without it")

    def _make(self) -> tuple[Console, uvicorn.Server]:
        import uvicorn

        from central.console.app import create_app

        app = create_app(self._views, self._actions, self._changes, self._settings)
        console: Console = app.state.console
        # Live pages end by `live.end`; the grace is for one that a dead network holds.
        config = uvicorn.Config(
            app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=1, lifespan="on"
        )
        return console, uvicorn.Server(config)
