"""The public's pages, without sign-in and without a name or a NIK: the board of all booths, the status of a ticket."""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable
from datetime import datetime
from functools import cache, partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from central.console import public_status
from central.console.page import HERE, Console
from central.console.public_status import Words, say
from central.console.texts import LANGUAGES, Language
from central.console.words import WIB
from central.core.views_desk import BoardView
from contract.desk import Service
from contract.messages import Supply

KEEP_S: Final = 3.0
"""So long one answer serves everybody who asks for the same page."""
KEPT: Final = 500
STATUS_S: Final = 20
BOARD_S: Final = 5
"""How often an open page asks again."""
HOURS_FROM_S: Final = 5400.0
NONE_S: Final = 60.0

#: A booth's English note of why it gives no numbers -> what the public reads.
_NOTES: Final = (
    (re.compile(r"closed: it opens at (?P<time>[\d:.]+)"), "board.opens"),
    (re.compile(r"all \d+ numbers of today are given"), "board.full"),
)
_SUPPLIES: Final = {
    Supply.ON_BATTERY: "supply.out",
    Supply.GENSET_STARTING: "supply.out",
    Supply.ON_GENSET: "supply.genset",
    Supply.MAINS_RETURNING: "supply.back",
    Supply.SHUTTING_DOWN: "supply.off",
    Supply.OFF: "supply.off",
}


class _Kept:
    """Pages made a moment ago: a crowd of telephones costs the coordinator no more than one."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._pages: dict[str, tuple[float, int, str]] = {}

    def get(self, key: str, make: Callable[[], tuple[int, str]]) -> tuple[int, str]:
        """The page of a key and its HTTP status; made anew when the kept one is too old."""
        with self._lock:
            made, status, page = self._pages.get(key, (-math.inf, 0, ""))
        if self._now() - made < KEEP_S:
            return status, page
        status, page = make()
        with self._lock:
            if len(self._pages) >= KEPT:
                self._pages.clear()
            self._pages[key] = (self._now(), status, page)
        return status, page


def router(console: Console) -> APIRouter:
    """`/papan`, `/papan?booth=<id>` and `/status/<ticket>`; `?lang=` chooses the language. Nothing is remembered."""
    routes = APIRouter()
    kept = _Kept()

    def answer(request: Request, key: str, make: Callable[[Language], tuple[int, str]]) -> Response:
        language = _language(console, request)
        status, page = kept.get(f"{language} {key}", lambda: make(language))
        return HTMLResponse(page, status, headers={"cache-control": f"public, max-age={int(KEEP_S)}"})

    @routes.get("/papan")
    def board(request: Request, booth: Annotated[str, Query(max_length=40)] = "") -> Response:
        return answer(request, f"board {booth}", lambda language: _board_page(console, language, booth))

    @routes.get("/status/{ticket}")
    def status(request: Request, ticket: str) -> Response:
        return answer(request, f"status {ticket}", lambda language: _status_page(console, language, ticket))

    return routes


def _board_page(console: Console, language: Language, booth: str) -> tuple[int, str]:
    boards = console.views.board(booth or None)
    query = f"booth={booth}&" if boards and booth else ""
    page = _fill(
        console, language, "public_board.html", query, every=BOARD_S, boards=boards, single=bool(booth), kinds=Service
    )
    return 404 if booth and not boards else 200, page


def _status_page(console: Console, language: Language, name: str) -> tuple[int, str]:
    ticket = console.views.ticket(name) if len(name) <= 80 else None
    if ticket is None:
        return 404, _fill(console, language, "public_missing.html", "", every=STATUS_S)
    picture = public_status.status(ticket, console.now())
    return 200, _fill(
        console,
        language,
        "public_status.html",
        "",
        every=STATUS_S,
        ticket=ticket,
        status=picture,
        precedence=public_status.precedence(ticket),
    )


def _fill(console: Console, language: Language, template: str, query: str, **values: Any) -> str:
    now = console.now()

    def words(key: str, **figures: Any) -> str:
        return say(language, Words(key, figures))

    return (
        _templates()
        .get_template(template)
        .render(
            lang=language,
            query=query,
            asset=console.asset,
            say=words,
            told=lambda it: public_status.told(language, it, now),
            hour=partial(public_status.hour, language),
            moment=partial(_moment, language, now),
            place=partial(public_status.place, language),
            rough=partial(rough, language),
            none_s=NONE_S,
            note=partial(_note, language),
            supply=lambda board: _SUPPLIES.get(board.supply, ""),
            complaints=console.settings.complaints,
            now=now,
            seconds=f"{now.astimezone(WIB):%H.%M.%S}" if language == "id" else f"{now.astimezone(WIB):%H:%M:%S}",
            **values,
        )
    )


def rough(language: Language, seconds: float) -> str:
    """A wait as one says it: up to the next five minutes, beyond an hour and a half up to the next half hour."""
    minutes, hours = ("menit", "jam") if language == "id" else ("min", "h")
    if seconds <= HOURS_FROM_S:
        return f"{5 * math.ceil(seconds / 300 - 1e-6)} {minutes}"
    halves = math.ceil(seconds / 1800 - 1e-6)
    return f"{halves // 2}{'½' if halves % 2 else ''} {hours}"


def _moment(language: Language, now: datetime, moment: datetime) -> str:
    """Time of day; with its day when that is another."""
    hour = public_status.hour(language, moment)
    same = moment.astimezone(WIB).date() == now.astimezone(WIB).date()
    return hour if same else f"{public_status.day(language, moment, now)} {hour}"


def _note(language: Language, board: BoardView) -> str:
    """Why a booth gives no numbers (or is not known to), in few words; empty: it gives them."""
    if not board.online:
        return say(language, "board.away")
    if board.open is None:
        return say(language, "board.untold")
    if board.open:
        return ""
    for pattern, key in _NOTES:
        found = pattern.search(board.note)
        if found:
            return say(language, Words(key, found.groupdict()))
    return say(language, "board.closed")


def _language(console: Console, request: Request) -> Language:
    wish = request.query_params.get("lang")
    return next((language for language in LANGUAGES if language == wish), console.settings.language)


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
