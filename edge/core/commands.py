"""What shall be done: the only output of the booth's decisions.

`Durable` commands are part of the transaction of the step that gave them. All others are performed after the commit;
the next start may find them not done, so whatever depends on them is asked for again from the state.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from contract.messages import Message, Modality
from contract.packet import CaptureEntry
from edge.core.events import Relay


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


# --- requests that drivers understand ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Request:
    """Base of what a driver can be asked to do."""


@dataclass(frozen=True, slots=True)
class StartCapture(Request):
    """Take one modality. Ends in CaptureTaken or CaptureFailed with the same transaction.

    `transaction`: 4..50 characters. `timeout_s`: how long the device may try.
    """

    modality: Modality
    transaction: str
    timeout_s: float
    requested_score: int
    previous_hash: str = ""
    exceptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StopCapture(Request):
    """Give the present capture up; a late result is dropped by the driver."""


@dataclass(frozen=True, slots=True)
class CheckPrinter(Request):
    """Read status and counter now; answered by PrinterReady, DeviceFault or DeviceLost."""


@dataclass(frozen=True, slots=True)
class PrintCard(Request):
    """Print one card. The core names the blob; the runtime fills `panels` (letter -> raster) from it.

    Ends in CardPrinted or PrintFailed with the same job. `counter` is what was read before.
    """

    job: str
    counter: int
    blob: str
    panels: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TestUps(Request):
    """Begin a battery test; it ends in UpsTestEnded, or RequestFailed if it does not begin."""

    __test__ = False
    length: Literal["quick", "two-minutes", "deep"] = "quick"


@dataclass(frozen=True, slots=True)
class CancelUpsTest(Request):
    """Break a battery test off."""


@dataclass(frozen=True, slots=True)
class SetBeeper(Request):
    """The UPS's beeper on or off (Megatec can only toggle: the driver looks at the status bit)."""

    on: bool


@dataclass(frozen=True, slots=True)
class CutAndRestore(Request):
    """Cut the output in `off_s` (12..600 s), restore it `back_min` (1..9999) minutes later, or when the mains are back.

    The load always power-cycles, also when the mains return before the cut.
    """

    off_s: float
    back_min: int


@dataclass(frozen=True, slots=True)
class CancelCut(Request):
    """Take a cut back that has not happened yet."""


@dataclass(frozen=True, slots=True)
class StartGenset(Request):
    """Ask the genset's controller to start. Only its readings prove that it runs."""


@dataclass(frozen=True, slots=True)
class StopGenset(Request):
    """Ask the genset's controller to stop, with its own cool-down."""


@dataclass(frozen=True, slots=True)
class DriveRelays(Request):
    """The relays that the power board shall hold, from now on; its driver repeats it, since the board is a deadman."""

    on: frozenset[Relay]
