"""Who may sign in at the booth: names, hashed PINs and finger pages in one file of the data folder.

The command line changes the file while the booth runs; the booth sees that at its next question. Whatever is wrong with
the file, nobody is let in and the remedy is told; nothing here replaces a file that cannot be read.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from edge.adapters.identity import write_private

if TYPE_CHECKING:
    from argon2 import PasswordHasher

NAME: Final = "officers.json"
#: Digits of a PIN.
SHORTEST, LONGEST = 6, 12
NAME_LIMIT: Final = 40
#: Pages of the finger reader's own memory that are given out, from 1: the smallest module has 120.
PAGES: Final = range(1, 120)
#: After this many wrong PINs in a row a name waits, twice as long each further time.
FREE_TRIES: Final = 5
WAIT_S, LONGEST_WAIT_S = 15.0, 900.0
#: malloc.h: bytes from which a block of memory is asked of the system, and given back to it; a PIN takes 19 MiB.
M_MMAP_THRESHOLD, LARGE = -3, 1024 * 1024
_MEND = "Restore {path} from a backup, or move it aside and add the officers again: loket officer add CONFIG NAME"


class OfficersError(Exception):
    """What was asked cannot be done; `remedy` says what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}. {remedy}")
        self.what, self.remedy = what, remedy


@dataclass(frozen=True, slots=True)
class Officer:
    """One who may sign in. `pin`: argon2id hash. `page`: where the finger reader has the finger; None: nowhere."""

    pin: str
    page: int | None = None


def pin_problem(pin: str) -> str:
    """Why this PIN is not taken; empty: it is good."""
    if not (pin.isascii() and pin.isdigit()):
        return "a PIN has digits only"
    if not SHORTEST <= len(pin) <= LONGEST:
        return f"a PIN has {SHORTEST} to {LONGEST} digits, not {len(pin)}"
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    if steps == {0}:
        return "the PIN is one digit again and again"
    if steps in ({1}, {9}):
        return "the PIN counts up or down, such as 123456: it is the first that is tried"
    for size in (2, 3):
        if pin == (pin[:size] * len(pin))[: len(pin)]:
            return f"the PIN repeats {pin[:size]} again and again"
    return ""


@cache
def _hasher() -> PasswordHasher:
    """OWASP's argon2id for little memory: 19 MiB, two passes, one lane. Loaded when the first PIN is asked for."""
    from argon2 import PasswordHasher

    _give_back()
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def _give_back() -> None:
    """From now on glibc gives every large block back when it is freed.

    By itself it would keep the 19 MiB from the second PIN on: a block that was freed once raises the size from which
    it asks the system for one, and `malloc_trim` leaves the heap of a thread as it is.
    """
    import ctypes

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE)


@cache
def _nobody() -> str:
    """A hash for names that nobody has: they must take as long as the others."""
    return _hasher().hash(os.urandom(16).hex())


class Officers:
    """The officers of one booth. May be asked by any thread; `clock`: monotonic seconds."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.path = folder / NAME
        self._clock = clock
        self._lock = Lock()
        self._seen: tuple[int, int, int] | None = None
        self._known: dict[str, Officer] = {}
        self._trouble = ""
        self._wrong: dict[str, tuple[int, float]] = {}

    def trouble(self) -> str:
        """Why the file cannot be used, with the remedy; empty when it can, or when there is none yet."""
        self._read()
        return self._trouble

    def names(self) -> tuple[str, ...]:
        """All officers, in alphabetical order; none while the file cannot be used."""
        return tuple(sorted(self._read(), key=str.casefold))

    def check(self, name: str, pin: str) -> bool:
        """Whether this is the officer's PIN. Takes as long for a name that nobody has. False while `wait_s` > 0."""
        from argon2.exceptions import Argon2Error, InvalidHashError

        if self.wait_s(name) > 0:
            return False
        officer = self._read().get(name)
        good = officer is not None
        try:
            _hasher().verify(officer.pin if officer else _nobody(), pin[:100])
        except (Argon2Error, InvalidHashError, UnicodeEncodeError):
            good = False
        self._count(name if officer else "", good)
        return good

    def wait_s(self, name: str) -> float:
        """Seconds until a PIN is looked at again, after too many wrong ones."""
        known = self._read()
        with self._lock:
            _, until = self._wrong.get(name if name in known else "", (0, 0.0))
        return max(0.0, until - self._clock())

    def _count(self, name: str, good: bool) -> None:
        with self._lock:
            if good:
                self._wrong.pop(name, None)
                return
            wrong = self._wrong.get(name, (0, 0.0))[0] + 1
            over = wrong - FREE_TRIES
            wait = min(WAIT_S * 2.0 ** min(over, 20), LONGEST_WAIT_S) if over >= 0 else 0.0
            self._wrong[name] = (wrong, self._clock() + wait)

    def by_page(self, page: int) -> str:
        """The officer whose finger is at this page of the reader; empty: nobody's."""
        return next((name for name, officer in self._read().items() if officer.page == page), "")

    def free_page(self) -> int:
        """A page that is nobody's. Raises OfficersError when all are taken."""
        taken = {officer.page for officer in self._read().values()}
        for page in PAGES:
            if page not in taken:
                return page
        raise OfficersError(f"all {len(PAGES)} pages of the finger reader are taken", "Remove officers who have left")

    def add(self, name: str, pin: str) -> None:
        """A new officer. Raises OfficersError."""
        name = name.strip()
        if not 0 < len(name) <= NAME_LIMIT or not name.isprintable():
            raise OfficersError(f"{name!r} is no name", f"Write 1 to {NAME_LIMIT} letters")
        hashed = _hash(pin)
        with self._changing() as known:
            twin = next((other for other in known if other.casefold() == name.casefold()), None)
            if twin is not None:
                remedy = "Give a new PIN with: loket officer pin CONFIG NAME"
                raise OfficersError(f"{twin} is an officer already", remedy)
            known[name] = Officer(hashed)

    def set_pin(self, name: str, pin: str) -> None:
        """Another PIN for an officer; wrong tries are forgotten. Raises OfficersError."""
        hashed = _hash(pin)
        with self._changing() as known:
            known[name] = replace(_of(known, name), pin=hashed)

    def set_page(self, name: str, page: int | None) -> None:
        """Where the finger reader has the officer's finger; None: nowhere. Raises OfficersError."""
        with self._changing() as known:
            owner = next((other for other, officer in known.items() if officer.page == page), name)
            if page is not None and owner != name:
                remedy = "Store the finger at another page"
                raise OfficersError(f"page {page} of the finger reader is {owner}'s", remedy)
            known[name] = replace(_of(known, name), page=page)

    def remove(self, name: str) -> None:
        """The officer signs in no more; what was done stays in the record. Raises OfficersError."""
        with self._changing() as known:
            _of(known, name)
            del known[name]

    # --- the file --------------------------------------------------------------------------------------

    def _read(self) -> dict[str, Officer]:
        """The officers as the file has them now; it is read only when it is another one than before."""
        with self._lock:
            try:
                found = self.path.stat()
            except FileNotFoundError:
                self._seen, self._known, self._trouble = None, {}, ""
                return self._known
            except OSError as error:
                self._spoiled(f"cannot be read ({error.strerror})")
                return self._known
            seen = (found.st_mtime_ns, found.st_ino, found.st_size)
            if seen != self._seen:
                try:
                    self._known, self._trouble = _parsed(self.path.read_bytes()), ""
                    self._seen = seen
                    self._wrong.clear()
                except OSError as error:
                    self._spoiled(f"cannot be read ({error.strerror})")
                except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                    self._spoiled("is damaged")
            return self._known

    def _spoiled(self, what: str) -> None:
        self._seen, self._known = None, {}
        self._trouble = f"{self.path} {what}: nobody can sign in. {_MEND.format(path=self.path)}"

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Officer]]:
        """The officers to be changed, alone among all programs; written when the block ends well."""
        try:
            handle = os.open(self.path.with_name("officers.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            known = dict(self._read())
            if self._trouble:
                raise OfficersError(self._trouble.split(": nobody")[0], _MEND.format(path=self.path))
            yield known
            rows: dict[str, Any] = {name: {"pin": o.pin, "page": o.page} for name, o in known.items()}
            text = json.dumps({"version": 1, "officers": rows}, indent=1, ensure_ascii=False)
            try:
                write_private(self.path, text.encode() + b"\n")
            except OSError as error:
                raise self._unwritable(error) from error
        finally:
            os.close(handle)

    def _unwritable(self, error: OSError) -> OfficersError:
        what = f"{self.path} cannot be written ({error.strerror})"
        return OfficersError(what, f"Run this as the booth's user, free space on its disk (df -h {self.path.parent})")


def _hash(pin: str) -> str:
    problem = pin_problem(pin)
    if problem:
        raise OfficersError(problem, f"Choose {SHORTEST} to {LONGEST} digits that nobody guesses")
    return _hasher().hash(pin)


def _of(known: dict[str, Officer], name: str) -> Officer:
    if name not in known:
        there = ", ".join(sorted(known)) or "nobody yet"
        raise OfficersError(f"{name!r} is no officer of this booth", f"Known: {there}")
    return known[name]


def _parsed(raw: bytes) -> dict[str, Officer]:
    """Raises ValueError, TypeError, KeyError or AttributeError for what is no file of officers."""
    known = {}
    for name, row in json.loads(raw)["officers"].items():
        pin, page = row["pin"], row.get("page")
        if not isinstance(pin, str) or not (page is None or type(page) is int):
            raise ValueError(name)
        known[name] = Officer(pin, page)
    return known
