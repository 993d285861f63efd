"""gpiozero pins that live in the rig: the booth program runs unmodified with GPIOZERO_PIN_FACTORY=rig.

The other end is `gpio_hub`; `RIG_GPIO` names its Unix socket. Lines of text, one fact each:

    booth -> hub   F <pin> input|output up|down|floating      the pin's function and pull
                   O <pin> 0|1                                an output's level
    hub -> booth   I <pin> 0|1|z                              an input's level, z: nothing drives it
                   S                                          end of the snapshot that greets a connection
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from typing import Any

from gpiozero.exc import PinInvalidFunction, PinInvalidPull, PinPWMUnsupported, PinSetInput
from gpiozero.pins.pi import PiFactory, PiPin

#: Raspberry Pi 4B, 4 GB: what the booths have.
REVISION = 0xC03114
GREETING_S = 5.0
RETRY_S = (0.05, 1.0)


class RigPin(PiPin):  # type: ignore[misc]
    """One pin; its level as an input is what the hub last said, else what its pull makes of an open wire."""

    def __init__(self, factory: RigFactory, info: Any) -> None:
        super().__init__(factory, info)
        self._function = "input"
        self._pull = info.pull or "floating"
        self._driven: int | None = factory.level(info.name)
        self._out = 0
        self._edges = "both"
        self._watched = False
        self._bounce: float | None = None

    @property
    def name(self) -> str:
        return str(self.info.name)

    def tell(self) -> list[str]:
        """Lines that say all about this pin to a hub that knows nothing yet."""
        lines = [f"F {self.name} {self._function} {self._pull}"]
        if self._function == "output":
            lines.append(f"O {self.name} {self._out}")
        return lines

    def drive(self, level: int | None) -> None:
        """The hub says what drives the wire now; calls the watcher when the level has changed."""
        before = self._get_state()
        self._driven = level
        after = self._get_state()
        wanted = self._edges == "both" or self._edges == ("rising" if after else "falling")
        if self._watched and self._function == "input" and before != after and wanted:
            self._call_when_changed(self.factory.ticks(), after)

    def close(self) -> None:
        self.when_changed = None
        if self._function == "output":
            self._function = "input"
            self.factory.send(self.tell())

    def output_with_state(self, state: int) -> None:
        self._out = int(bool(state))
        self._set_function("output")

    def _get_function(self) -> str:
        return self._function

    def _set_function(self, value: str) -> None:
        if value not in ("input", "output"):
            raise PinInvalidFunction(f"{value!r} is neither input nor output")
        self._function = value
        self.factory.send(self.tell())

    def _get_state(self) -> int:
        if self._function == "output":
            return self._out
        return self._driven if self._driven is not None else int(self._pull == "up")

    def _set_state(self, value: float) -> None:
        if self._function != "output":
            raise PinSetInput(f"cannot set the state of the input pin {self!r}")
        self._out = int(bool(value))
        self.factory.send([f"O {self.name} {self._out}"])

    def _get_pull(self) -> str:
        return str(self._pull)

    def _set_pull(self, value: str) -> None:
        if value not in ("up", "down", "floating"):
            raise PinInvalidPull(f"{value!r} is no pull: up, down, floating")
        self._pull = value
        self.factory.send(self.tell())

    def _get_bounce(self) -> float | None:
        return self._bounce

    def _set_bounce(self, value: float | None) -> None:
        self._bounce = value

    def _get_edges(self) -> str:
        return self._edges

    def _set_edges(self, value: str) -> None:
        self._edges = value

    def _enable_event_detect(self) -> None:
        self._watched = True

    def _disable_event_detect(self) -> None:
        self._watched = False

    def _get_frequency(self) -> None:
        return None

    def _set_frequency(self, value: float | None) -> None:
        if value is not None:
            raise PinPWMUnsupported(f"the rig has no PWM (pin {self!r})")


class RigFactory(PiFactory):  # type: ignore[misc]
    """Connects to the hub, waits for its snapshot, and connects again by itself when the hub goes away."""

    def __init__(self) -> None:
        super().__init__()
        self.pin_class = RigPin
        self._path = os.environ.get("RIG_GPIO", "")
        if not self._path:
            raise OSError("GPIOZERO_PIN_FACTORY=rig needs RIG_GPIO: the path of the rig's GPIO socket")
        self._lock = threading.Lock()
        self._levels: dict[str, int | None] = {}
        self._socket: socket.socket | None = None
        self._greeted = threading.Event()
        self._named: set[str] = set()
        self._closing = False
        first = self._connect()
        threading.Thread(target=self._listen, args=(first,), name="rig-gpio", daemon=True).start()
        if not self._greeted.wait(GREETING_S):
            self.close()
            raise OSError(f"the rig's GPIO hub at {self._path} told no levels within {GREETING_S:g} s; restart the rig")

    def level(self, name: str) -> int | None:
        """What drives the wire of a pin, as the hub last said; None: nothing."""
        return self._levels.get(name)

    def send(self, lines: list[str]) -> None:
        """Tell the hub. Without a hub nothing is sent: all pins are told anew on the next connection."""
        with self._lock:
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    self._socket.sendall("".join(f"{line}\n" for line in lines).encode())

    def close(self) -> None:
        self._closing = True
        super().close()
        with self._lock:
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def ticks() -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()

    @staticmethod
    def ticks_diff(later: float, earlier: float) -> float:
        """Seconds between two ticks."""
        return later - earlier

    def _get_revision(self) -> int:
        return REVISION

    def _connect(self) -> socket.socket:
        link = socket.socket(socket.AF_UNIX)
        try:
            link.connect(self._path)
        except OSError as error:
            link.close()
            raise OSError(f"no GPIO hub at {self._path} ({error.strerror}): start the rig first") from error
        with self._lock:
            self._socket = link
        self.send([line for pin in tuple(self.pins.values()) for line in pin.tell()])
        return link

    def _listen(self, link: socket.socket) -> None:
        wait = RETRY_S[0]
        while True:
            with link, contextlib.suppress(OSError), link.makefile("r", encoding="ascii", errors="replace") as lines:
                self._named.clear()
                for line in lines:
                    wait = RETRY_S[0]
                    self._hear(line.split())
            with self._lock:
                self._socket = None
            while not self._closing:
                time.sleep(wait)
                wait = min(wait * 2, RETRY_S[1])
                try:
                    link = self._connect()
                    break
                except OSError:
                    continue
            else:
                return

    def _hear(self, words: list[str]) -> None:
        if words == ["S"]:
            # What the snapshot does not name is driven by nothing any more.
            for name in self._levels.keys() - self._named:
                self._drive(name, None)
            self._greeted.set()
        elif len(words) == 3 and words[0] == "I" and words[2] in ("0", "1", "z"):
            self._named.add(words[1])
            self._drive(words[1], None if words[2] == "z" else int(words[2]))

    def _drive(self, name: str, level: int | None) -> None:
        self._levels[name] = level
        for pin in tuple(self.pins.values()):
            if pin.name == name:
                pin.drive(level)
