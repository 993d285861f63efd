"""The power board in virtual time: its real firmware logic on the site's volts and contacts, behind its cable."""

from __future__ import annotations

from contract import power_wire as wire
from firmware.board import FIRMWARE, Board
from hardware.rig.memory.clock import Clock
from hardware.rig.memory.plant import Plant
from hardware.simulators.wire import Wire as Cable
from hardware.simulators.wire import earliest

UID = bytes.fromhex("e6614103e7452a01")
RESET_SOFTWARE = 3


class BoardPort:
    """The board as the controller's port sees it. It lives on the starter battery, so it never loses its power.

    `wired`: names of the contacts that it has. `cable` has the faults of the line (silent, garbage).
    """

    version = f"firmware {'.'.join(map(str, FIRMWARE))}, serial {UID.hex()} (in CPython)"

    def __init__(self, plant: Plant, clock: Clock, wired: frozenset[str]) -> None:
        self.cable = Cable()
        self._plant = plant
        self._clock = clock
        self._names = wired
        self._wired = wire.bits(wired, wire.CONTACTS)
        self._due: float | None = clock.now
        self.board = Board(uid=UID, wired=self._wired)

    def touched(self) -> None:
        """A volt or a contact moved: the board samples all the time, so it sees that at once."""
        self._due = self._clock.now

    def reset(self) -> None:
        """It starts again: safe until it is driven."""
        self.board = Board(uid=UID, reset_cause=RESET_SOFTWARE, wired=self._wired)
        self._plant.release()
        self.touched()

    def receive(self, data: bytes, now: float) -> bytes:
        self.board.receive(data, _ms(now))
        return self._sense(now)

    def next_wakeup(self) -> float | None:
        return earliest(self._due, self.cable.next_wakeup())

    def wakeup(self, now: float) -> bytes:
        late = self.cable.wakeup(now)
        if self._due is not None and self._due <= now:
            return late + self._sense(now)
        return late

    def _sense(self, now: float) -> bytes:
        """Sample, decide, drive the relays."""
        site, board, ms = self._plant.site, self.board, _ms(now)
        closed = site.contacts(now)
        engine = site.engine
        contacts = wire.bits([name for name in self._names if closed[name]], wire.CONTACTS)
        board.sense(
            round(site.mains_volts * 10),
            round(engine.volts * 10) if engine is not None else 0,
            round(engine.battery_v * 100) if engine is not None else 0,
            contacts,
            False,
            ms,
        )
        relays = frozenset(wire.words(board.relays(), wire.RELAYS))
        if relays != site.active:
            self._plant.relays(relays)
        self._due = now + board.next_ms(ms) / 1000.0
        return self.cable.send(board.outgoing(), now)


def _ms(now: float) -> int:
    # A timer of the board must be over when its time has come, whatever a float has lost on the way.
    return int(now * 1000.0 + 1e-3)
