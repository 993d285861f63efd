"""`loket officer`: officers are added beside a running booth; the record of deeds is printed and verified."""

from __future__ import annotations

import io
import sqlite3
import sys
from pathlib import Path

import pytest

from contract.deeds import link
from edge import officer
from edge.adapters.officers import Officers
from edge.adapters.store import SqliteStore

PIN = "480217"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "booth.toml"
    file.write_text(
        f'[booth]\nid = "b1"\nname = "Loket 1"\ndata = "data"\n[keys]\nseal = "{"0" * 64}"\ncommand = "{"0" * 64}"\n'
    )
    (tmp_path / "data").mkdir()
    return file


def _typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_an_officer_is_added_listed_and_removed(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _typed(monkeypatch, PIN + "\n")
    assert officer.main(["add", str(config), "Sari"]) == 0
    officers = Officers(config.parent / "data")
    assert officers.check("Sari", PIN)
    officers.set_page("Sari", 3)
    assert officer.main(["list", str(config)]) == 0
    shown = capsys.readouterr().out
    assert "Sari\tfinger 3" in shown
    assert PIN not in shown
    assert officer.main(["remove", str(config), "Sari"]) == 0
    assert officers.names() == ()


@pytest.mark.parametrize(
    ("words", "typed", "told"),
    [
        (["add", "CONFIG", "Sari"], "123456\n", "counts up or down"),
        (["pin", "CONFIG", "Sari"], PIN, "no officer of this booth"),
        (["remove", "CONFIG", "Sari"], "", "no officer of this booth"),
        (["add", "CONFIG"], "", "usage"),
        (["record", "CONFIG"], "", "has not run yet"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    typed: str,
    told: str,
) -> None:
    _typed(monkeypatch, typed)
    assert officer.main([str(config) if word == "CONFIG" else word for word in words]) == 2
    assert told in capsys.readouterr().err


def test_the_record_is_printed_while_the_booth_runs_and_a_change_is_found(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = SqliteStore(config.parent / "data", {})
    first = link(None, 1_700_000_000.0, "Sari", "sign-in", "", "pin")
    store.commit({}, deeds=[first, link(first, 1_700_000_060.0, "Sari", "call", "A-001")])
    assert officer.main(["record", str(config)]) == 0
    shown = capsys.readouterr().out
    assert "1\t2023-11-14T22:13:20+00:00\tSari\tsign-in" in shown
    assert "2 deeds, none altered or missing" in shown
    store.close()
    other = sqlite3.connect(config.parent / "data" / "booth.db", isolation_level=None)
    other.executescript("DROP TRIGGER deed_changed; UPDATE deed SET officer='Budi' WHERE n=1;")
    other.close()
    assert officer.main(["record", str(config)]) == 1
    assert "deed 1 was altered" in capsys.readouterr().err
