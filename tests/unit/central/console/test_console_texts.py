"""Every visible word of the console exists in both languages, and stands in the catalogue alone."""

from __future__ import annotations

import re
import string
from html.parser import HTMLParser
from pathlib import Path

import pytest

from central.console import remedies, texts
from central.core import nik, record
from contract.desk import Standing

CONSOLE = Path(texts.__file__).parent
TEMPLATES = sorted((CONSOLE / "templates").glob("*.html"))
NAMES = {"Loket", "WIB", "UTC+7", "Bahasa Indonesia", "English"}


def places(words: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(words) if name is not None)


@pytest.mark.parametrize("key", texts.TEXTS)
def test_a_text_is_in_both_languages_with_the_same_places(key: str) -> None:
    indonesian, english = texts.TEXTS[key]
    assert indonesian.strip() and english.strip()
    assert places(indonesian) == places(english)


def test_every_text_that_a_template_asks_for_exists() -> None:
    asked = {key for path in TEMPLATES for key in re.findall(r'\bt\("([a-z.A-Z_-]+)"[),]', path.read_text())}
    asked |= {
        key for path in CONSOLE.glob("*.py") for key in re.findall(r'text\(\w+, "([a-z.A-Z_-]+)"', path.read_text())
    }
    assert len(asked) > 100
    assert asked <= texts.TEXTS.keys()


class Visible(HTMLParser):
    """Collects what a reader would see or hear of a template."""

    SHOWN = frozenset({"title", "alt", "placeholder", "aria-label"})

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words += re.findall(r"[^\W\d_]{2,}(?: [^\W\d_]+)*", data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in self.SHOWN and value:
                self.handle_data(value)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_holds_no_words_of_its_own(path: Path) -> None:
    bare = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", path.read_text(), flags=re.DOTALL)
    reader = Visible()
    reader.feed(bare)
    assert [words for words in reader.words if words not in NAMES and words != "UTC"] == []


def test_a_remedy_of_the_booth_is_told_in_indonesian() -> None:
    remedy = "Open the cover, take the jammed card out, close it. Put in a new ribbon."
    told = remedies.translated("id", remedy)
    assert told == "Buka penutup, keluarkan kartu yang macet, tutup lagi. Pasang pita baru."
    assert remedies.translated("en", remedy) == remedy


@pytest.mark.parametrize("standing", [Standing.ENROLLED, Standing.DUPLICATE, Standing.UNKNOWN])
@pytest.mark.parametrize("reason", ["", "a card was issued"])
def test_why_a_recording_is_not_sent_is_told_in_indonesian(standing: Standing, reason: str) -> None:
    told = remedies.translated("id", nik.refusal(standing, reason))
    assert told.startswith("pusat ") and told.endswith("; tidak ada yang dikirim") and reason in told


@pytest.mark.parametrize("wrong", record.WORDS)
def test_a_broken_record_is_told_in_indonesian(wrong: str) -> None:
    told = remedies.translated("id", record.complaint("aaaaaaaaaaaa", 7, wrong))
    assert "putus pada 7" in told and "the" not in told.split()


def test_what_varies_in_a_message_survives_its_translation() -> None:
    told = remedies.translated("id", "not begun: the printer's card counter went from 14 to 15")
    assert told == "belum mulai: hitungan kartu pencetak berubah dari 14 ke 15"


def test_an_unknown_message_is_shown_as_it_came() -> None:
    assert remedies.translated("id", "The flux is inverted.") == "The flux is inverted."


@pytest.mark.parametrize("english", remedies.KNOWN)
def test_a_translation_keeps_every_place(english: str) -> None:
    assert english.count("{}") == remedies.KNOWN[english].count("{}")
