"""Where the parts of the one-line diagram stand: one picture for screens, one for phones, each with its variants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from central.console.plant import Flow, Part, Plant

Box = tuple[int, int, int, int]
"""x, y, width, height in units of the picture; one is about a pixel."""

_WIDE: Final[dict[str, Box]] = {
    "mains": (0, 8, 166, 76),
    "genset": (0, 168, 166, 96),
    "ats": (240, 8, 124, 256),
    "ups": (448, 8, 170, 96),
    "battery": (448, 160, 170, 76),
    "essential": (690, 8, 166, 76),
    "shed1": (690, 104, 166, 56),
    "shed2": (690, 180, 166, 56),
    "heavy": (690, 268, 166, 76),
}
_WIDE_WIRES: Final = {
    "mains": ("M166 46H262", 203, 40),
    "genset": ("M166 216H262", 203, 210),
    "ups": ("M342 131H400V56H448", 424, 50),
    "heavy": ("M342 131H400V306H690", 545, 300),
    "battery": ("M533 160V104", 0, 0),
    "essential": ("M618 46H690", 654, 40),
    "shed1": ("M654 46V132H690", 0, 0),
    "shed2": ("M654 46V208H690", 0, 0),
}
_WIDE_PLAIN: Final[dict[str, Box]] = {
    "mains": (0, 8, 180, 76),
    "ups": (330, 8, 190, 96),
    "battery": (330, 148, 190, 76),
    "essential": (676, 8, 180, 76),
    "shed1": (676, 100, 180, 56),
    "shed2": (676, 168, 180, 56),
}
_WIDE_PLAIN_WIRES: Final = {
    "ups": ("M180 46H330", 255, 40),
    "battery": ("M425 148V104", 0, 0),
    "essential": ("M520 46H676", 570, 40),
    "shed1": ("M620 46V128H676", 0, 0),
    "shed2": ("M620 46V196H676", 0, 0),
}
_TALL: Final[dict[str, Box]] = {
    "mains": (0, 0, 158, 96),
    "genset": (182, 0, 158, 96),
    "ats": (0, 138, 340, 88),
    "ups": (0, 272, 156, 96),
    "battery": (0, 408, 156, 76),
    "heavy": (184, 272, 156, 76),
    "essential": (184, 366, 156, 76),
    "shed1": (184, 458, 156, 56),
    "shed2": (184, 530, 156, 56),
}
_TALL_WIRES: Final = {
    "mains": ("M79 96V152", 100, 122),
    "genset": ("M261 96V152", 282, 122),
    "ups": ("M170 210V248H79V272", 100, 266),
    "heavy": ("M170 210V248H262V272", 283, 266),
    "battery": ("M78 408V368", 0, 0),
    "essential": ("M156 340H170V404H184", 0, 0),
    "shed1": ("M156 340H170V486H184", 0, 0),
    "shed2": ("M156 340H170V558H184", 0, 0),
}
_TALL_PLAIN: Final[dict[str, Box]] = {
    "mains": (0, 0, 158, 76),
    "ups": (0, 116, 156, 96),
    "battery": (0, 252, 156, 76),
    "essential": (184, 116, 156, 76),
    "shed1": (184, 212, 156, 56),
    "shed2": (184, 284, 156, 56),
}
_TALL_PLAIN_WIRES: Final = {
    "ups": ("M78 76V116", 95, 100),
    "battery": ("M78 252V212", 0, 0),
    "essential": ("M156 154H184", 0, 0),
    "shed1": ("M156 154H170V240H184", 0, 0),
    "shed2": ("M156 154H170V312H184", 0, 0),
}
_BLADES: Final = {
    "wide": {"pivot": (342, 131), "mains": (262, 46), "genset": (262, 216), "moving": (268, 131)},
    "tall": {"pivot": (170, 210), "mains": (79, 152), "genset": (261, 152), "moving": (170, 150)},
}


@dataclass(frozen=True, slots=True)
class Line:
    """One wire: its path, what flows, and where its word stands (0, 0: nowhere; the box behind it says it)."""

    key: str
    path: str
    flow: Flow
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Placed:
    """A part with its place."""

    part: Part
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Blade:
    """The ATS's moving contact from its pivot to where it is; the two fixed contacts."""

    pivot: tuple[int, int]
    end: tuple[int, int]
    mains: tuple[int, int]
    genset: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Drawing:
    """The diagram laid out."""

    name: str
    width: int
    height: int
    boxes: tuple[Placed, ...]
    lines: tuple[Line, ...]
    blade: Blade | None


def drawings(plant: Plant) -> tuple[Drawing, Drawing]:
    """The same plant for a screen and for a phone; the style sheet shows one of them."""
    if "ats" in plant.parts:
        return _draw(plant, "wide", _WIDE, _WIDE_WIRES), _draw(plant, "tall", _TALL, _TALL_WIRES)
    return (
        _draw(plant, "wide", _WIDE_PLAIN, _WIDE_PLAIN_WIRES),
        _draw(plant, "tall", _TALL_PLAIN, _TALL_PLAIN_WIRES),
    )


def _draw(plant: Plant, name: str, boxes: dict[str, Box], wires: dict[str, tuple[str, int, int]]) -> Drawing:
    placed = tuple(Placed(part, *boxes[key]) for key, part in plant.parts.items())
    drawn = [Line(key, path, plant.wires[key], x, y) for key, (path, x, y) in wires.items() if key in plant.wires]
    # What is live lies on top where wires share a way.
    order: dict[Flow, int] = {"unknown": 0, "dead": 0, "idle": 1, "live": 2, "battery": 2}
    drawn.sort(key=lambda line: order[line.flow])
    blade = None
    if "ats" in plant.parts:
        points = _BLADES[name]
        end = points["moving" if plant.blade in ("moving", "unknown") else plant.blade]
        blade = Blade(points["pivot"], end, points["mains"], points["genset"])
    height = max(box.y + box.height for box in placed) + 8
    return Drawing(name, 856 if name == "wide" else 340, height, placed, tuple(drawn), blade)
