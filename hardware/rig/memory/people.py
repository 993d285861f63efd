"""The people of the memory bench: applicants who come, and an officer who goes on when the lamp is green."""

from __future__ import annotations

from collections.abc import Callable

from contract.messages import Modality
from edge.core.commands import Lamp
from edge.core.events import Button, ButtonPressed
from hardware.rig.memory.clock import Clock
from hardware.rig.memory.program import Program
from hardware.simulators.scanner import DocumentScanner
from hardware.simulators.topaz import SignaturePad, scribble

LOOK_S = 0.5


class People:
    """They do nothing, and cost nothing, until an applicant comes."""

    def __init__(
        self,
        clock: Clock,
        program: Program,
        scanner: DocumentScanner,
        pad: SignaturePad,
        recorded: Callable[[str], bool],
    ) -> None:
        self._clock = clock
        self._program = program
        self._scanner = scanner
        self._pad = pad
        self._recorded = recorded
        self._came = 0
        self._waiting: list[str] = []
        self._looking = False
        self._signed = ""
        self._turn = False

    def applicant(self) -> str:
        """Somebody comes; the NIK."""
        self._came += 1
        nik = f"352601410190{self._came:04}"
        self._waiting.append(nik)
        self._lay(nik)
        if not self._looking:
            self._looking = True
            self._clock.after(LOOK_S, self._look)
        return nik

    @property
    def waiting(self) -> int:
        """Applicants whose recording is not complete."""
        return len(self._waiting)

    def _lay(self, nik: str) -> None:
        """The family card goes under the scanner; again, when the booth has not taken it."""
        if nik not in self._waiting or any(nik.encode() in raw for raw in self._program.store.written.values()):
            return
        if self._program.booth is not None and self._program.wires["scanner"].plugged:
            self._scanner.present(f"KK:3526010101100001;NIK:{nik}")
            self._program.wires["scanner"].touch()
        self._clock.after(2.0, lambda: self._lay(nik))

    def _look(self) -> None:
        """The officer looks at the lamps."""
        self._waiting = [nik for nik in self._waiting if not self._recorded(nik)]
        self._looking = bool(self._waiting)
        if not self._looking:
            return
        self._clock.after(LOOK_S, self._look)
        booth = self._program.booth
        if booth is None:
            return
        busy = booth.state.enrolment.busy
        if Lamp.GREEN in self._program.panel.lit:
            self._turn = not self._turn
            self._program.tell(ButtonPressed(Button.START if self._turn else Button.NEXT))
        elif busy is not None and busy.modality is Modality.SIGNATURE and busy.transaction != self._signed:
            self._signed = busy.transaction
            self._pad.sign(self._clock.now, scribble(1, strokes=1)[:20])
            self._program.wires["pad"].touch()
