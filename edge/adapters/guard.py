"""Guards of the database's rows: 16 bytes beside each, which only the holder of the booth's key can make.

They tell of what was altered on the card, by wear or by a person without the key. An earlier row that was put back
whole, and a row that was taken out, have no wrong guard: events have numbers, and deeds a chain of their own.
"""

from __future__ import annotations

import hashlib
import json
from typing import Final

from contract.messages import ALTERED, VERSION

_SIZE: Final = 16
#: Of an altered event so much is handed on, for a person to look at.
_SHOWN: Final = 8_000


class Guard:
    """Made from the booth's raw private key."""

    def __init__(self, private: bytes) -> None:
        self._key = hashlib.blake2b(private, digest_size=32, person=b"loket rows").digest()

    def of(self, table: str, key: str | int, value: bytes) -> bytes:
        """The guard of a row."""
        made = hashlib.blake2b(f"{table}\0{key}\0".encode(), digest_size=_SIZE, key=self._key)
        made.update(value)
        return made.digest()

    def holds(self, table: str, key: str | int, value: bytes, guard: object) -> bool:
        """Whether a row is as the booth wrote it. Any type may stand in an altered database."""
        return isinstance(value, bytes) and guard == self.of(table, key, value)

    def event(self, epoch: str, seq: int, payload: bytes, guard: object) -> bytes:
        """An event of the outbox; an altered one as the event `event.altered`, which takes its place in the numbers."""
        if self.holds("outbox", seq, payload, guard):
            return payload
        found = payload.decode(errors="replace") if isinstance(payload, bytes) else str(payload)
        envelope = {
            "v": VERSION,
            "epoch": epoch,
            "seq": seq,
            "id": f"{epoch}-{seq}-altered",
            "boot": "-",
            "time": "1970-01-01T00:00:00Z",
            "kind": ALTERED,
            "body": {"found": found[:_SHOWN]},
        }
        return json.dumps(envelope, ensure_ascii=True).encode("ascii")
