"""A wrong booth file is refused with the key, the value and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract.messages import Modality
from edge.config import Config, ConfigError, Problem, load
from edge.core.settings import EnergySettings, GensetSettings

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


PLANT = (
    GOOD.replace("red = 26", 'red = 26\ngenset_running = { pin = 22, pull = "up" }\ngenset_start = 4\nats_inhibit = 18')
    + """
[power]
mains_low_pct = 20
[power.genset]
crank_s = 8
exercise_hours = [9, 12]
[power.energy]
rated_w = 900
"""
)
BOARD = """
[[device]]
name = "board"
kind = "powerboard"
port = "/dev/serial/by-id/board"
"""
CONTROLLER = """
[[device]]
name = "genset"
kind = "dse"
port = "/dev/serial/by-id/dse"
"""
NUT = """
[[device]]
name = "nut"
kind = "upsd"
port = "socket://127.0.0.1:3493"
ups = "rack"
"""


def _load(folder: Path, text: str) -> Config:
    (folder / "booth.toml").write_text(text)
    return load(folder / "booth.toml")


def test_a_booth_without_a_genset_has_none(tmp_path: Path) -> None:
    settings = _load(tmp_path, GOOD).settings("e0")
    assert (settings.genset, settings.board, settings.energy) == (None, None, EnergySettings())
    assert settings.wired == {"mains", "door"}


def test_a_genset_with_contacts_alone(tmp_path: Path) -> None:
    config = _load(tmp_path, PLANT)
    settings = config.settings("e0")
    assert settings.genset == GensetSettings(crank_s=8.0, exercise_hours=(9, 12))
    assert (settings.energy.rated_w, settings.mains_low_pct) == (900.0, 20.0)
    assert settings.wired == {"mains", "door", "genset_running", "genset_start", "ats_inhibit"}
    assert config.gpio.ats_inhibit is not None
    assert not config.gpio.ats_inhibit.active_high, "inhibited is: coil off"
    assert config.gpio.genset_start is not None
    assert config.gpio.genset_start.active_high


def test_a_genset_with_a_controller_needs_no_table(tmp_path: Path) -> None:
    settings = _load(tmp_path, GOOD + CONTROLLER).settings("e0")
    assert settings.genset == GensetSettings(device="genset")


def test_a_board_and_a_ups_that_nut_reads(tmp_path: Path) -> None:
    text = GOOD.replace('kind = "megatec"', 'kind = "scanner"').replace('"ups"', '"scan"') + BOARD + NUT
    settings = _load(tmp_path, text + "[power.genset]\n").settings("e0")
    assert (settings.board, settings.ups) == ("board", "nut")
    assert settings.genset == GensetSettings()


@pytest.mark.parametrize(
    ("old", "new", "key", "remedy"),
    [
        ("crank_s = 8", "crank_s = 0", "power.genset.crank_s", "greater than"),
        ("crank_s = 8", "crank = 8", "power.genset.crank", "Did you mean crank_s?"),
        ("[9, 12]", "[12, 9]", "power.genset.exercise_hours", "[8, 15]"),
        ("rated_w = 900", "shed_2_s = 1200", "power.energy.shed_2_s", "less than shed_1_s"),
        ("rated_w = 900", "shutdown_s = 700", "power.energy.shutdown_s", "less than shed_2_s"),
        ("rated_w = 900", "shutdown_s = 50", "power.energy.shutdown_s", "closing_s + off_s"),
        ("rated_w = 900", "half_load_s = 300", "power.energy.half_load_s", "data sheet"),
        ("mains_low_pct = 20", "dip_s = 0.1\nmains_debounce_s = 0.5", "power.dip_s", "mains_debounce_s"),
        ("genset_start = 4\n", "", "power.genset", "kind dse"),
        ('genset_running = { pin = 22, pull = "up" }\n', "", "power.genset", "gpio.genset_running"),
        ("[power.genset]\ncrank_s = 8\nexercise_hours = [9, 12]\n", "", "gpio.genset_start", "[power.genset]"),
        ("crank_s = 8", 'device = "dse"', "power.genset.device", "leave it out"),
        ("[power.energy]", BOARD + "[power.energy]", "gpio.genset_start", "to the board"),
        ("[power.energy]", NUT + "[power.energy]", "device[4].kind", "one UPS"),
        (
            "[power.energy]",
            NUT.replace("socket://127.0.0.1:3493", "/dev/nut") + "[power.energy]",
            "device[4].port",
            "3493",
        ),
        ("[power.energy]", CONTROLLER + "unit = 300\n[power.energy]", "device[4].unit", "247"),
    ],
)
def test_each_mistake_about_the_plant_names_its_remedy(
    tmp_path: Path, old: str, new: str, key: str, remedy: str
) -> None:
    assert old in PLANT
    (problem,) = _problems(tmp_path, PLANT.replace(old, new, 1))
    assert problem.key == key
    assert remedy in problem.remedy


def test_what_the_power_board_would_refuse_is_refused_in_the_file(tmp_path: Path) -> None:
    (problem,) = _problems(tmp_path, GOOD + BOARD + "[power.genset]\ncrank_s = 20\n")
    assert "at most 15" in problem.remedy


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
