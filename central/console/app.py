"""The console's web application: its settings, its layers and how a page is put together."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Scope

from central.console import pages, public
from central.console.page import HERE, Console
from central.console.security import HEADERS, Guard
from central.console.settings import ConsoleSettings as ConsoleSettings
from central.core.views import Actions, Changes, Views

log = logging.getLogger(__name__)

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class _Static(StaticFiles):
    """Files whose address carries their content's hash: kept by browsers for ever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        if answer.status_code == 200 and b"v=" in scope.get("query_string", b""):
            answer.headers["cache-control"] = "public, max-age=31536000, immutable"
        return answer


def create_app(views: Views, actions: Actions, changes: Changes, settings: ConsoleSettings) -> FastAPI:
    """The console as an ASGI application; serve it with `central.console.server.Server`.

    Raises ValueError when the console would be open to the network without a password.
    """
    if settings.host not in LOOPBACK and not settings.password_hash:
        raise ValueError(
            f"console host {settings.host!r} is reachable from the network but the console has no password: "
            "set password_hash to an argon2 hash, or host to 127.0.0.1"
        )
    console = Console(views, actions, changes, settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        console.live.start()
        yield
        console.live.end()
        await console.live.join()

    app = FastAPI(title="Loket", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.console = console
    app.include_router(pages.router(console))
    app.include_router(public.router(console))
    app.mount("/static", _Static(directory=HERE / "static"))
    _add_errors(app, console)
    hosts = frozenset() if settings.password_hash else LOOPBACK
    # The last one added is the outermost.
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    app.add_middleware(
        Guard,
        sessions=console.sessions,
        password=settings.password_hash is not None,
        hosts=hosts,
        public=settings.public,
    )
    return app


def _add_errors(app: FastAPI, console: Console) -> None:
    def failed(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        if isinstance(error, RequestValidationError):
            status = 400
        key = f"error.{status}" if status in (400, 403, 404) else "error.500" if status >= 500 else "error.400"
        answer = console.render(request, "error.html", status, key=key)
        # An answer to a fault goes out around the guard.
        answer.headers.update(HEADERS)
        return answer

    app.add_exception_handler(HTTPException, failed)
    app.add_exception_handler(RequestValidationError, failed)
    app.add_exception_handler(Exception, failed)
