"""Evolis ESC on the wire: frames, replies, and what status words and refusals mean in IPP's and a technician's words.

Frame: `1B command[;parameters][data] 0D`. Replies end in NUL or CR; in ACK/NACK mode they are ACK, or NACK and a code.
Source: Evolis programming guide; `Rpst` gives four 32-bit words in hex - configuration, information, warning, error.
Reasons are IPP's printer-state-reasons (RFC 8011): `-error` stopped a job, `-warning` stops the next one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

COLUMNS = 1016
LINE_BYTES = 81
#: Raster bytes of a panel: black and overlay with one bit a dot, colours with one byte a dot.
SIZES = {"k": COLUMNS * LINE_BYTES, "o": COLUMNS * LINE_BYTES} | dict.fromkeys("ymc", COLUMNS * 648)
LEVELS = {"k": 2, "o": 2, "y": 256, "m": 256, "c": 256}
PANELS = "ymcko"

_STATUS = re.compile(r"[0-9A-Fa-f]{32}")

JUST_STARTED = 0x0001_0000
"""Information: the printer has started anew since the last time that it was asked."""
RIBBON_LOW = 0x0008_0000
#: Information: busy, printing, encoding, cleaning, loading firmware.
BUSY = 0x0000_0001 | 0x0000_0080 | 0x0000_0040 | 0x0000_0020 | 0x0000_0002
#: Information: a card is at the printing, chip, contactless or turning station.
CARD_INSIDE = 0x0200_0000 | 0x0400_0000 | 0x0800_0000 | 0x1000_0000
#: Warning: the head cools down; it goes on by itself.
COOLING = 0x0020_0000


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why no card can be printed. `reason` is IPP's word."""

    reason: str
    error: str
    remedy: str


_EMPTY_OUTPUT = "Take the cards out of the output and the reject box."
_RIBBON = "Put in a ribbon that suits the printer, and close the cover."
ERRORS: tuple[tuple[int, Trouble], ...] = (
    (
        0x0100_0000,
        Trouble("media-jam-error", "a card is jammed", "Open the cover, take the jammed card out, close it."),
    ),
    (0x0200_0000, Trouble("cover-open-error", "the cover was opened while printing", "Close the printer's cover.")),
    (
        0x0800_0000,
        Trouble("media-jam-error", "no card could be fed", "Fan the cards, put them back, set the feeder's gauge."),
    ),
    (0x0400_0000, Trouble("marker-supply-missing-error", "the ribbon is torn or stuck", _RIBBON)),
    (0x0020_0000, Trouble("marker-supply-empty-error", "the ribbon ended while printing", "Put in a new ribbon.")),
    (0x0040_0000, Trouble("marker-supply-missing-error", "the ribbon is not the expected one", _RIBBON)),
    (0x0080_0000, Trouble("output-area-full-error", "the reject box is full", _EMPTY_OUTPUT)),
    (0x0010_0000, Trouble("output-area-full-error", "the output is full", _EMPTY_OUTPUT)),
    (0x0000_0080, Trouble("cover-open-error", "the feeder was opened while printing", "Close the feeder.")),
    (0x2000_0000, Trouble("other-error", "the print head became too hot", "Let the printer cool for ten minutes.")),
)
_UNKNOWN = Trouble("other-error", "the printer reports an error", "Read the printer's panel or its driver's messages.")
WARNINGS: tuple[tuple[int, Trouble], ...] = (
    (0x0002_0000, Trouble("cover-open-warning", "the cover is open", "Close the printer's cover.")),
    (0x0100_0000, Trouble("media-empty-warning", "no blank cards are left", "Fill the feeder with blank cards.")),
    (0x0001_0000, Trouble("marker-supply-missing-warning", "no ribbon is in the printer", _RIBBON)),
    (0x0008_0000, Trouble("marker-supply-empty-warning", "the ribbon is used up", "Put in a new ribbon.")),
    (0x0000_8000, Trouble("marker-supply-missing-warning", "the ribbon is not supported", _RIBBON)),
    (0x0010_0000, Trouble("output-area-full-warning", "the output is full", _EMPTY_OUTPUT)),
    (0x0800_0000, Trouble("output-area-full-warning", "the reject box is full", _EMPTY_OUTPUT)),
    (0x0400_0000, Trouble("output-area-full-warning", "a card waits in the output slot", "Take the card out.")),
    (0x0000_0100, Trouble("cover-open-warning", "the feeder is open", "Close the feeder.")),
    (0x0004_0000, Trouble("other-warning", "the printer is locked", "Unlock the printer with its key.")),
    (0x8000_0000, Trouble("other-warning", "the supply voltage is too low", "Check the printer's power supply.")),
)
#: Codes after NACK, and the words that a printer without ACK/NACK mode answers instead.
REFUSALS = {
    "1": "it does not know the command",
    "2": "it does not accept the parameter",
    "T": "mechanical error",
    "C": "the cover is open",
    "F": "no card could be fed",
    "R": "ribbon error",
    "K": "magnetic check sum error",
    "D": "magnetic data error",
    "W": "magnetic writing error",
}
WORDS = (
    "ERROR",
    "NEED CLEANING",
    "HOPPER FULL",
    "HOPPER DOOR",
    "COVER OPEN",
    "FEEDER EMPTY",
    "CARD JAM",
    "OPT NOT AVAILABLE",
)


@dataclass(frozen=True, slots=True)
class Status:
    """The words of one answer to `Rpst`."""

    information: int
    warning: int
    error: int

    @property
    def busy(self) -> bool:
        """At work, or cooling down to go on."""
        return bool(self.information & BUSY or self.warning & COOLING)

    @property
    def card_inside(self) -> bool:
        """A card has been taken and not yet ejected."""
        return bool(self.information & CARD_INSIDE)

    @property
    def just_started(self) -> bool:
        """It was off since it was asked last."""
        return bool(self.information & JUST_STARTED)

    @property
    def failed(self) -> bool:
        """A job was stopped by an error, which stays until it is cleared."""
        return self.error != 0

    @property
    def latched(self) -> bool:
        """An error stands though no warning tells its cause, nothing moves, and no card is inside."""
        return self.failed and not self.warning and not self.busy and not self.card_inside

    @property
    def ribbon_low(self) -> bool:
        """The ribbon ends soon."""
        return bool(self.information & RIBBON_LOW)

    def troubles(self) -> tuple[Trouble, ...]:
        """Everything that needs a person, most severe first, each reason once."""
        found = [trouble for mask, trouble in ERRORS if self.error & mask]
        if self.error and not found:
            found.append(_UNKNOWN)
        found += [trouble for mask, trouble in WARNINGS if self.warning & mask]
        return tuple({trouble.reason: trouble for trouble in reversed(found)}[reason] for reason in _order(found))


def _order(troubles: list[Trouble]) -> list[str]:
    return list(dict.fromkeys(trouble.reason for trouble in troubles))


def read_status(text: str) -> Status | None:
    """The status in an answer to `Rpst`; None when it is none."""
    if not _STATUS.fullmatch(text):
        return None
    _, information, warning, error = (int(text[at : at + 8], 16) for at in (0, 8, 16, 24))
    return Status(information, warning, error)


def read_counter(text: str) -> int | None:
    """The number in an answer to `Rco;c`; None when it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None


ReplyKind = Literal["ack", "nack", "text", "none"]


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply; `none`: it did not come in time. `text`: the reading, or why the command was refused."""

    kind: ReplyKind
    text: str = ""


def frame(command: bytes) -> bytes:
    """A command in its frame."""
    return b"\x1b" + command + b"\r"


def take_reply(buffer: bytearray) -> Reply | None:
    """Take one whole reply off the buffer; None when its end has not come."""
    while buffer and buffer[0] in b"\x00\r\n":
        del buffer[:1]
    if not buffer:
        return None
    if buffer[0] == 0x06:
        del buffer[:1]
        return Reply("ack")
    if buffer[0] == 0x15:
        if len(buffer) < 2:
            return None
        code = chr(buffer[1])
        del buffer[:2]
        return Reply("nack", code if code.isalnum() and code.isascii() else "?")
    ends = [at for at in (buffer.find(b"\x00"), buffer.find(b"\r")) if at >= 0]
    if not ends:
        return None
    text = buffer[: min(ends)].decode("latin-1").strip()
    del buffer[: min(ends) + 1]
    if text == "OK":
        return Reply("ack")
    return Reply("nack", text[:40]) if text.startswith(WORDS) else Reply("text", text)
