"""Who may look and act: host names, other sites' forms, sessions of officers, and the headers of every answer."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Final, Protocol

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE: Final = "loket_officer"
SESSION_S: Final = 12 * 3600.0
IDLE_S: Final = 3600.0
BODY_LIMIT: Final = 16 * 1024
SESSIONS_LIMIT: Final = 200
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
OPEN: Final = ("/masuk", "/static/", "/papan", "/ambil", "/hidup")
"""Beginnings of the paths that need no officer."""

HEADERS: Final = {
    "content-security-policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


class SignIn(Protocol):
    """The booth's officers and their PINs."""

    def names(self) -> tuple[str, ...]:
        """Names of the officers who may sign in; cheap, asked at every request. Empty: nobody need sign in."""

    def trouble(self) -> str:
        """Why nobody can sign in though there may be officers, with the remedy; empty: all is well."""

    def check(self, name: str, pin: str) -> bool:
        """Whether the PIN is that officer's; slow by design, called in a thread of its own."""

    def wait_s(self, name: str) -> float:
        """Seconds until a PIN of this name is looked at again, after too many wrong ones; 0: now."""

    def free_page(self) -> int:
        """A page of the finger reader that is nobody's. Raises edge.adapters.officers.OfficersError."""


@dataclass(slots=True)
class Session:
    """One browser; `officer` is empty where the booth has no officers."""

    id: str
    officer: str
    begun: float
    used: float
    notice: tuple[str, bool] | None = None
    """What the next whole page says once, and whether it is good."""


@dataclass(slots=True)
class Sessions:
    """The browsers that are known; in memory only, so that every start of the booth asks anew."""

    clock: Callable[[], float] = time.monotonic
    _open: dict[str, Session] = field(default_factory=dict)

    def begin(self, officer: str) -> Session:
        """A new session; the oldest gives way when there are too many."""
        now = self.clock()
        session = Session(secrets.token_urlsafe(24), officer, now, now)
        self._open[session.id] = session
        while len(self._open) > SESSIONS_LIMIT:
            self._open.pop(next(iter(self._open)))
        return session

    def find(self, name: str) -> Session | None:
        """The session of a cookie, unless it is unknown, older than 12 hours, or unused for one."""
        session = self._open.get(name)
        if session is None:
            return None
        now = self.clock()
        if now - session.begun > SESSION_S or now - session.used > IDLE_S:
            del self._open[name]
            return None
        return session

    def at_work(self, within_s: float) -> int:
        """How many have asked for something, or begun, within so many seconds."""
        now = self.clock()
        return sum(now - session.used <= within_s for session in self._open.values())

    def end(self, session: Session) -> None:
        """Forget it."""
        self._open.pop(session.id, None)


class Guard:
    """ASGI layer around the whole screen: refuses what must not reach a page, finds the session, adds the headers.

    `hosts`: names this screen answers to; empty: any, because it is reachable from the network.
    """

    def __init__(self, app: ASGIApp, sessions: Sessions, sign: SignIn, hosts: frozenset[str]) -> None:
        self._app = app
        self._sessions = sessions
        self._sign = sign
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        session = self._sessions.find(_cookie(headers))
        scope.setdefault("state", {})["session"] = session

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                out = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    out.setdefault(name, value)
                out.setdefault("cache-control", "no-store")
            await send(message)

        await (self._refusal(scope, headers, session) or self._app)(scope, receive, answer)

    def _refusal(self, scope: Scope, headers: Headers, session: Session | None) -> ASGIApp | None:
        # A page of another site that points its own name at this machine must not read the screen.
        if self._hosts and _host(headers) not in self._hosts:
            words = f"This screen answers to {', '.join(sorted(self._hosts))} only; use one of these in the address."
            return PlainTextResponse(words, 421)
        if scope["method"] not in ("GET", "HEAD"):
            if not _is_small(headers):
                return PlainTextResponse("The form is too large.", 413)
            if not _is_own(headers):
                return PlainTextResponse("The form is another site's.", 403)
        if scope["path"].startswith(OPEN):
            return None
        # An officer who was removed is out at once; where there are none, there is nobody to ask.
        names = self._sign.names()
        if not names and (trouble := self._sign.trouble()):
            # A damaged list of officers locks the page; it must not open it to everybody.
            return PlainTextResponse(f"Daftar petugas rusak, tidak ada yang dapat masuk. / {trouble}", 503)
        if names and (session is None or session.officer not in names):
            if scope["method"] not in ("GET", "HEAD") or not _is_page(headers):
                return PlainTextResponse("Sign in first.", 401)
            return RedirectResponse("/masuk", 303)
        return None


def set_cookie(session: Session) -> str:
    """The header that gives a browser its session; strict same-site: no other site's form carries it."""
    return f"{COOKIE}={session.id}; Path=/; Max-Age={SESSION_S:.0f}; HttpOnly; SameSite=Strict"


def _cookie(headers: Headers) -> str:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def _host(headers: Headers) -> str:
    """The name that the browser was told, without port and brackets."""
    host = headers.get("host", "").lower()
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _is_own(headers: Headers) -> bool:
    """Whether a form comes from a page of this screen, or from no page at all (a program of the machine)."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is None or origin.partition("://")[2].lower() == headers.get("host", "").lower()


def _is_page(headers: Headers) -> bool:
    accept = headers.get("accept", "*/*")
    return "text/html" in accept or accept == "*/*"


def _is_small(headers: Headers) -> bool:
    length = headers.get("content-length", "0")
    return length.isascii() and length.isdigit() and int(length) <= BODY_LIMIT
