"""Setting up says what a machine lacks and what to type, also in a folder whose name has a space."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PLAIN = ("sh", "env", "cat", "cksum", "dirname", "pwd", "mkdir", "rm", "flock")


class Machine:
    """A folder with the project's files, and a PATH that has only what is put there."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "a clone"
        self.bin = folder / "bin"
        self.bin.mkdir(parents=True)
        shutil.copytree(ROOT / ".ci", self.home / ".ci")
        for name in ("pyproject.toml", "requirements.lock"):
            shutil.copy(ROOT / name, self.home)
        for name in PLAIN:
            if found := shutil.which(name):
                (self.bin / name).symlink_to(found)
        self.program("id", "echo 1000")

    def program(self, name: str, script: str) -> None:
        """Put a small program on the PATH."""
        (self.bin / name).unlink(missing_ok=True)
        (self.bin / name).write_text(f"#!/bin/sh\n{script}\n")
        (self.bin / name).chmod(0o755)

    def set_up(self, script: str = "environment") -> subprocess.CompletedProcess[str]:
        """Run a script of .ci as make does."""
        command = [str(self.bin / "sh"), f".ci/{script}"]
        return subprocess.run(command, cwd=self.home, env={"PATH": str(self.bin)}, capture_output=True, text=True)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_without_python_it_says_which_one_is_needed(machine: Machine) -> None:
    done = machine.set_up()
    assert done.returncode == 1
    assert "needs Python 3.11 or newer; here is no Python" in done.stderr
    assert "apt-get install -y python3 python3-venv" in done.stderr


def test_an_old_python_is_named(machine: Machine) -> None:
    machine.program("python3", 'if [ "$1" = --version ]; then echo Python 3.9.2; else exit 1; fi')
    done = machine.set_up()
    assert done.returncode == 1
    assert "here is Python 3.9.2" in done.stderr


def test_where_debian_has_split_off_ensurepip_the_command_to_type_is_told(machine: Machine) -> None:
    machine.program(
        "python3",
        'case "$2" in *ensurepip*) exit 1;; *executable*) echo "$0";; *venv*) echo python3.11-venv;; esac',
    )
    machine.program("apt-get", "exit 1")
    done = machine.set_up()
    assert done.returncode == 1
    assert "sudo apt-get update && sudo apt-get install -y python3.11-venv" in done.stderr
    assert not (machine.home / ".venv" / "loket.stamp").exists()


def test_a_missing_program_of_the_tests_is_told_and_stops_nothing(machine: Machine) -> None:
    machine.program("apt-get", "exit 1")
    done = machine.set_up("debian")
    assert done.returncode == 0
    assert "sudo apt-get update && sudo apt-get install -y" in done.stdout
    assert "chromium" in done.stdout
