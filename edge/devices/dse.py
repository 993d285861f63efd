"""Genset controller of Deep Sea by GenComm, Modbus RTU: 19200 8N1, functions 3 and 16.

Every figure of a reading comes from one sweep over a few blocks of registers. A sweep that was disturbed, by a lost
answer or by an order to the engine, is thrown away and begun anew, so that no reading mixes two moments. That an order
was acknowledged proves nothing (some models advertise the telemetry start and lack it): only readings confirm it.
"""

from __future__ import annotations

import struct

from pymodbus.exceptions import ModbusException
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU, ModbusPDU
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadHoldingRegistersResponse,
    WriteMultipleRegistersRequest,
    WriteMultipleRegistersResponse,
)

from edge.core.events import (
    DeviceLost,
    DeviceOnline,
    Event,
    FrameRejected,
    GensetReading,
    RequestConfirmed,
    RequestFailed,
)
from edge.core.requests import Request, StartGenset, StopGenset
from edge.devices import gencomm
from edge.devices.gencomm import Block
from edge.devices.noise import told_once

REPLY_S = 1.0
MISSES = 3
QUIET_S = 0.25
"""Silence after a disturbance, so that a late answer is not taken for the next one."""
LOST_POLL_S = 2.0
TRIES = 3
START_S = 20.0
"""How long an engine may take to stir after a start was acknowledged."""
STOP_S = 180.0
"""How long it may take to begin its cool-down: the controller has a return delay of its own."""
LONGEST = 264

LOST_REMEDY = (
    "Check that the genset's controller is on, its cable (RS-485: A and B), and baud and unit in the booth file"
)
_ABSENT = (1, 2, 3)
_BUSY = (5, 6)
_EXCEPTIONS = {
    1: "function not known",
    2: "address not known",
    3: "value not taken",
    4: "no such unit, or it failed",
    5: "busy with it",
    6: "busy",
    10: "gateway: no path",
    11: "gateway: no such unit",
}


class Dse:
    """Driver of one genset controller: asks who is there, then sweeps every `poll_s` seconds.

    `gap_s`: silence between an answer and the next question (RTU asks for 3.5 characters: 2 ms at 19200 baud).
    """

    def __init__(self, name: str, unit: int = 10, poll_s: float = 1.0, gap_s: float = 0.005) -> None:
        self.name = name
        self._unit = unit
        self._poll_s = poll_s
        self._gap_s = max(gap_s, 0.001)
        decoder = DecodePDU(False)
        # Nothing but what we ask for is a frame: the fewer functions, the sooner it finds the beginning after noise.
        decoder.pdu_table = {3: decoder.pdu_table[3], 16: decoder.pdu_table[16]}
        self._framer = FramerRTU(decoder)
        self._open = False
        self._begin_anew(0.0)

    def _begin_anew(self, now: float) -> None:
        self._out = b""
        self._sent = b""
        self._buffer = bytearray()
        self._asked: Block | Request | None = None
        self._deadline = 0.0
        self._due = now
        self._began = now
        self._misses = 0
        self._known = self._lost = False
        self._plan: list[Block] = []
        self._words = gencomm.Words()
        self._absent: set[Block] = set()
        self._alarms: Block | None = None
        self._can_start: bool | None = None
        self._last: GensetReading | None = None
        self._request: Request | None = None
        self._to_write = False
        self._tries = 0
        self._effect_by = float("inf")

    # --- the runtime's side ------------------------------------------------------------------------

    def opened(self, now: float) -> list[Event]:
        """Ask who is there."""
        self._open = True
        self._begin_anew(now)
        self._ask_next(now)
        return []

    def closed(self, now: float, error: str) -> list[Event]:
        """The port is gone."""
        events = self._given_up("the port is gone")
        self._open = False
        self._begin_anew(now)
        return [DeviceLost(self.name, f"the port is gone: {error}", LOST_REMEDY), *events]

    def send(self, request: Request, now: float) -> list[Event]:
        """Start or stop; a newer order takes the place of an older one."""
        name = type(request).__name__
        if not isinstance(request, StartGenset | StopGenset):
            return [RequestFailed(self.name, name, f"a genset controller cannot do {name}")]
        if not self._open:
            return [RequestFailed(self.name, name, "the port is not open")]
        events: list[Event] = []
        if self._request is not None and type(self._request) is not type(request):
            events = self._given_up(f"{name} took its place")
        self._request, self._to_write, self._tries, self._effect_by = request, True, 0, float("inf")
        if self._asked is None:
            self._due = min(self._due, now + self._gap_s)
        return events

    def outgoing(self) -> bytes:
        """Bytes for the port."""
        out, self._out = self._out, b""
        return out

    def next_wakeup(self) -> float | None:
        """When the answer is late, the next question is due, or an order has had its time."""
        if not self._open:
            return None
        return min(self._due if self._asked is None else self._deadline, self._effect_by)

    def wakeup(self, now: float) -> list[Event]:
        """Count an answer that did not come, or ask the next question."""
        events: list[Event] = []
        if not self._open:
            return events
        if now >= self._effect_by:
            events += self._without_effect()
        if self._asked is not None and now >= self._deadline:
            half = bytes(self._buffer[:32])
            events += [FrameRejected(self.name, "an answer without an end", half)] if half else []
            what = "sends no whole answer" if half else "does not answer"
            events += self._failed(f"the genset's controller {what}", now)
        elif self._asked is None and now >= self._due:
            self._ask_next(now)
        return events

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Answers come one at a time: whatever is more than one is noise."""
        if self._asked is None:
            return [FrameRejected(self.name, "nobody asked for this", data[:32])] if data else []
        self._buffer += data[: LONGEST + len(self._sent) + 1]
        if self._buffer.startswith(self._sent):  # An RS-485 adapter that hears itself.
            del self._buffer[: len(self._sent)]
            self._sent = b""
        if len(self._buffer) > LONGEST:
            return self._rejected("longer than any answer", now)
        try:
            used, unit, _, pdu = self._framer.decode(bytes(self._buffer))
        except (ModbusException, ValueError, LookupError, struct.error):
            return self._rejected("no Modbus frame", now)
        if not used:
            return []
        if not pdu:
            return self._rejected("the check sum is wrong", now)
        if unit != self._unit:
            return self._rejected(f"an answer of unit {unit}", now)
        answer = self._framer.decoder.decode(pdu)
        if answer is None:
            return self._rejected("no answer that we know", now)
        return told_once(self._answer(answer, now))

    # --- questions and answers ---------------------------------------------------------------------

    def _ask_next(self, now: float) -> None:
        asked: Block | Request
        message: ModbusPDU
        if self._to_write and self._request is not None and self._known:
            asked = self._request
            key = gencomm.TELEMETRY_START if isinstance(asked, StartGenset) else gencomm.TELEMETRY_STOP
            message = WriteMultipleRegistersRequest(
                dev_id=self._unit, address=gencomm.KEY, registers=[key, 0xFFFF - key]
            )
            self._tries += 1
            self._plan = []
        else:
            if not self._plan:
                self._began, self._words, self._plan = now, gencomm.Words(), self._sweep()
            asked = self._plan[0]
            message = ReadHoldingRegistersRequest(dev_id=self._unit, address=asked.address, count=asked.count)
        self._asked, self._deadline = asked, now + REPLY_S
        self._buffer.clear()
        self._sent = self._framer.buildFrame(message)
        self._out += self._sent

    def _sweep(self) -> list[Block]:
        if not self._known:
            return [gencomm.IDENTITY, gencomm.SUPPORTED, Block(gencomm.NEW_ALARMS, 1), Block(gencomm.OLD_ALARMS, 1)]
        wanted = [gencomm.IDENTITY, gencomm.BASIC, gencomm.STATE, gencomm.TOTALS]
        wanted += [self._alarms] if self._alarms else []
        return [block for block in wanted if block not in self._absent]

    def _answer(self, answer: ModbusPDU, now: float) -> list[Event]:
        asked = self._asked
        if asked is None:
            return []
        if answer.isError():
            return self._refused(asked, answer.exception_code, now)
        if isinstance(asked, Request):
            if not isinstance(answer, WriteMultipleRegistersResponse) or answer.address != gencomm.KEY:
                return self._rejected("the answer to another question", now)
            self._to_write, self._asked, self._plan = False, None, []
            self._effect_by = now + (START_S if isinstance(asked, StartGenset) else STOP_S)
            self._due = now + self._gap_s
            return []
        if not isinstance(answer, ReadHoldingRegistersResponse) or len(answer.registers) != asked.count:
            return self._rejected("the answer to another question", now)
        self._words.add(asked, answer.registers)
        return self._go_on(now)

    def _go_on(self, now: float) -> list[Event]:
        """The question in hand is answered."""
        self._asked = None
        self._due = now + self._gap_s
        if self._to_write and self._known:
            self._plan = []
            return []
        del self._plan[0]
        return [] if self._plan else self._swept(now)

    def _swept(self, now: float) -> list[Event]:
        self._misses = 0
        if not self._known:
            return self._identified()
        self._due = max(self._began + self._poll_s, self._due)
        reading = gencomm.reading(self.name, self._words, self._alarms, self._can_start)
        self._last = reading
        events: list[Event] = [reading]
        request = self._request
        if request is not None and self._tries and gencomm.confirms(isinstance(request, StartGenset), reading):
            events.append(RequestConfirmed(self.name, type(request).__name__))
            self._forget()
        return events

    def _identified(self) -> list[Event]:
        self._known, self._lost = True, False
        bitmap = [self._words.raw(gencomm.KEYS + at) for at in range(gencomm.SUPPORTED.count)]
        told = [word for word in bitmap if word is not None]
        self._can_start = None
        if len(told) == len(bitmap):
            keys = (gencomm.TELEMETRY_START, gencomm.TELEMETRY_STOP)
            self._can_start = all(gencomm.supports(told, key) for key in keys)
        pages = (gencomm.NEW_ALARMS, gencomm.OLD_ALARMS)
        blocks = [gencomm.alarm_block(base, self._words.u16(base)) for base in pages]
        self._alarms = blocks[0] or blocks[1]
        return [DeviceOnline(self.name, gencomm.details(self._words))]

    # --- what goes wrong ---------------------------------------------------------------------------

    def _refused(self, asked: Block | Request, code: int, now: float) -> list[Event]:
        why = f"exception {code} ({_EXCEPTIONS.get(code, 'unknown')})"
        if isinstance(asked, Request):
            self._asked, self._due = None, now + QUIET_S
            return [] if code in _BUSY and self._tries < TRIES else self._given_up(f"refused with {why}")
        if not asked.needed and code in _ABSENT:
            self._absent.add(asked)
            return self._go_on(now)
        return self._failed(f"the genset's controller refuses its registers with {why}", now)

    def _rejected(self, reason: str, now: float) -> list[Event]:
        beginning = bytes(self._buffer[:32])
        failed = self._failed(f"the genset's controller sends what cannot be read: {reason}", now)
        return [FrameRejected(self.name, reason, beginning), *failed]

    def _failed(self, error: str, now: float) -> list[Event]:
        """The sweep is worth nothing any more. A write is tried again: twice does no harm."""
        events: list[Event] = []
        if isinstance(self._asked, Request) and self._tries >= TRIES:
            events = self._given_up(error)
        self._asked, self._plan = None, []
        self._buffer.clear()
        self._misses += 1
        if self._misses < MISSES:
            self._due = now + QUIET_S
            return events
        self._due = now + max(self._poll_s, LOST_POLL_S)
        self._known = False
        self._absent.clear()
        if self._lost:
            return events
        self._lost = True
        return [
            DeviceLost(self.name, error, LOST_REMEDY),
            *events,
            *self._given_up("the link to the controller is lost"),
        ]

    def _without_effect(self) -> list[Event]:
        limit = START_S if isinstance(self._request, StartGenset) else STOP_S
        mode = self._last.mode if self._last else None
        hint = "" if mode in (None, "auto") else f": the controller's mode is {mode}, set it to auto"
        return self._given_up(f"no effect within {limit:.0f} s{hint}")

    def _given_up(self, error: str) -> list[Event]:
        request = self._request
        self._forget()
        return [] if request is None else [RequestFailed(self.name, type(request).__name__, error)]

    def _forget(self) -> None:
        self._request, self._to_write, self._tries, self._effect_by = None, False, 0, float("inf")
