"""How a page is put together: its language, its texts, its session, and what the coordinator shows and lets do."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

from fastapi import HTTPException, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from central.console import alarms, commands, pictures, sentences, words
from central.console.live import Live
from central.console.remedies import translated
from central.console.security import Password, Session, Sessions
from central.console.settings import ConsoleSettings
from central.console.texts import LANGUAGES, Language, known, text
from central.core.views import Actions, Changes, Totals, Views

HERE: Final = Path(__file__).parent
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
        page = (
            _templates()
            .get_template(template)
            .render(
                lang=language,
                asset=self.asset,
                settings=self.settings,
                t=say,
                now=now,
                clock=lambda moment: words.clock(language, moment, now),
                age=lambda moment: words.age(language, moment, now),
                is_old=lambda moment: moment is None or (now - moment).total_seconds() > self.settings.stale_s,
                number=partial(words.number, language),
                translated=partial(translated, language),
                sentence=partial(sentences.sentence, language),
                drawing=sentences.drawing,
                device_name=partial(sentences.device_name, language),
                alarm_name=partial(alarms.name, language),
                alarm_cause=partial(alarms.cause, language),
                alarm_remedy=partial(alarms.remedy, language),
                told_command=partial(commands.told, language),
                lasting=partial(words.lasting, language),
                person=partial(_person, language),
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


@cache
def _templates() -> Environment:
    """The pages' templates; each is compiled once."""
    templates = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals |= {"known": known, "pictures": pictures, "alarm_pictures": alarms}
    return templates


def _person(language: Language, name: str) -> str:
    """Who did something: the role in the reader's language, and the name that was given."""
    role, _, rest = name.partition(" ")
    return " ".join(filter(None, (known(language, f"person.{role}", role), rest)))


def _here(request: Request, **change: str) -> str:
    """This page's address with some of its query changed; an empty value drops a name."""
    url = request.url.include_query_params(**change)
    url = url.remove_query_params([name for name, value in change.items() if not value])
    return f"{url.path}?{url.query}" if url.query else url.path


def _versions(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:12] for path in files}


def tell(console: Console, request: Request, done: str, refusal: str | None) -> None:
    """Let the next page say that an action was done, or why it was refused."""
    language = console.language(request)
    words = text(language, "refused", reason=translated(language, refusal)) if refusal else done
    console.notify(request.state.session, words, refusal is None)


def check(console: Console, request: Request, token: str) -> None:
    """Raises HTTPException 403 for a form that does not come from a page of this session."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise HTTPException(403)
    if not console.sessions.is_token(request.state.session, token):
        raise HTTPException(403)
