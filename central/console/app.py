"""The console's web application: its settings, its layers and how a page is put together."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Scope

from central.console import pages, pictures, sentences, words
from central.console.live import Live
from central.console.remedies import translated
from central.console.security import HEADERS, Guard, Password, Session, Sessions
from central.console.settings import ConsoleSettings as ConsoleSettings
from central.console.texts import LANGUAGES, Language, known, text
from central.core.views import Actions, Changes, Totals, Views

log = logging.getLogger(__name__)

HERE: Final = Path(__file__).parent
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
LANGUAGE_COOKIE: Final = "loket_lang"


class Console:
    """What every page needs: the coordinator's views and actions, texts, sessions, and the time."""

    def __init__(self, views: Views, actions: Actions, changes: Changes, settings: ConsoleSettings) -> None:
        self.views = views
        self.actions = actions
        self.settings = settings
        self.sessions = Sessions()
        self.password = Password(settings.password_hash) if settings.password_hash else None
        self.live = Live(changes)
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self._notices: dict[str, tuple[str, bool]] = {}
        self._lock = threading.Lock()
        self._versions = _versions(HERE / "static")
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals |= {"asset": self.asset, "known": known, "pictures": pictures, "settings": settings}

    def asset(self, name: str) -> str:
        """Address of a file of `static/`; it changes with the file's content, so browsers may keep it for ever."""
        return f"/static/{name}?v={self._versions[name]}"

    def language(self, request: Request) -> Language:
        """The language asked for now, remembered, or the console's own."""
        for wish in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
            for language in LANGUAGES:
                if wish == language:
                    return language
        return self.settings.language

    def notify(self, session: Session, words: str, good: bool) -> None:
        """Words that the session's next whole page shows once."""
        with self._lock:
            self._notices[session.id] = (words, good)
            while len(self._notices) > 200:
                self._notices.pop(next(iter(self._notices)))

    def render(self, request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
        """A page or a part of one, in the reader's language."""
        language, now, session = self.language(request), self.now(), session_of(request)
        whole = not template.startswith("part_")
        notice = None
        if whole:
            with self._lock:
                notice = self._notices.pop(session.id, None)
        say = partial(text, language)
        page = self._templates.get_template(template).render(
            lang=language,
            t=say,
            now=now,
            clock=lambda moment: words.clock(language, moment, now),
            age=lambda moment: words.age(language, moment, now),
            is_old=lambda moment: moment is None or (now - moment).total_seconds() > self.settings.stale_s,
            number=partial(words.number, language),
            duration=words.duration,
            translated=partial(translated, language),
            sentence=partial(sentences.sentence, language),
            drawing=sentences.drawing,
            device_name=partial(sentences.device_name, language),
            device_trouble=partial(sentences.device_trouble, language),
            totals=self._totals,
            notice=notice,
            token=self.sessions.token(session),
            signed_in=session.signed_in,
            path=request.url.path,
            query=request.url.query,
            here=partial(_here, request),
            **context,
        )
        answer = HTMLResponse(page, status)
        if request.query_params.get("lang") in LANGUAGES:
            answer.set_cookie(LANGUAGE_COOKIE, language, max_age=365 * 86400, samesite="lax")
        return answer

    def _totals(self) -> Totals:
        return self.views.totals()


def session_of(request: Request) -> Session:
    """The session that the guard found or made."""
    session: Session = request.state.session
    return session


def _here(request: Request, **change: str) -> str:
    """This page's address with some of its query changed; an empty value drops a name."""
    url = request.url.include_query_params(**change)
    url = url.remove_query_params([name for name, value in change.items() if not value])
    return f"{url.path}?{url.query}" if url.query else url.path


class _Static(StaticFiles):
    """Files whose address carries their content's hash: kept by browsers for ever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        if answer.status_code == 200 and b"v=" in scope.get("query_string", b""):
            answer.headers["cache-control"] = "public, max-age=31536000, immutable"
        return answer


def _versions(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:12] for path in files}


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
    app.mount("/static", _Static(directory=HERE / "static"))
    _add_errors(app, console)
    hosts = frozenset() if settings.password_hash else LOOPBACK
    # The last one added is the outermost.
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    app.add_middleware(Guard, sessions=console.sessions, password=settings.password_hash is not None, hosts=hosts)
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
