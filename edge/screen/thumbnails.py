"""Small pictures of the capture that was just judged: in memory only, and only while its recording is under way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from contract.packet import entry_of
from edge.core.view import RecordingView


@dataclass(slots=True)
class Thumbnails:
    """The pictures of one capture, named by its transaction; the next capture replaces them."""

    _transaction: str = ""
    _pictures: tuple[tuple[str, bytes], ...] = field(default=())
    _of: tuple[str, str] = ("", "")

    def judged(self, transaction: str, pictures: Mapping[str, bytes], recording: RecordingView | None) -> None:
        """Keep the pictures (bioSubType -> JPEG) of a capture of the recording under way."""
        if recording is not None:
            self._transaction, self._pictures = transaction, tuple(pictures.items())
            self._of = (recording.enrolment, entry_of(transaction)[1].partition(".")[0])

    def shown(self, recording: RecordingView | None) -> None:
        """Forget them once that recording is over."""
        if self._pictures and (recording is None or recording.enrolment != self._of[0]):
            self._transaction, self._pictures, self._of = "", (), ("", "")

    def of(self, recording: RecordingView | None) -> tuple[tuple[str, str], ...]:
        """(bioSubType, address) of the present modality's pictures."""
        if recording is None or self._of != (recording.enrolment, recording.modality.value):
            return ()
        return tuple((part, f"/thumbnail/{self._transaction}/{n}") for n, (part, _) in enumerate(self._pictures))

    def picture(self, transaction: str, index: int) -> bytes | None:
        """One picture's JPEG bytes."""
        if transaction != self._transaction or not 0 <= index < len(self._pictures):
            return None
        return self._pictures[index][1]
