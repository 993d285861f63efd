"""An officer before the booth's screen in a real browser: by touch, by keys alone, without scripts, live."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from contract.messages import Modality
from edge.core import actions as act
from edge.core.refusals import refuse
from tests.integration.needs import needs_program
from tests.tools.screen_world import (
    SUBTYPES,
    StandIn,
    poor_recording,
    recording,
    thumbnail,
    ticket,
    view,
    views,
    waiting,
)

CHROMIUM = needs_program("chromium", package="chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
TOUCH = {"width": 1280, "height": 800}
DESKTOP = {"width": 1366, "height": 768}
CLOCK = re.compile(r"^\d\d:\d\d:\d\d$")
"""The script counts seconds; the page without it has none."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def standing() -> Iterator[StandIn]:
    with StandIn(view(), booth_name="Loket Bangkalan 1") as booth:
        yield booth


@pytest.fixture
def booth(standing: StandIn) -> StandIn:
    standing.reset(view())
    return standing


def opened(chromium: Browser, booth: StandIn, **settings: Any) -> BrowserContext:
    given: dict[str, Any] = {"viewport": TOUCH, "base_url": booth.screen.url, **settings}
    context = chromium.new_context(**given)
    context.set_default_timeout(10_000)
    return context


@pytest.fixture
def page(chromium: Browser, booth: StandIn) -> Iterator[Page]:
    """A page that complains of nothing: no script error, no refused asset, no broken rule of the browser."""
    context = opened(chromium, booth, has_touch=True)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def asked(booth: StandIn) -> list[str]:
    return [type(event.action).__name__ for event in booth.asked]


def live(page: Page, booth: StandIn) -> None:
    """The page is open and hears the booth."""
    page.goto("/")
    expect(page.locator("#clock")).to_have_text(CLOCK)


def test_a_whole_applicant_by_touch(page: Page, booth: StandIn) -> None:
    live(page, booth)
    page.get_by_role("button", name="Panggil perekaman").tap()
    expect(page.locator("#notice")).to_contain_text("dipanggil")
    page.locator("li", has_text="A-028").get_by_role("button", name="Hadir").tap()
    page.get_by_role("button", name="Mulai Rekam A-026").tap()
    for words in (
        "Foto wajah",
        "Tanda tangan",
        "Empat jari kanan",
        "Empat jari kiri",
        "Kedua ibu jari",
        "Iris kedua mata",
    ):
        expect(page.get_by_role("heading", level=1)).to_contain_text(words)
        page.get_by_role("button", name="Lanjut").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("Siapa berikutnya?")
    assert asked(booth) == ["CallNext", "Arrive", "Begin"] + ["Capture"] * 6


def test_a_whole_applicant_by_keys_alone(page: Page, booth: StandIn) -> None:
    live(page, booth)
    page.keyboard.press("F8")
    expect(page.locator(".rows .called").first).to_contain_text("A-028")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Hadir").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".rows .called")).to_have_count(1)
    page.keyboard.press("F1")
    for words in (
        "Foto wajah",
        "Tanda tangan",
        "Empat jari kanan",
        "Empat jari kiri",
        "Kedua ibu jari",
        "Iris kedua mata",
    ):
        expect(page.get_by_role("heading", level=1)).to_contain_text(words)
        page.keyboard.press("F1")
    expect(page.get_by_role("heading", level=1)).to_have_text("Siapa berikutnya?")
    assert asked(booth) == ["CallNext", "Arrive", "Begin"] + ["Capture"] * 6


def test_a_whole_applicant_without_scripts(chromium: Browser, booth: StandIn) -> None:
    context = opened(chromium, booth, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("button", name="Panggil perekaman").click()
    expect(page.locator("#notice")).to_contain_text("dipanggil")
    page.get_by_role("button", name="Mulai Rekam A-026").click()
    for _ in range(6):
        page.get_by_role("button", name="Lanjut").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Siapa berikutnya?")
    assert asked(booth) == ["CallNext", "Begin"] + ["Capture"] * 6
    context.close()


def test_a_poor_capture_goes_on_only_with_a_reason(page: Page, booth: StandIn) -> None:
    booth.show(recording=poor_recording())
    live(page, booth)
    expect(page.get_by_role("button", name="Ulangi")).to_have_attribute("aria-disabled", "true")
    page.locator("[data-focus=accept]").tap()
    page.get_by_role("button", name="Terima dan lanjutkan").tap()
    assert booth.asked == []
    page.get_by_text("Usia lanjut").tap()
    page.get_by_role("button", name="Terima dan lanjutkan").tap()
    expect(page.locator("#notice")).to_contain_text("Diterima dengan alasan")
    assert [event.action for event in booth.asked] == [act.AcceptPoor("Usia lanjut")]


def test_an_exception_is_noted_by_keys_alone(page: Page, booth: StandIn) -> None:
    booth.show(recording=recording(Modality.THUMBS))
    live(page, booth)
    page.keyboard.press("F3")
    expect(page.get_by_label("Ibu jari kiri")).to_be_focused()
    for key in ("Space", "Tab", "ArrowDown", "Tab", "ArrowDown", "Tab", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#notice")).to_contain_text("dicatat")
    noted = booth.asked[0].action
    assert isinstance(noted, act.NoteException)
    assert (noted.subtype, noted.kind, noted.permanent) == ("Left Thumb", "amputated", True)
    expect(page.locator("[data-focus=exception]")).to_be_focused()


def test_a_recording_is_cancelled_only_after_being_asked_and_escape_takes_it_back(page: Page, booth: StandIn) -> None:
    booth.show(recording=recording())
    live(page, booth)
    page.keyboard.press("F4")
    expect(page.get_by_role("button", name="Ya, batalkan perekaman")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Ya, batalkan perekaman")).to_be_hidden()
    assert booth.asked == []
    page.keyboard.press("F4")
    page.get_by_text("Salah orang").tap()
    page.get_by_role("button", name="Ya, batalkan perekaman").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("Siapa berikutnya?")
    assert [event.action for event in booth.asked] == [act.CancelRecording("Salah orang")]


def test_what_is_typed_and_the_focus_survive_whatever_the_booth_does(page: Page, booth: StandIn) -> None:
    page.goto("/?panel=ticket")
    field = page.get_by_label("NIK")
    field.fill("35260141")
    for n in range(5):
        booth.show(recording=recording() if n % 2 else None, queue=view().queue, link=n % 2 == 0)
        expect(page.locator(".top .link")).to_contain_text("tersambung" if n % 2 == 0 else "terputus")
    page.keyboard.type("9")
    expect(field).to_have_value("352601419")
    expect(field).to_be_focused()


def test_a_button_keeps_the_focus_while_its_meaning_changes(page: Page, booth: StandIn) -> None:
    booth.show(recording=recording())
    live(page, booth)
    page.locator("[data-focus=stop]").focus()
    booth.show(recording=recording(capturing=True, since_s=1.0))
    expect(page.get_by_role("button", name="hentikan pengambilan")).to_be_focused()


def test_a_bad_nik_is_told_with_its_reason_and_can_be_mended(page: Page, booth: StandIn) -> None:
    booth.refusals[act.ReadCard] = refuse("nik-date", date="420190")
    page.goto("/?panel=ticket")
    for label, digits in (("Nomor KK", "35"), ("NIK", "36")):
        page.get_by_label(label).tap()
        for digit in digits:
            page.locator(f"[data-digit='{digit}']").tap()
    page.get_by_role("button", name="Terima kartu keluarga").tap()
    expect(page.locator("#notice.bad")).to_contain_text("Tanggal lahir 420190 dalam NIK tidak mungkin")
    assert [event.action for event in booth.asked] == [act.ReadCard("KK:35;NIK:36")]
    expect(page.get_by_label("NIK")).to_have_value("36")


def test_a_card_is_handed_to_a_representative_by_name(page: Page, booth: StandIn) -> None:
    page.goto("/?panel=basket")
    page.locator("summary", has_text="A-011").tap()
    page.locator("li", has_text="A-011").get_by_label("Nama wakil").fill("Ali Rahman")
    page.get_by_role("button", name="Serahkan kepada wakil").first.tap()
    expect(page.locator("#notice")).to_contain_text("Penyerahan kartu dicatat")
    assert [event.action for event in booth.asked] == [act.HandOver("e-11", "representative", "Ali Rahman")]


def test_two_quick_taps_ask_once(page: Page, booth: StandIn) -> None:
    booth.silent = True
    live(page, booth)
    button = page.get_by_role("button", name="Panggil perekaman")
    button.tap()
    button.tap()
    page.get_by_role("button", name="Panggil loket depan").tap()
    page.wait_for_timeout(200)
    assert [event.action for event in booth.asked] == [act.CallNext(act.Desk.RECORDING), act.CallNext(act.Desk.FRONT)]


def test_a_page_whose_booth_is_gone_greys_and_says_since_when(chromium: Browser) -> None:
    with StandIn(view()) as booth:
        context = opened(chromium, booth)
        page = context.new_page()
        page.clock.install()
        page.goto("/")
        page.clock.run_for(1_000)
        expect(page.locator("#clock")).to_have_text(CLOCK)
        expect(page.locator("#lost")).to_be_hidden()
    page.clock.run_for(20_000)
    expect(page.locator("#lost")).to_contain_text("terputus sejak")
    expect(page.locator("body")).to_have_class("desk stale")
    context.close()


def test_an_officer_signs_in_with_the_number_pad(chromium: Browser) -> None:
    with StandIn(view(), {"Siti Aminah": "4815", "Budi": "2342"}) as booth:
        context = opened(chromium, booth, has_touch=True)
        page = context.new_page()
        page.goto("/")
        page.get_by_text("Siti Aminah").tap()
        for digit in "4815":
            page.locator(f"[data-digit='{digit}']").tap()
        page.get_by_role("button", name="Masuk", exact=True).tap()
        expect(page.locator(".officer")).to_contain_text("Siti Aminah")
        assert Axe().run(page).violations_count == 0
        context.close()


# --- how it looks --------------------------------------------------------------------------------------

#: What is cut, lies outside of the window, covers another, or is too small for a finger.
FAULTS = """() => {
  const found = [];
  const seen = (it) => it.checkVisibility({ visibilityProperty: true }) && it.getBoundingClientRect().width > 1;
  const name = (it) => `${it.tagName} ${it.textContent.trim().replace(/\\s+/g, " ").slice(0, 40)}`;
  if (document.documentElement.scrollWidth > innerWidth) found.push("the page is wider than the window");
  const all = "button, a[href], summary, label.choice, input:not([type=radio], [type=hidden])";
  const targets = [...document.querySelectorAll(all)]
    .filter((it) => seen(it) && !it.classList.contains("skip"));
  for (const it of targets) {
    const box = it.getBoundingClientRect();
    if (box.width < 47.5 || box.height < 47.5) found.push(`too small: ${name(it)} ${box.width}x${box.height}`);
    if (it.scrollWidth > it.clientWidth + 1 && it.clientWidth) found.push(`cut: ${name(it)}`);
  }
  for (const it of document.querySelectorAll(".top, .tabs, .bar, .steps li, .told, th, td, h1, h2, .who, .number")) {
    if (seen(it) && it.scrollWidth > it.clientWidth + 1 && it.clientWidth) found.push(`cut: ${name(it)}`);
  }
  const bar = document.querySelector("#bar")?.getBoundingClientRect();
  if (bar && bar.bottom > innerHeight + 1) found.push("the bottom buttons are below the window");
  const main = document.querySelector("main.work");
  if (main && main.scrollHeight > main.clientHeight + 1) found.push("the work must be scrolled");
  if (main && main.scrollWidth > main.clientWidth + 1) found.push("the work is wider than its place");
  const groups = ".bar, .callers, .tabs, .top, .deeds, .choices, .work, .taking, .quality";
  for (const group of document.querySelectorAll(groups)) {
    const boxes = [...group.children].filter(seen).map((it) => [it, it.getBoundingClientRect()]);
    for (const [i, [a, x]] of boxes.entries()) for (const [b, y] of boxes.slice(i + 1)) {
      if (x.left < y.right - 1 && y.left < x.right - 1 && x.top < y.bottom - 1 && y.top < x.bottom - 1) {
        found.push(`${name(a)} covers ${name(b)}`);
      }
    }
  }
  return found;
}"""


@pytest.mark.parametrize(
    ("language", "size"), [("id", TOUCH), ("en", TOUCH), ("id", DESKTOP)], ids=["id-touch", "en-touch", "id-desktop"]
)
def test_nothing_is_cut_covered_or_too_small_in_any_state(
    chromium: Browser, booth: StandIn, language: str, size: dict[str, int]
) -> None:
    context = opened(chromium, booth, viewport=size)
    page = context.new_page()
    faults: dict[str, list[str]] = {}
    for state, shown in views().items():
        booth.reset(shown)
        if state in ("good", "poor"):
            pictures = {part: thumbnail(part) for part in SUBTYPES[Modality.RIGHT_FOUR]}
            booth.screen.judged("e-26.right-four.1", pictures)
        for panel in ("queue", "ticket", "basket", "more") if state in ("calm", "offline", "empty") else ("queue",):
            page.goto(f"/?lang={language}&panel={panel}")
            found = page.evaluate(FAULTS)
            if found:
                faults[f"{state} {panel}"] = found
    context.close()
    assert faults == {}


def test_axe_finds_no_violation_in_any_state(chromium: Browser, booth: StandIn) -> None:
    context = opened(chromium, booth)
    page = context.new_page()
    found: dict[str, list[str]] = {}
    for state in ("calm", "empty", "ready", "poor", "iris", "battery", "halted"):
        booth.reset(views()[state])
        page.goto("/")
        if state == "poor":
            page.keyboard.press("F3")
        if state == "ready":
            page.keyboard.press("F4")
        _note(found, state, page)
    booth.reset(views()["offline"])
    for path in ("/?panel=ticket", "/?panel=basket", "/?panel=more", "/petugas"):
        page.goto(path)
        _note(found, path, page)
    context.close()
    assert found == {}


def test_axe_finds_no_violation_where_officers_sign_in(chromium: Browser) -> None:
    with StandIn(view(finger="put"), {"Siti": "1", "Budi": "2"}) as booth:
        context = opened(chromium, booth)
        page = context.new_page()
        found: dict[str, list[str]] = {}
        page.goto("/")
        _note(found, "/masuk", page)
        page.get_by_label("Siti").check()
        page.get_by_label("PIN").fill("1")
        page.get_by_label("PIN").press("Enter")
        page.wait_for_url("**/")
        page.goto("/petugas")
        _note(found, "/petugas", page)
        context.close()
        assert found == {}


def _note(found: dict[str, list[str]], where: str, page: Page) -> None:
    violations = Axe().run(page).response["violations"]
    if violations:
        found[where] = [f"{one['id']}: {[node['html'][:90] for node in one['nodes'][:3]]}" for one in violations]


def test_the_queue_of_a_full_morning_is_reached_by_scrolling_its_own_column(page: Page, booth: StandIn) -> None:
    many = tuple(ticket(f"A-{n:03}", wait=waiting(n)) for n in range(60))
    booth.reset(view(queue=view().queue.__class__(open=True, capacity=100, waiting=many)))
    live(page, booth)
    last = page.locator(".side li").last
    last.scroll_into_view_if_needed()
    expect(last).to_contain_text("A-029")
    expect(page.locator(".side")).to_contain_text("dan 30 lagi")
    expect(page.locator("#bar")).to_be_in_viewport()
