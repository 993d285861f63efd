"""What shall be done: the only output of the booth's decisions.

`Durable` commands are part of the transaction of the step that gave them. All others are performed after the commit;
the next start may find them not done, so whatever depends on them is asked for again from the state.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from contract.desk import Deed
from contract.messages import Message
from contract.packet import CaptureEntry, ExceptionEntry
from edge.core.events import Relay
from edge.core.refusals import Refusal
from edge.core.requests import Request


class Lamp(StrEnum):
    """Green: ready for the officer. Amber: working, wait. Red: trouble, or no new recording."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


class Tone(StrEnum):
    """The buzzer's patterns."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    ALARM = "alarm"
    IDENTIFY = "identify"


@dataclass(frozen=True, slots=True)
class Command:
    """Base of all commands."""


# --- in the transaction --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Durable(Command):
    """Base of what is committed together with the state."""


@dataclass(frozen=True, slots=True)
class Publish(Durable):
    """A durable event for the coordinator. The controller gives it its place in the outbox."""

    body: Message


@dataclass(frozen=True, slots=True)
class Record(Durable):
    """A `Publish` that has its sequence number; what the store writes into the outbox."""

    seq: int
    body: Message


@dataclass(frozen=True, slots=True)
class Prune(Durable):
    """Forget the outbox up to and including `seq`: the coordinator has committed it."""

    seq: int


@dataclass(frozen=True, slots=True)
class KeepBlob(Durable):
    """Keep sealed or raster bytes under a name."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class DropBlob(Durable):
    """Forget the bytes of a name (which may be gone already)."""

    name: str


# --- after the commit ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SendEvents(Command):
    """Publish outbox rows first..last (both included) on the present connection."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class SendHello(Command):
    """Publish state, info and hello on the present connection."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class SendParts(Command):
    """Publish parts first..last (both included, from 0) of a kept packet."""

    packet: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class SendTelemetry(Command):
    """Publish flat metrics, QoS 0."""

    metrics: dict[str, float | int | str | bool | None]


@dataclass(frozen=True, slots=True)
class AssemblePacket(Command):
    """Put an enrolment's sealed captures together; answered by `PacketAssembled`.

    `entries`: what the manifest lists; each entry's bytes are the blob `<enrolment>/<entry name>`.
    """

    enrolment: str
    packet: str
    nik: str
    kk: str
    entries: tuple[CaptureEntry, ...]
    exceptions: tuple[ExceptionEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class SetLamps(Command):
    """Exactly these lamps are on."""

    lit: frozenset[Lamp]


@dataclass(frozen=True, slots=True)
class Sound(Command):
    """Play a pattern on the buzzer."""

    tone: Tone


@dataclass(frozen=True, slots=True)
class SetRelays(Command):
    """Exactly these relays, on the controller's own pins. A power board is asked with `DriveRelays` instead."""

    on: frozenset[Relay]


@dataclass(frozen=True, slots=True)
class HaltController(Command):
    """End the program and halt the machine: the UPS cuts the output soon, and restores it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Ask(Command):
    """Give a request to the driver of a device of the booth file."""

    device: str
    request: Request


# --- the front desk ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KeepDeed(Durable):
    """Append one link to the booth's record of who did what, which is never changed."""

    deed: Deed


@dataclass(frozen=True, slots=True)
class Announce(Command):
    """Call a number over the loudspeaker; after all that were asked for before. Answered by `Announced`."""

    call: str
    number: str
    place: str


@dataclass(frozen=True, slots=True)
class Answer(Command):
    """The answer to an `OfficerAsked`: done, or why not. `given` is what came of it, such as a ticket's id."""

    reply: str
    refusal: Refusal | None = None
    given: str = ""
