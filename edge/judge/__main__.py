"""`python -m edge.judge PARENT`: answers requests on the standard streams until they end, or the booth (pid) does."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from edge.judge import records, wire
from edge.judge.records import Unreadable

MOST_MEMORY: Final = 768 * 1024 * 1024
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4


def main() -> int:
    """Exit code 0 when the requests end, 65 when they cannot be understood."""
    _follow(int(sys.argv[1]) if len(sys.argv) > 1 else os.getppid())
    answers = os.dup(1)
    os.dup2(2, 1)  # What native code prints must not get between the answers.
    judge = Judging()
    _confine()
    while True:
        header = _read(wire.HEADER.size)
        if not header:
            return os.EX_OK
        try:
            head, body = wire.sizes(header)
            request, parts = wire.decode(_read(head), _read(body))
        except wire.FrameError:
            return os.EX_DATAERR
        try:
            _write(answers, judge.answer(request, parts))
        except BrokenPipeError:
            return os.EX_OK
        judge.warm()


class Judging:
    """Answers one request after another; nothing of a request is kept."""

    def __init__(self) -> None:
        self._missing = ""
        try:
            from edge.judge import fingers, pictures

            self._pictures, self._fingers = pictures, fingers.Fingers()
        except ImportError as error:
            self._missing = f"captures cannot be judged: the package {error.name} is not installed"

    def warm(self) -> None:
        """Load what the next finger needs, now that nobody waits."""
        if not self._missing:
            self._fingers.load()

    def answer(self, request: dict[str, Any], parts: list[bytes]) -> bytes:
        """The frame that answers a request; whatever is wrong with it is told in the answer."""
        try:
            if self._missing:
                raise Unreadable(self._missing)
            if request["ask"] == "sample":
                officers = dict(zip(request["officers"], parts[1:], strict=True))
                return self._sample(str(request["format"]), parts[0], officers)
            if request["ask"] == "template":
                return self._template(int(request["width"]), int(request["height"]), parts[0])
            raise Unreadable(f"the judge does not know the request {request['ask']!r}")
        except Unreadable as error:
            return wire.encode({"why": str(error)[:300]}, [b""])
        except Exception as error:  # Bytes from outside must not end the process.
            return wire.encode({"why": f"the judge failed: {type(error).__name__}: {error}"[:300]}, [b""])

    def _sample(self, form: str, value: bytes, officers: dict[str, bytes]) -> bytes:
        if form == records.STROKES:
            return wire.encode({}, [self._pictures.thumbnail(self._pictures.drawn(records.strokes(value)))])
        if form not in records.MAGIC.values():
            raise Unreadable(f"the format {form!r} is not known here")
        picture = records.picture(value, form)
        image = self._pictures.decoded(picture)
        small = self._pictures.thumbnail(image)
        if form != records.FINGER:
            return wire.encode({}, [small])
        found = self._fingers.judge(image, picture.ppi, officers)
        told = {"nfiq2": found.nfiq2, "why": found.why, "officer": found.officer, "score": found.score}
        return wire.encode({**told, "unusable": found.unusable}, [small])

    def _template(self, width: int, height: int, grey: bytes) -> bytes:
        image = self._pictures.decoded(records.raw(grey, width, height))
        try:
            return wire.encode({"why": ""}, [self._fingers.template(image)])
        except ValueError as error:
            return wire.encode({"why": str(error)}, [b""])


def _follow(parent: int) -> None:
    """Die with the booth, even when it is killed; the keyboard's interrupt is for the booth alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != parent:
        os._exit(os.EX_UNAVAILABLE)


def _confine() -> None:
    """From here on biometrics may be in memory: no file can be written, no core dumped, no memory read by others.

    All modules are loaded by now, so that Python may write their compiled form. When memory runs short, the kernel
    takes this process before the booth.
    """
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0)


def _read(size: int) -> bytes:
    """So many bytes; fewer only at the end of the requests."""
    data = bytearray()
    while len(data) < size:
        more = os.read(0, min(size - len(data), 1 << 20))
        if not more:
            return b""
        data += more
    return bytes(data)


def _write(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


if __name__ == "__main__":
    sys.exit(main())
