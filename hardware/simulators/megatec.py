"""A line-interactive UPS that speaks Megatec/Q1 at 2400 8N1, with the battery, inverter and mains behind it.

Source: the Megatec protocol description and the behaviour NUT's `nutdrv_qx` expects. The battery empties by Peukert's
law: the rate of loss at a load is (load / rating) ^ exponent, as a share of the full-load runtime.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hardware.simulators.wire import Wire, earliest

_LOW_RATIO, _HIGH_RATIO, _FLOAT_RATIO = 104 / 120, 130 / 120, 136 / 120
_SHUTDOWN = re.compile(r"S(\.[2-9]|0[1-9]|10)(?:R(\d{4}))?\Z")
_TEST = re.compile(r"T(\d\d)?\Z")


@dataclass(frozen=True)
class UpsModel:
    """The type plate. Volts, watts, seconds; `exponent` is Peukert's, 1.15 for a good lead-acid battery."""

    maker: str = "LOKET-SIM"
    model: str = "LI-1000"
    firmware: str = "V1.02"
    output_volts: float = 230.0
    rated_amperes: int = 4
    frequency: float = 50.0
    battery_volts: float = 24.0
    full_load_seconds: float = 600.0
    exponent: float = 1.15
    recharge_seconds: float = 4 * 3600.0
    low_battery: float = 0.2
    transfer_low: float = 165.0
    boost_below: float = 207.0
    trim_above: float = 253.0
    transfer_high: float = 290.0

    @property
    def rated_watts(self) -> float:
        """What counts as 100 % load."""
        return self.output_volts * self.rated_amperes


@dataclass
class Ups:
    """The UPS. `load_watts`, `temperature` and the faults are plain attributes; mains is moved by methods.

    Faults: `wire` (silent, garbage, delay, cut_after), `lying_battery` (full volts and no low-battery bit until it
    dies), `battery_health` (share of the capacity that is left), `per_cell` (battery volts per cell, as some report).
    """

    model: UpsModel = field(default_factory=UpsModel)
    load_watts: float = 180.0
    temperature: float = 29.0
    charge: float = 1.0
    battery_health: float = 1.0
    lying_battery: bool = False
    per_cell: bool = False
    failed: bool = False
    beeper: bool = True
    mains_volts: float = 228.0
    output_on: bool = True
    wire: Wire = field(default_factory=Wire)
    _buffer: bytearray = field(default_factory=bytearray)
    _clock: float | None = None
    _fault_volts: float = 228.0
    _dip_until: float | None = None
    _dip_back: float = 0.0
    _test_until: float | None = None
    _off_at: float | None = None
    _on_at: float | None = None
    _restore_delay: float | None = None
    _held_off: bool = False

    # --- mains -------------------------------------------------------------------------------------------------

    def set_mains(self, now: float, volts: float) -> None:
        """The utility now gives so many volts; 0 is an outage."""
        self.advance(now)
        self._dip_until = None
        self._change_mains(now, volts)

    def dip(self, now: float, seconds: float, volts: float = 0.0) -> None:
        """The utility sags to `volts` and comes back by itself after `seconds`."""
        self.advance(now)
        if self._dip_until is None:
            self._dip_back = self.mains_volts
        self._dip_until = now + seconds
        self._change_mains(now, volts)

    @property
    def mains_good(self) -> bool:
        """Whether the utility is inside the window the UPS passes on."""
        return self.model.transfer_low <= self.mains_volts <= self.model.transfer_high

    @property
    def on_battery(self) -> bool:
        """Whether the inverter carries the load."""
        return self.output_on and (not self.mains_good or self._test_until is not None)

    @property
    def alive(self) -> bool:
        """Whether the UPS's own electronics have power, and so its serial port answers."""
        return self.mains_volts >= 80 or self.output_on

    @property
    def load_percent(self) -> float:
        """Load in per cent of the rating; 0 while the output is off."""
        return 100.0 * self.load_watts / self.model.rated_watts if self.output_on else 0.0

    @property
    def low_battery(self) -> bool:
        """The true state of the battery, whatever a lying unit reports."""
        return self.charge <= self.model.low_battery

    def runtime(self) -> float:
        """Seconds the battery truly lasts at the present load."""
        return self.charge / rate if (rate := self._loss_rate()) > 0 else float("inf")

    def _change_mains(self, now: float, volts: float) -> None:
        was_good = self.mains_good
        self.mains_volts = volts
        if was_good and not self.mains_good:
            self._fault_volts = volts
            if self._test_until is not None:
                self._test_until = None
            if not self.output_on and self._on_at is not None:
                # Restoring waits for the utility; the delay starts anew when it is back.
                self._on_at = None
        if not self.alive:
            self._held_off = False
        if not was_good and self.mains_good and not self.output_on and not self._held_off:
            self._on_at = now + (self._restore_delay if self._restore_delay is not None else 1.0)

    # --- time --------------------------------------------------------------------------------------------------

    def advance(self, now: float) -> None:
        """Lets the battery and the timers run until `now`, in order."""
        if self._clock is None:
            self._clock = now
        while True:
            due = self._next_event()
            if due is None or due > now:
                break
            self._flow(max(0.0, due - self._clock))
            self._clock = max(self._clock, due)
            self._fire(self._clock)
        self._flow(max(0.0, now - self._clock))
        self._clock = max(self._clock, now)

    def _loss_rate(self) -> float:
        share = self.load_watts / self.model.rated_watts
        seconds = self.model.full_load_seconds * max(self.battery_health, 0.001)
        # Even an idle inverter draws about two per cent.
        return float(max(share, 0.02) ** self.model.exponent / seconds)

    def _flow(self, seconds: float) -> None:
        if self.on_battery:
            self.charge = max(0.0, self.charge - self._loss_rate() * seconds)
        elif self.mains_good:
            self.charge = min(1.0, self.charge + seconds / self.model.recharge_seconds)

    def _next_event(self) -> float | None:
        clock = self._clock if self._clock is not None else 0.0
        empty = clock + self.runtime() if self.on_battery else None
        low = None
        if self.on_battery and not self.low_battery and (self._off_at is not None or self._test_until is not None):
            low = clock + (self.charge - self.model.low_battery) / self._loss_rate()
        return earliest(self._dip_until, self._test_until, self._off_at, self._on_at, empty, low)

    def _fire(self, now: float) -> None:
        if self._dip_until is not None and self._dip_until <= now:
            self._dip_until = None
            self._change_mains(now, self._dip_back)
        if self._test_until is not None and (self._test_until <= now or self.charge <= self.model.low_battery + 1e-9):
            self._test_until = None
            self.failed = self.failed or self.battery_health < 0.3
        # "If the battery low occurs before n expires, the output is turned off immediately."
        if self._off_at is not None and (
            self._off_at <= now or (self.on_battery and self.charge <= self.model.low_battery + 1e-9)
        ):
            self._switch_off(now)
        if self._on_at is not None and self._on_at <= now:
            self._switch_on()
        if self.on_battery and self.charge <= 1e-9:
            self.charge = 0.0
            self.output_on = False
            self._held_off = False
            self._restore_delay = None
            self._off_at = self._on_at = self._test_until = None

    def _switch_off(self, now: float) -> None:
        self._off_at = None
        self._test_until = None
        self.output_on = False
        if not self.alive:
            # Without utility the unit goes dark altogether, and starts by itself when the utility is back.
            self._held_off = False
        elif self.mains_good and self._restore_delay is not None:
            self._on_at = now + self._restore_delay

    def _switch_on(self) -> None:
        self.output_on = True
        self._on_at = self._restore_delay = None
        self._held_off = False

    # --- the wire ----------------------------------------------------------------------------------------------

    def receive(self, data: bytes, now: float) -> bytes:
        """Commands end in CR. Control commands are not answered; what the unit does not know it echoes."""
        self.advance(now)
        if not self.alive:
            self._buffer.clear()
            return b""
        self._buffer += data
        out = b""
        while (end := self._buffer.find(b"\r")) >= 0:
            command = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            out += self._answer(command, now)
        del self._buffer[:-64]
        return self.wire.send(out, now)

    def next_change(self) -> float | None:
        """The next timer, or the end of the battery."""
        return self._next_event()

    def next_wakeup(self) -> float | None:
        """The next timer, the end of the battery, or the next late reply."""
        return earliest(self._next_event(), self.wire.next_wakeup())

    def wakeup(self, now: float) -> bytes:
        """Moves time on; a UPS says nothing unasked, only late."""
        self.advance(now)
        late = self.wire.wakeup(now)
        return late if self.alive else b""

    def _answer(self, raw: bytes, now: float) -> bytes:
        command = raw.decode("latin-1")
        if command == "Q1":
            return self.status_line().encode("ascii")
        if command == "F":
            plate = self.model
            return (
                f"#{plate.output_volts:05.1f} {plate.rated_amperes:03d} "
                f"{plate.battery_volts:05.1f} {plate.frequency:04.1f}\r"
            ).encode("ascii")
        if command == "I":
            plate = self.model
            return f"#{plate.maker:<15.15} {plate.model:<10.10} {plate.firmware:<10.10}\r".encode("ascii")
        if self._obey(command, now):
            return b""
        return raw + b"\r"

    def _obey(self, command: str, now: float) -> bool:
        if command == "Q":
            self.beeper = not self.beeper
        elif command == "C":
            self._cancel_shutdown(now)
        elif command == "CT":
            self._test_until = None
        elif command == "TL":
            self._start_test(now, float("inf"))
        elif match := _TEST.match(command):
            self._start_test(now, 60.0 * int(match[1]) if match[1] else 10.0)
        elif match := _SHUTDOWN.match(command):
            delay = 60.0 * float(match[1])
            minutes = int(match[2] or 0)
            self._off_at = now + delay
            self._restore_delay = 60.0 * minutes if minutes else None
            # Without R the output stays off as long as the utility is there.
            self._held_off = not minutes
        else:
            return False
        return True

    def _start_test(self, now: float, seconds: float) -> None:
        if self.output_on and self.mains_good and not self.low_battery:
            self._test_until = now + seconds

    def _cancel_shutdown(self, now: float) -> None:
        if self._off_at is not None:
            self._off_at = self._restore_delay = None
            self._held_off = False
        elif not self.output_on:
            # Waiting to restore: "the output is turned on, but must be held off at least 10 seconds".
            self._held_off = False
            self._restore_delay = 10.0
            if self.mains_good:
                self._on_at = now + 10.0

    @property
    def output_volts(self) -> float:
        """What the sockets give."""
        if not self.output_on:
            return 0.0
        if self.on_battery:
            return self.model.output_volts
        if self.mains_volts < self.model.boost_below:
            return self.mains_volts * 1.15
        if self.mains_volts > self.model.trim_above:
            return self.mains_volts * 0.87
        return self.mains_volts

    @property
    def battery_volts(self) -> float:
        """Terminal volts of the whole string as reported."""
        nominal = self.model.battery_volts
        if self.lying_battery:
            return nominal * _HIGH_RATIO
        if self.on_battery:
            return nominal * (_LOW_RATIO + (_HIGH_RATIO - _LOW_RATIO) * self.charge)
        return nominal * (1.0 + (_FLOAT_RATIO - 1.0) * self.charge)

    def status_line(self) -> str:
        """The answer to Q1, 47 bytes with its CR."""
        volts = self.battery_volts
        battery = f"{volts / (self.model.battery_volts / 2):04.2f}" if self.per_cell else f"{volts:04.1f}"
        hertz = self.model.frequency if self.on_battery or self.mains_volts >= 80 else 0.0
        regulating = (
            self.output_on
            and not self.on_battery
            and not self.model.boost_below <= self.mains_volts <= self.model.trim_above
        )
        bits = "".join(
            "1" if bit else "0"
            for bit in (
                not self.mains_good,
                self.low_battery and not self.lying_battery,
                regulating,
                self.failed,
                True,
                self._test_until is not None,
                self._off_at is not None or (not self.output_on and self._restore_delay is not None),
                self.beeper,
            )
        )
        return (
            f"({self.mains_volts:05.1f} {self._fault_volts:05.1f} {self.output_volts:05.1f} "
            f"{min(999, round(self.load_percent)):03d} {hertz:04.1f} {battery} {self.temperature:04.1f} {bits}\r"
        )

    # --- what survives -----------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, object]:
        """Plain JSON: battery, mains and switches. Running timers are not kept."""
        return {
            "charge": self.charge,
            "battery_health": self.battery_health,
            "mains_volts": self.mains_volts,
            "load_watts": self.load_watts,
            "output_on": self.output_on,
            "held_off": self._held_off,
            "beeper": self.beeper,
        }

    def restore(self, kept: dict[str, object]) -> None:
        """Takes up a `snapshot`."""
        self.charge = float(str(kept["charge"]))
        self.battery_health = float(str(kept["battery_health"]))
        self.mains_volts = float(str(kept["mains_volts"]))
        self.load_watts = float(str(kept["load_watts"]))
        self.output_on = bool(kept["output_on"])
        self._held_off = bool(kept["held_off"])
        self.beeper = bool(kept["beeper"])
