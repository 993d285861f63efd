"""MOSIP SBI 0.9.5 device (face, finger slap, iris) as its specification tells: HTTP with its own verbs.

Everything is computed from bytes and a clock that is given, so that it runs on a socket and in virtual time alike:
`SbiDevice` is the device, `SbiConnection` one HTTP/1.1 connection to it.

Hash of a sample: upper-hex SHA256 over the text `previous hash | upper-hex SHA256(sample bytes)`; the first previous
hash is upper-hex SHA256 of nothing. The chain runs through all samples of a capture, and through captures by
`previousHash` of the request.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
from dataclasses import dataclass, field
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

LEFT = ("Left IndexFinger", "Left MiddleFinger", "Left RingFinger", "Left LittleFinger")
RIGHT = ("Right IndexFinger", "Right MiddleFinger", "Right RingFinger", "Right LittleFinger")
THUMBS = ("Left Thumb", "Right Thumb")

#: What a sub-device takes: type -> deviceSubId -> bioSubTypes.
SUBTYPES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "Face": {"0": ("",), "1": ("",)},
    "Finger": {"1": LEFT, "2": RIGHT, "3": THUMBS},
    "Iris": {"1": ("Left",), "2": ("Right",), "3": ("Left", "Right")},
}

#: Good quality, bad quality (inclusive), and the beginning and size of a record.
_KINDS: Final[dict[str, tuple[tuple[int, int], tuple[int, int], bytes, int]]] = {
    "Face": ((91, 99), (60, 88), b"FAC\x00030\x00", 24_000),
    "Finger": ((52, 96), (12, 37), b"FIR\x00020\x00", 20_000),
    "Iris": ((65, 95), (20, 55), b"IIR\x00020\x00", 16_000),
}

STATUSES: Final = ("Ready", "Busy", "Not Ready", "Not Registered")
_REFUSAL: Final = {"Busy": "111", "Not Ready": "110", "Not Registered": "100"}

#: `low`: one finger, eye or face below every threshold. `timeout`: error 701 after the request's timeout.
#: `drop`: the connection ends in the middle of the answer. `wrong-transaction`: the answer names another capture.
FAULTS: Final = ("low", "timeout", "drop", "wrong-transaction")


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


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: HTTP status, JSON, how long the device takes, and whether the connection ends within it."""

    status: int
    body: Any
    delay_s: float = 0.0
    drop: bool = False


@dataclass
class SbiDevice:
    """One device. `kind`: Face, Finger or Iris. Samples follow from `seed`, transaction and subtype alone.

    `bad_rate`: part of the captures with one bad sample, without any fault set. `faults`: fault -> how many captures
    it still spoils (-1: all). `record_scale`: part of a record's real size that is made.
    """

    kind: str
    port: int = 4501
    seed: int = 0
    capture_s: float = 0.8
    bad_rate: float = 0.1
    record_scale: float = 1.0
    status: str = "Ready"
    faults: dict[str, int] = field(default_factory=dict)
    captures: int = 0
    busy_until: float = float("-inf")

    def fault(self, name: str, times: int = 1) -> None:
        """Spoil the next `times` captures (-1: all, 0: none). Raises ValueError for a fault that is none."""
        if name not in FAULTS:
            raise ValueError(f"{name!r} is no fault of an SBI device; there are: {', '.join(FAULTS)}")
        self.faults[name] = times

    def respond(self, verb: str, path: str, body: bytes, now: float) -> Reply:
        """Answer one request at `now` (seconds)."""
        known = {"/device": "MOSIPDISC", "/info": "MOSIPDINFO", "/capture": "RCAPTURE"}
        if path not in known and path != "/stream":
            return Reply(404, {"error": f"no such path {path}"})
        if verb != known.get(path) and not (path == "/capture" and verb == "CAPTURE"):
            return Reply(405, {"error": f"{path} does not take {verb}"})
        if path == "/info":
            return Reply(200, [{"deviceInfo": jwt(self._info()), "error": _error("0")}])
        try:
            request = json.loads(body)
            if not isinstance(request, dict):
                raise ValueError("not an object")
        except ValueError as error:
            return Reply(400, {"error": f"the request is not JSON: {error}"})
        if path == "/device":
            return self._discover(str(request.get("type", "")))
        return self._capture(request, now)

    def _discover(self, wanted: str) -> Reply:
        if wanted not in ("Biometric Device", self.kind):
            return Reply(200, [{"error": _error("106")}])
        info = self._info()
        info["digitalId"] = b64(json.dumps(self._identity()).encode())
        return Reply(200, [info | {"error": _error("0")}])

    def _identity(self) -> dict[str, str]:
        subtype = {"Face": "Full face", "Finger": "Slap", "Iris": "Double"}[self.kind]
        return {
            "serialNo": f"SIM-{self.kind.upper()}-{self.port}",
            "make": "Simulated",
            "model": f"{self.kind} 1",
            "type": self.kind,
            "deviceSubType": subtype,
            "deviceProvider": "Rig",
            "deviceProviderId": "RIG",
            "dateTime": _time(),
        }

    def _info(self) -> dict[str, Any]:
        return {
            "deviceId": f"{self.kind.lower()}-{self.port}",
            "deviceStatus": self.status,
            "firmware": "1.0.0",
            "certification": "L0",
            "serviceVersion": "0.9.5",
            "deviceSubId": list(SUBTYPES[self.kind]),
            "callbackId": f"http://127.0.0.1:{self.port}/",
            "digitalId": jwt(self._identity()),
            "deviceCode": f"{self.kind.lower()}-{self.port}",
            "env": "Developer",
            "purpose": "Registration",
            "specVersion": ["0.9.5"],
        }

    def _capture(self, request: dict[str, Any], now: float) -> Reply:
        bio = request.get("bio")
        first = bio[0] if isinstance(bio, list) and bio and isinstance(bio[0], dict) else {}
        transaction = str(request.get("transactionId", ""))
        if self.status in _REFUSAL:
            return _refused(_REFUSAL[self.status])
        if now < self.busy_until:
            return _refused("703")
        if not 4 <= len(transaction) <= 50:
            return _refused("112")
        if first.get("type") != self.kind:
            return _refused("106")
        offered = SUBTYPES[self.kind].get(str(first.get("deviceSubId", "")))
        if offered is None:
            return _refused("106")
        exceptions = first.get("exception") or ()
        asked = [name for name in first.get("bioSubType") or () if name not in ("", "UNKNOWN")]
        taken = [name for name in asked or offered if name in offered and name not in exceptions]
        if not taken or (str(first.get("count", "")).isdigit() and int(first["count"]) != len(taken)):
            return _refused("109")
        self.captures += 1
        struck = {name for name in FAULTS if self._strike(name)}
        if "timeout" in struck:
            limit = str(request.get("timeout", ""))
            wait = int(limit) / 1000 if limit.isdigit() else 10.0
            self.busy_until = now + wait
            return Reply(200, _refused("701").body, wait)
        self.busy_until = now + self.capture_s
        named = f"other-{transaction}"[:50] if "wrong-transaction" in struck else transaction
        samples = self._samples(request, first, taken, transaction, named, "low" in struck)
        return Reply(200, {"biometrics": samples}, self.capture_s, "drop" in struck)

    def _strike(self, name: str) -> bool:
        left = self.faults.get(name, 0)
        if left > 0:
            self.faults[name] = left - 1
        return left != 0

    def _samples(
        self, request: dict[str, Any], bio: dict[str, Any], taken: list[str], transaction: str, named: str, low: bool
    ) -> list[dict[str, Any]]:
        chance = random.Random(f"{self.seed}/{self.kind}/{transaction}")
        good, bad, beginning, size = _KINDS[self.kind]
        spoiled = chance.randrange(len(taken)) if low or chance.random() < self.bad_rate else -1
        previous = str(bio.get("previousHash") or "") or sha(b"")
        out = []
        for index, subtype in enumerate(taken):
            quality = chance.randint(*(bad if index == spoiled else good))
            value = beginning + chance.randbytes(int((size + chance.randrange(2000)) * self.record_scale))
            previous = sha((previous + sha(value)).encode())
            payload = {
                "digitalId": jwt(self._identity()),
                "deviceCode": f"{self.kind.lower()}-{self.port}",
                "deviceServiceVersion": "0.9.5",
                "bioType": self.kind,
                "bioSubType": subtype,
                "purpose": request.get("purpose", "Registration"),
                "env": request.get("env", "Developer"),
                "bioValue": b64(value),
                "transactionId": named,
                "timestamp": _time(),
                "requestedScore": str(bio.get("requestedScore", "")),
                "qualityScore": str(quality),
            }
            out.append({"specVersion": "0.9.5", "data": jwt(payload), "hash": previous, "error": _error("0")})
        return out


def _time() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _error(code: str) -> dict[str, str]:
    return {"errorCode": code, "errorInfo": ERRORS[code]}


def _refused(code: str) -> Reply:
    return Reply(200, {"biometrics": [{"specVersion": "0.9.5", "data": "", "hash": "", "error": _error(code)}]})


class SbiConnection:
    """One HTTP/1.1 connection: bytes in any portions, bytes out when the device is done. Memory is bounded.

    `closed` says that the server ends the connection after what was given out.
    """

    LIMIT: Final = 256 * 1024

    def __init__(self, device: SbiDevice) -> None:
        self.closed = False
        self._device = device
        self._in = b""
        self._due: tuple[float, bytes, bool] | None = None

    def receive(self, data: bytes, now: float) -> bytes:
        """Bytes came from the client; gives bytes for it."""
        if not self.closed:
            self._in += data
            if len(self._in) > self.LIMIT:
                return self._end(_http(Reply(413, {"error": "the request is too large"})))
        return self._next(now)

    def next_wakeup(self) -> float | None:
        """When a capture is done; None when none is under way."""
        return self._due[0] if self._due else None

    def wakeup(self, now: float) -> bytes:
        """The time has come: gives the answer of the capture."""
        if self._due is None or now < self._due[0]:
            return b""
        _, answer, drop = self._due
        self._due = None
        return self._end(answer[: len(answer) // 2]) if drop else answer + self._next(now)

    def _end(self, last: bytes) -> bytes:
        self.closed, self._in = True, b""
        return last

    def _next(self, now: float) -> bytes:
        out = b""
        while self._due is None and not self.closed:
            head, gap, rest = self._in.partition(b"\r\n\r\n")
            if not gap:
                break
            lines = head.decode("latin-1").split("\r\n")
            words = lines[0].split(" ")
            fields = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
            size = fields.get("content-length", "0")
            if len(words) != 3 or not words[2].startswith("HTTP/1.") or not size.isdigit() or "host" not in fields:
                return out + self._end(_http(Reply(400, {"error": "not an HTTP/1.1 request"})))
            if int(size) > self.LIMIT:
                return out + self._end(_http(Reply(413, {"error": "the request is too large"})))
            if len(rest) < int(size):
                break
            self._in = rest[int(size) :]
            reply = self._device.respond(words[0], words[1], rest[: int(size)], now)
            if reply.delay_s or reply.drop:
                self._due = (now + reply.delay_s, _http(reply), reply.drop)
            else:
                out += _http(reply)
        return out


def _http(reply: Reply) -> bytes:
    body = json.dumps(reply.body).encode()
    reason = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 413: "Too Large"}
    head = f"HTTP/1.1 {reply.status} {reason[reply.status]}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
