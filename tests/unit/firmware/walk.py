"""A random walk around one board: plant, controller and noise at random, and what must hold after every step.

Runs on MicroPython too, so that the chip's Python takes the very same steps: no `random`, no dataclasses.
"""

try:
    from contract import power_wire as wire
    from firmware import board as boards
    from firmware import interlock
except ImportError:  # under MicroPython
    import board as boards  # type: ignore[import-not-found, no-redef]
    import interlock  # type: ignore[import-not-found, no-redef]
    import power_wire as wire  # type: ignore[import-not-found, no-redef]

_TICKS = (1 << 30) - 1
_DRIVES = tuple([wire.drive(n, n & wire.ALL_RELAYS) for n in range(16)])
_ASK = wire.ask(1)
_FOREIGN = wire.frame(wire.DRIVE, 1, b"\x01", wire.VERSION + 1)
_SILENCES = (6000, 8000, 20000)
_VOLTS = (0, 0, 1000, 1724, 1725, 1800, 1849, 1850, 2300, 2300, 2300)
_GENSET = (0, 900, 1900, 1955, 2300, 2300, 2300, 2300, 2645, 2700)


class ViolationError(Exception):
    """An invariant does not hold."""


class Chance:
    """The same numbers on every Python."""

    def __init__(self, seed: int) -> None:
        self._state = seed & 0xFFFFFFFF

    def below(self, end: int) -> int:
        """0..end-1, for an end up to 65536."""
        self._state = (self._state * 1664525 + 1013904223) & 0xFFFFFFFF
        return ((self._state >> 16) * end) >> 16


class Walk:
    """One board, its surroundings, and the invariants.

    `seen` counts what happened, so that a walk that never came near an edge cannot pass for one that held.
    """

    def __init__(self, seed: int) -> None:
        self.chance = Chance(seed)
        self.limits = interlock.Limits()
        self.board = boards.Board()
        self.now = _TICKS - 60000  # the ticks wrap after a minute
        self.mains = 2300
        self.genset = 0
        self.contacts = wire.C_ATS_MAINS
        self.engine_ms = 0
        self.wanted = -1  # what the controller has last asked for; -1: nothing since the start or the deadman
        self.silent_ms = 0
        self.crank_ms = 0
        self.cranks = 0
        self.rested_ms = 1 << 29
        self.released_ms = 0
        self.both = False
        self.relays = wire.SAFE
        self.turned = False
        self.digest = 0
        self.seen = {"started": 0, "permitted": 0, "running": 0, "silence": 0, "both": 0, "cranks": 0}
        self.refused = 0

    def event(self) -> None:
        """Something happens, and time passes."""
        pick = self.chance.below(100)
        if pick < 45:
            self._controller(pick)
        elif pick < 60:
            self._plant(pick)
        elif pick < 62:
            noise = bytes([self.chance.below(256) for _ in range(self.chance.below(40))])
            self.board.receive(noise + b"\0", self.now & _TICKS)
        elif pick < 63:
            self.board.receive(_FOREIGN, self.now & _TICKS)
        elif pick < 64 and self.chance.below(4) == 0:
            self.pass_time(_SILENCES[self.chance.below(3)])
        elif pick < 66 and self.chance.below(2) == 0:
            self._scene()
        self.pass_time(1 + self.chance.below((30, 300, 300, 2000)[self.chance.below(4)]))

    def _scene(self) -> None:
        """What a controller does for longer: let go, crank, or carry the load by the genset; the plant goes on."""
        kind = self.chance.below(5)
        if kind < 3:
            self.mains = 0
            self.contacts &= ~wire.C_ATS_GENSET
            self._hold(3, 5000 + self.chance.below(45000))
            if kind == 0:
                self._hold(1, 3000)
                self.contacts = self.contacts & ~wire.C_ATS_MAINS | wire.C_ATS_GENSET
                self._hold(1, 1000 + self.chance.below(30000))
        else:
            self.contacts &= ~wire.C_ATS_GENSET
            self._hold(wire.SAFE, 10000 + self.chance.below(60000))

    def _hold(self, wanted: int, duration: int) -> None:
        self._sense()
        self.wanted = wanted
        while duration > 0:
            self.board.receive(_DRIVES[wanted], self.now & _TICKS)
            self.silent_ms = 0
            self._check(0)
            if self.chance.below(60) == 0:
                self._plant(45 + self.chance.below(14))
            step = 200 + self.chance.below(3000)
            self.pass_time(step)
            duration -= step

    def _controller(self, pick: int) -> None:
        if pick < 15:
            self.board.receive(_ASK, self.now & _TICKS)
        else:
            if self.chance.below(3) == 0 or self.wanted < 0:
                self.wanted = (0, 1, 1, 1, 2, 3, 3, 4, 8, 13)[self.chance.below(10)]
            self.board.receive(_DRIVES[self.wanted], self.now & _TICKS)
        self.silent_ms = 0
        self._check(0)

    def _plant(self, pick: int) -> None:
        if pick < 50:
            self.mains = _VOLTS[self.chance.below(11)]
        elif pick < 54:
            self.genset = _GENSET[self.chance.below(10)] if self.chance.below(2) else 0
        elif pick < 56:
            self.contacts ^= wire.C_RUNNING
        elif pick < 59:
            self.contacts &= ~(wire.C_ATS_MAINS | wire.C_ATS_GENSET)
            self.contacts |= (0, wire.C_ATS_MAINS, wire.C_ATS_GENSET)[self.chance.below(3)]
        elif self.chance.below(8) == 0:
            self.contacts |= wire.C_ATS_MAINS | wire.C_ATS_GENSET
        self._sense()
        self._check(0)

    def pass_time(self, passed: int) -> None:
        """Time passes; the board is called when it wants to be."""
        while passed > 0:
            step = min(passed, self.board.next_ms(self.now & _TICKS))
            passed -= step
            self.now += step
            self.silent_ms += step
            self._engine(step)
            self._sense()
            self._check(step)

    def _engine(self, step: int) -> None:
        """One engine in three starts: after 4 s of cranking it makes volts, and stops with the relay."""
        if self.relays & wire.GENSET_START:
            self.engine_ms += step
            if self.engine_ms >= 4000 and self.cranks % 3 == 0 and self.engine_ms - step < 4000:
                self.contacts |= wire.C_RUNNING
                self.genset = 2300
        elif self.engine_ms:
            self.engine_ms = 0
            self.contacts &= ~wire.C_RUNNING
            self.genset = 0

    def _sense(self) -> None:
        self.board.sense(self.mains, self.genset, 2600, self.contacts, False, self.now & _TICKS)

    # --- what must hold ---------------------------------------------------------------------------------------

    def _check(self, step: int) -> None:
        before, self.relays = self.relays, self.board.relays()
        self.refused |= self.board.report.refused
        out = self.board.outgoing()
        if out:
            self.digest = wire.crc32(out) ^ ((self.digest * 31) & 0xFFFFFFFF)
        self._silence()
        self._starter(before, step)
        self._ats()
        if self.wanted >= 0 and (self.relays ^ self.wanted) & (wire.SHED_1 | wire.SHED_2):
            raise ViolationError("the loads are not shed as asked")

    def _silence(self) -> None:
        if self.silent_ms >= self.board.identity.deadman_ms:
            if self.wanted >= 0:
                self.seen["silence"] += 1
            self.wanted = -1
        if self.wanted < 0 and self.relays != wire.SAFE:
            raise ViolationError("the relays are not safe though nobody drives")

    def _starter(self, before: int, step: int) -> None:
        on, was_on = self.relays & wire.GENSET_START, before & wire.GENSET_START
        turning, turned = bool(self.contacts & wire.C_RUNNING) or self.genset >= self.limits.running_dv, self.turned
        self.turned = turning
        asked = self.wanted >= 0 and self.wanted & wire.GENSET_START
        self.released_ms = 0 if asked else self.released_ms + step
        if turning or not was_on:
            self.crank_ms = 0
        else:
            self.crank_ms += step
        if self.crank_ms > self.limits.crank_max_ms or (self.crank_ms == self.limits.crank_max_ms and on):
            raise ViolationError("the starter turned longer than it may")
        self.rested_ms += step
        if self.released_ms >= self.limits.lock_ms or (on and turning):
            self.cranks = 0
        if was_on and not on and not (turned and turning):
            self.rested_ms = 0
            self.cranks += 1
            self.seen["cranks"] = max(self.seen["cranks"], self.cranks)
        if on and not was_on:
            self.seen["started"] += 1
            if self.rested_ms < self.limits.rest_min_ms:
                raise ViolationError("the starter turns again without its rest")
            if self.cranks >= self.limits.attempts_max:
                raise ViolationError("the starter turns once more than it may")
        if on and turning:
            self.seen["running"] += 1
        if on and not asked:
            raise ViolationError("the genset is started though nobody asks")

    def _ats(self) -> None:
        on_mains, on_genset = self.contacts & wire.C_ATS_MAINS, self.contacts & wire.C_ATS_GENSET
        permitted = not self.relays & wire.ATS_INHIBIT
        if on_mains and on_genset:
            self.seen["both"] += 1
            self.both = True
        elif self.released_ms >= self.limits.lock_ms:
            self.both = False
        if self.both and (permitted or self.relays & wire.GENSET_START):
            raise ViolationError("something moves though the ATS was in both places")
        if permitted:
            self.seen["permitted"] += 1
            if self.mains >= self.limits.mains_present_dv and not (on_genset and not on_mains):
                raise ViolationError("the genset is permitted while the mains are there")
            if self.wanted < 0 or self.wanted & wire.ATS_INHIBIT:
                raise ViolationError("the genset is permitted though nobody asks")


def run(seed: int, events: int) -> Walk:
    """A walk of so many events; raises ViolationError."""
    walk = Walk(seed)
    for _ in range(events):
        walk.event()
    return walk
