"""The firmware is compiled for its chip, and goes to the board in an order that leaves no half of it running."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from contract import power_wire
from firmware import pins
from firmware.board import FIRMWARE
from tests.tools import firmware

README = firmware.ROOT / "firmware/README.md"


def test_every_file_of_the_firmware_compiles_for_the_chip() -> None:
    assert list(firmware.faults()) == []
    compiled = {file.name for file in (*firmware.MODULES, firmware.MAIN)}
    assert compiled == {"power_wire.py", *(f.name for f in firmware.MAIN.parent.glob("*.py"))} - {"__init__.py"}


def test_what_is_no_micropython_is_named() -> None:
    def refuses(module: Sequence[str]) -> subprocess.CompletedProcess[str]:
        bad = module[-1].endswith("board.py")
        return subprocess.CompletedProcess(module, int(bad), "", "SyntaxError: invalid syntax" if bad else "")

    [fault] = firmware.faults(refuses)
    assert fault.startswith("firmware/board.py is no MicroPython: SyntaxError")


def test_a_build_is_whole_and_says_what_it_is(tmp_path: Path) -> None:
    manifest = firmware.build(tmp_path / "out")
    assert json.loads((tmp_path / "out/manifest.json").read_text()) == manifest
    assert manifest["firmware"] == ".".join(map(str, FIRMWARE))
    assert manifest["protocol"] == power_wire.VERSION
    files = {file.name: file for file in (tmp_path / "out").iterdir() if file.name != "manifest.json"}
    assert manifest["files"] == {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items()}
    assert {name for name in files if name.endswith(".py")} == {"main.py"}
    assert firmware.build(tmp_path / "again") == manifest, "the same sources give the same files"


class Board:
    """What `mpremote` would do, as far as it shows from outside."""

    def __init__(self, silent: int = 0, full: bool = False) -> None:
        self.files = ["main.py", "board.py", "power_wire.mpy"]
        self.done: list[str] = []
        self._silent, self._full = silent, full

    def __call__(self, module: Sequence[str]) -> subprocess.CompletedProcess[str]:
        tool, connect, port, verb, *rest = module
        assert (tool, connect, port) == ("mpremote", "connect", "auto")
        self.done.append(verb)
        out, code = "", 0
        if verb == "exec" and "machine.reset" in rest[0]:
            names = re.search(r"in \((.*)\):", rest[0])
            assert names
            self.files = [name for name in self.files if f"'{name.split('.')[0]}'" not in names[1]]
            code = 1  # the board is gone before it has answered
        elif verb == "exec":
            self._silent -= 1
            out, code = ("back\n", 0) if self._silent < 0 else ("", 1)
        elif verb == "cp" and not self._full:
            self.files += [Path(name).name for name in rest[:-1]]
        elif verb == "cp":
            code = 1
        return subprocess.CompletedProcess(module, code, out, "no room" if code and verb == "cp" else "")


def test_a_flash_leaves_the_new_files_alone_and_starts_them() -> None:
    board = Board(silent=3)
    assert firmware.flash("auto", run=board, pause=lambda _: None) == ""
    assert board.files == ["power_wire.mpy", "pins.mpy", "sampling.mpy", "interlock.mpy", "board.mpy", "main.py"]
    assert board.done[-1] == "reset"


def test_a_flash_that_breaks_off_leaves_a_board_that_starts_nothing() -> None:
    board = Board(full=True)
    assert "no room" in firmware.flash("auto", run=board, pause=lambda _: None)
    assert "main.py" not in board.files


def test_a_board_that_does_not_come_back_is_told_with_what_to_do() -> None:
    trouble = firmware.flash("auto", run=Board(silent=1000), pause=lambda _: None)
    assert trouble.startswith("no board at auto")
    assert "firmware/README.md" in trouble


def test_the_wiring_table_is_what_the_firmware_believes() -> None:
    rows = re.findall(r"^\| (\w+) \| GP(\d+) \|", README.read_text(encoding="utf-8"), re.MULTILINE)
    told = {name: int(number) for name, number in rows}
    coils = dict(zip(("genset_start", "ats_permit", "shed_1", "shed_2"), pins.COILS, strict=True))
    contacts = dict(zip(power_wire.CONTACTS, pins.CONTACTS, strict=True))
    others = {
        "uart_tx": pins.UART_TX, "uart_rx": pins.UART_RX, "tamper": pins.TAMPER, "led": pins.LED,
        "mains_volts": pins.ADC_MAINS, "genset_volts": pins.ADC_GENSET, "battery_volts": pins.ADC_BATTERY,
    }  # fmt: skip
    assert told == coils | contacts | others
    assert len(set(told.values())) == len(told), "a pin has one use"


def test_the_watchdog_is_one_that_the_chip_can_keep() -> None:
    assert pins.WATCHDOG_MS <= 8388


def test_the_firmware_imports_nothing_that_the_chip_may_lack() -> None:
    own = {file.stem for file in firmware.MODULES}
    for file in (*firmware.MODULES, firmware.MAIN):
        asked = set()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                asked |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                asked.add(str(node.module))
        for_cpython = {"zlib", "collections.abc"} if file.stem == "power_wire" else {"contract", "firmware"}
        assert asked <= own | {"machine", "time", "struct"} | for_cpython, file.name
