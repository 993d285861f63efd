"""An Evolis card printer that speaks its ESC language over a serial port.

Source: Evolis Programming Guide A5013 and the status words of the maker's SDK. Frames are `1B command 0D`; the data of
`Db` is counted, so it may hold any byte. With Pem;0, as after power on, the printer retries by itself once a person has
cleared the trouble; with Pem;2 the host decides.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal

from hardware.simulators.card_path import (
    E_COVER,
    E_FEEDER,
    E_MECHANICAL,
    E_RIBBON,
    E_RIBBON_ENDED,
    Card,
    CardPath,
    Face,
    Phase,
    Timing,
)
from hardware.simulators.wire import Wire, earliest

ACK, NACK = b"\x06", b"\x15"

# Information word of `Rpst`.
I_CARD_CONTACTLESS, I_CARD_CONTACT, I_CARD_PRINT = 0x08000000, 0x04000000, 0x02000000
I_PRINTER_MASTER, I_RIBBON_LOW, I_PRINTING, I_CLEANING, I_BUSY = 0x00800000, 0x00080000, 0x80, 0x20, 0x01
_CONFIG = 0x20700000  # a printer with contact and contactless stations and a feeder

_LINES, _DOTS = 1016, 648
# The third parameter of Db is the number of grey levels: 2 is one bit a dot.
_RASTER_BYTES = {2: 1, 32: 5, 64: 6, 128: 7, 256: 8}
_PANELS = frozenset("ymcko")
_RIBBON_LOW = 20
_LONGEST_HEADER = 128

_TEXTS = {
    "1": b"ERROR CDE",
    "2": b"ERROR PARAMETRES",
    "T": b"ERROR MECHANICAL",
    "C": b"COVER OPEN",
    "F": b"FEEDER EMPTY",
    "R": b"ERROR RIBBON",
}


def raster_bytes(levels: int) -> int:
    """The length of one panel's data for so many grey levels. Raises KeyError for a number Db does not know."""
    return _LINES * _DOTS * _RASTER_BYTES[levels] // 8


@dataclass
class CardPrinter:
    """The printer with `feeder` cards loaded. Mechanical faults are attributes of `path`, those of the cable of `wire`.

    `protocol` is "ack" (ACK, NACK and a code) or "text" (OK, ERROR ...) and is kept without power, as Pcom sets it. A
    movement is answered when it ends; with `acknowledges_on_receipt` it is answered when understood, and what came of
    it shows in the status only. Reading is answered while cards move.
    """

    feeder: int = 50
    timing: Timing = field(default_factory=Timing)
    protocol: Literal["ack", "text"] = "ack"
    terminator: bytes = b"\r"
    acknowledges_on_receipt: bool = False
    serial_number: str = "10000421337"
    frame_timeout: float = 2.0
    wire: Wire = field(default_factory=Wire)
    path: CardPath = field(init=False)
    powered: bool = True
    _buffer: bytearray = field(default_factory=bytearray)
    _heard_at: float = 0.0
    _waiting: deque[bytes] = field(default_factory=deque)
    _moving: bytes | None = None
    _needs_person: bool = False
    _poked: bool = False
    _pem: int = 0
    _ribbon: str = "k"
    _open: bool = False
    _side: Literal["front", "back"] = "front"
    _bitmaps: dict[tuple[str, str], str] = field(default_factory=dict)
    _fresh: set[str] = field(default_factory=set)
    _printed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.path = CardPath(timing=self.timing, feeder=self.feeder, loaded=self.feeder)

    # --- what people do ----------------------------------------------------------------------------------------

    def power_off(self, now: float | None = None) -> None:
        """Cuts power at any moment: the card inside stays inside, the counter is kept, memory is lost."""
        if now is not None:
            self._advance(now)
        self.powered = False
        self.path.stop_dead()
        self.wire.drop()
        self._forget()

    def power_on(self) -> None:
        """Power is back. With a card inside the printer stands in a mechanical error."""
        if not self.powered:
            self.powered = True
            self.path.wake()

    def load(self, cards: int) -> None:
        """Puts blank cards into the feeder."""
        self.path.feeder += cards
        self.path.loaded += cards
        self._person_was_here()

    def jam(self, phase: Phase = "print_front") -> None:
        """The next card to reach the end of `phase` gets stuck there."""
        self.path.jam_next = phase

    def clear_jam(self) -> None:
        """A person takes the stuck card out, into the reject box, and closes the printer."""
        self.path.take_out()
        self._person_was_here()

    def open_cover(self) -> None:
        """Opens the cover; a card on the way stops."""
        self.path.cover_open = True
        self._poked = True

    def close_cover(self) -> None:
        """Closes the cover. With Pem;2 the error stays until the host clears it."""
        self.path.cover_open = False
        self._person_was_here()

    def replace_ribbon(self, prints: int = 500) -> None:
        """Puts in a fresh ribbon."""
        self.path.ribbon_left, self.path.ribbon_present = prints, True
        self._person_was_here()

    def empty_reject_box(self) -> None:
        """The box has room again. The cards stay counted as rejected."""
        self.path.reject_full = False
        self._person_was_here()

    def _person_was_here(self) -> None:
        if self._pem == 0:
            self.path.clear()
        self._poked = True

    # --- the wire ----------------------------------------------------------------------------------------------

    def receive(self, data: bytes, now: float) -> bytes:
        """ESC frames, in pieces of any size. Junk between frames is passed over."""
        if not self.powered:
            return b""
        out = self._advance(now)
        if self._heard_at + self.frame_timeout <= now:
            self._buffer.clear()
        self._buffer += data
        self._heard_at = now
        while (frame := self._next_frame()) is not None:
            out += self._take(frame, now)
        return self.wire.send(out, now)

    def next_wakeup(self) -> float | None:
        """The end of a movement, of the patience with half a frame, or late bytes."""
        if not self.powered:
            return None
        if self._poked:
            return 0.0
        stale = self._heard_at + self.frame_timeout if self._buffer else None
        return earliest(self.path.phase_ends, stale, self.wire.next_wakeup())

    def wakeup(self, now: float) -> bytes:
        """Moves on; answers what has ended."""
        if not self.powered:
            return b""
        out = self._advance(now)
        if self._buffer and self._heard_at + self.frame_timeout <= now:
            # A host that died in the middle of a raster must not swallow the next host's first command.
            self._buffer.clear()
            out += self._no("T")
        return self.wire.wakeup(now) + self.wire.send(out, now)

    def _advance(self, now: float) -> bytes:
        self._poked = False
        out = b""
        while True:
            self.path.advance(now)
            if self._moving is not None and not self.path.busy:
                out += self._settle(now)
            if self.path.busy or self._needs_person or not self._waiting:
                return out
            out += self._perform(self._waiting.popleft(), now)

    def _settle(self, now: float) -> bytes:
        """A movement has ended, well or badly; or a person has cleared the way for another try."""
        command = self._moving
        assert command is not None
        if self.path.error == 0 and not self._needs_person:
            self._moving = None
            for phase in self.path.faces:
                self._printed.add(phase.removeprefix("print_"))
            self._fresh -= self._printed
            if command.startswith(b"Se") and command != b"Ser":
                self._close_sequence()
            return b"" if self.acknowledges_on_receipt else self._yes()
        if self._pem == 0:
            if self.path.error:
                self._needs_person = True
                return b""
            self._needs_person = False
            if self.path.inside is None:
                # The card a person took out is made anew, from the bitmaps still in memory.
                self._fresh |= self._printed
            return self._move(command, now)
        self._moving = None
        self._needs_person = False
        return b"" if self.acknowledges_on_receipt else self._no(self._trouble())

    def _next_frame(self) -> bytes | None:
        """The next whole frame without its ESC and CR; a Db frame with its data. Empty for what is no frame."""
        start = self._buffer.find(b"\x1b")
        if start != 0:
            del self._buffer[: start if start > 0 else len(self._buffer)]
        if not self._buffer:
            return None
        if self._buffer.startswith(b"\x1bDb;"):
            return self._next_raster()
        end = self._buffer.find(b"\r", 1)
        if end < 0:
            if len(self._buffer) > _LONGEST_HEADER:
                self._buffer.clear()
                return b""
            return None
        frame = bytes(self._buffer[1:end])
        del self._buffer[: end + 1]
        return frame

    def _next_raster(self) -> bytes | None:
        fields = bytes(self._buffer[1:32]).split(b";", 3)
        if len(fields) < 4:
            if len(self._buffer) < 32 and b"\r" not in self._buffer:
                return None
            self._buffer.clear()
            return b""
        levels = int(fields[2]) if fields[2].isdigit() else 0
        if levels not in _RASTER_BYTES:
            # How long the data is cannot be known: all of it is lost.
            self._buffer.clear()
            return b"Db;?"
        header = 1 + sum(len(each) + 1 for each in fields[:3])
        end = header + raster_bytes(levels)
        if len(self._buffer) < end + 1:
            return None
        frame = bytes(self._buffer[1:end])
        terminated = self._buffer[end] == 0x0D
        del self._buffer[: end + 1]
        return frame if terminated else b""

    def _take(self, frame: bytes, now: float) -> bytes:
        if frame.startswith(b"R"):
            return self._read(frame.decode("latin-1"))
        if frame in (b"Srs", b"Scs") or (frame == b"Ser" and self._needs_person):
            if frame == b"Ser":
                self._moving, self._needs_person = None, False
            return self._perform(frame, now)
        if self.path.busy or self._needs_person or self._waiting:
            self._waiting.append(frame)
            return b""
        return self._perform(frame, now)

    def _yes(self) -> bytes:
        return ACK if self.protocol == "ack" else b"OK" + self.terminator

    def _no(self, code: str) -> bytes:
        return NACK + code.encode("ascii") if self.protocol == "ack" else _TEXTS[code] + self.terminator

    def _trouble(self) -> str:
        error = self.path.error
        if error & E_COVER:
            return "C"
        if error & E_FEEDER:
            return "F"
        if error & (E_RIBBON | E_RIBBON_ENDED):
            return "R"
        return "T"

    # --- commands ----------------------------------------------------------------------------------------------

    def _read(self, command: str) -> bytes:
        answers: dict[str, Callable[[], str]] = {
            "Rpst": self._status,
            "Rco;c": lambda: str(self.path.counter),
            "Rco;p": lambda: str(self.path.panels),
            "Rlr": lambda: str(max(0, self.path.ribbon_left)),
            "Rfv": lambda: "1.22.04",
            "Rsn": lambda: self.serial_number,
            "Rtp": lambda: "Evolis Primacy",
        }
        if command not in answers:
            return self._no("2" if command.split(";")[0] == "Rco" else "1")
        return answers[command]().encode("ascii") + self.terminator

    def _status(self) -> str:
        path = self.path
        where = {"contact": I_CARD_CONTACT, "contactless": I_CARD_CONTACTLESS, None: I_CARD_PRINT}
        information = (
            (where[path.station] if path.inside else 0)
            | (I_PRINTER_MASTER if self._pem == 0 else 0)
            | (I_RIBBON_LOW if 0 < path.ribbon_left <= _RIBBON_LOW else 0)
            | (I_PRINTING if path.printing else 0)
            | (I_CLEANING if path.plan[:1] == ["clean"] else 0)
            | (I_BUSY if path.busy or self._moving is not None else 0)
        )
        return f"{_CONFIG:08X}{information:08X}{path.warning:08X}{path.error:08X}"

    def _perform(self, frame: bytes, now: float) -> bytes:
        name, _, rest = frame.partition(b";")
        if name in (b"Si", b"Sis", b"Sic", b"Sr", b"Sv", b"Se", b"Ser", b"Scp"):
            return self._begin(name, now)
        if name == b"Db":
            return self._download(rest)
        return self._set(name.decode("latin-1"), rest.decode("latin-1"))

    def _set(self, name: str, rest: str) -> bytes:
        if name == "Ss":
            self._open, self._side = True, "front"
        elif name == "Scs":
            self.path.clear()
        elif name == "Srs":
            self._forget()
            self.path.stop_dead()
            self.path.wake()
        elif name == "Pem":
            if rest not in ("0", "2"):
                return self._no("2")
            self._pem = int(rest)
        elif name == "Pr":
            if not rest or not set(rest) <= _PANELS:
                return self._no("2")
            self._ribbon = rest
        elif name == "Pcom":
            # Without its sixth parameter the protocol stays as it is.
            fields = rest.split(";")
            if len(fields) > 5:
                self.protocol = "ack" if fields[5] == "ACK/NACK" else "text"
        elif name != "Wcb":
            return self._no("1")
        return self._yes()

    def _download(self, rest: bytes) -> bytes:
        panel, _, tail = rest.partition(b";")
        letter = panel.decode("latin-1")
        if letter not in _PANELS or letter not in self._ribbon:
            return self._no("2")
        data = tail.partition(b";")[2]
        self._bitmaps[self._side, letter] = sha256(data).hexdigest()
        self._fresh.add(self._side)
        self._printed.discard(self._side)
        return self._yes()

    def _begin(self, name: bytes, now: float) -> bytes:
        if name in (b"Sr", b"Sv", b"Se") and not self._open:
            return self._no("1")
        # Rejecting is the way out of an error; only an open cover forbids it.
        if self.path.cover_open if name == b"Ser" else self.path.error:
            return self._no("C" if self.path.cover_open else self._trouble())
        if name == b"Sr":
            self._side = "front"
        elif name == b"Sv":
            self._side = "back"
        refused = self._move(name, now)
        if refused or not self.acknowledges_on_receipt:
            return refused
        return self._yes()

    def _move(self, name: bytes, now: float) -> bytes:
        """Starts a movement; answers only if nothing has to move or it fails at once."""
        plan, faces = self._plan(name)
        self._moving = name
        if name == b"Ser":
            self._close_sequence()
            self.path.error &= E_MECHANICAL if self.path.inside else 0
        self.path.start(plan, faces, now)
        if self.path.busy:
            return b""
        return self._settle(now) if not self.acknowledges_on_receipt else b""

    def _plan(self, name: bytes) -> tuple[list[Phase], dict[str, Face]]:
        plan: list[Phase] = []
        if name == b"Scp":
            return ["clean"], {}
        if name == b"Ser":
            return (["reject"] if self.path.inside else []), {}
        due: dict[bytes, tuple[str, ...]] = {b"Sr": ("front",), b"Sv": ("back",), b"Se": ("front", "back")}
        sides = [side for side in due.get(name, ()) if side in self._fresh]
        if self.path.inside is None and (name != b"Se" or sides):
            plan += ["pick", "travel"]
        faces: dict[str, Face] = {}
        for side in sides:
            phase: Phase = "print_front" if side == "front" else "print_back"
            plan.append(phase)
            colour = any((side, panel) in self._bitmaps for panel in "ymc" if panel in self._ribbon)
            faces[phase] = Face(self._bitmaps.get((side, "k")), colour, last=side == sides[-1])
        if name == b"Sis":
            plan.append("contact")
        elif name == b"Sic":
            plan.append("contactless")
        elif name == b"Se" and (self.path.inside or plan):
            plan.append("eject")
        return plan, faces

    def _close_sequence(self) -> None:
        self._open, self._side = False, "front"
        self._fresh.clear()
        self._printed.clear()

    def _forget(self) -> None:
        self._buffer.clear()
        self._waiting.clear()
        self._moving = None
        self._needs_person = False
        self._pem, self._ribbon = 0, "k"
        self._bitmaps.clear()
        self._close_sequence()

    # --- what survives -----------------------------------------------------------------------------------------

    @property
    def tray(self) -> list[Card]:
        """The cards that came out, in order."""
        return self.path.tray

    @property
    def rejected(self) -> list[Card]:
        """The cards in the reject box and those a person took out."""
        return self.path.rejected

    @property
    def inside(self) -> Card | None:
        """The card on its way."""
        return self.path.inside

    @property
    def counter(self) -> int:
        """Cards ever inserted, as `Rco;c` tells."""
        return self.path.counter

    def balanced(self) -> bool:
        """Whether loaded = feeder + tray + rejected + inside."""
        return self.path.balanced()

    def snapshot(self) -> dict[str, Any]:
        """Plain JSON: counter, cards and where they lie, ribbon, and the protocol Pcom has set."""
        return {**self.path.snapshot(), "protocol": self.protocol}

    def restore(self, kept: dict[str, Any]) -> None:
        """Takes up a `snapshot` as after power came: a card inside is an error."""
        self._forget()
        self.protocol = "ack" if kept["protocol"] == "ack" else "text"
        self.path.restore({name: value for name, value in kept.items() if name != "protocol"})
        self.powered = True
        self.path.wake()
