"""Which rows of the state a step has changed: what the store writes in the step's transaction."""

from __future__ import annotations

from edge.core.alarms import Alarm
from edge.core.applicant import Counter, Enrolment
from edge.core.basket import Card, Sent
from edge.core.battery import Kept
from edge.core.controller import State
from edge.core.energy import Need
from edge.core.genset import Saved
from edge.core.health import Door, Health
from edge.core.packets import Packet
from edge.core.plant_state import Machine
from edge.core.power import Supplied
from edge.core.printing import Answered, Horizon, Job
from edge.core.tickets import Day, Ticket
from edge.core.upkeep import Usage
from edge.core.waits import Errors, Outages, Pace, Slips

#: The first word of a row's key names its type.
ROW_TYPES: dict[str, type] = {
    "supply": Supplied,
    "sequence": Saved,
    "battery": Kept,
    "need": Need,
    "usage": Usage,
    "alarm": Alarm,
    "machine": Machine,
    "device": Health,
    "door": Door,
    "enrolment": Enrolment,
    "counter": Counter,
    "job": Job,
    "command": Answered,
    "horizon": Horizon,
    "packet": Packet,
    "ticket": Ticket,
    "day": Day,
    "pace": Pace,
    "outages": Outages,
    "slips": Slips,
    "waited": Errors,
    "sent": Sent,
    "card": Card,
}


def changes(old: State, new: State) -> dict[str, object | None]:
    """Rows to write; None: to delete. Parts whose rows are the same object are not looked at."""
    changed: dict[str, object | None] = {}
    for before, after in (
        *zip(old.plant.saved, new.plant.saved, strict=True),
        *zip(old.front.saved, new.front.saved, strict=True),
        (old.health.saved, new.health.saved),
        (old.enrolment.saved, new.enrolment.saved),
        (old.printing.saved, new.printing.saved),
        (old.packets.saved, new.packets.saved),
    ):
        if before is after:
            continue
        changed |= {key: row for key, row in after.items() if before.get(key) is not row}
        changed |= {key: None for key in before if key not in after}
    return changed
