"""What a Megatec/Q1 UPS says and is told, byte by byte: replies to `Q1`, `F` and `I`, and the control commands.

Source: Megatec "UPS communication protocol", as NUT's `nutdrv_qx` reads it. A reply proves itself by its form alone
(there is no check sum), so every figure is held against what can be.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from edge.core.events import UpsReading
from edge.core.requests import CancelCut, CancelUpsTest, CutAndRestore, Request, SetBeeper, TestUps

_NUMBER = rb"\d{1,3}(?:\.\d{1,2})?"
_Q1 = re.compile(rb"\((%s) (%s) (%s) (\d{1,3}) (%s) (%s) (%s) ([01]{8})" % ((_NUMBER,) * 6))
_RATING = re.compile(rb"#(%s) (%s) (%s) (%s)" % ((_NUMBER,) * 4))
_PER_CELL = re.compile(rb"\d\.\d\d")


@dataclass(frozen=True, slots=True)
class Rating:
    """Answer to `F`: nominal V, A, battery V, Hz."""

    volts: float
    amperes: float
    battery_v: float
    hertz: float


class ImplausibleError(ValueError):
    """A figure that no UPS can have; its text is the reason for `FrameRejected`."""


def charge(battery_v: float, nominal_v: float) -> float:
    """Estimated charge, 0..100 %, on NUT's line: empty at 104/120, full at 130/120 of the nominal voltage."""
    low, high = nominal_v * 104 / 120, nominal_v * 130 / 120
    return round(min(100.0, max(0.0, (battery_v - low) / (high - low) * 100)), 1)


def status_words(reading: UpsReading) -> str:
    """NUT's `ups.status` for this protocol, which has neither OVER nor CHRG nor RB.

    Raises ImplausibleError when the regulation bit is set with an impossible ratio.
    """
    words = ["ALARM"] if reading.failed or reading.shutting_down else []
    words.append("OB" if reading.utility_fail else "OL")
    if reading.battery_low:
        words.append("LB")
    if reading.bypass and not reading.utility_fail and reading.input_v > 0:
        ratio = reading.output_v / reading.input_v
        if not 0.5 <= ratio < 1.5:
            raise ImplausibleError(f"output {reading.output_v} V from input {reading.input_v} V")
        words.append("TRIM" if ratio < 0.95 else "BYPASS" if ratio < 1.05 else "BOOST")
    if reading.testing:
        words.append("CAL")
    if reading.shutting_down:
        words.append("FSD")
    return " ".join(words)


def read_rating(line: bytes) -> Rating | None:
    """The rating in a reply to `F`, None when the line is none or cannot be true."""
    found = _RATING.fullmatch(line)
    if found is None:
        return None
    rating = Rating(*(float(group) for group in found.groups()))
    return rating if rating.volts >= 50 and rating.battery_v >= 6 and rating.hertz >= 40 else None


def read_q1(device: str, line: bytes, rating: Rating | None) -> UpsReading:
    """The reading in a reply to `Q1` (without CR). Raises ImplausibleError for anything else."""
    found = _Q1.fullmatch(line)
    if found is None:
        raise ImplausibleError("not a reply to Q1")
    numbers = [float(found[group]) for group in range(1, 8)]
    input_v, fault_v, output_v, load, hertz, battery_v, celsius = numbers
    nominal = rating.battery_v if rating else None
    if nominal and nominal > 10 and _PER_CELL.fullmatch(found[6]):
        battery_v = round(battery_v * nominal / 2, 2)  # Lead cells of 2 V.
    lowest, highest = (nominal * 0.5, nominal * 1.5) if nominal else (1.0, 600.0)
    checks = (
        (max(input_v, output_v, fault_v) <= 400, "a voltage over 400 V"),
        (load <= 250, f"a load of {load:.0f} %"),
        (hertz == 0 or 40 <= hertz <= 70, f"a frequency of {hertz} Hz"),
        (lowest <= battery_v <= highest, f"a battery of {battery_v} V"),
        (celsius <= 110, f"a temperature of {celsius} deg C"),
    )
    for good, reason in checks:
        if not good:
            raise ImplausibleError(reason)
    utility_fail, battery_low, bypass, failed, offline, testing, shutting, beeper = (b == ord("1") for b in found[8])
    plain = UpsReading(
        device=device,
        input_v=input_v,
        fault_v=fault_v,
        output_v=output_v,
        load_pct=load,
        frequency_hz=hertz,
        battery_v=battery_v,
        temperature_c=celsius,
        utility_fail=utility_fail,
        battery_low=battery_low,
        bypass=bypass,
        failed=failed,
        offline_type=offline,
        testing=testing,
        shutting_down=shutting,
        beeper=beeper,
    )
    return replace(plain, charge_pct=charge(battery_v, nominal) if nominal else None, status=status_words(plain))


def read_identity(line: bytes) -> dict[str, str] | None:
    """Maker, model and firmware in a reply to `I`, those that it tells; None when the line is none."""
    if not (28 <= len(line) <= 48 and line.isascii() and line.decode().isprintable()):
        return None
    text = line.decode()
    parts = {"maker": text[1:16], "model": text[17:27], "firmware": text[28:38]}
    return {key: part.strip() for key, part in parts.items() if part.strip()}


def encode(request: Request) -> bytes:
    """The control command, without CR. The cut comes never sooner than asked, but up to a minute later."""
    match request:
        case TestUps(length=length):
            return {"quick": b"T", "two-minutes": b"T02", "deep": b"TL"}[length]
        case CancelUpsTest():
            return b"CT"
        case SetBeeper():
            return b"Q"  # It only toggles: whoever sends it has looked at the status.
        case CutAndRestore(off_s=off_s, back_min=back_min):
            tenths = math.ceil(off_s / 6 - 1e-9)
            after = b".%d" % max(2, tenths) if tenths <= 9 else b"%02d" % math.ceil(off_s / 60 - 1e-9)
            return b"S%bR%04d" % (after, back_min)
        case CancelCut():
            return b"C"
    raise ValueError(f"a UPS cannot do {type(request).__name__}")
