"""The console's addresses: pages, their live parts, and the few things that a person may do."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, get_args

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from central.console import pages_audit, pages_power, pictures, security
from central.console.page import Console, check, tell
from central.console.texts import text
from contract.messages import BODIES

Found = Literal["printed", "spoiled", "not-begun"]
FOUND: Final[tuple[Found, ...]] = get_args(Found)
JOB_STATES: Final = ("processing-stopped", "processing", "pending", "completed", "canceled", "aborted")
TIMELINE: Final = 100
LATEST: Final = 12
FEW: Final = 5
"""With more booths than this the overview lists no events: it would only flicker."""
TOPICS_LIMIT: Final = 8

Part = Annotated[str, Query(max_length=20)]
Text = Annotated[str, Form(max_length=80)]


def router(console: Console) -> APIRouter:
    """All routes. Handlers are plain functions: they run on worker threads, so a slow read delays no other page."""
    routes = APIRouter()
    _add_overview(routes, console)
    _add_booth(routes, console)
    pages_power.add(routes, console)
    _add_print(routes, console)
    _add_lists(routes, console)
    pages_audit.add(routes, console)
    _add_live(routes, console)
    _add_login(routes, console)
    return routes


def _add_overview(routes: APIRouter, console: Console) -> None:
    @routes.get("/")
    def overview(request: Request, part: Part = "") -> Response:
        booths = pictures.worst_first(console.views.booths())
        told = [console.views.timeline(booth.id, LATEST) for booth in booths] if len(booths) <= FEW else []
        return console.render(
            request,
            "part_booths.html" if part else "overview.html",
            booths=booths,
            latest=pictures.newest(told, LATEST),
            waiting=console.views.print_jobs("processing-stopped", 20),
        )

    @routes.get("/totals")
    def totals(request: Request) -> Response:
        return console.render(request, "part_totals.html")


def _add_booth(routes: APIRouter, console: Console) -> None:
    @routes.get("/booths/{booth}")
    def booth(
        request: Request, booth: str, part: Part = "", kind: Annotated[str, Query(max_length=80)] = ""
    ) -> Response:
        view = console.views.booth(booth)
        if view is None:
            message = text(console.language(request), "booth.missing", booth=booth)
            return console.render(request, "error.html", 404, key="error.404", message=message)
        kind = kind if kind in BODIES else ""
        context: dict[str, Any] = {"booth": view, "kind": kind, "kinds": tuple(BODIES)}
        if part != "summary":
            context |= {"entries": console.views.timeline(booth, TIMELINE, kind or None), "limit": TIMELINE}
        if part != "timeline":
            context["day"] = pages_power.day_of(console, request, view)
        templates = {"summary": "part_booth.html", "timeline": "part_timeline.html"}
        return console.render(request, templates.get(part, "booth.html"), **context)

    @routes.post("/booths/{booth}/identify")
    def identify(request: Request, booth: str, token: Text = "") -> Response:
        check(console, request, token)
        language = console.language(request)
        refusal = console.actions.identify(booth, "technician")
        tell(console, request, text(language, "booth.identify.sent"), refusal)
        return RedirectResponse(f"/booths/{booth}", 303)


def _add_print(routes: APIRouter, console: Console) -> None:
    @routes.get("/print")
    def queue(request: Request, part: Part = "", state: Annotated[str, Query(max_length=30)] = "") -> Response:
        state = state if state in JOB_STATES else ""
        jobs = pictures.by_need(console.views.print_jobs(state or None))
        template = "part_print.html" if part else "print.html"
        return console.render(request, template, jobs=jobs, state=state, states=JOB_STATES)

    @routes.get("/print/{job}")
    def decide(request: Request, job: str) -> Response:
        return _decision(console, request, job, "")

    @routes.post("/print/{job}")
    def settle(
        request: Request, job: str, token: Text = "", found: Text = "", sure: Text = "", name: Text = ""
    ) -> Response:
        check(console, request, token)
        language = console.language(request)
        if found not in FOUND:
            return _decision(console, request, job, text(language, "settle.choose"))
        if not sure:
            return _decision(console, request, job, text(language, "settle.tick"), found)
        person = " ".join(["technician", *name.split()])
        refusal = console.actions.settle(job, found, person)
        done = text(language, "settle.done", job=job, found=text(language, f"settle.found.{found}"))
        tell(console, request, done, refusal)
        return RedirectResponse("/print", 303)


def _decision(console: Console, request: Request, name: str, mistake: str, found: str = "") -> Response:
    job = next((job for job in console.views.print_jobs("processing-stopped", 1000) if job.job == name), None)
    if job is None:
        message = text(console.language(request), "print.missing", job=name)
        return console.render(request, "error.html", 404, key="error.404", message=message)
    status = 400 if mistake else 200
    return console.render(request, "settle.html", status, choices=FOUND, job=job, mistake=mistake, found=found)


def _add_lists(routes: APIRouter, console: Console) -> None:
    @routes.get("/encodings")
    def encodings(request: Request, part: Part = "") -> Response:
        template = "part_encodings.html" if part else "encodings.html"
        return console.render(request, template, encodings=console.views.encodings())

    @routes.get("/dead-letters")
    def letters(request: Request, part: Part = "") -> Response:
        template = "part_letters.html" if part else "letters.html"
        return console.render(request, template, letters=console.views.dead_letters())


def _add_live(routes: APIRouter, console: Console) -> None:
    @routes.get("/live")
    async def live(topics: Annotated[str, Query(max_length=400)] = "") -> Response:
        # A line break in a topic would forge an event; real topics have none.
        names = [name for name in topics.split(",") if name.isprintable() and " " not in name and name]
        stream = console.live.stream(frozenset(names[:TOPICS_LIMIT]), console.now)
        return StreamingResponse(stream, media_type="text/event-stream", headers={"x-accel-buffering": "no"})


def _add_login(routes: APIRouter, console: Console) -> None:
    @routes.get("/login")
    def ask(request: Request) -> Response:
        if console.password is None or request.state.session.signed_in:
            return RedirectResponse("/", 303)
        return console.render(request, "login.html", mistake="")

    @routes.post("/login")
    def login(request: Request, token: Text = "", password: Annotated[str, Form(max_length=1000)] = "") -> Response:
        if console.password is None:
            return RedirectResponse("/", 303)
        check(console, request, token)
        language = console.language(request)
        address = request.client.host if request.client else ""
        wait = console.password.wait_s(address)
        if wait:
            answer = console.render(request, "login.html", 429, mistake=text(language, "login.slow", n=wait))
            answer.headers["retry-after"] = str(wait)
            return answer
        if not console.password.check(address, password):
            return console.render(request, "login.html", 401, mistake=text(language, "login.wrong"))
        return _with_session(console, request, signed_in=True)

    @routes.post("/logout")
    def logout(request: Request, token: Text = "") -> Response:
        check(console, request, token)
        return _with_session(console, request, signed_in=False)


def _with_session(console: Console, request: Request, signed_in: bool) -> Response:
    answer = RedirectResponse("/" if signed_in else "/login", 303)
    cookie = console.sessions.cookie(console.sessions.new(signed_in))
    answer.headers["set-cookie"] = security.set_cookie(cookie, request.url.scheme)
    return answer
