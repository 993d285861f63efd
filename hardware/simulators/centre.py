"""The national centre's gateway: a stand-in with our own API, as no public description of the real one exists.

    PUT /v1/enrolments/{packet}   header Idempotency-Key: {packet}; JSON {nik, kk, booth, sha256, biometrics: [...]}
    GET /v1/enrolments/{packet}   both answer {"state": token, "reason": text}; 202 while it is worked on, then 200
    GET /v1/niks/{nik}            {"standing": eligible | enrolled | duplicate | unknown, "reason": text}; asks only
    GET /v1/health                {"status": "up"}

The same packet is registered once, however often it is put; a NIK that is already there by another packet is a
DUPLICATE_RECORD, and its standing is `enrolled`. What is registered is kept in a JSON file and survives a restart.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

PATH: Final = re.compile(r"^/v1/enrolments/([A-Za-z0-9._-]{1,80})$")
NIK_PATH: Final = re.compile(r"^/v1/niks/(\d{16})$")
WORKING: Final = "RECEIVED_AT_CENTRAL"

#: `up` registers; `down` answers 503; `slow` takes `slow_s` for every answer; `wrong` answers what is no JSON.
MODES: Final = ("up", "down", "slow", "duplicate", "adjudicate", "wrong")

#: What may be said of a NIK before its recording.
STANDINGS: Final = {
    "eligible": "",
    "enrolled": "a card with biometrics was issued for this NIK",
    "duplicate": "the same person is in the register under another NIK",
    "unknown": "this NIK is not in the register",
}

_OUTCOMES: Final = {
    "duplicate": ("DUPLICATE_RECORD", "the biometrics are those of another NIK"),
    "adjudicate": ("ADJUDICATE_RECORD", "a person at the centre must look at it"),
}


@dataclass
class Centre:
    """What the centre knows and decides. Times in seconds of the wall clock, so that they outlive a restart.

    `mode` holds for everybody; `modes` (by NIK) goes before it, `down` and `slow` by NIK included. `standings` (by NIK,
    or by the NIK's first digits, the longest first) goes before what the register says.
    """

    file: Path | None = None
    processing_s: float = 1.5
    slow_s: float = 8.0
    mode: str = "up"
    modes: dict[str, str] = field(default_factory=dict)
    standings: dict[str, str] = field(default_factory=dict)
    enrolments: dict[str, dict[str, Any]] = field(default_factory=dict)
    puts: int = 0
    """PUT requests that were accepted, repetitions included."""
    asked: int = 0
    """Questions about a NIK that were answered."""

    def __post_init__(self) -> None:
        if self.file is not None and self.file.exists():
            self.enrolments = json.loads(self.file.read_text())

    def set_mode(self, mode: str, nik: str = "") -> None:
        """How the centre answers from now on, for one NIK or for all. Raises ValueError for an unknown mode."""
        if mode not in MODES:
            raise ValueError(f"{mode!r} is no mode of the centre; there are: {', '.join(MODES)}")
        if nik:
            self.modes[nik] = mode
        else:
            self.mode = mode

    def set_standing(self, standing: str, digits: str) -> None:
        """What is said of a NIK, or of all that begin with these digits. Raises ValueError for an unknown standing."""
        if standing not in STANDINGS:
            raise ValueError(f"{standing!r} is no standing of a NIK; there are: {', '.join(STANDINGS)}")
        self.standings[digits] = standing

    def standing(self, nik: str) -> tuple[int, dict[str, str]]:
        """Whether a NIK may be recorded; HTTP status and answer."""
        self.asked += 1
        known = next((n for n in range(len(nik), 0, -1) if nik[:n] in self.standings), 0)
        if known:
            said = self.standings[nik[:known]]
            return 200, {"standing": said, "reason": STANDINGS[said]}
        packet = self.registered().get(nik)
        if packet is not None:
            return 200, {"standing": "enrolled", "reason": f"the NIK is registered by the packet {packet}"}
        return 200, {"standing": "eligible", "reason": ""}

    def registered(self) -> dict[str, str]:
        """NIK -> packet of everybody whose card may be printed."""
        return {e["nik"]: p for p, e in self.enrolments.items() if e["outcome"] == "PRINT_READY_RECORD"}

    def mode_for(self, nik: str = "") -> str:
        """The mode that holds for a NIK."""
        return self.modes.get(nik, self.mode)

    def put(self, packet: str, key: str, body: bytes, now: float) -> tuple[int, dict[str, str]]:
        """Register a packet; HTTP status and answer."""
        if key != packet:
            return 400, {"state": "", "reason": "the header Idempotency-Key must equal the packet's id"}
        try:
            asked = json.loads(body)
            nik, sha256 = str(asked["nik"]), str(asked["sha256"])
            whole = bool(asked["kk"] and asked["booth"] and asked["biometrics"])
        except (ValueError, KeyError, TypeError):
            whole, nik, sha256 = False, "", ""
        if not whole or not re.fullmatch(r"\d{16}", nik):
            why = "nik (16 digits), kk, booth, sha256 and biometrics are needed"
            return 422, {"state": "ENROLL_FAILURE_AT_CENTRAL", "reason": why}
        known = self.enrolments.get(packet)
        if known is not None and known["sha256"] != sha256:
            return 409, {"state": "", "reason": "this packet is here already with other contents"}
        self.puts += 1
        if known is None:
            outcome, reason = _OUTCOMES.get(self.mode_for(nik), ("PRINT_READY_RECORD", ""))
            other = self.registered().get(nik)
            if other is not None:
                outcome, reason = "DUPLICATE_RECORD", f"the NIK is registered by the packet {other}"
            known = {"nik": nik, "sha256": sha256, "received": now, "outcome": outcome, "reason": reason, "puts": 0}
            self.enrolments[packet] = known
        known["puts"] += 1
        self._save()
        return self.get(packet, now)

    def get(self, packet: str, now: float) -> tuple[int, dict[str, str]]:
        """State of a packet; 202 as long as it is worked on."""
        known = self.enrolments.get(packet)
        if known is None:
            return 404, {"state": "", "reason": "this packet is not here"}
        if now < known["received"] + self.processing_s:
            return 202, {"state": WORKING, "reason": ""}
        return 200, {"state": known["outcome"], "reason": known["reason"]}

    def _save(self) -> None:
        if self.file is not None:
            new = self.file.with_suffix(".new")
            new.write_text(json.dumps(self.enrolments))
            new.replace(self.file)


class CentreServer:
    """The centre on 127.0.0.1; port 0 takes a free one."""

    def __init__(self, centre: Centre, port: int = 0, clock: Callable[[], float] = time.time) -> None:
        self.centre = centre
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(centre, clock))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="centre", daemon=True)

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Serve on threads of its own."""
        self._thread.start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _nik_of(centre: Centre, path: str, body: bytes) -> str:
    named = NIK_PATH.match(path)
    if named:
        return named[1]
    match = PATH.match(path)
    if match and match[1] in centre.enrolments:
        return str(centre.enrolments[match[1]]["nik"])
    try:
        asked = json.loads(body or b"{}")
    except ValueError:
        return ""
    return str(asked.get("nik", "")) if isinstance(asked, dict) else ""


def _handler(centre: Centre, clock: Callable[[], float]) -> type[BaseHTTPRequestHandler]:
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def do_GET(self) -> None:
            self._answer(b"")

        def do_PUT(self) -> None:
            size = self.headers.get("Content-Length", "")
            if not size.isdigit() or int(size) > 1_000_000:
                self._send(411, b'{"state": "", "reason": "a Content-Length up to 1000000 is needed"}')
                self.close_connection = True
                return
            self._answer(self.rfile.read(int(size)))

        def _answer(self, body: bytes) -> None:
            with lock:
                mode = centre.mode_for(_nik_of(centre, self.path, body))
            if mode == "slow":
                time.sleep(centre.slow_s)
            if mode == "down":
                self._send(503, b'{"state": "", "reason": "the centre is down"}')
            elif mode == "wrong":
                self._send(200, b"<html>maintenance</html>")
            else:
                with lock:
                    status, answer = self._decide(body)
                self._send(status, json.dumps(answer).encode())

        def _decide(self, body: bytes) -> tuple[int, dict[str, str]]:
            match = PATH.match(self.path)
            if self.path == "/v1/health" and self.command == "GET":
                return 200, {"status": "up"}
            named = NIK_PATH.match(self.path)
            if named and self.command == "GET":
                return centre.standing(named[1])
            if match is None:
                return 404, {"state": "", "reason": f"no such path {self.path}"}
            if self.command == "GET":
                return centre.get(match[1], clock())
            return centre.put(match[1], self.headers.get("Idempotency-Key", ""), body, clock())

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet: the rig says what matters itself."""

    return Handler
