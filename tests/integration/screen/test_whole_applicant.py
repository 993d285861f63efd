"""A whole applicant by hand, with the real programs and devices that give real pictures: from family card to sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect, sync_playwright

from hardware.rig import control, files
from hardware.rig.day import family_card
from hardware.rig.places import Places
from hardware.rig.run import OFFICERS, Supervisor, any_free, choose_ports, register
from tests.integration.needs import needs_program

CHROMIUM = needs_program("chromium", package="chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
SIZE: ViewportSize = {"width": 1280, "height": 800}
SIX = {
    "Foto wajah": True,
    "Tanda tangan": False,
    "Empat jari kanan": True,
    "Empat jari kiri": True,
    "Kedua ibu jari": True,
    "Iris kedua mata": True,
}
"""What is recorded, in order, and whether its device has a live picture."""
FOUND = "image => image.complete && image.naturalWidth > 0"


class Booth:
    """All programs of `loket run`; nobody comes by themselves."""

    def __init__(self, folder: Path) -> None:
        self.places = Places(folder)
        self.places.data.mkdir()
        ports = choose_ports(self.places, any_free())
        files.write(self.places, ports, files.DEMO)
        register(self.places)
        self.url = f"http://127.0.0.1:{ports['screen']}"
        self.console = f"http://127.0.0.1:{ports['console']}"
        self.supervisor = Supervisor(self.places, ports, pace=0.0)
        self.supervisor.start()
        self.cards = 0

    def say(self, *words: str) -> str:
        """One word of `loket rig` that must be done."""
        done, text = control.ask(self.places.control, list(words))
        assert done, text
        return text

    def until(self, look: Callable[[], bool], page: Page, what: str) -> None:
        """Wait for something outside the page."""
        for _ in range(200):
            if look():
                return
            page.wait_for_timeout(50)
        pytest.fail(f"{what} did not come")

    def family_card(self) -> tuple[str, str]:
        """KK and NIK of somebody who has not been here."""
        self.cards += 1
        return family_card(7, self.cards)

    def paper(self, number: str) -> bool:
        """Whether the ticket with this number came out of the printer, with the code of its status page."""
        last = self.say("paper", "show").split("\n--\n")[-1].splitlines()
        return number in last and any(line.startswith(f"[QR {self.console}/status/") for line in last)

    def called(self, number: str) -> bool:
        """Whether the loudspeaker has said this number."""
        names = [file.name for file in self.places.calls.glob("*.wav")]
        return any(f"-{number.lower()}-" in name for name in names)

    def day(self) -> dict[str, Any]:
        """What the rig tells of the simulated people."""
        told: dict[str, Any] = json.loads(self.say("status", "json"))["day"]
        return told


@pytest.fixture(scope="module")
def booth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booth]:
    place = Booth(tmp_path_factory.mktemp("booth") / "run")
    yield place
    place.supervisor.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(params=[True, False], ids=["touch", "keys"])
def page(request: pytest.FixtureRequest, chromium: Browser, booth: Booth) -> Iterator[Page]:
    context = chromium.new_context(viewport=SIZE, base_url=booth.url, has_touch=request.param)
    context.set_default_timeout(15_000)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()
    assert faults == []


@pytest.fixture
def board(chromium: Browser, booth: Booth) -> Iterator[Page]:
    """The television in the hall."""
    context = chromium.new_context(viewport={"width": 1920, "height": 1080}, base_url=booth.url)
    page = context.new_page()
    page.goto("/papan")
    yield page
    context.close()


def recorded(page: Page, go_on: Callable[[], None]) -> None:
    """All six, each with what its device sees, until nobody is being recorded. A poor capture is taken again."""
    title = page.get_by_role("heading", level=1)
    for words, live in SIX.items():
        expect(title).to_contain_text(words)
        if live:
            page.wait_for_function(f"() => [...document.querySelectorAll('img.live')].some({FOUND})")
        for _ in range(3):
            expect(page.locator("[data-focus=next]")).not_to_have_attribute("aria-disabled", "true")
            tries = page.locator(".tries li").count()
            go_on()
            # The next one, the end of the recording, or this one again.
            page.wait_for_function(
                "([words, tries]) => !document.querySelector('h1').textContent.includes(words)"
                " || document.querySelectorAll('.tries li').length > tries",
                arg=[words, tries],
            )
            if words not in title.inner_text():
                break
    expect(title).to_have_text("Siapa berikutnya?")


def tabbed(page: Page, to: Locator) -> None:
    """Go to a control by the tabulator key."""
    expect(to).to_be_visible()
    for _ in range(80):
        if to.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail("the tabulator key never comes there")


def typed(page: Page, digits: str) -> None:
    """Digits on the screen's own pad."""
    for digit in digits:
        page.locator(f"[data-digit='{digit}']").tap()


def number_of(page: Page, nik: str) -> str:
    """The number under which somebody waits."""
    row = page.locator("#side .rows li", has_text=nik[-4:])
    return row.locator(".number").inner_text()


@pytest.mark.parametrize("page", [True], ids=["touch"], indirect=True)
def test_a_whole_applicant_by_touch(page: Page, board: Page, booth: Booth) -> None:
    kk, nik = booth.family_card()
    page.goto("/")
    page.get_by_text("siti", exact=True).tap()
    page.get_by_label("PIN").tap()
    typed(page, OFFICERS["siti"])
    page.get_by_role("button", name="Masuk", exact=True).tap()
    page.get_by_role("link", name="Isi kartu keluarga tanpa pemindai").tap()
    page.get_by_label("Nomor KK").tap()
    typed(page, kk)
    page.get_by_label("NIK").tap()
    typed(page, nik)
    page.get_by_role("button", name="Terima kartu keluarga").tap()
    page.locator("[data-focus=tab-queue]").tap()
    number = number_of(page, nik)
    booth.until(lambda: booth.paper(number), page, "the ticket")
    page.get_by_role("button", name="Panggil perekaman").tap()
    expect(board.locator("#hero .number")).to_have_text(number)
    booth.until(lambda: booth.called(number), page, "the call")
    page.locator("#side li.called", has_text=number).get_by_role("button", name="Hadir").tap()
    page.get_by_role("button", name=f"Mulai Rekam {number}").tap()
    recorded(page, lambda: page.get_by_role("button", name="Lanjut").tap())
    page.locator("[data-focus=tab-basket]").tap()
    expect(page.locator("#side li", has_text=number).last).to_contain_text("terkirim ke koordinator")


@pytest.mark.parametrize("page", [False], ids=["keys"], indirect=True)
def test_a_whole_applicant_by_keys_alone(page: Page, board: Page, booth: Booth) -> None:
    kk, nik = booth.family_card()
    page.goto("/")
    tabbed(page, page.get_by_label("budi"))
    page.keyboard.press("Space")
    tabbed(page, page.get_by_label("PIN"))
    page.keyboard.type(OFFICERS["budi"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Siapa berikutnya?")
    booth.say("scan", kk, nik)
    expect(page.locator("#side .rows li", has_text=nik[-4:])).to_be_visible()
    number = number_of(page, nik)
    booth.until(lambda: booth.paper(number), page, "the ticket")
    page.keyboard.press("F8")
    expect(board.locator("#hero .number")).to_have_text(number)
    booth.until(lambda: booth.called(number), page, "the call")
    tabbed(page, page.locator("#side li.called", has_text=number).get_by_role("button", name="Hadir"))
    page.keyboard.press("Enter")
    expect(page.locator("#side li.called")).to_have_count(0)
    page.keyboard.press("F1")
    recorded(page, lambda: page.keyboard.press("F1"))
    assert booth.day()["officers at the screen"] > 0
    tabbed(page, page.locator("[data-focus=tab-basket]"))
    page.keyboard.press("Enter")
    expect(page.locator("#side li", has_text=number).last).to_contain_text("terkirim ke koordinator")
