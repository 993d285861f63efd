"""The packet of one enrolment: sealed entries in one container, sent in parts of 64 KiB.

Container: `LKP1`, then per entry `name length u8 | name | data length u32 | data`, big-endian. The first entry is
`manifest` (sealed JSON of `Manifest`), the next ones are sealed captures named `<modality>.<attempt>`. Each of them is
sealed with the label `<packet id>/<entry name>`, so that entries cannot be swapped between packets. The last entry,
`signature`, is the booth's Ed25519 signature over all before it; booths of before it have none.

On the wire a part is `u32 index | u32 count | bytes`; the topic carries the packet's id.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from typing import Final

from pydantic import Field

from contract.base import BoothId, Id, Message, Modality, Sha256
from contract.desk import ExceptionKind
from contract.sealing import sign, verify

MAGIC = b"LKP1"
PART = 64 * 1024
_HEAD = struct.Struct(">II")
#: Name of the entry that signs the others.
SIGNATURE: Final = "signature"
#: A signature of a packet is never one of a command or an export.
_SIGNED: Final = b"loket packet v1\0"

#: A packet larger than this is refused: ten captures of the largest kind stay far below.
LIMIT = 64 * 1024 * 1024


class PacketError(ValueError):
    """The bytes are not a packet, or not the one that was announced."""


class CaptureEntry(Message):
    """One sealed capture of the manifest."""

    name: Id
    modality: Modality
    attempt: int
    quality: dict[str, float]
    sha256: Sha256
    nfiq2: dict[str, int] = Field(default_factory=dict)
    reason: str = ""
    """Why an officer accepted a poor capture; empty: it reached its threshold."""


class ExceptionEntry(Message):
    """A finger or an eye that could not be recorded."""

    modality: Modality
    subtype: str
    kind: ExceptionKind
    permanent: bool


class Manifest(Message):
    """What the packet holds and for whom. `captures` lists every attempt that was accepted."""

    packet: Id
    enrolment: Id
    booth: BoothId
    nik: str
    kk: str
    captures: tuple[CaptureEntry, ...]
    exceptions: tuple[ExceptionEntry, ...] = ()


class Sample(Message):
    """One finger, eye, face or stroke record of a capture; `value` is base64 of the device's record."""

    subtype: str
    quality: float
    format: str
    value: str


class CaptureRecord(Message):
    """The plain content of one sealed capture: exists in memory only, at the booth and at the coordinator."""

    modality: Modality
    samples: tuple[Sample, ...]


def label(packet: str, entry: str) -> bytes:
    """What an entry is sealed with."""
    return f"{packet}/{entry}".encode()


def transaction(packet: str, entry: str) -> str:
    """Name of one capture towards the device (SBI transactionId, 4..50 characters)."""
    return f"{packet}.{entry}"


def entry_of(transaction_id: str) -> tuple[str, str]:
    """Packet and entry name of a capture's transaction."""
    packet, _, entry = transaction_id.partition(".")
    return packet, entry


def pack(entries: Sequence[tuple[str, bytes]]) -> bytes:
    """Join named sealed entries into one container."""
    out = [MAGIC]
    for name, data in entries:
        raw = name.encode()
        out += [bytes([len(raw)]), raw, struct.pack(">I", len(data)), data]
    return b"".join(out)


def unpack(data: bytes) -> list[tuple[str, bytes]]:
    """Entries of a container. Raises PacketError, which names the entry, when it is cut or is none."""
    if data[:4] != MAGIC:
        raise PacketError("not a packet (it does not begin with LKP1)")
    entries: list[tuple[str, bytes]] = []
    at = 4
    while at < len(data):
        where = f"entry {len(entries) + 1}" + (f" (after {entries[-1][0]!r})" if entries else "")
        end = at + 1 + data[at]
        if end + 4 > len(data):
            raise PacketError(f"the packet is cut within the head of {where}")
        try:
            name = data[at + 1 : end].decode()
        except UnicodeDecodeError as error:
            raise PacketError(f"the name of {where} is not UTF-8") from error
        (size,) = struct.unpack_from(">I", data, end)
        at = end + 4 + size
        if at > len(data):
            raise PacketError(f"the packet is cut within {where}, named {name!r}")
        entries.append((name, data[end + 4 : at]))
    return entries


def sign_packet(entries: Sequence[tuple[str, bytes]], private: bytes) -> tuple[str, bytes]:
    """The entry to be added after `entries`: their Ed25519 signature with the booth's raw private key (64 bytes)."""
    return SIGNATURE, bytes.fromhex(sign(_digest(entries), private))


def check_packet(entries: Sequence[tuple[str, bytes]], public: bytes | None) -> list[tuple[str, bytes]]:
    """The entries without their signature. Raises PacketError when they are not signed as they must be.

    `public`: the booth's raw key; None: this booth has none, so that its packets are not signed.
    """
    signed = [data for name, data in entries if name == SIGNATURE]
    if public is None:
        if signed:
            raise PacketError("the entry 'signature' cannot be checked: the booth has told no key of its own")
        return list(entries)
    if not signed:
        raise PacketError("the entry 'signature' is missing: this booth signs its packets")
    if len(signed) > 1 or entries[-1][0] != SIGNATURE:
        raise PacketError("the entry 'signature' is not the last one, or is there twice")
    if not verify(_digest(entries[:-1]), signed[0].hex(), public):
        raise PacketError("the entry 'signature' does not fit the packet: altered, or signed by another booth")
    return list(entries[:-1])


def _digest(entries: Sequence[tuple[str, bytes]]) -> bytes:
    return _SIGNED + hashlib.sha256(pack(entries)).digest()


def count(size: int) -> int:
    """Parts of a packet of `size` bytes."""
    return max(1, -(-size // PART))


def part(data: bytes, index: int) -> bytes:
    """Wire form of part `index` (from 0)."""
    return wire_part(data[index * PART : (index + 1) * PART], index, count(len(data)))


def wire_part(piece: bytes, index: int, total: int) -> bytes:
    """Wire form of part `index` (from 0) of `total`, whose bytes are `piece`."""
    return _HEAD.pack(index, total) + piece


def read_part(payload: bytes) -> tuple[int, int, bytes]:
    """Index, count and bytes of a part. Raises PacketError for a part that no packet can have."""
    if len(payload) < _HEAD.size:
        raise PacketError("a packet part is shorter than its head")
    index, total = _HEAD.unpack_from(payload)
    body = payload[_HEAD.size :]
    if not 0 < total <= LIMIT // PART or index >= total or len(body) > PART:
        raise PacketError(f"part {index} of {total} with {len(body)} bytes cannot be")
    if index < total - 1 and len(body) != PART:
        raise PacketError(f"part {index} of {total} is {len(body)} bytes, not {PART}")
    return index, total, body
