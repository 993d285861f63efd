"""ESC/POS on the wire: what the printer's status bytes say, and the bytes of a ticket.

Codes are python-escpos' own (`escpos.constants`); its printer classes are not loaded, because they bring an image
library, a bar code library and a YAML parser into the booth's memory (docs/decisions/0016). A test holds these bytes
against what python-escpos itself writes for the same ticket. Status bits: Epson's ESC/POS command reference.
"""

from __future__ import annotations

import textwrap
import unicodedata
from dataclasses import dataclass
from typing import Final

from escpos import constants as codes

from edge.core.requests import PrintTicket

CODE_PAGE: Final = "cp437"
LONGEST: Final = 3_500
"""Bytes of a ticket: the printer's buffer holds 4 KiB, and nobody looks at its busy line."""
LONGEST_QR: Final = 300
"""Bytes in a code: more of them and its squares are too small on a 58 mm roll."""
FONT_B: Final = 4 / 3
"""Characters of font B in the room of one of font A."""

ASK_PRINTER, ASK_CAUSE, ASK_ERROR, ASK_PAPER = (codes.RT_STATUS + bytes([n]) for n in (1, 2, 3, 4))
#: Real time: give the error up and throw away what waits in the buffers. Nothing happens while the cutter is jammed.
FORGET: Final = codes.DLE + codes.ENQ + b"\x02"
#: Stands in the buffer behind a ticket: its answer says that all before it was carried out.
FENCE: Final = codes.GS + b"r\x01"
#: Ends whatever command was cut short: a printer that waits for the rest of one takes NUL as data, else as nothing.
FILL: Final = bytes(LONGEST_QR + 50)
#: The same for a command whose length was garbled on the wire: it has two bytes.
LONG_FILL: Final = bytes(65_536)
#: Sent to a printer of which it is not known what it was doing.
SETTLE: Final = FILL + codes.HW_INIT + FENCE
#: Feed what hangs out to the cutter, and cut.
CUT_OFF: Final = codes.GS + b"V\x42\x00"

_PLAIN = str.maketrans(
    {"‐": "-", "‑": "-", "–": "-", "—": "-", "−": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "…": "...", "•": "*"}
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the printer cannot print: IPP's word where it has one, what that is, and what to do."""

    reason: str
    error: str
    remedy: str


COVER = Trouble("cover-open", "the ticket printer's cover is open", "Close the ticket printer's cover.")
EMPTY = Trouble("media-empty", "the ticket printer has no paper", "Put a new roll of paper into the ticket printer.")
CUTTER = Trouble("cutter-error", "the ticket printer's cutter is stuck", "Open the cover, free the cutter, close it.")
BROKEN = Trouble(
    "other-error",
    "the ticket printer reports an error",
    "Switch the ticket printer off and on; if the error stays, have it repaired.",
)
OFF_LINE = Trouble(
    "paused", "the ticket printer is off line", "Press the ticket printer's ONLINE or FEED button, and let go."
)


@dataclass(frozen=True, slots=True)
class Status:
    """What DLE EOT 1, 2, 3 and 4 said at one moment."""

    off_line: bool
    cover_open: bool
    no_paper: bool
    low: bool
    error: bool
    cutter: bool = False
    hopeless: bool = False
    """An error that DLE ENQ does not end."""

    def troubles(self) -> tuple[Trouble, ...]:
        """What keeps it from printing, most severe first; nothing: ready."""
        found = []
        if self.error:
            found.append(CUTTER if self.cutter else BROKEN)
        if self.cover_open:
            found.append(COVER)
        if self.no_paper:
            found.append(EMPTY)
        return tuple(found) or ((OFF_LINE,) if self.off_line else ())


def is_status(byte: int) -> bool:
    """Whether a byte answers DLE EOT: bits 1 and 4 are always set there, 0 and 7 never."""
    return byte & 0x93 == 0x12


def is_fence(byte: int) -> bool:
    """Whether a byte answers GS r 1: two sensors with two bits each."""
    return byte in (0x00, 0x03, 0x0C, 0x0F)


def is_flow(byte: int) -> bool:
    """XON or XOFF, said by printers that are set to it; nothing depends on them here."""
    return byte in (0x11, 0x13)


def read(printer: int, cause: int, error: int | None, paper: int) -> Status:
    """The four answers. `error`: not asked unless `cause` says that there is one."""
    return Status(
        off_line=bool(printer & 0x08),
        cover_open=bool(cause & 0x04),
        no_paper=bool(cause & 0x20) or paper & 0x60 == 0x60,
        low=paper & 0x0C == 0x0C,
        error=has_error(cause),
        cutter=bool(error is not None and error & 0x08),
        hopeless=bool(error is not None and error & 0x20),
    )


def has_error(cause: int) -> bool:
    """Whether the answer to DLE EOT 2 says that DLE EOT 3 knows more."""
    return bool(cause & 0x40)


# --- the ticket -----------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """The text in characters of the printer's code page, without control characters: those would be commands."""
    text = text.translate(_PLAIN)
    shown = "".join(" " if unicodedata.category(one)[0] in "CZ" else one for one in text)
    return shown.encode(CODE_PAGE, "replace").decode(CODE_PAGE)


def wrapped(lines: tuple[str, ...], columns: int) -> list[str]:
    """The lines, broken between words where they are too long; an empty line stays one."""
    return [part for line in lines for part in (textwrap.wrap(plain(line), columns) or [""])]


def scale(number: str, width: int) -> int:
    """How many times (1..8) the number is enlarged, so that it fills the paper's width."""
    return max(1, min(8, width // max(1, len(number))))


def ticket(request: PrintTicket, width: int) -> bytes:
    """The bytes of a ticket, from reset to cut. `width`: characters of font A on a line."""
    style = codes.TXT_STYLE
    number = plain(request.number)
    size = scale(number, width)
    out = [codes.HW_INIT, style["align"]["center"], codes.CODEPAGE_CHANGE + b"\x00"]
    for index, line in enumerate(wrapped(request.heading, width)):
        out += [style["bold"][index == 0], _text(line)]
    out += [codes.TXT_SIZE + bytes([style["width"][size] + style["height"][size]]), style["bold"][True], _text(number)]
    out += [codes.TXT_SIZE + b"\x00", style["bold"][False]]
    out += [_text(line) for line in wrapped(request.lines, width)]
    out += _qr(request.qr.encode())
    if request.foot:
        out.append(codes.TXT_FONT_B)
        out += [_text(line) for line in wrapped(request.foot, int(width * FONT_B))]
        out.append(codes.TXT_FONT_A)
    return b"".join([*out, codes.ESC + b"d\x06", codes.PAPER_PART_CUT])


def _text(line: str) -> bytes:
    return line.encode(CODE_PAGE) + b"\n"


def module_dots(length: int) -> int:
    """Dots of one square of a code with so many bytes: as large as a 58 mm roll has room for, at most 0.75 mm."""
    return 6 if length <= 180 else 5


def _qr(content: bytes) -> list[bytes]:
    """Model 2, level M; drawn by the printer."""
    if not content:
        return []
    given = ((65, b"2\x00"), (67, bytes([module_dots(len(content))])), (69, b"1"), (80, b"0" + content), (81, b"0"))
    return [
        codes.GS + b"(k" + (len(data) + 2).to_bytes(2, "little") + b"1" + bytes([function]) + data
        for function, data in given
    ]


def paper_mm(request: PrintTicket, width: int) -> float:
    """About how much paper a ticket takes, rather too much."""
    lines = len(request.heading) + len(request.lines) + len(request.foot) + 6
    lines += sum(len(line) // width for line in (*request.heading, *request.lines, *request.foot))
    return lines * 4.3 + scale(request.number, width) * 3.0 + (50.0 if request.qr else 0.0)
