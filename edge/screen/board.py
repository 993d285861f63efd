"""The booth's public pages, without sign-in: the hall's board (`/papan`) and the ticket page (`/ambil`)."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
from typing import Any, Final, TypeVar
from urllib.parse import parse_qs, quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from contract.desk import Precedence, Service
from edge.core.actions import TakeTicket
from edge.core.refusals import Refusal
from edge.core.view import TicketView
from edge.screen import board_picture as picture
from edge.screen.context import Context
from edge.screen.texts_board import TEXTS
from edge.screen.words import Language, clock, say

BOARD_PARTS: Final = ("notices", "hero", "next", "services")
BETWEEN_S: Final = 4.0
"""A child that taps gets one number in this time, not ten."""
FORMS: Final = 200
"""Forms that are remembered."""
BODY_LIMIT: Final = 2048

_Word = TypeVar("_Word", bound=StrEnum)


def routes(context: Context) -> list[Route]:
    """The board and the ticket page of one booth."""
    return [*_board(context), *_take(context)]


# --- the board -----------------------------------------------------------------------------------------


def _board(context: Context) -> list[Route]:
    async def page(request: Request) -> Response:
        language = _wish(context, request)
        return _render(context, "board.html", language, part_names=BOARD_PARTS, **_board_values(context))

    async def live(request: Request) -> Response:
        language = _wish(context, request)
        return context.live.response(partial(board_parts, context, language), context.wall)

    return [Route("/papan", page), Route("/papan/live", live)]


def board_parts(context: Context, language: Language) -> Mapping[str, str]:
    """The board's live parts: id -> HTML."""
    values = _board_values(context)
    return {name: _fill(context, language, f"part_board_{name}.html", **values) for name in BOARD_PARTS}


def _board_values(context: Context) -> dict[str, Any]:
    view, passed = context.view, context.passed_s()
    calls = view.queue.board
    last = calls[0] if calls else None
    return {
        "last": last,
        "fresh": last is not None and last.called_s is not None and last.called_s + passed < picture.FRESH_S,
        "earlier": picture.earlier(calls),
        "coming": view.queue.waiting[:3],
        "lines": picture.services(view),
        "closed": picture.closed(view),
        "notices": picture.notices(view),
        "old": clock(view.wall, context.utc_offset_h) if passed > picture.OLD_S else "",
    }


# --- the ticket page -----------------------------------------------------------------------------------


class Counter:
    """Gives numbers to whoever touches the page: one at a time, one a form however often it is sent.

    `now`: seconds of a clock that only goes on.
    """

    def __init__(self, context: Context, now: Callable[[], float] = time.monotonic) -> None:
        self._context = context
        self._now = now
        self._last = -BETWEEN_S
        self._lock = asyncio.Lock()
        self._given: OrderedDict[str, str] = OrderedDict()

    async def take(self, form: str, service: Service, precedence: Precedence) -> tuple[str, Refusal | str]:
        """The ticket's id, or "" with why not: a `Refusal`, or a key of `texts_board`."""
        async with self._lock:
            if form in self._given:
                ticket = self._given[form]
                return ticket, "" if ticket else "take.silent"
            if self._now() - self._last < BETWEEN_S:
                return "", "take.slow"
            self._last = self._now()
            answer = await self._context.ask(TakeTicket(service, precedence))
            if answer is not None and answer.refusal is not None:
                return "", answer.refusal
            # Without an answer the number may come yet: this form never asks again.
            self._given[form] = answer.given if answer else ""
            while len(self._given) > FORMS:
                self._given.popitem(last=False)
            return self._given[form], "" if answer else "take.silent"


def _take(context: Context) -> list[Route]:
    counter = Counter(context)

    async def choose(request: Request) -> Response:
        return _choose(context, request)

    async def take(request: Request) -> Response:
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return _choose(context, request, "take.refused", 403)
        form = await _form(request)
        service, precedence = _known(Service, form.get("service")), _known(Precedence, form.get("precedence"))
        if service is None or precedence is None or service not in context.view.services:
            return _choose(context, request, "take.refused", 400)
        ticket, why = await counter.take(form.get("form", "") or secrets.token_hex(8), service, precedence)
        if not ticket:
            return _choose(context, request, why, 429 if why == "take.slow" else 409)
        language = _wish(context, request)
        return RedirectResponse(f"/ambil/{quote(ticket, safe='')}?lang={language}", 303)

    async def given(request: Request) -> Response:
        name = request.path_params["ticket"]
        values = _given_values(context, name)
        # A number that was given a moment ago may not be in the picture yet.
        return _render(context, "take_given.html", _wish(context, request), name=name, **values)

    async def live_choice(request: Request) -> Response:
        language, service = _wish(context, request), _known(Service, request.query_params.get("service"))
        return context.live.response(lambda: choice_parts(context, language, service), context.wall)

    async def live_given(request: Request) -> Response:
        language, name = _wish(context, request), request.path_params["ticket"]
        return context.live.response(lambda: given_parts(context, language, name), context.wall)

    return [
        Route("/ambil", choose),
        Route("/ambil", take, methods=["POST"]),
        Route("/ambil/live", live_choice),
        Route("/ambil/{ticket}", given),
        Route("/ambil/{ticket}/live", live_given),
    ]


def _choose(context: Context, request: Request, why: Refusal | str = "", status: int = 200) -> Response:
    service = _known(Service, request.query_params.get("service"))
    service = service if service in context.view.services else None
    return _render(
        context,
        "take.html",
        _wish(context, request),
        status,
        why=_reason(why),
        form=secrets.token_hex(8),
        **_choice_values(context, service),
    )


def _choice_values(context: Context, service: Service | None) -> dict[str, Any]:
    view = context.view
    return {
        "service": service,
        "precedences": tuple(Precedence),
        "lines": picture.services(view),
        "closed": picture.closed(view),
        "notices": picture.notices(view)[:1],
        "paper": picture.has_paper(view),
    }


def choice_parts(context: Context, language: Language, service: Service | None) -> Mapping[str, str]:
    """Live parts of the page that asks for a service: its notices, and (before one is chosen) its buttons."""
    values = _choice_values(context, service)
    names = ("notices",) if service else ("notices", "choices")
    return {name: _fill(context, language, f"part_take_{name}.html", **values) for name in names}


def _given_values(context: Context, name: str) -> dict[str, Any]:
    view = context.view
    ticket = picture.ticket_of(view, name)
    return {
        "ticket": ticket,
        "ahead": picture.ahead_of(view, ticket) if ticket else 0,
        "paper": picture.has_paper(view),
        "called_at": _moments(context, ticket) if ticket else None,
    }


def given_parts(context: Context, language: Language, name: str) -> Mapping[str, str]:
    """Live part of the page that shows a number."""
    return {"given": _fill(context, language, "part_take_given.html", **_given_values(context, name))}


def _moments(context: Context, ticket: TicketView) -> tuple[str, str, str] | None:
    """When it is called: expected, earliest, latest; in steps of five minutes."""
    wait = ticket.wait or ticket.told
    if wait is None:
        return None
    start = context.view.wall if ticket.wait else ticket.issued_at
    early, late = (start + wait.low_s) // 300 * 300, -(-(start + wait.high_s) // 300) * 300
    middle = round((start + wait.expected_s) / 300) * 300
    expected, low, high = (clock(moment, context.utc_offset_h) for moment in (middle, early, late))
    return expected, low, high


def _reason(why: Refusal | str) -> picture.Closed | None:
    if isinstance(why, Refusal):
        key = f"closed.{why.code}"
        return picture.Closed(key, dict(why.figures)) if key in TEXTS else picture.Closed("take.refused")
    return picture.Closed(why) if why else None


# --- both ----------------------------------------------------------------------------------------------


def _wish(context: Context, request: Request) -> Language:
    """These pages remember no language: the next person reads the hall's own again."""
    wish = request.query_params.get("lang")
    return "id" if wish == "id" else "en" if wish == "en" else context.own_language


def _words(context: Context, language: Language) -> dict[str, Any]:
    second = picture.other(language)
    return {
        "lang": language,
        "lang2": second,
        "t": partial(say, TEXTS, language),
        "t2": partial(say, TEXTS, second),
        "place": partial(picture.place, language),
        "expected": partial(picture.expected, language),
        "expected2": partial(picture.expected, second),
        "span": partial(picture.span, language),
        "paper_words": partial(picture.paper_words, language),
        "offset": context.utc_offset_h,
    }


def _fill(context: Context, language: Language, template: str, **values: Any) -> str:
    return context.fill(language, template, **_words(context, language), **values)


def _render(context: Context, template: str, language: Language, status: int = 200, **values: Any) -> Response:
    return HTMLResponse(_fill(context, language, template, **values), status)


async def _form(request: Request) -> dict[str, str]:
    """The few fields of a form; what is too long or no text is an empty form."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_LIMIT:
            return {}
    return {name: found[0] for name, found in parse_qs(body.decode("utf-8", "replace")).items()}


def _known(kind: type[_Word], word: str | None) -> _Word | None:
    return next((member for member in kind if member == word), None)
