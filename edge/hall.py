"""The people's side of the booth: its screen, loudspeaker, judge of captures and officers, beside the decisions."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, Protocol

from edge.adapters.items import JudgedCapture, TemplateMade
from edge.adapters.officers import OfficersError
from edge.core import picture
from edge.core.actions import StoreFinger
from edge.core.commands import Announce, Answer, Command
from edge.core.events import CaptureTaken, Event
from edge.core.events_desk import (
    Announced,
    FingerFound,
    FingerRefused,
    FingerStored,
    OfficerAsked,
    OfficerRefusedSign,
    OfficerSigned,
)
from edge.core.view import View

log = logging.getLogger("loket.hall")

#: Pictures follow each other by no less than this (s), and by no more than that while nothing happens.
SHOW_S: Final = 0.05
AGAIN_S: Final = 1.0


class Screen(Protocol):
    """Where the picture is shown."""

    def show(self, view: View) -> None: ...
    def answered(self, answer: Answer) -> None: ...
    def judged(self, transaction: str, thumbnails: Mapping[str, bytes]) -> None: ...


class Judge(Protocol):
    """Who tells how good a capture is, and whose."""

    def ask(self, taken: CaptureTaken) -> None: ...
    def make_template(self, page: int, image: bytes) -> None: ...


class Speaker(Protocol):
    """Who calls numbers."""

    def say(self, call: str, number: str, place: str) -> None: ...


class Officers(Protocol):
    """Who they are, and whose pages of the finger reader are which."""

    def names(self) -> tuple[str, ...]: ...
    def by_page(self, page: int) -> str: ...
    def free_page(self) -> int: ...
    def set_page(self, name: str, page: int | None) -> None: ...


class Templates(Protocol):
    """Where officers' fingers are kept."""

    def put(self, officer: str, template: bytes) -> None: ...


class Hall:
    """Everything in it may be missing: a booth without a screen, without a loudspeaker, without a judge works on.

    All calls are made by the deciding thread. `put` is the booth's inbox.
    """

    def __init__(
        self,
        put: Callable[[object], None],
        booth: str,
        screen: Screen | None = None,
        judge: Judge | None = None,
        speaker: Speaker | None = None,
        officers: Officers | None = None,
        templates: Templates | None = None,
    ) -> None:
        self._put = put
        self._booth = booth
        self._screen = screen
        self._judge = judge
        self._speaker = speaker
        self._officers = officers
        self._templates = templates
        self._judging: set[str] = set()
        self._storing: dict[int, str] = {}
        self._version = 0
        self._shown: object = None
        self._shown_at = float("-inf")
        self._due: float | None = None
        self._answers: list[Answer] = []

    def before(self, event: Event) -> Event | None:
        """What a fact becomes before it is decided upon; None: it comes back later, as another one."""
        match event:
            case CaptureTaken(judged=False, transaction=transaction) if self._judge is not None:
                self._judging.add(transaction)
                self._judge.ask(event)
                return None
            case FingerFound(page=page):
                officer = self._officers.by_page(page) if self._officers is not None else ""
                return OfficerSigned(officer, "finger") if officer else OfficerRefusedSign("", "finger-unknown")
            case FingerStored(page=page, image=image):
                return self._stored(event, page, image)
            case OfficerAsked(action=StoreFinger(officer=officer)) if self._officers is not None:
                page = self._officers.free_page()
                self._storing[page] = officer
                return replace(event, action=StoreFinger(officer, page))
        return event

    def take(self, item: object) -> Event | None:
        """An item of the inbox that is none of the core's: the event that it is, if any."""
        match item:
            case JudgedCapture(taken=taken, thumbnails=thumbnails):
                self._judging.discard(taken.transaction)
                if self._screen is not None:
                    self._screen.judged(taken.transaction, thumbnails)
                return taken
            case TemplateMade(page=page, template=template, error=error):
                officer = self._officers.by_page(page) if self._officers is not None else ""
                if error or not officer or self._templates is None:
                    log.warning("no template of the finger on page %d: %s", page, error or "nobody's page")
                else:
                    self._keep(officer, template)
        return None

    def perform(self, command: Command) -> None:
        """Say a call, give an answer."""
        match command:
            case Announce(call=call, number=number, place=place):
                if self._speaker is not None:
                    self._speaker.say(call, number, place)
                else:
                    self._put(Announced(call))
            case Answer(reply=reply) if reply and self._screen is not None:
                self._answers.append(command)

    def show(self, state: Any, now: float, halted: bool) -> None:
        """Give the screen a new picture, unless the last one is a moment old or nothing has changed."""
        if self._screen is None:
            return
        if not self._answers:
            if state is self._shown and not halted and now < self._shown_at + AGAIN_S:
                return
            if now < self._shown_at + SHOW_S:
                self._due = self._shown_at + SHOW_S
                return
        self._check(state.front.officers.officer)
        self._version += 1
        self._shown, self._shown_at, self._due = state, now, now + AGAIN_S
        self._screen.show(picture.of(state, now, self._version, self._booth, bool(self._judging), halted))
        # Whoever asked sees what came of it at once: the picture goes first.
        answers, self._answers = self._answers, []
        for answer in answers:
            self._screen.answered(answer)

    def _check(self, officer: str) -> None:
        """Whoever is no officer any more is signed out."""
        if officer and self._officers is not None and officer not in self._officers.names():
            self._put(OfficerSigned(officer, "out"))

    def next_wakeup(self) -> float | None:
        """When the picture is due again."""
        return self._due

    def _stored(self, event: FingerStored, page: int, image: bytes) -> Event:
        officer = self._storing.pop(page, "")
        if image and officer and self._officers is not None:
            try:
                self._officers.set_page(officer, page)
            except OfficersError as error:
                return FingerRefused(event.device, error.what, error.remedy)
            if self._judge is not None:
                self._judge.make_template(page, image)
        return replace(event, image=b"")

    def _keep(self, officer: str, template: bytes) -> None:
        assert self._templates is not None
        try:
            self._templates.put(officer, template)
        except OSError as error:
            log.error("the finger of %s could not be kept: %s. Free space, then store it again", officer, error)
