"""Frames of a device's live preview: the person comes, places hand, face or eyes, and holds still while it captures.

As the specification asks, a frame bears quality and segment marks: a box around each finger, face or eye, amber while
it is still sought and green when it is good, and a bar that fills during the capture.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from PIL import Image, ImageDraw

from hardware.simulators.pictures import face

WIDTH, HEIGHT = 480, 360
"""Size of a frame in pixels."""
_AMBER, _GREEN, _RED = (230, 160, 30), (40, 170, 80), (200, 50, 40)
_SKIN: Final = (196, 150, 120)
#: Where the fingers of a right hand end, index first: x, and y of the tip, as parts of the picture.
_SLAP: Final = ((0.20, 0.34), (0.40, 0.22), (0.60, 0.26), (0.80, 0.42))


@dataclass(frozen=True, slots=True)
class Scene:
    """What a device sees. `since`: seconds since the preview began. `capturing`: how far a capture is (0..1), or None.

    `person`: None for somebody of whom the device knows nothing yet. `prints`: small pictures of the fingers on the
    glass, by subtype. `fingers`: the subtypes it looks for, none for a face; for irises `Left` and `Right`.
    """

    kind: str
    fingers: tuple[str, ...]
    since: float
    seed: int = 0
    person: int | None = None
    capturing: float | None = None
    dirty: bool = False
    absent: tuple[str, ...] = ()
    prints: Mapping[str, Any] = field(default_factory=dict)


def frame(scene: Scene) -> bytes:
    """One frame as JPEG, WIDTH x HEIGHT, at most 40 kB."""
    image = Image.new("RGB", (WIDTH, HEIGHT), (238, 240, 241))
    pen = ImageDraw.Draw(image)
    # Somebody comes within two seconds, then keeps nearly still.
    near = 1.0 if scene.capturing is not None else min(1.0, scene.since / 2.0)
    shake = (1.0 if scene.capturing is None else 0.3) * 4
    sway = (shake * math.sin(scene.since * 2.3), shake * math.sin(scene.since * 3.1 + 1))
    if scene.kind == "Face":
        image = _face(scene, near, sway)
        pen = ImageDraw.Draw(image)
    elif scene.kind == "Iris":
        _eyes(pen, scene, near, sway)
    else:
        _hand(image, pen, scene, near, sway)
    if scene.dirty:
        for step in range(9):
            x, y, size = (step * 97 + 31) % WIDTH, (step * 61 + 45) % HEIGHT, 10 + step % 4 * 7
            pen.ellipse((x, y, x + size, y + size * 0.7), fill=(150, 150, 146))
    if scene.capturing is not None:
        done = max(0.0, min(1.0, scene.capturing))
        pen.rectangle((0, HEIGHT - 10, WIDTH, HEIGHT), fill=(205, 208, 210))
        pen.rectangle((0, HEIGHT - 10, WIDTH * done, HEIGHT), fill=_GREEN)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=70)
    return out.getvalue()


def _colour(scene: Scene, near: float) -> tuple[int, int, int]:
    if scene.dirty:
        return _RED
    return _GREEN if near >= 1 else _AMBER


def _face(scene: Scene, near: float, sway: tuple[float, float]) -> Image.Image:
    scale = 0.44 + 0.08 * near
    at = (WIDTH / 2 + sway[0] + 90 * (1 - near), HEIGHT * 0.46 + sway[1] + 40 * (1 - near))
    if scene.person is None:
        image = Image.new("RGB", (WIDTH, HEIGHT), (226, 229, 232))
        pen = ImageDraw.Draw(image)
        x, y = at
        pen.ellipse((x - 62, y - 82, x + 62, y + 82), fill=(150, 152, 156))
        pen.ellipse((x - 120, y + 92, x + 120, y + 300), fill=(120, 123, 128))
    else:
        image = face.drawn(face.features(scene.seed, scene.person), (WIDTH, HEIGHT), at, scale)
    pen = ImageDraw.Draw(image)
    pen.rectangle((WIDTH / 2 - 95, 45, WIDTH / 2 + 95, HEIGHT - 75), outline=_colour(scene, near), width=3)
    return image


def _eyes(pen: ImageDraw.ImageDraw, scene: Scene, near: float, sway: tuple[float, float]) -> None:
    pen.rectangle((0, 0, WIDTH, HEIGHT), fill=(120, 122, 124))
    for side in scene.fingers or ("Left", "Right"):
        # The person's right eye is left in the picture.
        middle = WIDTH / 2 if len(scene.fingers) == 1 else WIDTH * (0.27 if side == "Right" else 0.73)
        x, y = middle + sway[0], HEIGHT / 2 + sway[1] + 40 * (1 - near)
        lid = 44 * (0.35 + 0.65 * near)
        if scene.capturing is None and scene.since % 4 > 3.8:
            lid = 4  # a blink
        pen.ellipse((x - 92, y - lid, x + 92, y + lid), fill=(214, 214, 212))
        iris = min(40.0, lid)
        pen.ellipse((x - iris, y - iris, x + iris, y + iris), fill=(92, 92, 94))
        pupil = min(15.0, lid)
        pen.ellipse((x - pupil, y - pupil, x + pupil, y + pupil), fill=(18, 18, 18))
        pen.ellipse((x - 5, y - 9, x + 1, y - 3), fill=(250, 250, 250))
        box = (middle - 100, HEIGHT / 2 - 62, middle + 100, HEIGHT / 2 + 62)
        pen.rectangle(box, outline=_colour(scene, near), width=3)


def _hand(image: Image.Image, pen: ImageDraw.ImageDraw, scene: Scene, near: float, sway: tuple[float, float]) -> None:
    names = scene.fingers
    thumbs = all(name.endswith("Thumb") for name in names)
    left = names[0].startswith("Left")
    places: tuple[tuple[float, float], ...] = ((0.3, 0.3), (0.7, 0.3)) if thumbs else _SLAP
    if left and not thumbs:
        # A left hand's index finger lies right.
        places = tuple((1 - across, top) for across, top in _SLAP)
    low = (1 - near) * HEIGHT * 0.8
    wide = 38
    for name, (across, top) in zip(names, places, strict=False):
        if name in scene.absent:
            continue
        x, y = across * WIDTH + sway[0], top * HEIGHT + low + sway[1]
        shape = (x - wide, y, x + wide, HEIGHT + wide + low)
        pen.rounded_rectangle(shape, radius=wide, fill=tuple(min(255, part + 26) for part in _SKIN))
        if name in scene.prints and near >= 1:
            image.paste(scene.prints[name], (round(x - 36), round(y + 6)))
        else:
            pen.ellipse((x - wide + 8, y + 10, x + wide - 8, y + 88), fill=_SKIN)
        if near > 0.6:
            box = (x - wide - 4, y - 4, x + wide + 4, y + 98)
            pen.rectangle(box, outline=_colour(scene, near), width=3)
            tall = 0.3 if scene.dirty else 0.55 + 0.4 * near
            pen.rectangle((x + wide + 6, y + 94 - 90 * tall, x + wide + 11, y + 94), fill=_colour(scene, near))
