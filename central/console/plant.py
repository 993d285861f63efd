"""What the one-line diagram tells of a booth's power plant: what is live, what is dead, and how far it is believed.

Nothing is guessed: what no fresh reading tells is not known, and of an offline booth nothing is drawn as live.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from central.console.texts import Language, known, text
from central.console.words import number, short_time
from central.core.views import AlarmView, BoothView
from contract.messages import AlarmState, DeviceState, GensetPhase, Priority, Quality, Supply

Flow = Literal["live", "dead", "unknown", "battery", "idle"]
"""`battery`: live from the battery. `idle`: ready, nothing flows."""
Weight = Literal["calm", "attention", "problem", "unknown"]
Trust = Literal["good", "stale", "lost", "implausible"]

LIVE_V: Final = 90.0
"""Volts from which a line counts as live; below it nothing runs, above it a person can be hurt."""
_BATTERY: Final = frozenset({Supply.ON_BATTERY, Supply.GENSET_STARTING, Supply.SHUTTING_DOWN})
_RUNNING: Final = frozenset(
    {
        GensetPhase.WARMING, GensetPhase.TRANSFERRING, GensetPhase.LOADED, GensetPhase.RETURNING,
        GensetPhase.TRANSFERRING_BACK, GensetPhase.COOLING, GensetPhase.EXERCISING,
    }
)  # fmt: skip
_STANDING: Final = frozenset({GensetPhase.STOPPED, GensetPhase.START_DELAY, GensetPhase.FAILED})
_SOURCES: Final = {"mains": "mains", "genset": "genset", "ats": "ats", "ups": "ups", "battery": "ups"} | dict.fromkeys(
    ("shed1", "shed2"), "board"
)
"""Part of the diagram -> the source whose quality it has in telemetry."""


_KINDS: Final = {"ups": ("megatec", "upsd"), "genset": ("dse",), "board": ("powerboard",)}
"""Source -> kinds of devices that tell of it."""


@dataclass(frozen=True, slots=True)
class Part:
    """One box of the diagram: its name, its state in a word, figures with units, and how far it is believed."""

    key: str
    title: str
    word: str
    lines: tuple[str, ...]
    weight: Weight
    """Of its alarms: how the box is drawn."""
    tone: Weight
    """Of its state: how the word is drawn."""
    trust: Trust
    since: str
    """`lost since 14:03`; empty when it is believed."""


@dataclass(frozen=True, slots=True)
class Plant:
    """The whole plant: its parts by name, the flow on each wire by name, and where the ATS's blade is."""

    parts: dict[str, Part]
    wires: dict[str, Flow]
    blade: Literal["mains", "genset", "moving", "unknown"]
    fresh: bool

    def summary(self) -> str:
        """All of it as words, for those who do not see the picture."""
        parts = (", ".join(filter(None, (part.word, *part.lines, part.since))) for part in self.parts.values())
        return "; ".join(f"{part.title}: {words}" for part, words in zip(self.parts.values(), parts, strict=True))


class Reading:
    """A booth's figures as far as they are fresh, asked by name."""

    def __init__(self, language: Language, booth: BoothView, now: datetime, stale_s: float) -> None:
        self.language = language
        self.booth = booth
        self.now = now
        self.fresh = is_fresh(booth, now, stale_s)

    def number(self, name: str) -> float | None:
        """A figure, None when it is not known."""
        value = self.booth.figures.get(name)
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

    def truth(self, name: str) -> bool | None:
        """A yes or no, None when it is not known or no longer true."""
        value: Any = self.booth.figures.get(name)
        return value if isinstance(value, bool) and self.fresh else None

    def word(self, name: str) -> str:
        """A word, empty when it is not known."""
        value = self.booth.figures.get(name)
        return value if isinstance(value, str) else ""

    def shown(self, name: str, unit: str, digits: int = 0) -> str:
        """A figure with its unit, empty when it is not known: never zero."""
        value = self.number(name)
        return "" if value is None or value != value else f"{number(self.language, value, digits)} {unit}"

    def say(self, key: str, **values: object) -> str:
        """A text in the reader's language."""
        return text(self.language, key, **values)

    def trust(self, part: str) -> tuple[Trust, str]:
        """How far a part is believed, and since when it is not."""
        source = _SOURCES.get(part, "")
        if not self.fresh:
            at = self.booth.figures_at or self.booth.last_heard
            return "stale", self.say("quality.heard", time=short_time(self.language, at, self.now)) if at else ""
        quality = self.word(f"{source}.quality")
        trust: Trust = "good"
        for known_trust in ("stale", "lost", "implausible"):
            if quality == known_trust:
                trust = known_trust
        if trust == "good":
            return trust, ""
        since = self._lost_since(source)
        if since is None:
            return trust, self.say(f"quality.{trust}")
        return trust, self.say(f"quality.{trust}.since", time=short_time(self.language, since, self.now))

    def _lost_since(self, source: str) -> datetime | None:
        for alarm in self.booth.alarms:
            if alarm.alarm in (f"{source}.lost", f"{source}.implausible") and alarm.active:
                return alarm.since
        for device in self.booth.devices:
            if device.state is DeviceState.LOST and device.kind in _KINDS.get(source, ()):
                return device.since
        return None

    def weight(self, prefix: str) -> Weight:
        """How a part is drawn, by the worst alarm that holds for it: `genset` or `genset.fuel-low`."""
        held = [alarm for alarm in self.booth.alarms if f"{alarm.alarm}.".startswith(f"{prefix}.") and _holds(alarm)]
        if any(alarm.priority in (Priority.CRITICAL, Priority.HIGH) for alarm in held):
            return "problem"
        return "attention" if any(alarm.priority is Priority.MEDIUM for alarm in held) else "calm"


def _holds(alarm: AlarmView) -> bool:
    return alarm.active and alarm.state is not AlarmState.SHELVED


def is_fresh(booth: BoothView, now: datetime, stale_s: float) -> bool:
    """Whether the booth's figures are of now."""
    return booth.online and booth.figures_at is not None and (now - booth.figures_at).total_seconds() <= stale_s


def has_genset(booth: BoothView) -> bool:
    """Whether the booth has told of a genset."""
    named = any(device.kind in _KINDS["genset"] for device in booth.devices)
    return booth.genset is not None or "genset.phase" in booth.figures or named


def has_board(booth: BoothView) -> bool:
    """Whether the booth has told of a power board, which can shed loads."""
    named = any(device.kind in _KINDS["board"] for device in booth.devices)
    return "board.quality" in booth.figures or named or booth.shed > 0


def plant(language: Language, booth: BoothView, now: datetime, stale_s: float) -> Plant:
    """The plant of a booth as it is known now. Booths without a genset have no ATS, those without a board no stages."""
    read = Reading(language, booth, now, stale_s)
    genset, board = has_genset(booth), has_board(booth)
    mains, running, blade = _mains(read), _running(read), _blade(read)
    behind = _behind(read, mains, running, blade) if genset else mains
    fed = _essential(read)
    on_battery = read.fresh and booth.supply in _BATTERY
    output: Flow = "battery" if on_battery and fed else _flow(fed)
    stage = booth.shed
    parts = {"mains": _mains_part(read, mains)}
    wires: dict[str, Flow] = {"mains": _flow(mains)}
    if genset:
        parts |= {"genset": _genset_part(read, running), "ats": _ats_part(read, blade)}
        wires |= {"genset": _flow(running), "heavy": _flow(behind)}
    parts |= {"ups": _ups_part(read, on_battery), "battery": _battery_part(read, on_battery)}
    wires |= {"ups": _flow(behind), "battery": "unknown" if not read.fresh else "battery" if on_battery else "idle"}
    parts["essential"] = _load(read, "essential", fed, shed=False)
    wires["essential"] = output
    if board:
        for key, at in (("shed1", 1), ("shed2", 2)):
            shed = stage >= at
            parts[key] = _load(read, key, fed, shed)
            wires[key] = "unknown" if not read.fresh else "dead" if shed else output
    if genset:
        parts["heavy"] = _load(read, "heavy", behind, shed=False)
    return Plant(parts, wires, blade, read.fresh)


def _flow(live: bool | None) -> Flow:
    return "unknown" if live is None else "live" if live else "dead"


def _mains(read: Reading) -> bool | None:
    if not read.fresh:
        return None
    contact = read.truth("mains.contact")
    if contact is not None and read.word("mains.quality") in ("", Quality.GOOD):
        return contact
    supply = read.booth.supply
    if supply in (Supply.ON_MAINS, Supply.MAINS_RETURNING):
        return True
    return None if supply is Supply.UNKNOWN else False


def _running(read: Reading) -> bool | None:
    """Whether the genset gives power: proved, or not; an acknowledgement alone leaves it unknown."""
    if not read.fresh:
        return None
    phase = read.booth.genset.phase if read.booth.genset else None
    verified = read.truth("genset.verified") or bool(read.booth.genset and read.booth.genset.verified)
    if read.truth("genset.running") is False or phase in _STANDING:
        return False
    if read.truth("genset.running") or phase in _RUNNING:
        return True if verified else None
    return False if phase is not None else None


def _blade(read: Reading) -> Literal["mains", "genset", "moving", "unknown"]:
    position = read.word("ats.position")
    if not read.fresh:
        return "unknown"
    for known_position in ("mains", "genset", "moving"):
        if position == known_position:
            return known_position
    return "unknown"


def _behind(read: Reading, mains: bool | None, running: bool | None, blade: str) -> bool | None:
    """Whether the line behind the ATS is live."""
    if blade == "moving":
        return False
    if blade in ("mains", "genset"):
        return mains if blade == "mains" else running
    volts = read.number("input.voltage")
    if read.fresh and volts is not None:
        return volts >= LIVE_V
    if not read.fresh or read.booth.supply in (Supply.UNKNOWN, Supply.MAINS_RETURNING):
        return None
    return read.booth.supply in (Supply.ON_MAINS, Supply.ON_GENSET)


def _essential(read: Reading) -> bool | None:
    """A booth that tells figures has power; of one that is silent it is not known."""
    if read.booth.off:
        return False
    return True if read.fresh else None


def _part(read: Reading, key: str, word: str, lines: Iterable[str], tone: Weight, alarmed: Weight = "calm") -> Part:
    """A box: drawn by its state or by its alarms, whichever is worse; its word by its state alone."""
    trust, since = read.trust(key)
    order: tuple[Weight, ...] = ("problem", "attention", "unknown", "calm")
    weight = min(tone, alarmed, key=order.index)
    if trust != "good" and weight == "calm":
        weight = "unknown"
    told = tuple(line for line in lines if line)
    return Part(key, text(read.language, f"node.{key}"), word, told, weight, tone, trust, since)


def _mains_part(read: Reading, mains: bool | None) -> Part:
    low = any(alarm.alarm == "mains.low" and alarm.active for alarm in read.booth.alarms)
    key = "is.unknown" if mains is None else "is.low" if low else "is.present" if mains else "is.absent"
    tone: Weight = "unknown" if mains is None else "calm" if mains and not low else "attention"
    volts = read.shown("mains.volts", "V")
    if not volts and mains and _blade(read) == "mains":
        volts = read.shown("input.voltage", "V")
    return _part(read, "mains", read.say(key), (volts,), tone, read.weight("mains"))


def _genset_part(read: Reading, running: bool | None) -> Part:
    genset = read.booth.genset
    word = read.say("is.unknown")
    if genset is not None and read.fresh:
        word = known(read.language, f"short.{genset.phase}", genset.phase)
        if running is None and genset.phase in _RUNNING:
            word = read.say("is.running.unverified")
    failed = genset is not None and genset.phase is GensetPhase.FAILED
    tone: Weight = "problem" if failed else "unknown" if running is None else "calm"
    volts, hertz = read.shown("genset.volts", "V"), read.shown("genset.hertz", "Hz", 1)
    fuel = read.shown("genset.fuel_pct", "%")
    output = " · ".join(filter(None, (volts, hertz))) if running else ""
    lines = (output, read.say("figure.fuel.n", n=fuel) if fuel else "")
    return _part(read, "genset", word, lines, tone, read.weight("genset"))


def _ats_part(read: Reading, blade: str) -> Part:
    both = read.fresh and read.word("ats.position") == "both"
    word = read.say("is.ats.both" if both else "is.unknown" if blade == "unknown" else f"is.ats.{blade}")
    return _part(read, "ats", word, (), "unknown" if blade == "unknown" else "calm", read.weight("ats"))


def _ups_part(read: Reading, on_battery: bool) -> Part:
    status = read.word("ups.status").split()
    trust, _ = read.trust("ups")
    key = "is.unknown" if trust == "lost" or not read.fresh else "is.inverting" if on_battery else "is.passing"
    if read.booth.off or "OFF" in status:
        key = "is.off"
    tone: Weight = "attention" if on_battery else "unknown" if key == "is.unknown" else "calm"
    load = read.shown("ups.load", "%")
    watts = read.shown("ups.realpower", "W")
    lines = (read.shown("output.voltage", "V"), read.say("figure.load.n", n=" · ".join(filter(None, (load, watts)))))
    return _part(read, "ups", read.say(key), lines if load else lines[:1], tone, read.weight("ups"))


def _battery_part(read: Reading, on_battery: bool) -> Part:
    trust, _ = read.trust("battery")
    status = read.word("ups.status").split()
    key = "is.charging" if "CHRG" in status else "is.ready"
    if on_battery:
        key = "is.carrying"
    if trust == "lost" or not read.fresh:
        key = "is.unknown"
    tone: Weight = "attention" if on_battery else "unknown" if key == "is.unknown" else "calm"
    charge, volts = read.shown("battery.charge", "%"), read.shown("battery.voltage", "V", 1)
    lines = (" · ".join(filter(None, (charge, volts))),)
    return _part(read, "battery", read.say(key), lines, tone, read.weight("battery"))


def _load(read: Reading, key: str, fed: bool | None, shed: bool) -> Part:
    word = "is.unknown" if fed is None else "is.shed" if shed else "is.fed" if fed else "is.dark"
    weight: Weight = "unknown" if fed is None else "attention" if shed or not fed else "calm"
    if key == "essential" and fed is False:
        weight = "problem"
    what = read.say(f"node.{key}.what") if key in ("essential", "heavy") else ""
    return _part(read, key, read.say(word), (what,), weight)
