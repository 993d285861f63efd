"""What a mobile kit carries home on a USB stick: one signed, numbered file of events and packets, and its receipt.

File `loket-<booth>-<epoch>-<number>.lkb`, numbers big-endian:

    LKB1 | header length u32 | SHA-256 of the header (32) | header (JSON of `Header`)
    events: one `contract.messages.Event` a line, in the order of their numbers
    packets: their bytes one after the other, in the order of the header
    Ed25519 signature (64) over `SIGNED` and the SHA-256 of all that stands before it

Every part is covered by a hash of its own, so that damage is told with its place. Reading and writing go through it
once and hold one piece of it (a line, or 64 KiB) at a time.

The receipt is the JSON of `SignedReceipt`, signed with the coordinator's command key.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, BinaryIO, Final, Literal

from pydantic import AwareDatetime, Field, ValidationError

from contract.base import BoothId, Id, Message, Seq, Sha256
from contract.packet import LIMIT, PART
from contract.sealing import sign, verify

MAGIC: Final = b"LKB1"
SIGNED: Final = b"loket bundle v1\n"
SUFFIX: Final = ".lkb"
#: Appended to a bundle's whole name.
RECEIPT_SUFFIX: Final = ".receipt"
SIGNATURE: Final = 64
HEADER_LIMIT: Final = 4 * 1024 * 1024
LINE_LIMIT: Final = 1024 * 1024
_START: Final = struct.Struct(">4sI32s")

Key = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Number = Annotated[int, Field(ge=1, lt=2**31)]


class BundleError(ValueError):
    """The file is not what it should be; the text names the section, or the entry in it."""


class Events(Message):
    """The section of events: `count` lines in `size` bytes, numbers `first`..`last` (first = last + 1: none)."""

    first: Seq
    last: Seq
    size: Seq
    sha256: Sha256

    @property
    def count(self) -> int:
        """How many."""
        return self.last - self.first + 1


class Entry(Message):
    """One packet of the file."""

    packet: Id
    size: Annotated[int, Field(ge=1, le=LIMIT)]
    sha256: Sha256


class Header(Message):
    """Who wrote the file, with which key, and what stands in it."""

    v: Literal[1] = 1
    booth: BoothId
    epoch: Id
    number: Number
    """Counts the exports of one memory of the booth."""
    made: AwareDatetime
    key: Key
    """The booth's Ed25519 public key, hex."""
    events: Events
    packets: tuple[Entry, ...]

    @property
    def name(self) -> str:
        """The file's name."""
        return f"loket-{self.booth}-{self.epoch}-{self.number}{SUFFIX}"


class Receipt(Message):
    """What of a bundle the coordinator has committed. `packets`: those that are whole and checked -> their parts.

    The same bundle gets the same receipt each time: `seq` is never beyond the bundle's last event.
    """

    kind: Literal["bundle-receipt"] = "bundle-receipt"
    v: Literal[1] = 1
    booth: BoothId
    epoch: Id
    number: Number
    bundle: Sha256
    """SHA-256 of the whole file."""
    seq: Seq
    packets: dict[Id, Annotated[int, Field(ge=1, le=LIMIT // PART)]]


class SignedReceipt(Message):
    """The JSON text of a `Receipt`, and the Ed25519 signature over its UTF-8 bytes, hex."""

    payload: str
    signature: Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that is whole and signed with the key that its header names; whose key that is must be known elsewhere."""

    header: Header
    sha256: str
    begins: int
    """Where the events begin, in bytes."""


# --- writing -------------------------------------------------------------------------------------------


def total_size(header: Header) -> int:
    """Bytes of the file with this header."""
    raw = header.model_dump_json().encode()
    return _START.size + len(raw) + header.events.size + sum(entry.size for entry in header.packets) + SIGNATURE


def write(
    out: BinaryIO,
    header: Header,
    events: Iterable[bytes],
    packet: Callable[[str], Iterable[bytes]],
    private: bytes,
) -> str:
    """Write the file; its SHA-256 (hex). `packet` gives the bytes of one in pieces.

    Raises BundleError when something is not what the header says: then the file is not signed. OSError of the disk.
    """
    whole = hashlib.sha256()

    def put(data: bytes) -> None:
        whole.update(data)
        out.write(data)

    raw = header.model_dump_json().encode()
    put(_START.pack(MAGIC, len(raw), hashlib.sha256(raw).digest()))
    put(raw)
    seen = hashlib.sha256()
    for event in events:
        line = event + b"\n"
        seen.update(line)
        put(line)
    if seen.hexdigest() != header.events.sha256:
        raise BundleError("the events changed while they were written")
    for entry in header.packets:
        seen = hashlib.sha256()
        for piece in packet(entry.packet):
            seen.update(piece)
            put(piece)
        if seen.hexdigest() != entry.sha256:
            raise BundleError(f"the packet {entry.packet} changed while it was written")
    put(bytes.fromhex(sign(SIGNED + whole.digest(), private)))
    return whole.hexdigest()


# --- reading -------------------------------------------------------------------------------------------


def check(file: BinaryIO, size: int) -> Checked:
    """Read the whole file of `size` bytes. Raises BundleError naming what is wrong, OSError of the disk."""
    whole = hashlib.sha256()
    header, begins = _header(file, size, whole)
    _whole(header, size, begins)
    _events_hold(file, header, whole)
    for at, entry in enumerate(header.packets, 1):
        seen = hashlib.sha256()
        for piece in _pieces(file, entry.size):
            seen.update(piece)
            whole.update(piece)
        if seen.hexdigest() != entry.sha256:
            raise BundleError(f"packet {entry.packet} ({at} of {len(header.packets)}) was altered: its SHA-256 differs")
    signature = file.read(SIGNATURE)
    if not verify(SIGNED + whole.digest(), signature.hex(), bytes.fromhex(header.key)):
        raise BundleError("the signature at the end is not that of the key in the header")
    whole.update(signature)
    return Checked(header, whole.hexdigest(), begins)


def read_events(file: BinaryIO, checked: Checked) -> Iterator[bytes]:
    """Payloads of the events, in order, of a file that was checked."""
    file.seek(checked.begins)
    for _ in range(checked.header.events.count):
        yield file.readline(LINE_LIMIT).removesuffix(b"\n")


def read_packets(file: BinaryIO, checked: Checked) -> Iterator[tuple[Entry, int, bytes]]:
    """Entry, index and bytes of every part of 64 KiB of every packet, in order, of a file that was checked."""
    file.seek(checked.begins + checked.header.events.size)
    for entry in checked.header.packets:
        for index, piece in enumerate(_pieces(file, entry.size)):
            yield entry, index, piece


def _header(file: BinaryIO, size: int, whole: hashlib._Hash) -> tuple[Header, int]:
    start = file.read(_START.size)
    if start[:4] != MAGIC:
        raise BundleError("this is no file of a booth's export (it does not begin with LKB1)")
    if len(start) < _START.size:
        raise BundleError(f"the file is cut in its header: only {size} bytes are here")
    _, length, digest = _START.unpack(start)
    if length > HEADER_LIMIT:
        raise BundleError("the header was altered: its length cannot be")
    raw = file.read(length)
    if len(raw) < length:
        raise BundleError(f"the file is cut in its header: only {size} bytes are here")
    if hashlib.sha256(raw).digest() != digest:
        raise BundleError("the header was altered: its SHA-256 differs")
    try:
        header = Header.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BundleError(f"the header cannot be read: {place} {first['msg']}") from error
    if header.events.first > header.events.last + 1 or len({e.packet for e in header.packets}) != len(header.packets):
        raise BundleError("the header contradicts itself")
    whole.update(start)
    whole.update(raw)
    return header, _START.size + length


def _whole(header: Header, size: int, begins: int) -> None:
    """Half a copy is told before anything is read."""
    end = begins + header.events.size
    if size < end:
        raise BundleError(f"the file is cut in its events: {size} bytes are here, the events end at {end}")
    for at, entry in enumerate(header.packets, 1):
        end += entry.size
        if size < end:
            place = f"packet {entry.packet} ({at} of {len(header.packets)})"
            raise BundleError(f"the file is cut in {place}: {size} bytes are here, it ends at {end}")
    end += SIGNATURE
    if size < end:
        raise BundleError(f"the file is cut in its signature: {size} bytes are here of {end}")
    if size > end:
        raise BundleError(f"{size - end} bytes too many stand behind the signature")


def _events_hold(file: BinaryIO, header: Header, whole: hashlib._Hash) -> None:
    """The section's hash, and that every line is the event whose turn it is."""
    seen, left, wrong = hashlib.sha256(), header.events.size, ""
    seq = header.events.first
    while left > 0:
        line = file.readline(min(left, LINE_LIMIT))
        if not line:
            raise BundleError("the file is cut in its events")
        left -= len(line)
        seen.update(line)
        whole.update(line)
        if not wrong and not _is_event(line, header.epoch, seq):
            wrong = f"the events were altered, the first at number {seq}"
        seq += 1
    if seen.hexdigest() != header.events.sha256:
        raise BundleError(wrong or "the events were altered: their SHA-256 differs")
    if wrong or seq != header.events.last + 1:
        raise BundleError(wrong or f"the events end at {seq - 1}, not at {header.events.last} as the header says")


def _is_event(line: bytes, epoch: str, seq: int) -> bool:
    try:
        found = json.loads(line)
        return bool(line.endswith(b"\n") and found["epoch"] == epoch and found["seq"] == seq)
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def _pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    left = size
    while left > 0:
        piece = file.read(min(left, PART))
        if not piece:
            raise BundleError("the file became shorter while it was read")
        left -= len(piece)
        yield piece


# --- the receipt ---------------------------------------------------------------------------------------


def signed_receipt(receipt: Receipt, private: bytes) -> bytes:
    """The receipt's file. Equal receipts give equal bytes."""
    payload = json.dumps(receipt.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    signed = SignedReceipt(payload=payload, signature=sign(payload.encode(), private))
    return signed.model_dump_json().encode() + b"\n"


def read_receipt(raw: bytes, public: bytes) -> Receipt:
    """A receipt that the coordinator with this public key gave. Raises BundleError."""
    try:
        signed = SignedReceipt.model_validate_json(raw)
    except ValidationError as error:
        raise BundleError("this is no receipt of a coordinator, or it is cut or damaged") from error
    if not verify(signed.payload.encode("utf-8", "replace"), signed.signature, public):
        raise BundleError("the receipt is not signed by this booth's coordinator, or it was altered")
    try:
        return Receipt.model_validate_json(signed.payload)
    except ValidationError as error:
        raise BundleError("the coordinator signed this, but it is no receipt of a bundle") from error
