"""Programs that tests drive but Loket does not bring along: found, or the test is skipped with what to type."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

#: Debian keeps daemons and NUT's drivers outside of an ordinary account's PATH.
_ALSO = ("/usr/sbin", "/usr/local/sbin", "/sbin", "/lib/nut", "/usr/lib/nut")


def find_program(name: str) -> Path | None:
    """Where a program is, or None."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *_ALSO]))
    return Path(found) if found else None


def needs_program(name: str, package: str) -> Path:
    """Path of a program of a Debian package; without it the test is skipped (a failure when CI=true)."""
    found = find_program(name)
    if found is None:
        pytest.skip(f"{name} is missing; type: sudo apt-get install -y {package}", allow_module_level=True)
    return found
