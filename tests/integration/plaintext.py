"""Searches every byte of a folder for known plaintext, in each form in which a program may have written it down."""

from __future__ import annotations

import base64
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

#: Bytes of a probe. SQLite spreads a long value over pages of 4096 bytes, so that several places of it are looked for.
PROBE = 32
PLACES = 6
_WINDOW = 8


def probes(data: bytes) -> Iterator[bytes]:
    """Stretches from several places of known plaintext; one of few different bytes would be found anywhere."""
    last = len(data) - PROBE
    for at in sorted({last * n // (PLACES - 1) for n in range(PLACES)} if last > 0 else ()):
        probe = data[at : at + PROBE]
        if len(set(probe)) >= PROBE // 2:
            yield probe


def forms(probe: bytes) -> dict[str, bytes]:
    """The same bytes raw, in hex, in base64 at each of its three alignments, and as Python prints them."""
    found = {
        "raw": probe,
        "hex": probe.hex().encode(),
        "HEX": probe.hex().upper().encode(),
        "hex with spaces": probe.hex(" ").encode(),
        "Python's bytes": repr(probe)[2:-1].encode(),
    }
    for shift in range(3):
        whole = probe[shift : shift + (PROBE - 2) // 3 * 3]
        found[f"base64 +{shift}"] = base64.b64encode(whole)
        found[f"base64url +{shift}"] = base64.urlsafe_b64encode(whole)
    return found


class Search:
    """What is looked for; add to it, then look. `patterns` are regular expressions over raw bytes."""

    def __init__(self) -> None:
        self._needles: dict[bytes, str] = {}
        self._patterns: list[tuple[str, re.Pattern[bytes]]] = []

    def add(self, name: str, data: bytes) -> None:
        """Known plaintext."""
        for probe in probes(data):
            for form, needle in forms(probe).items():
                self._needles[needle] = f"{name}, {form}"

    def add_pattern(self, name: str, pattern: bytes) -> None:
        """Known plaintext of which some bytes are not known."""
        self._patterns.append((name, re.compile(pattern, re.DOTALL)))

    def __len__(self) -> int:
        return len(self._needles) + len(self._patterns)

    def within(self, *places: Path) -> list[str]:
        """File and name of everything that is found in files, or in all files below folders."""
        begins: dict[int, list[bytes]] = defaultdict(list)
        for needle in self._needles:
            begins[int.from_bytes(needle[:_WINDOW], "little")].append(needle)
        wanted = np.array(sorted(begins), dtype=np.uint64)
        found = []
        for path in _files(places):
            data = path.read_bytes()
            for needle in _hits(data, wanted, begins):
                found.append(f"{path.name}: {self._needles[needle]}")
            found += [f"{path.name}: {name}" for name, pattern in self._patterns if pattern.search(data)]
        return sorted(set(found))


def _files(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        if place.is_file():
            yield place
        yield from (path for path in sorted(place.rglob("*")) if path.is_file() and not path.is_symlink())


def _hits(data: bytes, wanted: np.ndarray, begins: dict[int, list[bytes]]) -> Iterator[bytes]:
    """Needles in the data: where eight bytes are the beginning of one, the rest is compared."""
    for shift in range(min(_WINDOW, max(0, len(data) - _WINDOW + 1))):
        whole = (len(data) - shift) // _WINDOW * _WINDOW
        windows = np.frombuffer(data, dtype="<u8", count=whole // _WINDOW, offset=shift)
        places = np.searchsorted(wanted, windows)
        places[places == len(wanted)] = 0
        for at in np.flatnonzero(wanted[places] == windows) if len(wanted) else ():
            start = shift + int(at) * _WINDOW
            for needle in begins[int(windows[at])]:
                if data.startswith(needle, start):
                    yield needle
