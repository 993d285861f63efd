"""Words of MOSIP SBI 0.9.5: errors, sub-devices, statuses, and the forms of hashes and tokens."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any, Final

ERRORS: Final = {
    "0": "Success",
    "100": "Device not registered",
    "101": "Unable to detect a biometric object",
    "103": "Device tampered",
    "105": "Object in wrong orientation",
    "106": "Device not found",
    "107": "Device public key expired",
    "109": "Number of biometric objects is wrong",
    "110": "Device not ready",
    "111": "Device busy",
    "112": "Transaction id is wrong",
    "701": "Request timed out",
    "703": "Capture already in progress",
}

LEFT: Final = ("Left IndexFinger", "Left MiddleFinger", "Left RingFinger", "Left LittleFinger")
RIGHT: Final = ("Right IndexFinger", "Right MiddleFinger", "Right RingFinger", "Right LittleFinger")
THUMBS: Final = ("Left Thumb", "Right Thumb")

#: What a sub-device takes: type -> deviceSubId -> bioSubTypes.
SUBTYPES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "Face": {"0": ("",), "1": ("",)},
    "Finger": {"1": LEFT, "2": RIGHT, "3": THUMBS},
    "Iris": {"1": ("Left",), "2": ("Right",), "3": ("Left", "Right")},
}

STATUSES: Final = ("Ready", "Busy", "Not Ready", "Not Registered")
REFUSALS: Final = {"Busy": "111", "Not Ready": "110", "Not Registered": "100"}


def sha(data: bytes) -> str:
    """Upper-hex SHA-256, the form that SBI uses."""
    return hashlib.sha256(data).hexdigest().upper()


def b64(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwt(payload: dict[str, Any]) -> str:
    """A JWT in compact form; the rig's device signs with a stand-in, as no trust anchor exists here."""
    head = b64(json.dumps({"alg": "RS256", "typ": "JWT"}).encode())
    body = b64(json.dumps(payload).encode())
    return f"{head}.{body}.{b64(hashlib.sha256(f'{head}.{body}'.encode()).digest())}"


def wall_time() -> str:
    """Now, as ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def error(code: str) -> dict[str, str]:
    """An error object; raises KeyError for a code that is none."""
    return {"errorCode": code, "errorInfo": ERRORS[code]}


def moment(text: str) -> tuple[int, int, int, int, int, int, int]:
    """A request's captureTime (ISO 8601) as year .. milliseconds; 1970 when it is none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = datetime(1970, 1, 1)
    return at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond // 1000
