"""Records that carry a picture in SBI's bioValue: ISO/IEC 19794-4, -5 and -6 of 2011, one representation each.

All numbers are big-endian and unsigned. Every record begins:

    magic 4 (`FIR\\0`, `FAC\\0`, `IIR\\0`) | version 4 (`020\\0`; face `030\\0`) | length of the whole record 4 |
    number of representations 2 (1) | certification flag 1 (0: no certification block follows anywhere)

Then come fields of its own: finger: number of finger positions 1 (1), so the representation begins at byte 16; face:
temporal semantics 2 (0), at byte 17; iris: number of eyes 1 (1), at byte 16. The representation:

    its length with these four bytes 4 | date 9: year 2, month 1 (1..12), day, hour, minute, second 1 each,
    milliseconds 2 | capture technology 1 | maker 2 (0) | device type 2 (0) |
    number of quality blocks 1 | that many blocks of 5: score 1 (0..100; 255: failed), algorithm's maker 2, algorithm 2

Finger goes on: position 1 (1..5 right thumb..little, 6..10 left) | number of this representation 1 (0) | scale unit 1
(1: pixels per inch) | ppi of capture, across and down, 2 each | ppi of the image 2 + 2 | bits a pixel 1 (8) |
compression 1 (2: WSQ) | impression 1 (0: live, plain) | width 2 | height 2 | length of data 4 | data.

Face goes on: number of landmarks 2 (0) | gender 1 (255: not given) | eye colour 1 | hair colour 1 | height 1 |
features 3 | expression 2 | pose 3 | uncertainty of pose 3 | (no landmarks) | type of image 1 (1: full frontal) |
data type 1 (1: JPEG 2000, lossy) | width 2 | height 2 | sampling rate 1 | processing 2 | cross reference 1 | colour 1
(1: 24 bit RGB) | length of data 4 | data.

Iris goes on: number of this representation 2 (1) | eye 1 (1 right, 2 left) | type of image 1 (2: VGA) | format 1 (10:
grey JPEG 2000) | properties 1 (bits 1..2 and 3..4: orientation across and down, 1 usual; 7..8: 2 lossy) | width 2 |
height 2 | bits a pixel 1 (8) | range in mm 2 (0: not given) | roll 2 and its uncertainty 2 (65535: not given) | iris
centre smallest and largest x, then y, 2 each | diameter smallest and largest 2 + 2 (0: not given) | length of data 4 |
data.

Compared with records of MOSIP's own mock devices, which have the same layout.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

_HEADER: Final = struct.Struct(">4s4sIHB")
#: Position codes of ISO/IEC 19794-4, by SBI's bioSubType.
POSITIONS: Final = {
    f"{hand} {finger}": first + index
    for hand, first in (("Right", 1), ("Left", 6))
    for index, finger in enumerate(("Thumb", "IndexFinger", "MiddleFinger", "RingFinger", "LittleFinger"))
}
EYES: Final = {"Right": 1, "Left": 2}
_QUALITY_ALGORITHM: Final = struct.pack(">HH", 0, 1)


@dataclass(frozen=True, slots=True)
class Taken:
    """An encoded picture and what a record says of it. `date`: year, month, day, hour, minute, second, milliseconds."""

    data: bytes
    width: int
    height: int
    score: int
    date: tuple[int, int, int, int, int, int, int]


def finger(taken: Taken, subtype: str, ppi: int = 500) -> bytes:
    """A finger image record with a WSQ picture. Raises KeyError for a subtype that is no finger."""
    body = struct.pack(">BBB4H", POSITIONS[subtype], 0, 1, ppi, ppi, ppi, ppi)
    body += struct.pack(">BBBHH", 8, 2, 0, taken.width, taken.height)
    return _record(b"FIR\x00020\x00", b"\1", 4, taken, body)


def face(taken: Taken) -> bytes:
    """A face image record with a JPEG 2000 picture."""
    facial = struct.pack(">HBBBB3sH3s3s", 0, 255, 0, 0, 0, bytes(3), 0, bytes(3), bytes(3))
    image = struct.pack(">BBHHBHBB", 1, 1, taken.width, taken.height, 0, 0, 0, 1)
    return _record(b"FAC\x00030\x00", b"\0\0", 0, taken, facial + image)


def iris(taken: Taken, subtype: str, centre: tuple[int, int], diameter: int) -> bytes:
    """An iris image record with a grey JPEG 2000 picture; centre and diameter in pixels. Raises KeyError for no eye."""
    x, y = centre
    body = struct.pack(">HBBBB", 1, EYES[subtype], 2, 10, 0b10000101)
    body += struct.pack(">HHBHHH", taken.width, taken.height, 8, 0, 0xFFFF, 0xFFFF)
    body += struct.pack(">6H", x, x, y, y, diameter, diameter)
    return _record(b"IIR\x00020\x00", b"\1", 0, taken, body)


def _record(beginning: bytes, own: bytes, technology: int, taken: Taken, body: bytes) -> bytes:
    quality = struct.pack(">BB", 1, taken.score) + _QUALITY_ALGORITHM
    rest = struct.pack(">H5BHBHH", *taken.date, technology, 0, 0) + quality + body
    rest += struct.pack(">I", len(taken.data)) + taken.data
    length = _HEADER.size + len(own) + 4 + len(rest)
    head = _HEADER.pack(beginning[:4], beginning[4:], length, 1, 0)
    return head + own + struct.pack(">I", len(rest) + 4) + rest
