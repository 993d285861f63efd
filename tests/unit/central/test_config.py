"""A wrong setting is refused with the file, the key, the value and what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.config import ConfigError, load, read_key

GOOD = """
[coordinator]
id = "mpp-bangkalan"
data = "data"
[keys]
seal_private = "seal.key"
command_private = "command.key"
[centre]
url = "http://127.0.0.1:9000"
[[booth]]
id = "bangkalan-1"
name = "Loket 1"
blanks = 500
"""
HASH = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$eBbuCN4v6rYjVqzlVnDVfZ3BySzPXYcdHO2Y0Hs9zvU"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "seal.key").write_text("11" * 32 + "\n")
    (tmp_path / "command.key").write_bytes(bytes(range(32)))
    return tmp_path / "central.toml"


def test_a_good_file_is_read_and_its_paths_are_its_neighbours(file: Path) -> None:
    file.write_text(GOOD)
    config = load(file)
    assert config.booths == {"bangkalan-1": ("Loket 1", 500)}
    assert config.coordinator.data == file.parent / "data"
    assert read_key(config.keys.seal_private) == b"\x11" * 32
    assert read_key(config.keys.command_private) == bytes(range(32))


@pytest.mark.parametrize(
    ("change", "key", "remedy"),
    [
        ('[console]\nprot = 1\n', "console.prot", "did you mean 'port'?"),
        ('[consol]\nport = 1\n', "consol", "did you mean 'console'?"),
        ('[console]\nport = 99999\n', "console.port", "65535"),
        ('[console]\nhost = "0.0.0.0"\n', "console.host", "loket password"),
        ('[console]\nhost = "0.0.0.0"\npassword_hash = "secret"\n', "console.password_hash", "loket password"),
        ('[broker]\nhost = "192.0.2.1"\n', "broker.host", "insecure = true"),
        ('[broker]\ncert = "c.pem"\n', "broker.cert", "belong together"),
        ('[broker]\nca = "ca.pem"\n', "broker.ca", "no such file"),
        ('[[booth]]\nid = "bangkalan-1"\n', "booth.1.id", "listed twice"),
        ('[[booth]]\nid = "Loket A"\n', "booth.1.id", "pattern"),
    ],
)
def test_a_wrong_value_is_refused_with_its_key_and_what_to_write(
    file: Path, change: str, key: str, remedy: str
) -> None:
    file.write_text(GOOD + change)
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert caught.value.key == key
    assert str(file) in str(caught.value) and remedy in str(caught.value)


def test_a_missing_key_a_missing_key_file_and_a_short_key_are_told_apart(file: Path) -> None:
    file.write_text(GOOD.replace('id = "mpp-bangkalan"\n', ""))
    with pytest.raises(ConfigError, match=r"coordinator\.id.*missing"):
        load(file)
    file.write_text(GOOD)
    (file.parent / "seal.key").write_text("1111")
    with pytest.raises(ConfigError, match=r"keys\.seal_private.*64 hex digits"):
        load(file)
    (file.parent / "seal.key").unlink()
    with pytest.raises(ConfigError, match=r"keys\.seal_private.*loket keys"):
        load(file)


def test_a_file_that_cannot_be_read_or_is_no_toml_says_so(file: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(file)
    file.write_text("[coordinator\n")
    with pytest.raises(ConfigError, match=r"is not TOML.*line 1"):
        load(file)


def test_a_console_open_to_the_network_is_allowed_with_a_password(file: Path) -> None:
    file.write_text(GOOD + f'[console]\nhost = "0.0.0.0"\npassword_hash = "{HASH}"\n')
    assert load(file).console.host == "0.0.0.0"
