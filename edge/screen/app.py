"""The booth's screen: its web application, served on a thread of its own with its own event loop."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from contract.messages import Modality
from edge.core.commands import Answer
from edge.core.events import Event
from edge.core.view import View
from edge.screen import board
from edge.screen.context import HERE, Context
from edge.screen.pages import Pages
from edge.screen.security import LOOPBACK, Guard, Sessions, SignIn
from edge.screen.thumbnails import Thumbnails
from edge.screen.words import Language

log = logging.getLogger("loket.screen")

START_S: Final = 10.0
STOP_S: Final = 3.0


class _Static(StaticFiles):
    """Files whose address carries their content's hash: kept by browsers for ever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        if answer.status_code == 200 and b"v=" in scope.get("query_string", b""):
            answer.headers["cache-control"] = "public, max-age=31536000, immutable"
        return answer


class Screen:
    """The booth's web pages. `put` gives what people ask to the booth's inbox; `previews` are SBI services.

    Raises ValueError when the screen would be open to the network without officers who sign in.
    """

    def __init__(
        self,
        host: str,
        port: int,
        put: Callable[[Event], None],
        sign: SignIn,
        language: Language = "id",
        previews: Mapping[Modality, tuple[str, int]] | None = None,
        booth_name: str = "",
        utc_offset_h: float = 7.0,
        wall: Callable[[], float] = time.time,
    ) -> None:
        if host not in LOOPBACK and not sign.names() and not sign.trouble():
            raise ValueError(
                f"screen host {host!r} is reachable from the network but this booth has no officers: "
                "register one, or set host to 127.0.0.1"
            )
        self._host = host
        self._port = port
        self.context = Context(put, language, booth_name, utc_offset_h, wall)
        self._thumbnails = Thumbnails()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._error: Exception | None = None
        sessions = Sessions()
        pages = Pages(self.context, sign, sessions, self._thumbnails, previews or {})
        app = Starlette(
            routes=[*pages.routes(), *board.routes(self.context), Mount("/static", _Static(directory=HERE / "static"))],
            exception_handlers={500: _failed},
        )
        self.app = Guard(app, sessions, sign, LOOPBACK if host in LOOPBACK else frozenset())
        """The ASGI application, guarded."""

    @property
    def url(self) -> str:
        """Where the page is; with the port that was given by the system when 0 was asked for."""
        return f"http://{'[::1]' if self._host == '::1' else self._host}:{self._port}"

    def start(self) -> None:
        """Serve from now on. Raises OSError when the port cannot be had."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((self._host, self._port))
            listening.listen(64)
        except OSError:
            listening.close()
            raise
        self._port = listening.getsockname()[1]
        self._thread = threading.Thread(target=self._run, args=(listening,), name="screen", daemon=True)
        self._thread.start()
        self._ready.wait(START_S)
        log.info("the booth's screen is at %s", self.url)

    def stop(self) -> None:
        """End every stream and the server; at most about three seconds."""
        server, loop = self._server, self._loop
        if server is None or loop is None or self._thread is None:
            return
        server.should_exit = True
        self._call(self.context.live.end)
        self._thread.join(STOP_S)
        if self._thread.is_alive():
            server.force_exit = True
            self._thread.join(STOP_S)

    # --- from the deciding thread -----------------------------------------------------------------------

    def show(self, view: View) -> None:
        """This is the booth now. Takes microseconds."""
        self.context.view = view
        self._thumbnails.shown(view.recording)
        self._call(self.context.live.wake)

    def answered(self, answer: Answer) -> None:
        """What came of something that was asked here."""
        self._call(lambda: self.context.answered(answer))

    def judged(self, transaction: str, thumbnails: Mapping[str, bytes]) -> None:
        """Small JPEG pictures (bioSubType -> bytes) of the capture that was just judged; kept in memory only."""
        self._thumbnails.judged(transaction, thumbnails, self.context.view.recording)
        self._call(self.context.live.wake)

    def _call(self, what: Callable[[], None]) -> None:
        loop = self._loop
        if loop is not None:
            try:
                loop.call_soon_threadsafe(what)
            except RuntimeError:  # the loop is closed: the screen has ended
                return

    # --- its thread ---------------------------------------------------------------------------------------

    def _run(self, listening: socket.socket) -> None:
        config = uvicorn.Config(
            self.app,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=1,
            h11_max_incomplete_event_size=32 * 1024,
            limit_concurrency=64,
        )
        server = _Server(config, self._ready)
        self._server = server
        loop = asyncio.new_event_loop()
        self._loop = loop
        try:
            loop.run_until_complete(server.serve(sockets=[listening]))
        finally:
            self._ready.set()
            loop.close()


class _Server(uvicorn.Server):
    """Tells when it serves, and leaves the signals to the booth."""

    def __init__(self, config: uvicorn.Config, ready: threading.Event) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready.set()


async def _failed(request: Request, error: Exception) -> Response:
    """A fault of this program: the page says so, the log has the trace."""
    log.error("page %s failed", request.url.path, exc_info=error)
    return PlainTextResponse("Terjadi kesalahan di loket. / The booth made a mistake.", 500)
