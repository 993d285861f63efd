"""Sound in memory: WAV files read and written, silence, the gong, and what is as loud as it can be.

Everything is of one format: 22,050 Hz, one channel, 16 bits, as espeak-ng speaks.
"""

from __future__ import annotations

import io
import math
import sys
import wave
from array import array
from pathlib import Path
from typing import Final

RATE: Final = 22_050
#: What turns a recording of another format into ours.
REMEDY: Final = "convert it: sox IN.wav -r 22050 -c 1 -b 16 OUT.wav"

_GONG: Final = ((659.3, 0.0), (523.3, 0.45))
"""E5, then C5: frequency (Hz) and start (s)."""
_GONG_S: Final = 1.5


class SoundError(Exception):
    """A sound that cannot be used; the text says why and what to do."""


def silence(seconds: float) -> bytes:
    """Samples of nothing."""
    return bytes(2 * int(seconds * RATE))


def seconds(samples: bytes) -> float:
    """How long samples last."""
    return len(samples) / 2 / RATE


def to_wav(samples: bytes) -> bytes:
    """A WAV file."""
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples)
    return made.getvalue()


def read_clip(path: Path) -> bytes | None:
    """Samples of a recording; None when there is none. Raises SoundError when it is of another format."""
    try:
        with wave.open(str(path), "rb") as file:
            found = (file.getframerate(), file.getnchannels(), 8 * file.getsampwidth())
            samples = file.readframes(file.getnframes())
    except FileNotFoundError:
        return None
    except (OSError, EOFError, wave.Error) as error:
        raise SoundError(f"{path} is no WAV file ({error}); {REMEDY}") from error
    if found != (RATE, 1, 16):
        rate, channels, bits = found
        raise SoundError(f"{path} has {rate} Hz, {channels} channels, {bits} bits; {REMEDY}")
    return samples


def from_stream(data: bytes) -> bytes:
    """Samples of what espeak-ng writes to a pipe: a WAV file whose lengths are not true. Raises SoundError."""
    at = data.find(b"data", 12, 200)
    if data[:4] != b"RIFF" or at < 0 or int.from_bytes(data[24:28], "little") != RATE:
        raise SoundError(f"espeak-ng gave no sound that is known; it begins with {data[:16]!r}")
    samples = data[at + 8 :]
    return samples[: len(samples) // 2 * 2]


def loud(samples: bytes) -> bytes:
    """The same, with its loudest moment at nine tenths of what the format holds."""
    values = _values(samples)
    peak = max((max(values), -min(values)) if values else (0,))
    if peak == 0:
        return samples
    factor = 0.9 * 32_767 / peak
    return _bytes(array("h", (int(value * factor) for value in values)))


def gong() -> bytes:
    """Two falling tones, so that a hall listens."""
    values = array("h", bytes(2 * int(_GONG_S * RATE)))
    for hertz, start in _GONG:
        for at in range(int(start * RATE), len(values)):
            t = at / RATE - start
            tone = math.sin(2 * math.pi * hertz * t) + 0.3 * math.sin(4 * math.pi * hertz * t)
            values[at] += int(9_000 * tone * math.exp(-4.0 * t) * min(1.0, t / 0.005))
    return _bytes(values)


def _values(samples: bytes) -> array[int]:
    values = array("h", samples)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def _bytes(values: array[int]) -> bytes:
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()
