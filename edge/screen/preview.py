"""The live picture of a capture device: its MOSIP SBI stream, relayed frame by frame to a browser.

Source: MOSIP "Secure Biometric Interface Specification" 0.9.5: `STREAM /stream` with a JSON body is answered with
multipart MJPEG. Browsers cannot send that verb, so the screen asks, and gives the frames on as its own multipart.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from typing import Final

from contract.messages import Modality

BOUNDARY: Final = "loket-frame"
MEDIA_TYPE: Final = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
STREAM_MS: Final = 60_000
CONNECT_S: Final = 3.0
SILENT_S: Final = 5.0
PAUSE_S: Final = 1.0
GAP_S: Final = 0.1
"""Frames nearer to each other are dropped: a Pi's processor is needed elsewhere."""
LARGEST: Final = 2 * 1024 * 1024
#: deviceSubId: fingers 1 left, 2 right, 3 thumbs; iris 3 both; a camera has one.
SUB_ID: Final = {
    Modality.LEFT_FOUR: "1",
    Modality.RIGHT_FOUR: "2",
    Modality.THUMBS: "3",
    Modality.IRIS: "3",
}
_LENGTH = re.compile(rb"content-length:\s*(\d{1,8})", re.IGNORECASE)
_BOUNDARY = re.compile(rb'content-type:[^\r\n]*multipart/[^\r\n]*boundary="?([^"\s;\r\n]{1,200})', re.IGNORECASE)


class StreamError(Exception):
    """The device gives no picture now."""


async def relay(
    address: tuple[str, int], modality: Modality, wanted: Callable[[], bool] = lambda: True
) -> AsyncIterator[bytes]:
    """Parts of a multipart answer, until the client goes or it is no longer `wanted`.

    A device that is busy or away is asked again.
    """
    while wanted():
        with suppress(StreamError, OSError, TimeoutError, EOFError, ValueError, asyncio.LimitOverrunError):
            last = 0.0
            async for frame in frames(address, modality):
                if not wanted():
                    return
                now = time.monotonic()
                if now - last >= GAP_S:
                    last = now
                    head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(frame)}\r\n\r\n"
                    yield head.encode() + frame + b"\r\n"
        await asyncio.sleep(PAUSE_S)


async def frames(address: tuple[str, int], modality: Modality) -> AsyncIterator[bytes]:
    """JPEG frames of one stream of the device. Raises StreamError, OSError, TimeoutError or EOFError."""
    device = await _device(address)
    body = {
        "deviceId": device,
        "deviceSubId": SUB_ID.get(modality, "0"),
        "timeout": str(STREAM_MS),
        "dimensions": {"width": 640, "height": 480},
    }
    reader, writer = await _asked(address, "STREAM", "/stream", body)
    try:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), SILENT_S)
        found = _BOUNDARY.search(head)
        if b" 200 " not in head[:20] or found is None:
            raise StreamError("the device gave no stream")
        mark = b"--" + found[1].removeprefix(b"--")
        while True:
            yield await asyncio.wait_for(_frame(reader, mark), SILENT_S)
    finally:
        writer.close()


async def _frame(reader: asyncio.StreamReader, mark: bytes) -> bytes:
    """The next part's picture: by its length, or else up to the next mark."""
    await reader.readuntil(mark)
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    if length:
        size = int(length[1])
        if size > LARGEST:
            raise StreamError("a frame is too large")
        return await reader.readexactly(size)
    # A JPEG ends with FF D9; the mark itself is left for the next part.
    return await reader.readuntil(b"\xff\xd9")


async def _device(address: tuple[str, int]) -> str:
    """The device's own id, which a stream must name."""
    reader, writer = await _asked(address, "MOSIPDISC", "/device", {"type": "Biometric Device"})
    try:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), SILENT_S)
        length = _LENGTH.search(head)
        size = min(int(length[1]), LARGEST) if length else -1
        raw = await asyncio.wait_for(reader.readexactly(size) if size >= 0 else reader.read(LARGEST), SILENT_S)
    finally:
        writer.close()
    told = json.loads(raw)
    entry = told[0] if isinstance(told, list) and told else told
    name = entry.get("deviceId") if isinstance(entry, Mapping) else None
    if not isinstance(name, str):
        raise StreamError("the device's service knows no device")
    return name


async def _asked(
    address: tuple[str, int], verb: str, path: str, body: Mapping[str, object]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, port = address
    reader, writer = await asyncio.wait_for(asyncio.open_connection(host, port, limit=LARGEST), CONNECT_S)
    data = json.dumps(body).encode()
    head = f"{verb} {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {len(data)}\r\nConnection: close\r\n\r\n".encode() + data)
    return reader, writer
