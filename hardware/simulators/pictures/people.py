"""What a device takes of a simulated person: a picture as good as its quality says, encoded, in its record.

Fingers are compressed by WSQ at its usual 0.75 bits a pixel, faces and irises by JPEG 2000.
"""

from __future__ import annotations

import io
import random
import sys
from functools import lru_cache
from typing import Any, Final

from hardware.simulators.pictures import records

#: Median NFIQ2 of 12 fingers at severity 0, 0.2, .. 1.
NFIQ2_BY_ILL: Final[dict[str, tuple[int, ...]]] = {
    "dry": (74, 72, 55, 48, 38, 0),
    "wet": (74, 70, 63, 60, 36, 1),
    "noise": (74, 57, 41, 26, 21, 13),
    "partial": (74, 63, 59, 52, 49, 39),
    "smudge": (74, 72, 65, 29, 20, 18),
}


def condition_of(quality: int, choose: random.Random, ill: str = "") -> tuple[str, float]:
    """What may be wrong with a finger of a quality (0..100), and how much (0..1). `ill`: this, and nothing else."""
    if not ill:
        # A part of a finger alone never gets as bad as a dirty or dry one.
        ill = choose.choice([name for name, steps in NFIQ2_BY_ILL.items() if steps[-1] <= quality])
    steps = NFIQ2_BY_ILL[ill]
    for index in range(5):
        high, low = steps[index], steps[index + 1]
        if quality > low:
            share = (high - min(quality, high)) / (high - low)
            return ill, (index + share) / 5
    return ill, 1.0


def record(
    kind: str, seed: int, person: int, subtype: str, attempt: int, quality: int, date: tuple[int, ...], dirty: bool
) -> bytes:
    """The record of a finger, face or eye of a person. `subtype`: SBI's; of a face it does not matter."""
    year, month, day, hour, minute, second, ms = date
    when = (year, month, day, hour, minute, second, ms)
    if kind == "Face":
        from hardware.simulators.pictures import face

        ill = min(1.0, max(0.0, (98 - quality) / 95))
        data = _jpeg2000(face.photo(seed, person, attempt, ill), 24)
        return records.face(records.Taken(data, face.WIDTH, face.HEIGHT, quality, when))
    if kind == "Iris":
        from hardware.simulators.pictures import iris

        eye = iris.eye(seed, person, subtype, attempt, min(1.0, max(0.0, (95 - quality) / 95)))
        data = _jpeg2000(eye.image, 12)
        taken = records.Taken(data, iris.WIDTH, iris.HEIGHT, quality, when)
        return records.iris(taken, subtype, eye.centre, eye.diameter)
    from hardware.simulators.pictures import fingerprint

    choose = random.Random(f"ill/{seed}/{person}/{subtype}/{attempt}")
    ill_name, much = condition_of(quality, choose, "smudge" if dirty else "")
    condition = fingerprint.Condition(**{ill_name: much})
    pixels = fingerprint.impression(seed, person, subtype, attempt, condition)
    data = wsq(pixels.tobytes(), fingerprint.WIDTH, fingerprint.HEIGHT)
    taken = records.Taken(data, fingerprint.WIDTH, fingerprint.HEIGHT, quality, when)
    return records.finger(taken, subtype, fingerprint.PPI)


def wsq(pixels: bytes, width: int, height: int) -> bytes:
    """Grey pixels, row by row, compressed by WSQ."""
    # The codec takes a last number and keeps to 0.75 bits a pixel whatever it is.
    return bytes(_wsq().compress(pixels, height, width, 0.75))


def _wsq() -> Any:
    """The codec under PyPI's `wsq`: its Pillow plugin's encoder goes through a list of all pixels."""
    import importlib

    return sys.modules.get("_wsq") or importlib.import_module("_wsq")


def _jpeg2000(image: Any, ratio: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG2000", quality_mode="rates", quality_layers=[ratio])
    return out.getvalue()


@lru_cache(maxsize=20)
def small(seed: int, person: int, finger: str) -> Any:
    """A small picture of a finger for the preview: a Pillow image, 72 x 86, grey."""
    from PIL import Image

    from hardware.simulators.pictures import fingerprint

    pixels = fingerprint.impression(seed, person, finger, 0)
    return Image.fromarray(pixels).resize((72, 86), Image.Resampling.BILINEAR)
