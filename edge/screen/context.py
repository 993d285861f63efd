"""What every page of the booth's screen has: the picture of the booth, a language, and the way to ask for something."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from edge.core.actions import Action
from edge.core.commands import Answer
from edge.core.events import Event
from edge.core.events_desk import OfficerAsked
from edge.core.view import View
from edge.screen import words
from edge.screen.live import Live
from edge.screen.texts import TEXTS
from edge.screen.words import LANGUAGES, Language

HERE: Final = Path(__file__).parent
LANGUAGE_COOKIE: Final = "loket_lang"
ANSWER_S: Final = 10.0


class Context:
    """One booth's screen. `put` gives an event to the booth's inbox; it may be called from any thread."""

    def __init__(
        self,
        put: Callable[[Event], None],
        language: Language = "id",
        title: str = "",
        utc_offset_h: float = 7.0,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.view = View()
        """The picture that is shown now; replaced whole by the deciding thread."""
        self.title = title
        self.live = Live()
        self.put = put
        self.wall = wall
        self.utc_offset_h = utc_offset_h
        self.own_language: Language = language
        """The hall's own, before anybody asks for another."""
        self._waiting: dict[str, asyncio.Future[Answer]] = {}
        self._versions = _versions(HERE / "static")

    # --- asking ---------------------------------------------------------------------------------------

    async def ask(self, action: Action, officer: str = "", limit_s: float = ANSWER_S) -> Answer | None:
        """Ask the booth for something and wait for what came of it; None: no answer in time, it may yet be done."""
        return await self.await_answer(lambda reply: OfficerAsked(reply, officer, action), limit_s)

    def put_asked(self, action: Action, officer: str = "") -> None:
        """Ask for something whose answer nobody waits for."""
        self.put(OfficerAsked("", officer, action))

    async def await_answer(self, event: Callable[[str], Event], limit_s: float = ANSWER_S) -> Answer | None:
        """Put the event of a new reply name into the inbox and wait for its `Answer`; None: it did not come in time."""
        reply = secrets.token_hex(8)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[reply] = future
        try:
            self.put(event(reply))
            return await asyncio.wait_for(future, limit_s)
        except TimeoutError:
            return None
        finally:
            self._waiting.pop(reply, None)

    def answered(self, answer: Answer) -> None:
        """An answer has come; called on the screen's event loop."""
        future = self._waiting.get(answer.reply)
        if future is not None and not future.done():
            future.set_result(answer)

    # --- showing --------------------------------------------------------------------------------------

    def language(self, request: Request) -> Language:
        """The language asked for now (`?lang=`), remembered, or the screen's own."""
        for wish in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
            for language in LANGUAGES:
                if wish == language:
                    return language
        return self.own_language

    def asset(self, name: str) -> str:
        """Address of a file of `static/`; it changes with the file's content, so browsers may keep it for ever."""
        return f"/static/{name}?v={self._versions[name]}"

    def passed_s(self) -> float:
        """How old the picture is: what its relative times (`called_s`, `since_s`, ...) must be grown by. Seconds."""
        return max(0.0, self.wall() - self.view.wall) if self.view.wall else 0.0

    def fill(self, language: Language, template: str, **values: Any) -> str:
        """A template's text. Each has lang, t, asset, view, passed_s, now, clock, duration, title; `values` win."""
        given: dict[str, Any] = {
            "lang": language,
            "t": partial(words.say, TEXTS, language),
            "asset": self.asset,
            "view": self.view,
            "passed_s": self.passed_s(),
            "now": self.wall(),
            "clock": partial(words.clock, utc_offset_h=self.utc_offset_h),
            "duration": partial(words.duration, language),
            "title": self.title or self.view.booth,
        }
        return _templates().get_template(template).render({**given, **values})

    def render(self, request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A whole page in the reader's language, which is remembered if it was asked for. Adds path and here(lang=)."""
        language = self.language(request)
        page = self.fill(language, template, path=request.url.path, here=partial(_here, request), **values)
        answer = HTMLResponse(page, status)
        if request.query_params.get("lang") in LANGUAGES:
            answer.set_cookie(LANGUAGE_COOKIE, language, max_age=365 * 86400, samesite="lax")
        return answer


@cache
def _templates() -> Environment:
    """The pages' templates; each is compiled once, when it is first asked for."""
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        cache_size=100,
    )


def _here(request: Request, **change: str) -> str:
    """This page's address with some of its query changed."""
    url = request.url.include_query_params(**change)
    return f"{url.path}?{url.query}" if url.query else url.path


def _versions(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:12] for path in files}
