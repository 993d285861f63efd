"""The booths' records of who did what: kept as they are, and a broken chain is told with its place."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from central.adapters.changes import ChangesHub
from central.adapters.views import StoreViews
from central.console.app import create_app
from central.console.settings import ConsoleSettings
from central.runtime import Inbox
from contract import deeds
from contract.desk import Deed
from tests.unit.central.booth import START, Booth, World

AT = START.timestamp()


def record(count: int, officer: str = "siti") -> list[Deed]:
    chain: list[Deed] = []
    for n in range(count):
        last = chain[-1] if chain else None
        chain.append(deeds.link(last, AT + 60.0 * n, officer, "call-next", f"t-{n + 1}"))
    return chain


def states(views: StoreViews) -> list[tuple[str, int, int | None, str]]:
    return [(chain.booth, chain.deeds, chain.broken, chain.trouble) for chain in views.chains()]


def test_a_whole_record_is_kept_and_called_whole(world: World, booth: Booth, views: StoreViews) -> None:
    world.give(*(booth.event(deed) for deed in record(3)))
    assert states(views) == [("b1", 3, None, "")]
    assert [(deed.n, deed.officer, deed.action, deed.subject) for deed in views.deeds()] == [
        (3, "siti", "call-next", "t-3"),
        (2, "siti", "call-next", "t-2"),
        (1, "siti", "call-next", "t-1"),
    ]
    assert views.totals().dead_letters == 0


def test_a_deed_that_comes_twice_counts_once(world: World, booth: Booth, views: StoreViews) -> None:
    world.give(*(booth.event(deed) for deed in record(2)))
    world.give(booth.again(1), booth.again(2))
    world.restart()
    world.give(booth.again(2))
    assert states(views) == [("b1", 2, None, "")]


@pytest.mark.parametrize("change", [{"officer": "budi"}, {"detail": "x"}, {"time": AT}, {"hash": "a" * 64}])
def test_an_altered_deed_is_kept_marked_and_named(
    world: World, booth: Booth, views: StoreViews, change: dict[str, object]
) -> None:
    chain = record(3)
    chain[1] = chain[1].model_copy(update=change)
    world.give(*(booth.event(deed) for deed in chain))
    (state,) = states(views)
    assert state == ("b1", 3, 2, "altered")
    assert any("breaks at deed 2: its content does not have its hash" in one.reason for one in views.dead_letters())
    assert views.deeds()[1].trouble == "altered"


def test_a_record_that_was_written_anew_from_some_deed_on_is_noticed(
    world: World, booth: Booth, views: StoreViews
) -> None:
    first, second = record(2)
    forged = deeds.link(second.model_copy(update={"hash": "b" * 64}), AT + 200.0, "budi", "hand-over")
    world.give(*(booth.event(deed) for deed in (first, second, forged)))
    assert states(views) == [("b1", 3, 3, "elsewhere")]


def test_a_missing_deed_is_named_by_the_one_that_follows_it(world: World, booth: Booth, views: StoreViews) -> None:
    first, _, third, fourth = record(4)
    world.give(*(booth.event(deed) for deed in (first, third, fourth)))
    assert states(views) == [("b1", 3, 3, "missing")]
    assert "breaks at deed 3: the deed before it is missing" in views.dead_letters()[0].reason


def test_a_record_that_does_not_begin_at_its_beginning_is_broken(
    world: World, booth: Booth, views: StoreViews
) -> None:
    world.give(booth.event(record(2)[1]))
    assert states(views) == [("b1", 1, 2, "missing")]


def test_a_number_that_is_used_twice_is_noticed(world: World, booth: Booth, views: StoreViews) -> None:
    world.give(*(booth.event(deed) for deed in (*record(2), record(2, officer="budi")[1])))
    assert states(views) == [("b1", 3, 2, "twice")]


@pytest.mark.parametrize("whole", [True, False])
def test_a_deed_that_was_counted_as_lost_and_comes_after_all_mends_the_record(
    world: World, booth: Booth, views: StoreViews, whole: bool
) -> None:
    chain = record(3)
    events = [booth.event(deed) for deed in chain]
    world.give(events[0], events[2], booth.hello(first=3))
    assert states(views) == [("b1", 2, 3, "missing")]
    if not whole:
        events[1] = booth.event(record(2, officer="budi")[1], seq=2)
    world.give(events[1])
    assert states(views) == [("b1", 3, None, "")] if whole else [("b1", 3, 2, "elsewhere")]


def test_a_new_memory_begins_a_record_of_its_own(world: World, booth: Booth, views: StoreViews) -> None:
    world.give(*(booth.event(deed) for deed in record(2)))
    world.give(*(Booth(epoch="bbbbbbbbbbbb").event(deed) for deed in record(1)))
    assert sorted(states(views)) == [("b1", 1, None, ""), ("b1", 2, None, "")]


# --- the page ------------------------------------------------------------------------------------------


@pytest.fixture
def browser(views: StoreViews) -> TestClient:
    app = create_app(views, Inbox(), ChangesHub(), ConsoleSettings())
    return TestClient(app, base_url="http://127.0.0.1:8080")


def rows(page: str) -> list[str]:
    """The deeds' rows, as words."""
    body = page[page.index('id="deeds"') :]
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in re.findall(r"<tr.*?</tr>", body, re.DOTALL)[1:]]


def test_the_page_says_who_did_what_and_that_the_record_is_whole(
    world: World, booth: Booth, browser: TestClient
) -> None:
    world.give(*(booth.event(deed) for deed in record(2)))
    page = browser.get("/audit").text
    assert "utuh, 2 catatan" in page and "putus pada" not in page
    assert [("siti" in row, "memanggil berikutnya" in row, "b1" in row) for row in rows(page)] == [(True,) * 3] * 2
    assert "whole, 2 deeds" in browser.get("/audit?lang=en").text


def test_a_broken_record_stands_on_the_page_with_its_place_and_what_to_do(
    world: World, booth: Booth, browser: TestClient
) -> None:
    first, _, third = record(3)
    world.give(booth.event(first), booth.event(third))
    page = browser.get("/audit").text
    assert "putus pada 3" in page and "catatan sebelumnya hilang" in page and "simpan booth.db" in page
    assert "broken at 3" in browser.get("/audit?lang=en").text


def test_the_deeds_are_filtered_by_booth_officer_and_day(world: World, booth: Booth, browser: TestClient) -> None:
    first = deeds.link(None, AT, "siti", "sign-in")
    second = deeds.link(first, AT + timedelta(days=1).total_seconds(), "budi", "sign-in")
    world.give(booth.event(first), booth.event(second))
    world.give(Booth("b2", epoch="cccccccccccc").event(deeds.link(None, AT, "rina", "sign-out")))

    def found(query: str) -> list[str]:
        page = browser.get(f"/audit?{query}").text
        if 'id="deeds"' not in page:
            return []
        return [name for row in rows(page) for name in ("siti", "budi", "rina") if name in row]

    assert found("")[0] == "budi" and sorted(found("")) == ["budi", "rina", "siti"]
    assert found("booth=b2") == ["rina"]
    assert found("officer=siti") == ["siti"]
    assert found("day=2026-03-03") == ["budi"]
    assert found("booth=b1&officer=siti&day=2026-03-02") == ["siti"]
    assert found("officer=nobody") == [] and "Tidak ada catatan" in browser.get("/audit?officer=nobody").text
    assert len(found("day=yesterday")) == 3


def test_an_officers_name_cannot_write_into_the_page(world: World, booth: Booth, browser: TestClient) -> None:
    world.give(booth.event(deeds.link(None, AT, "<b>&\"x", "sign-in", "<i>", "<u>")))
    page = browser.get("/audit").text
    assert "<b>&" not in page and "<i>" not in page and "<u>" not in page and "&lt;b&gt;" in page


def test_before_any_deed_the_page_says_so(browser: TestClient) -> None:
    assert "Belum ada loket yang mengirim catatan" in browser.get("/audit").text
