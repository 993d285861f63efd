"""Who did what can be neither altered nor taken out without being noticed."""

from __future__ import annotations

import hashlib

import pytest

from contract.deeds import NOTHING, link, verify
from contract.desk import Deed


def _chain(count: int) -> list[Deed]:
    deeds: list[Deed] = []
    for at in range(count):
        deeds.append(link(deeds[-1] if deeds else None, 1_700_000_000.0 + at, "sari", "accept-poor", f"e-{at}", "dry"))
    return deeds


def test_the_hash_is_the_documented_one() -> None:
    first = link(None, 1_700_000_000.25, "Sari", "sign-in", "", 'says "hi"')
    text = NOTHING + '[1,1700000000.25,"Sari","sign-in","","says \\"hi\\""]'
    assert first.hash == hashlib.sha256(text.encode()).hexdigest()
    assert first.previous == NOTHING


def test_an_untouched_record_holds_also_after_its_way_over_the_wire_and_from_its_middle() -> None:
    deeds = [Deed.model_validate_json(deed.model_dump_json()) for deed in _chain(5)]
    assert verify(deeds) == ""
    assert verify(deeds[3:], after=deeds[2]) == ""


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda d: [*d[:2], d[2].model_copy(update={"officer": "budi"}), *d[3:]], "deed 3 was altered"),
        (lambda d: [*d[:2], d[2].model_copy(update={"time": d[2].time + 1}), *d[3:]], "deed 3 was altered"),
        (lambda d: [*d[:2], *d[3:]], "deed 3 is missing"),
        (lambda d: d[1:], "deed 1 is missing"),
        (lambda d: [d[0], d[2], d[1]], "deed 2 is missing"),
        (lambda d: [*d[:2], link(d[1], 5.0, "budi", "x"), *d[3:]], "deed 4 does not follow deed 3"),
    ],
)
def test_whatever_is_changed_is_named(spoil: object, told: str) -> None:
    assert callable(spoil)
    assert verify(spoil(_chain(5))).startswith(told)


def test_long_or_odd_text_is_kept_in_a_form_that_still_verifies() -> None:
    deed = link(None, -5.0, "a\0b", "x" * 600, "\ud800", "Ç 中")
    assert verify([Deed.model_validate_json(deed.model_dump_json())]) == ""
    assert (deed.officer, len(deed.action), deed.time) == ("ab", 500, 0.0)
