"""Writes requirements.lock with uv, and checks without a network that it belongs to pyproject.toml."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"
_HEAD = "# Exact versions for uv and pip; `make lock` writes this file. Dependencies of pyproject.toml: sha256 "


def digest(pyproject: str) -> str:
    """SHA-256 over all that decides the lock: dependencies, extras, and the oldest Python."""
    project = tomllib.loads(pyproject)["project"]
    parts = [project["requires-python"], project["dependencies"], project.get("optional-dependencies", {})]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def faults(lock: str, pyproject: str) -> list[str]:
    """What is wrong with a lock file, each with its remedy; empty when it is good."""
    found = []
    first, _, rest = lock.partition("\n")
    if first != _HEAD + digest(pyproject):
        found.append("requirements.lock is older than the dependencies in pyproject.toml: run `make lock`")
    for line in rest.splitlines():
        if "://" in line or line.startswith(("-", "/")):
            found.append(f"requirements.lock names a host, index or path ({line.strip()!r}): run `make lock`")
    pins = [line for line in rest.splitlines() if line[:1].isalnum()]
    bare = [line for line in pins if not line.endswith("\\")]
    found += [f"requirements.lock has no hash for {line!r}: run `make lock`" for line in bare]
    if not pins:
        found.append("requirements.lock is empty: run `make lock`")
    return found


def main() -> int:
    """Refresh the lock; 1 with a message when that is impossible."""
    uv = shutil.which("uv")
    if uv is None:
        print("make lock needs uv (https://docs.astral.sh/uv/); everything else works without it", file=sys.stderr)
        return 1
    command = [uv, "pip", "compile", "--quiet", "--no-config", "--upgrade", "--universal", "--python-version", "3.11"]
    command += ["--generate-hashes", "--no-header", "--no-emit-index-url", "--no-emit-find-links", "--all-extras"]
    done = subprocess.run([*command, "pyproject.toml"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        return 1
    pyproject = (ROOT / "pyproject.toml").read_text()
    text = f"{_HEAD}{digest(pyproject)}\n{done.stdout}"
    for fault in (found := faults(text, pyproject)):
        print(fault, file=sys.stderr)
    if not found:
        LOCK.write_text(text)
        print(f"{LOCK.name}: {done.stdout.count('==')} packages")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
