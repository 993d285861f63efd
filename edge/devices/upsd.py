"""Any UPS that NUT supports, read through NUT's `upsd` (TCP 3493): one `LIST VAR` is one reading.

`upsd` that has lost its UPS says so; that is a lost UPS, never an outage. Commands need a user of `upsd.users` with
`actions = SET` and `instcmds = ALL`; each is proved by reading the status again. How old a status is `upsd` does not
tell: up to its driver's `pollinterval`, and up to MAXAGE (15 s) when that driver hangs.
"""

from __future__ import annotations

import math

from edge.core.events import DeviceFault, DeviceLost, DeviceOnline, Event, FrameRejected, RequestFailed, UpsReading
from edge.core.requests import CutAndRestore, Request
from edge.devices.noise import told_once
from edge.devices.ups_errands import Errands
from edge.devices.upsd_wire import details, instant, quote, read_vars, words

REPLY_S = 2.0
MISSES = 2
FAST_S = 0.5
EFFECT_S = 8.0
"""NUT's driver looks at the status every 2 s unless told otherwise, and at the rest every 30 s."""
LONGEST = 4096
MOST = 1000
"""Variables of one list that are kept."""

LOST_REMEDY = "Check that NUT runs (systemctl status nut-server) and listens on the port of the booth file."
FAILED_REMEDY = "The UPS reports an internal failure: note its panel's code, put the booth on the bypass, replace it."
USER_REMEDY = "give upsd.users a user with actions = SET and instcmds = ALL, and the booth file its name and password"
_REMEDIES = {
    "DATA-STALE": "NUT has lost the UPS: check that it is on, and its cable; `upsdrvctl start` restarts NUT's driver.",
    "DRIVER-NOT-CONNECTED": "NUT's driver for the UPS does not run: `upsdrvctl start`, then look into its log.",
    "UNKNOWN-UPS": "NUT has no UPS of that name: `upsc -l` lists them; write one of them as `ups` in the booth file.",
    "ACCESS-DENIED": f"NUT refuses the user: {USER_REMEDY}.",
}


class Upsd:
    """Driver of one UPS of one `upsd`. `ups_name`: as in its ups.conf."""

    def __init__(self, name: str, ups_name: str, poll_s: float = 1.0, username: str = "", password: str = "") -> None:
        self.name = name
        self._ups = ups_name
        self._poll_s = poll_s
        self._login = [f"USERNAME {quote(username)}", f"PASSWORD {quote(password)}"] if username else []
        self._errands = Errands(name, EFFECT_S)
        self._open = False
        self._out = b""
        self._buffer = bytearray()
        self._to_ask: list[str] = []
        self._asked = ""
        self._deadline = 0.0
        self._next_poll = 0.0
        self._misses = 0
        self._online = False
        self._lost = ""
        self._failed = False
        self._hurry = False
        self._list: dict[str, str] | None = None
        self._told: dict[str, str] = {}
        self._instant: frozenset[str] = frozenset()
        self._stuck: CutAndRestore | None = None

    def opened(self, now: float) -> list[Event]:
        """Log in, ask what the UPS can do, then for its variables."""
        self._open = True
        self._buffer.clear()
        self._out, self._asked, self._lost = b"", "", ""
        self._misses = 0
        self._online = self._failed = self._hurry = False
        self._list, self._told, self._stuck = None, {}, None
        self._to_ask = [*self._login, f"LIST CMD {self._ups}"]
        self._next_poll = now
        self._ask_next(now)
        return []

    def closed(self, now: float, error: str) -> list[Event]:
        """`upsd` is gone."""
        self._open = self._online = False
        self._out, self._to_ask, self._asked = b"", [], ""
        self._lost = f"no connection to NUT: {error}"
        return [*self._errands.lost(self._lost), DeviceLost(self.name, self._lost, LOST_REMEDY)]

    def send(self, request: Request, now: float) -> list[Event]:
        """Answered by RequestConfirmed once the status proves it, or by RequestFailed."""
        if not self._open or self._lost:
            why = self._lost or "NUT does not answer"
            return [RequestFailed(self.name, type(request).__name__, why)]
        if not self._login:
            return [RequestFailed(self.name, type(request).__name__, f"NUT wants a user for that: {USER_REMEDY}")]
        events = self._errands.add(request)
        if self._errands.busy and not self._asked:
            self._next_poll = now
            self._ask_next(now)
        return events

    def outgoing(self) -> bytes:
        """Bytes for the port."""
        out, self._out = self._out, b""
        return out

    def next_wakeup(self) -> float | None:
        """When the answer is late, or the next poll is due."""
        if not self._open:
            return None
        return self._deadline if self._asked else self._next_poll

    def wakeup(self, now: float) -> list[Event]:
        """Count an answer that did not come, or ask again."""
        events: list[Event] = []
        if self._open and self._asked and now >= self._deadline:
            self._misses += 1
            self._asked, self._list = "", None
            self._next_poll = max(now, self._next_poll)
            if self._misses >= MISSES:
                events = self._gone("NUT does not answer", LOST_REMEDY)
        if self._open and not self._asked and now >= self._next_poll:
            self._ask_next(now)
        return events

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Lines end in LF."""
        events: list[Event] = []
        self._buffer += data
        while (end := self._buffer.find(b"\n")) >= 0:
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            events += self._line(line, now)
        if len(self._buffer) > LONGEST:
            events.append(FrameRejected(self.name, "no end of line", bytes(self._buffer[:32])))
            self._buffer.clear()
        return told_once(events)

    # --- asking ----------------------------------------------------------------------------------------

    def _ask_next(self, now: float) -> None:
        if not self._to_ask:
            request = self._errands.to_send(now)
            self._to_ask = self._orders(request) if request is not None else []
        poll = f"LIST VAR {self._ups}"
        self._asked = self._to_ask.pop(0) if self._to_ask else poll
        self._out += self._asked.encode("utf-8", "replace") + b"\n"
        self._deadline = now + REPLY_S
        if self._asked == poll:
            self._next_poll = now + (min(self._poll_s, FAST_S) if self._hurry else self._poll_s)

    def _orders(self, request: Request) -> list[str]:
        """The lines that carry a request out; a command that the UPS lacks is refused by `upsd`."""
        order = f"INSTCMD {self._ups} {instant(request, self._instant)}"
        if not isinstance(request, CutAndRestore):
            return [order]
        self._stuck = request
        # NUT's Megatec driver rounds down to 6 s, and from 60 s to whole minutes.
        step = 6 if request.off_s <= 54 else 60
        off = math.ceil(request.off_s / step - 1e-9) * step
        return [
            f'SET VAR {self._ups} ups.delay.shutdown "{off}"',
            f'SET VAR {self._ups} ups.delay.start "{request.back_min * 60}"',
            order,
        ]

    def _answered(self, now: float) -> None:
        self._asked = ""
        self._misses = 0
        if self._to_ask or now >= self._next_poll or not (self._online or self._lost):
            self._ask_next(now)

    # --- answers ---------------------------------------------------------------------------------------

    def _line(self, raw: bytes, now: float) -> list[Event]:
        try:
            said = words(raw.decode("utf-8"))
        except UnicodeDecodeError:
            said = []
        if len(raw) > LONGEST:
            said = []
        match said:
            case ["VAR", ups, variable, value] if ups == self._ups and self._list is not None:
                if len(self._list) < MOST:
                    self._list[variable] = value
            case ["CMD", ups, command] if ups == self._ups and self._list is not None:
                if len(self._list) < MOST:
                    self._list[command] = ""
            case ["BEGIN", *rest] if self._asked and self._asked == " ".join(rest):
                self._list = {}
            case ["END", *rest] if self._list is not None and self._asked == " ".join(rest):
                told, self._list = self._list, None
                return self._listed(told, now)
            case ["OK", *_] if self._asked and not self._asked.startswith("LIST"):
                self._after(now)
            case ["ERR", code, *_] if self._asked:
                return self._error(code, now)
            case _:
                return [FrameRejected(self.name, "no answer of upsd", raw[:32])]
        return []

    def _after(self, now: float) -> None:
        """Done; the status that proves it is asked for anew."""
        if self._asked.startswith("INSTCMD"):
            self._next_poll, self._hurry, self._stuck = now, True, None
        self._answered(now)

    def _listed(self, told: dict[str, str], now: float) -> list[Event]:
        if self._asked.startswith("LIST CMD"):
            self._instant = frozenset(told)
            self._answered(now)
            return []
        reading = read_vars(self.name, told)
        if reading is None:
            self._answered(now)
            return self._gone("NUT waits for the UPS's first status", _REMEDIES["DATA-STALE"])
        self._told = told
        events = self._reading(reading, now)
        self._answered(now)
        return events

    def _reading(self, reading: UpsReading, now: float) -> list[Event]:
        events: list[Event] = []
        if not self._online or (self._failed and not reading.failed):
            events.append(DeviceOnline(self.name, details(self._told)))
        if reading.failed and not (self._failed and self._online):
            events.append(DeviceFault(self.name, ("ups-failed",), "the UPS says that it has failed", FAILED_REMEDY))
        self._online, self._lost, self._failed = True, "", reading.failed
        events += [reading, *self._errands.seen(reading, now)]
        self._hurry = reading.utility_fail or reading.testing or self._errands.busy
        if self._hurry:
            self._next_poll = min(self._next_poll, now if self._errands.ready else now + FAST_S)
        return events

    def _error(self, code: str, now: float) -> list[Event]:
        asked, self._asked, self._list = self._asked, "", None
        self._misses = 0
        events: list[Event] = []
        if asked.startswith("LIST VAR"):
            self._next_poll = max(self._next_poll, now + min(self._poll_s, FAST_S))
            return self._gone(f"NUT says {code}", _REMEDIES.get(code, LOST_REMEDY))
        if asked.startswith("INSTCMD"):
            events = self._errands.refused(self._refusal(code))
        elif asked.startswith("SET VAR") and "delay.shutdown" in asked and self._too_soon():
            self._to_ask = []
            events = self._errands.refused(f"NUT says {code}, and the UPS would cut sooner than it may")
        self._answered(now)
        return events

    def _refusal(self, code: str) -> str:
        if code == "CMD-NOT-SUPPORTED":
            return "NUT has no such command for this UPS (upscmd -l lists them)"
        return f"NUT says {code}: {USER_REMEDY}" if code == "ACCESS-DENIED" else f"NUT says {code}"

    def _too_soon(self) -> bool:
        """Whether the delay that cannot be set is shorter than what was asked for."""
        try:
            return self._stuck is not None and float(self._told["ups.delay.shutdown"]) < self._stuck.off_s
        except (KeyError, ValueError):
            return True

    def _gone(self, error: str, remedy: str) -> list[Event]:
        if error == self._lost:
            return []
        self._lost, self._online, self._hurry = error, False, False
        if not self._to_ask:
            self._to_ask = [f"LIST CMD {self._ups}"]  # It may be another UPS next time.
        return [*self._errands.lost(error), DeviceLost(self.name, error, remedy)]
