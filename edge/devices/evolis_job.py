"""The rules of one card at an Evolis printer: when a job may begin, its commands, and when it is printed."""

from __future__ import annotations

from edge.core.requests import PrintCard
from edge.devices.evolis_wire import LEVELS, PANELS, SIZES, Status, Trouble

READ_S = 3.0
"""How long a reading, or a command that moves nothing, may take."""
MOVE_S = 60.0
"""How long feeding, printing and ejecting a card may take."""
BYTE_S = 11 / 9600
"""A byte on the line at 9600 baud, the slowest that the printer is used with."""
LOST_REMEDY = "Check that the printer is on and its serial cable is in; set its port to 9600 8N1 (Pcom;1;9600;N;8;1)."
RETRY_REMEDY = "Switch the printer off and on, look for a card inside, and try again."


def refusal(job: PrintCard, status: Status | None, counter: int | None) -> tuple[str, str] | None:
    """Why the job is not begun: reason and remedy."""
    if status is None or counter is None:
        return "the printer does not answer", LOST_REMEDY
    troubles = status.troubles()
    if troubles:
        return troubles[0].error, troubles[0].remedy
    if status.busy:
        return "the printer is busy", "Wait until it is idle."
    if status.card_inside:
        return "a card is inside the printer", RETRY_REMEDY
    if counter != job.counter:
        reason = f"the printer's card counter is {counter}, not {job.counter} as it was checked"
        return reason, "Look whether somebody fed a card by hand, then check the printer again."
    if not job.panels:
        return "the job has no raster", "Send the job again from the coordinator."
    for panel, raster in job.panels.items():
        if len(raster) != SIZES.get(panel, -1):
            reason = f"the raster of panel {panel!r} has {len(raster)} bytes, not {SIZES.get(panel, 0)}"
            return reason, "Render the card again at the coordinator: 1016 columns of 648 dots."
    return None


LEFT_INSIDE = "media-jam-warning"


def stuck(status: Status) -> Trouble:
    """Why a printer whose status words tell no trouble is not ready after a check."""
    if status.card_inside:
        remedy = "Take the card out of the printer; it may be printed on and must not be handed over unseen."
        return Trouble(LEFT_INSIDE, "a card was left inside the printer", remedy)
    what = "the printer is busy for too long" if status.busy else "the printer does not tell its card counter"
    return Trouble("other-warning", what, RETRY_REMEDY)


def steps(job: PrintCard) -> list[tuple[bytes, float]]:
    """Commands with the time for their acknowledgement; `Sr` is the first that moves a card."""
    panels = [panel for panel in PANELS if panel in job.panels]
    found: list[tuple[bytes, float]] = [
        (b"Pem;2", READ_S),
        (b"Pr;" + "".join(panels).encode(), READ_S),
        (b"Ss", READ_S),
    ]
    for panel in panels:
        raster = job.panels[panel]
        head = f"Db;{panel};{LEVELS[panel]};".encode()
        found.append((head + raster, 30 + len(raster) * BYTE_S))
    found += [(b"Sr", MOVE_S), (b"Se", MOVE_S)]
    return found


def outcome(
    job: PrintCard,
    status: Status | None,
    counter: int | None,
    failure: tuple[str, str] | None,
    steady: bool,
) -> tuple[str, str] | None:
    """None when the card is printed beyond doubt, else reason and remedy."""
    if status and status.failed:
        trouble = status.troubles()[0]
        return trouble.error, trouble.remedy
    if failure:
        return failure
    if status is None or counter is None:
        return "the printer stopped answering while printing", LOST_REMEDY
    if status.busy or status.card_inside:
        return "the printer did not finish: a card may be inside", RETRY_REMEDY
    if not steady:
        return "the printer was off while printing", "Look whether the card is printed well."
    if counter != job.counter + 1:
        return f"the printer's card counter went from {job.counter} to {counter}", RETRY_REMEDY
    return None
