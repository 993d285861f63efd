"""The console's address about officers: who did what, and whether the booths' records are whole."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from central.console import sentences_desk
from central.console.page import Console

DEEDS: Final = 200

Filter = Annotated[str, Query(max_length=500)]


def add(routes: APIRouter, console: Console) -> None:
    """Adds the address to the console's."""

    @routes.get("/audit")
    def page(
        request: Request, part: Filter = "", booth: Filter = "", officer: Filter = "", day: Filter = ""
    ) -> Response:
        views, language, day = console.views, console.language(request), _day(day)
        return console.render(
            request,
            "part_audit.html" if part else "audit.html",
            chains=views.chains(booth),
            deeds=views.deeds(booth, officer, day, DEEDS),
            limit=DEEDS,
            booths=sorted(one.id for one in views.booths()),
            officers=views.officers(),
            chosen={"booth": booth, "officer": officer, "day": day},
            deed_words=lambda action: sentences_desk.deed(language, action),
            officer_words=lambda name: sentences_desk.officer(language, name),
        )


def _day(asked: str) -> str:
    """A day as the browser's field gives it; whatever is none takes all days."""
    try:
        return date.fromisoformat(asked).isoformat()
    except ValueError:
        return ""
