"""The skin of a simulated finger: how its ridges run, and the ridges themselves, grown by filtering noise.

Sources: the zero-pole model of orientation (Sherlock & Monro, "A model for interpreting fingerprint topology", 1993)
and the iterated oriented filtering of SFinGe (Cappelli, Maio, Maltoni, 2000-2009). Made at 250 ppi, where a ridge is
still well sampled, and enlarged when the finger is pressed down: a quarter of the work.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

#: Rows and columns of a finger's skin at 250 ppi: 26 x 22 mm.
ROWS, COLUMNS = 256, 220
#: How many fingers are kept in memory; one takes 113 kB.
KEPT = 40
_DIRECTIONS: Final = 16
_ROUNDS: Final = 5


@dataclass(frozen=True, slots=True)
class Skin:
    """Ridges of one finger. `height`: -1 valley .. 1 ridge, at 250 ppi. `pattern`: arch, loop or whorl."""

    height: NDArray[np.float16]
    pattern: str


def chance(*names: object) -> np.random.Generator:
    """Numbers that follow from names alone."""
    digest = hashlib.sha256("/".join(str(name) for name in names).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16]))


@lru_cache(maxsize=KEPT)
def skin(seed: int, person: int, finger: str) -> Skin:
    """The skin of a person's finger (an SBI bioSubType): always the same."""
    draw = chance("skin", seed, person, finger)
    pattern, angle = _orientation(draw, finger)
    period = float(draw.uniform(8.2, 9.8)) / 2
    return Skin(_grown(draw, angle, period).astype(np.float16), pattern)


def _orientation(draw: np.random.Generator, finger: str) -> tuple[str, Floats]:
    """Pattern, and the direction of the ridges at each pixel (radians, 0 along x, y upwards)."""
    y, x = np.mgrid[0:ROWS, 0:COLUMNS].astype(np.float32)
    x, y = x - COLUMNS / 2, ROWS / 2 - y
    kind = draw.random()
    across, up = draw.uniform(-8, 8), draw.uniform(0, 18)
    point: Any = x + 1j * y
    core = complex(across, up)
    if kind < 0.06:
        # A plain arch: SFinGe's own formula, steepest in the middle.
        steep = draw.uniform(1.0, 1.5) * np.clip(1 - np.abs(y + 15) / 150, 0, 1)
        return "arch", np.arctan(-steep * np.sin(x / COLUMNS * np.pi * 2) * 0.9).astype(np.float32)
    if kind < 0.36:
        low = core - complex(draw.uniform(-6, 6), draw.uniform(12, 34))
        cores = [core, low]
        deltas = [
            complex(across - draw.uniform(58, 84), up - draw.uniform(60, 85)),
            complex(across + draw.uniform(58, 84), up - draw.uniform(60, 85)),
        ]
        pattern = "whorl"
    else:
        # Nine loops of ten open towards the little finger, which lies right on a right hand's print.
        to_right = finger.startswith("Right") == (draw.random() < 0.9)
        side = -1 if to_right else 1
        cores = [core]
        deltas = [complex(across + side * draw.uniform(45, 70), up - draw.uniform(60, 90))]
        pattern = "loop"
    turned = sum(np.angle(point - one) for one in cores) - sum(np.angle(point - one) for one in deltas)
    return pattern, (turned / 2).astype(np.float32)


def _grown(draw: np.random.Generator, angle: Floats, period: float) -> Floats:
    """Ridges out of noise: filtered again and again along the local direction, until they are of one piece."""
    rows, columns = angle.shape
    fy = np.fft.fftfreq(rows)[:, None].astype(np.float32)
    fx = np.fft.rfftfreq(columns)[None, :].astype(np.float32)
    radius = np.hypot(fx, fy) + 1e-9
    band = np.exp(-((radius - 1 / period) ** 2) / (2 * (0.16 / period) ** 2))
    # A ridge at `angle` varies across itself: its frequency lies a quarter turn away (rows grow downwards).
    heading = np.arctan2(-fy, fx)
    filters = []
    for step in range(_DIRECTIONS):
        off = heading - (step * np.pi / _DIRECTIONS + np.pi / 2)
        off = (off + np.pi / 2) % np.pi - np.pi / 2
        filters.append((band * np.exp(-(off**2) / (2 * 0.17**2))).astype(np.float32))
    place = (angle % np.pi) * (_DIRECTIONS / np.pi)
    lower = np.floor(place).astype(np.int32)
    share = (place - lower).astype(np.float32)
    lower %= _DIRECTIONS
    upper = (lower + 1) % _DIRECTIONS
    image = draw.standard_normal((rows, columns)).astype(np.float32)
    for _ in range(_ROUNDS):
        spectrum = np.fft.rfft2(image)
        grown = np.zeros_like(image)
        for step, one in enumerate(filters):
            weight = np.where(lower == step, 1 - share, 0) + np.where(upper == step, share, 0)
            grown += weight * np.fft.irfft2(spectrum * one, s=(rows, columns)).astype(np.float32)
        image = np.tanh(grown * (2.2 / (grown.std() + 1e-9)))
    return image.astype(np.float32)
