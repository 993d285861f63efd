"""Deep Sea's GenComm: where each figure lies, what means "not measured", and the names of the alarms.

Source: GenComm standard (address = page * 256 + offset, big-endian words, high word first). Alarms lie four to a
register, high nibble first, in one of two orders: page 8 of the older models, page 154 of the newer ones; there, the
family of the 4xxx MkII has an end of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from edge.core.events import GensetAlarm, GensetReading

MAKER, MODEL, SERIAL, MODE = 768, 769, 770, 772
OIL, COOLANT, FUEL, BATTERY, RPM, HERTZ, VOLTS = 1024, 1025, 1027, 1029, 1030, 1031, 1032
MAINS_HERTZ, MAINS_VOLTS = 1059, 1060
ENGINE = 1408
RUN_SECONDS, STARTS = 1798, 1808
OLD_ALARMS, NEW_ALARMS = 2048, 39424
"""The number of alarms; the alarms follow."""
KEYS, KEY = 4096, 4104
TELEMETRY_START, TELEMETRY_STOP = 35732, 35733
FIRST_KEY: Final = 35700
ALARMS_MOST: Final = 200

MODES: Final = {0: "stop", 1: "auto", 2: "manual", 3: "test", 4: "auto", 5: "manual", 6: "test", 7: "stop"}
ENGINES: Final = {
    0: "stopped", 1: "pre-start", 2: "warming", 3: "running", 4: "cooling", 5: "stopped", 6: "post-run",
}  # fmt: skip
_SEVERITIES: Final[dict[int, Literal["warning", "shutdown", "trip"]]] = {2: "warning", 3: "shutdown", 4: "trip"}

#: Known models of maker 1 (Deep Sea Electronics).
MODELS: Final = {
    4623: "4620/4623", 6121: "6120", 32800: "6110 MkII", 32807: "4520 MkII", 32808: "4510 MkII", 32832: "8610 MkII",
    32833: "8620 MkII", 32834: "8660 MkII", 32840: "7310 MkII", 32845: "7410 MkII", 32846: "7420 MkII",
    32859: "6120 MkIII",
}  # fmt: skip
_SMALL_FAMILY: Final = frozenset({32807, 32808})

_OLD_NAMES: Final = (
    "emergency-stop", "low-oil-pressure", "high-coolant-temperature", "high-oil-temperature",
    "under-speed", "over-speed", "fail-to-start", "fail-to-stop",
    "loss-of-speed-sensing", "genset-low-voltage", "genset-high-voltage", "genset-low-frequency",
    "genset-high-frequency", "genset-high-current", "genset-earth-fault", "genset-reverse-power",
    "air-flap", "oil-pressure-sender", "coolant-sender", "oil-temperature-sender",
    "fuel-sender", "magnetic-pickup", "loss-of-ac-speed", "charge-alternator",
    "battery-low", "battery-high", "low-fuel", "high-fuel",
    "genset-fail-to-close", "mains-fail-to-close", "genset-fail-to-open", "mains-fail-to-open",
    "mains-low-voltage", "mains-high-voltage", "bus-fail-to-close", "bus-fail-to-open",
    "mains-low-frequency", "mains-high-frequency", "mains-failed", "mains-phase-rotation",
    "genset-phase-rotation", "maintenance-due",
)  # fmt: skip

_NEW_NAMES: Final = (
    "emergency-stop", "low-oil-pressure", "high-coolant-temperature", "low-coolant-temperature",
    "under-speed", "over-speed", "genset-low-frequency", "genset-high-frequency",
    "genset-low-voltage", "genset-high-voltage", "battery-low", "battery-high",
    "charge-alternator", "fail-to-start", "fail-to-stop", "genset-fail-to-close",
    "mains-fail-to-close", "oil-pressure-sender", "magnetic-pickup", "magnetic-pickup-open",
    "genset-high-current", "calibration-lost", "low-fuel", "ecu-warning",
    "ecu-shutdown", "ecu-data-fail", "low-oil-level", "high-temperature-switch",
    "low-fuel-switch", "expansion-unit", "overload", "negative-phase-sequence",
    "genset-earth-fault", "genset-phase-rotation", "voltage-sense-fail", "maintenance-due",
)  # fmt: skip
_SMALL_TAIL: Final = {
    22: "",
    35: "",
    36: "temperature-sender-open",
    37: "low-fuel",
    38: "high-fuel",
    39: "water-in-fuel",
}


@dataclass(frozen=True, slots=True)
class Block:
    """Registers that are read together. `needed`: a controller that refuses it is none of ours."""

    address: int
    count: int
    needed: bool = False


IDENTITY: Final = Block(MAKER, MODE - MAKER + 1, needed=True)
BASIC: Final = Block(OIL, MAINS_VOLTS + 2 - OIL, needed=True)
STATE: Final = Block(ENGINE, 1)
TOTALS: Final = Block(RUN_SECONDS, STARTS + 2 - RUN_SECONDS)
SUPPORTED: Final = Block(KEYS, 8)


class Words:
    """What one sweep read: addresses to words. Whatever is not there, or means "not measured", is None."""

    def __init__(self) -> None:
        self._words: dict[int, int] = {}

    def add(self, block: Block, words: Sequence[int]) -> None:
        """The words of one answer."""
        self._words.update(zip(range(block.address, block.address + block.count), words, strict=True))

    def raw(self, address: int) -> int | None:
        """A word as it is."""
        return self._words.get(address)

    def u16(self, address: int) -> int | None:
        """An unsigned word."""
        word = self._words.get(address)
        return None if word is None or word >= 0xFFF8 else word

    def s16(self, address: int) -> int | None:
        """A signed word; both the signed and the unsigned marks mean "not measured"."""
        word = self._words.get(address)
        if word is None or 0x7FF8 <= word <= 0x7FFF or word == 0xFFFF:
            return None
        return word - 0x10000 if word & 0x8000 else word

    def u32(self, address: int) -> int | None:
        """An unsigned double word."""
        high, low = self._words.get(address), self._words.get(address + 1)
        if high is None or low is None:
            return None
        whole = high << 16 | low
        return None if whole >= 0xFFFFFFF8 else whole


def _tenths(value: int | None) -> float | None:
    return None if value is None else value / 10


def alarm_block(base: int, count: int | None) -> Block | None:
    """The registers of an alarm page that names `count` alarms; None when the page is not there."""
    return Block(base, 1 + -(-count // 4)) if count is not None and 0 < count <= ALARMS_MOST else None


def alarm_name(base: int, place: int, model: int | None) -> str:
    """An alarm by its place in its page; those that have no name here are `alarm-<place>`."""
    names: Sequence[str] = _OLD_NAMES if base == OLD_ALARMS else _NEW_NAMES
    name = names[place] if place < len(names) else ""
    if base == NEW_ALARMS and model in _SMALL_FAMILY:
        name = _SMALL_TAIL.get(place, name)
    return name or f"alarm-{place}"


def alarms(words: Words, block: Block | None, model: int | None) -> tuple[GensetAlarm, ...]:
    """The alarms that are active now."""
    if block is None:
        return ()
    packed = [words.raw(address) or 0 for address in range(block.address + 1, block.address + block.count)]
    codes = [word >> shift & 15 for word in packed for shift in (12, 8, 4, 0)]
    return tuple(
        GensetAlarm(alarm_name(block.address, place, model), _SEVERITIES[code])
        for place, code in enumerate(codes)
        if code in _SEVERITIES
    )


def supports(bitmap: Sequence[int], key: int) -> bool:
    """Whether the bitmap of supported keys has this one: key 35700 is the highest bit of the first word."""
    word, bit = divmod(key - FIRST_KEY, 16)
    return bool(bitmap[word] >> (15 - bit) & 1)


def details(words: Words) -> dict[str, str]:
    """Maker, model and serial number, as far as they are told."""
    maker, model, serial = words.u16(MAKER), words.u16(MODEL), words.u32(SERIAL)
    ours = maker == 1
    told = {
        "maker": "Deep Sea Electronics" if ours else None if maker is None else str(maker),
        "model": None if model is None else MODELS.get(model, str(model)) if ours else str(model),
        "serial": None if serial is None else str(serial),
    }
    return {key: value for key, value in told.items() if value is not None}


def reading(device: str, words: Words, block: Block | None, can_start: bool | None) -> GensetReading:
    """One sweep as a reading. `block`: where the alarms were read."""
    mode, engine = words.u16(MODE), words.u16(ENGINE)
    return GensetReading(
        device,
        mode=None if mode is None else MODES.get(mode),
        engine=None if engine is None else ENGINES.get(engine),
        rpm=words.u16(RPM),
        volts=_tenths(words.u32(VOLTS)),
        hertz=_tenths(words.u16(HERTZ)),
        oil_kpa=words.u16(OIL),
        coolant_c=words.s16(COOLANT),
        fuel_pct=words.u16(FUEL),
        battery_v=_tenths(words.u16(BATTERY)),
        mains_v=_tenths(words.u32(MAINS_VOLTS)),
        mains_hz=_tenths(words.u16(MAINS_HERTZ)),
        run_s=words.u32(RUN_SECONDS),
        starts=words.u32(STARTS),
        alarms=alarms(words, block, words.u16(MODEL)),
        can_start=can_start,
    )


def confirms(request_starts: bool, now: GensetReading) -> bool:
    """Whether a reading proves that a start (or a stop) was taken up."""
    turning = now.rpm is not None and now.rpm >= 100
    if request_starts:
        return turning or now.engine in ("pre-start", "warming", "running")
    if now.engine is not None:
        return now.engine in ("cooling", "post-run") or (now.engine == "stopped" and not turning)
    return now.rpm is not None and not turning
