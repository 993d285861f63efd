"""Which rows of the state a step has changed: what the store writes in the step's transaction."""

from __future__ import annotations

from edge.core.controller import State
from edge.core.enrolment import Counter, Enrolment
from edge.core.health import Door, Health
from edge.core.packets import Packet
from edge.core.power import Supplied
from edge.core.printing import Answered, Horizon, Job

#: The first word of a row's key names its type.
ROW_TYPES: dict[str, type] = {
    "supply": Supplied,
    "device": Health,
    "door": Door,
    "enrolment": Enrolment,
    "counter": Counter,
    "job": Job,
    "command": Answered,
    "horizon": Horizon,
    "packet": Packet,
}


def changes(old: State, new: State) -> dict[str, object | None]:
    """Rows to write; None: to delete. Parts whose rows are the same object are not looked at."""
    changed: dict[str, object | None] = {}
    for before, after in (
        (old.power.saved, new.power.saved),
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
