"""A motorised transfer switch, break before make, with two position contacts and an inhibit input.

Inhibited, it goes to the mains or stays on them when they are good, and stays where it is when they are bad. Not
inhibited, it prefers a genset that gives good volts, also when the mains are back; else it goes to good mains.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Ats:
    """The switch. Faults: `stuck_on` ("mains" or "genset": it does not leave that side), `welded` (the contact it left
    stays closed: both sources are joined). `log` gets (seconds, what): ats.moving, ats.mains, ats.genset.
    """

    transfer_s: float = 1.0
    position: str = "mains"
    stuck_on: str | None = None
    welded: bool = False
    inhibited: bool = True
    transfers: int = 0
    log: list[tuple[float, str]] = field(default_factory=list)
    _mains_good: bool = True
    _genset_good: bool = False
    _target: str = "mains"
    _arrives: float | None = None

    def set_inhibit(self, now: float, on: bool) -> None:
        """The inhibit input."""
        self.advance(now)
        self.inhibited = on
        self._decide(now)

    def set_sources(self, now: float, mains_good: bool, genset_good: bool) -> None:
        """What its own voltage relays see."""
        self.advance(now)
        self._mains_good, self._genset_good = mains_good, genset_good
        self._decide(now)

    def advance(self, now: float) -> None:
        """Lets the motor run until `now`; once begun a transfer is finished before the next."""
        self._decide(now)
        while self._arrives is not None and self._arrives <= now:
            at, self._arrives = self._arrives, None
            self.position = self._target
            self.transfers += 1
            self.log.append((at, f"ats.{self.position}"))
            self._decide(at)

    def next_wakeup(self) -> float | None:
        """When the motor arrives."""
        return self._arrives

    @property
    def mains_contact(self) -> bool:
        """ATS_MAINS: closed on the mains; welded it stays closed."""
        return self.position == "mains" or (self.welded and self.position == "genset")

    @property
    def genset_contact(self) -> bool:
        """ATS_GENSET: closed on the genset; welded it stays closed."""
        return self.position == "genset" or (self.welded and self.position == "mains" and self.transfers > 1)

    def output(self, mains_volts: float, genset_volts: float) -> float:
        """Volts on the output; 0 while it moves."""
        live = [0.0]
        if self.mains_contact:
            live.append(mains_volts)
        if self.genset_contact:
            live.append(genset_volts)
        return max(live)

    def _decide(self, now: float) -> None:
        if self._arrives is not None or self.position == "moving":
            return
        wanted = self.position
        if self._genset_good and not self.inhibited:
            wanted = "genset"
        elif self._mains_good:
            wanted = "mains"
        if wanted == self.position or self.stuck_on == self.position:
            return
        self._target, self.position = wanted, "moving"
        self._arrives = now + self.transfer_s
        self.log.append((now, "ats.moving"))

    def snapshot(self) -> dict[str, object]:
        """Plain JSON: the position it rests in or moves to."""
        return {"position": self._target if self.position == "moving" else self.position, "transfers": self.transfers}

    def restore(self, kept: dict[str, object]) -> None:
        """Takes up a `snapshot`."""
        self.position = self._target = str(kept["position"])
        self.transfers = int(str(kept["transfers"]))
        self._arrives = None
