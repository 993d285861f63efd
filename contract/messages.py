"""Messages between booth and coordinator: what the JSON on each topic of `topics.py` holds.

Every event body has its own model, chosen by `kind`. A message from a newer version may carry fields that
this one does not know; they are ignored. `docs/asyncapi.yaml` is generated from this file.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, Field

from contract import desk
from contract.base import BoothId as BoothId
from contract.base import Count, Seq, Sha256
from contract.base import Id as Id
from contract.base import Message as Message
from contract.base import Modality as Modality
from contract.base import Text as Text

VERSION: Final = 1


class Supply(StrEnum):
    """What feeds the booth: one fused state.

    `MAINS_RETURNING`: the mains are back, but not yet trusted; the genset or the battery still carries the load.
    `SHUTTING_DOWN` can still be taken back; `OFF` cannot: the UPS has been told to cut the output and to restore it.
    """

    UNKNOWN = "UNKNOWN"
    ON_MAINS = "ON_MAINS"
    ON_BATTERY = "ON_BATTERY"
    GENSET_STARTING = "GENSET_STARTING"
    ON_GENSET = "ON_GENSET"
    MAINS_RETURNING = "MAINS_RETURNING"
    SHUTTING_DOWN = "SHUTTING_DOWN"
    OFF = "OFF"


class Quality(StrEnum):
    """How far a source of power readings can be believed."""

    GOOD = "good"
    STALE = "stale"
    LOST = "lost"
    IMPLAUSIBLE = "implausible"


class GensetPhase(StrEnum):
    """Where the genset's sequence is."""

    STOPPED = "stopped"
    START_DELAY = "start-delay"
    CRANKING = "cranking"
    RESTING = "resting"
    WARMING = "warming"
    TRANSFERRING = "transferring"
    LOADED = "loaded"
    RETURNING = "returning"
    TRANSFERRING_BACK = "transferring-back"
    COOLING = "cooling"
    STOPPING = "stopping"
    EXERCISING = "exercising"
    FAILED = "failed"


class Priority(StrEnum):
    """ISA-18.2 priority of an alarm, by how soon a person must act."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class AlarmState(StrEnum):
    """ISA-18.2 state of an alarm. `returned`: the condition has gone, but nobody has acknowledged it yet.

    `normal`: gone and acknowledged; the alarm leaves the list.
    """

    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    SHELVED = "shelved"
    NORMAL = "normal"


class DeviceState(StrEnum):
    """Health of one device: `fault` answers but needs a person, `lost` does not answer."""

    OK = "ok"
    FAULT = "fault"
    LOST = "lost"


class PrintState(StrEnum):
    """Where a print job is at the booth. Committed before the first byte goes to the printer."""

    ACCEPTED = "accepted"
    PRINTING = "printing"
    PRINTED = "printed"
    SPOILED = "spoiled"
    UNCERTAIN = "uncertain"


class Outcome(StrEnum):
    """What became of a command."""

    DONE = "done"
    REFUSED = "refused"
    EXPIRED = "expired"
    FORGED = "forged"


# --- bodies of events (up/event) -----------------------------------------------------------------------


class BoothStarted(Message):
    """The booth program started; `boot` of the envelope is new."""

    version: Text
    key: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    """The Ed25519 public key, hex, with which this booth signs its packets and exports; made with its database."""


class SupplyChanged(Message):
    """The fused supply changed. Volts and per cent are None when no UPS answers."""

    supply: Supply
    mains_contact: bool | None
    input_v: float | None = None
    battery_v: float | None = None
    load_pct: float | None = None
    charge_pct: float | None = None
    ups_status: Text = ""
    runtime_s: float | None = None
    """Energy left at the present load, in seconds; None when it is not known."""
    sources: dict[str, Quality] = Field(default_factory=dict)
    """Quality of each source that the booth file names: `mains`, `ups`, `genset`, `board`, `ats`."""
    cause: Text = ""


class MainsDipped(Message):
    """The mains were away or low for less than a second and came back; no outage. `lowest_v` if it was measured."""

    seconds: float = Field(ge=0)
    lowest_v: float | None = None


class GensetChanged(Message):
    """The genset's sequence moved. `attempt`: crank attempt of this start, from 1. Figures None: not measured."""

    phase: GensetPhase
    attempt: int = Field(default=0, ge=0, lt=2**31)
    cause: Text = ""
    verified: bool = False
    """Whether rpm, volts, hertz or contacts prove that it runs; an acknowledgement proves nothing."""
    fuel_pct: float | None = None
    fuel_hours: float | None = None
    run_hours: float | None = None
    service_hours: float | None = None
    """Run hours until its service is due."""


class LoadShed(Message):
    """Loads were switched off (or on again) to save energy: stage 0 has all of them on."""

    stage: int = Field(ge=0, le=9)
    cause: Text = ""


class ShutdownChanged(Message):
    """The booth's own shutdown. `committed` is the declared point of no return; before it, `cancelled` may follow."""

    stage: Literal["announced", "closing", "committed", "cancelled"]
    cause: Text = ""


class UpsTested(Message):
    """A battery test of the UPS ended. `passed` is None when it was broken off."""

    passed: bool | None
    cause: Text = ""


class AlarmChanged(Message):
    """An alarm rose, returned, or was seen to by a person. `alarm` is its key in docs/operations.md.

    `occurrence` counts the rises of this alarm at this booth; `figures` are what the texts name.
    """

    alarm: Id
    occurrence: Count
    priority: Priority
    state: AlarmState
    active: bool
    """Whether the condition holds now."""
    cause: Text = ""
    remedy: Text = ""
    figures: dict[str, float | str] = Field(default_factory=dict)
    person: Text = ""
    reason: Text = ""


class DeviceChanged(Message):
    """A device's health changed; `remedy` tells the technician what to do."""

    device: Id
    kind: Id
    state: DeviceState
    error: Text = ""
    remedy: Text = ""
    reasons: tuple[Id, ...] = ()
    details: dict[str, str] = Field(default_factory=dict)


class DoorChanged(Message):
    """The cabinet's door (tamper) contact."""

    open: bool


class EnrolmentOpened(Message):
    """A family card was scanned; the applicant waits for the start button."""

    enrolment: Id
    nik: Annotated[str, Field(pattern=r"^[0-9]{16}$")]
    kk: Annotated[str, Field(pattern=r"^[0-9]{16}$")]
    warnings: tuple[Text, ...] = ()


class EnrolmentStarted(Message):
    """The officer pressed start: the recording began."""

    enrolment: Id


class DocumentRefused(Message):
    """A scanned document was not accepted; nothing was opened."""

    reason: Text


class AttemptMade(Message):
    """One try of one modality. `quality` is per sample, 0..100, keyed by the SBI bioSubType."""

    enrolment: Id
    modality: Modality
    attempt: Count
    accepted: bool
    quality: dict[str, float] = Field(default_factory=dict)
    nfiq2: dict[str, int] = Field(default_factory=dict)
    """NFIQ2 (ISO/IEC 29794-4) of each finger, 0..100, where it could be told."""
    reason: Text = ""


class EnrolmentCompleted(Message):
    """All modalities are recorded; the sealed packet of `size` bytes in `parts` parts follows."""

    enrolment: Id
    packet: Id
    size: Annotated[int, Field(ge=1, lt=2**63)]
    parts: Count
    sha256: Sha256


class EnrolmentCancelled(Message):
    """The officer stopped the recording for good."""

    enrolment: Id
    reason: Text


class PrintChanged(Message):
    """A print job moved. Counters are the printer's own count of inserted cards, None when unread."""

    job: Id
    attempt: Count
    state: PrintState
    cause: Text = ""
    counter_before: Seq | None = None
    counter_after: Seq | None = None


#: Reason of a refused print command: only a person can say whether that card was printed.
FORGOTTEN = "the job is older than this booth remembers; whether it was printed is not known here"


class CommandDone(Message):
    """Answer to a command; `reason` when it was not carried out."""

    command: Id
    outcome: Outcome
    reason: Text = ""


BODIES: dict[str, type[Message]] = {
    "booth.started": BoothStarted,
    "supply.changed": SupplyChanged,
    "mains.dipped": MainsDipped,
    "genset.changed": GensetChanged,
    "load.shed": LoadShed,
    "shutdown.changed": ShutdownChanged,
    "ups.tested": UpsTested,
    "alarm.changed": AlarmChanged,
    "device.changed": DeviceChanged,
    "door.changed": DoorChanged,
    "document.refused": DocumentRefused,
    "enrolment.opened": EnrolmentOpened,
    "enrolment.started": EnrolmentStarted,
    "enrolment.attempt": AttemptMade,
    "enrolment.completed": EnrolmentCompleted,
    "enrolment.cancelled": EnrolmentCancelled,
    "print.changed": PrintChanged,
    "command.done": CommandDone,
    **desk.BODIES,
}
#: Kind of what a booth sends in place of an event that was altered in its memory; `found` in its body stands there now.
ALTERED = "event.altered"
KINDS: dict[type[Message], str] = {model: kind for kind, model in BODIES.items()}


class Event(Message):
    """Envelope on `up/event`. (booth, epoch, seq) is unique for ever; `body` fits the model of `kind`."""

    v: Literal[1] = VERSION
    epoch: Id
    seq: Annotated[int, Field(ge=1, lt=2**63)]
    id: Id
    boot: Id
    time: AwareDatetime
    kind: Id
    body: dict[str, Any]


# --- other messages of the booth -----------------------------------------------------------------------


class Hello(Message):
    """On connect, `up/hello`: sequence numbers that the booth still holds (first = last + 1: none)."""

    v: Literal[1] = VERSION
    epoch: Id
    first: Seq
    last: Seq
    boot: Id


class BoothState(Message):
    """Retained on `up/state`; also the last will (then without time)."""

    v: Literal[1] = VERSION
    state: Literal["online", "offline"]
    boot: Id = "unknown"


class Info(Message):
    """Birth certificate on `up/info`, retained. Devices: name -> kind."""

    v: Literal[1] = VERSION
    version: Text
    boot: Id
    name: Text
    devices: dict[str, str]


Telemetry = dict[str, float | int | str | bool | None]
"""Flat metrics on `up/telemetry`, NUT's names where NUT has one (`battery.charge`, `ups.load`)."""


# --- messages to the booth -----------------------------------------------------------------------------


class Ack(Message):
    """On `down/ack`: all events of `epoch` up to `seq` are committed; per packet the next part wanted.

    A packet is whole and checked when its number equals its count of parts; only then may the booth drop it.
    """

    v: Literal[1] = VERSION
    epoch: Id
    seq: Seq
    packets: dict[str, int] = Field(default_factory=dict)


class PrintCommand(Message):
    """Print one card. `panels`: Evolis panel letter -> zlib-compressed raster, base64."""

    kind: Literal["print"] = "print"
    job: Id
    enrolment: Id
    attempt: Count
    created: AwareDatetime
    panels: dict[Annotated[str, Field(pattern=r"^[ymcko]$")], str]


class SettleCommand(Message):
    """A person's word on an uncertain job: was the card printed well, spoiled, or never begun?"""

    kind: Literal["settle"] = "settle"
    job: Id
    attempt: Count
    found: Literal["printed", "spoiled", "not-begun"]
    person: Text


class IdentifyCommand(Message):
    """Blink the lamp and beep, so that a technician finds the booth."""

    kind: Literal["identify"] = "identify"


class TestUpsCommand(Message):
    """Test the battery: 10 s, 2 minutes, or until it is low; or break a running test off."""

    __test__ = False
    kind: Literal["test-ups"] = "test-ups"
    length: Literal["quick", "two-minutes", "deep", "cancel"] = "quick"
    person: Text


class TestGensetCommand(Message):
    """Run the genset without load for the time of its exercise, or end that."""

    __test__ = False
    kind: Literal["test-genset"] = "test-genset"
    action: Literal["start", "stop"] = "start"
    person: Text


class MuteCommand(Message):
    """Silence the UPS's beeper, or the booth's own buzzer until the next alarm."""

    kind: Literal["mute"] = "mute"
    what: Literal["ups", "booth"] = "booth"
    person: Text


class AlarmCommand(Message):
    """A person sees to one occurrence of an alarm. `minutes` and `reason` belong to `shelve`."""

    kind: Literal["alarm"] = "alarm"
    action: Literal["acknowledge", "shelve", "unshelve"]
    alarm: Id
    occurrence: Count
    person: Text
    minutes: int = Field(default=0, ge=0, le=7 * 24 * 60)
    reason: Text = ""


class NikAnswerCommand(Message):
    """What the centre says of an applicant's NIK; asked by the coordinator when the enrolment is opened."""

    kind: Literal["nik-answer"] = "nik-answer"
    enrolment: Id
    standing: desk.Standing
    reason: Text = ""


PowerCommand = TestUpsCommand | TestGensetCommand | MuteCommand | AlarmCommand


class Command(Message):
    """What the coordinator asks of one booth; carried out once, never after `expires`."""

    v: Literal[1] = VERSION
    id: Id
    booth: BoothId
    issued: AwareDatetime
    expires: AwareDatetime
    body: Annotated[
        PrintCommand | SettleCommand | IdentifyCommand | NikAnswerCommand | PowerCommand, Field(discriminator="kind")
    ]


class SignedCommand(Message):
    """On `down/command`: the JSON text of a `Command` and the Ed25519 signature over its UTF-8 bytes, hex."""

    v: Literal[1] = VERSION
    payload: str
    signature: Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]
