"""The booth's public pages with an invented booth, to look at: `python -m tests.tools.board_demo [SCENE] [PORT]`."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from contract.desk import PaperState, Precedence, Service, TicketState
from contract.messages import DeviceState, Supply
from edge.core.actions import Desk, TakeTicket
from edge.core.commands import Answer
from edge.core.events import Event
from edge.core.events_desk import OfficerAsked
from edge.core.refusals import Refusal, refuse
from edge.core.view import DeviceView, PowerView, QueueView, TicketView, View, Wait
from edge.screen import board
from edge.screen.context import HERE, Context

LETTERS = dict(zip(Service, "ABCDE", strict=True))
PLACES = {Desk.RECORDING: "3", Desk.FRONT: "2"}


def ticket(number: str, **change: Any) -> TicketView:
    """A waiting ticket of the service that its letter says."""
    service = next(service for service, letter in LETTERS.items() if letter == number[0])
    values: dict[str, Any] = {
        "state": TicketState.WAITING,
        "paper": PaperState.PRINTED,
        "precedence": Precedence.NONE,
        "issued_at": time.time() - 600,
        "told": Wait(2100, 1500, 3000),
        "wait": Wait(1800, 1200, 2700),
    }
    return TicketView(id=f"t-{number}", number=number, service=service, **(values | change))


def called(number: str, place: str, ago: float, **change: Any) -> TicketView:
    """A ticket that was called `ago` seconds ago."""
    values: dict[str, Any] = {"state": TicketState.CALLED, "place": place, "calls": 1, "called_s": ago, "wait": None}
    return replace(ticket(number), **(values | change))


def hall(**change: Any) -> View:
    """A booth on a common morning: all five services, two desks, twelve people waiting."""
    numbers = (
        "A-028",
        "B-012",
        "A-029",
        "C-004",
        "A-030",
        "A-031",
        "A-032",
        "B-013",
        "D-009",
        "A-033",
        "A-034",
        "C-005",
    )
    queue = QueueView(
        day="2026-11-24",
        open=True,
        given=71,
        capacity=100,
        waiting=tuple(ticket(number) for number in numbers),
        called=(called("A-027", "3", 4),),
        waits={
            Service.NEW: Wait(2100, 1500, 3000),
            Service.LOST: Wait(900, 420, 1400),
            Service.DAMAGED: Wait(900, 480, 1500),
            Service.CHANGE: Wait(6300, 3000, 9100),
            Service.PICKUP: Wait(20, 0, 40),
        },
        board=(
            called("A-027", "3", 4),
            called("B-011", "2", 240, state=TicketState.PRESENT),
            called("A-026", "3", 700, state=TicketState.DONE),
            called("E-018", "2", 800, state=TicketState.DONE),
        ),
    )
    view = View(
        version=1,
        wall=time.time(),
        booth="bangkalan-1",
        link=True,
        power=PowerView(Supply.ON_MAINS),
        queue=queue,
        devices=(
            DeviceView("printer", "evolis", DeviceState.OK),
            DeviceView("tickets", "escpos", DeviceState.OK),
        ),
        desks=tuple(Desk),
        services=tuple(Service),
        place=PLACES,
    )
    return replace(view, **change)


def outage(**change: Any) -> View:
    """The same booth in a power cut: nothing is printed, the wait for a recording is not known."""
    view = hall()
    waits: dict[Service, Wait] = {it: wait for it, wait in view.queue.waits.items() if it is not Service.NEW}
    power = PowerView(
        Supply.ON_BATTERY, left_s=840, charge_pct=62, may_record=False, no_record="-", may_print=False, outage_s=1500
    )
    return replace(view, power=power, queue=replace(view.queue, waits=waits), link=False, **change)


def closed(code: str = "closed", **figures: Any) -> View:
    """Nobody waits, and no number is given."""
    queue = QueueView(day="2026-11-24", closed_why=refuse(code, **(figures or {"opens": "08:00"})))
    return hall(queue=queue)


SCENES: dict[str, Callable[[], View]] = {
    "hall": hall,
    "outage": outage,
    "closed": closed,
    "full": lambda: replace(
        hall(), queue=replace(hall().queue, open=False, closed_why=refuse("day-full", capacity=100))
    ),
    "ending": lambda: hall(power=PowerView(Supply.SHUTTING_DOWN, may_record=False, may_print=False, outage_s=7300)),
    "genset": lambda: hall(power=PowerView(Supply.ON_GENSET, outage_s=1300)),
    "no-paper": lambda: hall(devices=(DeviceView("tickets", "escpos", DeviceState.FAULT, "the paper is out"),)),
    "long": lambda: hall(
        queue=replace(
            hall().queue,
            waiting=tuple(ticket(number) for number in ("A-1028", "B-1012", "A-1029")),
            board=(called("A-1027", "12", 2, calls=3), called("B-1011", "Ruang rekam", 99)),
        )
    ),
}


class Hall:
    """A booth that gives numbers to the ticket page: what is asked is kept, and answered at once."""

    def __init__(self, view: View) -> None:
        self.asked: list[TakeTicket] = []
        self.refusal: Refusal | None = None
        self.silent = False
        self.context = Context(self._put, title="MPP Bangkalan, Loket KTP-el")
        self.context.view = view
        self.loop: asyncio.AbstractEventLoop | None = None

    def show(self, view: View) -> None:
        """Another picture, as the deciding thread makes it; from any thread."""
        assert self.loop is not None
        self.loop.call_soon_threadsafe(self._show, view)

    def _show(self, view: View) -> None:
        self.context.view = view
        self.context.live.wake()

    def _put(self, event: Event) -> None:
        assert isinstance(event, OfficerAsked) and isinstance(event.action, TakeTicket)
        self.asked.append(event.action)
        if self.silent:
            return
        if self.refusal is None:
            queue, action = self.context.view.queue, event.action
            number = f"{LETTERS[action.service]}-{queue.given + 1:03d}"
            fresh = ticket(
                number, precedence=action.precedence, issued_at=time.time(), paper=PaperState.PRINTING, wait=None
            )
            waiting = (*queue.waiting, fresh)
            self.context.view = replace(self.context.view, queue=replace(queue, given=queue.given + 1, waiting=waiting))
            answer = Answer(event.reply, given=fresh.id)
        else:
            answer = Answer(event.reply, self.refusal)
        asyncio.get_running_loop().call_soon(self.context.answered, answer)

    def app(self) -> Starlette:
        """The public pages alone."""
        static = Mount("/static", StaticFiles(directory=HERE / "static"))
        return Starlette(routes=[*board.routes(self.context), static])


@contextmanager
def serving(demo: Hall, port: int = 0) -> Iterator[str]:
    """The address of the pages, which end with the block."""
    listener = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(demo.app(), log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)

    async def serve() -> None:
        demo.loop = asyncio.get_running_loop()
        await server.serve(sockets=[listener])

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        assert demo.loop is not None
        demo.loop.call_soon_threadsafe(demo.context.live.end)
        server.should_exit = True
        thread.join(5)


def main(scene: str, port: int) -> None:
    """Serve one scene until Ctrl-C."""
    with serving(Hall(SCENES[scene]()), port) as address:
        print(f"{address}/papan and {address}/ambil", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "hall", int(sys.argv[2]) if len(sys.argv) > 2 else 8090)
