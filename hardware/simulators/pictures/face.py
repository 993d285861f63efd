"""The drawn face of a simulated person on a neutral ground: the same features each time, a little moved."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, Final

from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 480, 640
"""Size of a photo in pixels."""
_SKINS: Final = ((141, 85, 36), (172, 112, 67), (198, 134, 66), (208, 152, 104), (224, 172, 125))
_HAIRS: Final = ((20, 16, 14), (35, 25, 20), (60, 44, 34), (120, 118, 116))
_CLOTHES: Final = ((40, 70, 120), (120, 40, 50), (40, 100, 70), (90, 90, 100), (170, 140, 60), (100, 60, 120))
_VEILS: Final = ((60, 80, 100), (140, 100, 120), (90, 110, 90), (150, 130, 110), (40, 40, 50), (200, 190, 180))


@dataclass(frozen=True, slots=True)
class Features:
    """What tells a person apart. Sizes as parts of the usual."""

    skin: tuple[int, int, int]
    hair: tuple[int, int, int]
    clothes: tuple[int, int, int]
    veil: tuple[int, int, int] | None
    wide: float
    long: float
    eyes_apart: float
    eye_size: float
    nose: float
    mouth: float
    brow: float
    moustache: bool


def features(seed: int, person: int) -> Features:
    """The features of a person: always the same."""
    draw = random.Random(f"face/{seed}/{person}")
    veiled = draw.random() < 0.4
    shade = draw.uniform(0.9, 1.08)
    skin = tuple(min(255, int(part * shade)) for part in draw.choice(_SKINS))
    return Features(
        skin=(skin[0], skin[1], skin[2]),
        hair=draw.choice(_HAIRS),
        clothes=draw.choice(_CLOTHES),
        veil=draw.choice(_VEILS) if veiled else None,
        wide=draw.uniform(0.88, 1.12),
        long=draw.uniform(0.92, 1.1),
        eyes_apart=draw.uniform(0.88, 1.14),
        eye_size=draw.uniform(0.85, 1.15),
        nose=draw.uniform(0.8, 1.25),
        mouth=draw.uniform(0.8, 1.2),
        brow=draw.uniform(0.7, 1.4),
        moustache=not veiled and draw.random() < 0.3,
    )


def photo(seed: int, person: int, attempt: int = 1, ill: float = 0.0) -> Image.Image:
    """WIDTH x HEIGHT, RGB. `ill`: 0 sharp, straight and well lit .. 1 dark, turned and blurred."""
    draw = random.Random(f"photo/{seed}/{person}/{attempt}")
    x = WIDTH / 2 + draw.uniform(-10, 10) + ill * draw.choice((-1, 1)) * 70
    y = HEIGHT * 0.47 + draw.uniform(-8, 8) + ill * 40
    image = drawn(features(seed, person), (WIDTH, HEIGHT), (x, y), 1.0 - 0.15 * ill, shut=ill > 0.75)
    # A soft light from one side, and the sensor's grain.
    grain = Image.frombytes("L", (WIDTH, HEIGHT), draw.randbytes(WIDTH * HEIGHT)).convert("RGB")
    light = Image.linear_gradient("L").rotate(90).resize((WIDTH, HEIGHT)).convert("RGB")
    image = Image.blend(image, light, 0.05 + 0.2 * ill)
    image = image.filter(ImageFilter.GaussianBlur(0.7 + 5 * ill))
    image = Image.blend(image, grain, 0.03 + 0.08 * ill)
    return image.point(lambda value: value * (1 - 0.5 * ill)) if ill else image


def drawn(
    who: Features, size: tuple[int, int], centre: tuple[float, float], scale: float, shut: bool = False
) -> Image.Image:
    """The face with its middle at `centre`; scale 1 fits a picture 640 pixels high."""
    image = Image.new("RGB", size, (226, 229, 232))
    pen = ImageDraw.Draw(image)
    x, y = centre
    wide, high = 118 * who.wide * scale, 158 * who.long * scale

    def oval(cx: float, cy: float, rx: float, ry: float, fill: Any) -> None:
        pen.ellipse((x + cx - rx, y + cy - ry, x + cx + rx, y + cy + ry), fill=fill)

    dark = tuple(int(part * 0.72) for part in who.skin)
    oval(0, high * 2.1, wide * 1.9, high * 1.05, who.clothes)
    pen.rectangle((x - wide * 0.4, y + high * 0.6, x + wide * 0.4, y + high * 1.25), fill=dark)
    if who.veil:
        oval(0, high * 0.15, wide * 1.32, high * 1.28, who.veil)
        oval(0, high * 1.25, wide * 1.45, high * 0.75, who.veil)
    else:
        oval(0, -high * 0.12, wide * 1.12, high * 1.02, who.hair)
        for side in (-1, 1):
            oval(side * wide * 0.98, high * 0.02, wide * 0.13, high * 0.16, dark)
    oval(0, 0, wide * (0.95 if who.veil else 1.0), high * (0.92 if who.veil else 1.0), who.skin)
    if not who.veil:
        pen.chord((x - wide, y - high, x + wide, y + high), 205, 335, fill=who.hair)
    _eyes(pen, who, (x, y), wide, high, scale, shut)
    _lower(pen, who, (x, y), wide, high, dark)
    return image


def _eyes(
    pen: ImageDraw.ImageDraw,
    who: Features,
    centre: tuple[float, float],
    wide: float,
    high: float,
    scale: float,
    shut: bool,
) -> None:
    x, y = centre
    for side in (-1, 1):
        ex, ey = x + side * wide * 0.44 * who.eyes_apart, y - high * 0.12
        rx, ry = 22 * who.eye_size * scale, 11 * who.eye_size * scale
        if shut:
            pen.arc((ex - rx, ey - ry, ex + rx, ey + ry), 10, 170, fill=(40, 25, 20), width=max(1, int(4 * scale)))
        else:
            pen.ellipse((ex - rx, ey - ry, ex + rx, ey + ry), fill=(248, 246, 242))
            for radius, colour in ((ry * 0.95, (70, 42, 24)), (ry * 0.5, (10, 8, 8))):
                pen.ellipse((ex - radius, ey - radius, ex + radius, ey + radius), fill=colour)
            pen.arc((ex - rx, ey - ry, ex + rx, ey + ry), 180, 360, fill=(40, 25, 20), width=max(1, int(3 * scale)))
        brow = max(2, int(6 * who.brow * scale))
        pen.arc((ex - rx * 1.4, ey - ry * 3.2, ex + rx * 1.4, ey + ry), 205, 335, fill=who.hair, width=brow)


def _lower(
    pen: ImageDraw.ImageDraw,
    who: Features,
    centre: tuple[float, float],
    wide: float,
    high: float,
    dark: tuple[int, ...],
) -> None:
    x, y = centre
    nose = wide * 0.2 * who.nose
    pen.line((x - nose * 0.3, y - high * 0.05, x - nose * 0.8, y + high * 0.24), fill=dark, width=3)
    pen.arc((x - nose, y + high * 0.16, x + nose, y + high * 0.32), 20, 160, fill=dark, width=4)
    mouth = wide * 0.36 * who.mouth
    if who.moustache:
        pen.chord((x - mouth, y + high * 0.34, x + mouth, y + high * 0.56), 185, 355, fill=who.hair)
    pen.ellipse((x - mouth, y + high * 0.46, x + mouth, y + high * 0.56), fill=(150, 70, 66))
    pen.line((x - mouth, y + high * 0.51, x + mouth, y + high * 0.51), fill=(90, 35, 35), width=3)
