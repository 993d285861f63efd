"""Lamps and buzzer: which are on at which moment. No thread; the runtime's wake-ups play the patterns."""

from __future__ import annotations

from typing import Final, Protocol

from edge.core.commands import Lamp, Tone

#: Seconds of sound and silence in turn, beginning with sound.
PATTERNS: Final[dict[Tone, tuple[float, ...]]] = {
    Tone.ACCEPT: (0.1,),
    Tone.REFUSE: (0.15, 0.1, 0.15, 0.1, 0.15),
    Tone.ALARM: (0.6, 0.3, 0.6, 0.3, 0.6),
    Tone.IDENTIFY: (0.3, 0.3) * 9 + (0.3,),
}


class Panel(Protocol):
    """The outputs that a person sees and hears."""

    def light(self, lit: frozenset[Lamp]) -> None:
        """Exactly these lamps are on from now on."""

    def buzz(self, on: bool) -> None:
        """Buzzer on or off."""


class Signals:
    """Plays one pattern at a time; a new one replaces it. While IDENTIFY plays, all lamps blink with it."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._lit: frozenset[Lamp] = frozenset()
        self._tone: Tone | None = None
        self._step = 0
        self._due = 0.0

    def lamps(self, lit: frozenset[Lamp]) -> None:
        """Show these lamps, at once or after IDENTIFY."""
        self._lit = lit
        if self._tone is not Tone.IDENTIFY:
            self._panel.light(lit)

    def play(self, tone: Tone, now: float) -> None:
        """Begin a pattern at `now` (monotonic seconds)."""
        if self._tone is Tone.IDENTIFY:
            self._panel.light(self._lit)
        self._tone, self._step, self._due = tone, 0, now + PATTERNS[tone][0]
        self._show(on=True)

    def next_wakeup(self) -> float | None:
        """When the pattern changes."""
        return self._due if self._tone is not None else None

    def wakeup(self, now: float) -> None:
        """Go on with the pattern as far as it is due."""
        while self._tone is not None and now >= self._due:
            self._step += 1
            pattern = PATTERNS[self._tone]
            if self._step >= len(pattern):
                self._panel.buzz(False)
                self._tone = None
                self._panel.light(self._lit)
                return
            self._due += pattern[self._step]
            self._show(on=self._step % 2 == 0)

    def _show(self, on: bool) -> None:
        self._panel.buzz(on)
        if self._tone is Tone.IDENTIFY:
            self._panel.light(frozenset(Lamp) if on else frozenset())
