"""The drawn iris of a simulated person in near infrared: the same fibres, a little turned, more or less open."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 640, 480
"""Size of a close-up in pixels."""


@dataclass(frozen=True, slots=True)
class Eye:
    """A close-up, grey; where the iris lies in it, pixels."""

    image: Image.Image
    centre: tuple[int, int]
    diameter: int


def eye(seed: int, person: int, side: str, attempt: int = 1, ill: float = 0.0) -> Eye:
    """The eye of a person. `ill`: 0 open, sharp and centred .. 1 nearly shut, blurred and off the middle."""
    own = random.Random(f"iris/{seed}/{person}/{side}")
    draw = random.Random(f"eye/{seed}/{person}/{side}/{attempt}")
    radius = own.uniform(112, 124)
    x = WIDTH / 2 + draw.uniform(-12, 12) + ill * draw.choice((-1, 1)) * 70
    y = HEIGHT / 2 + draw.uniform(-8, 8) + ill * 24
    turn = draw.uniform(-0.06, 0.06)
    image = Image.new("L", (WIDTH, HEIGHT), 150)
    pen = ImageDraw.Draw(image)
    pen.ellipse((x - 300, y - 150, x + 300, y + 150), fill=205)
    pen.ellipse((x - radius - 4, y - radius - 4, x + radius + 4, y + radius + 4), fill=84)
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=int(own.uniform(96, 122)))
    pupil = radius * own.uniform(0.3, 0.4) * draw.uniform(0.94, 1.06)
    _fibres(pen, own, (x, y), pupil, radius, turn)
    pen.ellipse((x - pupil, y - pupil, x + pupil, y + pupil), fill=16)
    _lids(pen, own, (x, y), radius * (1.0 - 0.85 * ill) * draw.uniform(0.93, 1.0))
    for spot in (-14, 10):
        pen.ellipse((x + spot - 5, y - pupil * 0.4 - 5, x + spot + 5, y - pupil * 0.4 + 5), fill=250)
    image = image.filter(ImageFilter.GaussianBlur(1.0 + 5 * ill))
    grain = Image.frombytes("L", (WIDTH, HEIGHT), draw.randbytes(WIDTH * HEIGHT))
    image = Image.blend(image, grain, 0.03 + 0.08 * ill)
    return Eye(image, (round(x), round(y)), round(2 * radius))


def _fibres(
    pen: ImageDraw.ImageDraw,
    own: random.Random,
    centre: tuple[float, float],
    pupil: float,
    radius: float,
    turn: float,
) -> None:
    """Fibres from the pupil to the rim, crypts among them, and the wavy collarette."""
    x, y = centre
    collar = pupil + (radius - pupil) * own.uniform(0.3, 0.45)
    for _ in range(420):
        angle, bend = own.uniform(0, 2 * math.pi) + turn, own.uniform(-0.05, 0.05)
        begin, end = own.uniform(pupil, collar * 1.2), own.uniform(collar, radius)
        shade = int(own.uniform(60, 185))
        points = []
        for step in range(5):
            far = begin + (end - begin) * step / 4
            at = angle + bend * math.sin(step * 1.6)
            points.append((x + far * math.cos(at), y + far * math.sin(at)))
        pen.line(points, fill=shade, width=own.choice((1, 1, 2, 3)))
    for _ in range(own.randint(10, 26)):
        angle, far, size = own.uniform(0, 2 * math.pi) + turn, own.uniform(collar, radius * 0.9), own.uniform(3, 9)
        cx, cy = x + far * math.cos(angle), y + far * math.sin(angle)
        pen.ellipse((cx - size, cy - size * 0.7, cx + size, cy + size * 0.7), fill=int(own.uniform(55, 90)))
    wave, phase = own.randint(7, 15), own.uniform(0, 6)
    ring = []
    for step in range(121):
        angle = step * math.pi / 60 + turn
        far = collar * (1 + 0.05 * math.sin(wave * angle + phase))
        ring.append((x + far * math.cos(angle), y + far * math.sin(angle)))
    pen.line(ring, fill=170, width=3)


def _lids(pen: ImageDraw.ImageDraw, own: random.Random, centre: tuple[float, float], gap: float) -> None:
    """Upper and lower lid with lashes; `gap`: how far the lids are from the middle, pixels."""
    x, y = centre
    for side, far in ((-1, gap), (1, gap * 1.05)):
        rim = [(at, y + side * (far - 0.0011 * (at - x) ** 2)) for at in range(-10, WIDTH + 20, 10)]
        edge = -20 if side < 0 else HEIGHT + 20
        pen.polygon([(-10, edge), *rim, (WIDTH + 10, edge)], fill=int(own.uniform(148, 168)))
        pen.line(rim, fill=100, width=4)
        for _ in range(45 if side < 0 else 18):
            at, slant, long = own.uniform(x - 190, x + 190), own.uniform(-0.1, 0.1), own.uniform(14, 34)
            foot = y + side * (far - 0.0011 * (at - x) ** 2)
            tip = (at + (at - x) * 0.08 + slant * long, foot + side * long * 0.6)
            pen.line((at, foot, *tip), fill=50, width=2)
