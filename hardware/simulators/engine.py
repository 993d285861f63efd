"""A diesel genset: starter, engine, alternator, fuel, coolant and starter battery, over virtual time.

Typical figures of a 5 kW single-phase set: it fires after 1.5 to 3 s of cranking, gives its volts 2 to 4 s later, burns
0.7 l/h idle and 1.9 l/h at full load, and its speed droops by 3 % from no load to full load. Deterministic.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, replace

from hardware.simulators.wire import earliest

# Times are compared with this tolerance: sums of seconds since the epoch are good to a quarter of it.
_EPS = 1e-6


@dataclass(frozen=True)
class EngineModel:
    """The type plate and the times. Seconds, volts, watts, litres, litres an hour, kPa, deg C."""

    fire_s: float = 2.0
    slow_fire_s: float = 7.0
    """How long it must be cranked while `slow_start`."""
    run_up_s: float = 2.0
    """From firing to full speed."""
    volts_s: float = 3.0
    """From firing to full volts."""
    stop_s: float = 4.0
    """From shutting the fuel off to standing still."""
    warm_tau_s: float = 240.0
    hot_tau_s: float = 60.0
    """Time constants of the coolant: healthy, and while `hot`."""
    protect_s: float | None = 10.0
    """How long its own switch bears low oil before it stops the engine; None: it has no protection of its own."""
    volts: float = 230.0
    hertz: float = 50.0
    rpm: float = 1500.0
    crank_rpm: float = 180.0
    contact_rpm: float = 1000.0
    """The speed at which the running contact closes."""
    droop: float = 0.03
    rated_watts: float = 5000.0
    tank_l: float = 40.0
    idle_l_h: float = 0.7
    full_l_h: float = 1.9
    fuel_low_share: float = 0.2
    oil_kpa: float = 380.0
    low_oil_kpa: float = 40.0
    ambient_c: float = 32.0
    warm_c: float = 82.0
    boiling_c: float = 118.0
    trip_c: float = 105.0
    crank_seconds: float = 900.0
    """How long a full starter battery can crank in all."""

    def quicker(self, factor: float) -> EngineModel:
        """The same engine with every time of a start and a stop divided; fuel and starter battery stay real."""
        times = {each.name for each in fields(self) if each.name.endswith("_s") and each.name != "protect_s"}
        protect = None if self.protect_s is None else self.protect_s / factor
        return replace(self, protect_s=protect, **{name: getattr(self, name) / factor for name in times})


@dataclass
class Engine:
    """The genset. Give it `set_start` and time; read its properties as they are at the last `advance`.

    Whoever wants it to run says so under a name (`by`): it runs while any of them does. Faults are plain attributes,
    to be set at any time after `advance`: `fails_to_start`, `starts_on_attempt` (the crank that fires, from 1),
    `stalls_after_s` (of running), `fuel_l` (0: none), `fails_to_stop`, `low_oil`, `hot`, `weak_battery`,
    `out_of_band` (gives `off_volts` at `off_hertz`), `slow_start`, `emergency_stop`.
    `log` holds (seconds, what): crank, crank.end, fired, stalled, tripped, stopped.
    """

    model: EngineModel = field(default_factory=EngineModel)
    fuel_l: float = 30.0
    load_watts: float = 0.0
    fails_to_start: bool = False
    starts_on_attempt: int = 1
    stalls_after_s: float | None = None
    fails_to_stop: bool = False
    low_oil: bool = False
    hot: bool = False
    weak_battery: bool = False
    out_of_band: bool = False
    off_volts: float = 185.0
    off_hertz: float = 44.0
    slow_start: bool = False
    emergency_stop: bool = False
    battery: float = 1.0
    """Charge of the starter battery, 0..1."""
    run_seconds: float = 412 * 3600.0
    starts: int = 96
    log: list[tuple[float, str]] = field(default_factory=list)
    _state: str = "stopped"
    _since: float = 0.0
    _clock: float | None = None
    _wanted_by: set[str] = field(default_factory=set)
    _attempt: int = 0
    _coolant: float | None = None
    _tripped: bool = False
    _rpm_left: float = 0.0
    _oil_low_since: float | None = None

    # --- what it is told ---------------------------------------------------------------------------------------

    def set_start(self, now: float, on: bool, by: str = "relay") -> None:
        """The start signal of one master: crank while on and not running, keep running while on, off = stop."""
        self.advance(now)
        if on:
            self._wanted_by.add(by)
        else:
            self._wanted_by.discard(by)
            if not self._wanted_by and self._state in ("stopped", "stopping"):
                self._tripped = False
        self._settle(max(now, self._clock or now))

    def advance(self, now: float) -> None:
        """Lets the engine live until `now`, in order."""
        if self._clock is None:
            self._clock = now
        self._settle(self._clock)
        while (due := self._next_event()) is not None and due <= now:
            self._flow(max(0.0, due - self._clock))
            self._clock = max(self._clock, due)
            self._settle(self._clock)
        self._flow(max(0.0, now - self._clock))
        self._clock = max(self._clock, now)

    def next_wakeup(self) -> float | None:
        """When something that can be seen or felt changes by itself."""
        return self._next_event()

    # --- what it shows -----------------------------------------------------------------------------------------

    @property
    def wanted(self) -> bool:
        """Whether anybody's start signal is on."""
        return bool(self._wanted_by)

    @property
    def masters(self) -> frozenset[str]:
        """Whose start signals are on."""
        return frozenset(self._wanted_by)

    @property
    def cranking(self) -> bool:
        """Whether the starter turns."""
        return self._state == "cranking"

    @property
    def running(self) -> bool:
        """Whether it burns fuel by itself, at whatever speed."""
        return self._state == "running"

    @property
    def standing(self) -> bool:
        """Whether nothing turns."""
        return self._state == "stopped"

    @property
    def rpm(self) -> float:
        """Speed."""
        if self._state == "cranking":
            return self.model.crank_rpm * (0.4 if self.weak_battery else 1.0)
        if self._state == "stopping":
            return self._rpm_left * max(0.0, 1.0 - self._age / self.model.stop_s)
        if self._state == "stopped":
            return 0.0
        start = self.model.crank_rpm
        return start + (self._full_rpm - start) * min(1.0, self._age / self.model.run_up_s)

    @property
    def hertz(self) -> float:
        """Frequency; 0 while the alternator gives nothing to measure."""
        return self.model.hertz * self.rpm / self.model.rpm if self.volts > 0 else 0.0

    @property
    def volts(self) -> float:
        """L1-N; builds up between a third and the whole of `volts_s`, and dies at once when the engine stops."""
        if self._state != "running":
            return 0.0
        lag = self.model.volts_s / 3
        share = (self._age - lag) / (self.model.volts_s - lag)
        full = self.off_volts if self.out_of_band else self.model.volts
        return full * min(1.0, max(0.0, share))

    @property
    def oil_kpa(self) -> float:
        """Oil pressure: with the speed."""
        full = self.model.low_oil_kpa if self.low_oil else self.model.oil_kpa
        return full * min(1.0, self.rpm / (0.6 * self.model.rpm)) if self.running else 0.0

    @property
    def coolant_c(self) -> float:
        """Coolant temperature."""
        return self.model.ambient_c if self._coolant is None else self._coolant

    @property
    def battery_v(self) -> float:
        """Starter battery: charging while it runs, sagging under the starter."""
        if self.running and self._age >= self.model.run_up_s:
            return 12.4 if self.weak_battery else 14.1
        rest = 10.6 + 0.6 * self.battery if self.weak_battery else 11.6 + 1.1 * self.battery
        return rest - (4.0 if self.weak_battery else 2.2) if self.cranking else rest

    @property
    def fuel_percent(self) -> float:
        """Of the tank."""
        return 100.0 * self.fuel_l / self.model.tank_l

    @property
    def load_share(self) -> float:
        """Load as a share of the rating, while it gives volts."""
        return min(1.2, self.load_watts / self.model.rated_watts) if self.running else 0.0

    @property
    def running_contact(self) -> bool:
        """Closed above `contact_rpm`."""
        return self.running and self._age >= self._contact_after - _EPS

    @property
    def fault_contact(self) -> bool:
        """The common fault: its own protection stopped it, or a limit is passed right now; the latch opens with off."""
        if self._tripped or self.emergency_stop:
            return True
        past_oil = self.low_oil and self._age >= self.model.run_up_s
        return self.running and (past_oil or self.coolant_c >= self.model.trip_c)

    @property
    def fuel_low_contact(self) -> bool:
        """Closed below `fuel_low_share` of the tank."""
        return self.fuel_l <= self.model.fuel_low_share * self.model.tank_l + _EPS

    # --- how it lives ------------------------------------------------------------------------------------------

    @property
    def _age(self) -> float:
        return (self._clock or 0.0) - self._since

    @property
    def _full_rpm(self) -> float:
        if self.out_of_band:
            return self.model.rpm * self.off_hertz / self.model.hertz
        return self.model.rpm * (1.0 + self.model.droop * (1.0 - min(1.0, self.load_share)) / 2)

    @property
    def _contact_after(self) -> float:
        full = max(self._full_rpm, self.model.contact_rpm)
        return self.model.run_up_s * (self.model.contact_rpm - self.model.crank_rpm) / (full - self.model.crank_rpm)

    @property
    def _can_fire(self) -> bool:
        return not (
            self.fails_to_start
            or self.weak_battery
            or self.emergency_stop
            or self.fuel_l <= 0
            or self.battery <= 0
            or self._attempt < self.starts_on_attempt
        )

    @property
    def _burn(self) -> float:
        """Litres a second."""
        if not self.running:
            return 0.0
        model = self.model
        return (model.idle_l_h + (model.full_l_h - model.idle_l_h) * self.load_share) / 3600.0

    def _coolant_goal(self) -> tuple[float, float]:
        if not self.running:
            return self.model.ambient_c, self.model.warm_tau_s * 4
        return (self.model.boiling_c, self.model.hot_tau_s) if self.hot else (self.model.warm_c, self.model.warm_tau_s)

    def _flow(self, seconds: float) -> None:
        if seconds <= 0:
            return
        goal, tau = self._coolant_goal()
        self._coolant = goal + (self.coolant_c - goal) * math.exp(-seconds / tau)
        if self.running:
            self.run_seconds += seconds
            self.fuel_l = max(0.0, self.fuel_l - self._burn * seconds)
            if not self.weak_battery:
                self.battery = min(1.0, self.battery + seconds / 3600.0)
        elif self.cranking:
            self.battery = max(0.0, self.battery - seconds / self.model.crank_seconds)

    def _next_event(self) -> float | None:
        if self._clock is None or self._state == "stopped":
            return None
        if self._state == "stopping":
            return self._later(self._since + self.model.stop_s)
        if self._state == "cranking":
            fire = self._since + (self.model.slow_fire_s if self.slow_start else self.model.fire_s)
            return self._later(fire) if self._can_fire else None
        marks = [self._since + self._contact_after, self._since + self.model.run_up_s, self._since + self.model.volts_s]
        if self.stalls_after_s is not None:
            marks.append(self._since + self.stalls_after_s)
        if self._oil_low_since is not None and self.model.protect_s is not None:
            marks.append(self._oil_low_since + self.model.protect_s)
        burn = self._burn
        low = self.model.fuel_low_share * self.model.tank_l
        marks.append(self._clock + self.fuel_l / burn)
        if self.fuel_l > low:
            marks.append(self._clock + (self.fuel_l - low) / burn)
        if self.hot and self.coolant_c < self.model.trip_c < self.model.boiling_c:
            goal, tau = self._coolant_goal()
            marks.append(self._clock + tau * math.log((goal - self.coolant_c) / (goal - self.model.trip_c)) + 2 * _EPS)
        return earliest(*(mark for mark in marks if mark > self._clock + _EPS))

    def _later(self, mark: float) -> float:
        return max(mark, self._clock or mark)

    def _settle(self, now: float) -> None:
        """Changes the state as far as what is true at this moment demands."""
        if self._state == "stopping" and self._age >= self.model.stop_s - _EPS:
            self._enter("stopped", now, "stopped")
        if self._state == "stopped" and self.wanted and not self._tripped and not self.emergency_stop:
            self._attempt += 1
            self._enter("cranking", now, "crank")
        if self._state == "cranking":
            self._settle_crank(now)
        if self._state == "running":
            self._settle_run(now)

    def _settle_crank(self, now: float) -> None:
        if not self.wanted or self.emergency_stop:
            self._enter("stopped", now, "crank.end")
        elif self._can_fire and self._age >= (self.model.slow_fire_s if self.slow_start else self.model.fire_s) - _EPS:
            self.log.append((now, "crank.end"))
            self.starts += 1
            self._attempt = 0
            self._enter("running", now, "fired")

    def _settle_run(self, now: float) -> None:
        protect, dry = self.model.protect_s, self._oil_low_since
        if not self.low_oil:
            dry = None
        elif dry is None and self._age >= self.model.run_up_s - _EPS:
            dry = now
        self._oil_low_since = dry
        if self.fuel_l <= _EPS or (self.stalls_after_s is not None and self._age >= self.stalls_after_s - _EPS):
            self.fuel_l = 0.0 if self.fuel_l <= _EPS else self.fuel_l
            self._tripped = True
            self._stop(now, "stalled")
        elif self.emergency_stop or (
            protect is not None
            and ((dry is not None and now - dry >= protect - _EPS) or self.coolant_c >= self.model.trip_c)
        ):
            self._tripped = True
            self._stop(now, "tripped")
        elif not self.wanted and not self.fails_to_stop:
            self._stop(now, "stopping")

    def _stop(self, now: float, what: str) -> None:
        self._rpm_left = self.rpm
        self._enter("stopping", now, what)

    def _enter(self, state: str, now: float, what: str) -> None:
        self._state, self._since, self._oil_low_since = state, now, None
        self.log.append((now, what))

    # --- what survives -----------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, object]:
        """Plain JSON: fuel, battery, hours and coolant. A restored engine stands still."""
        return {
            "fuel_l": self.fuel_l,
            "battery": self.battery,
            "run_seconds": self.run_seconds,
            "starts": self.starts,
            "coolant_c": self.coolant_c,
        }

    def restore(self, kept: dict[str, object]) -> None:
        """Takes up a `snapshot`."""
        self.fuel_l = float(str(kept["fuel_l"]))
        self.battery = float(str(kept["battery"]))
        self.run_seconds = float(str(kept["run_seconds"]))
        self.starts = int(str(kept["starts"]))
        self._coolant = float(str(kept["coolant_c"]))
