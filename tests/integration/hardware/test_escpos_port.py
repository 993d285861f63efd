"""The ticket printer's driver and the simulated printer, over a real port at the printer's own speed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest

from edge.adapters.items import PortClosed, PortData, PortOpened
from edge.adapters.serial_port import Line, SerialPort
from edge.core.events import DeviceOnline, Event
from edge.core.events_desk import TicketFailed, TicketPrinted
from edge.core.requests import PrintTicket
from edge.devices.escpos import Escpos
from hardware.rig.ptys import PtyServer
from hardware.simulators.escpos import EscposPrinter

PATIENCE_S = 15.0
BAUD = 38_400


def ticket(number: int) -> PrintTicket:
    return PrintTicket(f"t-{number}", ("KTP-el",), f"A-{number:03d}", ("Pembuatan baru",), "https://contoh.id/s/1")


class Desk:
    """A driver, its port, and a printer at the other end."""

    def __init__(self, folder: Path, ptys: PtyServer) -> None:
        self.printer = EscposPrinter(speed=400.0)
        self.ptys = ptys
        self.driver = Escpos("tickets", baud=BAUD)
        self.inbox: SimpleQueue[object] = SimpleQueue()
        self.port = SerialPort("tickets", str(folder / "tickets"), Line(BAUD), self.inbox.put)
        self._session = 0
        ptys.add("tickets", self.printer, folder / "tickets", baud=BAUD)
        self.port.start()

    def ask(self, request: PrintTicket) -> None:
        self._after(self.driver.send(request, time.monotonic()))

    def until(self, *kinds: type[Event]) -> Event:
        """The next event of these kinds."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            for event in self._turn():
                if isinstance(event, kinds):
                    return event
        pytest.fail(f"none of {kinds} was said")

    def _turn(self) -> list[Event]:
        due = self.driver.next_wakeup()
        try:
            item = self.inbox.get(timeout=0.2 if due is None else min(0.2, max(0.0, due - time.monotonic())))
        except Empty:
            item = None
        now, events = time.monotonic(), list[Event]()
        match item:
            case PortOpened(session=session):
                self._session = session
                events = self.driver.opened(now)
            case PortData(data=data):
                events = self.driver.receive(data, now)
            case PortClosed(error=error):
                events = self.driver.closed(now, error)
        due = self.driver.next_wakeup()
        if due is not None and due <= now:
            events += self.driver.wakeup(now)
        return self._after(events)

    def _after(self, events: list[Event]) -> list[Event]:
        if out := self.driver.outgoing():
            self.port.write(self._session, out)
        return events

    def numbers(self) -> list[str]:
        """The numbers on the paper that came off; half a ticket may have none."""
        return self.ptys.call(lambda: [line for one in self.printer.tickets for line in one.lines if "A-" in line])

    def do(self, act: Callable[[], object]) -> None:
        self.ptys.call(act)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with PtyServer() as ptys:
        made = Desk(tmp_path, ptys)
        made.until(DeviceOnline)
        yield made
        made.port.stop()


def test_tickets_come_out_with_their_codes(desk: Desk) -> None:
    for number in (1, 2, 3):
        desk.ask(ticket(number))
        assert desk.until(TicketPrinted, TicketFailed) == TicketPrinted("tickets", f"t-{number}")
    assert desk.numbers() == ["A-001", "A-002", "A-003"]
    assert desk.printer.tickets[0].codes == ["https://contoh.id/s/1"]


def test_a_cable_pulled_within_a_ticket_leaves_it_uncertain_and_the_next_one_whole(desk: Desk) -> None:
    desk.do(lambda: setattr(desk.printer, "speed", 30.0))
    desk.ask(ticket(1))
    desk._turn()
    desk.ptys.unplug("tickets")
    failed = desk.until(TicketFailed, TicketPrinted)
    assert isinstance(failed, TicketFailed)
    desk.do(lambda: setattr(desk.printer, "speed", 400.0))
    desk.ptys.plug("tickets")
    desk.until(DeviceOnline)
    desk.ask(ticket(2))
    assert desk.until(TicketPrinted, TicketFailed) == TicketPrinted("tickets", "t-2")
    assert desk.numbers()[-1] == "A-002"


def test_power_lost_within_a_ticket_leaves_it_uncertain(desk: Desk) -> None:
    desk.do(lambda: setattr(desk.printer, "speed", 30.0))
    desk.ask(ticket(1))
    while not desk.ptys.call(lambda: desk.printer.printing):
        desk._turn()
    desk.do(desk.printer.power_off)
    failed = desk.until(TicketFailed, TicketPrinted)
    assert isinstance(failed, TicketFailed) and failed.touched
    desk.do(desk.printer.power_on)
    desk.until(DeviceOnline)
    assert "A-001" not in desk.numbers()
