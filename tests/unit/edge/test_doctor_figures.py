"""The doctor tells what a device of the power plant measures, in one line and in both languages."""

from __future__ import annotations

import pytest

from edge.core.events import BoardReading, Contact, GensetAlarm, GensetReading, Relay, UpsReading
from edge.doctor import _TEXTS, Finding, measured

UPS = UpsReading(
    "ups", 229.8, 229.8, 220.1, 23, 50.1, 27.3, 31.5, False, False, False, False, True, False, False, False, 100.0, "OL"
)
GENSET = GensetReading("genset", mode="auto", engine="stopped", rpm=0, fuel_pct=64, battery_v=12.6)
BOARD = BoardReading(
    "board", 230.1, 0, 12.6, frozenset(), frozenset({Contact.ATS_MAINS}), False, frozenset({Relay.ATS_INHIBIT})
)


def test_one_line_of_each() -> None:
    known = Finding("ups", "maker APC")
    told = [measured("x", known, one, _TEXTS["en"]) for one in (UPS, GENSET, BOARD)]
    assert [finding.what for finding in told] == [
        "maker APC; OL, input 229.8 V, output 220.1 V, load 23 %, battery 27.3 V (100 %)",
        "maker APC; engine stopped, mode auto, 0 rpm, fuel 64 %, battery 12.6 V, alarms: -",
        "maker APC; mains 230.1 V, genset 0 V, battery 12.6 V, contacts: ats_mains, relays: ats_inhibit",
    ]
    assert not any(finding.remedy for finding in told)


def test_what_is_not_measured_is_a_dash() -> None:
    bare = GensetReading("genset", alarms=(GensetAlarm("low-fuel", "warning"),))
    assert measured("x", None, bare, _TEXTS["id"]).what == (
        "mesin -, mode -, - rpm, bahan bakar -, aki -, alarm: low-fuel (warning)"
    )


@pytest.mark.parametrize("language", ["id", "en"])
def test_a_controller_that_is_not_on_automatic_has_a_remedy(language: str) -> None:
    by_hand = GensetReading("genset", mode="manual")
    assert "AUTO" in measured("x", None, by_hand, _TEXTS[language]).remedy
