"""A booth with a front desk, and what its officer asks of it."""

from __future__ import annotations

from datetime import UTC, datetime

from contract.desk import Service
from edge.core import picture
from edge.core.actions import Action
from edge.core.commands import Announce, Answer, Command
from edge.core.events import Contact, ContactChanged, DocumentScanned, WallTime
from edge.core.events_desk import OfficerAsked, TicketPrinted
from edge.core.refusals import Refusal
from edge.core.requests import PrintTicket
from edge.core.settings import DeskSettings
from edge.core.view import View
from tests.unit.edge.core.booth import Booth, requests

#: A Tuesday, 08:00 WIB.
MORNING = datetime(2026, 11, 24, 1, 0, tzinfo=UTC).timestamp()


def card(serial: int) -> str:
    """A family card of another person for each serial."""
    return f"KK:3526010101100001;NIK:352601410190{serial:04}"


class Office(Booth):
    """Its wall clock stands at 08:00 WIB when the monotonic one is at 100 s."""

    def __init__(self, desk: DeskSettings | None = None, **changes: object) -> None:
        self.wall = MORNING - 100.0
        given = desk or DeskSettings(printer="tickets", status_url="https://loket.example/status/")
        kinds = {"ups": "megatec", "printer": "evolis", "face": "sbi", "tickets": "escpos", "finger": "zfm"}
        super().__init__(**({"desk": given, "kinds": kinds, "finger": "finger"} | changes))

    def power_cut(self) -> list[Command]:
        commands = super().power_cut()
        commands += self.see(WallTime(self.wall + self.now))
        return commands + self.see(ContactChanged(Contact.MAINS, True)) + self.pass_time(1.0)

    def pass_time(self, seconds: float) -> list[Command]:
        """Time goes by; the clock on the wall with it."""
        self.now += seconds
        return self.see(WallTime(self.wall + self.now))

    def ask(self, action: Action, officer: str = "siti") -> Refusal | None:
        """What an officer asks; why it was not done, or None."""
        return self.answer(action, officer).refusal

    def answer(self, action: Action, officer: str = "siti") -> Answer:
        self.heard_of = self.see(OfficerAsked("r1", officer, action))
        (answer,) = [command for command in self.heard_of if isinstance(command, Answer)]
        return answer

    def announced(self) -> list[str]:
        """Numbers that the last question sent to the loudspeaker."""
        return [command.number for command in self.heard_of if isinstance(command, Announce)]

    def arrive(self, serial: int) -> list[Command]:
        """Somebody hands over a family card; the paper comes out."""
        commands = self.see(DocumentScanned("scanner", card(serial)))
        for paper in requests(commands, PrintTicket):
            self.see(TicketPrinted("tickets", paper.ticket))
        return commands

    @property
    def view(self) -> View:
        return picture.of(self.state, self.now, 1, "b1")

    def numbers(self, *services: Service) -> list[str]:
        """Numbers that wait, in the order of their calling."""
        rows = self.view.queue.waiting
        return [row.number for row in rows if not services or row.service in services]
