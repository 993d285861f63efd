"""The hall before the booth's board, and a visitor's finger on the ticket page, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from contract.desk import PaperState, Precedence, Service
from edge.core.actions import TakeTicket
from tests.integration.needs import needs_program
from tests.tools.board_demo import SCENES, Hall, called, hall, outage, serving
from tests.tools.looks import faults, violations

CHROMIUM = needs_program("chromium", package="chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
TV = (1920, 1080)
TOUCH = (1280, 800)
PHONE = (390, 844)
#: A screen of 55 inches (1218 mm wide) seen from 8 m: letters of at least 1/250 of the distance are read.
LETTER_PX = 8000 / 250 / (1218 / 1920)
CAPITAL = 0.72
"""Height of a capital or figure of the board's type, as a part of its size."""

Open = Callable[..., tuple[Page, Hall]]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Open]:
    """Opens a page of a booth; no page may complain of a script or an asset."""
    complaints: list[str] = []
    with ExitStack() as stack:

        def visit(path: str, scene: str = "hall", size: tuple[int, int] = TV, **how: object) -> tuple[Page, Hall]:
            booth = Hall(SCENES[scene]())
            address = stack.enter_context(serving(booth))
            context = chromium.new_context(
                base_url=address,
                viewport={"width": size[0], "height": size[1]},
                **how,  # type: ignore[arg-type]
            )
            context.set_default_timeout(10_000)
            stack.callback(context.close)
            page = context.new_page()
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.goto(path)
            return page, booth

        yield visit
    assert complaints == []


def size_of(page: Page, selector: str) -> float:
    """Height of the letters of an element, in pixels."""
    return CAPITAL * float(page.eval_on_selector(selector, "it => parseFloat(getComputedStyle(it).fontSize)"))


@pytest.mark.parametrize("lang", ["id", "en"])
def test_the_board_is_whole_and_readable_in_every_state(visit: Open, lang: str) -> None:
    page, booth = visit(f"/papan?lang={lang}")
    for scene, picture in SCENES.items():
        booth.context.view = picture()
        page.reload()
        assert (scene, faults(page)) == (scene, [])
        if scene in ("hall", "outage", "closed"):
            assert violations(page) == []
        # The called number and the next ones are read from the far end of the hall, whatever else is told.
        if page.locator(".hero .number").count():
            assert size_of(page, ".hero .number") > 2.5 * LETTER_PX, scene
            assert size_of(page, ".hero .to") > LETTER_PX, scene
            assert size_of(page, ".coming li") > LETTER_PX, scene
            assert size_of(page, ".services .count b") > LETTER_PX, scene


@pytest.mark.parametrize("lang", ["id", "en"])
def test_public_pages_fit_every_screen(visit: Open, lang: str) -> None:
    page, _ = visit("about:blank", "outage")
    for path in ("/papan?", "/ambil?", "/ambil?service=lost&", "/ambil/t-A-028?"):
        page.goto(f"{path}lang={lang}")
        for width, height in (TV, TOUCH, PHONE):
            page.set_viewport_size({"width": width, "height": height})
            assert (path, width, faults(page)) == (path, width, [])
        assert violations(page) == []


def test_a_new_call_appears_by_itself_and_swells_calmly(visit: Open) -> None:
    page, booth = visit("/papan")
    expect(page.locator(".hero .number")).to_have_text("A-027")
    queue = booth.context.view.queue
    fresh = called("A-028", "3", 0)
    booth.show(hall(queue=replace(queue, board=(fresh, *queue.board), waiting=queue.waiting[1:])))
    expect(page.locator(".hero .number")).to_have_text("A-028")
    expect(page.locator(".hero .to")).to_contain_text("Loket 3")
    expect(page.locator(".coming li")).to_have_text(["B-012", "A-029", "C-004"])
    style = "it => { const s = getComputedStyle(it); return [s.animationName, parseFloat(s.animationDuration)]; }"
    name, seconds = page.eval_on_selector(".hero .call", style)
    # Three changes a second are the limit; this is one in three seconds.
    assert name == "calm" and seconds >= 1
    page.emulate_media(reduced_motion="reduce")
    assert page.eval_on_selector(".hero .call", style)[0] == "none"


def test_a_power_cut_is_told_by_itself_with_what_it_means(visit: Open) -> None:
    page, booth = visit("/papan")
    expect(page.locator("#notices")).not_to_contain_text("Listrik padam")
    booth.show(outage())
    expect(page.locator("#notices")).to_contain_text("Listrik padam: perekaman baru dan cetak menunggu listrik")


def test_a_board_that_has_lost_the_booth_says_since_when(chromium: Browser) -> None:
    page = chromium.new_page(viewport={"width": 1920, "height": 1080})
    with serving(Hall(hall())) as address:
        page.goto(f"{address}/papan")
        expect(page.locator("#clock")).to_have_text(re.compile(r"\d\d:\d\d:\d\d"))
        expect(page.locator("#lost")).to_be_hidden()
    # As if twenty seconds had gone by without a word.
    page.evaluate("heard -= 20000")
    expect(page.locator("#lost")).to_have_text(re.compile(r"Ini keadaan pukul \d\d:\d\d:\d\d"))
    expect(page.locator("#lost")).to_be_visible()
    assert "stale" in str(page.locator("body").get_attribute("class"))
    assert faults(page) == []
    page.close()


def test_a_visitor_gets_a_number_by_two_touches(visit: Open) -> None:
    page, booth = visit("/ambil", size=TOUCH, has_touch=True)
    page.get_by_role("link", name="KTP hilang").tap()
    page.get_by_role("button", name="Lansia").tap()
    expect(page.locator(".number")).to_have_text("B-072")
    expect(page.locator("#given")).to_contain_text("surat kehilangan dari polisi")
    expect(page.locator("#given")).to_contain_text(re.compile(r"Dipanggil sekitar pukul \d\d:\d\d"))
    assert booth.asked == [TakeTicket(Service.LOST, Precedence.ELDERLY)]
    queue = booth.context.view.queue
    printed = tuple(replace(it, paper=PaperState.PRINTED) for it in queue.waiting)
    booth.show(hall(queue=replace(queue, waiting=printed)))
    expect(page.locator(".paper")).to_have_text("Ambil kertas nomor Anda.")
    assert violations(page) == []


def test_a_child_that_taps_and_goes_back_gets_one_number(visit: Open) -> None:
    page, booth = visit("/ambil", size=TOUCH)
    for _ in range(3):
        page.goto("/ambil?service=new")
        page.get_by_role("button", name="Umum").dblclick()
        expect(page.locator(".number, .why")).to_be_visible()
    assert len(booth.asked) == 1
    expect(page.get_by_role("alert").filter(visible=True)).to_contain_text("Tunggu sebentar")


def test_the_ticket_page_forgets_the_last_visitor(visit: Open) -> None:
    page, _ = visit("/ambil", size=TOUCH)
    page.clock.install()
    page.goto("/ambil?service=new&lang=en")
    expect(page.get_by_role("button", name="General")).to_be_visible()
    page.clock.run_for(31_000)
    expect(page.get_by_text("Sentuh layanan yang Anda perlukan")).to_be_visible()


@pytest.mark.parametrize("path", ["/papan", "/ambil"])
def test_a_public_page_is_light(visit: Open, path: str) -> None:
    page, _ = visit("about:blank")
    weights: list[int] = []
    page.on("response", lambda it: weights.append(len(it.body())) if "/live" not in it.url else None)
    page.goto(path)
    expect(page.locator("main")).to_be_visible()
    assert 0 < sum(weights) <= 150_000


def test_the_ticket_page_works_without_javascript(visit: Open) -> None:
    page, booth = visit("/ambil", size=TOUCH, java_script_enabled=False)
    page.get_by_role("link", name="Ambil KTP").click()
    page.get_by_role("button", name="Umum").click()
    expect(page.locator(".number")).to_have_text("E-072")
    assert booth.asked == [TakeTicket(Service.PICKUP)]
