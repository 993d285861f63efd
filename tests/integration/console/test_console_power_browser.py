"""A technician before the power page in a real browser: what changes by itself, alarms, commands, no JavaScript."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from central.console.app import ConsoleSettings
from central.console.server import Server
from contract.messages import AlarmState, GensetChanged, GensetPhase, Supply, SupplyChanged
from tests.integration.console.test_console_browser import CHROMIUM, CONTRAST, FLAGS, listening
from tests.tools.console_power import GENSET_FIGURES, SITUATIONS
from tests.tools.console_world import BOOTH, World

POWER = f"/booths/{BOOTH}/power"
SIZES = {"screen": (1366, 768), "phone": (390, 844)}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def _opened(chromium: Browser, world: World, script: bool, size: tuple[int, int]) -> Iterator[Page]:
    server = Server(world, world, world, ConsoleSettings(port=0))
    server.start()
    viewport = {"width": size[0], "height": size[1]}
    context = chromium.new_context(base_url=server.address, java_script_enabled=script, viewport=viewport)  # type: ignore[arg-type]
    context.set_default_timeout(10_000)
    complaints: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    try:
        yield page
        assert complaints == []
    finally:
        context.close()
        server.stop()


Open = Callable[..., Page]


@pytest.fixture
def opened(chromium: Browser) -> Iterator[Open]:
    """Opens a page of the console over a world; it may complain of nothing."""
    stack = []

    def make(world: World, script: bool = True, size: tuple[int, int] = SIZES["screen"]) -> Page:
        manager = _opened(chromium, world, script, size)
        stack.append(manager)
        return manager.__enter__()

    yield make
    for manager in reversed(stack):
        manager.__exit__(None, None, None)


def test_the_diagram_follows_the_booth_from_mains_to_genset_by_itself(opened: Open) -> None:
    world = SITUATIONS["mains"]()
    page = opened(world)
    page.goto(POWER)
    listening(page)
    expect(page.locator("#wide-wire-genset.dead")).to_be_attached()
    world.boards[BOOTH] = replace(world.boards[BOOTH], figures=GENSET_FIGURES, figures_at=datetime.now(UTC))
    world.happen(GensetChanged(phase=GensetPhase.LOADED, verified=True))
    world.happen(SupplyChanged(supply=Supply.ON_GENSET, mains_contact=False))
    expect(page.locator("#wide-wire-genset.live")).to_be_attached()
    expect(page.locator("#wide-wire-mains.dead")).to_be_attached()
    expect(page.locator(".plant.wide .blade.genset")).to_be_attached()
    expect(page.locator(".phase")).to_contain_text("Memikul beban")
    expect(page.locator("ul.key")).to_contain_text("Memakai genset")


def test_figures_that_grow_old_turn_grey_without_a_word_of_the_server(opened: Open) -> None:
    world = SITUATIONS["mains"]()
    world.boards[BOOTH] = replace(world.boards[BOOTH], figures_at=datetime.now(UTC) - timedelta(seconds=27))
    page = opened(world)
    page.goto(POWER)
    expect(page.locator(".plant.wide.stale")).to_be_visible()
    hatch = page.locator(".plant.wide .hatch").first
    assert hatch.evaluate("element => getComputedStyle(element).display") == "inline"


def test_an_alarm_is_acknowledged_with_the_keyboard_and_leaves_the_count(opened: Open) -> None:
    world = SITUATIONS["fault"]()
    page = opened(world)
    page.goto("/alarms")
    expect(page.locator("#total-alarms")).to_contain_text("3")
    page.locator(f"[id='ack-{BOOTH}-genset.start-failed']").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".notice[role=status]")).to_contain_text("Genset gagal menyala")
    expect(page.locator("#total-alarms")).to_contain_text("2")
    row = page.locator("tr", has_text="Genset gagal menyala")
    expect(row).to_contain_text("Diakui")
    expect(row).to_contain_text("oleh teknisi")
    assert world.asked == [("alarm", BOOTH, "acknowledge", "genset.start-failed", "1", "technician")]


def test_an_acknowledgement_that_waits_for_the_booth_is_not_asked_twice_and_appears_when_it_counts(
    opened: Open,
) -> None:
    world = SITUATIONS["genset"]()
    told = world.sounding[0]
    page = opened(world)
    page.goto(POWER)
    listening(page)
    world.sounding[0] = told
    world._ask(BOOTH, "alarm", "technician", action="acknowledge", alarm=told.alarm, occurrence="1")
    card = page.locator(".alarmcards li", has_text="Bahan bakar hampir habis")
    expect(card).to_contain_text("dikirim, menunggu loket")
    expect(card.get_by_role("button")).to_have_count(0)
    world.sounding[0] = replace(told, state=AlarmState.ACKNOWLEDGED, person="technician")
    world.told[0] = replace(world.told[0], outcome="done")
    world.tell(f"booth:{BOOTH}")
    expect(card).to_contain_text("Diakui")


def test_a_new_alarm_appears_on_the_list_by_itself(opened: Open) -> None:
    world = SITUATIONS["fault"]()
    late = world.sounding.pop(0)
    page = opened(world)
    page.goto("/alarms")
    listening(page)
    expect(page.locator("tr", has_text="Genset gagal menyala")).to_have_count(0)
    world.sounding.append(late)
    world.tell("alarms")
    expect(page.locator("tr", has_text="Genset gagal menyala")).to_have_count(1)
    expect(page.locator("#total-alarms")).to_contain_text("3")


def test_a_test_of_the_battery_is_confirmed_sent_and_its_refusal_by_the_booth_shown(opened: Open) -> None:
    world = SITUATIONS["mains"]()
    page = opened(world)
    page.goto(POWER)
    page.locator("#command-ups-quick").click()
    expect(page.locator("h1")).to_have_text("Uji baterai UPS 10 detik?")
    assert world.asked == []
    page.locator("input[name=name]").fill("Siti")
    page.locator("button.main").click()
    expect(page.locator(".notice[role=status]")).to_contain_text("Perintah dikirim: Uji 10 detik")
    first = page.locator(".given tbody tr").first
    expect(first).to_contain_text("Menunggu jawaban loket")
    expect(first).to_contain_text("teknisi Siti")
    listening(page)
    reason = "the battery is not charged enough for a test"
    world.told[0] = replace(world.told[0], outcome="refused", reason=reason)
    world.tell(f"booth:{BOOTH}")
    expect(first).to_contain_text("Ditolak")
    expect(first).to_contain_text("baterai belum cukup terisi untuk diuji")


def test_what_is_unsafe_now_cannot_be_pressed_and_says_why(opened: Open) -> None:
    page = opened(SITUATIONS["battery"]())
    page.goto(POWER)
    expect(page.locator("a#command-ups-quick")).to_have_count(0)
    expect(page.locator("span#command-ups-quick")).to_have_attribute("aria-disabled", "true")
    expect(page.locator(".giving")).to_contain_text("Tidak dapat sekarang: PLN tidak memikul loket sekarang")


def test_without_javascript_the_diagram_is_there_and_an_alarm_is_shelved(opened: Open) -> None:
    world = SITUATIONS["genset"]()
    page = opened(world, script=False)
    page.goto(f"/booths/{BOOTH}")
    page.locator("#to-power").click()
    expect(page.locator(".plant.wide")).to_be_visible()
    page.locator(f"[id='shelve-{BOOTH}-genset.fuel-low']").click()
    page.locator("input[name=minutes][value='240']").check()
    page.locator("input[name=reason]").fill("truk datang sore")
    page.locator("button.main").click()
    expect(page.locator(".notice")).to_contain_text("Penundaan alarm")
    card = page.locator(".alarmcards li", has_text="Bahan bakar hampir habis")
    expect(card).to_contain_text("Ditunda")
    expect(card).to_contain_text("truk datang sore")
    card.get_by_role("button", name="Batalkan tunda").click()
    expect(page.locator(".alarmcards li", has_text="Bahan bakar hampir habis")).to_contain_text("Belum diakui")


OVERLAPS = """() => {
  const bad = [];
  for (const svg of document.querySelectorAll("svg.plant")) {
    if (getComputedStyle(svg).display === "none") continue;
    const texts = [...svg.querySelectorAll("text")].map((it) => [it.textContent, it.getBoundingClientRect()]);
    const hits = (a, b, by) => a.left + by < b.right && b.left + by < a.right
      && a.top + by < b.bottom && b.top + by < a.bottom;
    for (let i = 0; i < texts.length; i++)
      for (let j = 0; j < i; j++)
        if (hits(texts[i][1], texts[j][1], 2)) bad.push(`${texts[i][0]} / ${texts[j][0]}`);
    const marks = [...svg.querySelectorAll(".mark > *")].map((it) => it.getBoundingClientRect());
    for (const [words, box] of texts) {
      if (marks.some((mark) => hits(box, mark, 1))) bad.push(`${words} / mark`);
      const within = [...svg.querySelectorAll(".box > rect:first-child")].map((it) => it.getBoundingClientRect());
      const edge = within.find((it) => hits(box, it, 2));
      const leaves = edge && (box.right > edge.right - 2 || box.left < edge.left + 2 || box.bottom > edge.bottom);
      if (leaves) bad.push(`${words} leaves its box`);
    }
  }
  return bad;
}"""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_power_situation_fits_is_readable_and_overlaps_nowhere(opened: Open, situation: str, size: str) -> None:
    page = opened(SITUATIONS[situation](), size=SIZES[size])
    for lang in ("id", "en"):
        for path in (POWER, "/alarms"):
            page.goto(f"{path}?lang={lang}")
            assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
            assert page.evaluate(OVERLAPS) == []
            assert page.evaluate(CONTRAST) == []
    page.emulate_media(color_scheme="dark")
    page.goto(POWER)
    assert page.evaluate(CONTRAST) == []


@pytest.mark.parametrize("path", [POWER, "/alarms", f"{POWER}/ups-deep", f"/booths/{BOOTH}/alarms/mains.out/1/shelve"])
def test_a_power_page_marks_where_the_keyboard_is(opened: Open, path: str) -> None:
    page = opened(SITUATIONS["fault"]())
    page.goto(path)
    for _ in range(9):
        page.keyboard.press("Tab")
        drawn = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert drawn == "solid", page.evaluate("document.activeElement.outerHTML")
