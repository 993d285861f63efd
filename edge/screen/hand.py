"""Where each finger and eye lies in the drawing of a modality: hands seen from above, the face seen from the front."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from contract.messages import Modality

WIDTH: Final = 320
HEIGHT: Final = 270


@dataclass(frozen=True, slots=True)
class Place:
    """A finger's box in the drawing (a rounded rectangle), or an eye's. Units of the drawing."""

    subtype: str
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """Where its words stand, across."""
        return self.x + self.width / 2


_RIGHT: Final = (
    Place("Right IndexFinger", 76, 60, 48, 120),
    Place("Right MiddleFinger", 134, 40, 48, 140),
    Place("Right RingFinger", 192, 54, 48, 126),
    Place("Right LittleFinger", 250, 90, 44, 90),
)


def _mirrored(places: tuple[Place, ...]) -> tuple[Place, ...]:
    return tuple(
        Place(one.subtype.replace("Right", "Left"), WIDTH - one.x - one.width, one.y, one.width, one.height)
        for one in places
    )


_PLACES: Final[dict[Modality, tuple[Place, ...]]] = {
    Modality.RIGHT_FOUR: _RIGHT,
    Modality.LEFT_FOUR: _mirrored(_RIGHT),
    Modality.THUMBS: (Place("Left Thumb", 46, 50, 84, 170), Place("Right Thumb", 190, 50, 84, 170)),
    Modality.IRIS: (Place("Right", 20, 90, 120, 76), Place("Left", 180, 90, 120, 76)),
}


def places(modality: Modality) -> tuple[Place, ...]:
    """The fingers or eyes of a modality; none for a photo or a signature."""
    return _PLACES.get(modality, ())
