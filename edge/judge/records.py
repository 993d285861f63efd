"""Records as devices deliver them: ISO/IEC 19794-4, -5, -6 of 2005 and 2011, and the strokes of a signature pad.

Only the first representation of a record is looked at. What is no record, or does not hold what it says, is Unreadable.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

FINGER, FACE, IRIS, STROKES = "iso19794-4", "iso19794-5", "iso19794-6", "topaz-strokes"
MAGIC: Final = {b"FIR\x00": FINGER, b"FAC\x00": FACE, b"IIR\x00": IRIS}
#: How images that need no record around them begin.
IMAGES: Final = {
    b"\xff\xa0": "WSQ",
    b"\xff\xd8": "JPEG",
    b"\x89PNG": "PNG",
    b"\x00\x00\x00\x0cjP": "JPEG2000",
    b"\xff\x4f\xff\x51": "JPEG2000",
}
MOST_STROKES: Final = 2000
MOST_POINTS: Final = 20_000


class Unreadable(ValueError):  # noqa: N818 - a finding about what a device sent, not a mistake of the program
    """The bytes are not what their format says; the text says why."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An image within a record. `kind`: Pillow's name, or `RAW8`, `RAW24` of `width` x `height`.

    `ppi`: as the record tells it; 0: it does not.
    """

    data: bytes
    kind: str
    width: int = 0
    height: int = 0
    ppi: float = 0.0


class _Reader:
    """Takes numbers, big-endian, and never more than there are."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def take(self, size: int) -> bytes:
        end = self.at + size
        if end > len(self.data):
            raise Unreadable(f"the record ends after {len(self.data)} bytes, within its header or image")
        taken = self.data[self.at : end]
        self.at = end
        return taken

    def skip(self, size: int) -> None:
        self.take(size)


def image_kind(data: bytes) -> str:
    """Pillow's name of an image by its first bytes; empty: none that we read."""
    return next((kind for magic, kind in IMAGES.items() if data.startswith(magic)), "")


def picture(value: bytes, form: str) -> Picture:
    """The image in a record of `form`, or in no record at all. Raises Unreadable."""
    kind = image_kind(value)
    if kind:
        return Picture(value, kind)
    told = MAGIC.get(value[:4])
    if told is None:
        raise Unreadable(f"neither a record nor an image; it begins with {value[:4].hex(' ') or 'nothing'}")
    if told != form:
        raise Unreadable(f"it is {told}, not {form}")
    reader = _Reader(value)
    reader.skip(4)
    version = reader.take(4)
    length = reader.number(6 if told == FINGER and version == b"010\x00" else 4)
    if length > len(value):
        raise Unreadable(f"the record says that it has {length} bytes, and has {len(value)}")
    read = _LAYOUTS.get((told, version))
    if read is None:
        raise Unreadable(f"version {version[:3]!r} of {told} is not known here")
    return read(reader)


def raw(grey: bytes, width: int, height: int) -> Picture:
    """Grey levels, one byte a pixel, as an image. Raises Unreadable when they do not fill it."""
    return _image(grey, width, height, 8, True)


def strokes(value: bytes) -> list[list[tuple[int, int]]]:
    """Points of each stroke of `topaz-strokes`. Raises Unreadable."""
    if value[:4] != b"TPZ1":
        raise Unreadable("these are no strokes of a signature pad")
    reader = _Reader(value)
    reader.skip(6)
    count = reader.number(2)
    if count > MOST_STROKES:
        raise Unreadable(f"{count} strokes are no signature")
    out: list[list[tuple[int, int]]] = []
    points = 0
    for _ in range(count):
        size = reader.number(2)
        points += size
        if points > MOST_POINTS:
            raise Unreadable(f"more than {MOST_POINTS} points are no signature")
        raw = reader.take(6 * size)
        out.append([(x, y) for _ms, x, y in struct.iter_unpack(">HHH", raw)])
    return out


def _capture(reader: _Reader) -> None:
    """What a representation of 2011 begins with: length, time, technology, vendor, type, quality blocks."""
    reader.skip(4 + 9 + 1 + 2 + 2)
    reader.skip(5 * reader.number(1))


def _finger_2011(reader: _Reader) -> Picture:
    _some(reader.number(2))
    certified = reader.number(1)
    reader.skip(1)
    _capture(reader)
    if certified:
        reader.skip(3 * reader.number(1))
    reader.skip(2)  # position, number of the representation
    per_cm = reader.number(1) == 2
    reader.skip(4)  # sampling rate of the device
    ppi = reader.number(2) * (2.54 if per_cm else 1.0)
    reader.skip(2)
    depth, compression = reader.number(1), reader.number(1)
    reader.skip(1)
    width, height = reader.number(2), reader.number(2)
    return _image(reader.take(reader.number(4)), width, height, depth, compression == 0, ppi)


def _finger_2005(reader: _Reader) -> Picture:
    reader.skip(2 + 2)  # device, acquisition level
    _some(reader.number(1))
    per_cm = reader.number(1) == 2
    reader.skip(4)
    ppi = reader.number(2) * (2.54 if per_cm else 1.0)
    reader.skip(2)
    depth, compression = reader.number(1), reader.number(1)
    reader.skip(2)
    block = reader.number(4)
    if block < 14:
        raise Unreadable(f"a finger's block of {block} bytes has no image")
    reader.skip(5)  # position, views, view, quality, impression
    width, height = reader.number(2), reader.number(2)
    reader.skip(1)
    return _image(reader.take(block - 14), width, height, depth, compression == 0, ppi)


def _face_2011(reader: _Reader) -> Picture:
    _some(reader.number(2))
    reader.skip(1 + 2)  # certification, temporal semantics
    _capture(reader)
    landmarks = reader.number(2)
    reader.skip(15 + 8 * landmarks + 2)  # who it is, landmarks, kinds of the image
    width, height = reader.number(2), reader.number(2)
    reader.skip(5)
    return _image(reader.take(reader.number(4)), width, height, 24, False)


def _face_2005(reader: _Reader) -> Picture:
    _some(reader.number(2))
    block = reader.number(4)
    features = reader.number(2)
    reader.skip(14 + 8 * features + 2)
    width, height = reader.number(2), reader.number(2)
    reader.skip(6)
    size = block - (20 + 8 * features + 12)
    if size <= 0:
        raise Unreadable(f"a face's block of {block} bytes has no image")
    return _image(reader.take(size), width, height, 24, False)


def _iris_2011(reader: _Reader) -> Picture:
    _some(reader.number(2))
    reader.skip(2)
    _capture(reader)
    reader.skip(2 + 2)  # number of the representation, eye, kind
    form = reader.number(1)
    reader.skip(1)
    width, height = reader.number(2), reader.number(2)
    depth = reader.number(1)
    reader.skip(18)
    return _image(reader.take(reader.number(4)), width, height, 24 if form == 4 else depth, form in (2, 4))


def _iris_2005(reader: _Reader) -> Picture:
    reader.skip(2)
    _some(reader.number(1))
    reader.skip(2 + 2 + 2)  # header's length, properties, diameter
    form = reader.number(2)
    width, height = reader.number(2), reader.number(2)
    depth = reader.number(1)
    reader.skip(1 + 16 + 3)  # transformation, device, eye and its count
    reader.skip(2 + 1 + 2 + 2)
    return _image(reader.take(reader.number(4)), width, height, 24 if form == 4 else depth, form in (2, 4))


def _some(count: int) -> None:
    if not count:
        raise Unreadable("the record has no image")


def _image(data: bytes, width: int, height: int, depth: int, plain: bool, ppi: float = 0.0) -> Picture:
    """The image by what it is: makers write wrong compression codes, and the image tells it itself."""
    kind = image_kind(data)
    if kind and not (plain and len(data) == width * height):
        return Picture(data, kind, width, height, ppi)
    if not plain:
        raise Unreadable(f"the image in the record begins with {data[:4].hex(' ') or 'nothing'}: not WSQ, JPEG or PNG")
    if depth not in (8, 24) or not width or not height or len(data) != width * height * depth // 8:
        raise Unreadable(f"{len(data)} bytes are no raw image of {width} x {height} with {depth} bits")
    return Picture(data, f"RAW{depth}", width, height, ppi)


_LAYOUTS: Final = {
    (FINGER, b"010\x00"): _finger_2005,
    (FINGER, b"020\x00"): _finger_2011,
    (FACE, b"010\x00"): _face_2005,
    (FACE, b"030\x00"): _face_2011,
    (IRIS, b"010\x00"): _iris_2005,
    (IRIS, b"020\x00"): _iris_2011,
}
