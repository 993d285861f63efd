"""The doctor says what is right, what is wrong and what to do, and leaves a running booth alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from contract import power_wire as wire
from edge import doctor
from firmware.board import Board
from hardware.rig.ptys import PtyServer
from hardware.simulators.dse import DseController
from hardware.simulators.engine import Engine
from hardware.simulators.megatec import Ups
from tests.integration.edge.bench import Broker, Coordinator, Program, until


@pytest.fixture(autouse=True)
def _mock_pins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")


def _wrong(findings: list[doctor.Finding]) -> dict[str, doctor.Finding]:
    return {finding.subject: finding for finding in findings if finding.remedy}


def test_what_answers_is_well_and_what_is_missing_has_a_remedy(
    booth_file: Path, ptys: PtyServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ptys.add("ups", Ups(), tmp_path / "dev/ups")
    assert doctor.main([str(booth_file), "--lang", "en"]) == 1
    said = capsys.readouterr().out
    rows = {line.split("  ")[0]: line for line in said.splitlines() if not line.startswith(" ")}
    assert "  ok" in rows["ups"]
    assert "  ok" in rows["broker"]
    assert "WRONG" in rows["scanner"]
    assert "WRONG" in rows["pad"]
    assert "2 to be put right." in said
    assert not (tmp_path / "data").exists(), "looking makes nothing"


def test_a_dead_broker_and_a_wrong_file_are_found(booth_file: Path, broker: Broker) -> None:
    broker.kill()
    assert "start the broker" in _wrong(doctor.examine(booth_file, "en", 2.0))["broker"].remedy
    booth_file.write_text("[booth]\n")
    assert doctor.examine(booth_file, "id")[0].remedy


def test_a_running_booth_is_not_disturbed(
    start: Callable[[], Program], coordinator: Coordinator, booth_file: Path
) -> None:
    program = start()
    until(lambda: coordinator.states[-1:] == ["online"], "the booth is online")
    wrong = _wrong(doctor.examine(booth_file, "en", 2.0))
    assert list(wrong) == ["storage"]
    assert "running" in wrong["storage"].what
    assert program.process.poll() is None
    assert coordinator.states == ["online"]


def test_the_doctor_speaks_indonesian_by_default(booth_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor.main([str(booth_file)]) == 1
    assert "perbaikan:" in capsys.readouterr().out
    assert doctor.main([str(booth_file), "--lang", "fr"]) == os.EX_USAGE


class _Firmware:
    """The power board's own program at a port."""

    def __init__(self) -> None:
        self.board = Board(uid=b"uji-0001")
        self.wake_at = 0.0

    def _sensed(self, now: float) -> bytes:
        self.board.sense(2301, 0, 1264, wire.C_ATS_MAINS, False, round(now * 1000))
        return self.board.outgoing()

    def receive(self, data: bytes, now: float) -> bytes:
        self.board.receive(data, round(now * 1000))
        self.wake_at = now + 0.1
        return self._sensed(now)

    def next_wakeup(self) -> float | None:
        return self.wake_at

    def wakeup(self, now: float) -> bytes:
        self.wake_at = now + 0.1
        return self._sensed(now)


def test_the_power_plant_is_told_with_its_figures(booth_file: Path, ptys: PtyServer, tmp_path: Path) -> None:
    plant = "".join(
        f'[[device]]\nname = "{name}"\nkind = "{kind}"\nport = "{tmp_path}/dev/{name}"\n'
        for name, kind in (("genset", "dse"), ("board", "powerboard"))
    )
    booth_file.write_text(booth_file.read_text() + plant)
    firmware = _Firmware()
    ptys.add("ups", Ups(), tmp_path / "dev/ups")
    ptys.add("genset", DseController(Engine()), tmp_path / "dev/genset")
    ptys.add("board", firmware, tmp_path / "dev/board")
    told = {finding.subject: finding for finding in doctor.examine(booth_file, "en", 4.0)}
    assert "load" in told["ups"].what
    assert "Deep Sea Electronics" in told["genset"].what
    assert "engine stopped, mode auto" in told["genset"].what
    assert "mains 230.1 V" in told["board"].what
    assert not any(told[name].remedy for name in ("ups", "genset", "board"))
    assert not firmware.board.report.driven, "looking drives no relay"
