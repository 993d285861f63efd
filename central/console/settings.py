"""The console's settings, which the coordinator makes before it has read what serves the pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from central.console.texts import Language


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """Where the console listens, its first language, and the argon2 hash of its password (None: no password).

    Without a password it listens and answers on the loopback only.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    language: Language = "id"
    password_hash: str | None = None
    stale_s: float = 30.0
    """Figures older than this are greyed."""
    public: bool = False
    """Whether the public's pages (`/papan`, `/status/...`) are shown without the password."""
    complaints: str = ""
    """Where complaints go in this regency, beside the national addresses."""
