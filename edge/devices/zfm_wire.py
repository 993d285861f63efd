"""ZFM-20 / R30x finger modules on the wire: packets, what is asked and how long it takes, and what refusals mean.

Packet: `EF01 | address 4 | kind 1 | length 2 | content | sum 2`, all big-endian; the length counts content and sum, the
sum covers kind, length and content. Source: ZFM-20 series user manual.
"""

from __future__ import annotations

from dataclasses import dataclass

COMMAND, DATA, ACK, END = 0x01, 0x02, 0x07, 0x08
WIDTH, HEIGHT = 256, 288
IMAGE_BYTES = WIDTH * HEIGHT // 2
LARGEST = 256
"""Content of a packet at most, bytes."""

OK, PACKET_ERROR, NO_FINGER, IMAGE_FAILED = 0x00, 0x01, 0x02, 0x03
MESSY, FEW_FEATURES, NOT_FOUND, MISMATCH, BAD_TEMPLATE = 0x06, 0x07, 0x09, 0x0A, 0x0C
WRONG_PASSWORD, NO_IMAGE, VERIFY_FIRST = 0x13, 0x15, 0x21

WORDS = {
    0x03: "the finger reader could not take the image",
    0x06: "the finger's image is too messy",
    0x07: "the image shows too little of the finger",
    0x08: "the fingers do not match",
    0x09: "the finger is not among those that are stored",
    0x0A: "the two impressions are not of the same finger",
    0x0B: "the finger reader has no such page",
    0x0C: "the stored finger cannot be read back",
    0x0F: "the finger reader cannot send its image",
    0x10: "the finger reader cannot delete the page",
    0x15: "the finger reader has lost its image",
    0x18: "the finger reader cannot write its memory",
}


@dataclass(frozen=True, slots=True)
class Ask:
    """Send `command` and wait `timeout` seconds for its answer; an empty command only waits.

    `length`: bytes after the confirmation code of a good answer. `data`: a good answer is followed by data packets.
    """

    command: bytes
    timeout: float
    length: int = 0
    data: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """`code` is the confirmation code; None: no whole answer came in time."""

    code: int | None
    body: bytes = b""
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet of ours. `good`: its sum is right."""

    kind: int
    content: bytes
    good: bool


@dataclass(frozen=True, slots=True)
class Parameters:
    """What `ReadSysPara` tells. `packet`: bytes of content in a data packet."""

    capacity: int
    security: int
    address: int
    packet: int
    baud: int


GEN_IMAGE = Ask(b"\x01", 2.0)
REG_MODEL = Ask(b"\x05", 2.0)
MATCH = Ask(b"\x03", 2.0, 2)
UP_IMAGE = Ask(b"\x0a", 2.0, data=True)
COUNT = Ask(b"\x1d", 1.0, 2)
READ_PARAMETERS = Ask(b"\x0f", 1.0, 16)
#: Its answer has a length of its own: what comes before it are late answers to something else.
MARKER = READ_PARAMETERS
MOST_STRAYS = 2 * IMAGE_BYTES // 32
"""Data packets of an image that was given up, which are waited for."""
DATA_PACKET_S = 1.0
"""A data packet takes so long at most: 267 bytes at 9600 baud are 0.3 s."""


def wait(seconds: float) -> Ask:
    """Ask nothing for so long."""
    return Ask(b"", seconds)


def verify(password: int) -> Ask:
    """Tell the password; the module takes it even where none is set."""
    return Ask(b"\x13" + password.to_bytes(4, "big"), 1.0)


def features(buffer: int) -> Ask:
    """Find the features of the present image, into character buffer 1 or 2."""
    return Ask(bytes([0x02, buffer]), 2.0)


def search(capacity: int) -> Ask:
    """Look for character buffer 1 in the whole library; a good answer is page and score."""
    return Ask(b"\x04\x01\x00\x00" + capacity.to_bytes(2, "big"), 3.0, 4)


def store(page: int) -> Ask:
    """Write the template in character buffer 1 to a page."""
    return Ask(b"\x06\x01" + page.to_bytes(2, "big"), 2.0)


def load(page: int) -> Ask:
    """Read a page into character buffer 2; refused for one that holds nothing."""
    return Ask(b"\x07\x02" + page.to_bytes(2, "big"), 2.0)


def delete(page: int) -> Ask:
    """Erase one page."""
    return Ask(b"\x0c" + page.to_bytes(2, "big") + b"\x00\x01", 2.0)


def packet(address: int, content: bytes) -> bytes:
    """A command in its packet."""
    body = bytes([COMMAND]) + (len(content) + 2).to_bytes(2, "big") + content
    return b"\xef\x01" + address.to_bytes(4, "big") + body + (sum(body) & 0xFFFF).to_bytes(2, "big")


def take_packet(buffer: bytearray, address: int) -> tuple[Packet | None, bytes]:
    """Take the next packet off the buffer; None when its end has not come. With it, the bytes that were no packet."""
    start = b"\xef\x01" + address.to_bytes(4, "big")
    junk = b""
    while True:
        at = buffer.find(start)
        if at < 0:
            keep = next((n for n in range(min(5, len(buffer)), 0, -1) if start.startswith(buffer[-n:])), 0)
            at = len(buffer) - keep
            junk += bytes(buffer[:at])
            del buffer[:at]
            return None, junk
        junk += bytes(buffer[:at])
        del buffer[:at]
        if len(buffer) < 9:
            return None, junk
        kind, length = buffer[6], buffer[7] << 8 | buffer[8]
        if kind not in (DATA, ACK, END) or not 3 <= length <= LARGEST + 2:
            junk += bytes(buffer[:2])
            del buffer[:2]
            continue
        if len(buffer) < 9 + length:
            return None, junk
        content = bytes(buffer[9 : 7 + length])
        good = sum(buffer[6 : 7 + length]) & 0xFFFF == buffer[7 + length] << 8 | buffer[8 + length]
        # With a wrong sum, its length may be wrong, too: the next packet may begin anywhere in it.
        del buffer[: 9 + length if good else 2]
        return Packet(kind, content, good), junk


def read_parameters(body: bytes) -> Parameters:
    """The 16 bytes of an answer to `ReadSysPara`: status, system, size, security, address, packet code, baud/9600."""
    capacity, security = int.from_bytes(body[4:6], "big"), int.from_bytes(body[6:8], "big")
    code, baud = int.from_bytes(body[12:14], "big"), int.from_bytes(body[14:16], "big")
    return Parameters(capacity, security, int.from_bytes(body[8:12], "big"), 32 << min(code, 3), 9600 * baud)


def grey(data: bytes) -> bytes:
    """The image with a byte a pixel, 0..255, from two pixels a byte (the left one in the high nibble)."""
    out = bytearray(2 * len(data))
    out[::2], out[1::2] = data.translate(_LEFT), data.translate(_RIGHT)
    return bytes(out)


_LEFT = bytes(17 * (each >> 4) for each in range(256))
_RIGHT = bytes(17 * (each & 0x0F) for each in range(256))


class Exchange:
    """One question and its answer at a time, with the deadline of the answer."""

    def __init__(self, address: int) -> None:
        self.ask: Ask | None = None
        self.deadline = 0.0
        self._address = address
        self._buffer = bytearray()
        self._acked: bytes | None = None
        self._data = bytearray()
        self._strays = 0

    def begin(self, ask: Ask, now: float) -> bytes:
        """Bytes to be written. Whatever was heard before is no answer to this."""
        self.clear()
        self.ask, self.deadline = ask, now + ask.timeout
        return packet(self._address, ask.command) if ask.command else b""

    def clear(self) -> None:
        """Nothing is asked any more."""
        self.ask, self._acked, self._strays = None, None, 0
        self._buffer.clear()
        self._data.clear()

    def late(self) -> Answer:
        """The deadline has passed."""
        self.clear()
        return Answer(None)

    def receive(self, data: bytes, now: float) -> tuple[Answer | None, str, bytes]:
        """Bytes came: the answer if it is whole now; why some of them were dropped ("" if none), and these."""
        self._buffer += data
        answer: Answer | None = None
        reason, dropped = "", b""
        while True:
            found, junk = take_packet(self._buffer, self._address)
            if junk and not reason:
                reason, dropped = "bytes outside of a packet", junk
            if found is None:
                return answer, reason, dropped[:32]
            if not found.good and not reason:
                reason, dropped = "a packet with a wrong check sum", found.content
            if answer is None and self.ask is not None and self.ask.command:
                answer = self._heard(found, now)
                if answer is not None:
                    self.ask = None
            elif not reason:
                reason, dropped = "a packet that nobody asked for", found.content

    def _heard(self, found: Packet, now: float) -> Answer | None:
        assert self.ask is not None
        if not found.good:
            # An image that was given up may be coming still; the marker is behind it.
            return None if self.ask is MARKER else Answer(None)
        if self._acked is None:
            return self._acknowledged(found, now)
        if found.kind == ACK or len(self._data) > IMAGE_BYTES:
            return Answer(None)
        self._data += found.content
        self.deadline = now + DATA_PACKET_S
        return Answer(OK, self._acked, bytes(self._data)) if found.kind == END else None

    def _acknowledged(self, found: Packet, now: float) -> Answer | None:
        assert self.ask is not None
        if found.kind != ACK:
            self._strays += 1
            if self._strays <= MOST_STRAYS:
                self.deadline = max(self.deadline, now + DATA_PACKET_S)
            return None
        code, body = found.content[0], found.content[1:]
        fits = len(body) == self.ask.length
        if not fits and (code == OK or (self.ask is MARKER and code != VERIFY_FIRST)):
            return None
        if code != OK or not self.ask.data:
            return Answer(code, body)
        self._acked = body
        self.deadline = now + DATA_PACKET_S
        return None
