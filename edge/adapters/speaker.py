"""The loudspeaker: calls numbers one after the other, with recorded clips where there are some, else by espeak-ng."""

from __future__ import annotations

import logging
import re
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

from edge.adapters import sound
from edge.adapters.sound import SoundError
from edge.core.events_desk import Announced
from edge.core.speech import Language, Word, sentence, words

log = logging.getLogger("loket.speaker")

WORDS_PER_MINUTE: Final = 130
"""Slower than talk: halls echo."""
AFTER_GONG_S: Final = 0.2
BETWEEN_WORDS_S: Final = 0.06
PAUSE_S: Final = 0.3
BETWEEN_LANGUAGES_S: Final = 0.6
SPEAKING_S: Final = 20.0
"""How long espeak-ng may take; it takes a fiftieth of a second."""
WAITING: Final = 50
KEPT: Final = 200
"""Files that a folder keeps."""

ESPEAK_REMEDY: Final = "install it: sudo apt-get install -y espeak-ng"
APLAY_REMEDY: Final = "install it: sudo apt-get install -y alsa-utils"
CARD_REMEDY: Final = "look whether a sound card is there (aplay -l), and set its name as the speaker's device"


class Output(Protocol):
    """Where calls go."""

    def play(self, samples: bytes, label: str, programs: Programs) -> None:
        """Play to the end. `label`: what is called, for names of files. Raises SoundError."""


class Programs:
    """Runs one program at a time without a shell, and ends it when the speaker stops."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def run(self, command: Sequence[str], data: bytes, timeout: float, remedy: str) -> bytes:
        """What the program writes when it is given `data`. Raises SoundError: not there, too slow, or it failed."""
        name = command[0]
        pipe = subprocess.PIPE
        try:
            with self._guard:
                if self._stopped:
                    raise SoundError("the speaker stops")
                self._child = child = subprocess.Popen(list(command), stdin=pipe, stdout=pipe, stderr=pipe)
        except FileNotFoundError as error:
            raise SoundError(f"{name} is missing; {remedy}") from error
        except OSError as error:
            raise SoundError(f"{name} does not start: {error}") from error
        try:
            out, wrong = child.communicate(data, timeout)
        except subprocess.TimeoutExpired as error:
            child.kill()
            child.communicate()
            raise SoundError(f"{name} took more than {timeout:.0f} s") from error
        finally:
            with self._guard:
                self._child = None
        if child.returncode != 0:
            said = wrong.decode("utf-8", "replace").strip().splitlines()
            raise SoundError(f"{name} failed: {said[0][:200] if said else f'exit {child.returncode}'}")
        return out

    def stop(self) -> None:
        """End the program that runs; no other begins."""
        with self._guard:
            self._stopped = True
            if self._child is not None:
                self._child.kill()


class Alsa:
    """The sound card. `device`: its ALSA name; empty: the default one. `command`: another player, in tests."""

    def __init__(self, device: str = "", command: str = "aplay") -> None:
        self._command = [command, "-q", *(["-D", device] if device else []), "-"]

    def play(self, samples: bytes, label: str, programs: Programs) -> None:
        """As `Output.play`."""
        try:
            programs.run(self._command, sound.to_wav(samples), sound.seconds(samples) + 10.0, APLAY_REMEDY)
        except SoundError as error:
            raise error if APLAY_REMEDY in str(error) else SoundError(f"{error}; {CARD_REMEDY}") from error


class Folder:
    """Numbered WAV files instead of sound, such as `00001-a-027-3.wav`; the last 200 are kept.

    A file appears when it is whole.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def play(self, samples: bytes, label: str, programs: Programs) -> None:
        """As `Output.play`."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            before = sorted(self._folder.glob("[0-9]*.wav"))
            number = int(before[-1].name.partition("-")[0]) + 1 if before else 1
            what = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")[:60]
            name = f"{number:05d}-{what}.wav"
            part = self._folder / f".{name}.part"
            part.write_bytes(sound.to_wav(samples))
            part.replace(self._folder / name)
            for old in before[: max(0, len(before) + 1 - KEPT)]:
                old.unlink(missing_ok=True)
        except (OSError, ValueError) as error:
            raise SoundError(f"{self._folder} cannot be written: {error}") from error


class Speaker:
    """One thread that says what it was asked to, in order. `output` None: nothing is said, and that is no error.

    Puts `Announced` for every call through `put`. `clips`: a folder with `id/` and `en/`, whose files are named as in
    `edge.core.speech.Word`; a call of which one clip is missing is spoken as a whole.
    """

    def __init__(
        self,
        output: Output | None,
        put: Callable[[object], None],
        clips: Path | None = None,
        languages: Sequence[Language] = ("id",),
        words_per_minute: int = WORDS_PER_MINUTE,
        gong: bool = True,
        espeak: str = "espeak-ng",
    ) -> None:
        self._output = output
        self._put = put
        self._clips = clips
        self._languages = tuple(languages)
        self._speed = words_per_minute
        self._gong = gong
        self._gong_samples = b""
        self._espeak = espeak
        self._programs = Programs()
        self._calls: deque[tuple[str, str, str]] = deque()
        self._wake = threading.Condition()
        self._stopping = False
        self._told: set[str] = set()
        self._thread = threading.Thread(target=self._run, name="speaker", daemon=True)

    def start(self) -> None:
        """Begin to speak."""
        self._thread.start()

    def stop(self, timeout: float = 1.0) -> None:
        """Fall silent at once; calls that wait are dropped. `timeout`: seconds to wait for the thread."""
        with self._wake:
            self._stopping = True
            self._calls.clear()
            self._wake.notify()
        self._programs.stop()
        self._thread.join(timeout)

    def say(self, call: str, number: str, place: str) -> None:
        """Call `number` to `place`, after all calls before. Never waits."""
        with self._wake:
            if len(self._calls) < WAITING:
                self._calls.append((call, number, place))
                self._wake.notify()
                return
        self._put(Announced(call, f"{WAITING} calls wait for the loudspeaker"))

    # --- the thread --------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._calls and not self._stopping:
                    self._wake.wait()
                if self._stopping:
                    return
                call, number, place = self._calls.popleft()
            error = ""
            try:
                if self._output is not None:
                    self._output.play(self._sound(number, place), f"{number}-{place}", self._programs)
            except SoundError as found:
                error = str(found)
                if not self._stopping:
                    self._once(error)
            except Exception as found:  # the next number must be called, whatever happened to this one
                error = f"{type(found).__name__}: {found}"
                log.exception("a call was not announced")
            if self._stopping:
                return
            self._put(Announced(call, error))

    def _sound(self, number: str, place: str) -> bytes:
        """The whole call. Raises SoundError."""
        parts = []
        if self._gong:
            self._gong_samples = self._gong_samples or sound.gong()
            parts += [self._gong_samples, sound.silence(AFTER_GONG_S)]
        for index, language in enumerate(self._languages):
            if index:
                parts.append(sound.silence(BETWEEN_LANGUAGES_S))
            said = words(number, place, language)
            parts.append(self._recorded(said, language) or self._spoken(sentence(said), language))
        return b"".join(parts)

    def _recorded(self, said: tuple[Word, ...], language: Language) -> bytes:
        """The call of clips; empty when not all of them are there and good."""
        if self._clips is None:
            return b""
        parts = []
        for word in said:
            try:
                clip = sound.read_clip(self._clips / language / f"{word.clip}.wav")
            except SoundError as error:
                self._once(f"a clip is not used: {error}")
                return b""
            if clip is None:
                return b""
            parts += [sound.silence(PAUSE_S if word.pause else BETWEEN_WORDS_S), clip]
        return b"".join(parts)

    def _spoken(self, text: str, language: Language) -> bytes:
        """By espeak-ng. The text goes through its input: there it cannot be taken for an option."""
        command = [self._espeak, "-v", language, "-s", str(self._speed), "-g", "2", "-b", "1", "--stdin", "--stdout"]
        data = self._programs.run(command, text.encode(), SPEAKING_S, ESPEAK_REMEDY)
        return sound.loud(sound.from_stream(data))

    def _once(self, line: str) -> None:
        """The same trouble is logged once; the memory for that is bounded."""
        if line not in self._told and len(self._told) < 100:
            self._told.add(line)
            log.warning("%s", line)
