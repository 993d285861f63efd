"""What the public is shown of the booth, in words: the wait, where to go, and what a power cut means for people."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Final

from contract.desk import PaperState, Service
from contract.messages import DeviceState, Supply
from edge.core.actions import desk_of
from edge.core.view import TicketView, View, Wait
from edge.screen.texts_board import TEXTS
from edge.screen.words import LANGUAGES, Language, say

FRESH_S: Final = 30.0
"""So long a call counts as new, and is shown as such."""
OLD_S: Final = 90.0
"""A picture older than this is said to be old: the booth makes one at least every ten seconds."""
HOURS_FROM_S: Final = 5400.0
"""Beyond this a wait is told in half hours."""
EARLIER_LETTERS: Final = 38
NONE_S: Final = 60.0
"""A wait shorter than this is none."""

_OUT: Final = frozenset({Supply.ON_BATTERY, Supply.GENSET_STARTING})
_ENDING: Final = frozenset({Supply.SHUTTING_DOWN, Supply.OFF})
_PRINTERS: Final = frozenset({"evolis"})
_PAPER: Final = frozenset({"escpos"})


@dataclass(frozen=True, slots=True)
class Notice:
    """One line above the board. `level`: `outage` (striking) or `info`. `key`, `means`: of `texts_board`."""

    level: str
    key: str
    means: str
    since_s: float | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """Why no number is given: a text's key and its figures."""

    key: str
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """One service on the board. `wait` None: not known; `waiting` counts people."""

    service: Service
    waiting: int
    wait: Wait | None


def other(language: Language) -> Language:
    """The second language of a page for everybody."""
    return LANGUAGES[1 - LANGUAGES.index(language)]


def place(language: Language, name: str) -> str:
    """Where to go: `Loket 3`; a place that has a name of its own keeps it."""
    return f"{say(TEXTS, language, 'board.counter')} {name}" if len(name) <= 2 else name


def rough(language: Language, seconds: float, up: bool = True) -> str:
    """A wait as one says it: in steps of five minutes, from an hour and a half on of half hours.

    `up`: rounded up, so that nobody waits longer than was said; else down.
    """
    minutes, hour = ("mnt", "jam") if language == "id" else ("min", "h")
    if seconds <= HOURS_FROM_S:
        return f"{_steps(seconds, 300, up) * 5} {minutes}"
    halves = _steps(seconds, 1800, up)
    return f"{halves // 2}{'½' if halves % 2 else ''} {hour}"


def _steps(seconds: float, size: int, up: bool) -> int:
    steps = seconds / size
    return math.ceil(steps - 1e-6) if up else math.floor(steps + 1e-6)


def span(language: Language, wait: Wait) -> str:
    """Between which times a wait lies: `25–50 mnt`, `50 mnt–2½ jam`."""
    low, high = rough(language, wait.low_s, up=False), rough(language, wait.high_s)
    unit = high.rpartition(" ")[2]
    if low == high:
        return high
    return f"{low.removesuffix(unit).strip()}–{high}"


def expected(language: Language, wait: Wait | None) -> str:
    """The wait in few words; an unknown one is said to be unknown, never zero."""
    if wait is None:
        return say(TEXTS, language, "board.wait-unknown")
    if wait.high_s < NONE_S:
        return say(TEXTS, language, "board.wait-none")
    return f"± {rough(language, wait.expected_s)}"


def earlier(calls: tuple[TicketView, ...]) -> tuple[TicketView, ...]:
    """The calls before the last one, as many as one line holds."""
    shown, room = [], EARLIER_LETTERS
    for ticket in calls[1:4]:
        room -= len(ticket.number) + max(7, len(ticket.place))
        if room >= 0:
            shown.append(ticket)
    return tuple(shown)


def services(view: View) -> tuple[ServiceLine, ...]:
    """Every service of the booth, with who waits for it and how long the next one would."""
    counts = dict.fromkeys(view.services, 0)
    for ticket in view.queue.waiting:
        counts[ticket.service] = counts.get(ticket.service, 0) + 1
    return tuple(ServiceLine(service, number, view.queue.waits.get(service)) for service, number in counts.items())


def closed(view: View) -> Closed | None:
    """Why no number is given now; None: numbers are given."""
    if not view.services or view.queue.open:
        return None
    why = view.queue.closed_why
    key = f"closed.{why.code}" if why else ""
    return Closed(key, dict(why.figures)) if why and key in TEXTS else Closed("closed.other")


def notices(view: View) -> tuple[Notice, ...]:
    """What people must know beside the queue, the most important first; at most two."""
    found = [_power(view), _printer(view), _link(view)]
    return tuple(notice for notice in found if notice is not None)[:2]


def _power(view: View) -> Notice | None:
    power, since = view.power, view.power.outage_s
    prints = power.may_print or not _has(view, _PRINTERS)
    if view.halted or power.supply in _ENDING:
        return Notice("outage", "outage.ending", "outage.keep", since)
    if power.supply is Supply.MAINS_RETURNING:
        return Notice("info", "outage.back", "outage.soon" if not prints else "outage.all")
    if power.supply not in _OUT and power.supply is not Supply.ON_GENSET:
        return None
    key = "outage.genset" if power.supply is Supply.ON_GENSET else "outage.out"
    match power.may_record, prints:
        case True, True:
            means = "outage.all"
        case True, False:
            means = "outage.no-print"
        case False, False:
            means = "outage.no-record"
        case _:
            means = "outage.no-record-only"
    return Notice("info" if means == "outage.all" else "outage", key, means, since)


def _printer(view: View) -> Notice | None:
    if all(device.state is DeviceState.OK for device in view.devices if device.kind in _PRINTERS):
        return None
    return Notice("info", "trouble.printer", "trouble.printer-means")


def _link(view: View) -> Notice | None:
    if view.refusal is not None:
        return Notice("info", "trouble.full", "trouble.full-means")
    return None if view.link else Notice("info", "trouble.link", "trouble.link-means")


def _has(view: View, kinds: frozenset[str]) -> bool:
    return any(device.kind in kinds for device in view.devices)


def has_paper(view: View) -> bool:
    """Whether a ticket's paper can be expected now."""
    printers = [device for device in view.devices if device.kind in _PAPER]
    return bool(printers) and all(device.state is DeviceState.OK for device in printers)


def ticket_of(view: View, name: str) -> TicketView | None:
    """A ticket of today that has not been served yet."""
    queue = view.queue
    lists = (queue.waiting, queue.called, queue.present, queue.skipped, queue.uncertain, queue.board)
    return next((ticket for tickets in lists for ticket in tickets if ticket.id == name), None)


def ahead_of(view: View, ticket: TicketView) -> int:
    """How many are called before it where it is served."""
    names = [other.id for other in view.queue.waiting if desk_of(other.service) is desk_of(ticket.service)]
    return names.index(ticket.id) if ticket.id in names else 0


def paper_words(language: Language, ticket: TicketView, paper: bool) -> str:
    """What the applicant does about the paper. `paper`: whether the booth can print one now."""
    state = ticket.paper
    if state is PaperState.NONE:
        return say(TEXTS, language, "paper.printing" if paper else "paper.none")
    return say(TEXTS, language, f"paper.{state}")
