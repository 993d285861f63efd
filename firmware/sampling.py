"""From samples to volts, and from bouncing contacts to levels: integers only, no hardware."""

BITS = 12
_HALF = 1 << (BITS - 1)


def isqrt(value: int) -> int:
    """Largest integer whose square is not above `value`."""
    if value < 2:
        return max(0, value)
    guess = 2
    while guess * guess < value:
        guess <<= 1
    while True:
        better = (guess + value // guess) >> 1
        if better >= guess:
            return guess
        guess = better


class Rms:
    """RMS of an alternating voltage around any bias: 12-bit samples, spread evenly over whole periods."""

    def __init__(self, peak_dv: int) -> None:
        """`peak_dv`: the peak in 0.1 V that reaches the end of the range."""
        self._peak_dv = peak_dv
        self._count = 0
        self._sum = 0
        self._squares = 0

    def add(self, sample: int) -> None:
        """One sample, 0..4095."""
        off = sample - _HALF
        self._count += 1
        self._sum += off
        self._squares += off * off

    def take(self) -> int:
        """The RMS in 0.1 V since the last `take`; 0 without samples."""
        count = self._count
        if not count:
            return 0
        variance = (self._squares - self._sum * self._sum // count) // count
        self._count = 0
        self._sum = 0
        self._squares = 0
        return isqrt(variance * 64) * self._peak_dv // (8 * _HALF)


class Mean:
    """Mean of a direct voltage: 12-bit samples."""

    def __init__(self, full: int) -> None:
        """`full`: what the end of the range is worth."""
        self._full = full
        self._count = 0
        self._sum = 0

    def add(self, sample: int) -> None:
        """One sample, 0..4095."""
        self._count += 1
        self._sum += sample

    def take(self) -> int:
        """The mean since the last `take`; 0 without samples."""
        count = self._count
        if not count:
            return 0
        total = self._sum
        self._count = 0
        self._sum = 0
        return total * self._full // (count * ((1 << BITS) - 1))


class Debounce:
    """Levels of many inputs in one integer. Either edge counts when it has lasted; the first look is believed."""

    def __init__(self, steady_ms: int) -> None:
        self._steady_ms = steady_ms
        self._level = -1
        self._seen = -1
        self._steady_for = 0

    def look(self, bits: int, passed_ms: int) -> int:
        """The levels now; `passed_ms` since the last look."""
        if self._level < 0:
            self._level = bits
        if bits != self._seen:
            self._seen = bits
            self._steady_for = 0
        elif self._steady_for < self._steady_ms:
            self._steady_for += passed_ms
            if self._steady_for >= self._steady_ms:
                self._level = bits
        return self._level
