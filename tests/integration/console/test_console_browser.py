"""A technician before the console in a real browser: what appears by itself, and what works without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from central.console.app import ConsoleSettings
from central.console.server import Server
from contract.messages import DeviceChanged, DeviceState
from tests.integration.needs import needs_program
from tests.tools.console_demo import BATTERY, MAINS, troubled_world
from tests.tools.console_world import BOOTH, World

CHROMIUM = needs_program("chromium", package="chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
UNCERTAIN = "job-3c00aa41b7d2-17"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def world() -> World:
    return troubled_world()


@pytest.fixture
def server(world: World) -> Iterator[Server]:
    server = Server(world, world, world, ConsoleSettings(port=0))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def context(chromium: Browser, server: Server) -> Iterator[BrowserContext]:
    context = chromium.new_context(base_url=server.address, viewport={"width": 1366, "height": 768})
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page that complains of nothing: no script error, no refused asset, no broken rule of the browser."""
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    # A server that was ended is complained of rightly.
    ended = ("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "[object Event]", "htmx:sendError")
    ended += ("htmx:afterRequest",)  # of a request that was under way
    assert [words for words in complaints if not any(word in words for word in ended)] == []


def listening(page: Page) -> None:
    """Wait until the page's live connection has spoken."""
    expect(page.locator("#tick")).to_have_text(re.compile(r"\d"))


def test_an_outage_appears_on_the_overview_by_itself(page: Page, world: World) -> None:
    world.happen(MAINS)
    page.goto("/")
    booth = page.locator(".booth", has_text="Loket 1, MPP Bangkalan")
    expect(booth).to_contain_text("Listrik PLN")
    listening(page)
    world.happen(BATTERY)
    expect(booth).to_contain_text("Memakai baterai")
    expect(page.locator("#total-outages")).to_contain_text("1")


def test_an_event_appears_on_top_of_the_timeline_by_itself(page: Page, world: World) -> None:
    page.goto(f"/booths/{BOOTH}")
    listening(page)
    world.happen(DeviceChanged(device="scanner", kind="scanner", state=DeviceState.LOST, error="the port is gone: x"))
    first = page.locator(".timeline li").first
    expect(first).to_contain_text("Pemindai dokumen (scanner) tidak menjawab. Porta serial hilang: x")
    expect(page.locator("table tr", has_text="Pemindai dokumen")).to_contain_text("Tidak menjawab")


def test_every_one_of_many_events_reaches_the_page(page: Page, world: World) -> None:
    page.goto(f"/booths/{BOOTH}?kind=door.changed")
    listening(page)
    before = page.locator(".timeline li").count()
    for number in range(30):
        world.happen({"open": number % 2 == 0}, kind="door.changed")
    expect(page.locator(".timeline li")).to_have_count(before + 30)


def test_the_chosen_filter_stays_while_the_page_refreshes(page: Page, world: World) -> None:
    page.goto(f"/booths/{BOOTH}")
    page.select_option("#kind", "door.changed")
    page.wait_for_url("**kind=door.changed")
    listening(page)
    world.happen({"open": True}, kind="door.changed")
    expect(page.locator(".timeline li")).to_have_count(3)
    expect(page.locator(".timeline")).not_to_contain_text("Listrik padam")


def test_what_a_person_has_opened_and_chosen_survives_a_refresh(page: Page, world: World) -> None:
    page.goto(f"/booths/{BOOTH}")
    listening(page)
    page.locator("#all-figures summary").click()
    page.locator("#identify").focus()
    world.happen(MAINS)
    expect(page.locator(".timeline li").first).to_contain_text("Listrik PLN ada")
    expect(page.locator("#summary .supply")).to_contain_text("Listrik PLN")
    expect(page.locator("#all-figures")).to_have_attribute("open", "")
    expect(page.locator("#identify")).to_be_focused()


def test_a_person_settles_an_uncertain_print_with_the_keyboard_alone(page: Page, world: World) -> None:
    page.goto("/print")
    page.locator(f"#decide-{UNCERTAIN}").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Apa yang terjadi dengan kartunya?")
    page.locator("input[value=printed]").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("Siti")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".notice")).to_contain_text("Kartu tercetak baik")
    expect(page.locator("tr", has_text=UNCERTAIN)).to_contain_text("Tercetak")
    assert world.asked == [("settle", UNCERTAIN, "printed", "technician Siti")]


def test_a_decision_is_not_sent_before_a_person_says_to_have_looked(page: Page, world: World) -> None:
    page.goto(f"/print/{UNCERTAIN}")
    page.locator("input[value=printed]").check()
    page.locator("button.main").click()
    expect(page.locator("h1")).to_have_text("Apa yang terjadi dengan kartunya?")
    assert world.asked == []


def test_a_booth_is_asked_to_identify_itself(page: Page, world: World) -> None:
    page.goto(f"/booths/{BOOTH}")
    page.locator("#identify").click()
    expect(page.locator(".notice[role=status]")).to_have_text("Perintah bunyi dikirim ke loket.")
    assert world.asked == [("identify", BOOTH, "technician")]


def test_the_language_is_switched_with_one_click_and_stays(page: Page) -> None:
    page.goto("/print?state=pending")
    page.get_by_role("link", name="EN", exact=True).click()
    expect(page.locator("h1")).to_have_text("Print queue")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert "state=pending" in page.url
    page.goto("/")
    expect(page.locator("h1")).to_have_text("Overview")


def test_a_lost_coordinator_is_told_on_the_page_and_a_returned_one_too(
    page: Page, world: World, server: Server
) -> None:
    page.goto("/")
    listening(page)
    port = int(server.address.rpartition(":")[2])
    server.stop()
    expect(page.locator("#lost")).to_contain_text("Sambungan ke koordinator terputus")
    world.happen(MAINS)
    again = Server(world, world, world, ConsoleSettings(port=port))
    again.start()
    try:
        expect(page.locator("#lost")).to_be_hidden()
        # What happened in between is there without a reload.
        expect(page.locator(".booth", has_text="Loket 1, MPP Bangkalan")).to_contain_text("Listrik PLN")
    finally:
        again.stop()


def test_without_javascript_all_can_be_read_and_done(chromium: Browser, server: Server, world: World) -> None:
    context = chromium.new_context(base_url=server.address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("link", name="Loket 1, MPP Bangkalan").click()
    page.select_option("#kind", "door.changed")
    page.get_by_role("button", name="Tampilkan").click()
    expect(page.locator(".timeline li")).to_have_count(2)
    page.goto(f"/print/{UNCERTAIN}")
    page.locator("input[value=not-begun]").check()
    page.locator("input[name=sure]").check()
    page.locator("button.main").click()
    expect(page.locator(".notice")).to_contain_text("Belum mulai")
    assert world.asked == [("settle", UNCERTAIN, "not-begun", "technician")]
    context.close()


@pytest.mark.parametrize(
    "path", ["/", f"/booths/{BOOTH}", "/print", f"/print/{UNCERTAIN}", "/encodings", "/dead-letters"]
)
@pytest.mark.parametrize("size", [(1366, 768), (390, 844)], ids=["screen", "phone"])
def test_a_page_fits_its_width_and_marks_where_the_keyboard_is(page: Page, path: str, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    for _ in range(12):
        page.keyboard.press("Tab")
        drawn = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert drawn == "solid", page.evaluate("document.activeElement.outerHTML")


CONTRAST = """() => {
  const parse = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
  const over = (top, under) => [0, 1, 2].map((i) => top[i] * (top[3] ?? 1) + under[i] * (1 - (top[3] ?? 1)));
  const linear = (part) => part <= 10.0164 ? part / 3294.6 : ((part / 255 + .055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => .2126 * linear(r) + .7152 * linear(g) + .0722 * linear(b);
  const style = (element) => getComputedStyle(element);
  const ground = (element) =>
    element ? over(parse(style(element).backgroundColor), ground(element.parentElement)) : [255, 255, 255];
  const skipped = "svg, script, noscript, select, .unseen, .skip";
  const bad = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const words = walker.currentNode.data.trim();
    const element = walker.currentNode.parentElement;
    if (!words || !element.checkVisibility() || element.closest(skipped)) continue;
    let opacity = 1;
    for (let up = element; up; up = up.parentElement) opacity *= Number(style(up).opacity);
    const under = ground(element);
    const ink = parse(style(element).color);
    const drawn = over([...ink.slice(0, 3), (ink[3] ?? 1) * opacity], under);
    const [lighter, darker] = [light(drawn), light(under)].sort((x, y) => y - x);
    if ((lighter + .05) / (darker + .05) < 4.5) bad.push(`${element.className || element.tagName}: ${words}`);
  }
  return bad;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path", ["/", f"/booths/{BOOTH}", "/booths/kamal-1", "/print", f"/print/{UNCERTAIN}", "/encodings", "/dead-letters"]
)
def test_every_word_has_the_contrast_that_wcag_aa_asks_for(page: Page, path: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.goto(path)
    assert page.evaluate(CONTRAST) == []


def test_the_measure_of_contrast_sees_faint_words(page: Page) -> None:
    page.goto("/")
    page.evaluate("document.querySelector('h1').style.color = '#9aa4ab'")
    assert page.evaluate(CONTRAST) == ["H1: Ikhtisar"]
