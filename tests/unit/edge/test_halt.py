"""A halt ends the program with a code of its own; the machine's own command runs when the database is closed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

import pytest

from edge import __main__ as program
from edge.adapters.items import Stop
from edge.runtime import Booth


@pytest.fixture
def booth_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Writes a booth without devices; `halt` is TOML."""
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")

    def write(halt: str) -> str:
        key = "ab" * 32
        path = tmp_path / "booth.toml"
        path.write_text(
            f'[booth]\nid = "b-1"\nname = "b"\ndata = "data"\n{halt}\n[broker]\nport = 1\n'
            f'[keys]\nseal = "{key}"\ncommand = "{key}"\n'
        )
        return str(path)

    return write


def _halts(booth: Booth, inbox: SimpleQueue[object]) -> None:
    booth.halted = True


def _ends(booth: Booth, inbox: SimpleQueue[object]) -> None:
    inbox.put(Stop())


def test_without_a_command_the_program_ends_with_its_own_code(
    booth_file: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "run", _halts)
    assert program.main([booth_file("")]) == program.HALTED == 76


def test_the_command_runs_once_the_database_is_closed(
    booth_file: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    lock = tmp_path / "data" / "booth.lock"
    monkeypatch.setattr(program, "run", _halts)
    command = f'halt = ["flock", "-n", "{lock}", "touch", "{mark}"]'
    assert program.main([booth_file(command)]) == program.HALTED
    assert mark.exists(), "the booth's lock is free when the machine halts"


@pytest.mark.parametrize("command", ["no-such-program", "false"])
def test_a_command_that_fails_is_told(
    booth_file: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    command: str,
) -> None:
    monkeypatch.setattr(program, "run", _halts)
    assert program.main([booth_file(f'halt = ["{command}"]')]) == program.HALTED
    assert any(record.levelname == "CRITICAL" for record in caplog.records)


def test_an_ordinary_end_halts_nothing(
    booth_file: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(program, "run", _ends)
    assert program.main([booth_file(f'halt = ["touch", "{tmp_path}/mark"]')]) == 0
    assert not (tmp_path / "mark").exists()
