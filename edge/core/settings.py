"""Settings of the booth's decisions: plain values that `edge.config` has checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from contract.desk import Service
from contract.messages import Modality
from edge.core.actions import Desk

DEFAULT_ORDER = (
    Modality.PHOTO,
    Modality.SIGNATURE,
    Modality.RIGHT_FOUR,
    Modality.LEFT_FOUR,
    Modality.THUMBS,
    Modality.IRIS,
)

#: MOSIP's defaults: each slap and the thumbs 40, iris 60, face 90. A signature has no score.
DEFAULT_THRESHOLDS = {
    Modality.PHOTO: 90,
    Modality.SIGNATURE: 0,
    Modality.RIGHT_FOUR: 40,
    Modality.LEFT_FOUR: 40,
    Modality.THUMBS: 40,
    Modality.IRIS: 60,
}


@dataclass(frozen=True, slots=True)
class GensetSettings:
    """A genset and its sequence. Times in seconds. `device`: its controller; None: relays and contacts only."""

    device: str | None = None
    start_delay_s: float = 5.0
    crank_s: float = 10.0
    rest_s: float = 10.0
    attempts: int = 3
    warm_up_s: float = 15.0
    transfer_s: float = 5.0
    """How long the ATS may take."""
    mains_steady_s: float = 60.0
    cool_down_s: float = 60.0
    stop_s: float = 30.0
    """How long the engine may take to stand still."""
    retry_s: float = 900.0
    """After a failed start, how long until it is tried again in the same outage."""
    exercise_days: float = 7.0
    exercise_s: float = 600.0
    exercise_hours: tuple[int, int] = (8, 15)
    """Local hours of the day between which the exercise may begin."""
    utc_offset_h: float = 7.0
    volts: float = 230.0
    volts_band_pct: float = 10.0
    hertz: float = 50.0
    hertz_band: float = 2.0
    rpm_running: float = 1000.0
    fuel_low_pct: float = 20.0
    tank_l: float = 40.0
    burn_l_h: float = 2.5
    service_h: float = 250.0
    battery_low_v: float = 11.8
    oil_low_kpa: float = 100.0
    coolant_hot_c: float = 105.0


@dataclass(frozen=True, slots=True)
class EnergySettings:
    """The battery's type plate and what jobs need. Seconds, watts.

    `full_load_s`, `half_load_s`: runtime of the new, full battery at 100 % and 50 % load (the two points of Peukert).
    """

    rated_w: float = 600.0
    full_load_s: float = 600.0
    half_load_s: float = 1_330.0
    recharge_s: float = 14_400.0
    margin: float = 1.5
    """Energy that must be there, as a multiple of what the job is expected to need."""
    reserve_s: float = 60.0
    """Runtime that is never planned with: the shutdown needs it."""
    record_s: float = 240.0
    record_w: float = 20.0
    print_s: float = 45.0
    print_w: float = 90.0
    shed_1_s: float = 1_200.0
    shed_2_s: float = 600.0
    """Runtime left below which loads are switched off."""
    shutdown_s: float = 180.0
    """Runtime left below which the booth shuts itself down."""
    steady_s: float = 60.0
    """Mains that came back may go again: after this time a card is begun even with nothing behind them."""
    closing_s: float = 20.0
    """Between the announcement and the point of no return: what is open comes to its end, and all can be taken back."""
    off_s: float = 30.0
    back_min: int = 1


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """The front desk: tickets, calls, hours. Seconds; hours are local, as hours since midnight."""

    printer: str | None = None
    """The ticket printer; None: numbers are shown on the screen only."""
    letters: Mapping[Service, str] = field(
        default_factory=lambda: dict(zip(Service, ("A", "B", "C", "D", "E"), strict=True))
    )
    """Services that are given, each with the letter of its numbers."""
    places: Mapping[Desk, str] = field(default_factory=lambda: {Desk.RECORDING: "1", Desk.FRONT: "2"})
    """Where people are called to: a counter's number, or a name."""
    capacity: int = 200
    """Numbers given on one day at most."""
    opens_h: float = 8.0
    closes_h: float = 15.0
    """From here on no number is given; who has one is served."""
    days: frozenset[int] = frozenset(range(5))
    """Working days, Monday is 0."""
    holidays: frozenset[str] = frozenset()
    """Closed days as YYYY-MM-DD."""
    utc_offset_h: float = 7.0
    area: int = 3
    """Applicants in the recording area at most: called or present."""
    priority_share: int = 2
    """So many with precedence are called in a row while others wait."""
    title: str = ""
    """What stands on top of a ticket."""
    status_url: str = ""
    """Beginning of the status page's address; the ticket's id follows. Empty: no code on the ticket."""
    service_s: Mapping[Service, float] = field(
        default_factory=lambda: dict(zip(Service, (900.0, 300.0, 300.0, 420.0, 120.0), strict=True))
    )
    """Expected duration of each service until the day's own are known."""
    outage_s: float = 1_800.0
    """Expected length of an outage until some were seen."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One booth. Times in seconds; device names are those of the booth file."""

    booth: str
    epoch: str
    kinds: dict[str, str]
    """Every device of the booth file: name -> kind."""
    capture_devices: dict[Modality, str]
    """Which device takes which modality."""
    ups: str | None = None
    printer: str | None = None
    order: tuple[Modality, ...] = DEFAULT_ORDER
    thresholds: dict[Modality, int] = field(default_factory=lambda: dict(DEFAULT_THRESHOLDS))
    attempts: int = 3
    """Captures of one modality that may stay below its threshold; then a person says how it goes on."""
    attempts_of: Mapping[Modality, int] = field(default_factory=dict)
    """The same for single modalities."""
    nfiq2: Mapping[Modality, int] = field(default_factory=dict)
    """NFIQ2 that each finger must reach where it can be told; 0 or missing: it is shown only."""
    capture_s_of: Mapping[Modality, float] = field(default_factory=dict)
    """Time-outs of single modalities."""
    capture_s: float = 10.0
    capture_grace_s: float = 5.0
    """Silence after `capture_s` that counts as a failed try."""
    waiting_limit: int = 50
    outbox_limit: int = 100_000
    """Events held for the coordinator; from here on no new recording or print begins."""
    packets_limit: int = 500
    window: int = 20
    """Unacknowledged events (and packet parts) in flight."""
    resend_s: float = 3.0
    mains_debounce_s: float = 0.05
    ups_stale_s: float = 10.0
    print_on_battery: bool = False
    """Whether the card printer hangs on the UPS, so that a card may be begun on battery if the energy suffices."""
    board: str | None = None
    """The power board, which then has the relays."""
    board_stale_s: float = 3.0
    genset_stale_s: float = 10.0
    mains_v: float = 230.0
    mains_low_pct: float = 25.0
    """Volts this far below nominal are an outage for the booth, whatever a contact says."""
    dip_s: float = 1.0
    """An absence shorter than this is a dip: counted, not an outage of the genset's sequence."""
    genset: GensetSettings | None = None
    desk: DeskSettings | None = None
    """None: the booth gives no numbers; who is scanned is recorded in that order."""
    officers: bool = False
    """Whether officers must sign in before the booth's buttons and screen do anything."""
    finger: str | None = None
    """The reader of officers' fingers."""
    nik_wait_s: float = 6.0
    """How long a recording waits for the centre's word on a NIK when the coordinator is connected."""
    energy: EnergySettings = EnergySettings()
    wired: frozenset[str] = frozenset({"mains"})
    """Contacts that are wired to the controller's pins, by their names in `Contact`."""
    print_poll_s: float = 5.0
    """How often a job that cannot begin asks the printer again."""
    print_limit_s: float = 300.0
    """A card that is not out after this time is uncertain."""
    telemetry_s: float = 10.0
    jobs_kept: int = 5_000
    commands_kept: int = 1_000
