"""Packets, codes and templates of a ZFM-20 / R30x finger module, as its maker's manual lists them.

Packet: `EF01 | address 4 | kind 1 | length 2 | content | sum 2`; the length counts content and sum, the sum covers
kind, length and content. What a template holds is the maker's secret: here it names the finger that it was made from.
"""

from __future__ import annotations

import math
from hashlib import sha256, shake_256
from typing import Literal

COMMAND, DATA, ACK, END = 0x01, 0x02, 0x07, 0x08

OK = 0x00
PACKET_ERROR = 0x01
NO_FINGER = 0x02
IMAGE_FAILED = 0x03
MESSY = 0x06
FEW_FEATURES = 0x07
NO_MATCH = 0x08
NOT_FOUND = 0x09
MISMATCH = 0x0A
BAD_PAGE = 0x0B
BAD_TEMPLATE = 0x0C
DATA_FAILED = 0x0E
UPLOAD_FAILED = 0x0F
DELETE_FAILED = 0x10
WRONG_PASSWORD = 0x13
NO_IMAGE = 0x15
FLASH_FAILED = 0x18
BAD_REGISTER = 0x1A
VERIFY_FIRST = 0x21
HERE = 0x55

PACKET_BYTES = (32, 64, 128, 256)
WIDTH, HEIGHT = 256, 288
IMAGE_BYTES = WIDTH * HEIGHT // 2
TEMPLATE_BYTES = 512
_MARK = b"\x03\x01"
_ID = 16

Flaw = Literal["", "messy", "few-features"]


def packet(address: int, kind: int, content: bytes) -> bytes:
    """One packet."""
    body = bytes([kind]) + (len(content) + 2).to_bytes(2, "big") + content
    return b"\xef\x01" + address.to_bytes(4, "big") + body + (sum(body) & 0xFFFF).to_bytes(2, "big")


def split(data: bytes, size: int) -> list[tuple[int, bytes]]:
    """Data in packets of `size` bytes, the last of them an end packet."""
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    return [(DATA, piece) for piece in pieces[:-1]] + [(END, piece) for piece in pieces[-1:]]


def take(buffer: bytearray) -> tuple[int, int, bytes, bool] | None:
    """The next packet: address, kind, content and whether its sum is right. Junk before it is dropped."""
    start = buffer.find(b"\xef\x01")
    if start < 0:
        del buffer[: max(0, len(buffer) - 1)]
        return None
    del buffer[:start]
    if len(buffer) < 9:
        return None
    length = int.from_bytes(buffer[7:9], "big")
    if not 2 <= length <= PACKET_BYTES[-1] + 2:
        del buffer[:2]
        return take(buffer)
    if len(buffer) < 9 + length:
        return None
    body = bytes(buffer[6 : 7 + length])
    good = int.from_bytes(buffer[7 + length : 9 + length], "big") == sum(body) & 0xFFFF
    address = int.from_bytes(buffer[2:6], "big")
    del buffer[: 9 + length]
    return address, body[0], body[3:], good


def template(finger: str, impression: str) -> bytes:
    """The features of one impression of a finger."""
    whose = sha256(finger.encode()).digest()[:_ID]
    which = sha256(f"{finger}\n{impression}".encode()).digest()[:_ID]
    return _filled(whose, which)


def merged(first: bytes, second: bytes) -> bytes | None:
    """One template from two impressions; None when they are of different fingers."""
    if not first or not second or score(first, second) is None:
        return None
    return _filled(first[2 : 2 + _ID], sha256(first + second).digest()[:_ID])


def score(first: bytes, second: bytes) -> int | None:
    """How well two templates agree, 80..200; None for different fingers or what is no template."""
    if len(first) != TEMPLATE_BYTES or first[: 2 + _ID] != second[: 2 + _ID] or not first.startswith(_MARK):
        return None
    pair = sorted((first[2 + _ID : 2 + 2 * _ID], second[2 + _ID : 2 + 2 * _ID]))
    return 80 + int.from_bytes(sha256(b"".join(pair)).digest()[:2], "big") % 121


def _filled(whose: bytes, which: bytes) -> bytes:
    rest = shake_256(whose + which).digest(TEMPLATE_BYTES - 2 - 2 * _ID)
    return _MARK + whose + which + rest


def packed(image: bytes) -> bytes:
    """An image of a byte a pixel as the module keeps it: two pixels a byte, the left one in the high nibble."""
    return bytes(left & 0xF0 | right >> 4 for left, right in zip(image[::2], image[1::2], strict=True))


def ridges(token: str) -> bytes:
    """A picture of 256x288 bytes with lines that differ from token to token; nobody's finger."""
    seed = sha256(token.encode()).digest()
    wave = bytes(128 + int(100 * math.sin(math.tau * x / (8 + seed[0] % 5))) for x in range(1024))
    bend, tilt = 20 + seed[1] % 60, (seed[2] - 128) / 256
    rows = []
    for y in range(HEIGHT):
        start = int(300 + bend * math.sin(math.tau * y / (150 + seed[3])) + tilt * y)
        rows.append(wave[start : start + WIDTH])
    return b"".join(rows)
