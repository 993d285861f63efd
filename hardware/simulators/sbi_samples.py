"""What a capture of a simulated SBI device gives: samples of a person, their qualities, and the hash chain.

Two modes. Cheap: a record is its magic and noise of the usual size, for simulations of thousands of captures. With
pictures: a finger with minutiae, a face, an iris, as bad as its quality says.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from typing import Any, Final

from hardware.simulators.sbi_words import b64, error, jwt, moment, sha, wall_time

#: Good quality, bad quality (inclusive), and the beginning and size of a record.
_KINDS: Final[dict[str, tuple[tuple[int, int], tuple[int, int], bytes, int]]] = {
    "Face": ((91, 99), (60, 88), b"FAC\x00030\x00", 24_000),
    "Finger": ((52, 96), (12, 37), b"FIR\x00020\x00", 20_000),
    "Iris": ((65, 95), (20, 55), b"IIR\x00020\x00", 16_000),
}
#: Good quality with pictures: what NFIQ2 can find in them (fingers end near 75).
_WITH_PICTURES: Final = {"Face": (91, 98), "Finger": (58, 74), "Iris": (65, 94)}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One capture: what is asked, of whom, by which device, and which faults strike it."""

    kind: str
    seed: int
    request: dict[str, Any]
    bio: dict[str, Any]
    subtypes: tuple[str, ...]
    transaction: str
    person: int
    bad_rate: float
    record_scale: float
    pictures: bool
    people: int
    struck: frozenset[str]
    identity: dict[str, str]
    code: str


def person_of(transaction: str) -> int:
    """Who sits before the device: the same for every capture of an enrolment, `ENROLMENT.modality.attempt`."""
    return int.from_bytes(hashlib.sha256(transaction.partition(".")[0].encode()).digest()[:4])


def attempt_of(transaction: str) -> int:
    """Which attempt it is: another impression of the same person each."""
    last = transaction.rpartition(".")[2]
    if last.isdigit() and len(last) < 10:
        return int(last)
    return int.from_bytes(hashlib.sha256(transaction.encode()).digest()[:4])


def samples(wanted: Wanted) -> list[dict[str, Any]]:
    """The entries of `biometrics`, in the order that was asked for."""
    chance = random.Random(f"{wanted.seed}/{wanted.kind}/{wanted.transaction}")
    spoiled = _spoiled(wanted, chance)
    named = f"other-{wanted.transaction}"[:50] if "wrong-transaction" in wanted.struck else wanted.transaction
    previous = str(wanted.bio.get("previousHash") or "") or sha(b"")
    if "broken-chain" in wanted.struck:
        previous = sha(b"another capture")
    out = []
    for index, subtype in enumerate(wanted.subtypes):
        quality = _quality(wanted, index in spoiled, chance)
        value = _record(wanted, subtype, quality, chance)
        previous = sha((previous + sha(value)).encode())
        payload = {
            "digitalId": jwt(wanted.identity),
            "deviceCode": wanted.code,
            "deviceServiceVersion": "0.9.5",
            "bioType": wanted.kind,
            "bioSubType": subtype,
            "purpose": wanted.request.get("purpose", "Registration"),
            "env": wanted.request.get("env", "Developer"),
            "bioValue": b64(value),
            "transactionId": named,
            "timestamp": wall_time(),
            "requestedScore": str(wanted.bio.get("requestedScore", "")),
            "qualityScore": str(quality),
        }
        out.append({"specVersion": "0.9.5", "data": jwt(payload), "hash": previous, "error": error("0")})
    return out


def _spoiled(wanted: Wanted, chance: random.Random) -> set[int]:
    """Which samples of the capture are bad."""
    count = len(wanted.subtypes)
    if "bad-finger" in wanted.struck:
        return set(chance.sample(range(count), max(1, count // 2)))
    if "low" in wanted.struck or chance.random() < wanted.bad_rate:
        return {chance.randrange(count)}
    return set()


def _quality(wanted: Wanted, bad: bool, chance: random.Random) -> int:
    good_range, bad_range, _, _ = _KINDS[wanted.kind]
    if wanted.pictures:
        good_range = _WITH_PICTURES[wanted.kind]
    if "bad-finger" in wanted.struck:
        # The average of half good and half bad passes every usual threshold (fingers 40, eyes 60).
        middle = sum(bad_range) // 2
        bad_range, good_range = (middle, bad_range[1]), (good_range[1] - 4, good_range[1])
    quality = chance.randint(*(bad_range if bad else good_range))
    if "dirty" in wanted.struck:
        return max(3, quality * (70 if wanted.kind == "Face" else 45) // 100)
    return quality


def _record(wanted: Wanted, subtype: str, quality: int, chance: random.Random) -> bytes:
    if not wanted.pictures:
        _, _, beginning, size = _KINDS[wanted.kind]
        return beginning + chance.randbytes(int((size + chance.randrange(2000)) * wanted.record_scale))
    # numpy and Pillow are for this mode only.
    from hardware.simulators.pictures import people

    date = moment(str(wanted.request.get("captureTime", "")))
    attempt, dirty = attempt_of(wanted.transaction), "dirty" in wanted.struck
    return people.record(wanted.kind, wanted.people, wanted.person, subtype, attempt, quality, date, dirty)
