"""Every scenario holds on the memory bench."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hardware.rig.memory.stage import MemoryBench
from hardware.rig.scenario import report
from hardware.rig.scenario.run import run_file
from hardware.rig.scenario_command import FOLDER, main

FILES = sorted(FOLDER.glob("*.toml"))


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_it_holds(path: Path) -> None:
    done = run_file(path, MemoryBench)
    assert done.verdict.held, report.text(done)


def test_the_same_scenario_gives_the_same_timeline_twice() -> None:
    path = FOLDER / "outage-genset-dse.toml"
    first, second = (report.as_json(run_file(path, MemoryBench)) for _ in range(2))
    assert first["timeline"] == second["timeline"]


def test_the_command_prints_timeline_table_and_verdict_and_writes_the_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "report.json"
    assert main([str(FOLDER / "mains-dip.toml"), "--report", str(file)]) == 0
    shown = capsys.readouterr().out
    assert ">> mains dip 0.4" in shown
    assert "mains.dipped 0.4" in shown
    assert "mains-dip: HELD" in shown
    written = json.loads(file.read_text(encoding="utf-8"))
    assert written["verdict"] == "HELD"
    assert {line["what"] for line in written["expected"]} >= {"dips", "cranks"}
    assert written["versions"]["loket"]


def test_a_scenario_that_fails_says_what_and_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (FOLDER / "mains-dip.toml").read_text(encoding="utf-8")
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(text.replace('count = "dips"\nis = 1', 'count = "dips"\nis = 2'), encoding="utf-8")
    assert main([str(wrong)]) == 1
    assert "FAILED: dips: 1, wanted is 2" in capsys.readouterr().out
    wrong.write_text("nonsense", encoding="utf-8")
    assert main([str(wrong)]) == 2
