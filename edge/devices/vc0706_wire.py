"""VC0706 cameras on the wire: commands, replies, and where a JPEG ends.

`56 serial command length data` is answered by `76 serial command status length data`; a piece of the picture stands
between two such heads. Source: VC0706 serial protocol manual. There is no check sum: lost bytes are noticed by the
heads and the length, an altered one in the picture is not.
"""

from __future__ import annotations

from dataclasses import dataclass

RESET, GEN_VERSION = 0x26, 0x11
READ_DATA, WRITE_DATA = 0x30, 0x31
READ_FBUF, GET_FBUF_LEN, FBUF_CTRL = 0x32, 0x34, 0x36
OK = 0
STARTED = b"Init end"
"""The last words that a camera says when it has started."""
STATUS = {
    1: "the camera did not understand",
    2: "the camera got a command of a wrong length",
    3: "the camera got a command of a wrong form",
    4: "the camera cannot do that now",
    5: "the camera failed",
}
GARBLED = (1, 2, 3)
"""What it says of a command that was damaged on its way."""
PIECE = 1024
"""Bytes of a picture that are asked for at once; a multiple of 8, as cameras want it."""
_PIECE_DELAY = 10
"""Between the head and the piece, in 0.01 ms."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Send a command and wait `timeout` seconds for its reply; without one, only wait, or until it has started.

    `length`: bytes of data in a good reply, None: any. `raw`: bytes of the picture that follow it.
    """

    command: int | None
    data: bytes = b""
    timeout: float = 1.0
    length: int | None = 0
    raw: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """`status` None: no whole reply came in time."""

    status: int | None
    data: bytes = b""


VERSION = Ask(GEN_VERSION, length=None)
RESTART = Ask(RESET)
STOP_FRAME = Ask(FBUF_CTRL, b"\x00")
RESUME = Ask(FBUF_CTRL, b"\x03")
LENGTH = Ask(GET_FBUF_LEN, b"\x00", length=4)
#: The size of the picture in the EEPROM, 0: 640x480. It holds from the next start on.
READ_SIZE = Ask(READ_DATA, b"\x04\x01\x00\x19", length=1)
WRITE_SIZE = Ask(WRITE_DATA, b"\x04\x01\x00\x19\x00")


def wait(seconds: float) -> Ask:
    """Ask nothing for so long, or until the camera has started."""
    return Ask(None, timeout=seconds)


def piece(start: int, count: int) -> Ask:
    """`count` bytes of the frozen picture from `start` on."""
    where = start.to_bytes(4, "big") + count.to_bytes(4, "big") + _PIECE_DELAY.to_bytes(2, "big")
    return Ask(READ_FBUF, b"\x00\x0a" + where, timeout=2.0 + count / 960, raw=count)


def whole(data: bytes) -> bytes | None:
    """The JPEG without what fills its end up; None when its beginning or its end is missing."""
    end = data.rfind(b"\xff\xd9", max(0, len(data) - 64))
    if end < 0 or not data.startswith(b"\xff\xd8"):
        return None
    return data[: end + 2]


class Exchange:
    """One question and its reply at a time, with the deadline of the reply."""

    def __init__(self) -> None:
        self.ask: Ask | None = None
        self.deadline = 0.0
        self.started = False
        """The camera said that it has started, unasked."""
        self._buffer = bytearray()
        self._junk = b""
        """The last of what was no part of a reply, since these words may come in pieces."""

    def begin(self, ask: Ask, now: float) -> bytes:
        """Bytes to be written. Whatever was heard before is no reply to this."""
        self._buffer.clear()
        self.ask, self.deadline = ask, now + ask.timeout
        if ask.command is None:
            return b""
        return bytes((0x56, 0, ask.command, len(ask.data))) + ask.data

    def clear(self) -> None:
        """Nothing is asked any more."""
        self.ask, self.started, self._junk = None, False, b""
        self._buffer.clear()

    def late(self) -> Reply:
        """The deadline has passed."""
        waited = self.ask is not None and self.ask.command is None
        self._look(bytes(self._buffer))
        self.ask = None
        self._buffer.clear()
        return Reply(OK if waited else None)

    def receive(self, data: bytes) -> tuple[Reply | None, bytes]:
        """Bytes came: the reply if it is whole now, and the beginning of what was no part of it."""
        self._buffer += data
        ask = self.ask
        if ask is None or ask.command is None:
            return self._unasked(ask)
        head = bytes((0x76, 0, ask.command))
        junk = b""
        while True:
            at = self._buffer.find(head)
            if at < 0:
                at = max(0, len(self._buffer) - 2)
            junk += bytes(self._buffer[:at])
            self._look(bytes(self._buffer[:at]))
            del self._buffer[:at]
            if len(self._buffer) < 5 or not self._buffer.startswith(head):
                return None, junk[:32]
            status, length = self._buffer[3], self._buffer[4]
            if status > max(STATUS) or (status == OK and ask.length is not None and length != ask.length):
                junk += bytes(self._buffer[:1])
                del self._buffer[:1]
                continue
            return self._rest(ask, status, length, head), junk[:32]

    def _look(self, junk: bytes) -> None:
        seen = self._junk + junk
        if STARTED in seen:
            self.started, seen = True, b""
        self._junk = seen[-len(STARTED) :]

    def _rest(self, ask: Ask, status: int, length: int, head: bytes) -> Reply | None:
        raw = ask.raw if status == OK else 0
        size = 5 + length + raw + (5 if raw else 0)
        if len(self._buffer) < size:
            return None
        body = bytes(self._buffer[5 : 5 + length + raw])
        tail = bytes(self._buffer[5 + length + raw : size])
        del self._buffer[:size]
        self.ask = None
        if not raw or tail == head + b"\x00\x00":
            return Reply(status, body)
        self._look(body + tail)
        return Reply(None)

    def _unasked(self, ask: Ask | None) -> tuple[Reply | None, bytes]:
        """Between questions a camera says nothing but that it has started."""
        heard = bytes(self._buffer)
        if STARTED in heard:
            self._buffer.clear()
            self.started = ask is None
            self.ask = None
            return (Reply(OK) if ask else None), b""
        if len(heard) > 256:
            del self._buffer[:-64]
            return None, heard[:32]
        return None, b""
