"""Who may look and act: host names, sessions, the password, forged forms, and the headers of every answer."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE: Final = "loket_session"
SESSION_S: Final = 12 * 3600
BODY_LIMIT: Final = 16 * 1024
OPEN: Final = ("/login", "/static/")
"""Paths that need no password."""

HEADERS: Final = {
    "content-security-policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


@dataclass(frozen=True, slots=True)
class Session:
    """One browser; `signed_in` after the right password."""

    id: str
    signed_in: bool


class Sessions:
    """Makes and checks session cookies and form tokens. The key is new at every start of the console."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def new(self, signed_in: bool) -> Session:
        """A session that no browser has yet."""
        return Session(secrets.token_urlsafe(16), signed_in)

    def cookie(self, session: Session) -> str:
        """The cookie's value of a session, good for `SESSION_S` seconds."""
        value = f"{session.id}.{int(session.signed_in)}.{int(time.time()) + SESSION_S}"
        return f"{value}.{self._mac('session', value)}"

    def read(self, cookie: str) -> Session | None:
        """The session of a cookie's value, or None when it is not ours or too old."""
        value, _, mac = cookie.rpartition(".")
        if not value or not hmac.compare_digest(mac.encode(), self._mac("session", value).encode()):
            return None
        name, signed_in, until = value.split(".")
        return Session(name, signed_in == "1") if int(until) > time.time() else None

    def token(self, session: Session) -> str:
        """What a form of this session must carry."""
        return self._mac("form", session.id)

    def is_token(self, session: Session, token: str) -> bool:
        """Whether a form came from a page of this session."""
        return hmac.compare_digest(token.encode(), self.token(session).encode())

    def _mac(self, use: str, value: str) -> str:
        return hmac.new(self._key, f"{use}|{value}".encode(), hashlib.sha256).hexdigest()


class Password:
    """The console's password; five wrong tries of one address, or twenty of all, cost a minute of waiting."""

    WINDOW_S: Final = 60.0
    EACH: Final = 5
    ALL: Final = 20

    def __init__(self, password_hash: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._hash = password_hash
        self._clock = clock
        self._hasher = PasswordHasher()
        self._wrong: list[tuple[float, str]] = []
        # One argon2 run at a time: it takes 64 MiB of memory by design.
        self._lock = threading.Lock()

    def wait_s(self, address: str) -> int:
        """Seconds until the next try of this address is looked at; 0: now."""
        now = self._clock()
        self._wrong = [(at, who) for at, who in self._wrong if now - at < self.WINDOW_S]
        own = [at for at, who in self._wrong if who == address]
        first = self._wrong[0][0] if len(self._wrong) >= self.ALL else own[0] if len(own) >= self.EACH else None
        return 0 if first is None else max(1, round(self.WINDOW_S - (now - first)))

    def check(self, address: str, password: str) -> bool:
        """Whether the password is right; a wrong one is counted against the address."""
        with self._lock:
            try:
                return self._hasher.verify(self._hash, password)
            except (VerificationError, InvalidHashError):
                self._wrong.append((self._clock(), address))
                return False


class Guard:
    """ASGI layer around the whole console: refuses what must not reach a page, and adds the headers."""

    def __init__(
        self, app: ASGIApp, sessions: Sessions, password: bool, hosts: frozenset[str], public: bool = False
    ) -> None:
        self._app = app
        self._public = public
        self._sessions = sessions
        self._password = password
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        session = self._sessions.read(_cookie(headers))
        fresh = session is None
        session = session or self._sessions.new(signed_in=False)
        scope.setdefault("state", {})["session"] = session
        refusal = self._refusal(scope, headers, session)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                out = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    out.setdefault(name, value)
                out.setdefault("cache-control", "no-store")
                bare = scope["path"].startswith("/static/") or is_public(scope["path"])
                if fresh and COOKIE not in (out.get("set-cookie") or "") and not bare:
                    out.append("set-cookie", set_cookie(self._sessions.cookie(session), scope["scheme"]))
            await send(message)

        await (refusal or self._app)(scope, receive, answer)

    def _refusal(self, scope: Scope, headers: Headers, session: Session) -> ASGIApp | None:
        # A page of another site that points its own name at this machine must not read the console.
        if self._hosts and _host(headers) not in self._hosts:
            words = f"This console answers to {', '.join(sorted(self._hosts))} only; use one of these in the address."
            return PlainTextResponse(words, 421)
        if scope["method"] == "POST" and not _is_small(headers):
            return PlainTextResponse("The form is too large.", 413)
        is_open = scope["path"].startswith(OPEN) or (self._public and is_public(scope["path"]))
        if self._password and not session.signed_in and not is_open:
            if scope["path"] == "/live" or "hx-request" in headers:
                return PlainTextResponse("Sign in first.", 401, {"hx-redirect": "/login"})
            return RedirectResponse("/login", 303)
        return None


def is_public(path: str) -> bool:
    """Whether it is one of the public's pages: no cookie; no password either where the settings say so."""
    return path == "/papan" or path.startswith("/status/")


def set_cookie(value: str, scheme: str) -> str:
    """The header that gives a browser its session; strict same-site, so that no other site's form carries it."""
    secure = "; Secure" if scheme == "https" else ""
    return f"{COOKIE}={value}; Path=/; Max-Age={SESSION_S}; HttpOnly; SameSite=Strict{secure}"


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


def _is_small(headers: Headers) -> bool:
    length = headers.get("content-length", "")
    return length.isascii() and length.isdigit() and int(length) <= BODY_LIMIT
