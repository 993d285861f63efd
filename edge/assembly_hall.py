"""From a checked booth file to the people's side of the booth: screen, loudspeaker, judge, officers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from contract.messages import Modality
from edge.adapters.identity import BoothKey
from edge.adapters.judge import Judge
from edge.adapters.officers import Officers
from edge.adapters.templates import Templates
from edge.config import Config
from edge.hall import Hall, Screen, Speaker


class Part(Protocol):
    """Something with a thread of its own."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


class ScreenError(Exception):
    """The screen cannot be shown; the message says why and what to do."""


class People:
    """The hall, and what runs beside it. Only what the booth file names is loaded."""

    def __init__(self, config: Config, key: BoothKey, put: Callable[[object], None]) -> None:
        """Raises ScreenError when the screen would be open to the network without officers."""
        self.officers = Officers(config.booth.data)
        templates = Templates(config.booth.data, key.private)

        def fingers() -> dict[str, bytes]:
            """Of those who are officers now: one who was removed is an applicant like any other."""
            known = self.officers.names()
            return {name: finger for name, finger in templates.all().items() if name in known}

        self._judge = Judge(fingers, put, config.officers.match)
        self._parts: list[Part] = []
        self.hall = Hall(
            put,
            config.booth.name,
            self._screen(config, put),
            self._judge,
            self._speaker(config, put),
            self.officers,
            templates,
        )

    def start(self) -> None:
        """Let them begin. Raises ScreenError when the screen's port cannot be had."""
        try:
            for part in self._parts:
                part.start()
        except OSError as error:
            what = f"the screen's port cannot be had ({error.strerror})"
            raise ScreenError(f"{what}: end the other program, or correct [screen] in the booth file") from error

    def stop(self) -> None:
        """End them all."""
        for part in reversed(self._parts):
            part.stop()
        self._judge.stop()

    def _screen(self, config: Config, put: Callable[[object], None]) -> Screen | None:
        given = config.screen
        if given is None:
            return None
        from edge.screen.app import Screen as Pages

        offset = config.desk.utc_offset_h if config.desk is not None else 7.0
        try:
            screen = Pages(
                given.host,
                given.port,
                put,
                self.officers,
                given.language,
                previews(config),
                config.booth.name,
                offset,
            )
        except ValueError as error:
            raise ScreenError(str(error)) from error
        self._parts.append(screen)
        return screen

    def _speaker(self, config: Config, put: Callable[[object], None]) -> Speaker | None:
        given = config.speaker
        if given is None or given.output == "none":
            return None
        from edge.adapters.speaker import Alsa, Folder
        from edge.adapters.speaker import Speaker as Voice

        output = Alsa(given.device) if given.output == "alsa" else Folder(given.folder)
        speaker = Voice(output, put, given.clips, given.languages)
        self._parts.append(speaker)
        return speaker


def previews(config: Config) -> dict[Modality, tuple[str, int]]:
    """Where the live pictures of each modality come from: devices that have them."""
    found: dict[Modality, tuple[str, int]] = {}
    for device in config.device:
        if device.kind == "sbi":
            host, _, port = device.port.removeprefix("socket://").rpartition(":")
            found |= {modality: (host, int(port)) for modality in device.takes}
    if Modality.PHOTO in found:
        found[Modality.EXCEPTION_PHOTO] = found[Modality.PHOTO]
    return found

