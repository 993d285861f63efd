"""What the officer's page says: every refusal and every text in both languages, errors in plain words."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from edge.core.refusals import SENTENCES, refuse
from edge.devices.sbi_answers import REMEDIES
from edge.screen.context import HERE
from edge.screen.deeds import DEEDS
from edge.screen.refusals import INDONESIAN, told
from edge.screen.remedies import translated
from edge.screen.texts import TEXTS
from edge.screen.words import clock, duration

TEMPLATES = [
    path for path in (HERE / "templates").glob("*.html") if "board" not in path.name and "take" not in path.name
]


def figures(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_refusal_of_the_core_has_an_indonesian_sentence_with_the_same_figures() -> None:
    assert set(INDONESIAN) == set(SENTENCES)
    assert {code for code in SENTENCES if figures(SENTENCES[code]) != figures(INDONESIAN[code])} == set()


def test_every_text_names_the_same_figures_in_both_languages() -> None:
    assert {key for key, (indonesian, english) in TEXTS.items() if figures(indonesian) != figures(english)} == set()


def test_every_text_that_a_template_names_exists() -> None:
    named = {
        found
        for path in TEMPLATES
        for found in re.findall(r"\bt\(\"([a-z0-9._-]+)\"[,)]", Path(path).read_text(encoding="utf-8"))
    }
    assert len(named) > 60
    assert named - set(TEXTS) == set()


def test_every_form_says_what_it_did() -> None:
    assert {name for name in DEEDS if f"done.{name}" not in TEXTS} == set()


def test_figures_of_a_refusal_that_are_words_of_the_program_are_translated() -> None:
    assert told("id", refuse("wrong-state", number="A-027", state="skipped")) == "Nomor A-027 dilewati"
    assert told("en", refuse("wrong-state", number="A-027", state="skipped")) == "The ticket A-027 is skipped"
    assert told("id", refuse("no-such-part", subtype="Right IndexFinger", modality="iris")).startswith("Telunjuk kanan")


def test_every_remedy_of_a_capture_device_is_told_in_plain_indonesian() -> None:
    same = {remedy for remedy in REMEDIES.values() if translated("id", remedy) == remedy}
    assert same == set()


@pytest.mark.parametrize(
    ("english", "indonesian"),
    [
        ("below 40: Right IndexFinger 31", "mutu di bawah 40: Telunjuk kanan 31"),
        ("below 60: Left 44", "mutu di bawah 60: Mata kiri 44"),
        (
            "the battery lasts 14 min, and 16 min are needed to finish: wait for the mains",
            "baterai cukup 14 menit, perlu 16 menit sampai selesai: tunggu listrik",
        ),
        ("the device is not ready: The device is busy: wait a moment and try again.", "alat belum siap: Alat sedang"),
        ("something nobody has written down", "something nobody has written down"),
    ],
)
def test_errors_of_the_core_are_told_in_indonesian(english: str, indonesian: str) -> None:
    assert translated("id", english).startswith(indonesian)


def test_a_length_of_time_is_told_as_people_say_it_and_unknown_is_never_zero() -> None:
    assert duration("id", 840) == "14 menit"
    assert duration("en", 7_500) == "2 h 5 min"
    assert duration("id", 0) == "0 detik"
    assert duration("id", None) == "tidak diketahui"
    assert clock(0) == "07:00"
