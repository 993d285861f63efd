"""Impressions of a simulated finger: pressed down a little differently each time, well or badly, at 500 ppi.

Dark ridges on a light ground, as a live scanner gives them. The same (seed, person, finger, attempt, condition) is
always the same picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hardware.simulators.pictures.ridges import COLUMNS, ROWS, Floats, chance, skin

PPI: Final = 500
WIDTH, HEIGHT = 400, 480
"""Size of a finger's picture in pixels: 20 x 24 mm."""
SENSOR_WIDTH, SENSOR_HEIGHT = 256, 288
"""Size of the picture of a small sensor (ZFM and its kin)."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What is wrong with the finger or how it lies; each 0 (nothing) .. 1 (very). All 0: a good impression."""

    dry: float = 0.0
    wet: float = 0.0
    noise: float = 0.0
    partial: float = 0.0
    smudge: float = 0.0

    @property
    def severity(self) -> float:
        """0..1: as bad as the worst of it, and somewhat worse for the rest."""
        ills = sorted((self.dry, self.wet, self.noise, self.partial, self.smudge), reverse=True)
        return min(1.0, ills[0] + 0.4 * sum(ills[1:]))


GOOD: Final = Condition()


def impression(
    seed: int, person: int, finger: str, attempt: int = 1, condition: Condition = GOOD, sideways: float = 1.0
) -> NDArray[np.uint8]:
    """HEIGHT x WIDTH grey values. `sideways`: how far the finger strays (1: a slap under an officer's eyes)."""
    draw = chance("impression", seed, person, finger, attempt)
    own = chance("shape", seed, person, finger)
    radii = (float(own.uniform(150, 178)), float(own.uniform(188, 222)))
    bend = float(own.uniform(0.0004, 0.0011))
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    x, y = x - WIDTH / 2, y - HEIGHT / 2
    turn = float(np.clip(draw.normal(0, 0.06), -0.16, 0.16)) * sideways
    move = np.clip(draw.normal(0, 9, 2), -24, 24) * sideways
    sx, sy = _stretched(draw, x, y)
    cos, sin = np.cos(turn), np.sin(turn)
    sx, sy = cos * sx + sin * sy - move[0], cos * sy - sin * sx - move[1]
    # The skin lies on a round fingertip: its ridges bend downwards at the sides, most at the tip.
    sy = sy - bend * sx**2 * np.clip(0.6 - sy / 300, 0.1, 1.2)
    ridge = _sampled(_enlarged(seed, person, finger), sx, sy)
    ridge, ink = _pressed(draw, ridge, condition)
    cover = _cover(draw, x - move[0] * 0.6, y - move[1] * 0.6, radii, condition)
    return _picture(draw, ridge, ink, cover, condition)


def sensor_image(
    seed: int, person: int, finger: str, attempt: int = 1, condition: Condition = GOOD
) -> NDArray[np.uint8]:
    """SENSOR_HEIGHT x SENSOR_WIDTH grey values: the middle of the finger, as a small optical sensor sees it."""
    whole = impression(seed, person, finger, attempt, condition, sideways=0.8)
    top, left = (HEIGHT - SENSOR_HEIGHT) // 2, (WIDTH - SENSOR_WIDTH) // 2
    return np.ascontiguousarray(whole[top : top + SENSOR_HEIGHT, left : left + SENSOR_WIDTH])


def _enlarged(seed: int, person: int, finger: str) -> Floats:
    """The skin at 500 ppi, by zeros behind its spectrum."""
    spectrum = np.fft.rfft2(skin(seed, person, finger).height.astype(np.float32))
    half = ROWS // 2
    wide = np.zeros((2 * ROWS, COLUMNS + 1), np.complex64)
    wide[:half, : COLUMNS // 2 + 1] = spectrum[:half]
    wide[-half:, : COLUMNS // 2 + 1] = spectrum[half:]
    return (np.fft.irfft2(wide, s=(2 * ROWS, 2 * COLUMNS)) * 4).astype(np.float32)


def _stretched(draw: np.random.Generator, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Soft skin gives way under pressure: by some pixels, slowly varying over the finger."""
    strength = draw.uniform(0.5, 2.5, 4)
    phase = draw.uniform(0, 2 * np.pi, 4)
    dx = strength[0] * np.sin(y / 110 + phase[0]) + strength[1] * np.sin(x / 140 + phase[1])
    dy = strength[2] * np.sin(x / 110 + phase[2]) + strength[3] * np.sin(y / 140 + phase[3])
    return (x + dx).astype(np.float32), (y + dy).astype(np.float32)


def _sampled(source: Floats, x: Floats, y: Floats) -> Floats:
    """The skin at places counted from its middle, between its pixels."""
    rows, columns = source.shape
    px = np.clip(x + columns / 2, 0, columns - 2)
    py = np.clip(y + rows / 2, 0, rows - 2)
    left, top = px.astype(np.int32), py.astype(np.int32)
    fx, fy = px - left, py - top
    at = top * columns + left
    flat = source.ravel()
    upper = flat[at] * (1 - fx) + flat[at + 1] * fx
    lower = flat[at + columns] * (1 - fx) + flat[at + columns + 1] * fx
    return np.asarray(upper * (1 - fy) + lower * fy, np.float32)


def _clouds(draw: np.random.Generator, size: float) -> Floats:
    """Smooth noise of mean 0 and deviation 1, whose patches are about `size` pixels wide."""
    step = max(1, int(size))
    rows, columns = HEIGHT // step + 3, WIDTH // step + 3
    coarse = draw.standard_normal((rows, columns)).astype(np.float32)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    smooth = _sampled(coarse, x / step + 1 - columns / 2, y / step + 1 - rows / 2)
    return np.asarray((smooth - smooth.mean()) / (smooth.std() + 1e-6), np.float32)


def _blurred(image: NDArray[Any], sigma: float) -> Floats:
    fy = np.fft.fftfreq(image.shape[0])[:, None]
    fx = np.fft.rfftfreq(image.shape[1])[None, :]
    low = np.exp(-2 * (np.pi * sigma) ** 2 * (fx**2 + fy**2))
    return np.fft.irfft2(np.fft.rfft2(image) * low, s=image.shape).astype(np.float32)


def _pressed(draw: np.random.Generator, height: Floats, condition: Condition) -> tuple[Floats, Floats]:
    """How much of the skin touches the glass (0..1), and how dark it is there (0..1).

    A wet or hard-pressed finger closes its valleys; a dry one touches in points only.
    """
    press = 0.12 * _clouds(draw, 90) + 0.05 * float(draw.standard_normal())
    press = press - 0.3 + 1.15 * condition.wet - 0.9 * condition.dry
    # Skin is never smooth; worn skin has cuts, and dust lies among its ridges, as wide as they are.
    press = press + (0.38 + 0.85 * condition.noise) * _clouds(draw, 5)
    if condition.noise:
        press = press + 0.85 * condition.noise * _clouds(draw, 11)
    ridge = 0.5 + 0.5 * np.tanh(2.2 * (height + press))
    grain = _clouds(draw, 2.5)
    patches = _clouds(draw, 40)
    # Every finger has pores and specks; a dry one consists of them.
    holes = 1 / (1 + np.exp(-(grain - 1.7 + 2.4 * condition.dry + 0.7 * condition.dry * patches) * 4))
    ink = 1 - 0.85 * holes
    if condition.wet:
        flooded = 1 / (1 + np.exp(-(patches + 1.8 * condition.wet - 1.0) * 3))
        ridge = ridge + (0.9 - ridge) * flooded * condition.wet
    if condition.smudge:
        worn = 1 / (1 + np.exp(-(_clouds(draw, 55) + 2.8 * condition.smudge - 1.4) * 3))
        ridge = ridge + (_blurred(ridge, 2 + 5 * condition.smudge) - ridge) * worn
    return ridge.astype(np.float32), ink.astype(np.float32)


def _cover(draw: np.random.Generator, x: Floats, y: Floats, radii: tuple[float, float], condition: Condition) -> Floats:
    """Where the finger lies (0..1): a rounded shape with an uneven rim; part of it only, if `partial`."""
    less = 1 - 0.62 * condition.partial
    aside = draw.uniform(-1, 1, 2) * 90 * condition.partial
    wide = radii[0] * less * (1 + 0.04 * draw.standard_normal())
    high = radii[1] * less * (1 + 0.04 * draw.standard_normal())
    far = ((np.abs(x - aside[0]) / wide) ** 2.4 + (np.abs(y - aside[1]) / high) ** 2.4) ** (1 / 2.4)
    return np.asarray(1 / (1 + np.exp((far - 1 + 0.025 * _clouds(draw, 14)) * 45)), np.float32)


def _picture(
    draw: np.random.Generator, ridge: Floats, ink: Floats, cover: Floats, condition: Condition
) -> NDArray[np.uint8]:
    """Grey values: light ground, dark ridges, the sensor's noise."""
    ground = 236 + 4 * _clouds(draw, 120)
    dark = ridge * ink * cover * (150 - 60 * condition.dry + 40 * condition.wet)
    # Under the finger the valleys are a little darker than the bare glass.
    grey: NDArray[Any] = _blurred(ground - dark - 18 * cover, 0.5)
    grey = grey + draw.standard_normal(grey.shape) * (4 + 58 * condition.noise)
    if condition.noise:
        grey = grey - 70 * condition.noise * np.clip(_clouds(draw, 9) - 1.1, 0, 1)
        grey = 190 + (grey - 190) * (1 - 0.45 * condition.noise)
    return np.clip(grey, 0, 255).astype(np.uint8)
