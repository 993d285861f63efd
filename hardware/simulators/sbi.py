"""MOSIP SBI 0.9.5 device (face, finger slap, iris) as its specification tells: HTTP with its own verbs.

Everything is computed from bytes and a clock that is given, so that it runs on a socket and in virtual time alike:
`SbiDevice` is the device, `SbiConnection` one HTTP/1.1 connection to it.

Hash of a sample: upper-hex SHA256 over the text `previous hash | upper-hex SHA256(sample bytes)`; the first previous
hash is upper-hex SHA256 of nothing. The chain runs through all samples of a capture, and through captures by
`previousHash` of the request.

STREAM /stream (deviceId, deviceSubId, timeout in ms, 5 minutes if not given) answers with M-JPEG, here
`multipart/x-mixed-replace` without a length, five frames a second, until the timeout or until somebody hangs up; or
with an error object as JSON.
"""

from __future__ import annotations

import json
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from hardware.simulators import sbi_samples
from hardware.simulators.sbi_words import REFUSALS, SUBTYPES, b64, error, jwt, wall_time

#: Spoil captures. `low`: one finger, eye or face below every threshold. `bad-finger`: half of them, and the average
#: still passes. `timeout`: error 701 after the request's timeout. `hang`: no answer, ever, on this connection. `drop`:
#: the connection ends in the middle of the answer. `wrong-transaction`: the answer names another capture.
#: `broken-chain`: the hashes follow from another capture. `missing`: one finger lay not on the glass (error 109).
#: `wrong-hand`: error 105.
FAULTS: Final = (
    "low",
    "timeout",
    "drop",
    "wrong-transaction",
    "missing",
    "wrong-hand",
    "bad-finger",
    "hang",
    "broken-chain",
)
#: Last until they are set to 0. `dirty`: every quality falls. `unplugged`: every connection is closed at once.
LASTING: Final = ("dirty", "unplugged")

BOUNDARY: Final = b"BoundaryString"
_STREAM_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\nConnection: close\r\nCache-Control: no-cache, private\r\n"
    b"Content-Type: multipart/x-mixed-replace; boundary=" + BOUNDARY + b"\r\n\r\n"
)
STREAM_S: Final = 300.0
FRAME_S: Final = 0.2
_KNOWN_S: Final = 60.0
"""So long after a capture the preview still shows the same person."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A live preview that is to begin: of which sub-device, and when it ends (seconds)."""

    sub: str
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: HTTP status, JSON, how long the device takes, and whether the connection ends within it.

    `made`: the samples, when the delay is over: pictures are made meanwhile. `hang`: no answer.
    """

    status: int
    body: Any
    delay_s: float = 0.0
    drop: bool = False
    made: Future[list[dict[str, Any]]] | None = None
    hang: bool = False
    preview: Preview | None = None


@dataclass
class SbiDevice:
    """One device. `kind`: Face, Finger or Iris. Samples follow from `seed`, transaction and subtype alone.

    `bad_rate`: part of the captures with one bad sample, without any fault set. `faults`: fault -> how many captures
    it still spoils (-1: all). `record_scale`: part of a record's real size that is made.
    `pictures`: samples are real pictures of people (needs numpy, Pillow and wsq). `person`: who sits before it; None:
    whoever the transaction's enrolment is. `people`: the seed of all people, the same for devices that see the same.
    `missing_fingers`: subtypes that a person does not have: asking for them gives error 109.
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
    pictures: bool = False
    person: int | None = None
    people: int = 0
    missing_fingers: dict[int, tuple[str, ...]] = field(default_factory=dict)
    _seen: int | None = field(default=None, init=False, repr=False)
    _begun: float = field(default=float("-inf"), init=False, repr=False)
    _prints: dict[tuple[int, str], Future[Any]] = field(default_factory=dict, init=False, repr=False)
    _maker: ThreadPoolExecutor | None = field(default=None, init=False, repr=False)

    def fault(self, name: str, times: int = 1) -> None:
        """Spoil the next `times` captures (-1: all, 0: none); one that lasts: until 0.

        Raises ValueError for a fault that is none.
        """
        if name not in FAULTS + LASTING:
            raise ValueError(f"{name!r} is no fault of an SBI device; there are: {', '.join(FAULTS + LASTING)}")
        self.faults[name] = times

    @property
    def unplugged(self) -> bool:
        """Nobody can reach it: connections are closed until it is back."""
        return bool(self.faults.get("unplugged"))

    def clean(self) -> None:
        """Wipe the glass."""
        self.faults.pop("dirty", None)

    def respond(self, verb: str, path: str, body: bytes, now: float) -> Reply:
        """Answer one request at `now` (seconds)."""
        known = {"/device": "MOSIPDISC", "/info": "MOSIPDINFO", "/capture": "RCAPTURE", "/stream": "STREAM"}
        if path not in known:
            return Reply(404, {"error": f"no such path {path}"})
        if verb != known[path] and not (path == "/capture" and verb == "CAPTURE"):
            return Reply(405, {"error": f"{path} does not take {verb}"})
        if path == "/info":
            return Reply(200, [{"deviceInfo": jwt(self._info()), "error": error("0")}])
        try:
            request = json.loads(body)
            if not isinstance(request, dict):
                raise ValueError("not an object")
        except ValueError as broken:
            return Reply(400, {"error": f"the request is not JSON: {broken}"})
        if path == "/device":
            return self._discover(str(request.get("type", "")))
        return self._stream(request, now) if path == "/stream" else self._capture(request, now)

    def _discover(self, wanted: str) -> Reply:
        if wanted not in ("Biometric Device", self.kind):
            return Reply(200, [{"error": error("106")}])
        info = self._info()
        info["digitalId"] = b64(json.dumps(self._identity()).encode())
        return Reply(200, [info | {"error": error("0")}])

    @property
    def _code(self) -> str:
        return f"{self.kind.lower()}-{self.port}"

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
            "dateTime": wall_time(),
        }

    def _info(self) -> dict[str, Any]:
        return {
            "deviceId": self._code,
            "deviceStatus": self.status,
            "firmware": "1.0.0",
            "certification": "L0",
            "serviceVersion": "0.9.5",
            "deviceSubId": list(SUBTYPES[self.kind]),
            "callbackId": f"http://127.0.0.1:{self.port}/",
            "digitalId": jwt(self._identity()),
            "deviceCode": self._code,
            "env": "Developer",
            "purpose": "Registration",
            "specVersion": ["0.9.5"],
        }

    def _capture(self, request: dict[str, Any], now: float) -> Reply:
        bio = request.get("bio")
        first = bio[0] if isinstance(bio, list) and bio and isinstance(bio[0], dict) else {}
        transaction = str(request.get("transactionId", ""))
        if self.status in REFUSALS:
            return _refused(REFUSALS[self.status])
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
        return self._take(request, first, tuple(taken), now)

    def _take(self, request: dict[str, Any], bio: dict[str, Any], taken: tuple[str, ...], now: float) -> Reply:
        """The applicant's turn: what comes of it."""
        self.captures += 1
        transaction = str(request["transactionId"])
        struck = frozenset(name for name in FAULTS if self._strike(name))
        struck |= {name for name in LASTING if self.faults.get(name)}
        if "timeout" in struck:
            limit = str(request.get("timeout", ""))
            wait = int(limit) / 1000 if limit.isdigit() else 10.0
            self.busy_until = now + wait
            return Reply(200, _refused("701").body, wait)
        self.busy_until, self._begun = now + self.capture_s, now
        if "hang" in struck:
            return Reply(200, None, hang=True)
        self._seen = sbi_samples.person_of(transaction) if self.person is None else self.person
        gone = set(self.missing_fingers.get(self._seen, ())) & set(taken)
        if "wrong-hand" in struck or "missing" in struck or gone:
            return Reply(200, _refused("105" if "wrong-hand" in struck else "109").body, self.capture_s)
        wanted = sbi_samples.Wanted(
            kind=self.kind,
            seed=self.seed,
            request=request,
            bio=bio,
            subtypes=taken,
            transaction=transaction,
            person=self._seen,
            bad_rate=self.bad_rate,
            record_scale=self.record_scale,
            pictures=self.pictures,
            people=self.people,
            struck=struck,
            identity=self._identity(),
            code=self._code,
        )
        drop = "drop" in struck
        if not self.pictures:
            return Reply(200, {"biometrics": sbi_samples.samples(wanted)}, self.capture_s, drop)
        made = self._making().submit(sbi_samples.samples, wanted)
        return Reply(200, None, self.capture_s, drop, made=made)

    def _making(self) -> ThreadPoolExecutor:
        """Pictures are made while the device is said to be capturing; its own thread ends with it."""
        if self._maker is None:
            self._maker = ThreadPoolExecutor(1, thread_name_prefix=f"pictures-{self.kind.lower()}")
        return self._maker

    def _strike(self, name: str) -> bool:
        left = self.faults.get(name, 0)
        if left > 0:
            self.faults[name] = left - 1
        return left != 0

    # --- the live preview ---

    def _stream(self, request: dict[str, Any], now: float) -> Reply:
        sub = str(request.get("deviceSubId", ""))
        if self.status in REFUSALS:
            return Reply(200, {"error": error(REFUSALS[self.status])})
        if request.get("deviceId") not in (self._code, None, "") or sub not in SUBTYPES[self.kind]:
            return Reply(200, {"error": error("106")})
        limit = str(request.get("timeout") or "")
        lasts = int(limit) / 1000 if limit.isdigit() and len(limit) < 9 else STREAM_S
        return Reply(200, None, preview=Preview(sub, now, now + lasts))

    def frame(self, preview: Preview, now: float) -> bytes:
        """One JPEG of what the device sees."""
        from hardware.simulators.pictures.preview import Scene, frame

        capturing = None
        if now < self.busy_until:
            capturing = (now - self._begun) / max(0.01, self.busy_until - self._begun)
        person = self.person
        if person is None and now < self.busy_until + _KNOWN_S:
            person = self._seen
        fingers = SUBTYPES[self.kind][preview.sub] if self.kind != "Face" else ()
        scene = Scene(
            kind=self.kind,
            fingers=fingers,
            since=now - preview.begin,
            seed=self.people,
            person=person,
            capturing=capturing,
            dirty=bool(self.faults.get("dirty")),
            absent=self.missing_fingers.get(person, ()) if person is not None else (),
            prints=self._prints_of(person, fingers) if self.pictures and self.kind == "Finger" else {},
        )
        return frame(scene)

    def _prints_of(self, person: int | None, fingers: tuple[str, ...]) -> dict[str, Any]:
        """Small pictures of the fingers, those that are made already."""
        if person is None:
            return {}
        from hardware.simulators.pictures import people

        if any(key[0] != person for key in self._prints):
            self._prints.clear()
        for name in fingers:
            if (person, name) not in self._prints:
                self._prints[person, name] = self._making().submit(people.small, self.people, person, name)
        return {name: self._prints[person, name].result() for name in fingers if self._prints[person, name].done()}


def _refused(code: str) -> Reply:
    return Reply(200, {"biometrics": [{"specVersion": "0.9.5", "data": "", "hash": "", "error": error(code)}]})


class SbiConnection:
    """One HTTP/1.1 connection: bytes in any portions, bytes out when the device is done. Memory is bounded.

    `closed` says that the server ends the connection after what was given out.
    """

    LIMIT: Final = 256 * 1024

    def __init__(self, device: SbiDevice) -> None:
        self._ended = False
        self._device = device
        self._in = b""
        self._due: tuple[float, Reply] | None = None
        self._hung = False
        self._preview: Preview | None = None
        self._frame_at = 0.0

    @property
    def closed(self) -> bool:
        """The server ends it; so does a device whose plug is pulled."""
        return self._ended or self._device.unplugged

    @property
    def streaming(self) -> bool:
        """A live preview runs: what `wakeup` gives is a whole frame, and may be left out when the client is slow."""
        return self._preview is not None

    @property
    def making(self) -> bool:
        """Pictures of the capture are still being made: `wakeup` would wait for them."""
        return self._due is not None and self._due[1].made is not None and not self._due[1].made.done()

    def receive(self, data: bytes, now: float) -> bytes:
        """Bytes came from the client; gives bytes for it."""
        if self.closed:
            return b""
        self._in += data
        if len(self._in) > self.LIMIT:
            return self._end(_http(Reply(413, {"error": "the request is too large"})))
        return self._next(now)

    def next_wakeup(self) -> float | None:
        """When a capture is done or the next frame is due; None when there is nothing to wait for."""
        if self._preview is not None:
            return self._frame_at
        return self._due[0] if self._due else None

    def wakeup(self, now: float) -> bytes:
        """The time has come: gives the answer of the capture, or a frame."""
        if self.closed:
            self._due = self._preview = None
            return b""
        if self._preview is not None:
            return self._frame(now)
        if self._due is None or now < self._due[0]:
            return b""
        _, reply = self._due
        self._due = None
        answer = _http(reply)
        return self._end(answer[: len(answer) // 2]) if reply.drop else answer + self._next(now)

    def _frame(self, now: float) -> bytes:
        assert self._preview is not None
        if now >= self._preview.end - 0.001:
            self._preview = None
            return self._end(b"--%s--\r\n" % BOUNDARY)
        if now < self._frame_at:
            return b""
        self._frame_at = min(now + FRAME_S, self._preview.end)
        jpeg = self._device.frame(self._preview, now)
        head = b"--%s\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % (BOUNDARY, len(jpeg))
        return head + jpeg + b"\r\n"

    def _end(self, last: bytes) -> bytes:
        self._ended, self._in = True, b""
        return last

    def _next(self, now: float) -> bytes:
        out = b""
        while not (self._due or self._hung or self._preview or self.closed):
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
            if reply.preview is not None:
                self._preview, self._frame_at = reply.preview, now
                out += _STREAM_HEAD + self._frame(now)
            elif reply.hang:
                self._hung = True
            elif reply.delay_s or reply.drop:
                self._due = (now + reply.delay_s, reply)
            else:
                out += _http(reply)
        return out


def _http(reply: Reply) -> bytes:
    body = json.dumps({"biometrics": reply.made.result()} if reply.made else reply.body).encode()
    reason = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 413: "Too Large"}
    head = f"HTTP/1.1 {reply.status} {reason[reply.status]}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
