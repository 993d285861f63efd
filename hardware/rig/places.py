"""Where a run keeps its files, so that the supervisor, the bench and `loket rig` find each other."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEFAULT = Path("var/run")

#: A Unix socket's path may have 107 bytes; the longest name below has 12.
_SOCKET_PATH = 107


def data_folder(given: str | None = None) -> Path:
    """The data folder of the run: as given, else from LOKET_DATA, else var/run below the working folder."""
    return Path(given or os.environ.get("LOKET_DATA") or DEFAULT).absolute()


@dataclass(frozen=True, slots=True)
class Places:
    """Files and folders of one run below its data folder."""

    data: Path

    @property
    def mark(self) -> Path:
        """Says that the folder is a run's: only such a folder is ever emptied. Also the run's lock."""
        return self.data / "loket-run"

    @property
    def booth_file(self) -> Path:
        return self.data / "booth.toml"

    @property
    def central_file(self) -> Path:
        return self.data / "central.toml"

    @property
    def broker_file(self) -> Path:
        return self.data / "broker.toml"

    @property
    def edge_data(self) -> Path:
        return self.data / "edge"

    @property
    def central_data(self) -> Path:
        return self.data / "central"

    @property
    def bench_data(self) -> Path:
        return self.data / "bench"

    @property
    def keys(self) -> Path:
        return self.data / "keys"

    @property
    def logs(self) -> Path:
        return self.data / "log"

    @property
    def devices(self) -> Path:
        """Folder of the ports' stable names, as /dev/serial/by-id."""
        return self.data / "dev" / "serial" / "by-id"

    @property
    def ports(self) -> Path:
        return self.data / "ports.json"

    @property
    def processes(self) -> Path:
        return self.data / "processes.json"

    @property
    def plant(self) -> Path:
        """What the bench must know of the power plant that the booth file does not tell."""
        return self.data / "plant.json"

    @property
    def power(self) -> Path:
        """Whether the booth's controller has power, as the bench says: `on`, and how often it came (`cycle`)."""
        return self.bench_data / "power.json"

    @property
    def calls(self) -> Path:
        """What the loudspeaker says, a file a call."""
        return self.data / "calls"

    @property
    def gpio(self) -> Path:
        """The GPIO hub's socket."""
        return self._sockets() / "gpio.sock"

    @property
    def control(self) -> Path:
        """The bench's control socket."""
        return self._sockets() / "control.sock"

    def _sockets(self) -> Path:
        if len(os.fsencode(self.data)) + len("/control.sock") <= _SOCKET_PATH:
            return self.data
        short = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]
        folder = Path(tempfile.gettempdir()) / f"loket-{os.getuid()}-{short}"
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.is_symlink() or folder.stat().st_uid != os.getuid():
            raise PermissionError(f"{folder} belongs to somebody else: remove it, or choose a shorter data folder")
        return folder


def write_json(path: Path, value: Any) -> None:
    """Replace a file in one step; a reader, or a power cut, sees the old or the new one whole."""
    new = path.with_name(f"{path.name}.new")
    with new.open("w") as file:
        json.dump(value, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file; empty when there is none or it cannot be read."""
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
