"""Settings of the booth's decisions: plain values that `edge.config` has checked."""

from __future__ import annotations

from dataclasses import dataclass, field

from contract.messages import Modality

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
    """Tries of one modality before the best of them is taken, marked as below the threshold."""
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
    print_poll_s: float = 5.0
    """How often a job that cannot begin asks the printer again."""
    print_limit_s: float = 300.0
    """A card that is not out after this time is uncertain."""
    telemetry_s: float = 10.0
    jobs_kept: int = 5_000
    commands_kept: int = 1_000
