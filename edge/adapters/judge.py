"""The judge's process: started when it is needed, asked in order, ended when idle, replaced when it crashes or hangs.

Whatever happens to it, every capture comes back: then without NFIQ2, so that the device's own quality counts.
"""

from __future__ import annotations

import logging
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import Any, Final

from edge.adapters.items import JudgedCapture, TemplateMade
from edge.core.events import CaptureTaken, Sample
from edge.judge import wire

#: Bozorth3 score from which a finger counts as an officer's. 40 is usual for one comparison, but an applicant's ten
#: fingers are compared with every officer's, and whom it takes for an officer is turned away.
THRESHOLD: Final = 70
LIMIT_S: Final = 8.0
IDLE_S: Final = 120.0
#: A judge that failed so many captures one after another is left alone for REST_S: nobody shall wait for it each time.
MOST_FAILURES: Final = 3
REST_S: Final = 60.0
#: Image of the finger reader (ZFM): width and height at 500 ppi.
READER: Final = (256, 288)
REMEDY: Final = "Until it works, the devices' own quality counts, and fingers are not compared with the officers'"

log = logging.getLogger("loket.judge")


class _Failed(Exception):  # noqa: N818 - the process's failure, which is told and got over
    """The process gave no answer."""


@dataclass(frozen=True, slots=True)
class _Template:
    page: int
    image: bytes


class Judge:
    """`templates` gives the officers' templates at each capture; `put` takes what is judged (`JudgedCapture`,
    `TemplateMade`). `threshold`: from this Bozorth3 score a finger counts as an officer's.
    `limit_s`: how long a whole capture may take, the process's start included; `idle_s`: then the process ends.
    `command`: the process, for tests; it is given the pid to follow.
    """

    def __init__(
        self,
        templates: Callable[[], Mapping[str, bytes]],
        put: Callable[[object], None],
        threshold: int = THRESHOLD,
        limit_s: float = LIMIT_S,
        idle_s: float = IDLE_S,
        command: Sequence[str] = (sys.executable, "-m", "edge.judge"),
    ) -> None:
        self._templates = templates
        self._put = put
        self._threshold = threshold
        self._limit_s = limit_s
        self._idle_s = idle_s
        self._command = command
        self._jobs: SimpleQueue[CaptureTaken | _Template | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._stopping = False
        self._failures = 0
        self._rests_until = 0.0
        self._told: set[str] = set()

    @property
    def pid(self) -> int | None:
        """The process, while there is one."""
        process = self._process
        return process.pid if process else None

    def ask(self, taken: CaptureTaken) -> None:
        """Have a capture judged; it comes back as `JudgedCapture`, in the order of asking. Never blocks."""
        self._queue(taken)

    def make_template(self, page: int, image: bytes) -> None:
        """Make a template of a finger reader's image (256 x 288 grey levels); it comes back as `TemplateMade`."""
        self._queue(_Template(page, image))

    def stop(self) -> None:
        """End the process and the thread; what is still waiting is dropped with the booth."""
        with self._lock:
            self._stopping = True
            if self._process:
                self._process.kill()
        self._jobs.put(None)
        if self._thread:
            self._thread.join(timeout=5)

    def _queue(self, job: CaptureTaken | _Template) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="judge", daemon=True)
            self._thread.start()
        self._jobs.put(job)

    # --- the thread: the process is its child, and dies with it ---

    def _run(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=self._idle_s if self._process else None)
            except Empty:
                self._end()
                continue
            if job is None or self._stopping:
                self._end()
                return
            done = self._judge(job) if isinstance(job, CaptureTaken) else self._template(job)
            if not self._stopping:
                self._put(done)

    def _judge(self, taken: CaptureTaken) -> JudgedCapture:
        """One sample after another, so that a sample that kills the process costs only its own verdict."""
        deadline = time.monotonic() + self._limit_s
        officers = self._officers()
        samples: list[Sample] = []
        thumbnails: dict[str, bytes] = {}
        reasons: dict[str, str] = {}
        officer, best = "", self._threshold - 1
        for sample in taken.samples:
            head = {"ask": "sample", "format": sample.format, "officers": list(officers)}
            try:
                told, parts = self._exchange(head, [sample.value, *officers.values()], deadline)
                score = int(told.get("score", 0))
                nfiq2 = told.get("nfiq2")
                samples.append(replace(sample, nfiq2=nfiq2 if isinstance(nfiq2, int) else None))
                why = str(told.get("why", ""))
                if parts and parts[0]:
                    thumbnails[sample.subtype] = parts[0]
                if score > best:
                    officer, best = str(told.get("officer", "")), score
                for name in told.get("unusable", ()):
                    self._once(f"the stored finger of officer {name} cannot be read: enrol it again")
            except _Failed as error:
                why = str(error)
                samples.append(replace(sample, nfiq2=None))
            if why:
                reasons[sample.subtype] = why
                self._once(f"{taken.device}: a sample was not judged: {why}")
        return JudgedCapture(replace(taken, samples=tuple(samples), judged=True, officer=officer), thumbnails, reasons)

    def _template(self, job: _Template) -> TemplateMade:
        width, height = READER
        head = {"ask": "template", "width": width, "height": height}
        try:
            told, parts = self._exchange(head, [job.image], time.monotonic() + self._limit_s)
        except _Failed as error:
            return TemplateMade(job.page, b"", f"{error}. Try again")
        template = parts[0] if parts else b""
        why = str(told.get("why", ""))
        error_text = "" if template else f"{why}. Clean the reader and the finger, and enrol it again"
        return TemplateMade(job.page, template, error_text)

    def _officers(self) -> Mapping[str, bytes]:
        try:
            return self._templates()
        except Exception:  # The templates are not ours; a capture must come back all the same.
            self._once("the officers' fingers cannot be read; captures are not compared with them")
            log.debug("officers' fingers", exc_info=True)
            return {}

    # --- the process ---

    def _exchange(
        self, head: dict[str, Any], parts: list[bytes], deadline: float
    ) -> tuple[dict[str, Any], list[bytes]]:
        """One request and its answer. Raises _Failed; then there is no process any more."""
        now = time.monotonic()
        if now >= deadline:
            raise _Failed("the judge had no time left for it")
        if now < self._rests_until:
            raise _Failed("the judge failed too often, and is left alone for a minute")
        try:
            request = wire.encode(head, parts)
        except wire.FrameError as error:
            raise _Failed(f"it is too large for the judge: {error}") from error
        try:
            answer = self._talk(self._started(), request, deadline)
        except (_Failed, OSError, wire.FrameError) as error:
            self._end(kill=True)
            self._failures += 1
            if self._failures >= MOST_FAILURES:
                self._failures, self._rests_until = 0, time.monotonic() + REST_S
                self._once(f"the judge failed {MOST_FAILURES} times in a row. {REMEDY}")
            raise error if isinstance(error, _Failed) else _Failed(f"the judge failed: {error}") from error
        self._failures = 0
        return answer

    def _started(self) -> subprocess.Popen[bytes]:
        """The process, new when there is none. Raises OSError."""
        if self._process and self._process.poll() is not None:
            self._end(kill=True)
        with self._lock:
            if self._stopping:
                raise _Failed("the booth ends")
            if self._process is None:
                command = [*self._command, str(os.getpid())]
                self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
                for stream in (self._process.stdin, self._process.stdout):
                    assert stream is not None
                    os.set_blocking(stream.fileno(), False)
            return self._process

    def _talk(
        self, process: subprocess.Popen[bytes], request: bytes, deadline: float
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Write and read at once: a process that hangs must not block us in a full pipe."""
        assert process.stdin is not None and process.stdout is not None
        into, out = process.stdin.fileno(), process.stdout.fileno()
        poller = select.poll()
        poller.register(into, select.POLLOUT)
        poller.register(out, select.POLLIN)
        rest = memoryview(request)
        got = bytearray()
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise _Failed(f"the judge did not answer within {self._limit_s:g} s")
            for fd, _event in poller.poll(left * 1000):
                if fd == into:
                    rest = rest[os.write(into, rest) :]
                    if not rest:
                        poller.unregister(into)
                elif fd == out:
                    more = os.read(out, 1 << 18)
                    if not more:
                        raise _Failed(f"the judge's process ended ({_how(process)})")
                    got += more
            if len(got) >= wire.HEADER.size:
                head, body = wire.sizes(bytes(got[: wire.HEADER.size]))
                if len(got) >= wire.HEADER.size + head + body:
                    start = wire.HEADER.size
                    return wire.decode(bytes(got[start : start + head]), bytes(got[start + head :]))

    def _end(self, kill: bool = False) -> None:
        """No process any more: the end of its requests ends it, or force."""
        with self._lock:
            process, self._process = self._process, None
        if process is None:
            return
        if kill:
            process.kill()
        for stream in (process.stdin, process.stdout):
            if stream:
                with suppress(OSError):
                    stream.close()
        try:
            process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _once(self, line: str) -> None:
        """Tell a kind of trouble once; the memory for that is bounded."""
        if line not in self._told and len(self._told) < 50:
            self._told.add(line)
            log.warning("%s", line)


def _how(process: subprocess.Popen[bytes]) -> str:
    try:
        code = process.wait(timeout=1)
    except subprocess.TimeoutExpired:
        return "it closed its answers"
    return f"signal {-code}" if code < 0 else f"exit code {code}"
