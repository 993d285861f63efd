"""What has happened: past facts, the only input of the booth's decisions."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from contract.messages import Command, Modality


class Contact(StrEnum):
    """Dry contacts; active means what the name says: mains present, door open, genset running, ATS on mains.

    Wired to pins of the controller, or to the power board, which tells them in its readings.
    """

    MAINS = "mains"
    DOOR = "door"
    GENSET_RUNNING = "genset_running"
    GENSET_FAULT = "genset_fault"
    FUEL_LOW = "fuel_low"
    ATS_MAINS = "ats_mains"
    ATS_GENSET = "ats_genset"


class Relay(StrEnum):
    """Outputs to the power plant, by what is asked. The safe state is {ATS_INHIBIT}, with all coils off.

    GENSET_START: crank and run. ATS_INHIBIT: the ATS prefers the mains; without it, it goes to a genset that gives
    good volts and stays there. SHED_1 (most dispensable) and SHED_2: loads that are switched off.
    """

    GENSET_START = "genset_start"
    ATS_INHIBIT = "ats_inhibit"
    SHED_1 = "shed_1"
    SHED_2 = "shed_2"


class Button(StrEnum):
    """The officer's buttons."""

    START = "start"
    NEXT = "next"
    RETRY = "retry"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all facts."""


# --- the program and its clock -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Started(Event):
    """The program started; the state was loaded.

    `machine` tells one run of the machine from the next; the same again: its power did not go. Empty: unknown.
    """

    version: str
    machine: str = ""
    key: str = ""
    """The booth's public key, hex."""


@dataclass(frozen=True, slots=True)
class WallTime(Event):
    """The wall clock, told at the start and every minute: Unix seconds. Only calendars depend on it.

    `stepped_s`: how far it has jumped since it was last told, against the monotonic clock.
    """

    unix: float
    stepped_s: float = 0.0


@dataclass(frozen=True, slots=True)
class WokeUp(Event):
    """The time that `next_wakeup` asked for has come."""


# --- GPIO ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ContactChanged(Event):
    """A dry contact's level (also read once at start)."""

    contact: Contact
    active: bool


@dataclass(frozen=True, slots=True)
class ButtonPressed(Event):
    """A button went down (debounced)."""

    button: Button


# --- devices -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeviceEvent(Event):
    """Something that a device of the booth file said; `device` is its name there."""

    device: str


@dataclass(frozen=True, slots=True)
class DeviceOnline(DeviceEvent):
    """The device answers and is usable. `details`: maker, model, firmware, serial where it tells them."""

    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeviceFault(DeviceEvent):
    """The device answers but needs a person. `reasons` are IPP's or SBI's words, most severe first."""

    reasons: tuple[str, ...]
    error: str
    remedy: str


@dataclass(frozen=True, slots=True)
class DeviceLost(DeviceEvent):
    """The device does not answer, or its port is gone."""

    error: str
    remedy: str


@dataclass(frozen=True, slots=True)
class FrameRejected(DeviceEvent):
    """Bytes that are no frame of the device were dropped. `beginning`: the first 32 of them."""

    reason: str
    beginning: bytes


@dataclass(frozen=True, slots=True)
class DocumentScanned(DeviceEvent):
    """The text of a bar code or QR code."""

    text: str


@dataclass(frozen=True, slots=True)
class UpsReading(DeviceEvent):
    """One answer to Megatec `Q1`: all figures and bits are of one moment. Units: V, %, Hz, deg C.

    `battery_v` is of the whole string as the UPS tells it (per-cell units are multiplied out by the driver).
    `charge_pct` is estimated by the driver from the nominal voltage; None until that is known.
    """

    input_v: float
    fault_v: float
    output_v: float
    load_pct: float
    frequency_hz: float
    battery_v: float
    temperature_c: float
    utility_fail: bool
    battery_low: bool
    bypass: bool
    failed: bool
    offline_type: bool
    testing: bool
    shutting_down: bool
    beeper: bool
    charge_pct: float | None = None
    status: str = ""
    """NUT's words, e.g. `OL`, `OB LB`."""
    runtime_s: float | None = None
    """What the UPS itself says of its runtime; None when it says nothing (Megatec does not)."""
    unknown: frozenset[str] = frozenset()
    """Names of figures that are not known of this moment: not told, or older than the status beside them (`upsd`).

    What stands in them then only agrees with the status; it is for nobody's eyes.
    """


@dataclass(frozen=True, slots=True)
class UpsTestEnded(DeviceEvent):
    """A battery test is over, seen in the UPS's status. `passed` is None when it was broken off."""

    passed: bool | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RequestConfirmed(DeviceEvent):
    """A request was carried out, proved by reading the device's status again. `request`: the request's class name."""

    request: str


@dataclass(frozen=True, slots=True)
class RequestFailed(DeviceEvent):
    """A request was not carried out: echoed, refused, or without effect after the retries."""

    request: str
    error: str


@dataclass(frozen=True, slots=True)
class BoardReading(DeviceEvent):
    """One report of the power board: all figures, contacts and relays are of one moment. Units: V RMS, V DC.

    `active`: its contacts that are closed in the sense of `Contact`; a contact that is not wired to it is not in
    `wired`. `relays`: as they truly are; `refused`: why the interlock does not follow what was asked, in its words.
    """

    mains_v: float
    genset_v: float
    battery_v: float
    wired: frozenset[Contact]
    active: frozenset[Contact]
    tamper: bool
    relays: frozenset[Relay]
    refused: tuple[str, ...] = ()
    deadman_trips: int = 0
    """How often the board fell to its safe state because the controller was silent, since its start."""
    watchdog_resets: int = 0
    bad_frames: int = 0
    uptime_s: float = 0.0


@dataclass(frozen=True, slots=True)
class GensetAlarm:
    """One alarm of the genset's controller. `name`: e.g. `fail-to-start`, `low-oil-pressure`."""

    name: str
    severity: Literal["warning", "shutdown", "trip"]


@dataclass(frozen=True, slots=True)
class GensetReading(DeviceEvent):
    """One sweep over the genset controller's registers. None: the model does not implement it.

    Units: kPa, deg C, %, V, rpm, Hz, seconds. `engine`: `stopped`, `pre-start`, `warming`, `running`, `cooling`,
    `post-run`; `mode`: `stop`, `auto`, `manual`, `test`.
    """

    mode: str | None = None
    engine: str | None = None
    rpm: float | None = None
    volts: float | None = None
    hertz: float | None = None
    oil_kpa: float | None = None
    coolant_c: float | None = None
    fuel_pct: float | None = None
    battery_v: float | None = None
    mains_v: float | None = None
    mains_hz: float | None = None
    run_s: int | None = None
    starts: int | None = None
    alarms: tuple[GensetAlarm, ...] = ()
    can_start: bool | None = None
    """Whether it advertises the telemetry start key; some advertise it and lack it."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One finger, eye, face or signature as the device gave it. `quality` 0..100."""

    subtype: str
    quality: float
    format: str
    value: bytes
    nfiq2: int | None = None
    """NFIQ2 of a finger, 0..100, told by the judge; None: not told."""


@dataclass(frozen=True, slots=True)
class CaptureTaken(DeviceEvent):
    """The device delivered a capture, in plain. The runtime has it judged, and seals it before the core sees it."""

    modality: Modality
    transaction: str
    samples: tuple[Sample, ...]
    hash: str = ""
    """The SBI hash chain's value after this capture; the next capture names it as previousHash."""
    judged: bool = False
    """Whether the judge has seen it (or could not be asked)."""
    officer: str = ""
    """The officer whose stored finger is among the samples; empty: nobody's."""


@dataclass(frozen=True, slots=True)
class CaptureSealed(DeviceEvent):
    """A capture after sealing: qualities in plain, bytes only in the sealed box. Keys: SBI bioSubType."""

    modality: Modality
    transaction: str
    quality: dict[str, float]
    sealed: bytes
    sha256: str
    hash: str = ""
    nfiq2: dict[str, int] = field(default_factory=dict)
    officer: str = ""


@dataclass(frozen=True, slots=True)
class CaptureFailed(DeviceEvent):
    """The device ended a capture without a result."""

    modality: Modality
    transaction: str
    error: str
    remedy: str


@dataclass(frozen=True, slots=True)
class PrinterReady(DeviceEvent):
    """The printer is idle, without an error, with cards; `counter` is its count of inserted cards."""

    counter: int


@dataclass(frozen=True, slots=True)
class CardPrinted(DeviceEvent):
    """The printer carried the job out: it is idle again without an error and its counter went up."""

    job: str
    counter: int


@dataclass(frozen=True, slots=True)
class PrintFailed(DeviceEvent):
    """The job stopped. `counter`: count of inserted cards after it, None when it could not be read.

    A counter equal to the one before the job proves that no card was touched. Anything else must be looked at
    by the rules of `printing`.
    """

    job: str
    counter: int | None
    reason: str
    remedy: str


# --- the link to the coordinator -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LinkUp(Event):
    """Connected and subscribed; the generation tells this connection from earlier ones."""

    generation: int


@dataclass(frozen=True, slots=True)
class LinkDown(Event):
    """The connection ended."""

    generation: int
    reason: str


@dataclass(frozen=True, slots=True)
class Acked(Event):
    """The coordinator has committed all events up to `seq`, and wants these packet parts next."""

    epoch: str
    seq: int
    packets: dict[str, int]


@dataclass(frozen=True, slots=True)
class CommandReceived(Event):
    """A command whose signature and booth are right. `late`: its expiry had passed on the booth's clock."""

    command: Command
    late: bool


@dataclass(frozen=True, slots=True)
class CommandForged(Event):
    """A command that is not from our coordinator or not for this booth; `command` is its claimed id."""

    command: str
    reason: str


@dataclass(frozen=True, slots=True)
class PacketSpoiled(Event):
    """These sealed captures of an enrolment are missing or altered on the disk: they must be taken again."""

    enrolment: str
    names: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class PacketAssembled(Event):
    """The sealed packet of an enrolment was put together in memory."""

    enrolment: str
    packet: str
    data: bytes
    sha256: str
