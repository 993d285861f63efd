"""An officer finds in docs/officer.md every button and every refusal of the page, in both languages, word for word."""

from __future__ import annotations

import re

import pytest

from edge.core.refusals import SENTENCES
from edge.screen.refusals import INDONESIAN
from edge.screen.texts import TEXTS
from tests.tools.check import ROOT

TEXT = (ROOT / "docs" / "officer.md").read_text(encoding="utf-8")
_, *_PARTS = re.split(r"^## (?:Bahasa Indonesia|English)$", TEXT, flags=re.MULTILINE)
LANGUAGES = dict(zip(("id", "en"), _PARTS, strict=True))
#: Sentences that are nothing but figures: what they say stands in the table of troubles.
FIGURES = {code for code, words in SENTENCES.items() if not re.sub(r"\{\w+\}|[ :]", "", words)}
BUTTONS = (
    "login.do", "login.finger.do", "sign.out", "finger.do", "ticket.give", "bar.start", "bar.next", "bar.retry",
    "bar.exception", "bar.stop", "call.recording", "call.front", "deed.arrive", "deed.recall", "deed.skip",
    "deed.return", "deed.back", "deed.done", "deed.gone", "deed.card", "deed.reprint", "deed.settle",
    "deed.begin-reason", "deed.accept", "deed.withdraw", "hand.holder", "hand.representative", "panel.ticket",
    "panel.basket", "panel.more",
)  # fmt: skip
KEYS = {"F1": "bar.next", "F2": "bar.retry", "F3": "bar.exception", "F4": "bar.stop", "F8": "call.recording"}


def sentence(language: str, code: str) -> str:
    """As the page shows it, with dots for its figures."""
    words = re.sub(r"\{\w+\}", "…", (INDONESIAN if language == "id" else SENTENCES)[code])
    return words[:1].upper() + words[1:]


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("code", sorted(set(SENTENCES) - FIGURES))
def test_each_refusal_has_its_row(code: str, language: str) -> None:
    assert f"\n| {sentence(language, code)} | " in LANGUAGES[language]


def test_only_sentences_without_words_of_their_own_have_no_row() -> None:
    assert {"no-energy", "device-trouble", "finger-trouble"} == FIGURES


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("key", BUTTONS)
def test_each_button_is_named_as_it_stands_on_the_page(key: str, language: str) -> None:
    assert f"**{TEXTS[key][language == 'en']}**" in " ".join(LANGUAGES[language].split())


@pytest.mark.parametrize("language", ["id", "en"])
def test_keys_are_those_of_the_buttons(language: str) -> None:
    for key, label in {**KEYS, "F9": "call.front"}.items():
        assert f"| **{TEXTS[label][language == 'en']}** | {key} |" in LANGUAGES[language]


def test_both_languages_have_the_same_chapters_and_rows() -> None:
    shapes = [
        (text.count("\n### "), text.count("\n| "), len(re.findall(r"^\d\. ", text, flags=re.MULTILINE)))
        for text in LANGUAGES.values()
    ]
    assert len(shapes) == 2
    assert shapes[0] == shapes[1]
