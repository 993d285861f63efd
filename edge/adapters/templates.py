"""The officers' fingers at rest: one encrypted file, so that a stolen card gives nobody a finger.

File: `MAGIC | nonce (12) | ciphertext and tag`, ChaCha20-Poly1305 (RFC 8439) over JSON of officer -> base64 of an
ISO/IEC 19794-2 template. The key is HKDF-SHA256 (RFC 5869) of the booth's private key. Every write replaces the file.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC: Final = b"LKT1"
FILE: Final = "officer-fingers"
LARGEST: Final = 4 * 1024 * 1024
_INFO: Final = b"loket officers' fingers v1"

log = logging.getLogger("loket.templates")


class Templates:
    """Templates by officer in `folder`. `key`: the booth's private key, raw. Safe to use from several threads.

    A file that cannot be read is told (`trouble`) and counts as empty; the next `put` moves it aside, so that
    nothing is destroyed. Templates are known of the disk only once: nobody else writes the file.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self.trouble = ""
        """What is wrong with the file and what to do; empty when nothing is."""
        self.path = folder / FILE
        self._aead = ChaCha20Poly1305(HKDF(SHA256(), 32, salt=None, info=_INFO).derive(key))
        self._lock = threading.Lock()
        self._held: dict[str, bytes] | None = None

    def put(self, officer: str, template: bytes) -> None:
        """Store the finger of an officer in place of an earlier one. Raises OSError when the disk does not take it."""
        with self._lock:
            self._write({**self._load(), officer: template})

    def remove(self, officer: str) -> None:
        """Forget the finger of an officer, if there is one. Raises OSError when the disk does not take it."""
        with self._lock:
            held = self._load()
            if officer in held:
                self._write({name: template for name, template in held.items() if name != officer})

    def all(self) -> dict[str, bytes]:
        """Every template by officer; empty when there is none or the file cannot be read."""
        with self._lock:
            return dict(self._load())

    def _load(self) -> dict[str, bytes]:
        if self._held is None:
            try:
                self._held = self._read()
            except FileNotFoundError:
                self._held = {}
            except (OSError, ValueError) as error:
                self._held = {}
                self.trouble = (
                    f"the officers' fingers in {self.path} cannot be read ({error}): applicants are not compared with"
                    " officers. Enrol the officers' fingers again; if it comes back, replace the card or disk"
                )
                log.error("%s", self.trouble)
        return self._held

    def _read(self) -> dict[str, bytes]:
        """Raises OSError, ValueError."""
        with self.path.open("rb") as file:
            raw = file.read(LARGEST + 1)
        if not raw.startswith(MAGIC) or not len(MAGIC) + 12 + 16 <= len(raw) <= LARGEST:
            raise ValueError("it is no file of fingers, or cut")
        start = len(MAGIC)
        try:
            plain = self._aead.decrypt(raw[start : start + 12], raw[start + 12 :], MAGIC)
        except InvalidTag:
            raise ValueError("it was altered, or written with another key of the booth") from None
        return {str(officer): base64.b64decode(text) for officer, text in json.loads(plain).items()}

    def _write(self, held: dict[str, bytes]) -> None:
        """All or nothing: beside, to the disk, then in place of the old one."""
        if self.trouble:
            with suppress(FileNotFoundError):
                self.path.replace(self.path.with_suffix(".damaged"))
        plain = json.dumps({officer: base64.b64encode(template).decode() for officer, template in held.items()})
        nonce = os.urandom(12)
        sealed = MAGIC + nonce + self._aead.encrypt(nonce, plain.encode(), MAGIC)
        if len(sealed) > LARGEST:
            raise OSError(f"{len(held)} officers' fingers are too many for {self.path}")
        beside = self.path.with_suffix(".new")
        beside.unlink(missing_ok=True)
        fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(fd)
        beside.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self._held = held
        self.trouble = ""
