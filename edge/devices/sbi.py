"""Face, slap and iris devices behind MOSIP's Secure Biometric Interface 0.9.5: an HTTP client without I/O.

Source: MOSIP "Secure Biometric Interface Specification" 0.9.5. The device service listens on 127.0.0.1:4501..4600 and
has verbs of its own. It may close the connection after any answer; then the port opens a new one.
What the answers mean is in `sbi_answers`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

import h11

from contract.messages import Modality
from edge.core.events import CaptureFailed, CaptureTaken, DeviceFault, DeviceLost, DeviceOnline, Event, FrameRejected
from edge.core.requests import Request, StartCapture, StopCapture
from edge.devices import sbi_answers
from edge.devices.sbi_answers import KINDS, SUBTYPES, Refused

POLL_S = 5.0
ANSWER_S = 5.0
"""How long discovery and info may take; a capture may take this much longer than its timeout, less a second."""
REOPEN_S = 4.0
"""A port closed for longer is lost: between requests the service may close the connection."""
LEAST_S = 2.0
"""A capture with less time than this is not begun."""
RETRY_S = 1.0
"""So long after "busy" a capture is tried again."""
BUSY_S = 30.0
"""A device that is busy for longer, with nothing of ours, needs a person."""
QUIET_S = 1.0
"""After a broken answer, so much silence ends it."""
LARGEST = 8 * 1024 * 1024
#: deviceSubId: fingers 1 left, 2 right, 3 thumbs; iris 3 both; a camera has one.
SUB_ID = {
    Modality.LEFT_FOUR: "1",
    Modality.RIGHT_FOUR: "2",
    Modality.THUMBS: "3",
    Modality.IRIS: "3",
    Modality.PHOTO: "0",
    Modality.EXCEPTION_PHOTO: "0",
}
LOST_REMEDY = "Check that the device's service (SBI) runs on this controller and that its USB cable is in."
UNSET_CLOCK = "1970-01-01T00:00:00Z"


@dataclass(slots=True)
class _Asked:
    """The request that is being answered."""

    verb: str
    deadline: float
    capture: StartCapture | None = None
    status: int = 0


def _line() -> h11.Connection:
    return h11.Connection(h11.CLIENT, max_incomplete_event_size=64 * 1024)


class Sbi:
    """Driver of one device service on `port`. `takes`: the modalities it is there for (empty: any but a signature).

    A device that takes photos takes those of exceptions, too.
    `utc` gives the wall time of a request as ISO 8601 text; the device only copies it.
    """

    def __init__(
        self,
        name: str,
        port: int,
        takes: tuple[Modality, ...] = (),
        utc: Callable[[], str] = lambda: UNSET_CLOCK,
        poll_s: float = POLL_S,
    ) -> None:
        self.name = name
        self._poll_s = poll_s
        self._host = f"127.0.0.1:{port}"
        self._takes = takes or tuple(SUBTYPES)
        if Modality.PHOTO in self._takes:
            self._takes += (Modality.EXCEPTION_PHOTO,)
        kinds = {KINDS[modality] for modality in self._takes if modality in KINDS}
        self._kind = kinds.pop() if len(kinds) == 1 else "Biometric Device"
        self._utc = utc
        self._open = False
        self._out = b""
        self._http: h11.Connection | None = None
        self._body = bytearray()
        self._asked: _Asked | None = None
        self._waiting: StartCapture | None = None
        self._retry_at = 0.0
        self._ends = 0.0
        """When the present capture's time is over."""
        self._quiet_at: float | None = None
        self._gone_at: float | None = None
        self._gone_why = ""
        self._next_poll = 0.0
        self._busy_since: float | None = None
        self._device = ""
        self._env = "Production"
        self._want_info = False
        self._told = ""
        """What was said last of the device: "", `ok`, `lost`, or the fault's reason."""
        self._remedy = LOST_REMEDY
        self._details: dict[str, str] = {}

    # --- the port ---

    def opened(self, now: float) -> list[Event]:
        """The first time: who is there? After a close between requests: go on."""
        self._open = True
        self._http = _line()
        self._quiet_at = self._gone_at = None
        self._out = b""
        if not self._device or self._told != "ok":
            self._next_poll = now
        self._next(now)
        return []

    def closed(self, now: float, error: str) -> list[Event]:
        """A close ends an answer without a length; within an answer it is a failure; otherwise it is normal."""
        events: list[Event] = []
        if self._asked and self._http and self._quiet_at is None:
            events += self._feed(b"", now)
        if self._asked:
            events += self._give_up("the device's service closed the connection within an answer", now)
        self._open = False
        self._http = None
        self._out = b""
        if self._gone_at is None:
            self._gone_at = now + REOPEN_S
        self._gone_why = error
        return events

    def outgoing(self) -> bytes:
        """Bytes for the port."""
        out, self._out = self._out, b""
        return out

    # --- requests and time ---

    def send(self, request: Request, now: float) -> list[Event]:
        """`StartCapture` of what it takes, `StopCapture`."""
        if isinstance(request, StopCapture):
            self._waiting = None
            if self._asked:
                self._asked.capture = None
            return []
        if not isinstance(request, StartCapture):
            return [FrameRejected(self.name, f"a capture device cannot do {type(request).__name__}", b"")]
        if request.modality not in self._takes:
            error, remedy = f"this device does not take {request.modality.value}", "Correct `takes` in the booth file."
            return [CaptureFailed(self.name, request.modality, request.transaction, error, remedy)]
        if SUBTYPES[request.modality] and not sbi_answers.wanted(request):
            error, remedy = "everything of it has an exception", "Go on without it: there is nothing to be captured."
            return [self._failed(request, error, remedy)]
        events: list[Event] = []
        for other in (self._waiting, self._asked.capture if self._asked else None):
            if other is not None:
                events.append(self._failed(other, "another capture was begun", ""))
        if self._asked:
            self._asked.capture = None
        self._waiting, self._retry_at, self._ends = request, now, now + request.timeout_s
        if not self._device:
            self._next_poll = min(self._next_poll, now + RETRY_S)
        self._next(now)
        return events

    def next_wakeup(self) -> float | None:
        """The nearest of: late answer, late capture, silence after a broken answer, next poll, port gone."""
        times = []
        if self._asked:
            times.append(self._asked.deadline)
        elif self._open:
            times.append(self._quiet_at if self._quiet_at is not None else self._next_poll)
        if self._waiting:
            times.append(self._late_begin())
            if self._free() and self._http and self._http.our_state is h11.IDLE and self._device:
                times.append(self._retry_at)
        if self._gone_at is not None and self._told != "lost":
            times.append(self._gone_at)
        return min(times, default=None)

    def wakeup(self, now: float) -> list[Event]:
        """Time out, go on after silence, poll."""
        events: list[Event] = []
        if self._gone_at is not None and now >= self._gone_at and not self._open:
            events += self._lost(f"the device's service is gone: {self._gone_why}")
        if self._asked and now >= self._asked.deadline:
            events += self._give_up("the device's service does not answer", now)
        if self._waiting and now >= self._late_begin():
            waiting, self._waiting = self._waiting, None
            events.append(self._failed(waiting, "the device was not ready in time", self._remedy))
        if self._quiet_at is not None and now >= self._quiet_at and self._open:
            self._quiet_at = None
            self._http = _line()
        self._next(now)
        return events

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Parts of an answer."""
        if self._quiet_at is not None or not self._asked or not self._http:
            if self._quiet_at is None:
                self._quiet_at = now + QUIET_S
                return [FrameRejected(self.name, "bytes that nobody asked for", data[:32])]
            self._quiet_at = now + QUIET_S
            return self._lost("the device's service sends what nobody asked for") if now > self._late() else []
        return self._feed(data, now)

    # --- asking ---

    def _free(self) -> bool:
        """Whether the line has no request on it and can take one."""
        return self._open and self._asked is None and self._quiet_at is None and self._http is not None

    def _late_begin(self) -> float:
        """When a capture that could not be begun has failed."""
        return max(self._ends - LEAST_S, self._retry_at + LEAST_S)

    def _late(self) -> float:
        return self._next_poll + ANSWER_S

    def _next(self, now: float) -> None:
        """Begin what is due, when the line is free."""
        if not self._free() or self._http is None:
            return
        if self._http.our_state is not h11.IDLE:
            if now < self._next_poll:
                return  # The service said that it will close: the port reopens.
            self._http = _line()
        if self._want_info:
            self._want_info = False
            self._ask("MOSIPDINFO", "/info", {"type": self._kind}, now + ANSWER_S)
        elif self._waiting and self._device and now >= self._retry_at:
            request, self._waiting = self._waiting, None
            request = replace(request, timeout_s=min(request.timeout_s, max(LEAST_S, self._ends - now)))
            deadline = now + request.timeout_s + ANSWER_S - 1
            self._ask("RCAPTURE", "/capture", self._capture_body(request), deadline, request)
        elif now >= self._next_poll:
            self._next_poll = now + (self._poll_s if self._waiting is None else min(RETRY_S, self._poll_s))
            self._ask("MOSIPDISC", "/device", {"type": self._kind}, now + ANSWER_S)

    def _ask(self, verb: str, path: str, body: object, deadline: float, capture: StartCapture | None = None) -> None:
        assert self._http is not None
        raw = json.dumps(body).encode()
        headers = [
            ("Host", self._host),
            ("Content-Type", "application/json"),
            ("Accept", "application/json"),
            ("Content-Length", str(len(raw))),
        ]
        self._out += self._http.send(h11.Request(method=verb, target=path, headers=headers)) or b""
        self._out += self._http.send(h11.Data(data=raw)) or b""
        self._out += self._http.send(h11.EndOfMessage()) or b""
        self._body.clear()
        self._asked = _Asked(verb, deadline, capture)

    def _capture_body(self, request: StartCapture) -> dict[str, object]:
        """Numbers go as text: MOSIP's own device service takes nothing else."""
        wanted = sbi_answers.wanted(request)
        excluded = [name for name in SUBTYPES[request.modality] if name in request.exceptions]
        return {
            "env": self._env,
            "purpose": "Registration",
            "specVersion": "0.9.5",
            "timeout": str(int(request.timeout_s * 1000)),
            "captureTime": self._utc(),
            "transactionId": request.transaction,
            "bio": [
                {
                    "type": KINDS[request.modality],
                    "count": str(len(wanted) or 1),
                    "bioSubType": list(wanted),
                    "exception": excluded,
                    "requestedScore": str(request.requested_score),
                    "deviceId": self._device,
                    "deviceSubId": SUB_ID[request.modality],
                    "previousHash": request.previous_hash,
                }
            ],
            "customOpts": [],
        }

    # --- answers ---

    def _feed(self, data: bytes, now: float) -> list[Event]:
        """Give bytes to h11 until an answer is whole."""
        assert self._http is not None and self._asked is not None
        try:
            self._http.receive_data(data)
            while True:
                event = self._http.next_event()
                if event is h11.NEED_DATA or event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                    return []
                if isinstance(event, h11.Response):
                    self._asked.status = event.status_code
                elif isinstance(event, h11.Data):
                    self._body += event.data
                    if len(self._body) > LARGEST:
                        return self._broken(f"an answer larger than {LARGEST >> 20} MiB", bytes(self._body[:32]), now)
                elif isinstance(event, h11.EndOfMessage):
                    return self._whole(now)
        except h11.RemoteProtocolError as error:
            if not data:
                return []  # The end came too early; `closed` says so.
            return self._broken(f"not HTTP: {error}"[:200], data[:32], now)

    def _whole(self, now: float) -> list[Event]:
        """An answer is complete: understand it, then go on."""
        assert self._http is not None and self._asked is not None
        asked, self._asked = self._asked, None
        body = bytes(self._body)
        self._body.clear()
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        events: list[Event] = []
        if asked.status >= 400:
            events = self._http_error(asked)
        elif asked.verb == "MOSIPDISC":
            events = self._discovered(body, now)
        elif asked.verb == "MOSIPDINFO":
            events = self._informed(body)
        elif asked.capture:
            self._next_poll = now + self._poll_s
            events = self._captured(asked.capture, body, now)
        self._next(now)
        return events

    def _http_error(self, asked: _Asked) -> list[Event]:
        error = f"the device's service answers {asked.verb} with HTTP {asked.status}"
        if asked.capture:
            return [self._failed(asked.capture, error, sbi_answers.DEFAULT_REMEDY)]
        return self._fault("not-found", error, LOST_REMEDY) if asked.verb == "MOSIPDISC" else self._usable()

    def _discovered(self, body: bytes, now: float) -> list[Event]:
        try:
            found = sbi_answers.discovery(body)
        except Refused as error:
            rejected = FrameRejected(self.name, str(error), body[:32]) if error.garbled else None
            self._device = ""
            reason = sbi_answers.FAULTS.get(error.code, "not-found")
            return [*([rejected] if rejected else []), *self._fault(reason, str(error), error.remedy)]
        self._want_info = self._device != found.device or self._told in ("", "lost")
        self._device = found.device
        fault = sbi_answers.status_fault(found.status)
        if found.status != "busy":
            self._busy_since = None
        elif self._busy_since is None:
            self._busy_since = now
        elif now - self._busy_since >= BUSY_S:
            fault = sbi_answers.BUSY
        if fault:
            self._want_info = False
            return self._fault(*fault)
        return [] if self._want_info else self._usable()

    def _informed(self, body: bytes) -> list[Event]:
        """The details are a help, not a condition: a service that does not tell them is still usable."""
        try:
            self._details, env = sbi_answers.info(body)
            self._env = env or self._env
        except Refused as error:
            return [FrameRejected(self.name, str(error), body[:32]), *self._usable()]
        return self._usable()

    def _captured(self, request: StartCapture, body: bytes, now: float) -> list[Event]:
        """A device that is busy is asked again while there is time; one with a fault is looked at at once."""
        self._busy_since = None
        try:
            samples, last = sbi_answers.captured(body, request)
        except Refused as error:
            if error.code in sbi_answers.PASSING and self._waiting is None and now + RETRY_S + LEAST_S <= self._ends:
                self._waiting, self._retry_at = request, now + RETRY_S
                return []
            if error.code in sbi_answers.FAULTS:
                self._next_poll = now
            return [self._failed(request, str(error), error.remedy)]
        return [CaptureTaken(self.name, request.modality, request.transaction, samples, last)]

    def _broken(self, reason: str, beginning: bytes, now: float) -> list[Event]:
        """Bytes that are no answer: drop the line's content until it is silent."""
        events: list[Event] = [FrameRejected(self.name, reason, beginning)]
        return events + self._give_up(f"the device's service answers wrongly ({reason})", now)

    def _give_up(self, error: str, now: float) -> list[Event]:
        """The request under way fails; a new connection state begins after silence."""
        asked, self._asked = self._asked, None
        self._body.clear()
        self._quiet_at = now + QUIET_S
        self._next_poll = max(self._next_poll, now + QUIET_S)
        if asked and asked.verb == "RCAPTURE":
            # The next capture must not be lost with a connection that hangs: first somebody must answer.
            self._device, self._next_poll = "", now + QUIET_S
        if asked and asked.capture:
            return [self._failed(asked.capture, error, LOST_REMEDY)]
        if asked and asked.verb == "MOSIPDINFO":
            return self._usable()
        return self._lost(error) if asked and asked.verb == "MOSIPDISC" else []

    # --- what to say ---

    def _usable(self) -> list[Event]:
        if self._told == "ok":
            return []
        self._told = "ok"
        return [DeviceOnline(self.name, dict(self._details))]

    def _fault(self, reason: str, error: str, remedy: str) -> list[Event]:
        self._remedy = remedy
        if self._told == reason:
            return []
        self._told = reason
        return [DeviceFault(self.name, (reason,), error, remedy)]

    def _lost(self, error: str) -> list[Event]:
        self._device, self._remedy = "", LOST_REMEDY
        if self._told == "lost":
            return []
        self._told = "lost"
        return [DeviceLost(self.name, error, LOST_REMEDY)]

    def _failed(self, request: StartCapture, error: str, remedy: str) -> CaptureFailed:
        return CaptureFailed(self.name, request.modality, request.transaction, error, remedy)
