"""A visitor's telephone, and a screen in the hall, before the coordinator's public pages in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from central.console.server import Server
from central.console.settings import ConsoleSettings
from tests.integration.needs import needs_program
from tests.tools.looks import faults, violations
from tests.tools.public_demo import TICKETS, Public, a_ticket, printable

CHROMIUM = needs_program("chromium", package="chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
PHONE = {"width": 390, "height": 844}
TV = {"width": 1920, "height": 1080}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def public() -> Public:
    return Public()


@pytest.fixture
def server(public: Public) -> Iterator[Server]:
    server = Server(public, public, public, ConsoleSettings(port=0, public=True))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def page(chromium: Browser, server: Server) -> Iterator[Page]:
    """A telephone that complains of no script and no refused asset."""
    context = chromium.new_context(base_url=server.address, viewport=PHONE)  # type: ignore[arg-type]
    context.set_default_timeout(10_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


@pytest.mark.parametrize("lang", ["id", "en"])
def test_the_status_fits_a_telephone_in_every_state(page: Page, lang: str) -> None:
    for name in TICKETS:
        page.goto(f"/status/{name}?lang={lang}")
        assert (name, faults(page)) == (name, [])
    for name in ("waiting", "called", "outage", "ready", "none"):
        page.goto(f"/status/{name}?lang={lang}")
        assert (name, violations(page)) == (name, [])


@pytest.mark.parametrize("lang", ["id", "en"])
@pytest.mark.parametrize("query", ["", "booth=bangkalan-1&"])
def test_the_board_fits_a_telephone_and_a_screen_in_the_hall(page: Page, lang: str, query: str) -> None:
    page.goto(f"/papan?{query}lang={lang}")
    for size in (PHONE, TV):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        assert faults(page) == []
        assert violations(page) == []


def test_an_open_status_page_hears_of_the_print_by_itself(page: Page, public: Public) -> None:
    page.clock.install()
    public.tickets["mine"] = a_ticket("mine", day="2999-01-01")
    page.goto("/status/mine")
    expect(page.locator(".now h2")).to_have_text("Menunggu dipanggil")
    public.tickets["mine"] = printable("mine", print="completed")
    # A page of the coordinator is kept for three seconds: the one after it has the news.
    for _ in range(8):
        page.clock.run_for(20_000)
        page.wait_for_timeout(700)
    expect(page.locator(".now h2")).to_have_text("KTP siap diambil")


def test_a_page_without_the_coordinator_says_how_old_it_is(page: Page, server: Server) -> None:
    page.clock.install()
    page.goto("/papan")
    expect(page.locator("#lost")).to_be_hidden()
    server.stop()
    page.clock.run_for(5_000)
    expect(page.locator("#lost")).to_be_visible()
    expect(page.locator("#lost")).to_contain_text("Sambungan terputus. Ini keadaan pukul")
    assert faults(page) == []


@pytest.mark.parametrize("path", ["/papan", "/status/outage"])
def test_a_public_page_is_light(page: Page, path: str) -> None:
    weights: list[int] = []
    page.on("response", lambda it: weights.append(len(it.body())))
    page.goto(path, wait_until="networkidle")
    assert 0 < sum(weights) <= 150_000
    assert len(weights) <= 5


def test_the_status_is_whole_without_javascript(chromium: Browser, server: Server) -> None:
    page = chromium.new_page(base_url=server.address, java_script_enabled=False)
    page.goto("/status/outage")
    expect(page.locator(".now h2")).to_have_text("Menunggu dicetak")
    expect(page.get_by_text("Muat ulang halaman untuk kabar terbaru.")).to_be_visible()
    expect(page.locator(".live")).to_be_hidden()
    page.close()
