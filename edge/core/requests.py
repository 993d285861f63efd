"""What drivers can be asked to do: the requests that `commands.Ask` carries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from contract.messages import Modality
from edge.core.events import Relay


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


# --- the front desk ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CheckTicketPrinter(Request):
    """Read the ticket printer's status now; answered by DeviceOnline, DeviceFault or DeviceLost, and PaperLow."""


@dataclass(frozen=True, slots=True)
class PrintTicket(Request):
    """Print one ticket. Ends in TicketPrinted or TicketFailed with the same `ticket`.

    `heading`: small, on top; `number`: as large as the paper allows; `lines`: plain text, UTF-8, each at most 42
    characters; `qr`: what the code holds, empty: none; `foot`: small, below the code.
    """

    ticket: str
    heading: tuple[str, ...]
    number: str
    lines: tuple[str, ...]
    qr: str = ""
    foot: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IdentifyFinger(Request):
    """Wait for a finger and look for it among those that are stored. Ends in FingerFound or FingerRefused."""

    timeout_s: float = 15.0


@dataclass(frozen=True, slots=True)
class EnrolFinger(Request):
    """Take one finger twice and store it as `page`.

    FingerWanted tells each step; it ends in FingerStored or FingerRefused.
    """

    page: int
    timeout_s: float = 30.0


@dataclass(frozen=True, slots=True)
class DeleteFinger(Request):
    """Forget the stored finger of a page. Ends in FingerStored (with `image` empty) or FingerRefused."""

    page: int


@dataclass(frozen=True, slots=True)
class StopFinger(Request):
    """Give the present finger request up; nothing more is said of it."""
