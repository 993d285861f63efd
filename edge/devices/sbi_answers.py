"""What the answers of a MOSIP SBI 0.9.5 device service mean: discovery, info, captures and their hash chain.

The chain: hash = upper-hex SHA256(previous || SHA256(bioValue)), the first previous = SHA256(""). MOSIP's own device
service joins the 32 raw bytes of both; the specification's text can be read as joining their upper-hex texts, and
makers do. Both bind a capture to the one before it, so either is accepted. `bioValue` is hashed as decoded bytes.
Signatures of the JWTs are not verified here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from contract.messages import Modality
from edge.core.events import Sample
from edge.core.requests import StartCapture

FINGER, FACE, IRIS = "Finger", "Face", "Iris"
KINDS = {
    Modality.PHOTO: FACE,
    Modality.EXCEPTION_PHOTO: FACE,
    Modality.RIGHT_FOUR: FINGER,
    Modality.LEFT_FOUR: FINGER,
    Modality.THUMBS: FINGER,
    Modality.IRIS: IRIS,
}
FORMATS = {FINGER: "iso19794-4", FACE: "iso19794-5", IRIS: "iso19794-6"}
_FOUR = ("IndexFinger", "MiddleFinger", "RingFinger", "LittleFinger")
SUBTYPES: dict[Modality, tuple[str, ...]] = {
    Modality.PHOTO: (),
    Modality.EXCEPTION_PHOTO: (),
    Modality.RIGHT_FOUR: tuple(f"Right {finger}" for finger in _FOUR),
    Modality.LEFT_FOUR: tuple(f"Left {finger}" for finger in _FOUR),
    Modality.THUMBS: ("Left Thumb", "Right Thumb"),
    Modality.IRIS: ("Left", "Right"),
}
FIRST = hashlib.sha256(b"").hexdigest().upper()

#: deviceStatus -> reason, error, remedy; the other words are `Ready` and `Busy`.
STATUS_FAULTS = {
    "not ready": (
        "not-ready",
        "the device is not ready",
        "Check the device's USB cable and wait until its light is on.",
    ),
    "not registered": (
        "not-registered",
        "the device is not registered",
        "Register the device with its maker's management service, then restart its service.",
    ),
}
BUSY = (
    "busy",
    "the device has been busy for a while with what nobody here asked for",
    "Close any other program that uses the device; if there is none, restart the device's service.",
)
PLATEN_REMEDY = "Clean the device's glass with a soft dry cloth, let fingers be wiped dry, and try again."
#: Words of makers, in the free text of an error or status, for a platen that must be cleaned.
_DIRTY = ("dirty", "dirt", "smudge", "latent", "residue", "halo", "clean the")
_AGAIN = "Ask the applicant to place it again, clean and still, as the device shows."
REMEDIES = {
    "100": STATUS_FAULTS["not registered"][2],
    "101": _AGAIN,
    "103": "The device reports tampering: take it out of use and tell the head of service.",
    "105": "Turn it the right way up: the device sees a wrong orientation.",
    "106": "Check the device's USB cable; then restart its service.",
    "107": "The device's key has expired: renew it with its maker's management service.",
    "109": "Place exactly what is asked for, no more and no fewer.",
    "110": STATUS_FAULTS["not ready"][2],
    "111": "The device is busy: wait a moment and try again.",
    "112": "Try again; if it comes back, restart the device's service.",
    "701": "Nothing was captured in time: " + _AGAIN[0].lower() + _AGAIN[1:],
    "703": "A capture is still running: wait a moment and try again.",
}
#: errorCode -> reason of a fault, where the device as a whole cannot be used.
FAULTS = {
    "100": "not-registered",
    "103": "tampered",
    "106": "not-found",
    "107": "key-expired",
    "110": "not-ready",
}
#: errorCodes that pass by themselves: the request is made again while there is time.
PASSING = ("111", "703")
CHAIN_REMEDY = (
    "Take it again. If it comes back, take the device out of use and tell the head of service: somebody may stand"
    " between the device and this program."
)
DEFAULT_REMEDY = "Try again; if it comes back, restart the device's service and note the error number."


class Refused(ValueError):  # noqa: N818 - an answer of the device, not a mistake of the program
    """The answer is an error or cannot be used. `garbled`: it is no answer at all; `code`: the device's errorCode."""

    def __init__(self, error: str, remedy: str = DEFAULT_REMEDY, garbled: bool = False, code: str = "") -> None:
        super().__init__(error)
        self.remedy = remedy
        self.garbled = garbled
        self.code = code


@dataclass(frozen=True, slots=True)
class Discovery:
    """The first device that was found; `status` in lower case."""

    device: str
    status: str


def wanted(request: StartCapture) -> tuple[str, ...]:
    """The bioSubTypes to be captured: those of the modality without the excepted ones."""
    return tuple(name for name in SUBTYPES[request.modality] if name not in request.exceptions)


def status_fault(status: str) -> tuple[str, str, str] | None:
    """Reason, error and remedy of a deviceStatus (lower case) that keeps the device from working."""
    if _dirty(status):
        return "dirty", "the device's glass is dirty", PLATEN_REMEDY
    return STATUS_FAULTS.get(status)


def discovery(body: bytes) -> Discovery:
    """Answer to MOSIPDISC. Raises Refused."""
    for entry in _entries(_json(body)):
        _check_error(entry.get("error"))
        device = entry.get("deviceId")
        if isinstance(device, str) and 0 < len(device) <= 200 and device.isprintable():
            return Discovery(device, text(entry.get("deviceStatus")).lower())
    raise Refused("the device's service knows no device", REMEDIES["106"])


def info(body: bytes) -> tuple[dict[str, str], str]:
    """Details and environment in an answer to MOSIPDINFO. Raises Refused."""
    for entry in _entries(_json(body)):
        _check_error(entry.get("error"))
        told = _claims(entry.get("deviceInfo"))
        digital = told.get("digitalId")
        if isinstance(digital, str) and digital:
            digital = _claims(digital)
        who = digital if isinstance(digital, dict) else {}
        details = {
            "maker": text(who.get("make")),
            "model": text(who.get("model")),
            "serial": text(who.get("serialNo")),
            "firmware": text(told.get("firmware")),
        }
        return {key: value for key, value in details.items() if value}, text(told.get("env"))
    raise Refused("no device info", garbled=True)


def captured(body: bytes, request: StartCapture) -> tuple[tuple[Sample, ...], str]:
    """Samples and last hash of an answer to RCAPTURE. Raises Refused unless it is whole, ours and chained."""
    answer = _json(body)
    if not isinstance(answer, dict):
        raise Refused("the capture's answer is no object", garbled=True)
    entries = answer.get("biometrics")
    if not isinstance(entries, list) or not entries or len(entries) > 10:
        _check_error(answer.get("error"))
        raise Refused("the device delivered nothing")
    previous = request.previous_hash or FIRST
    samples: list[Sample] = []
    for entry in entries:
        if not isinstance(entry, dict):
            raise Refused("a capture in the answer is no object", garbled=True)
        _check_error(entry.get("error"), _name(entry))
        sample = _sample(_claims(entry.get("data")), request)
        previous = _chained(previous, sample.value, entry.get("hash"))
        samples.append(sample)
    _check_names([sample.subtype for sample in samples], request)
    if len({sample.value for sample in samples}) < len(samples):
        raise Refused("the device delivered the same image twice", DEFAULT_REMEDY)
    return tuple(samples), previous


def chain(previous: str, value: bytes) -> tuple[str, str]:
    """Both readings of the chain's next hash: over raw bytes, over upper-hex texts. `previous` is hex."""
    own = hashlib.sha256(value)
    texts = (previous.upper() + own.hexdigest().upper()).encode()
    joined = bytes.fromhex(previous) + own.digest()
    return hashlib.sha256(joined).hexdigest().upper(), hashlib.sha256(texts).hexdigest().upper()


def text(value: object) -> str:
    """Text from outside made safe to keep: printable, valid, at most 100 characters."""
    if not isinstance(value, str):
        return ""
    clean = "".join(character for character in value[:100] if character.isprintable())
    return clean.encode("utf-8", "replace").decode()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused("the answer is no JSON", garbled=True) from error


def _entries(answer: Any) -> list[dict[str, Any]]:
    entries = answer if isinstance(answer, list) else [answer]
    return [entry for entry in entries[:16] if isinstance(entry, dict)]


def _check_names(names: list[str], request: StartCapture) -> None:
    """Raise Refused unless exactly what was asked came; say which finger or eye is amiss."""
    expected = list(wanted(request)) or ["Face"]
    missing = [name for name in expected if name not in names]
    excepted = [name for name in names if name in request.exceptions]
    foreign = [name for name in names if name not in expected and name not in excepted]
    if foreign and missing and _sides(foreign).isdisjoint(_sides(expected)):
        other, side = min(_sides(foreign)), min(_sides(expected))
        remedy = f"Ask for the {side} hand, flat on the glass, as the device shows."
        raise Refused(f"the device saw the {other} hand instead of the {side} hand", remedy)
    if foreign:
        raise Refused(f"the device delivered {', '.join(foreign)} instead of {', '.join(expected)}", REMEDIES["109"])
    if excepted:
        remedy = "Keep it off the device; if it can be taken, take its exception back first."
        raise Refused(f"the device delivered {', '.join(excepted)}, which has an exception", remedy)
    if missing:
        remedy = "Ask for it as well; if it cannot be taken, note an exception with its reason."
        raise Refused(f"the device did not deliver {', '.join(missing)}", remedy)
    if len(names) != len(expected):
        raise Refused(f"the device delivered {', '.join(names)}: one of them twice", REMEDIES["109"])


def _sides(names: list[str]) -> set[str]:
    return {name.partition(" ")[0].lower() for name in names}


def _name(entry: dict[str, Any]) -> str:
    """Which finger or eye an entry is of, as far as it tells."""
    try:
        return text(_claims(entry.get("data")).get("bioSubType"))
    except Refused:
        return ""


def _dirty(words: str) -> bool:
    return any(word in words.lower() for word in _DIRTY)


def _check_error(error: object, name: str = "") -> None:
    """Raise Refused for an SBI error; code 0, empty or none is success. `name`: the finger or eye that it is of."""
    if not isinstance(error, dict):
        return
    code = error.get("errorCode")
    number = text(code) if isinstance(code, str) else str(code)[:10] if isinstance(code, int) else ""
    if number.strip() in ("", "0"):
        return
    number = number.strip()
    told = text(error.get("errorInfo"))
    remedy = PLATEN_REMEDY if _dirty(told) else REMEDIES.get(number, DEFAULT_REMEDY)
    of = f" for {name}" if name else ""
    raise Refused(f"error {number} of the device{of}: {told}", remedy, code=number)


def _decode(value: object) -> bytes:
    """Base64url with or without padding."""
    if not isinstance(value, str) or not value:
        raise Refused("a field that should be base64url is not", garbled=True)
    try:
        raw = value.encode("ascii").rstrip(b"=").replace(b"+", b"-").replace(b"/", b"_")
        return base64.b64decode(raw + b"=" * (-len(raw) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError) as error:
        raise Refused("a field that should be base64url is not", garbled=True) from error


def _claims(token: object) -> dict[str, Any]:
    """The payload of a JWT; an unregistered device gives plain JSON objects instead."""
    if isinstance(token, dict):
        return token
    parts = token.split(".") if isinstance(token, str) else []
    if len(parts) != 3:
        raise Refused("a field that should be a JWT is not", garbled=True)
    claims = _json(_decode(parts[1]))
    if not isinstance(claims, dict):
        raise Refused("a JWT without an object in it", garbled=True)
    return claims


def _sample(claims: dict[str, Any], request: StartCapture) -> Sample:
    kind = KINDS[request.modality]
    if claims.get("transactionId") != request.transaction:
        raise Refused("the device answered another capture's transaction", REMEDIES["112"])
    if text(claims.get("bioType")).lower() not in (kind.lower(), "fingerprint" if kind == FINGER else kind.lower()):
        raise Refused(f"the device delivered another kind than {kind}", REMEDIES["109"])
    try:
        quality = float(str(claims.get("qualityScore"))[:20])
    except ValueError:
        quality = -1.0
    if not 0 <= quality <= 100:
        raise Refused("the device gave a capture without a quality of 0..100")
    subtype = "Face" if kind == FACE else text(claims.get("bioSubType"))
    return Sample(subtype, quality, FORMATS[kind], _decode(claims.get("bioValue")))


def _chained(previous: str, value: bytes, told: object) -> str:
    try:
        expected = chain(previous, value)
    except ValueError as error:
        raise Refused("the hash before this capture is no hex text", CHAIN_REMEDY) from error
    if not isinstance(told, str) or told.upper() not in expected:
        raise Refused("the device's hash chain is broken: the capture may have been exchanged on the way", CHAIN_REMEDY)
    return told.upper()
