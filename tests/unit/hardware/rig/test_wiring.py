"""What the technician reads, and what the booth file says, is the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from gpiozero.pins.pi import PiBoardInfo

from edge.config import load
from hardware.rig.files import BOOTH
from hardware.rig.pin_factory import REVISION

WIRING = BOOTH.parent.parent / "wiring.md"


def rows(heading: str = "## Pins", paragraph: int = 1) -> dict[str, list[str]]:
    """Function -> cells of the pin table in a paragraph below a heading."""
    table = WIRING.read_text(encoding="utf-8").split(heading)[1].split("\n\n")[paragraph]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    return {row[0]: row[1:] for row in cells}


def pins() -> dict[str, Any]:
    return tomllib.loads(Path(BOOTH).read_text(encoding="utf-8"))["gpio"]


def test_the_pin_table_is_the_booth_file() -> None:
    told = {}
    for name, (gpio, _, direction, pull, level, _) in rows().items():
        if direction == "input":
            told[name] = {"pin": int(gpio), "active_high": level == "high", "pull": pull}
        else:
            assert (direction, pull, level) == ("output", "-", "high")
            told[name] = int(gpio)
    assert told == pins()


PLANT = ("### Without a power board", 2)


def test_a_booth_without_a_power_board_uncomments_the_pins_of_the_table(tmp_path: Path) -> None:
    text = BOOTH.read_text(encoding="utf-8")
    uncommented = re.sub(r"^# (?=(?:genset|fuel|ats|shed)_\w+ = )", "", text, flags=re.MULTILINE)
    without = re.sub(r'\[\[device\]\]\nname = "board"\n(?:\w+ = .*\n)+', "", uncommented)
    (tmp_path / "booth.toml").write_text(without)
    gpio = dict(load(tmp_path / "booth.toml").gpio.wired())
    table = rows(*PLANT)
    assert gpio.keys() - pins().keys() == table.keys()
    for name, (pin, _, direction, pull, level, _) in table.items():
        line = gpio[name]
        assert (line.pin, line.active_high) == (int(pin), level == "high")
        assert getattr(line, "pull", "-") == pull
        assert direction == ("output" if pull == "-" else "input")
    assert len({line.pin for line in gpio.values()}) == len(gpio)


def test_the_header_pins_are_where_the_board_has_them() -> None:
    board = PiBoardInfo.from_revision(REVISION)
    for gpio, header, *_ in [*rows().values(), *rows(*PLANT).values()]:
        assert [(h.name, i.number) for h, i in board.find_pin(f"GPIO{gpio}")] == [("J8", int(header))]


def test_the_named_grounds_are_grounds() -> None:
    board = PiBoardInfo.from_revision(REVISION)
    named = re.search(r"header pins ([\d, ]+)\. Ground of lamps and buzzer: header pin (\d+)", WIRING.read_text())
    assert named is not None
    for number in (*map(int, named[1].split(",")), int(named[2])):
        assert board.headers["J8"].pins[number].name == "GND"


def test_a_broken_wire_looks_like_the_worse_case() -> None:
    inputs = {name: pin for name, pin in pins().items() if isinstance(pin, dict)}
    looks_active = {name for name, pin in inputs.items() if (pin["pull"] == "up") == pin["active_high"]}
    assert looks_active == {"door"}
