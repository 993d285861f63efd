"""What people at the booth are shown: one consistent picture of the booth, made from its state after a step.

Durations are seconds; `None` is "not known", which is never shown as zero. Sentences of the core (`reason`, `error`,
`remedy`) are English; `Refusal`s carry a code that the screen translates.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from contract.desk import ExceptionKind, PaperState, Precedence, Service, Standing, TicketState
from contract.messages import DeviceState, Modality, Supply
from edge.core.actions import Desk
from edge.core.refusals import Refusal


@dataclass(frozen=True, slots=True)
class PowerView:
    """The supply, and what may still begin. `left_s`: energy left at the present load, with the shutdown's reserve."""

    supply: Supply = Supply.UNKNOWN
    left_s: float | None = None
    charge_pct: float | None = None
    may_record: bool = True
    no_record: str = ""
    may_print: bool = True
    no_print: str = ""
    outage_s: float | None = None
    """How long neither mains nor genset have fed the booth; None while one does."""


@dataclass(frozen=True, slots=True)
class Wait:
    """How long somebody would wait, and between which times it will lie in nine of ten cases. Seconds."""

    expected_s: float
    low_s: float
    high_s: float


@dataclass(frozen=True, slots=True)
class TicketView:
    """One ticket of today."""

    id: str
    number: str
    service: Service
    precedence: Precedence
    state: TicketState
    paper: PaperState
    issued_at: float
    """Unix seconds."""
    place: str = ""
    calls: int = 0
    called_s: float | None = None
    """How long ago it was last called."""
    enrolment: str = ""
    nik_end: str = ""
    """The last four digits of the NIK; more is not shown in a hall."""
    standing: Standing | None = None
    wait: Wait | None = None
    """Of a waiting ticket: until it is called."""
    told: Wait | None = None
    """What its paper says."""


@dataclass(frozen=True, slots=True)
class QueueView:
    """The queue of today, and what the public board shows."""

    day: str = ""
    open: bool = False
    closed_why: Refusal | None = None
    given: int = 0
    capacity: int = 0
    waiting: tuple[TicketView, ...] = ()
    """In the order in which they will be called."""
    called: tuple[TicketView, ...] = ()
    """Called and on their way; the last called first."""
    present: tuple[TicketView, ...] = ()
    skipped: tuple[TicketView, ...] = ()
    uncertain: tuple[TicketView, ...] = ()
    """Tickets whose paper nobody is sure of."""
    area_limit: int = 3
    area_taken: int = 0
    """Called or present for a recording."""
    waits: dict[Service, Wait] = field(default_factory=dict)
    """What the next one of each service would be told."""
    served: int = 0
    error_median_s: float | None = None
    """How far today's told waits were off, as far as they are over: median and 90th percentile."""
    error_p90_s: float | None = None
    announcing: str = ""
    """The number that the loudspeaker calls now."""
    speaker_error: str = ""
    paper_low: bool = False
    board: tuple[TicketView, ...] = ()
    """The last calls (any desk), newest first, for the board: at most six."""


@dataclass(frozen=True, slots=True)
class PartView:
    """One finger, eye, face or signature of the present modality, of its best or its last attempt."""

    subtype: str
    quality: float | None = None
    nfiq2: int | None = None
    good: bool | None = None
    """None: not tried yet."""
    exception: ExceptionKind | None = None
    permanent: bool = False


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One try of the present modality."""

    number: int
    good: bool
    worst: float | None
    reason: str = ""
    best: bool = False


@dataclass(frozen=True, slots=True)
class StepView:
    """One modality of the recording's order."""

    modality: Modality
    state: str
    """`done`, `poor` (accepted with a reason), `excepted`, `present`, `ahead`."""
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class RecordingView:
    """The recording under way."""

    enrolment: str
    ticket: str
    number: str
    nik: str
    kk: str
    standing: Standing
    standing_reason: str
    steps: tuple[StepView, ...]
    modality: Modality
    device: str
    device_state: DeviceState | None
    device_error: str
    device_remedy: str
    parts: tuple[PartView, ...]
    tries: tuple[AttemptView, ...]
    attempts_left: int
    threshold: int
    nfiq2_threshold: int
    capturing: bool
    judging: bool
    """The device has delivered; the quality is being judged."""
    since_s: float | None
    """How long the capture under way has taken."""
    limit_s: float
    error: str
    """Why the last try failed."""
    remedy: str
    may_accept_poor: bool


@dataclass(frozen=True, slots=True)
class ApplicantView:
    """An enrolment at the booth whose recording has not begun, or that is being packed."""

    enrolment: str
    ticket: str
    number: str
    nik_end: str
    kk_end: str
    stage: str
    """`waiting`, `recording`, `assembling`."""
    standing: Standing
    standing_reason: str = ""
    may_begin: Refusal | None = None
    """Why its recording may not begin now."""


@dataclass(frozen=True, slots=True)
class SentView:
    """An enrolment of today that is complete: its packet waits here, or the coordinator has it (`sent`)."""

    enrolment: str
    number: str
    nik_end: str
    sent: bool


@dataclass(frozen=True, slots=True)
class CardView:
    """A printed card in the pickup basket."""

    enrolment: str
    number: str
    nik_end: str
    printed_s: float | None


@dataclass(frozen=True, slots=True)
class DeviceView:
    """Health of one device."""

    name: str
    kind: str
    state: DeviceState
    error: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """The whole picture. `version` grows with every change; `wall` is Unix seconds when it was made."""

    version: int = 0
    wall: float = 0.0
    booth: str = ""
    link: bool = False
    """Whether the coordinator is connected."""
    outbox: int = 0
    packets: int = 0
    refusal: Refusal | None = None
    """Why no new work is taken (outbox or packets full)."""
    power: PowerView = PowerView()
    queue: QueueView = QueueView()
    applicants: tuple[ApplicantView, ...] = ()
    recording: RecordingView | None = None
    sent: tuple[SentView, ...] = ()
    basket: tuple[CardView, ...] = ()
    devices: tuple[DeviceView, ...] = ()
    officer: str = ""
    """Who is signed in at the booth's own buttons and screen; empty: nobody."""
    finger: str = ""
    """What the finger reader waits for: `put`, `lift`, or nothing."""
    desks: tuple[Desk, ...] = ()
    """Where this booth serves people; empty: it gives no tickets."""
    services: tuple[Service, ...] = ()
    place: dict[Desk, str] = field(default_factory=dict)
    exceptions: bool = True
    halted: bool = False
