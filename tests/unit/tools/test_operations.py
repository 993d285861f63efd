"""Whoever is called by an alarm finds in docs/operations.md what it is and what to do."""

from __future__ import annotations

import re

import pytest

from edge.core.alarms import ALARMS
from tests.tools.check import ROOT

TEXT = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
SECTIONS = {
    part.partition("\n")[0].strip(): re.split(r"^#{2,3} ", part.partition("\n")[2], flags=re.MULTILINE)[0]
    for part in re.split(r"^### ", TEXT, flags=re.MULTILINE)[1:]
}


def test_each_alarm_has_its_section_and_no_section_is_of_an_alarm_that_does_not_exist() -> None:
    assert sorted(SECTIONS) == sorted(ALARMS)
    assert TEXT.count("\n### ") == len(SECTIONS), "a key is the heading of two sections"


@pytest.mark.parametrize("key", ALARMS)
def test_a_section_says_all_that_a_technician_needs_in_the_same_order(key: str) -> None:
    section = SECTIONS[key]
    indonesian = section.strip().partition("\n")[0]
    assert re.fullmatch(r"\*[A-Z].*\.\*", indonesian), "it begins with one short Indonesian sentence"
    parts = ["**Priority:**", "**Means:**", "**The booth by itself:**", "**Check, in order:**", "**Goes away:**"]
    places = [section.find(part) for part in parts]
    assert -1 not in places and places == sorted(places)
    steps = re.findall(r"^  (\d)\. ", section, flags=re.MULTILINE)
    assert steps == [str(n) for n in range(1, len(steps) + 1)] and steps


@pytest.mark.parametrize("key", ALARMS)
def test_a_section_names_the_priority_that_the_booth_gives(key: str) -> None:
    (word,) = re.findall(r"\*\*Priority:\*\* (\w+)\.", SECTIONS[key])
    assert word == ALARMS[key].priority.value
