"""One ticket's way in words that its holder understands: where it is, when the card comes, why it is late."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from central.console.texts import Language
from central.console.texts_public import PUBLIC
from central.console.words import WIB, short_time
from central.core import encoding
from central.core.views_desk import TicketStatusView
from contract.desk import Precedence, Service, TicketState
from contract.messages import Supply

UNDER_WAY: Final = frozenset({encoding.CAPTURED, encoding.PROCESSING, *encoding.UNDER_WAY})
REPLACED: Final = frozenset({Service.LOST, Service.DAMAGED, Service.CHANGE})
DOING: Final = frozenset({"called", "present", "started", "sending", "printing", "stopped"})
"""Stages in which somebody is at it; in the others it waits."""
OUTAGE: Final = frozenset({Supply.ON_BATTERY, Supply.GENSET_STARTING})
OFF: Final = frozenset({Supply.SHUTTING_DOWN, Supply.OFF})

#: What the print queue says in English -> the public's reason; the first that is found.
_REASONS: Final = (
    (re.compile(r"mains|battery|energy|supply|power", re.IGNORECASE), "why.outage"),
    (re.compile(r"offline|did not answer in time|told of no card printer"), "why.offline"),
    (re.compile(r"spoiled"), "why.spoiled"),
    (re.compile(r"nobody knows|must look|looked|memory was replaced"), "why.look"),
    (re.compile(r"turn|busy|another job|next try"), "why.turn"),
    (re.compile(r"printer|card|ribbon|cover|feeder|output"), "why.printer"),
)


@dataclass(frozen=True, slots=True)
class Words:
    """A text's key and its figures."""

    key: str
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way: `state` is `done`, `now` (under way), `next` (waited for) or `ahead`."""

    key: str
    state: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """What the status page shows of one ticket."""

    now: Words
    todo: Words | None
    when: Words | None
    """When it goes on; None: nothing more is awaited."""
    between: Words | None
    why: tuple[Words, ...]
    bring: str
    steps: tuple[Step, ...]
    good: bool
    """Ready or handed over."""
    bad: bool
    """A person must do something."""


def say(language: Language, words: Words | str) -> str:
    """The text. Raises KeyError for a key that the catalogue lacks."""
    key, figures = (words, {}) if isinstance(words, str) else (words.key, words.figures)
    shown = {
        name: hour(language, value) if isinstance(value, datetime) and name != "day" else value
        for name, value in figures.items()
    }
    return PUBLIC[key][0 if language == "id" else 1].format(**shown)


def status(ticket: TicketStatusView, now: datetime) -> Status:
    """Everything that the page of one ticket says at `now`."""
    stage = _stage(ticket, now)
    steps = _steps(ticket, stage)
    place = ticket.place
    match stage:
        case "called":
            words = Words("now.called", {"place": place}) if place else Words("now.called-somewhere")
        case _:
            words = Words(f"now.{stage}")
    when, between = _when(ticket, stage, now)
    return Status(
        now=words,
        todo=_todo(ticket, stage),
        when=when,
        between=between,
        why=_why(ticket, stage),
        bring=_bring(ticket, stage),
        steps=steps,
        good=stage in ("ready", "handed"),
        bad=stage in ("called", "skipped", "check", "closed", "cancelled"),
    )


def _stage(ticket: TicketStatusView, now: datetime) -> str:
    """The last thing that is known of it, as the end of a key `now.*`."""
    if ticket.handed:
        return "handed"
    match ticket.print:
        case "completed":
            return "ready"
        case "processing":
            return "printing"
        case "processing-stopped":
            return "stopped"
        case "pending" | "pending-held":
            return "ready-to-print"
        case "canceled" | "aborted":
            return "check"
    if ticket.encoding == encoding.READY:
        return "ready-to-print"
    if ticket.encoding is not None:
        return "sending" if ticket.encoding in UNDER_WAY else "check"
    if ticket.enrolment == "cancelled":
        return "cancelled"
    if ticket.enrolment in ("started", "completed"):
        return ticket.enrolment
    if ticket.state is TicketState.DONE:
        return "done"
    # The booth closes its day's tickets; one that is away has not told so yet.
    if ticket.state is TicketState.CLOSED or ticket.day < f"{now.astimezone(WIB):%Y-%m-%d}":
        return "closed"
    return str(ticket.state)


def _steps(ticket: TicketStatusView, stage: str) -> tuple[Step, ...]:
    called = ticket.called if ticket.calls else None
    known: list[tuple[str, bool, datetime | None]] = [
        ("number", True, ticket.issued),
        ("called", ticket.calls > 0 or ticket.state in (TicketState.PRESENT, TicketState.DONE), called),
    ]
    if ticket.service is Service.NEW:
        sent = ticket.encoding == encoding.READY
        known += [("recorded", ticket.enrolment == "completed", None), ("sent", sent, ticket.encoding_ready)]
    elif ticket.service in REPLACED:
        known += [("served", ticket.state is TicketState.DONE, None)]
    printed = ticket.print == "completed"
    if ticket.service is not Service.PICKUP:
        known += [("printed", printed, ticket.printed), ("ready", printed, ticket.printed)]
    served = ticket.service is Service.PICKUP and ticket.state is TicketState.DONE
    known += [("handed", ticket.handed is not None or served, ticket.handed)]
    reached = max(n for n, (_, done, _) in enumerate(known) if done)
    ended = stage in ("closed", "cancelled")
    # A ticket that is called and on its way is still at that step.
    here = reached if stage in ("called", "skipped") else reached + 1
    present = "now" if stage in DOING else "next"
    return tuple(
        Step(key, present if n == here and not ended else "done" if n <= reached else "ahead", at)
        for n, (key, _, at) in enumerate(known)
    )


def _todo(ticket: TicketStatusView, stage: str) -> Words | None:
    match stage:
        case "skipped":
            return Words("do.skipped", {"n": ticket.calls})
        case "waiting":
            return Words("do.wait")
        case "stopped":
            return None
        case "done" if ticket.service in REPLACED:
            return Words("do.replacement")
        case "called" | "check" | "ready" | "closed" | "cancelled":
            return Words(f"do.{stage}")
    return None


def _when(ticket: TicketStatusView, stage: str, now: datetime) -> tuple[Words | None, Words | None]:
    if stage == "waiting":
        return _call(ticket, now)
    if stage in ("handed", "ready", "closed", "cancelled", "check", "called", "skipped"):
        return None, None
    if stage == "done" or ticket.service is Service.PICKUP:
        return None, None
    if ticket.due is not None and now > ticket.due:
        late = Words("when.late", {"day": ticket.due, "time": ticket.due})
        soon = ticket.expected is not None and ticket.expected > now
        return late, Words("when.before", _moment(ticket.expected)) if soon and ticket.expected else None
    if ticket.expected is not None and ticket.expected > now:
        latest = Words("when.latest", {"day": ticket.due, "time": ticket.due}) if ticket.due else None
        return Words("when.before", _moment(ticket.expected)), latest
    if ticket.due is not None:
        return Words("when.latest", {"day": ticket.due, "time": ticket.due}), None
    return (Words("when.promise"), None) if ticket.service is Service.NEW else (None, None)


def _call(ticket: TicketStatusView, now: datetime) -> tuple[Words, Words | None]:
    if ticket.wait_s is None:
        return Words("when.call-unknown"), None
    low, high = (
        ticket.issued + timedelta(seconds=ticket.wait_s if wait is None else wait)
        for wait in (ticket.wait_low_s, ticket.wait_high_s)
    )
    expected = _near(ticket.issued + timedelta(seconds=ticket.wait_s))
    if now > high:
        return Words("when.call-late", {"time": _up(high)}), None
    return Words("when.call", {"time": expected}), Words("when.call-range", {"low": _down(low), "high": _up(high)})


def _moment(moment: datetime) -> dict[str, Any]:
    """A reckoned time, never told too early: the next full quarter of an hour."""
    later = datetime.fromtimestamp(math.ceil(moment.timestamp() / 900) * 900, WIB)
    return {"day": later, "time": later}


def _near(moment: datetime) -> datetime:
    return datetime.fromtimestamp(round(moment.timestamp() / 300) * 300, WIB)


def _down(moment: datetime) -> datetime:
    return datetime.fromtimestamp(math.floor(moment.timestamp() / 300) * 300, WIB)


def _up(moment: datetime) -> datetime:
    return datetime.fromtimestamp(math.ceil(moment.timestamp() / 300) * 300, WIB)


def _why(ticket: TicketStatusView, stage: str) -> tuple[Words, ...]:
    """Why it does not go on now, in order of weight, each once."""
    if stage in ("handed", "closed", "cancelled", "ready", "done"):
        return () if ticket.online or stage in ("handed", "closed") else (_offline(ticket),)
    found: list[Words] = []
    if not ticket.online:
        found.append(_offline(ticket))
    if ticket.supply in OFF:
        found.append(Words("why.off"))
    elif ticket.supply in OUTAGE:
        cards = stage in ("ready-to-print", "printing", "stopped")
        found.append(Words("why.outage" if cards else "why.outage-queue"))
    if stage == "sending" and ticket.encoding_error:
        found.append(Words("why.centre"))
    if ticket.print == "pending-held":
        found.append(Words("why.held"))
    elif stage in ("ready-to-print", "stopped"):
        found.append(_print_reason(ticket, stage))
    kept = {words.key: words for words in found}
    if "why.off" in kept:
        kept.pop("why.outage", None)
    return tuple(kept.values())


def _offline(ticket: TicketStatusView) -> Words:
    return Words("why.offline", {"time": ticket.changed or ticket.issued})


def _print_reason(ticket: TicketStatusView, stage: str) -> Words:
    if stage == "stopped":
        return Words("why.look")
    if not ticket.print_why:
        return Words("why.turn")
    key = next((key for pattern, key in _REASONS if pattern.search(ticket.print_why)), "why.other")
    return _offline(ticket) if key == "why.offline" else Words(key)


def _bring(ticket: TicketStatusView, stage: str) -> str:
    if stage in ("handed", "cancelled"):
        return ""
    if stage == "ready" or ticket.service is Service.PICKUP:
        return "bring.ready"
    before = ("waiting", "called", "skipped", "closed", "present", "check")
    return f"bring.{ticket.service}" if stage in before else ""


def hour(language: Language, moment: datetime) -> str:
    """Time of day as people write it: `15.00` in Indonesian, `15:00` in English."""
    local = moment.astimezone(WIB)
    return f"{local:%H.%M}" if language == "id" else f"{local:%H:%M}"


_WEEKDAYS: Final[dict[Language, tuple[str, ...]]] = {
    "id": ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


def day(language: Language, moment: datetime, now: datetime) -> str:
    """`hari ini`, `besok`, or `Rabu, 25 Nov`."""
    local, today = moment.astimezone(WIB), now.astimezone(WIB)
    apart = (local.date() - today.date()).days
    if apart in (0, 1):
        return say(language, "day.tomorrow" if apart else "day.today")
    return f"{_WEEKDAYS[language][local.weekday()]}, {short_time(language, moment, now)}"


def place(language: Language, name: str) -> str:
    """Where to go: `Loket 3`; a place that has a name of its own keeps it."""
    return say(language, Words("public.counter", {"place": name})) if len(name) <= 2 else name


def told(language: Language, words: Words, now: datetime) -> str:
    """The text with its days and places in words."""
    figures = dict(words.figures)
    if isinstance(figures.get("day"), datetime):
        figures["day"] = day(language, figures["day"], now)
    if "place" in figures:
        figures["place"] = place(language, figures["place"])
    return say(language, Words(words.key, figures))


def precedence(ticket: TicketStatusView) -> str:
    """Key of the words for why it goes first; empty: it does not."""
    return "" if ticket.precedence is Precedence.NONE else f"precedence.{ticket.precedence}"
