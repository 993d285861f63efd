"""Encoding: a whole packet is opened, checked and registered with the centre; what each answer leads to.

    BIO_CAPTURED -> PROCESSING -> SENT_FOR_ENROLLMENT -> RECEIVED_AT_CENTRAL -> PRINT_READY_RECORD | ...
                         |              (repeated with the same idempotency key until the centre answers)
                         \\-> ENROLL_FAILURE_AT_REGIONAL   (the packet is not what it should be)

Moments are seconds since 1970 (UTC).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeVar

from pydantic import ValidationError

from central.core.nik import NikAnswer
from contract.packet import SIGNATURE, CaptureRecord, Manifest, PacketError, check_packet, label, unpack
from contract.sealing import SealError, unseal

CAPTURED: Final = "BIO_CAPTURED"
PROCESSING: Final = "PROCESSING"
SENT: Final = "SENT_FOR_ENROLLMENT"
RECEIVED: Final = "RECEIVED_AT_CENTRAL"
READY: Final = "PRINT_READY_RECORD"
BAD_PACKET: Final = "ENROLL_FAILURE_AT_REGIONAL"

#: The centre's tokens, which differ between its releases: left as it says, right as we say.
TOKENS: Final[dict[str, str]] = {
    "SENT_FOR_ENROLLMENT": SENT,
    "SENT_FOR_ENROLMENT": SENT,
    "PROCESSING": RECEIVED,
    "RECEIVED_AT_CENTRAL": RECEIVED,
    "PRINT_READY_RECORD": READY,
    "DUPLICATE_RECORD": "DUPLICATE_RECORD",
    "ADJUDICATE_RECORD": "ADJUDICATE_RECORD",
    "ENROLL_FAILURE_AT_REGIONAL": BAD_PACKET,
    "ENROLL_FAILURE_AT_CENTRAL": "ENROLL_FAILURE_AT_CENTRAL",
    "SEARCH_FAILURE_AT_CENTRAL": "SEARCH_FAILURE_AT_CENTRAL",
    "REQUEST_VALIDATION": "REQUEST_VALIDATION",
}
#: The centre does not know the packet: it is registered again with the same key.
UNKNOWN: Final = "UNREGISTERED"
#: The centre still works on these; it is asked again.
UNDER_WAY: Final = frozenset({SENT, RECEIVED})

#: Tries and polls follow after 2 s, 3 s, 4.5 s ... at most 5 minutes (polls: 1 minute).
FIRST_S = 2.0
GROWTH = 1.5
TRY_MOST_S = 300.0
POLL_MOST_S = 60.0
#: A call whose answer has not come after this time is made again.
LEASE_S = 600.0


_M = TypeVar("_M", Manifest, CaptureRecord)


@dataclass(frozen=True, slots=True)
class Encoding:
    """One enrolment on its way to the centre. `tries`: calls in the present state; `next_try` None: nothing is due."""

    enrolment: str
    packet: str
    booth: str
    nik: str
    state: str
    received: float
    changed: float
    tries: int = 0
    next_try: float | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Biometric:
    """What is told to the centre of one capture. `sha256` of its plain record, `bytes` its length."""

    modality: str
    attempt: int
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Record:
    """An opened and checked packet."""

    nik: str
    kk: str
    sha256: str
    biometrics: tuple[Biometric, ...]


class BadPacketError(ValueError):
    """The packet can never be registered: it is altered, sealed to another key, or not this enrolment's."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one call: one of `state` (the centre's token), `error` (try again), `bad`, `refused`, `nik_said`.

    `refused`: the packet is good, but the centre's word about the NIK forbids to send it. `nik_said`: that word, which
    was still missing; the call is to be made again.
    """

    state: str = ""
    reason: str = ""
    error: str = ""
    bad: str = ""
    nik: str = ""
    refused: str = ""
    nik_said: NikAnswer | None = None


@dataclass(frozen=True, slots=True)
class Signer:
    """Who must have signed a packet: the raw key that its memory of the booth has told, None: none.

    `always`: the key was told before the packet was announced. Without it an unsigned packet is one that the booth put
    together before it had a key.
    """

    key: bytes | None = None
    always: bool = False


def open_packet(
    data: bytes,
    packet: str,
    enrolment: str,
    booth: str,
    private: bytes,
    nik: str | None = None,
    signer: Signer | None = None,
) -> Record:
    """Open the seals and check everything that the packet says of itself. Raises BadPacketError, naming the entry.

    `nik`: whom the enrolment was opened for; None: that was not told. `signer` None: signatures are not checked.
    """
    try:
        entries = unpack(data)
        inside = [(name, sealed) for name, sealed in entries if name != SIGNATURE]
        held = dict(inside)
        if len(held) != len(inside):
            raise BadPacketError(f"two entries of the packet have the same name: {[name for name, _ in inside]}")
        sealed = held.pop("manifest", None)
        if sealed is None:
            raise BadPacketError(f"the packet has no entry 'manifest', but {[name for name, _ in entries]}")
        manifest = _read(Manifest, "manifest", _opened(packet, "manifest", sealed, private))
        found = (manifest.packet, manifest.enrolment, manifest.booth)
        if found != (packet, enrolment, booth):
            raise BadPacketError(f"the manifest is of {'/'.join(found)}, not of {packet}/{enrolment}/{booth}")
        if nik is not None and manifest.nik != nik:
            raise BadPacketError("the packet is of another NIK than the one that the enrolment was opened for")
        unsigned = signer is not None and signer.always and len(inside) == len(entries)
        biometrics = _captures(manifest, held, private, f", but no {SIGNATURE!r}" if unsigned else "")
        if signer is not None and (signer.always or len(inside) < len(entries)):
            check_packet(entries, signer.key)
    except PacketError as error:
        raise BadPacketError(str(error)) from error
    return Record(manifest.nik, manifest.kk, hashlib.sha256(data).hexdigest(), biometrics)


def _captures(manifest: Manifest, held: dict[str, bytes], private: bytes, unsigned: str) -> tuple[Biometric, ...]:
    """What the captures of a packet are; each must be the one that the manifest names."""
    named = {capture.name for capture in manifest.captures}
    if named != set(held) or len(named) != len(manifest.captures):
        raise BadPacketError(f"the manifest lists {sorted(named)}, the packet holds {sorted(held)}{unsigned}")
    biometrics = []
    for capture in manifest.captures:
        if hashlib.sha256(held[capture.name]).hexdigest() != capture.sha256:
            raise BadPacketError(f"the capture {capture.name} is not the one that the manifest names: it was altered")
        plain = _opened(manifest.packet, capture.name, held[capture.name], private)
        if _read(CaptureRecord, capture.name, plain).modality is not capture.modality:
            raise BadPacketError(f"the capture {capture.name} holds another modality than {capture.modality}")
        digest = hashlib.sha256(plain).hexdigest()
        biometrics.append(Biometric(capture.modality.value, capture.attempt, digest, len(plain)))
    return tuple(biometrics)


def _opened(packet: str, name: str, sealed: bytes, private: bytes) -> bytes:
    try:
        return unseal(sealed, private, label(packet, name))
    except SealError as error:
        raise BadPacketError(f"the entry {name!r} cannot be opened: {error}") from error


def _read(model: type[_M], name: str, plain: bytes) -> _M:
    try:
        return model.model_validate_json(plain)
    except ValidationError as error:
        raise BadPacketError(f"the record {name!r} in the packet cannot be read: {_first(error)}") from error


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


def whole(encoding: Encoding, at: float) -> Encoding:
    """All parts of the packet are here and checked."""
    return replace(encoding, state=PROCESSING, received=at, changed=at, tries=0, next_try=at, error="")


def damaged(encoding: Encoding, reason: str, at: float) -> Encoding:
    """The packet is no use: a person must look."""
    return replace(encoding, state=BAD_PACKET, changed=at, next_try=None, error=reason)


def method(encoding: Encoding) -> Literal["PUT", "GET"]:
    """A packet that the centre has answered for is asked after; any other is registered."""
    return "GET" if encoding.state == RECEIVED else "PUT"


def calling(encoding: Encoding, at: float) -> Encoding:
    """Committed before each call, so that a crash repeats the same idempotent call; due again if no answer comes."""
    if encoding.state == PROCESSING:
        return replace(encoding, state=SENT, changed=at, tries=1, next_try=at + LEASE_S)
    return replace(encoding, tries=encoding.tries + 1, next_try=at + LEASE_S)


def answered(encoding: Encoding, answer: Answer, at: float, jitter: float) -> Encoding:
    """What the call led to. `jitter` 0..1 spreads the next tries of many booths."""
    if answer.bad or answer.refused:
        return damaged(encoding, answer.bad or answer.refused, at)
    if answer.nik_said is not None:
        return replace(encoding, next_try=at)
    encoding = replace(encoding, nik=answer.nik or encoding.nik)
    if answer.state == UNKNOWN:
        wait = _wait(encoding.tries, TRY_MOST_S, jitter)
        return replace(encoding, state=PROCESSING, changed=at, next_try=at + wait, error="the centre forgot it")
    if answer.error:
        wait = _wait(encoding.tries, TRY_MOST_S, jitter)
        return replace(encoding, next_try=at + wait, error=answer.error)
    state = TOKENS.get(answer.state)
    if state is None:
        wait = _wait(encoding.tries, TRY_MOST_S, jitter)
        return replace(encoding, next_try=at + wait, error=f"the centre answered an unknown state {answer.state!r}")
    fresh = state != encoding.state
    tries = 0 if fresh else encoding.tries
    moved = replace(
        encoding,
        state=state,
        changed=at if fresh else encoding.changed,
        tries=tries,
        next_try=None,
        error=answer.reason,
    )
    if state in UNDER_WAY:
        return replace(moved, next_try=at + _wait(tries, POLL_MOST_S, jitter))
    return moved


def pause(tries: int, jitter: float) -> float:
    """Seconds until a question that got no answer is put again."""
    return _wait(tries, TRY_MOST_S, jitter)


def _wait(tries: int, most: float, jitter: float) -> float:
    return float(min(most, FIRST_S * GROWTH ** min(max(tries - 1, 0), 30))) * (0.75 + 0.5 * jitter)
