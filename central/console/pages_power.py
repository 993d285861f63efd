"""The console's addresses about power: a booth's power page, the alarms, and the commands with their confirmation."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from central.console import alarms, commands, day, drawing, plant, power
from central.console.page import Console, check, tell
from central.console.texts import text
from central.core.views import AlarmView, BoothView
from contract.messages import AlarmState

LAST_COMMANDS: Final = 12
ALARM_STATES: Final = (AlarmState.UNACKNOWLEDGED, AlarmState.RETURNED, AlarmState.ACKNOWLEDGED, AlarmState.SHELVED)

Part = Annotated[str, Query(max_length=20)]
Short = Annotated[str, Form(max_length=80)]
Reason = Annotated[str, Form(max_length=200)]
Key = Annotated[str, Path(max_length=80)]
Occurrence = Annotated[int, Path(ge=1, lt=2**31)]


def add(routes: APIRouter, console: Console) -> None:
    """Adds the addresses to the console's."""
    _add_power(routes, console)
    _add_alarms(routes, console)
    _add_alarm_actions(routes, console)
    _add_commands(routes, console)


def _add_power(routes: APIRouter, console: Console) -> None:
    @routes.get("/booths/{booth}/power")
    def page(request: Request, booth: str, part: Part = "") -> Response:
        view = console.views.booth(booth)
        if view is None:
            return _missing(console, request, "booth.missing", booth=booth)
        return console.render(request, "part_power.html" if part else "power.html", **_power(console, request, view))


def _power(console: Console, request: Request, booth: BoothView) -> dict[str, Any]:
    """What the power page shows of a booth."""
    language, now, stale_s = console.language(request), console.now(), console.settings.stale_s
    views = console.views
    told = views.commands(booth.id, LAST_COMMANDS)
    picture = plant.plant(language, booth, now, stale_s)
    return {
        "booth": booth,
        "plant": picture,
        "drawings": drawing.drawings(picture),
        "figures_at": booth.figures_at.timestamp() if booth.figures_at else 0,
        "energy": power.energy(language, booth, now, stale_s),
        "genset": power.genset(language, booth, views.genset(booth.id), now, stale_s),
        "day": day_of(console, request, booth),
        "alarms": views.alarms(booth.id),
        "back": "power",
        "groups": commands.groups(language, booth, now, stale_s),
        "told": told,
        "sent": commands.waiting(told),
    }  # fmt: skip


def day_of(console: Console, request: Request, booth: BoothView) -> day.Day:
    """The last 24 hours of a booth's supply."""
    now, views = console.now(), console.views
    since = now - timedelta(hours=24)
    told = views.supply_history(booth.id, since), views.outages(booth.id, since), views.dips(booth.id, since)
    return day.day(console.language(request), now, booth, *told)


def _add_alarms(routes: APIRouter, console: Console) -> None:
    @routes.get("/alarms")
    def page(request: Request, part: Part = "", state: Annotated[str, Query(max_length=30)] = "") -> Response:
        state = state if state in ALARM_STATES else ""
        every = console.views.alarms()
        shown = [alarm for alarm in every if state in ("", alarm.state)]
        told = tuple(
            command for booth in {alarm.booth for alarm in shown} for command in console.views.commands(booth, 20)
        )
        return console.render(
            request,
            "part_alarms.html" if part else "alarms.html",
            alarms=shown,
            state=state,
            states=ALARM_STATES,
            back="alarms",
            sent=commands.waiting(told),
            names={booth.id: booth.name or booth.id for booth in console.views.booths()},
        )


def _add_alarm_actions(routes: APIRouter, console: Console) -> None:
    @routes.post("/booths/{booth}/alarms/{alarm}/{occurrence}/{action}")
    def act(
        request: Request, booth: str, alarm: Key, occurrence: Occurrence,
        action: Literal["acknowledge", "shelve", "unshelve"],
        token: Short = "", back: Short = "", minutes: Short = "", reason: Reason = "", name: Short = "",
    ) -> Response:  # fmt: skip
        check(console, request, token)
        language = console.language(request)
        person = _person(name)
        long, why = 0, " ".join(reason.split())
        if action == "shelve":
            long = int(minutes) if minutes.isascii() and minutes.isdigit() and len(minutes) < 6 else 0
            if long not in alarms.SHELVE_MINUTES or not why:
                mistake = text(language, "shelve.wrong")
                return _shelve(console, request, booth, alarm, occurrence, back, mistake, long, why)
        refusal = console.actions.alarm(booth, alarm, occurrence, action, person, long, why)
        done = text(language, f"alarms.done.{action}", name=alarms.name(language, alarm))
        tell(console, request, done, refusal)
        return RedirectResponse(_way_back(booth, back), 303)

    @routes.get("/booths/{booth}/alarms/{alarm}/{occurrence}/shelve")
    def ask(request: Request, booth: str, alarm: Key, occurrence: Occurrence, back: Part = "alarms") -> Response:
        return _shelve(console, request, booth, alarm, occurrence, back)


def _shelve(
    console: Console, request: Request, booth: str, key: str, occurrence: int, back: str,
    mistake: str = "", minutes: int = 0, reason: str = "",
) -> Response:  # fmt: skip
    alarm = _find(console, booth, key, occurrence)
    if alarm is None:
        return _missing(console, request, "alarms.missing", booth=booth)
    return console.render(
        request, "shelve.html", 400 if mistake else 200, alarm=alarm, mistake=mistake, minutes=minutes, reason=reason,
        choices=alarms.SHELVE_MINUTES, back=back, way_back=_way_back(booth, back),
    )  # fmt: skip


def _find(console: Console, booth: str, key: str, occurrence: int) -> AlarmView | None:
    every = console.views.alarms(booth)
    return next((alarm for alarm in every if (alarm.alarm, alarm.occurrence) == (key, occurrence)), None)


def _add_commands(routes: APIRouter, console: Console) -> None:
    @routes.get("/booths/{booth}/power/{command}")
    def ask(request: Request, booth: str, command: Key) -> Response:
        return _confirm(console, request, booth, command, "")

    @routes.post("/booths/{booth}/power/{command}")
    def give(
        request: Request, booth: str, command: Key, token: Short = "", sure: Short = "", name: Short = ""
    ) -> Response:
        check(console, request, token)
        language = console.language(request)
        view = console.views.booth(booth)
        if view is None or command not in commands.GIVE:
            return _confirm(console, request, booth, command, "")
        if _unsafe(console, request, view, command):
            return _confirm(console, request, booth, command, "", 409)
        if command in commands.CAREFUL and not sure:
            return _confirm(console, request, booth, command, text(language, "commands.tick"), 400)
        refusal = commands.GIVE[command](console.actions, booth, _person(name))
        tell(console, request, text(language, "commands.sent", command=text(language, f"command.{command}")), refusal)
        return RedirectResponse(f"/booths/{booth}/power", 303)


def _confirm(console: Console, request: Request, booth: str, command: str, mistake: str, status: int = 200) -> Response:
    view = console.views.booth(booth)
    if view is None:
        return _missing(console, request, "booth.missing", booth=booth)
    if command not in commands.GIVE:
        return console.render(request, "error.html", 404, key="error.404")
    language, now, stale_s = console.language(request), console.now(), console.settings.stale_s
    return console.render(
        request, "confirm.html", status, booth=view, command=command, mistake=mistake,
        unsafe=_unsafe(console, request, view, command), careful=command in commands.CAREFUL,
        energy=power.energy(language, view, now, stale_s),
    )  # fmt: skip


def _unsafe(console: Console, request: Request, booth: BoothView, command: str) -> str:
    read = plant.Reading(console.language(request), booth, console.now(), console.settings.stale_s)
    return commands.unsafe(read, command)


def _missing(console: Console, request: Request, key: str, **values: str) -> Response:
    message = text(console.language(request), key, **values)
    return console.render(request, "error.html", 404, key="error.404", message=message)


def _person(name: str) -> str:
    return " ".join(["technician", *name.split()])


def _way_back(booth: str, back: str) -> str:
    return f"/booths/{booth}/power" if back == "power" else "/alarms"
