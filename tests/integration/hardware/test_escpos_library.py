"""python-escpos, written by others, reads the simulated receipt printer's status and prints on it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from escpos.constants import QR_ECLEVEL_M
from escpos.printer import Serial

from hardware.rig.ptys import PtyServer
from hardware.simulators.escpos import EscposPrinter
from hardware.simulators.escpos_paper import Code, Line

PATIENCE_S = 10.0


@dataclass
class Desk:
    """The library at one end of the line, the printer at the other."""

    library: Serial
    printer: EscposPrinter
    ptys: PtyServer

    def do(self, act: Callable[[], object]) -> None:
        self.ptys.call(act)

    def wait(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not self.ptys.call(holds):
            assert time.monotonic() < deadline, self.ptys.call(self.printer.state)
            time.sleep(0.02)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    printer = EscposPrinter(speed=1000.0)
    with PtyServer() as ptys:
        ptys.add("tickets", printer, tmp_path / "tickets")
        library = Serial(str(tmp_path / "tickets"), baudrate=38400, timeout=0.2, dsrdtr=False)
        library.open()
        yield Desk(library, printer, ptys)
        library.close()


def test_it_reads_whether_the_printer_is_online(desk: Desk) -> None:
    assert desk.library.is_online()
    desk.do(desk.printer.open_cover)
    assert not desk.library.is_online()
    desk.do(desk.printer.close_cover)
    assert desk.library.is_online()


def test_it_reads_how_much_paper_there_is(desk: Desk) -> None:
    assert desk.library.paper_status() == 2
    desk.do(desk.printer.paper_near_end)
    assert desk.library.paper_status() == 1
    desk.do(desk.printer.paper_out)
    assert desk.library.paper_status() == 0
    desk.do(desk.printer.load_paper)
    assert desk.library.paper_status() == 2


def test_what_it_prints_can_be_read_from_the_paper(desk: Desk) -> None:
    library = desk.library
    library.hw("INIT")
    library.set_with_default(align="center", bold=True, custom_size=True, width=8, height=8)
    library.textln("A-027")
    library.set_with_default(align="left", font="b", double_width=True)
    library.textln("Kartu selesai: é")
    library.set_with_default(align="center")
    library.qr("https://contoh.id/s/1", ec=QR_ECLEVEL_M, size=6, native=True)
    library.cut()
    desk.wait(lambda: len(desk.printer.tickets) == 1)
    ticket = desk.printer.tickets[0]
    assert ticket.items == (
        Line("A-027", bold=True, width=8, height=8, align="center"),
        Line("Kartu selesai: é", width=2, font=1),
        Code("https://contoh.id/s/1", 6, 25, "M", 2, "center"),
    )
    assert ticket.cut == "full" and not desk.printer.unknown
