"""One turn of the deciding thread: its transaction, its moment, and what the parts gather until the commit."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from central.adapters import store_ingest
from central.core.items import Effects


@dataclass(frozen=True, slots=True)
class Settings:
    """What the deciding needs of the configuration.

    `listed`: booth -> (name, blanks). `promise_s`: from print-ready to due. `jitter`, `new_id`, `panels` come from
    outside, so that a simulation repeats exactly.
    """

    listed: dict[str, tuple[str, int]]
    command_key: bytes
    jitter: Callable[[], float]
    new_id: Callable[[], str]
    panels: Callable[[str, str, int], dict[str, str]]
    accept_unknown: bool = False
    promise_s: float = 86_400.0
    calls: int = 8


@dataclass(slots=True)
class Turn:
    """Rows of booths are read once, changed in memory and written once at the end."""

    connection: Connection
    settings: Settings
    now: float
    """Monotonic seconds."""
    at: float
    """Seconds since 1970 (UTC)."""
    effects: Effects = field(default_factory=Effects)
    booths: dict[str, dict[str, Any]] = field(default_factory=dict)
    devices: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    letters: list[dict[str, Any]] = field(default_factory=list)
    wanted: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    """(booth, epoch) that get an acknowledgement -> their packets' next parts."""
    printers: set[str] = field(default_factory=set)
    """Booths where a job may go now."""
    resend: set[str] = field(default_factory=set)
    """Booths that get their open commands again."""
    encoding: bool = False
    """A call to the centre may be due."""
    asking: bool = False
    """A question about a NIK may be due."""

    @property
    def moment(self) -> datetime:
        """Wall time of the turn."""
        return datetime.fromtimestamp(self.at, UTC)

    def load(self, booths: Collection[str]) -> None:
        """Read the rows of these booths."""
        missing = [booth for booth in booths if booth not in self.booths]
        if missing:
            found = store_ingest.booths(self.connection, missing)
            for booth in missing:
                self.booths[booth] = found.get(booth) or store_ingest.new_booth(booth)

    def booth(self, booth: str) -> dict[str, Any]:
        """The row of a booth, to be changed in place."""
        if booth not in self.booths:
            self.load([booth])
        return self.booths[booth]

    def touch(self, booth: str) -> None:
        """Something that people see of this booth changed."""
        self.effects.changed.add("booths")
        self.effects.changed.add(f"booth:{booth}")

    def want(self, booth: str, packet: str, part: int) -> None:
        """Tell the booth which part of a packet comes next."""
        epoch = packet.rpartition("-")[0] or packet
        self.wanted.setdefault((booth, epoch), {})[packet] = part

    def dead(self, topic: str, reason: str, payload: bytes) -> None:
        """Park a message with its reason."""
        digest = hashlib.sha256(topic.encode() + b"\0" + reason.encode() + b"\0" + payload).hexdigest()
        kept = payload[: store_ingest.DEAD_LETTER_BYTES]
        self.letters.append(
            {"digest": digest, "received": self.at, "topic": topic, "reason": reason[:500], "payload": kept}
        )
        self.effects.changed.update(("dead-letters", "booths"))

    def flush_devices(self) -> None:
        """Write the devices' rows."""
        store_ingest.save_devices(self.connection, list(self.devices.values()))
        self.devices.clear()

    def flush_booths(self) -> None:
        """Write the booths' and devices' rows, so that a query sees them."""
        store_ingest.save_booths(self.connection, list(self.booths.values()))
        self.booths.clear()
        self.flush_devices()

    def flush(self) -> None:
        """Write all that is gathered."""
        self.flush_booths()
        store_ingest.save_dead_letters(self.connection, self.letters)
        self.letters.clear()
