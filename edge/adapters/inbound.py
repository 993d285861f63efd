"""Messages of the coordinator, checked: what the core may believe, and why the rest is dropped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import ValidationError

from contract.messages import Ack, Command, SignedCommand
from contract.sealing import verify
from contract.topics import ACK, COMMAND, parse
from edge.core.events import Acked, CommandForged, CommandReceived, Event


@dataclass(frozen=True, slots=True)
class Malformed:
    """A message that is none of ours."""

    reason: str


def decode(topic: str, payload: bytes, booth: str, key: bytes, wall: float) -> Event | Malformed:
    """The event of a message. `key`: raw Ed25519 public key; `wall`: seconds since 1970 on the booth's clock."""
    place = parse(topic)
    if place is None or place[0] != booth:
        return Malformed("a topic that this booth does not read")
    try:
        if place[1] is ACK:
            ack = Ack.model_validate_json(payload)
            return Acked(ack.epoch, ack.seq, ack.packets)
        if place[1] is COMMAND:
            return _command(SignedCommand.model_validate_json(payload), booth, key, wall)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        return Malformed(f"{place[1].leaf}: {where} {first['msg']}".strip())
    return Malformed("a topic that this booth does not read")


def _command(signed: SignedCommand, booth: str, key: bytes, wall: float) -> Event:
    raw = signed.payload.encode("utf-8", "replace")
    if not verify(raw, signed.signature, key):
        return CommandForged(_claimed(raw), "the signature is not the coordinator's")
    command = Command.model_validate_json(raw)
    if command.booth != booth:
        return CommandForged(command.id, f"the command is for the booth {command.booth}")
    return CommandReceived(command, late=command.expires < datetime.fromtimestamp(wall, UTC))


def _claimed(raw: bytes) -> str:
    """The id that a forged command gives itself, if it gives one."""
    try:
        return Command.model_validate_json(raw).id
    except ValidationError:
        return "unknown"
