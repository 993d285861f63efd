"""The public's pages with an invented coordinator, to look at: `python -m tests.tools.public_demo [PORT]`."""

from __future__ import annotations

import sys
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

from central.console.server import Server
from central.console.settings import ConsoleSettings
from central.core.views_desk import BoardView, CalledView, TicketStatusView
from contract.desk import PaperState, Precedence, Service, TicketState
from contract.messages import Supply
from tests.tools.console_world import World

WIB = timedelta(hours=7)


def at(hour: int, minute: int = 0, day: int = 24) -> datetime:
    """A moment of the demonstration's Tuesday, 24 November 2026, in local (WIB) hours."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - WIB


NOW = at(10, 42)


def a_ticket(name: str = "t-27", **change: Any) -> TicketStatusView:
    """A new card whose holder waits since 09.10."""
    values: dict[str, Any] = {
        "number": "A-027",
        "day": "2026-11-24",
        "service": Service.NEW,
        "precedence": Precedence.NONE,
        "state": TicketState.WAITING,
        "booth": "bangkalan-1",
        "booth_name": "Loket 1, MPP Bangkalan",
        "online": True,
        "supply": Supply.ON_MAINS,
        "issued": at(10, 10),
        "paper": PaperState.PRINTED,
        "wait_s": 2400.0,
        "wait_low_s": 1500.0,
        "wait_high_s": 3600.0,
        "changed": at(10, 10),
    }
    return TicketStatusView(ticket=name, **(values | change))


def recorded(name: str, **change: Any) -> TicketStatusView:
    """Its recording is complete."""
    values: dict[str, Any] = {
        "state": TicketState.DONE,
        "calls": 1,
        "called": at(10, 12),
        "place": "3",
        "enrolment": "completed",
        "issued": at(9, 10),
        "changed": at(10, 30),
    }
    return a_ticket(name, **(values | change))


def printable(name: str, **change: Any) -> TicketStatusView:
    """The centre lets it be printed."""
    values: dict[str, Any] = {
        "encoding": "PRINT_READY_RECORD",
        "encoding_ready": at(10, 33),
        "print": "pending",
        "due": at(10, 33, 25),
    }
    return recorded(name, **(values | change))


TICKETS = {
    view.ticket: view
    for view in (
        a_ticket("waiting"),
        a_ticket("waiting-late", issued=at(8, 30), precedence=Precedence.ELDERLY),
        a_ticket("waiting-outage", wait_s=None, wait_low_s=None, wait_high_s=None, supply=Supply.ON_BATTERY),
        a_ticket("called", state=TicketState.CALLED, calls=2, place="3", called=at(10, 41)),
        a_ticket("skipped", state=TicketState.SKIPPED, calls=3, place="3", called=at(10, 30)),
        a_ticket("present", state=TicketState.PRESENT, calls=1, place="3", called=at(10, 38), enrolment="started"),
        recorded("recorded"),
        recorded("centre-away", encoding="SENT_FOR_ENROLLMENT", encoding_error="the centre answered HTTP 503"),
        recorded("duplicate", encoding="DUPLICATE_RECORD", encoding_error="NIK 3526015708990001 is recorded already"),
        printable("printable", expected=at(13, 5), print_why="waits for its turn"),
        printable(
            "outage",
            supply=Supply.ON_BATTERY,
            print_why="mains are out: a card is not begun without them",
            expected=at(14, 50),
        ),
        printable("late", due=at(16, 0, 23), print_why="the card printer needs a person"),
        printable("held", print="pending-held"),
        printable("printing", print="processing", expected=at(10, 44)),
        printable("uncertain", print="processing-stopped"),
        printable("ready", print="completed", printed=at(10, 40)),
        printable("handed", print="completed", printed=at(10, 20), handed=at(10, 35)),
        printable("away", online=False, print_why="the booth is offline"),
        a_ticket("cancelled", state=TicketState.DONE, calls=1, called=at(10, 20), enrolment="cancelled"),
        a_ticket("yesterday", day="2026-11-23", issued=at(14, 40, 23)),
        a_ticket("lost", number="B-011", service=Service.LOST),
        a_ticket("lost-done", number="B-011", service=Service.LOST, state=TicketState.DONE, calls=1, called=at(10, 20)),
        a_ticket("pickup", number="E-018", service=Service.PICKUP, wait_s=300.0, wait_low_s=0.0, wait_high_s=600.0),
    )
}

BOARDS = (
    BoardView(
        "bangkalan-1",
        "Loket 1, MPP Bangkalan",
        True,
        Supply.ON_MAINS,
        at(10, 41),
        (
            CalledView("A-027", "3", TicketState.CALLED, at(10, 41)),
            CalledView("B-011", "2", TicketState.PRESENT, at(10, 37)),
            CalledView("A-026", "3", TicketState.DONE, at(10, 20)),
        ),
        {Service.NEW: 7, Service.LOST: 2, Service.DAMAGED: 0, Service.CHANGE: 3, Service.PICKUP: 0},
        {Service.NEW: 2100.0, Service.LOST: 900.0, Service.CHANGE: 6300.0, Service.PICKUP: 20.0},
        {Service.NEW: 3000.0, Service.LOST: 1400.0, Service.CHANGE: 9100.0, Service.PICKUP: 40.0},
        True,
    ),
    BoardView(
        "bangkalan-2",
        "Loket 2, MPP Bangkalan",
        True,
        Supply.ON_BATTERY,
        at(10, 42),
        (CalledView("A-1027", "Ruang rekam", TicketState.CALLED, at(10, 35)),),
        {Service.NEW: 31},
        {},
        {},
        False,
        "all 100 numbers of today are given",
    ),
    BoardView(
        "kamal-1",
        "Loket Kecamatan Kamal",
        False,
        Supply.OFF,
        at(9, 58),
        (CalledView("A-009", "1", TicketState.CALLED, at(9, 55)),),
        {Service.NEW: 4, Service.PICKUP: 1},
        {Service.NEW: 3300.0},
        {Service.NEW: 5400.0},
        True,
    ),
    BoardView("tanah-merah-1", "Loket Kecamatan Tanah Merah", True, Supply.ON_MAINS, None),
)


class Public(World):
    """The public's questions, answered from what stands above; each is counted."""

    def __init__(self) -> None:
        super().__init__()
        self.halls = BOARDS
        self.tickets = dict(TICKETS)
        self.questions = 0

    def board(self, booth: str | None = None) -> tuple[BoardView, ...]:
        self.questions += 1
        return tuple(board for board in self.halls if booth in (None, board.booth))

    def ticket(self, ticket: str) -> TicketStatusView | None:
        self.questions += 1
        return self.tickets.get(ticket)


def main(port: int) -> None:
    """Serve until Ctrl-C."""
    world = Public()
    server = Server(world, world, world, ConsoleSettings(port=port, public=True))
    server.start()
    print(f"{server.address}/papan", *(f"{server.address}/status/{name}" for name in TICKETS), sep="\n", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8091)
