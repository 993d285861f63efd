"""Captures to be judged: ridges with minutiae at known places, and records around them as devices make them."""

from __future__ import annotations

import io
import math
import random
import struct
from functools import cache

import wsq  # noqa: F401 - registers WSQ with Pillow
from PIL import Image

from contract.messages import Modality
from edge.core.events import CaptureTaken, Sample

FINGERS = ("Right IndexFinger", "Right MiddleFinger", "Right RingFinger", "Right LittleFinger")


@cache
def finger(
    seed: int, width: int = 260, height: int = 320, dx: float = 0, turn: float = 0, noise: float = 0
) -> Image.Image:
    """An impression of the finger `seed`: an AM-FM picture, whose phase turns once around every minutia."""
    own, dirt = random.Random(seed), random.Random(seed + 1000)
    minutiae: list[tuple[float, float, int]] = []
    while len(minutiae) < 24:
        at = own.uniform(30, 230), own.uniform(30, 290)
        if all(math.dist(at, other[:2]) > 28 for other in minutiae):
            minutiae.append((*at, own.choice((-1, 1))))
    curve, began = own.uniform(0.6, 1.2), own.uniform(0, 6)
    cos, sin = math.cos(turn), math.sin(turn)
    grey = bytearray()
    for row in range(height):
        for column in range(width):
            u, v = column - width / 2 - dx, row - height / 2
            if (u / (width * 0.46)) ** 2 + (v / (height * 0.47)) ** 2 > 1:
                grey.append(255)
                continue
            x, y = cos * u + sin * v + 130, cos * v - sin * u + 160
            phase = 2 * math.pi * math.hypot((x - 130) * curve, y - 200) / 9 + began
            phase += sum(sign * math.atan2(y - b, x - a) for a, b, sign in minutiae)
            level = 128 + 100 * math.cos(phase) + (dirt.gauss(0, noise) if noise else 0)
            grey.append(max(0, min(255, int(level))))
    return Image.frombytes("L", (width, height), bytes(grey))


def encoded(image: Image.Image, kind: str) -> bytes:
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def _capture(quality_blocks: int = 1) -> bytes:
    return bytes(9) + b"\x00" + bytes(4) + bytes([quality_blocks]) + bytes([80, 1, 1, 0, 1]) * quality_blocks


def finger_2011(image: Image.Image, kind: str = "WSQ", ppi: int = 500, unit: int = 1, certified: bool = False) -> bytes:
    """ISO/IEC 19794-4:2011. `unit`: 1 inch, 2 cm."""
    data = image.tobytes() if kind == "RAW" else encoded(image, kind)
    code = {"RAW": 0, "WSQ": 2, "JPEG": 3, "JPEG2000": 5, "PNG": 6}[kind]
    body = _capture() + (b"\x01" + bytes(3) if certified else b"") + bytes([2, 1, unit])
    body += struct.pack(">4HBBBHH", *([ppi] * 4), 8, code, 0, *image.size) + struct.pack(">I", len(data)) + data
    return b"FIR\x00020\x00" + struct.pack(">IHBBI", 20 + len(body), 1, certified, 1, 4 + len(body)) + body


def finger_2005(image: Image.Image, kind: str = "WSQ", ppi: int = 500) -> bytes:
    data = image.tobytes() if kind == "RAW" else encoded(image, kind)
    code = {"RAW": 0, "WSQ": 2, "PNG": 5}[kind]
    body = struct.pack(">HHBB4HBBH", 0, 31, 1, 1, *([ppi] * 4), 8, code, 0)
    body += struct.pack(">IBBBBBHHB", 14 + len(data), 2, 1, 1, 80, 0, *image.size, 0) + data
    return b"FIR\x00010\x00" + (14 + len(body)).to_bytes(6, "big") + body


def face_2011(image: Image.Image, kind: str = "JPEG2000", landmarks: int = 2) -> bytes:
    data = encoded(image, kind)
    body = _capture() + struct.pack(">H", landmarks) + bytes(15) + bytes(8 * landmarks)
    body += struct.pack(">BBHHBHBB", 1, 1, *image.size, 0, 0, 0, 1) + struct.pack(">I", len(data)) + data
    return b"FAC\x00030\x00" + struct.pack(">IHBHI", 21 + len(body), 1, 0, 0, 4 + len(body)) + body


def face_2005(image: Image.Image) -> bytes:
    data = encoded(image, "JPEG")
    block = struct.pack(">IH", 20 + 8 + 12 + len(data), 1) + bytes(14) + bytes(8)
    block += struct.pack(">BBHHBBHH", 1, 0, *image.size, 1, 2, 0, 0) + data
    return b"FAC\x00010\x00" + struct.pack(">IH", 14 + len(block), 1) + block


def iris_2011(image: Image.Image, kind: str = "PNG") -> bytes:
    data = image.tobytes() if kind == "RAW" else encoded(image, kind)
    code = {"RAW": 2, "JPEG2000": 10, "PNG": 14}[kind]
    body = _capture() + struct.pack(">HBBBBHHB", 1, 1, 1, code, 0, *image.size, 8) + bytes(18)
    body += struct.pack(">I", len(data)) + data
    return b"IIR\x00020\x00" + struct.pack(">IHBBI", 20 + len(body), 1, 0, 1, 4 + len(body)) + body


def iris_2005(image: Image.Image) -> bytes:
    body = struct.pack(">HBHHHHHHBB", 0, 1, 45, 0, 0, 2, *image.size, 8, 0) + bytes(16) + struct.pack(">BH", 1, 1)
    body += struct.pack(">HBHHI", 1, 80, 0, 0, len(image.tobytes())) + image.tobytes()
    return b"IIR\x00010\x00" + struct.pack(">I", 12 + len(body)) + body


def slap(*values: bytes, transaction: str = "aa11bb22cc33-7.right-four.1") -> CaptureTaken:
    """A capture of so many fingers of the right hand, which the device calls good."""
    samples = tuple(Sample(name, 90.0, "iso19794-4", value) for name, value in zip(FINGERS, values, strict=False))
    return CaptureTaken("slap", Modality.RIGHT_FOUR, transaction, samples, "AB" * 32)


def one(modality: Modality, form: str, value: bytes, subtype: str = "Face") -> CaptureTaken:
    """A capture of one sample."""
    return CaptureTaken("any", modality, f"aa11bb22cc33-7.{modality}.1", (Sample(subtype, 95.0, form, value),))
