"""Whom a booth's words are believed: its key, and its record of who did what."""

from __future__ import annotations

import math

from central.adapters import store_desk
from central.core import record
from central.deciding.turn import Turn
from contract.desk import Deed

#: The last moment that a calendar has (9999-12-31).
_LAST = 253_402_300_799.0


class Record:
    """Keys and deeds of one turn."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn

    def key_told(self, booth: str, epoch: str, key: str, payload: str) -> None:
        """The first key that a memory tells is trusted, and no other ever."""
        if not key:
            return
        turn = self._turn
        known = store_desk.key(turn.connection, booth, epoch)
        if known is None:
            store_desk.save_key(turn.connection, booth, epoch, key, turn.at)
        elif known != key:
            reason = (
                f"the booth tells another key ({key[:16]}) for its memory {epoch} than before ({known[:16]}): what it "
                "signs with it is refused; copy booth.key back from where its booth.db came from, or move both aside "
                "and start again, and find out who changed it"
            )
            turn.dead(f"booth.started of {booth}", reason, payload.encode())

    def deed(self, booth: str, epoch: str, seq: int, body: Deed, payload: str) -> None:
        """One link of the chain: kept as it is, and marked when it does not hold."""
        connection = self._turn.connection
        there = store_desk.deed(connection, booth, epoch, body.n)
        if there is not None and there[0] == seq:
            return
        before = store_desk.deed(connection, booth, epoch, body.n - 1)
        wrong = record.trouble(body, None if before is None else before[2], again=there is not None)
        row = {
            "booth": booth,
            "epoch": epoch,
            "seq": seq,
            **body.model_dump(exclude={"time"}),
            "time": min(body.time, _LAST) if math.isfinite(body.time) else 0.0,
            "trouble": wrong,
        }
        store_desk.add_deed(connection, row)
        self._turn.effects.changed.add("audit")
        if wrong:
            self._turn.dead(f"officer.acted of {booth}", record.complaint(epoch, body.n, wrong), payload.encode())
        if there is None:
            self._follower(booth, epoch, body, payload)

    def _follower(self, booth: str, epoch: str, body: Deed, payload: str) -> None:
        """A deed that comes late closes the hole before the next one, or shows that one of the two was replaced."""
        after = store_desk.deed(self._turn.connection, booth, epoch, body.n + 1)
        if after is None or after[3] != record.MISSING:
            return
        wrong = record.link(body.n + 1, after[1], body.hash)
        store_desk.mark_deed(self._turn.connection, booth, epoch, after[0], wrong)
        if wrong:
            self._turn.dead(f"officer.acted of {booth}", record.complaint(epoch, body.n + 1, wrong), payload.encode())
