"""The command line: it refuses with the remedy, makes keys that nobody else can read, and never overwrites one."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from typer.testing import CliRunner

import loket
from contract import sealing

RUN = CliRunner()


def test_without_words_it_lists_what_can_be_typed() -> None:
    shown = RUN.invoke(loket.app, []).output
    for command in ("run", "edge", "central", "check-config", "doctor", "rig", "keys", "password"):
        assert f"\n  {command} " in shown


@pytest.mark.parametrize("command", ["edge", "central", "doctor", "check-config"])
def test_a_missing_file_is_refused_with_its_name_and_the_remedy(command: str, tmp_path: Path) -> None:
    result = RUN.invoke(loket.app, [command, str(tmp_path / "absent.toml")])
    assert result.exit_code == 2
    assert "absent.toml does not exist" in result.output
    assert "hardware/booths/" in result.output


def test_a_folder_is_not_a_settings_file(tmp_path: Path) -> None:
    result = RUN.invoke(loket.app, ["check-config", str(tmp_path)])
    assert result.exit_code == 2
    assert "is a directory" in result.output


def test_the_booth_file_that_is_delivered_is_good() -> None:
    file = Path(loket.__file__).parent / "hardware" / "booths" / "bangkalan.toml"
    result = RUN.invoke(loket.app, ["check-config", str(file)])
    assert result.exit_code == 0, result.output
    assert "ok, settings of a booth" in result.output


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[booth\n", ["not TOML", "line 1"]),
        ("[both]\n", ["[booth]", "[coordinator]"]),
        ('[booth]\nid = "Bangkalan 1"\n', ["booth.id", "Bangkalan 1"]),
        ('[booth]\nidd = "bangkalan"\n', ["booth.idd", "Did you mean id"]),
    ],
)
def test_a_mistake_is_told_with_file_key_value_and_remedy(tmp_path: Path, text: str, told: list[str]) -> None:
    file = tmp_path / "booth.toml"
    file.write_text(text)
    result = RUN.invoke(loket.app, ["check-config", str(file)])
    assert result.exit_code == 2
    for part in [str(file), *told]:
        assert part in result.output


def test_the_keys_that_are_made_fit_each_other(tmp_path: Path) -> None:
    result = RUN.invoke(loket.app, ["keys", str(tmp_path / "keys")])
    assert result.exit_code == 0
    public = tomllib.loads(result.stdout)["keys"]
    private = {name: bytes.fromhex((tmp_path / "keys" / f"{name}.private").read_text()) for name in ("seal", "command")}
    sealed = sealing.seal(b"face", bytes.fromhex(public["seal"]), b"label")
    assert sealing.unseal(sealed, private["seal"], b"label") == b"face"
    assert sealing.verify(b"print", sealing.sign(b"print", private["command"]), bytes.fromhex(public["command"]))


def test_nobody_else_may_read_the_private_keys_and_they_are_not_shown(tmp_path: Path) -> None:
    result = RUN.invoke(loket.app, ["keys", str(tmp_path / "keys")])
    for name in ("seal", "command"):
        file = tmp_path / "keys" / f"{name}.private"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.read_text().strip() not in result.output


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    RUN.invoke(loket.app, ["keys", str(tmp_path)])
    before = (tmp_path / "seal.private").read_text()
    (tmp_path / "command.private").unlink()
    result = RUN.invoke(loket.app, ["keys", str(tmp_path)])
    assert result.exit_code == 2
    assert (tmp_path / "seal.private").read_text() == before
    assert not (tmp_path / "command.private").exists()


def test_a_password_becomes_a_hash_that_knows_it() -> None:
    result = RUN.invoke(loket.app, ["password"], input="jangan-lupa\n")
    assert result.exit_code == 0
    assert PasswordHasher().verify(result.stdout.strip(), "jangan-lupa")
    assert "jangan-lupa" not in result.output


def test_a_short_password_is_refused() -> None:
    result = RUN.invoke(loket.app, ["password"], input="loket\n")
    assert result.exit_code == 2
    assert "8 characters" in result.output


@pytest.mark.parametrize(("port", "told"), [("0", "1"), ("65536", "65535"), ("abc", "integer")])
def test_a_port_that_cannot_be_is_refused_before_anything_starts(port: str, told: str) -> None:
    result = RUN.invoke(loket.app, ["run", "--port", port])
    assert result.exit_code == 2
    assert "--port" in result.output
    assert told in result.output
