"""What people hear when their number is called."""

from __future__ import annotations

import pytest

from edge.core.speech import sentence, words


@pytest.mark.parametrize(
    ("number", "place", "indonesian", "english"),
    [
        (
            "A-027",
            "3",
            "Nomor antrian A nol dua tujuh, silakan ke loket tiga",
            "Number A zero two seven, please go to counter three",
        ),
        (
            "B-1409",
            "11",
            "Nomor antrian B satu empat nol sembilan, silakan ke loket sebelas",
            "Number B one four zero nine, please go to counter eleven",
        ),
        (
            "Z-658",
            "meja  depan",
            "Nomor antrian Z enam lima delapan, silakan ke meja depan",
            "Number Z six five eight, please go to meja depan",
        ),
        ("A-001", "", "Nomor antrian A nol nol satu", "Number A zero zero one"),
    ],
)
def test_a_call_is_said_digit_by_digit_in_both_languages(
    number: str, place: str, indonesian: str, english: str
) -> None:
    assert sentence(words(number, place)) == indonesian
    assert sentence(words(number, place, "en")) == english


@pytest.mark.parametrize(
    ("place", "indonesian", "english"),
    [
        ("0", "nol", "zero"),
        ("10", "sepuluh", "ten"),
        ("12", "dua belas", "twelve"),
        ("20", "dua puluh", "twenty"),
        ("47", "empat puluh tujuh", "forty-seven"),
    ],
)
def test_counters_have_numerals(place: str, indonesian: str, english: str) -> None:
    assert words("A-001", place)[-1].text == indonesian
    assert words("A-001", place, "en")[-1].text == english


def test_every_word_has_its_recording_with_one_name_in_both_languages() -> None:
    clips = [word.clip for word in words("A-027", "3")]
    assert clips == ["nomor-antrian", "huruf-a", "angka-0", "angka-2", "angka-7", "silakan-ke-loket", "angka-3"]
    assert clips == [word.clip for word in words("A-027", "3", "en")]
    assert [word.clip for word in words("A-027", "Meja Depan/2")][-2:] == ["silakan-ke", "tempat-meja-depan-2"]


def test_a_name_of_a_place_cannot_lead_out_of_the_folder_of_recordings() -> None:
    assert words("A-001", "../../etc/passwd")[-1].clip == "tempat-etc-passwd"
    assert words("A-001", "日本")[-1].clip == "tempat-lain"
