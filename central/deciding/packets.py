"""Packets in parts: kept in order, checked when whole, and only then acknowledged as whole."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from central.adapters import store_desk, store_work
from central.adapters.store_work import PacketRow
from central.core import encoding
from central.core.items import CentreCall, Received
from central.deciding.turn import Turn
from contract.messages import EnrolmentCompleted
from contract.packet import LIMIT, PART, PacketError, count, read_part

#: Damaged as often as this, the packet is kept as it is, and a person must look.
_BAD = 3


class Packets:
    """The packets of one turn."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn

    def unfinished(self, booth: str) -> list[PacketRow]:
        """Packets of a booth that are not whole: it is told where to go on."""
        return store_work.open_packets(self._turn.connection, booth)

    def part(self, booth: str, name: str, message: Received) -> None:
        """One part; only the next one is kept, the booth sends the others again."""
        try:
            index, total, data = read_part(message.payload)
        except PacketError as error:
            self._turn.dead(message.topic, str(error), message.payload)
            return
        row = store_work.packet(self._turn.connection, name)
        if row is None:
            row = PacketRow(name, booth, "", False, total, 0, "", 0, 0, False, "", False)
        if row.booth != booth:
            self._turn.dead(message.topic, f"the packet {name} is of the booth {row.booth}", message.payload[:64])
            return
        if not row.whole and row.parts != total:
            if row.announced:
                reason = f"the packet {name} was announced with {row.parts} parts, not {total}"
                self._turn.dead(message.topic, reason, message.payload[:64])
                self._turn.want(booth, name, row.wanted)
                return
            store_work.drop_parts(self._turn.connection, name)
            row = replace(row, parts=total, wanted=0)
        if not row.whole and index == row.wanted:
            store_work.save_part(self._turn.connection, name, index, data)
            row = self._checked(replace(row, wanted=index + 1))
            store_work.save_packet(self._turn.connection, row)
        self._tell(row)

    def announced(self, booth: str, epoch: str, body: EnrolmentCompleted) -> None:
        """The recording is complete: this packet belongs to it."""
        turn = self._turn
        topic = f"enrolment.completed of {booth}"
        if body.size > LIMIT or count(body.size) != body.parts:
            reason = f"a packet of {body.size} bytes cannot have {body.parts} parts of {PART} bytes"
            turn.dead(topic, reason, body.model_dump_json().encode())
            return
        row = store_work.packet(turn.connection, body.packet)
        if row is not None and (row.booth != booth or row.announced):
            if row.booth != booth:
                reason = f"the packet {body.packet} is of the booth {row.booth}"
                turn.dead(topic, reason, body.model_dump_json().encode())
            return
        wanted = row.wanted if row is not None and row.parts == body.parts else 0
        if row is not None and not wanted:
            store_work.drop_parts(turn.connection, body.packet)
        row = PacketRow(
            packet=body.packet,
            booth=booth,
            enrolment=body.enrolment,
            announced=True,
            parts=body.parts,
            size=body.size,
            sha256=body.sha256,
            wanted=wanted,
            bad=0,
            whole=False,
            epoch=epoch,
            signed=store_desk.key(turn.connection, booth, epoch) is not None,
        )
        new = encoding.Encoding(body.enrolment, body.packet, booth, "", encoding.CAPTURED, turn.at, turn.at)
        store_work.save_encoding(turn.connection, new)
        turn.effects.changed.add("print")
        row = self._checked(row)
        store_work.save_packet(turn.connection, row)
        self._tell(row)

    def _tell(self, row: PacketRow) -> None:
        """An unannounced packet is not yet checked, so its last part stays wanted."""
        part = row.parts if row.whole else min(row.wanted, row.parts - 1)
        self._turn.want(row.booth, row.packet, part)

    def _checked(self, row: PacketRow) -> PacketRow:
        """The packet, whole if it is; damaged ones begin again."""
        if row.wanted < row.parts or not row.announced:
            return row
        turn = self._turn
        data = store_work.packet_bytes(turn.connection, row.packet)
        found = store_work.encoding(turn.connection, row.enrolment)
        right = len(data) == row.size and hashlib.sha256(data).hexdigest() == row.sha256
        if not right and row.bad + 1 < _BAD:
            store_work.drop_parts(turn.connection, row.packet)
            return replace(row, wanted=0, bad=row.bad + 1)
        turn.encoding = True
        turn.effects.changed.add("print")
        if right:
            if found is not None:
                store_work.save_encoding(turn.connection, encoding.whole(found, turn.at))
        else:
            reason = f"the packet {row.packet} came {_BAD} times with another SHA-256 than announced; it is kept"
            turn.dead(f"packet {row.packet} of {row.booth}", reason, data[:64])
            if found is not None:
                store_work.save_encoding(turn.connection, encoding.damaged(found, reason, turn.at))
                turn.effects.calls.append(CentreCall(row.enrolment, row.packet, row.booth, "LOOK"))
        return replace(row, whole=True)
