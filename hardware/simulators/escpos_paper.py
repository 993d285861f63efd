"""What a receipt printer leaves on its paper: lines, QR codes, and the pieces that the cutter makes of them.

Source: Epson TM-T88 specifications: 203 dots an inch (8 a millimetre), font A 12x24 dots, font B 9x17, and a cutter
above the print head: what was printed last is still below it when it cuts. QR sizes: ISO/IEC 18004.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

#: How a piece of paper came off; empty: it has not.
Cut = Literal["", "full", "partial", "torn"]

DOTS_MM = 8
FONTS = {0: (12, 24), 1: (9, 17)}
LINE_DOTS = 34
"""Line spacing after power on: a sixth of an inch."""
CUTTER_MM = 14.0
"""From the print head up to the cutter."""
_QUIET = 4
"""Modules left white around a QR code."""

#: Most bytes of QR versions 1 to 15 (ISO/IEC 18004 table 7, byte mode) by level L, M, Q, H.
_CAPACITY = (
    (17, 14, 11, 7), (32, 26, 20, 14), (53, 42, 32, 24), (78, 62, 46, 34), (106, 84, 60, 44), (134, 106, 74, 58),
    (154, 122, 86, 64), (192, 152, 108, 84), (230, 180, 130, 98), (271, 213, 151, 119), (321, 251, 177, 137),
    (367, 287, 203, 155), (425, 331, 241, 177), (458, 362, 258, 194), (520, 412, 292, 220),
)  # fmt: skip


@dataclass(frozen=True)
class Style:
    """How characters are printed. `width`, `height`: 1 to 8 times the font's size; `align`: left, center, right."""

    bold: bool = False
    underline: bool = False
    width: int = 1
    height: int = 1
    font: int = 0
    align: str = "left"

    @property
    def char_dots(self) -> int:
        """Width of one character."""
        return FONTS[self.font][0] * self.width


@dataclass(frozen=True)
class Line:
    """One printed line. Its style is that of its largest characters; `bold` when any of it is."""

    text: str
    bold: bool = False
    underline: bool = False
    width: int = 1
    height: int = 1
    font: int = 0
    align: str = "left"


@dataclass(frozen=True)
class Code:
    """A QR code that the printer drew itself. `module`: dots; `modules`: along one side, without the white around."""

    content: str
    module: int
    modules: int
    level: str
    model: int
    align: str = "left"


def qr_modules(length: int, level: int) -> int | None:
    """Modules along the side of a QR code of so many bytes, `level` 0 to 3 for L, M, Q, H; None: too long for here."""
    version = next((n for n, room in enumerate(_CAPACITY, 1) if length <= room[level]), None)
    return None if version is None else 17 + 4 * version


def code_mm(code: Code) -> float:
    """Height of a code with the white around it."""
    return (code.modules + 2 * _QUIET) * code.module / DOTS_MM


@dataclass(frozen=True)
class Ticket:
    """A piece of paper that was cut or torn off. `partial`: it hung by one point until somebody took it."""

    items: tuple[Line | Code, ...]
    cut: Cut
    at: float
    """When it was cut or torn off, on the simulator's clock (s)."""

    @property
    def lines(self) -> list[str]:
        """Its text from top to bottom, without empty lines and the white at both ends of a line."""
        return [item.text.strip() for item in self.items if isinstance(item, Line) and item.text.strip()]

    @property
    def codes(self) -> list[str]:
        """The contents of its QR codes."""
        return [item.content for item in self.items if isinstance(item, Code)]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, for the rig."""
        return {"cut": self.cut, "at": self.at, "items": [_plain(item) for item in self.items]}


@dataclass
class Paper:
    """The paper from the print head outward. `left_mm`: what is still on the roll."""

    left_mm: float = 80_000.0
    fed_mm: float = 0.0
    tickets: list[Ticket] = field(default_factory=list)
    _hanging: list[tuple[float, Line | Code]] = field(default_factory=list)

    @property
    def hanging(self) -> list[Line | Code]:
        """What is printed and not yet cut off."""
        return [item for _, item in self._hanging]

    def put(self, item: Line | Code | None, millimetres: float) -> None:
        """Print something that takes so much paper; None: only feed."""
        self.fed_mm += millimetres
        self.left_mm -= millimetres
        if item is not None and not (isinstance(item, Line) and not item.text.strip()):
            self._hanging.append((self.fed_mm, item))

    def cut(self, how: Cut, now: float) -> None:
        """Cut above the head: what lies between head and cutter stays. White paper alone is no ticket."""
        edge = self.fed_mm - CUTTER_MM
        off = tuple(item for at, item in self._hanging if at <= edge)
        self._hanging = [(at, item) for at, item in self._hanging if at > edge]
        if off:
            self.tickets.append(Ticket(off, how, now))

    def tear(self, now: float) -> None:
        """A person tears off what hangs out of the printer."""
        if self._hanging:
            self.tickets.append(Ticket(tuple(self.hanging), "torn", now))
            self._hanging.clear()

    def snapshot(self) -> dict[str, Any]:
        """Plain JSON: the roll, the tickets, and what hangs out."""
        return {
            "left_mm": self.left_mm,
            "fed_mm": self.fed_mm,
            "tickets": [ticket.as_dict() for ticket in self.tickets],
            "hanging": [[at, _plain(item)] for at, item in self._hanging],
        }

    def restore(self, kept: dict[str, Any]) -> None:
        """Takes up a `snapshot`."""
        self.left_mm, self.fed_mm = float(kept["left_mm"]), float(kept["fed_mm"])
        self.tickets = [
            Ticket(tuple(_item(one) for one in ticket["items"]), ticket["cut"], float(ticket["at"]))
            for ticket in kept["tickets"]
        ]
        self._hanging = [(float(at), _item(one)) for at, one in kept["hanging"]]


def _plain(item: Line | Code) -> dict[str, Any]:
    return {"what": "line" if isinstance(item, Line) else "code"} | asdict(item)


def _item(kept: dict[str, Any]) -> Line | Code:
    values = {name: value for name, value in kept.items() if name != "what"}
    return Line(**values) if kept["what"] == "line" else Code(**values)


@dataclass
class PrintLine:
    """The line that is being put together in the printer's print buffer."""

    dots: int
    """Width of the printing area."""
    style: Style = field(default_factory=Style)
    _text: str = ""
    _used: int = 0
    _seen: Style | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing stands in it: some commands work at the beginning of a line only."""
        return not self._text

    def fits(self) -> bool:
        """Whether one more character of the present size has room."""
        return self._used + self.style.char_dots <= self.dots

    def add(self, character: str) -> None:
        """One character."""
        self._text += character
        self._used += self.style.char_dots
        seen, style = self._seen, self.style
        if seen is None:
            self._seen = style
            return
        larger = style if style.width * style.height > seen.width * seen.height else seen
        self._seen = replace(
            larger, bold=seen.bold or style.bold, underline=seen.underline or style.underline, align=style.align
        )

    def take(self) -> tuple[Line, float]:
        """The finished line and the paper (mm) that it takes; empty again."""
        seen = self._seen or self.style
        line = Line(self._text, seen.bold, seen.underline, seen.width, seen.height, seen.font, self.style.align)
        dots = max(LINE_DOTS, FONTS[seen.font][1] * seen.height) if self._text else LINE_DOTS
        self.clear()
        return line, dots / DOTS_MM

    def clear(self) -> None:
        """Forgets what stood in it."""
        self._text, self._used, self._seen = "", 0, None
