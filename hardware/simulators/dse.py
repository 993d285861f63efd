"""A Deep Sea genset controller: GenComm as a Modbus RTU slave, and the crank, warming and cooling it does by itself.

Source: the GenComm standard and the makers' manuals: functions 3 and 16 only; a request for another address is not
answered; a control key counts only together with its complement, in one write.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, fields, replace

from hardware.simulators.dse_map import (
    ALARM_PLACES,
    KEY_REGISTER,
    NAMED_ALARMS,
    OLD_ALARMS,
    SHUTDOWN,
    TRIP,
    WARNING,
    Registers,
    crc16,
)
from hardware.simulators.engine import Engine
from hardware.simulators.wire import Wire, earliest

STOP, AUTO, MANUAL, TEST = 0, 1, 2, 3
_KEYS = {"stop": 35700, "auto": 35701, "manual": 35702, "test": 35703, "start": 35705, "mute": 35706, "reset": 35707}
_TELEMETRY_START, _TELEMETRY_CANCEL, _RESET = 35732, 35733, 35734
_ILLEGAL_FUNCTION, _ILLEGAL_ADDRESS, _ILLEGAL_VALUE = 1, 2, 3
_FRAME_GAP = 0.05
_EPS = 1e-6


@dataclass(frozen=True)
class DseModel:
    """The type plate and the times. Seconds; limits in kPa, deg C, volts, hertz, per cent.

    Maker 1 (Deep Sea), model 32840 = 7310 MKII, 4623 = 4620 (old alarms only). `senses_mains`: whether it has mains
    terminals; `maintenance_s`: run time between services.
    """

    maker: int = 1
    model: int = 32840
    serial: int = 20_417_331
    old_alarms: bool = True
    named_alarms: bool = True
    senses_mains: bool = True
    engine_state: bool = True
    start_delay_s: float = 1.0
    crank_s: float = 10.0
    rest_s: float = 10.0
    attempts: int = 3
    warm_up_s: float = 5.0
    cool_down_s: float = 60.0
    stop_s: float = 30.0
    safety_on_s: float = 8.0
    trip_s: float = 2.0
    maintenance_s: float = 250 * 3600.0
    oil_low_kpa: float = 100.0
    hot_c: float = 104.9
    warm_alarm_c: float = 98.0
    volts_low: float = 195.0
    volts_high: float = 265.0
    hertz_low: float = 46.0
    hertz_high: float = 55.0
    battery_low_v: float = 11.8
    fuel_low_pct: float = 20.0

    def quicker(self, factor: float) -> DseModel:
        """The same controller with the times of its sequence divided."""
        times = {each.name for each in fields(self) if each.name.endswith("_s") and each.name != "maintenance_s"}
        return replace(self, **{name: getattr(self, name) / factor for name in times})


@dataclass
class DseController:
    """The controller on its engine, whose master it is under the name "dse".

    Faults: `wire` (silent, garbage, delay, cut_after), `lacks_telemetry_start` (advertised, acknowledged, not done),
    `mode` (left in stop or manual by a technician). `mains_volts` is what its mains terminals see (a Site sets it).
    `alarms`: name -> level (2 warning, 3 shutdown, 4 electrical trip); shutdowns and trips stay until they are reset.
    """

    engine: Engine
    model: DseModel = field(default_factory=DseModel)
    address: int = 10
    mode: int = AUTO
    lacks_telemetry_start: bool = False
    mains_volts: float | None = None
    serviced_at: float | None = None
    """Run seconds at the last service; None: at the first look."""
    wire: Wire = field(default_factory=Wire)
    alarms: dict[str, int] = field(default_factory=dict)
    keys_written: list[int] = field(default_factory=list)
    _telemetry: bool = False
    _manual: bool = False
    _step: str = "stopped"
    _since: float = 0.0
    _clock: float | None = None
    _attempt: int = 0
    _suspect: dict[str, float] = field(default_factory=dict)
    _buffer: bytearray = field(default_factory=bytearray)
    _heard: float = 0.0

    # --- the sequence ------------------------------------------------------------------------------------------

    @property
    def wanted(self) -> bool:
        """Whether anything asks for the genset in the present mode."""
        if any(level >= SHUTDOWN for level in self.alarms.values()):
            return False
        return (
            (self.mode == AUTO and self._telemetry and not self.lacks_telemetry_start)
            or (self.mode == MANUAL and self._manual)
            or self.mode == TEST
        )

    @property
    def engine_state(self) -> int:
        """Register 1408."""
        order = {"stopped": 0, "delay": 1, "crank": 1, "rest": 1, "warming": 2, "running": 3, "cooling": 4}
        return order.get(self._step, 6)

    def advance(self, now: float) -> None:
        """Lets controller and engine live until `now`, in order."""
        if self._clock is None:
            self._clock = now
        # What was broken or mended from outside counts from the last moment reached.
        self._settle(self._clock)
        while (due := earliest(self._due(), self.engine.next_wakeup())) is not None and due <= now:
            self._clock = max(self._clock, due)
            self.engine.advance(self._clock)
            self._settle(self._clock)
        self._clock = max(self._clock, now)
        self.engine.advance(self._clock)
        self._settle(self._clock)

    def _due(self) -> float | None:
        """When the present step is over, or a suspicion has lasted long enough."""
        model = self.model
        lasts = {
            "delay": model.start_delay_s,
            "crank": model.crank_s,
            "rest": model.rest_s,
            "warming": model.warm_up_s,
            "cooling": model.cool_down_s,
            "stopping": model.stop_s,
        }.get(self._step)
        if self._step == "stopping" and "fail_to_stop" in self.alarms:
            lasts = None
        step = None if lasts is None else self._since + lasts
        armed = self._since + model.safety_on_s if self._step == "running" else None
        marks = [step, armed, *(since + model.trip_s for since in self._suspect.values())]
        return earliest(*(mark for mark in marks if mark is None or mark > (self._clock or 0.0) + _EPS))

    def _settle(self, now: float) -> None:
        for _ in range(8):
            before = self._step
            self._watch(now)
            self._advance_step(now)
            if self._step == before:
                return

    def _advance_step(self, now: float) -> None:
        step, engine, age = self._step, self.engine, now - self._since + _EPS
        shut_down = any(level == SHUTDOWN for level in self.alarms.values())
        if step == "stopped":
            if self.wanted:
                self._attempt = 0
                self._enter("delay", now)
        elif step in ("delay", "crank", "rest"):
            self._start_step(now, age)
        elif step in ("warming", "running", "cooling") and (
            shut_down or not engine.running or self.mode == STOP or (step == "warming" and not self.wanted)
        ):
            self._enter("stopping", now)
        elif step == "warming" and age >= self.model.warm_up_s:
            self._enter("running", now)
        elif step == "running" and not self.wanted:
            self._enter("cooling", now)
        elif step == "cooling":
            if self.wanted:
                self._enter("running", now)
            elif age >= self.model.cool_down_s:
                self._enter("stopping", now)
        elif step == "stopping":
            if engine.standing:
                self._enter("stopped", now)
            elif age >= self.model.stop_s and engine.running:
                self.alarms["fail_to_stop"] = SHUTDOWN

    def _start_step(self, now: float, age: float) -> None:
        step, model = self._step, self.model
        if not self.wanted:
            self._enter("stopping", now)
        elif step == "crank" and self.engine.running:
            self._enter("warming", now)
        elif step == "crank" and age >= model.crank_s:
            if self._attempt >= model.attempts:
                self.alarms["fail_to_start"] = SHUTDOWN
                self._enter("stopping", now)
            else:
                self._enter("rest", now)
        elif (step == "delay" and age >= model.start_delay_s) or (step == "rest" and age >= model.rest_s):
            self._attempt += 1
            self._enter("crank", now)

    def _enter(self, step: str, now: float) -> None:
        self._step, self._since = step, now
        on = step in ("crank", "warming", "running", "cooling")
        if on != ("dse" in self.engine.masters):
            self.engine.set_start(now, on, by="dse")

    # --- the alarms --------------------------------------------------------------------------------------------

    def _watch(self, now: float) -> None:
        engine, model = self.engine, self.model
        up = self._step in ("warming", "running", "cooling")
        armed = up and (self._step != "running" or now - self._since >= model.safety_on_s - _EPS)
        self._judge(now, "emergency_stop", engine.emergency_stop, SHUTDOWN, at_once=True)
        self._judge(now, "under_speed", up and not engine.running, SHUTDOWN, at_once=True)
        self._judge(now, "low_oil", up and engine.running_contact and engine.oil_kpa < model.oil_low_kpa, SHUTDOWN)
        self._judge(now, "hot", up and engine.coolant_c >= model.hot_c, SHUTDOWN, at_once=True)
        armed = armed and self._step != "warming" and engine.running
        self._judge(now, "low_volts", armed and engine.volts < model.volts_low, TRIP)
        self._judge(now, "high_volts", armed and engine.volts > model.volts_high, TRIP)
        self._judge(now, "low_hertz", armed and engine.hertz < model.hertz_low, TRIP)
        self._judge(now, "high_hertz", armed and engine.hertz > model.hertz_high, TRIP)
        self._judge(now, "battery_low", not engine.cranking and engine.battery_v < model.battery_low_v, WARNING)
        self._judge(now, "fuel_low", engine.fuel_percent <= model.fuel_low_pct + _EPS, WARNING)
        self._judge(now, "maintenance", self._service_left() <= 0, WARNING)

    def _judge(self, now: float, name: str, bad: bool, level: int, *, at_once: bool = False) -> None:
        """A condition becomes an alarm when it lasts; a warning goes by itself, the others stay latched."""
        if not bad:
            self._suspect.pop(name, None)
            if level == WARNING:
                self.alarms.pop(name, None)
        elif name not in self.alarms and (
            at_once or now - self._suspect.setdefault(name, now) >= self.model.trip_s - _EPS
        ):
            self._suspect.pop(name, None)
            self.alarms[name] = level

    def _service_left(self) -> float:
        if self.serviced_at is None:
            self.serviced_at = self.engine.run_seconds - self.model.maintenance_s / 2
        return self.serviced_at + self.model.maintenance_s - self.engine.run_seconds

    # --- the keys ----------------------------------------------------------------------------------------------

    @property
    def supported_keys(self) -> frozenset[int]:
        """What the bitmap advertises, truly or not."""
        return frozenset((*_KEYS.values(), _TELEMETRY_START, _TELEMETRY_CANCEL, _RESET))

    def _obey(self, key: int, now: float) -> None:
        self.keys_written.append(key)
        modes = {_KEYS["stop"]: STOP, _KEYS["auto"]: AUTO, _KEYS["manual"]: MANUAL, _KEYS["test"]: TEST}
        if key in modes:
            self.mode = modes[key]
            if key == _KEYS["stop"]:
                self._telemetry = False
                self._reset(now)
            self._manual = self._manual and key == _KEYS["manual"]
        elif key == _KEYS["start"]:
            self._manual = self.mode == MANUAL
        elif key == _TELEMETRY_START:
            self._telemetry = self._telemetry or self.mode == AUTO
        elif key == _TELEMETRY_CANCEL:
            self._telemetry = False
        elif key in (_RESET, _KEYS["reset"]):
            self._reset(now)
        self._settle(now)

    def _reset(self, now: float) -> None:
        if self._step == "stopping" and self.engine.running:
            self._since = now
        self.alarms = {name: level for name, level in self.alarms.items() if level == WARNING}
        self._watch(now)

    # --- the wire ----------------------------------------------------------------------------------------------

    def receive(self, data: bytes, now: float) -> bytes:
        """Requests as they come, in any pieces; what lies idle without being whole is dropped as on a real bus."""
        self.advance(now)
        if self._buffer and now - self._heard > _FRAME_GAP:
            self._buffer.clear()
        self._heard = now
        self._buffer += data
        out = b""
        while (length := self._frame_length()) is not None and len(self._buffer) >= length:
            frame = bytes(self._buffer[:length])
            if crc16(frame[:-2]) != frame[-2:]:
                # Where a frame begins is known by silence alone: the rest of a broken one is worth nothing.
                self._buffer.clear()
                break
            del self._buffer[:length]
            if frame[0] == self.address:
                out += self._answer(frame[1:-2], now)
        return self.wire.send(out, now)

    def next_step(self) -> float | None:
        """When the sequence or the engine goes on by itself."""
        return earliest(self._due(), self.engine.next_wakeup())

    def next_wakeup(self) -> float | None:
        """The next step, the engine's next change, or a late reply."""
        return earliest(self._due(), self.engine.next_wakeup(), self.wire.next_wakeup())

    def wakeup(self, now: float) -> bytes:
        """Moves time on; a slave says nothing unasked, only late."""
        self.advance(now)
        return self.wire.wakeup(now)

    def _frame_length(self) -> int | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        if buffer[1] == 16:
            return 9 + buffer[6] if len(buffer) >= 7 else None
        if buffer[1] in (1, 2, 3, 4, 5, 6):
            return 8
        if buffer[1] == 15:
            return 9 + buffer[6] if len(buffer) >= 7 else None
        # Other functions have lengths of their own: a whole frame is known by its checksum.
        whole = len(buffer) >= 4 and crc16(bytes(buffer[:-2])) == bytes(buffer[-2:])
        return len(buffer) if whole else None

    def _answer(self, request: bytes, now: float) -> bytes:
        function, body = request[0], request[1:]
        if function == 3:
            reply = self._read(*struct.unpack(">HH", body))
        elif function == 16:
            reply = self._write(body, now)
        else:
            reply = _ILLEGAL_FUNCTION
        answer = bytes((function,)) + reply if isinstance(reply, bytes) else bytes((function | 0x80, reply))
        frame = bytes((self.address,)) + answer
        return frame + crc16(frame)

    def _read(self, address: int, count: int) -> bytes | int:
        if not 1 <= count <= 125:
            return _ILLEGAL_VALUE
        words = self.registers().read(address, count)
        if words is None:
            return _ILLEGAL_ADDRESS
        return struct.pack(f">B{count}H", 2 * count, *words)

    def _write(self, body: bytes, now: float) -> bytes | int:
        address, count, size = struct.unpack(">HHB", body[:5])
        if not 1 <= count <= 123 or size != 2 * count or len(body) != 5 + size:
            return _ILLEGAL_VALUE
        if not KEY_REGISTER <= address <= address + count - 1 <= KEY_REGISTER + 1:
            return _ILLEGAL_ADDRESS
        words = struct.unpack(f">{count}H", body[5:])
        if count != 2 or words[1] != 65535 - words[0] or words[0] not in self.supported_keys:
            return _ILLEGAL_VALUE
        self._obey(words[0], now)
        return body[:4]

    def registers(self) -> Registers:
        """The whole register image as it is at the last `advance`."""
        engine, model, image = self.engine, self.model, Registers()
        image.page(3, 4, 6, 7, 16)
        for address, value in ((768, model.maker), (769, model.model), (772, self.mode), (774, self._status_bits())):
            image.u16(address, value)
        image.u32(770, model.serial)
        self._instruments(image)
        if model.engine_state:
            image.page(5)
            image.u16(1408, self.engine_state)
        watts = engine.load_watts if engine.volts > 0 else 0.0
        image.s32(1536, watts)
        image.s16(1558, 100 * 10 * watts / engine.model.rated_watts)
        image.s32(1794, self._service_left())
        image.u32(1798, engine.run_seconds)
        image.u32(1808, engine.starts)
        image.keys(self.supported_keys)
        for fitted, base in ((model.old_alarms, OLD_ALARMS), (model.named_alarms, NAMED_ALARMS)):
            if fitted:
                image.page(base // 256)
                image.alarms(base, self.alarms)
        return image

    def _instruments(self, image: Registers) -> None:
        engine = self.engine
        watts = engine.load_watts if engine.volts > 0 else 0.0
        image.u16(1024, engine.oil_kpa)
        image.s16(1025, engine.coolant_c)
        image.s16(1026, None)
        image.u16(1027, engine.fuel_percent)
        image.u16(1028, 10 * (engine.battery_v if engine.running else 0.0))
        image.u16(1029, 10 * engine.battery_v)
        image.u16(1030, engine.rpm)
        image.u16(1031, 10 * engine.hertz)
        image.u32(1032, 10 * engine.volts)
        image.u32(1044, 10 * watts / engine.volts if engine.volts > 0 else 0.0)
        image.s32(1052, watts)
        if self.model.senses_mains and self.mains_volts is not None:
            image.u16(1059, 500.0 if self.mains_volts >= 40 else 0.0)
            image.u32(1060, 10 * self.mains_volts)

    def _status_bits(self) -> int:
        levels = self.alarms.values()
        return sum(bit for bit, level in ((0x1000, SHUTDOWN), (0x0800, TRIP), (0x0400, WARNING)) if level in levels)

    # --- what survives -----------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, object]:
        """Plain JSON: mode and latched alarms. A restored controller waits to be asked anew."""
        return {"mode": self.mode, "alarms": dict(self.alarms), "serviced_at": self.serviced_at}

    def restore(self, kept: dict[str, object]) -> None:
        """Takes up a `snapshot`."""
        self.mode = int(str(kept["mode"]))
        alarms = kept["alarms"]
        if isinstance(alarms, dict):
            self.alarms = {str(name): int(level) for name, level in alarms.items() if name in ALARM_PLACES}
        self.serviced_at = None if kept["serviced_at"] is None else float(str(kept["serviced_at"]))
