"""Frames between the booth and its judge: `u32 head | u32 body`, then the head's JSON and the body's parts in a row.

Requests: `{"ask": "sample", "format": ..., "officers": [...]}` with the parts `value, template of each officer`, and
`{"ask": "template", "width": ..., "height": ...}` with the part `grey levels`. Every request has one answer, in order.
Answers: `{"nfiq2": int or null, "why": ..., "officer": ..., "score": ..., "unusable": [...]}` with the part `thumbnail`
(a JPEG, empty: none), and `{"why": ...}` with the part `template` (ISO/IEC 19794-2, empty: none).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any, Final

HEADER: Final = struct.Struct(">II")
LARGEST_HEAD: Final = 64 * 1024
LARGEST_BODY: Final = 16 * 1024 * 1024


class FrameError(ValueError):
    """Bytes that are no frame: the two ends do not understand each other."""


def encode(head: dict[str, Any], parts: Sequence[bytes] = ()) -> bytes:
    """One frame. Raises FrameError when it would be too large for the other end."""
    raw = json.dumps({**head, "parts": [len(part) for part in parts]}, separators=(",", ":")).encode()
    body = b"".join(parts)
    sizes(HEADER.pack(len(raw), min(len(body), 2**32 - 1)))
    return HEADER.pack(len(raw), len(body)) + raw + body


def sizes(header: bytes) -> tuple[int, int]:
    """Sizes of head and body that follow `header`. Raises FrameError."""
    head, body = HEADER.unpack(header)
    if head > LARGEST_HEAD or body > LARGEST_BODY:
        raise FrameError(f"a frame of {head} + {body} bytes")
    return head, body


def decode(head: bytes, body: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Head and parts. Raises FrameError."""
    try:
        told = json.loads(head)
        lengths = told.pop("parts")
        if sum(lengths) != len(body) or any(length < 0 for length in lengths):
            raise FrameError("the parts of a frame do not fill it")
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError) as error:
        raise FrameError(f"a frame's head cannot be read: {error}") from error
    parts = []
    for length in lengths:
        parts.append(body[:length])
        body = body[length:]
    return told, parts
