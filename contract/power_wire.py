"""Frames between the controller and the power board. Runs unchanged on CPython and on the board's MicroPython.

A frame is COBS-coded, so that 0x00 never occurs inside, and stands between two 0x00. Decoded it is, little-endian:
version (u8), kind (u8), sequence (u16), payload, CRC-32 over all before it (u32, as in zlib). Whatever the version,
the head and the CRC stay as they are, and the first byte of IDENTITY is the protocol's version: two sides that do not
understand each other can say so. No floats: volts travel as 0.1 V (`_dv`) or 0.01 V (`_cv`), times in ms.

Only syntax that MicroPython accepts: no dataclasses, no enum, no `__future__`.
"""

import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

try:  # the same sum, a hundred times faster, on CPython; MicroPython's zlib, where it has one, has no sums
    from zlib import crc32 as _quick_crc32
except ImportError:
    _quick_crc32 = None  # type: ignore[assignment]

VERSION = 1

# Kinds, controller to board.
IDENTIFY = 0x01  # payload: protocol version of the controller (u8). Answered by IDENTITY
DRIVE = 0x02  # payload: relays wanted (u8). Also the heartbeat; answered by REPORT when it changes something
CONFIG = 0x03  # payload: deadman in ms (u16). Answered by IDENTITY
ASK = 0x04  # no payload. Answered by REPORT
# Kinds, board to controller.
IDENTITY = 0x81
REPORT = 0x82

#: Bit n of every relay byte. The words are those of the booth's `Relay`. What the relays *mean*, not their coils:
#: the safe state is `ats_inhibit` alone, with all coils off.
RELAYS = ("genset_start", "ats_inhibit", "shed_1", "shed_2")
GENSET_START = 1
ATS_INHIBIT = 2
SHED_1 = 4
SHED_2 = 8
ALL_RELAYS = 15
SAFE = ATS_INHIBIT

#: Bit n of every contact byte; set = active in the sense of the word. The words are those of the booth's `Contact`.
CONTACTS = ("mains", "door", "genset_running", "genset_fault", "fuel_low", "ats_mains", "ats_genset")
C_MAINS = 1
C_DOOR = 2
C_RUNNING = 4
C_FAULT = 8
C_FUEL_LOW = 16
C_ATS_MAINS = 32
C_ATS_GENSET = 64

#: Bit n of `Report.refused`: why the relays are not as wanted.
REFUSALS = (
    "mains-present",  # the genset is not permitted while the mains are there, unless the ATS is on it already
    "mains-just-lost",  # their absence is not yet sure
    "genset-volts",  # the genset's volts are not in band, or not long enough
    "ats-both-closed",  # both position contacts of the ATS are closed: latched until released
    "crank-rest",  # the starter rests after a crank without a running engine
    "crank-locked",  # too many cranks: locked until the start is released for a while
    "deadman",  # the controller was silent: safe until it drives again
)
R_MAINS_PRESENT = 1
R_MAINS_JUST_LOST = 2
R_GENSET_VOLTS = 4
R_ATS_BOTH = 8
R_CRANK_REST = 16
R_CRANK_LOCKED = 32
R_DEADMAN = 64

#: `Identity.reset_cause`.
RESET_CAUSES = ("unknown", "power-on", "watchdog", "software")

DEADMAN_MS = 5000
DEADMAN_MIN_MS = 500
DEADMAN_MAX_MS = 30000
HEARTBEAT_MS = 500  # the board reports at least this often

MAX_BODY = 128  # bytes of a decoded frame; COBS blocks never need more than one length byte
_MAX_CODED = MAX_BODY + 1
_HEAD = "<BBH"
_HEAD_SIZE = 4
_CRC_SIZE = 4
_M32 = 0xFFFFFFFF
_NIBBLES = (
    0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
    0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
)  # fmt: skip


def plain_crc32(data: bytes) -> int:
    """CRC-32 (IEEE 802.3, reflected), as `zlib.crc32`; 0..2**32-1."""
    crc = _M32
    for byte in data:
        crc ^= byte
        crc = (crc >> 4) ^ _NIBBLES[crc & 15]
        crc = (crc >> 4) ^ _NIBBLES[crc & 15]
    return crc ^ _M32


crc32 = plain_crc32 if _quick_crc32 is None else _quick_crc32


def cobs_encode(data: bytes) -> bytes:
    """Consistent Overhead Byte Stuffing, without the delimiter. At most 253 bytes without a zero in a row."""
    return b"".join([bytes((len(part) + 1,)) + part for part in data.split(b"\0")])


def cobs_decode(coded: bytes) -> "bytes | None":
    """What `cobs_encode` was given; None when it cannot be that."""
    parts = []
    at = 0
    size = len(coded)
    while at < size:
        step = coded[at]
        if step == 0 or step == 255 or at + step > size:
            return None
        parts.append(coded[at + 1 : at + step])
        at += step
    return b"\0".join(parts) if parts else None


def frame(kind: int, seq: int, payload: bytes = b"", version: int = VERSION) -> bytes:
    """One frame with its delimiters, ready for the wire."""
    body = struct.pack(_HEAD, version, kind, seq & 0xFFFF) + payload
    return b"\0" + cobs_encode(body + struct.pack("<I", crc32(body) & _M32)) + b"\0"


class Frame:
    """A frame whose CRC is right. Its version may be another one than ours: look before you read the payload."""

    def __init__(self, version: int, kind: int, seq: int, payload: bytes) -> None:
        self.version = version
        self.kind = kind
        self.seq = seq
        self.payload = payload


class Decoder:
    """Finds frames in a stream of bytes. Never raises on bytes, holds at most one frame of them.

    Whatever is wrong ends at the next 0x00. `bad_frames` counts what stood between two 0x00 and was no frame;
    `bad_reason` and `bad_beginning` (32 bytes as received) tell of the latest.
    """

    def __init__(self) -> None:
        self.bad_frames = 0
        self.bad_reason = ""
        self.bad_beginning = b""
        self._held = b""
        self._over = False

    def receive(self, data: bytes) -> "list[Frame]":
        """The frames that these bytes complete."""
        found = []
        pieces = (self._held + bytes(data)).split(b"\0")
        self._held = pieces.pop()
        for coded in pieces:
            if self._over:
                self._over = False
                continue
            if coded:
                one = self._decode(coded)
                if one is not None:
                    found.append(one)
        if self._over:
            self._held = b""
        elif len(self._held) > _MAX_CODED:
            self._bad("too long", self._held)
            self._held = b""
            self._over = True
        return found

    def _decode(self, coded: bytes) -> "Frame | None":
        if len(coded) > _MAX_CODED:
            self._bad("too long", coded)
            return None
        data = cobs_decode(coded)
        if data is None:
            self._bad("not COBS", coded)
            return None
        if len(data) < _HEAD_SIZE + _CRC_SIZE:
            self._bad("too short", coded)
            return None
        body = data[:-_CRC_SIZE]
        if struct.unpack("<I", data[-_CRC_SIZE:])[0] != crc32(body) & _M32:
            self._bad("CRC", coded)
            return None
        version, kind, seq = struct.unpack(_HEAD, body[:_HEAD_SIZE])
        return Frame(version, kind, seq, body[_HEAD_SIZE:])

    def _bad(self, reason: str, coded: bytes) -> None:
        self.bad_frames += 1
        self.bad_reason = reason
        self.bad_beginning = coded[:32]


# --- controller to board ------------------------------------------------------------------------------------


def identify(seq: int) -> bytes:
    """Who are you? Says which protocol the controller speaks."""
    return frame(IDENTIFY, seq, bytes((VERSION,)))


def drive(seq: int, relays: int) -> bytes:
    """Hold exactly these relays; to be repeated well within the deadman's time."""
    return frame(DRIVE, seq, bytes((relays & ALL_RELAYS,)))


def config(seq: int, deadman_ms: int) -> bytes:
    """Set the deadman's time; the board keeps it within DEADMAN_MIN_MS..DEADMAN_MAX_MS until its next start."""
    return frame(CONFIG, seq, struct.pack("<H", deadman_ms & 0xFFFF))


def ask(seq: int) -> bytes:
    """Report now."""
    return frame(ASK, seq)


def read_drive(payload: bytes) -> "int | None":
    """The relays wanted; None when the payload is not of this version."""
    return payload[0] & ALL_RELAYS if len(payload) == 1 else None


def read_config(payload: bytes) -> "int | None":
    """The deadman's time in ms, within its bounds; None when the payload is not of this version."""
    if len(payload) != 2:
        return None
    return min(DEADMAN_MAX_MS, max(DEADMAN_MIN_MS, int(struct.unpack("<H", payload)[0])))


# --- board to controller ------------------------------------------------------------------------------------

_IDENTITY = "<BBBBB8sHHQ"
_IDENTITY_SIZE = struct.calcsize(_IDENTITY)


class Identity:
    """Who the board is. `protocol`: the version it speaks; all other fields are only there when it is ours."""

    def __init__(self) -> None:
        self.protocol = VERSION
        self.firmware = (0, 0, 0)
        self.reset_cause = 0
        self.uid = bytes(8)
        self.deadman_ms = DEADMAN_MS
        self.watchdog_ms = 0
        self.uptime_ms = 0

    def encode(self) -> bytes:
        """The payload."""
        a, b, c = self.firmware
        uptime = self.uptime_ms & 0xFFFFFFFFFFFFFFFF
        return struct.pack(
            _IDENTITY, self.protocol, a, b, c, self.reset_cause, self.uid, self.deadman_ms, self.watchdog_ms, uptime
        )


def read_identity(payload: bytes) -> "Identity | None":
    """The identity; of a board with another protocol only `protocol` is known. None when it is no identity."""
    if not payload:
        return None
    one = Identity()
    one.protocol = payload[0]
    if one.protocol != VERSION:
        return one
    if len(payload) != _IDENTITY_SIZE:
        return None
    _, a, b, c, one.reset_cause, uid, one.deadman_ms, one.watchdog_ms, one.uptime_ms = struct.unpack(_IDENTITY, payload)
    one.firmware = (a, b, c)
    one.uid = bytes(uid)
    return one


_REPORT = "<HHHHIBBBBBHHIIIQ"
_REPORT_SIZE = struct.calcsize(_REPORT)
_F_TAMPER = 1
_F_DRIVEN = 2


class Report:
    """All that the board knows, of one moment.

    `mains_dv`, `genset_dv`: RMS in 0.1 V; `mains_low_dv`: the lowest mains since the report before this one;
    `dips`: how often the mains fell below the threshold since the start; `battery_cv`: 0.01 V DC. `contacts`: only
    those in `wired` mean anything. `relays`: as they truly are; `wanted`: as last asked; `driven`: whether the
    controller has a say (it drives, and the deadman has not tripped). `heard`: sequence of the latest DRIVE obeyed.
    Counters wrap at 2**32.
    """

    def __init__(self) -> None:
        self.mains_dv = 0
        self.mains_low_dv = 0
        self.genset_dv = 0
        self.battery_cv = 0
        self.dips = 0
        self.contacts = 0
        self.wired = 0
        self.tamper = False
        self.driven = False
        self.relays = SAFE
        self.wanted = SAFE
        self.refused = 0
        self.heard = 0
        self.bad_frames = 0
        self.deadman_trips = 0
        self.watchdog_resets = 0
        self.uptime_ms = 0

    def encode(self) -> bytes:
        """The payload."""
        flags = (_F_TAMPER if self.tamper else 0) | (_F_DRIVEN if self.driven else 0)
        return struct.pack(
            _REPORT, self.mains_dv, self.mains_low_dv, self.genset_dv, self.battery_cv, self.dips & _M32,
            self.contacts, self.wired, flags, self.relays, self.wanted, self.refused, self.heard & 0xFFFF,
            self.bad_frames & _M32, self.deadman_trips & _M32, self.watchdog_resets & _M32,
            self.uptime_ms & 0xFFFFFFFFFFFFFFFF,
        )  # fmt: skip


def read_report(payload: bytes) -> "Report | None":
    """The report; None when the payload is not of this version."""
    if len(payload) != _REPORT_SIZE:
        return None
    one = Report()
    (
        one.mains_dv, one.mains_low_dv, one.genset_dv, one.battery_cv, one.dips, one.contacts, one.wired, flags,
        one.relays, one.wanted, one.refused, one.heard, one.bad_frames, one.deadman_trips, one.watchdog_resets,
        one.uptime_ms,
    ) = struct.unpack(_REPORT, payload)  # fmt: skip
    one.tamper = bool(flags & _F_TAMPER)
    one.driven = bool(flags & _F_DRIVEN)
    return one


def words(bits: int, names: "tuple[str, ...]") -> "tuple[str, ...]":
    """The names of the set bits, in order: of RELAYS, CONTACTS or REFUSALS."""
    return tuple([name for n, name in enumerate(names) if bits >> n & 1])


def bits(chosen: "Iterable[str]", names: "tuple[str, ...]") -> int:
    """The bits of names, all of which must be among `names`."""
    total = 0
    for name in chosen:
        total |= 1 << names.index(name)
    return total
