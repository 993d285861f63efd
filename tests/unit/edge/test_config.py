"""A wrong booth file is refused with the key, the value and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract.messages import Modality
from edge.config import ConfigError, Problem, load

GOOD = """
[booth]
id = "bangkalan-1"
name = "Loket 1"
data = "data"
[broker]
port = 1883
[keys]
seal = "{key}"
command = "{key}"
[gpio]
mains = {{ pin = 17, pull = "up" }}
door = 27
red = 26
[recording]
order = ["photo", "signature"]
thresholds = {{ photo = 80 }}
[[device]]
name = "ups"
kind = "megatec"
port = "/dev/serial/by-id/ups"
[[device]]
name = "pad"
kind = "topaz"
port = "/dev/serial/by-id/pad"
[[device]]
name = "face"
kind = "sbi"
port = "socket://127.0.0.1:4501"
takes = ["photo"]
""".format(key="ab" * 32)


def _problems(folder: Path, text: str) -> list[Problem]:
    path = folder / "booth.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(path) in str(caught.value)
    return caught.value.problems


def test_a_good_file_becomes_the_settings_of_the_decisions(tmp_path: Path) -> None:
    (tmp_path / "booth.toml").write_text(GOOD)
    config = load(tmp_path / "booth.toml")
    settings = config.settings("e0")
    assert settings.kinds == {"ups": "megatec", "pad": "topaz", "face": "sbi"}
    assert settings.capture_devices == {Modality.SIGNATURE: "pad", Modality.PHOTO: "face"}
    assert (settings.ups, settings.printer) == ("ups", None)
    assert settings.thresholds[Modality.PHOTO] == 80
    assert settings.thresholds[Modality.IRIS] == 60, "what is not written keeps its default"
    assert config.booth.data == tmp_path / "data", "a relative folder lies beside the booth file"
    assert config.gpio.mains is not None
    assert not config.gpio.mains.active_high, "a contact that is pulled up is active when low"


def test_the_shipped_booth_file_is_right() -> None:
    assert load(Path(__file__).parents[3] / "hardware/booths/bangkalan.toml").booth.id == "bangkalan-1"


@pytest.mark.parametrize(
    ("old", "new", "key", "value", "remedy"),
    [
        ("port = 1883", "prot = 1883", "broker.prot", "1883", "Did you mean port?"),
        ("port = 1883", "port = 70000", "broker.port", "70000", ""),
        ("port = 1883", 'host = "10.0.0.9"', "broker.host", '"10.0.0.9"', "insecure = true"),
        ("port = 1883", 'ca = "ca.pem"', "broker.ca", "ca.pem", "Put the PEM file there"),
        ('data = "data"', "", "booth.data", "", "Add data to [booth]"),
        ('"bangkalan-1"', '"Bangkalan 1"', "booth.id", '"Bangkalan 1"', "bangkalan-1"),
        ("door = 27", "door = 17", "gpio.door", "17", "pin of its own"),
        ("door = 27", "door = 99", "gpio.door.pin", "99", ""),
        ("by-id/pad", "by-id/ups", "device[2].port", '"/dev/serial/by-id/ups"', "port of its own"),
        ('"pad"', '"ups"', "device[2].name", '"ups"', "Rename"),
        ('"topaz"', '"topas"', "device[2].kind", '"topas"', "Did you mean topaz?"),
        ('"/dev/serial/by-id/pad"', '"ttyUSB0"', "device[2].port", '"ttyUSB0"', "/dev/serial/by-id"),
        ('"socket://127.0.0.1:4501"', '"/dev/ttyS0"', "device[3].port", '"/dev/ttyS0"', "socket://"),
        ('order = ["photo",', 'order = ["foto",', "recording.order[1]", '"foto"', "Did you mean photo?"),
        ('order = ["photo",', 'order = ["iris",', "recording.order", "['iris', 'signature']", "takes"),
        ('seal = "', 'seal = "zz', "keys.seal", "", "64 hex digits"),
    ],
)
def test_each_mistake_names_its_key_its_value_and_the_remedy(
    tmp_path: Path, old: str, new: str, key: str, value: str, remedy: str
) -> None:
    assert old in GOOD
    (problem,) = _problems(tmp_path, GOOD.replace(old, new, 1))
    assert problem.key == key
    assert value in problem.value
    assert remedy in problem.remedy
    assert problem.what


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("port = 1883", "prot = 1883").replace("door = 27", "door = 99")
    assert {problem.key for problem in _problems(tmp_path, text)} == {"broker.prot", "gpio.door.pin"}


def test_what_is_not_toml_is_told_with_its_line(tmp_path: Path) -> None:
    (problem,) = _problems(tmp_path, "[booth]\nid = bangkalan\n")
    assert "line 2" in problem.what


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "none.toml")


def test_a_key_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "seal.public").write_text("CD" * 32 + "\n")
    (tmp_path / "booth.toml").write_text(GOOD.replace('seal = "' + "ab" * 32, 'seal = "seal.public'))
    assert load(tmp_path / "booth.toml").keys.seal == "cd" * 32
