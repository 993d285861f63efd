"""A booth's core without anything around it: gives it facts, keeps its rows as the store would."""

from __future__ import annotations

import base64
import zlib
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from contract import messages
from contract.desk import Deed
from contract.messages import Message, Modality, PrintCommand, SettleCommand
from edge.core import controller, journal
from edge.core.commands import Ask, Command, KeepDeed, Record
from edge.core.events import CaptureSealed, CommandReceived, Event, PacketAssembled, PrinterReady, Started
from edge.core.requests import StartCapture
from edge.core.settings import Settings

CARD = "KK:3526010101100001;NIK:3526014101900001"
T0 = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
T = TypeVar("T")
PANEL = base64.b64encode(zlib.compress(bytes(82_296))).decode()


def settings(**changes: object) -> Settings:
    values: dict[str, object] = {
        "booth": "b1",
        "epoch": "aa11bb22cc33",
        "kinds": {"ups": "megatec", "printer": "evolis", "face": "sbi"},
        "capture_devices": dict.fromkeys(Modality, "face"),
        "ups": "ups",
        "printer": "printer",
    }
    return Settings(**(values | changes))  # type: ignore[arg-type]


class Booth:
    """Feeds events, commits what is durable, and can lose its power between any two events."""

    def __init__(self, **changes: object) -> None:
        self.settings = settings(**changes)
        self.rows: dict[str, object] = {}
        self.outbox: dict[int, Message] = {}
        self.last = 0
        self.now = 100.0
        self.said: list[Message] = []
        self.last_deed: Deed | None = None
        self.power_cut()

    def power_cut(self) -> list[Command]:
        """Everything but the committed rows is gone; the program starts again."""
        first = min(self.outbox, default=self.last + 1)
        self.state = controller.restore(self.settings, dict(self.rows), first, self.last, self.last_deed)
        return self.see(Started("test"))

    def see(self, event: Event, after: float = 0.0) -> list[Command]:
        self.now += after
        old = self.state
        self.state, commands = controller.step(old, event, self.now)
        for key, row in journal.changes(old, self.state).items():
            if row is None:
                del self.rows[key]
            else:
                self.rows[key] = row
        for command in commands:
            if isinstance(command, KeepDeed):
                self.last_deed = command.deed
            if isinstance(command, Record):
                self.last = command.seq
                self.outbox[command.seq] = command.body
                self.said.append(command.body)
        return commands

    def heard(self, kind: type[Message]) -> list[Message]:
        return [body for body in self.said if isinstance(body, kind)]

    def capture(self, commands: list[Command], *quality: float) -> list[Command]:
        """Answer the capture that these commands asked for."""
        request = asked(commands, StartCapture)
        scores = {f"sample {n}": value for n, value in enumerate(quality or (95.0,))}
        sealed = CaptureSealed("face", request.modality, request.transaction, scores, b"sealed", "0" * 64)
        return self.see(sealed, 1.0)

    def command(self, body: messages.Command | PrintCommand | SettleCommand, name: str = "c1") -> list[Command]:
        command = messages.Command(
            id=name,
            booth="b1",
            issued=T0,
            expires=T0 + timedelta(minutes=10),
            body=body,  # type: ignore[arg-type]
        )
        return self.see(CommandReceived(command, late=False))

    def start_print(self, job: str = "job-1", counter: int = 7) -> list[Command]:
        self.command(print_command(job), f"c-{job}")
        return self.see(PrinterReady("printer", counter))


def print_command(job: str = "job-1", attempt: int = 1, created: datetime = T0) -> PrintCommand:
    return PrintCommand(job=job, enrolment="e-1", attempt=attempt, created=created, panels={"k": PANEL})


def requests(commands: list[Command], kind: type[T]) -> list[T]:
    """What these commands ask of drivers, of one kind."""
    return [command.request for command in commands if isinstance(command, Ask) and isinstance(command.request, kind)]


def asked(commands: list[Command], kind: type[T]) -> T:
    """The one request of this kind."""
    (request,) = requests(commands, kind)
    return request


def assembled(booth: Booth, enrolment: str) -> list[Command]:
    return booth.see(PacketAssembled(enrolment, enrolment, b"packet", "1" * 64))
