"""Officers' fingers are on the disk for the booth alone, and a damaged file stops nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.adapters.templates import Templates

KEY = bytes(range(32))
SITI, BUDI = b"FMR\x00 20\x00" + b"siti's minutiae", b"FMR\x00 20\x00" + b"budi's minutiae"


def test_fingers_are_there_after_a_restart(tmp_path: Path) -> None:
    first = Templates(tmp_path, KEY)
    assert first.all() == {}
    first.put("siti", SITI)
    first.put("budi", BUDI)
    assert Templates(tmp_path, KEY).all() == first.all() == {"siti": SITI, "budi": BUDI}
    first.remove("siti")
    first.remove("nobody")
    assert Templates(tmp_path, KEY).all() == {"budi": BUDI}
    assert first.trouble == ""


def test_who_takes_the_card_has_no_finger(tmp_path: Path) -> None:
    store = Templates(tmp_path, KEY)
    store.put("siti", SITI)
    raw = store.path.read_bytes()
    assert b"siti" not in raw and b"minutiae" not in raw
    assert store.path.stat().st_mode & 0o777 == 0o600
    stranger = Templates(tmp_path, bytes(32))
    assert stranger.all() == {}
    assert "another key" in stranger.trouble


@pytest.mark.parametrize("spoil", ["flipped", "cut", "empty", "text"])
def test_a_damaged_file_is_told_kept_and_replaced(tmp_path: Path, spoil: str, caplog: pytest.LogCaptureFixture) -> None:
    Templates(tmp_path, KEY).put("siti", SITI)
    path = Templates(tmp_path, KEY).path
    raw = path.read_bytes()
    flipped = raw[:30] + bytes([raw[30] ^ 1]) + raw[31:]
    damaged = {"flipped": flipped, "cut": raw[:-9], "empty": b"", "text": b"hello"}[spoil]
    path.write_bytes(damaged)
    store = Templates(tmp_path, KEY)
    assert store.all() == {}
    assert "Enrol the officers' fingers again" in store.trouble
    assert caplog.messages == [store.trouble]
    store.put("budi", BUDI)
    assert store.trouble == ""
    assert Templates(tmp_path, KEY).all() == {"budi": BUDI}
    assert path.with_suffix(".damaged").read_bytes() == damaged


def test_a_write_that_fails_leaves_the_old_fingers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Templates(tmp_path, KEY)
    store.put("siti", SITI)

    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="space"):
        store.put("budi", BUDI)
    assert store.all() == {"siti": SITI}
    assert Templates(tmp_path, KEY).all() == {"siti": SITI}
    monkeypatch.undo()
    store.put("budi", BUDI)
    assert Templates(tmp_path, KEY).all() == {"siti": SITI, "budi": BUDI}
