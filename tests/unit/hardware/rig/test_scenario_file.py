"""The scenario file: every mistake is told with its remedy, and every file that comes with Loket is good."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardware.rig.scenario import words
from hardware.rig.scenario.file import FAMILIES, ScenarioError, load
from hardware.rig.scenario_command import FOLDER

GOOD = """
[scenario]
family = "supply"
lasts = 10
title.id = "Padam"
title.en = "An outage"
about.id = "Listrik hilang."
about.en = "The mains fail."
[[at]]
s = 3
do = "mains off"
[[expect]]
final = "ON_BATTERY"
"""


@pytest.fixture
def write(tmp_path: Path):  # type: ignore[no-untyped-def]
    def file(text: str) -> Path:
        path = tmp_path / "one.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return file


def test_a_good_file_is_read(write) -> None:  # type: ignore[no-untyped-def]
    scenario = load(write(GOOD))
    assert scenario.at[0].do == "mains off"
    assert scenario.plan.genset == "none"


@pytest.mark.parametrize(
    ("wrong", "right", "told"),
    [
        ('do = "mains of"', 'do = "mains off"', "with 'mains' there are: mains on|off"),
        ('do = "mian off"', 'do = "mains off"', "did you mean 'mains'?"),
        ("s = 30", "s = 3", "after the end (lasts = 10)"),
        ('final = "ON_BATTERI"', 'final = "ON_BATTERY"', "ON_BATTERY"),
        ('count = "crancks"\nis = 1', 'final = "ON_BATTERY"', "there are: dips"),
        ('count = "cranks"', 'final = "ON_BATTERY"', "say what it must be"),
        ('final = "ON_MAINS"\nalarm = "ups.lost"', 'final = "ON_BATTERY"', "exactly one of"),
        ('told = "supply.chnged"', 'final = "ON_BATTERY"', "supply.changed"),
        ('family = "power"', 'family = "supply"', "supply"),
        ("[booth]\nplant.battery = 3\n[[at]]", "[[at]]", "battery_s"),
        ("[booth]\npower.ups_stale = 3\n[[at]]", "[[at]]", "booth.power.ups_stale"),
        ("[booth]\npower.energy.shutdown_s = 900\n[[at]]", "[[at]]", "Write less than shed_2_s"),
    ],
)
def test_a_mistake_is_told_with_what_may_stand_there(write, wrong: str, right: str, told: str) -> None:  # type: ignore[no-untyped-def]
    assert right in GOOD
    with pytest.raises(ScenarioError, match=r"one\.toml") as failure:
        load(write(GOOD.replace(right, wrong, 1)))
    assert told in str(failure.value)


def test_a_file_that_is_no_toml_or_not_there_is_told() -> None:
    with pytest.raises(ScenarioError, match="cannot be read"):
        load(Path("nowhere.toml"))


@pytest.mark.parametrize(
    "text", ["mains 150", "mains bounce 5 80ms", "mains dip 0.4", "clock step -86400", "applicant"]
)
def test_words_of_the_vocabulary_are_understood(text: str) -> None:
    assert words.parse(text)[0] == text.split()[0]


@pytest.mark.parametrize("text", ["", "mains", "mains -5", "mains nan", "battery health 2", "genset starts-on 1.5"])
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="vocabulary"):
        words.parse(text)


def test_every_scenario_that_comes_with_loket_is_good_and_every_family_has_some() -> None:
    found = [load(path).scenario.family for path in sorted(FOLDER.glob("*.toml"))]
    assert len(found) >= 25
    assert set(found) == set(FAMILIES)
