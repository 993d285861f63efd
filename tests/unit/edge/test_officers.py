"""Officers sign in by a PIN that nobody guesses and nobody reads; the file can change while the booth runs."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from argon2 import extract_parameters

from edge.adapters.officers import Officer, Officers, OfficersError, _parsed, pin_problem

GOOD, OTHER = "480217", "905138"


class Clock:
    """Monotonic seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_only_the_right_pin_of_the_right_name_lets_in(tmp_path: Path) -> None:
    officers = Officers(tmp_path)
    officers.add("Sari", GOOD)
    officers.add("Budi", OTHER)
    assert officers.check("Sari", GOOD)
    assert not officers.check("Sari", OTHER)
    assert not officers.check("Budi", GOOD)
    assert not officers.check("Nobody", GOOD)
    assert not officers.check("Sari", "")
    assert officers.names() == ("Budi", "Sari")


@pytest.mark.parametrize(
    ("pin", "told"),
    [
        ("12345", "6 to 12 digits"),
        ("1" * 13, "6 to 12 digits"),
        ("48a217", "digits only"),
        ("٤٨٠٢١٧", "digits only"),
        ("123456", "counts up or down"),
        ("890123", "counts up or down"),
        ("987654", "counts up or down"),
        ("777777", "one digit"),
        ("121212", "repeats 12"),
        ("4804804", "repeats 480"),
    ],
)
def test_a_pin_that_would_be_guessed_is_refused_with_the_reason(tmp_path: Path, pin: str, told: str) -> None:
    assert told in pin_problem(pin)
    officers = Officers(tmp_path)
    with pytest.raises(OfficersError, match=told):
        officers.add("Sari", pin)
    assert officers.names() == ()


def test_the_file_is_private_and_shows_no_pin(tmp_path: Path) -> None:
    officers = Officers(tmp_path)
    officers.add("Sari", GOOD)
    assert stat.S_IMODE(officers.path.stat().st_mode) == 0o600
    text = officers.path.read_text()
    assert GOOD not in text
    parameters = extract_parameters(_parsed(text.encode())["Sari"].pin)
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (19 * 1024, 2, 1)


def test_the_booth_sees_what_the_command_line_changed(tmp_path: Path) -> None:
    booth, line = Officers(tmp_path), Officers(tmp_path)
    assert booth.names() == ()
    line.add("Sari", GOOD)
    assert booth.check("Sari", GOOD)
    line.set_pin("Sari", OTHER)
    assert not booth.check("Sari", GOOD)
    assert booth.check("Sari", OTHER)
    line.remove("Sari")
    assert not booth.check("Sari", OTHER)


def test_fingers_have_a_page_each(tmp_path: Path) -> None:
    officers = Officers(tmp_path)
    officers.add("Sari", GOOD)
    officers.add("Budi", OTHER)
    first = officers.free_page()
    officers.set_page("Sari", first)
    assert officers.by_page(first) == "Sari"
    assert officers.free_page() != first
    with pytest.raises(OfficersError, match="Sari's"):
        officers.set_page("Budi", first)
    officers.set_pin("Sari", OTHER)
    assert officers.by_page(first) == "Sari", "a new PIN leaves the finger"
    officers.set_page("Sari", None)
    assert officers.by_page(first) == ""
    assert officers.free_page() == first


def test_unknown_and_doubled_names_are_told(tmp_path: Path) -> None:
    officers = Officers(tmp_path)
    officers.add(" Sari ", GOOD)
    with pytest.raises(OfficersError, match="Sari is an officer already"):
        officers.add("sari", OTHER)
    with pytest.raises(OfficersError, match="Known: Sari"):
        officers.remove("Sara")
    for name in ("", " ", "a\nb", "x" * 41):
        with pytest.raises(OfficersError, match="is no name"):
            officers.add(name, OTHER)


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b'{"officers": []}', b'{"officers": {"a": 1}}', b"\xff", b"[" * 9_999]
)
def test_a_damaged_file_lets_nobody_in_is_told_and_is_not_replaced(tmp_path: Path, raw: bytes) -> None:
    officers = Officers(tmp_path)
    officers.add("Sari", GOOD)
    officers.path.write_bytes(raw)
    assert not officers.check("Sari", GOOD)
    assert officers.names() == ()
    assert "damaged" in officers.trouble()
    assert "loket officer add" in officers.trouble()
    with pytest.raises(OfficersError, match="Restore"):
        officers.add("Budi", OTHER)
    assert officers.path.read_bytes() == raw


def test_a_file_that_was_mended_is_believed_again(tmp_path: Path) -> None:
    officers = Officers(tmp_path)
    officers.add("Sari", GOOD)
    raw = officers.path.read_bytes()
    officers.path.write_bytes(b"{")
    assert officers.trouble()
    officers.path.write_bytes(raw)
    assert officers.check("Sari", GOOD)
    assert officers.trouble() == ""


def test_a_hash_that_is_none_lets_nobody_in(tmp_path: Path) -> None:
    officers = Officers(tmp_path)
    officers.path.write_text('{"officers": {"Sari": {"pin": "480217"}}}')
    assert not officers.check("Sari", GOOD)


def test_guessing_is_slowed_down_and_ends_with_time_or_a_new_pin(tmp_path: Path) -> None:
    clock = Clock()
    officers = Officers(tmp_path, clock)
    officers.add("Sari", GOOD)
    officers.add("Budi", OTHER)
    for _ in range(5):
        officers.check("Sari", "000001")
    assert officers.wait_s("Sari") == 15.0
    assert not officers.check("Sari", GOOD), "not even the right one is looked at"
    assert officers.check("Budi", OTHER), "others are not locked out"
    clock.now += 15.0
    officers.check("Sari", "000001")
    assert officers.wait_s("Sari") == 30.0
    clock.now += 30.0
    assert officers.check("Sari", GOOD)
    assert officers.wait_s("Sari") == 0.0


def test_names_that_nobody_has_are_slowed_down_together(tmp_path: Path) -> None:
    officers = Officers(tmp_path, Clock())
    for at in range(5):
        officers.check(f"guess-{at}", GOOD)
    assert officers.wait_s("guess-9") > 0


def test_power_lost_while_the_file_is_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    officers = Officers(tmp_path)
    officers.add("Sari", GOOD)

    def cut(_handle: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", cut)
    with pytest.raises(OfficersError, match="cannot be written"):
        officers.add("Budi", OTHER)
    monkeypatch.undo()
    assert Officers(tmp_path).names() == ("Sari",)
    officers.add("Budi", OTHER)
    assert Officers(tmp_path).names() == ("Budi", "Sari")


def test_an_officer_is_shown_without_the_hash_being_guessable(tmp_path: Path) -> None:
    officers = Officers(tmp_path)
    officers.add("Sari", GOOD)
    officers.add("Budi", GOOD)
    known: dict[str, Officer] = _parsed(officers.path.read_bytes())
    assert known["Sari"].pin != known["Budi"].pin, "equal PINs do not look equal"
