"""Power board: volts, contacts and relays of the plant, by the frames of `contract/power_wire.py`. 115200 8N1.

The board is a deadman: it holds what it was last told only while it is told again. So the relays that are wanted are
sent each DRIVE_S, from the loop that decides; when that loop stands still, the board falls to its safe state.
"""

from __future__ import annotations

from contract import power_wire as wire
from edge.core.events import (
    BoardReading,
    Contact,
    DeviceFault,
    DeviceLost,
    DeviceOnline,
    Event,
    FrameRejected,
    Relay,
    RequestFailed,
)
from edge.core.requests import DriveRelays, Request
from edge.devices.noise import told_once

DRIVE_S = 0.8
SILENCE_S = 2.0
"""Four heartbeats of the board."""
ASK_S = 1.0
MISMATCH_S = 5.0

LOST_REMEDY = "Check the power board's supply, its green light, and its serial cable to the controller (115200 8N1)."
FLASH_REMEDY = "Put the firmware of this release on the board: make flash."

_CONTACTS = tuple(Contact(word) for word in wire.CONTACTS)
_RELAYS = tuple(Relay(word) for word in wire.RELAYS)


def read(device: str, report: wire.Report) -> BoardReading:
    """One report as a reading: all of one moment."""
    wired = frozenset(contact for n, contact in enumerate(_CONTACTS) if report.wired >> n & 1)
    active = frozenset(contact for n, contact in enumerate(_CONTACTS) if report.contacts >> n & 1)
    return BoardReading(
        device,
        mains_v=report.mains_dv / 10,
        genset_v=report.genset_dv / 10,
        battery_v=report.battery_cv / 100,
        wired=wired,
        active=active & wired,
        tamper=report.tamper,
        relays=frozenset(relay for n, relay in enumerate(_RELAYS) if report.relays >> n & 1),
        refused=wire.words(report.refused, wire.REFUSALS),
        deadman_trips=report.deadman_trips,
        watchdog_resets=report.watchdog_resets,
        bad_frames=report.bad_frames,
        uptime_s=report.uptime_ms / 1000,
    )


def details(identity: wire.Identity) -> dict[str, str]:
    """Who the board is, in words."""
    cause = identity.reset_cause
    return {
        "maker": "Loket",
        "model": "power board",
        "firmware": ".".join(map(str, identity.firmware)),
        "serial": identity.uid.hex(),
        "last reset": wire.RESET_CAUSES[cause] if cause < len(wire.RESET_CAUSES) else str(cause),
    }


class PowerBoard:
    """Driver of the power board. `deadman_s`: how long it holds the relays without hearing of us (0.5..30 s)."""

    def __init__(self, name: str, deadman_s: float = wire.DEADMAN_MS / 1000) -> None:
        self.name = name
        self._deadman_ms = round(deadman_s * 1000)
        self._drive_s = min(DRIVE_S, deadman_s / 3)
        self._wanted: int | None = None
        self._seq = 0
        self._open = False
        self._begin_anew(0.0)

    def _begin_anew(self, now: float) -> None:
        self._out = b""
        self._decoder = wire.Decoder()
        self._known = self._online = self._lost = self._foreign = False
        self._details: dict[str, str] = {}
        self._uptime_ms = 0
        self._heard = now
        self._ask_at = self._drive_at = now

    # --- the runtime's side ------------------------------------------------------------------------

    def opened(self, now: float) -> list[Event]:
        """Ask who is there."""
        self._open = True
        self._begin_anew(now)
        self._speak(now)
        return []

    def closed(self, now: float, error: str) -> list[Event]:
        """The port is gone. What was wanted is wanted still, when it is back."""
        self._open = False
        self._begin_anew(now)
        return [DeviceLost(self.name, f"the port is gone: {error}", LOST_REMEDY)]

    def send(self, request: Request, now: float) -> list[Event]:
        """Relays that shall be held from now on; what the board makes of it stands in its readings."""
        if not isinstance(request, DriveRelays):
            name = type(request).__name__
            return [RequestFailed(self.name, name, f"a power board cannot do {name}")]
        self._wanted = sum(1 << n for n, relay in enumerate(_RELAYS) if relay in request.on)
        self._drive_at = now
        if self._open:
            self._speak(now)
        return []

    def outgoing(self) -> bytes:
        """Bytes for the port."""
        out, self._out = self._out, b""
        return out

    def next_wakeup(self) -> float | None:
        """When the relays are to be told again, the board is asked again, or its silence is too long."""
        if not self._open:
            return None
        times = [self._drive_at] if self._driving else []
        times += [] if self._known else [self._ask_at]
        times += [] if self._lost else [self._heard + SILENCE_S]
        return min(times, default=None)

    def wakeup(self, now: float) -> list[Event]:
        """Speak, and count the silence."""
        if not self._open:
            return []
        events: list[Event] = []
        if not self._lost and now >= self._heard + SILENCE_S:
            self._lost, self._known, self._online, self._foreign = True, False, False, False
            self._ask_at = now
            events = [DeviceLost(self.name, "the power board does not report", LOST_REMEDY)]
        self._speak(now)
        return events

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Frames come in any portions."""
        bad = self._decoder.bad_frames
        events: list[Event] = []
        for frame in self._decoder.receive(data):
            events += self._frame(frame, now)
        if self._decoder.bad_frames != bad:
            events.append(FrameRejected(self.name, self._decoder.bad_reason, self._decoder.bad_beginning))
        self._speak(now)
        return told_once(events)

    # --- inside ------------------------------------------------------------------------------------

    @property
    def _driving(self) -> bool:
        """A board of another version might take the same bits for other relays: it is told nothing."""
        return self._wanted is not None and not self._foreign

    def _speak(self, now: float) -> None:
        if not self._open:
            return
        if not self._known and now >= self._ask_at:
            self._out += wire.identify(self._next())
            self._ask_at = now + (MISMATCH_S if self._foreign else ASK_S)
        if self._driving and now >= self._drive_at:
            self._out += wire.drive(self._next(), self._wanted or 0)
            self._drive_at = now + self._drive_s

    def _next(self) -> int:
        self._seq = (self._seq + 1) & 0xFFFF
        return self._seq

    def _frame(self, frame: wire.Frame, now: float) -> list[Event]:
        self._heard, self._lost = now, False
        if frame.kind == wire.IDENTITY:
            return self._identity(frame, now)
        if frame.version != wire.VERSION:
            return self._stranger(frame.version, now)
        report = wire.read_report(frame.payload) if frame.kind == wire.REPORT else None
        if report is None:
            return [FrameRejected(self.name, f"no report: kind {frame.kind}", frame.payload[:32])]
        if report.uptime_ms < self._uptime_ms:  # It began anew, in its safe state.
            self._known, self._ask_at, self._drive_at = False, now, now
        self._uptime_ms = report.uptime_ms
        return [read(self.name, report)] if self._online else []

    def _identity(self, frame: wire.Frame, now: float) -> list[Event]:
        identity = wire.read_identity(frame.payload)
        if identity is None:
            return [FrameRejected(self.name, "an identity that cannot be read", frame.payload[:32])]
        if identity.protocol != wire.VERSION or frame.version != wire.VERSION:
            return self._stranger(identity.protocol, now)
        first, self._known, self._foreign = not self._known, True, False
        if first and identity.deadman_ms != self._deadman_ms:  # Once: the board may keep to bounds of its own.
            self._out += wire.config(self._next(), self._deadman_ms)
        told = details(identity)
        if self._online and told == self._details:
            return []
        self._online, self._details = True, told
        return [DeviceOnline(self.name, dict(told))]

    def _stranger(self, protocol: int, now: float) -> list[Event]:
        """A board whose frames mean something else. It stays in its safe state, since it is not driven."""
        told, self._foreign = self._foreign, True
        self._known = self._online = False
        if told:
            return []
        self._ask_at = now + MISMATCH_S
        error = f"the power board speaks version {protocol} of the protocol, this program version {wire.VERSION}"
        return [DeviceFault(self.name, ("version-mismatch",), error, FLASH_REMEDY)]
