"""The power board without its hardware: bytes and readings in, bytes and relays out. Runs on CPython as well.

`main.py` binds it to the chip; a bench may drive it in virtual time:

    board = Board()
    board.sense(2300, 0, 2640, wire.C_ATS_MAINS, False, now_ms)   # whenever a reading changed, and after next_ms()
    board.receive(data, now_ms)                                  # bytes from the controller
    port.write(board.outgoing())                                 # bytes for it
    coils.set(board.relays())                                    # bits of power_wire.RELAYS
    wait(board.next_ms(now_ms))

`now_ms`: any integer of ms; only its lowest 30 bits and only differences count, so it may wrap.
"""

try:
    from contract import power_wire as wire
    from firmware import interlock
except ImportError:  # on the board
    import interlock  # type: ignore[import-not-found, no-redef]
    import power_wire as wire  # type: ignore[import-not-found, no-redef]

FIRMWARE = (1, 0, 0)
#: Contacts wired to the board: all but the mains contact and the door, which are the controller's.
WIRED = wire.C_RUNNING | wire.C_FAULT | wire.C_FUEL_LOW | wire.C_ATS_MAINS | wire.C_ATS_GENSET

_VOLTS_STEP_DV = 50  # a change that is told at once
_EVENT_GAP_MS = 20  # between two reports; a change in between is told with the next
_OUT_MAX = 1024  # bytes not yet written; older than that is not worth a line
_U16 = 0xFFFF


class Board:
    """One power board since its start. Safe until the controller drives; safe again when it falls silent."""

    def __init__(
        self,
        uid: bytes = b"\0\0\0\0\0\0\0\0",
        reset_cause: int = 1,
        watchdog_resets: int = 0,
        watchdog_ms: int = 0,
        wired: int = WIRED,
        limits: "interlock.Limits | None" = None,
        deadman_ms: int = wire.DEADMAN_MS,
    ) -> None:
        self.limits = limits or interlock.Limits()
        self.report = wire.Report()
        self.report.wired = wired
        self.report.watchdog_resets = watchdog_resets
        self.identity = wire.Identity()
        self.identity.firmware = FIRMWARE
        self.identity.reset_cause = reset_cause
        self.identity.uid = (bytes(uid) + bytes(8))[:8]
        self.identity.watchdog_ms = watchdog_ms
        self.identity.deadman_ms = deadman_ms
        self._state = interlock.State()
        self._decoder = wire.Decoder()
        self._out = b""
        self._seq = 0
        self._at = None  # type: int | None
        self._silent_ms = 0
        self._tripped = False
        self._since_report_ms = wire.HEARTBEAT_MS
        self._changed = False
        self._told = (-1, -1, -1, False, False)
        self._told_dv = (0, 0)
        self._low_dv = _U16
        self._sensed = False
        self._dip = True

    def receive(self, data: bytes, now_ms: int) -> None:
        """Bytes from the controller. Never raises, whatever they are."""
        self._pass(now_ms)
        asked = False
        for frame in self._decoder.receive(data):
            asked = self._obey(frame) or asked
        self.report.bad_frames = self._decoder.bad_frames
        self._decide(now_ms)
        if asked:
            self._tell()

    def sense(self, mains_dv: int, genset_dv: int, battery_cv: int, contacts: int, tamper: bool, now_ms: int) -> None:
        """All readings of one moment: 0.1 V RMS, 0.1 V RMS, 0.01 V, bits of power_wire.CONTACTS."""
        self._pass(now_ms)
        report = self.report
        report.mains_dv = max(0, min(_U16, mains_dv))
        report.genset_dv = max(0, min(_U16, genset_dv))
        report.battery_cv = max(0, min(_U16, battery_cv))
        report.contacts = contacts & report.wired
        report.tamper = tamper
        self._low_dv = min(self._low_dv, report.mains_dv)
        if not self._dip and report.mains_dv < self.limits.mains_absent_dv:
            self._dip = True
            report.dips += 1
        elif report.mains_dv >= self.limits.mains_present_dv:
            self._dip = False
        self._sensed = True
        self._decide(now_ms)

    def outgoing(self) -> bytes:
        """Bytes for the controller; each is given once."""
        out = self._out
        self._out = b""
        return out

    def relays(self) -> int:
        """Bits of power_wire.RELAYS that hold now."""
        return self.report.relays

    def next_ms(self, now_ms: int) -> int:
        """In how many ms at the latest `sense` wants to be called again, the same readings included; at least 1."""
        gap = 0 if self._at is None else max(0, interlock.ticks_diff(now_ms, self._at))
        left = min(
            (_EVENT_GAP_MS if self._changed else wire.HEARTBEAT_MS) - self._since_report_ms,
            interlock.next_ms(self._state, self.limits),
        )
        if self.report.driven:
            left = min(left, self.identity.deadman_ms - self._silent_ms)
        return max(1, left - gap)

    @property
    def ready(self) -> bool:
        """It has had its first readings."""
        return self._sensed

    @property
    def tripped(self) -> bool:
        """The deadman has tripped, and the controller has not driven since."""
        return self._tripped

    # --- inside -------------------------------------------------------------------------------------------

    def _pass(self, now_ms: int) -> None:
        """Let time pass up to now, before anything new is looked at: a silence that is over has still been one."""
        passed = 0 if self._at is None else interlock.ticks_diff(now_ms, self._at)
        if self._at is None or passed > 0:
            self._at = now_ms
        if passed <= 0:
            return
        self.report.uptime_ms += passed
        self._since_report_ms = min(60000, self._since_report_ms + passed)
        self._silent_ms = min(60000, self._silent_ms + passed)
        if self.report.driven and self._silent_ms >= self.identity.deadman_ms:
            self.report.driven = False
            self._tripped = True
            self.report.deadman_trips += 1

    def _obey(self, frame: wire.Frame) -> bool:
        """Do what a frame says; True when it wants a report."""
        if frame.version != wire.VERSION:
            self._answer_identity()
            return False
        wanted = wire.read_drive(frame.payload) if frame.kind == wire.DRIVE else None
        deadman_ms = wire.read_config(frame.payload) if frame.kind == wire.CONFIG else None
        if wanted is not None:
            self.report.wanted = wanted
            self.report.heard = frame.seq
            self.report.driven = True
            self._tripped = False
        elif deadman_ms is not None:
            self.identity.deadman_ms = deadman_ms
            self._answer_identity()
        elif frame.kind == wire.IDENTIFY:
            self._answer_identity()
        elif frame.kind != wire.ASK:
            return False
        self._silent_ms = 0
        return frame.kind == wire.ASK

    def _answer_identity(self) -> None:
        self.identity.uptime_ms = self.report.uptime_ms
        self._send(wire.IDENTITY, self.identity.encode())

    def _decide(self, now_ms: int) -> None:
        if not self._sensed:  # nothing is known yet: the relays stay as at the start
            return
        report = self.report
        wanted = report.wanted if report.driven else wire.SAFE
        relays, refused = interlock.decide(
            self._state, wanted, report.mains_dv, report.genset_dv, report.contacts, report.wired, now_ms, self.limits
        )
        report.relays = relays
        report.refused = refused | (wire.R_DEADMAN if self._tripped else 0)
        now = (report.contacts, relays, report.refused, report.tamper, report.driven)
        volts = max(abs(report.mains_dv - self._told_dv[0]), abs(report.genset_dv - self._told_dv[1]))
        if now != self._told or volts >= _VOLTS_STEP_DV:
            self._changed = True
        due = _EVENT_GAP_MS if self._changed else wire.HEARTBEAT_MS
        if self._since_report_ms >= due:
            self._tell()

    def _tell(self) -> None:
        """One report. Nothing is told before the first readings: zeros would be an outage."""
        if not self._sensed:
            return
        report = self.report
        report.mains_low_dv = min(self._low_dv, report.mains_dv)
        self._low_dv = report.mains_dv
        self._told = (report.contacts, report.relays, report.refused, report.tamper, report.driven)
        self._told_dv = (report.mains_dv, report.genset_dv)
        self._changed = False
        self._since_report_ms = 0
        self._send(wire.REPORT, report.encode())

    def _send(self, kind: int, payload: bytes) -> None:
        self._seq = (self._seq + 1) & 0xFFFF
        frame = wire.frame(kind, self._seq, payload)
        self._out = frame if len(self._out) + len(frame) > _OUT_MAX else self._out + frame
