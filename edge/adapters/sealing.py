"""Captures and packets sealed to the coordinator; plain biometrics never leave the memory."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Callable

from contract.packet import CaptureRecord, Manifest, Sample, entry_of, label, pack, sign_packet
from contract.sealing import seal
from edge.core.commands import AssemblePacket
from edge.core.events import CaptureSealed, CaptureTaken, PacketAssembled

#: A raster larger than this is none of a card printer's (the largest panel has 658,368 bytes).
RASTER_LIMIT = 2 * 1024 * 1024


class BlobError(ValueError):
    """Kept bytes are missing, or are not what they should be. `names`: the captures that it concerns."""

    def __init__(self, what: str, names: tuple[str, ...] = ()) -> None:
        super().__init__(what)
        self.names = names


def seal_capture(taken: CaptureTaken, recipient: bytes) -> CaptureSealed:
    """Seal what a device gave; only the qualities stay readable."""
    record = CaptureRecord(
        modality=taken.modality,
        samples=tuple(
            Sample(
                subtype=sample.subtype,
                quality=sample.quality,
                format=sample.format,
                value=base64.b64encode(sample.value).decode(),
            )
            for sample in taken.samples
        ),
    )
    sealed = seal(record.model_dump_json().encode(), recipient, label(*entry_of(taken.transaction)))
    return CaptureSealed(
        device=taken.device,
        modality=taken.modality,
        transaction=taken.transaction,
        quality={sample.subtype: sample.quality for sample in taken.samples},
        sealed=sealed,
        sha256=hashlib.sha256(sealed).hexdigest(),
        hash=taken.hash,
        nfiq2={sample.subtype: sample.nfiq2 for sample in taken.samples if sample.nfiq2 is not None},
        officer=taken.officer,
    )


def assemble(
    command: AssemblePacket,
    booth: str,
    recipient: bytes,
    blob: Callable[[str], bytes | None],
    key: bytes | None = None,
) -> PacketAssembled:
    """Put the packet together, signed with the booth's raw private key if there is one.

    Raises BlobError naming the captures whose bytes are missing or altered.
    """
    manifest = Manifest(
        packet=command.packet,
        enrolment=command.enrolment,
        booth=booth,
        nik=command.nik,
        kk=command.kk,
        captures=command.entries,
        exceptions=command.exceptions,
    )
    sealed = seal(manifest.model_dump_json().encode(), recipient, label(command.packet, "manifest"))
    entries = [("manifest", sealed)]
    bad: list[str] = []
    for entry in command.entries:
        data = blob(f"{command.enrolment}/{entry.name}")
        if data is None or hashlib.sha256(data).hexdigest() != entry.sha256:
            bad.append(entry.name)
        else:
            entries.append((entry.name, data))
    if bad:
        what = f"the sealed captures {', '.join(bad)} of {command.enrolment} are missing or altered in the database"
        raise BlobError(what, tuple(bad))
    if key is not None:
        entries.append(sign_packet(entries, key))
    whole = pack(entries)
    return PacketAssembled(command.enrolment, command.packet, whole, hashlib.sha256(whole).hexdigest())


def panels(raw: bytes | None) -> dict[str, bytes]:
    """Rasters by panel letter from the JSON of a `PrintCommand` (or of its `panels` alone).

    Raises BlobError when they are missing or cannot be unpacked.
    """
    if raw is None:
        raise BlobError("the card's rasters are not in the database")
    try:
        given = json.loads(raw)
        out: dict[str, bytes] = {}
        for letter, text in given.get("panels", given).items():
            inflate = zlib.decompressobj()
            out[letter] = inflate.decompress(base64.b64decode(text, validate=True), RASTER_LIMIT)
            if not inflate.eof:
                raise BlobError(f"the raster of panel {letter!r} is cut or larger than {RASTER_LIMIT} bytes")
    except (ValueError, AttributeError, TypeError, zlib.error) as error:
        raise BlobError(f"the card's rasters cannot be unpacked: {error}") from error
    return out
