"""What the hall is told in words, and how numbers are given to whoever touches the page."""

from __future__ import annotations

import asyncio
import re
import string
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contract.desk import Precedence, Service
from contract.messages import DeviceState, Supply
from edge.core.refusals import Refusal, refuse
from edge.core.view import DeviceView, PowerView, View, Wait
from edge.screen import board_picture as picture
from edge.screen import texts_board
from edge.screen.board import Counter, board_parts
from tests.tools.board_demo import Hall, called, closed, hall, outage

SCREEN = Path(texts_board.__file__).parent


def words(view: View, language: Any = "id") -> str:
    """All that the board says, without its tags."""
    booth = Hall(view)
    html = " ".join(board_parts(booth.context, language).values())
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


# --- the wait ---


@pytest.mark.parametrize(
    ("wait", "about", "between"),
    [
        (Wait(2100, 1500, 3000), "± 35 mnt", "25–50 mnt"),
        (Wait(2101, 1499, 3001), "± 40 mnt", "20–55 mnt"),
        (Wait(120, 0, 290), "± 5 mnt", "0–5 mnt"),
        (Wait(6300, 3000, 9100), "± 2 jam", "50 mnt–3 jam"),
        (Wait(9000, 7300, 9100), "± 2½ jam", "2–3 jam"),
        (Wait(20, 0, 40), "langsung dilayani", None),
        (None, "belum pasti", None),
    ],
)
def test_a_wait_is_told_roughly_and_never_too_short(wait: Wait | None, about: str, between: str | None) -> None:
    assert picture.expected("id", wait) == about
    if wait and between:
        assert picture.span("id", wait) == between


def test_an_unknown_wait_is_never_shown_as_none() -> None:
    view = outage()
    assert "KTP baru New card 7 belum pasti" in words(view)


# --- what a power cut means ---


@pytest.mark.parametrize(
    ("power", "told"),
    [
        (PowerView(Supply.ON_BATTERY, may_print=False), "Listrik padam : pencetakan kartu berhenti, antrean tetap"),
        (
            PowerView(Supply.ON_BATTERY, may_record=False, may_print=False),
            "Listrik padam : perekaman baru dan cetak menunggu listrik",
        ),
        (PowerView(Supply.GENSET_STARTING), "Listrik padam : semua layanan tetap berjalan"),
        (PowerView(Supply.ON_GENSET), "Listrik padam, genset menyala : semua layanan tetap berjalan"),
        (PowerView(Supply.MAINS_RETURNING, may_print=False), "Listrik baru kembali : pencetakan mulai lagi"),
        (PowerView(Supply.SHUTTING_DOWN), "Loket segera padam : nomor Anda tidak hilang"),
    ],
)
def test_an_outage_is_told_with_what_it_means_for_people(power: PowerView, told: str) -> None:
    assert told in words(hall(power=power))


def test_a_booth_on_mains_says_nothing_of_power() -> None:
    assert "istrik" not in words(hall())


def test_the_board_goes_on_without_the_coordinator_and_says_what_it_means() -> None:
    told = words(hall(link=False))
    assert "A-027" in told and "perekaman tetap berjalan, kartu dicetak setelah tersambung lagi" in told


def test_a_broken_card_printer_is_told_as_slower_cards() -> None:
    broken = hall(devices=(DeviceView("printer", "evolis", DeviceState.FAULT),))
    assert "Pencetak kartu sedang ditangani" in words(broken)


# --- calls, numbers, hours ---


def test_the_board_shows_the_call_the_next_three_and_who_was_called_before() -> None:
    told = words(hall())
    assert "A-027 Loket 3" in told
    assert "Bersiap Get ready A-028 B-012 A-029 Tadi" in told
    assert "B-011 Loket 2 A-026 Loket 3 E-018 Loket 2" in told


def test_a_second_call_is_told_as_such() -> None:
    view = hall()
    again = replace(view, queue=replace(view.queue, board=(called("A-027", "3", 2, calls=2),)))
    assert "Panggilan ke-2" in words(again)
    assert "Panggilan ke-" not in words(view)


def test_only_a_new_call_swells() -> None:
    view = hall()
    old = replace(view, queue=replace(view.queue, board=(called("A-027", "3", 60),)))
    assert 'class="call fresh"' in board_parts(Hall(view).context, "id")["hero"]
    assert "fresh" not in board_parts(Hall(old).context, "id")["hero"]


@pytest.mark.parametrize(
    ("view", "told"),
    [
        (closed(), "Buka pukul 08:00"),
        (closed("day-full", capacity=100), "Nomor hari ini sudah habis (100)"),
        (closed("halted", none=0), "Nomor baru belum dapat diberikan"),
    ],
)
def test_closed_and_full_are_told_with_their_reason(view: View, told: str) -> None:
    assert told in words(view)


def test_a_picture_that_is_not_renewed_is_told_as_old() -> None:
    view = hall()
    assert "Angka ini dari pukul" not in words(view)
    assert "Angka ini dari pukul" in words(replace(view, wall=view.wall - 600))


@pytest.mark.parametrize(("first", "second"), [("id", "en"), ("en", "id")])
def test_the_board_speaks_both_languages_at_once(first: str, second: str) -> None:
    told = words(hall(), first)
    index = ("id", "en").index(first)
    for key in ("board.called", "board.next", "service.new"):
        one, two = texts_board.TEXTS[key][index], texts_board.TEXTS[key][1 - index]
        assert told.index(one) < told.index(two, told.index(one))


# --- giving numbers ---


def giving(booth: Hall, run: Callable[[Counter, list[float]], Coroutine[Any, Any, Any]]) -> Any:
    async def all_of_it() -> Any:
        clock = [100.0]
        return await run(Counter(booth.context, lambda: clock[0]), clock)

    return asyncio.run(all_of_it())


def test_one_form_gives_one_number_however_often_it_is_sent() -> None:
    booth = Hall(hall())

    async def run(counter: Counter, clock: list[float]) -> set[Any]:
        taps = [counter.take("form", Service.NEW, Precedence.NONE) for _ in range(5)]
        found = set(await asyncio.gather(*taps))
        clock[0] += 60
        return found | {await counter.take("form", Service.NEW, Precedence.NONE)}

    assert giving(booth, run) == {("t-A-072", "")}
    assert len(booth.asked) == 1


def test_within_seconds_nobody_gets_a_second_number() -> None:
    booth = Hall(hall())

    async def run(counter: Counter, clock: list[float]) -> list[Any]:
        found = [await counter.take("one", Service.NEW, Precedence.NONE)]
        clock[0] += 3.9
        found.append(await counter.take("two", Service.NEW, Precedence.NONE))
        clock[0] += 0.2
        found.append(await counter.take("three", Service.LOST, Precedence.ELDERLY))
        return found

    assert giving(booth, run) == [("t-A-072", ""), ("", "take.slow"), ("t-B-073", "")]


def test_a_refusal_is_told_and_the_same_form_may_ask_again() -> None:
    booth = Hall(hall())
    booth.refusal = refuse("day-full", capacity=100)

    async def run(counter: Counter, clock: list[float]) -> tuple[str, Refusal | str]:
        first = await counter.take("form", Service.NEW, Precedence.NONE)
        booth.refusal = None
        clock[0] += 10
        assert await counter.take("form", Service.NEW, Precedence.NONE) == ("t-A-072", "")
        return first

    assert giving(booth, run) == ("", refuse("day-full", capacity=100))


def test_a_silent_booth_is_asked_once_because_the_number_may_yet_come(monkeypatch: pytest.MonkeyPatch) -> None:
    booth = Hall(hall())
    asked = []

    async def silent(action: object, officer: str = "") -> None:
        asked.append(action)

    monkeypatch.setattr(booth.context, "ask", silent)

    async def run(counter: Counter, clock: list[float]) -> list[Any]:
        first = await counter.take("form", Service.NEW, Precedence.NONE)
        clock[0] += 60
        return [first, await counter.take("form", Service.NEW, Precedence.NONE)]

    assert giving(booth, run) == [("", "take.silent")] * 2
    assert len(asked) == 1


# --- words ---


@pytest.mark.parametrize("key", texts_board.TEXTS)
def test_a_text_is_in_both_languages_with_the_same_places(key: str) -> None:
    indonesian, english = texts_board.TEXTS[key]
    places = [{name for _, name, _, _ in string.Formatter().parse(said) if name} for said in (indonesian, english)]
    assert indonesian.strip() and english.strip() and places[0] == places[1]


def test_no_text_is_idle() -> None:
    sources = [SCREEN / "board.py", SCREEN / "board_picture.py", *SCREEN.glob("templates/*board*.html")]
    sources += SCREEN.glob("templates/*take*.html")
    whole = "".join(path.read_text(encoding="utf-8") for path in sources)
    made = ("service.", "bring.", "precedence.", "closed.", "paper.")
    assert [key for key in texts_board.TEXTS if key not in whole and not key.startswith(made)] == []
