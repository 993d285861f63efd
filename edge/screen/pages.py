"""The officer's pages: signing in, the booth's page with its parts, its forms, pictures, and officers' fingers."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from contract.messages import Modality
from edge.adapters.officers import OfficersError
from edge.core.actions import StopWaiting, WantFinger
from edge.core.commands import Answer
from edge.core.events_desk import OfficerRefusedSign, OfficerSigned
from edge.core.refusals import Refusal, refuse
from edge.screen import deeds, hand, parts, preview, refusals
from edge.screen.context import Context
from edge.screen.live import Over
from edge.screen.picture import Picture
from edge.screen.remedies import translated
from edge.screen.security import Session, Sessions, SignIn, set_cookie
from edge.screen.texts import TEXTS
from edge.screen.thumbnails import Thumbnails
from edge.screen.words import Language, say

PANELS: Final = ("queue", "ticket", "basket", "more")
AT_WORK_S: Final = 300.0
"""Who has asked for nothing for so long has left the screen."""
FINGER_S: Final = 40.0
"""How long the browser waits for a person to put a finger on the reader."""


class Pages:
    """The routes of the officer's pages."""

    def __init__(
        self,
        context: Context,
        sign: SignIn,
        sessions: Sessions,
        thumbnails: Thumbnails,
        previews: Mapping[Modality, tuple[str, int]],
    ) -> None:
        self._context = context
        self._sign = sign
        self._sessions = sessions
        self._thumbnails = thumbnails
        self._previews = previews
        # One PIN at a time: argon2 takes tens of MiB by design.
        self._checking = asyncio.Lock()

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route("/", self.desk),
            Route("/live", self.live),
            Route("/hidup", self.alive),
            Route("/do/{name}", self.do, methods=["POST"]),
            Route("/preview/{modality}", self.preview),
            Route("/thumbnail/{transaction}/{index:int}", self.thumbnail),
            Route("/petugas", self.officers),
            Route("/petugas/live", self.officers_live),
            Route("/masuk", self.login),
            Route("/masuk/live", self.login_live),
            Route("/masuk", self.sign_in, methods=["POST"]),
            Route("/masuk/jari", self.sign_in_finger, methods=["POST"]),
            Route("/keluar", self.sign_out, methods=["POST"]),
        ]

    # --- the booth's page -----------------------------------------------------------------------------

    async def desk(self, request: Request) -> Response:
        """The whole page; what it says once is forgotten with it."""
        session = _session(request)
        notice, where = None, _panel(request)
        if session is not None:
            notice, session.notice = session.notice, None
        language = self._context.language(request)
        return self._context.render(request, "desk.html", **self._values(request, language, where), notice=notice)

    async def alive(self, request: Request) -> Response:
        """Public, for programs beside the booth: whether somebody works at the screen, and how many wait."""
        queue = self._context.view.queue
        recording = self._context.view.recording
        here = [row for row in (*queue.called, *queue.present) if not recording or row.enrolment != recording.enrolment]
        return JSONResponse({"officers": self._sessions.at_work(AT_WORK_S), "waiting": len(queue.waiting) + len(here)})

    async def live(self, request: Request) -> Response:
        """The stream of the page's parts."""
        language, where = self._context.language(request), _panel(request)

        session = _session(request)

        def made() -> dict[str, str]:
            if session is not None and self._sessions.find(session.id) is None:
                raise Over
            values = self._values(request, language, where)
            fill = self._context.fill
            return {part: fill(language, f"part_{part}.html", **values) for part in ("top", "side", "main", "bar")}

        return self._context.live.response(made, self._context.wall)

    def _values(self, request: Request, language: Language, where: str) -> dict[str, Any]:
        """What the templates of the booth's page know beside what every page has."""
        view = self._context.view
        session = _session(request)
        ticket = request.query_params.get("ticket", "")[: deeds.TEXT_LIMIT]
        return {
            "panel": where,
            "officer": session.officer if session else "",
            "officers": bool(self._sign.names()),
            "picture": Picture(language, view, self._context.passed_s()),
            "told_refusal": partial(refusals.told, language),
            "ticket": ticket,
            "address": f"/live?{urlencode({'panel': where, 'ticket': ticket})}",
            "translated": partial(translated, language),
            "modality_name": partial(parts.modality, language),
            "part_name": partial(parts.part, language),
            "places": hand.places,
            "moment": deeds.moment,
            "excepted": parts.EXCEPTABLE,
            "fingers": parts.FINGERS,
            "thumbnails": self._thumbnails.of(view.recording),
            "previews": self._previews,
        }

    # --- what is asked --------------------------------------------------------------------------------

    async def do(self, request: Request) -> Response:
        """One form: ask the booth, and tell what came of it."""
        name, form = request.path_params["name"], await _form(request)
        language = self._context.language(request)
        session = _session(request)
        if session is not None:
            session.used = self._sessions.clock()
        officer = session.officer if session else ""
        try:
            if name == "store-finger":
                # Everybody stores a finger of their own: nobody can sign in as another.
                form |= {"officer": officer, "page": str(self._sign.free_page())}
            action = deeds.action(name, form, self._context.view.recording)
        except OfficersError as error:
            return self._said(request, session, f"{error}", good=False)
        except deeds.FormError as error:
            words = say(TEXTS, language, "form.moved" if error.moved else "form.bad")
            return self._said(request, session, words, good=False)
        if name in deeds.SLOW:
            answer = await self._context.ask(action, officer, FINGER_S)
        else:
            answer = await self._context.ask(action, officer)
        words = self._outcome(language, name, answer)
        return self._said(request, session, words, good=answer is not None and answer.refusal is None)

    def _outcome(self, language: Language, name: str, answer: Answer | None) -> str:
        if answer is None:
            return say(TEXTS, language, "form.silent")
        if answer.refusal is not None:
            return refusals.told(language, answer.refusal)
        number = Picture(language, self._context.view, 0.0).number(answer.given)
        key = f"done.{name}.number" if number and f"done.{name}.number" in TEXTS else f"done.{name}"
        return say(TEXTS, language, key, number=number)

    def _said(self, request: Request, session: Session | None, words: str, good: bool) -> Response:
        """To a script as JSON; to a browser without one by the page that it came from."""
        if request.headers.get("accept", "").startswith("application/json"):
            return JSONResponse({"good": good, "words": words})
        fresh = session is None
        session = session or self._sessions.begin("")
        session.notice = (words, good)
        answer = RedirectResponse(_origin(request), 303)
        if fresh:
            answer.headers.append("set-cookie", set_cookie(session))
        return answer

    # --- pictures -------------------------------------------------------------------------------------

    async def preview(self, request: Request) -> Response:
        """The live picture of the modality's device."""
        try:
            modality = Modality(request.path_params["modality"])
            address = self._previews[modality]
        except (KeyError, ValueError):
            return PlainTextResponse("This booth has no live picture of that.", 404)

        def wanted() -> bool:
            # A browser may forget to close what it no longer shows.
            recording = self._context.view.recording
            return recording is not None and recording.modality is modality

        return StreamingResponse(preview.relay(address, modality, wanted), media_type=preview.MEDIA_TYPE)

    async def thumbnail(self, request: Request) -> Response:
        """A small picture of the capture that was just judged."""
        found = self._thumbnails.picture(request.path_params["transaction"], request.path_params["index"])
        if found is None:
            return PlainTextResponse("It is no longer kept.", 404)
        return Response(found, media_type="image/jpeg")

    # --- signing in -----------------------------------------------------------------------------------

    async def login(self, request: Request) -> Response:
        """Who are you?"""
        if not self._sign.names():
            return RedirectResponse("/", 303)
        return self._login(request)

    async def login_live(self, request: Request) -> Response:
        """What the finger reader waits for."""
        language = self._context.language(request)
        fill = self._context.fill
        return self._context.live.response(
            lambda: {"reader": fill(language, "part_reader.html", **self._reader(language))}, self._context.wall
        )

    def _reader(self, language: Language) -> dict[str, Any]:
        return {"reader": Picture(language, self._context.view, 0.0).reader()}

    def _login(self, request: Request, refusal: Refusal | None = None, chosen: str = "") -> Response:
        language = self._context.language(request)
        return self._context.render(
            request,
            "login.html",
            403 if refusal else 200,
            names=self._sign.names(),
            chosen=chosen,
            refused=refusals.told(language, refusal) if refusal else "",
            **self._reader(language),
        )

    async def sign_in(self, request: Request) -> Response:
        """A name and a PIN."""
        form = await _form(request)
        name, pin = form.get("name", "")[: deeds.TEXT_LIMIT], form.get("pin", "")[: deeds.TEXT_LIMIT]
        async with self._checking:
            wait = self._sign.wait_s(name)
            if wait > 0:
                self._context.put(OfficerRefusedSign(name, "locked"))
                return self._login(request, refuse("locked", seconds=math.ceil(wait)), name)
            if not await asyncio.to_thread(self._sign.check, name, pin):
                self._context.put(OfficerRefusedSign(name, "wrong-pin"))
                return self._login(request, refuse("wrong-pin"), name)
        answer = await self._context.await_answer(lambda reply: OfficerSigned(name, "pin", reply))
        if answer is not None and answer.refusal is not None:
            return self._login(request, answer.refusal, name)
        return self._signed(request, name)

    async def sign_in_finger(self, request: Request) -> Response:
        """Whoever's finger the reader knows. Waits for the person; a browser that goes stops the waiting."""
        if not self._sign.names():
            return RedirectResponse("/", 303)
        answer = await self._context.ask(WantFinger(), "", FINGER_S)
        if answer is None:
            self._context.put_asked(StopWaiting())
            return self._login(request, refuse("finger-unknown"))
        if answer.refusal is not None:
            return self._login(request, answer.refusal)
        if answer.given not in self._sign.names():
            return self._login(request, refuse("finger-unknown"))
        return self._signed(request, answer.given)

    def _signed(self, request: Request, name: str) -> Response:
        old = _session(request)
        if old is not None:
            self._sessions.end(old)
        session = self._sessions.begin(name)
        answer = RedirectResponse("/", 303)
        answer.headers.append("set-cookie", set_cookie(session))
        return answer

    async def sign_out(self, request: Request) -> Response:
        """The officer goes."""
        session = _session(request)
        if session is not None and session.officer:
            self._sessions.end(session)
            self._context.put(OfficerSigned(session.officer, "out"))
        return RedirectResponse("/masuk", 303)

    # --- officers' fingers ----------------------------------------------------------------------------

    async def officers(self, request: Request) -> Response:
        """Who is an officer here, and whose finger is to be stored."""
        session = _session(request)
        notice = None
        if session is not None:
            notice, session.notice = session.notice, None
        language = self._context.language(request)
        return self._context.render(
            request,
            "officers.html",
            names=self._sign.names(),
            officer=session.officer if session else "",
            notice=notice,
            **self._reader(language),
        )

    async def officers_live(self, request: Request) -> Response:
        """What the finger reader waits for."""
        return await self.login_live(request)


def _session(request: Request) -> Session | None:
    """The session that the guard found. Only what an officer does keeps it from growing old."""
    session: Session | None = request.state.session
    return session


def _panel(request: Request) -> str:
    wish = request.query_params.get("panel", "")
    return wish if wish in PANELS else PANELS[0]


def _origin(request: Request) -> str:
    """The page of this screen that a form came from."""
    came = urlsplit(request.headers.get("referer", ""))
    if came.netloc != request.headers.get("host", "") or not came.path.startswith("/") or came.path.startswith("//"):
        return "/"
    return f"{came.path}?{came.query}" if came.query else came.path


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form, each once; the guard has looked at its length."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > 64 * 1024:
            return {}
    try:
        fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=50)
    except ValueError:
        return {}
    return dict(fields)
