"""The booth's own Ed25519 key: made together with its database, kept beside it, used to sign packets and exports."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contract.sealing import new_sign_pair, public_of

NAME: Final = "booth.key"
_MISSING = (
    "Copy {name} from the card or backup that {folder} came from. If it is lost for good: move booth.db, its -wal and "
    "{name} aside and start again (keep them: unsent recordings are in them), and tell the centre"
)


class BoothKeyError(Exception):
    """The key is missing, damaged or of another database."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}. {remedy}")
        self.what, self.remedy = what, remedy


@dataclass(frozen=True, slots=True)
class BoothKey:
    """Raw Ed25519 keys of one memory (epoch) of the booth."""

    private: bytes
    public: bytes

    def __repr__(self) -> str:
        """Never the private half: it would end in a log."""
        return f"BoothKey(public={self.public.hex()})"


def make(folder: Path, epoch: str) -> BoothKey:
    """Make the key of a new database durably; the database is committed after it. Raises OSError.

    A key of another epoch belongs to a database that was moved aside: it is kept under its epoch's name. One of this
    epoch is there when the power went before the database was committed: it stays.
    """
    path = folder / NAME
    if path.exists():
        with suppress(BoothKeyError):
            return _read(path, epoch)
        path.rename(folder / f"{NAME}.{_epoch_of(path) or os.urandom(4).hex()}")
    private, public = new_sign_pair()
    text = json.dumps({"epoch": epoch, "private": private.hex(), "public": public.hex()}) + "\n"
    write_private(path, text.encode("ascii"))
    return BoothKey(private, public)


def load(folder: Path, epoch: str) -> BoothKey:
    """The key of a database that has this epoch. Raises BoothKeyError with the remedy; never makes one."""
    for path in (folder / NAME, folder / f"{NAME}.{epoch}"):
        if path.exists() and _epoch_of(path) in (epoch, ""):
            return _read(path, epoch)
    missing = _MISSING.format(name=NAME, folder=folder)
    if (folder / NAME).exists():
        raise BoothKeyError(f"{folder / NAME} belongs to another database than booth.db ({epoch})", missing)
    raise BoothKeyError(f"{folder / NAME} is missing: the booth cannot sign what it recorded", missing)


def write_private(path: Path, data: bytes) -> None:
    """Replace a file at once and durably; only the owner may read it. Raises OSError."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames and new files of a folder durable. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _epoch_of(path: Path) -> str:
    """The epoch that a key file names; empty when it cannot be read."""
    try:
        found = json.loads(path.read_text(encoding="ascii"))
        return str(found["epoch"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _read(path: Path, epoch: str) -> BoothKey:
    damaged = _MISSING.format(name=path.name, folder=path.parent)
    try:
        found = json.loads(path.read_text(encoding="ascii"))
        private, public = bytes.fromhex(found["private"]), bytes.fromhex(found["public"])
        if found["epoch"] != epoch or public_of(private) != public:
            raise ValueError("its halves do not fit together")
    except OSError as error:
        remedy = f"Let the booth's user read {path} (ls -l; it belongs to that user alone)"
        raise BoothKeyError(f"{path} cannot be read: {error.strerror}", remedy) from error
    except (ValueError, KeyError, TypeError) as error:
        raise BoothKeyError(f"{path} is damaged: the booth cannot sign what it recorded", damaged) from error
    return BoothKey(private, public)
