"""The booth with its screen: its memory beside the same booth without one, and what its pages weigh in a browser."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

from tests.bench.counter import OFFICER, PIN, equip, plug_in, press, release
from tests.bench.process import BOOTH, SETTLE_S, Listener, Memory, memory, peak
from tests.bench.result import Figure, at_most
from tests.bench.screen import FLAGS, weigh
from tests.bench.stage import NotMeasured, Stage, stage, start

#: Pages that are open while the booth's memory is measured: the officer's, the hall's board, the numbers by touch.
OPEN_PAGES: Final = ("/", "/papan", "/ambil")
PAGE_KB: Final = 150.0


@dataclass(frozen=True, slots=True)
class Weight:
    """What the first visit of a page takes over the wire."""

    page: str
    kilobytes: float
    requests: str


def measure(folder: Path, quick: bool) -> list[Figure]:
    """The same booth twice, on the same hardware: without its screen, then with it, before real browsers."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise NotMeasured("chromium is missing; type: sudo apt-get install -y chromium")
    settle = 3.0 if quick else SETTLE_S
    with stage(folder, central=False) as set_up:
        _public(set_up.places.central_file)
        start(set_up.central, set_up.ports["console"])
        plug_in(set_up)
        without = _without(set_up, settle)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            try:
                idle, used, peak, weights = _with(set_up, browser, settle, 20.0 if quick else 60.0)
            finally:
                browser.close()
    return figures(without, idle, used, peak, weights)


def figures(without: Memory, idle: Memory, used: Memory, peak: float, weights: list[Weight]) -> list[Figure]:
    """`idle`: nobody has looked at the screen yet; `used`: with pages open; `peak`: the highest so far (MiB)."""
    told = f"nobody before it {idle.rss:.1f}; proportional {used.pss:.1f}, its own {used.uss:.1f}; peak {peak:.1f}"
    pages = ", ".join(OPEN_PAGES)
    return [
        Figure(
            "booth with a front desk, without its screen, memory",
            without.rss,
            "MiB",
            None,
            at_most(45.0),
            note=f"proportional {without.pss:.1f}, its own {without.uss:.1f}",
        ),
        Figure(
            "booth with its screen in use, memory",
            used.rss,
            "MiB",
            without.rss,
            at_most(70.0),
            note=f"{told} (a PIN takes 19 for a moment); open: {pages}; baseline: without",
        ),
        *(
            Figure(f"{one.page}, first visit", one.kilobytes, "kB", None, at_most(PAGE_KB), note=one.requests)
            for one in weights
        ),
    ]


def _public(central_file: Path) -> None:
    """The coordinator's pages for the public are shown."""
    text = central_file.read_text(encoding="utf-8")
    if "public = true" not in text:
        central_file.write_text(text.replace("[console]\n", "[console]\npublic = true\n"), encoding="utf-8")


def _without(set_up: Stage, settle: float) -> Memory:
    booth, _ = equip(set_up, screen=False)
    release(set_up, booth)
    pid = _start(set_up)
    time.sleep(settle)
    found = memory(pid)
    set_up.booth.end()
    return found


def _start(set_up: Stage) -> int:
    """The booth, when it has spoken: its process."""
    listener = Listener(set_up.ports["broker"], f"loket/v1/{BOOTH}/up/event")
    try:
        listener.expect(b'"kind":"booth.started"')
        set_up.booth.start()
        listener.when("the booth's word that it has started")
    finally:
        listener.close()
    assert set_up.booth.process is not None
    return set_up.booth.process.pid


def _with(set_up: Stage, browser: Browser, settle: float, seconds: float) -> tuple[Memory, Memory, float, list[Weight]]:
    booth, port = equip(set_up, screen=True)
    pid = _start(set_up)
    time.sleep(settle)
    idle = memory(pid)
    address = f"http://127.0.0.1:{port}"
    ticket = _ticket(set_up, booth)
    weights = [
        _weight(browser, "officer's page", address + "/", address),
        _weight(browser, "board of the booth", address + "/papan"),
        _weight(browser, "numbers by touch", address + "/ambil"),
        _weight(browser, "status page", f"http://127.0.0.1:{set_up.ports['console']}/status/{ticket}"),
    ]
    context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 800})
    try:
        pages = [context.new_page() for _ in OPEN_PAGES]
        _sign_in(pages[0], address)
        for page, path in zip(pages, OPEN_PAGES, strict=True):
            page.goto(path)
        _use(pages[0], set_up, booth, seconds)
        return idle, memory(pid), peak(pid), weights
    finally:
        context.close()


def _use(page: Page, set_up: Stage, booth: dict[str, object], seconds: float) -> None:
    """An officer works: numbers are drawn, called and ended, while the pages hear of each."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        press(set_up, booth)
        page.wait_for_timeout(1_500)
        for panel in ("queue", "ticket", "basket", "more"):
            page.goto(f"/?panel={panel}")
            page.wait_for_timeout(300)


def _ticket(set_up: Stage, booth: dict[str, object]) -> str:
    """A number is drawn, and the coordinator knows of it: the ticket's id."""
    listener = Listener(set_up.ports["broker"], f"loket/v1/{BOOTH}/up/event")
    try:
        listener.expect(b'"kind":"ticket.paper"')
        press(set_up, booth)
        listener.when("the word that a ticket was printed")
        return str(json.loads(listener.event)["body"]["ticket"])
    finally:
        listener.close()


def _sign_in(page: Page, address: str) -> None:
    """The officer's PIN, once; the cookie is the context's."""
    sent = page.request.post(f"{address}/masuk", form={"name": OFFICER, "pin": PIN})
    if not sent.ok or sent.url.endswith("/masuk"):
        raise NotMeasured(f"the officer did not get in: {sent.status} at {sent.url}")


def _weight(browser: Browser, name: str, address: str, sign_in: str = "") -> Weight:
    """With an empty cache."""
    context = browser.new_context()
    try:
        page = context.new_page()
        if sign_in:
            _sign_in(page, sign_in)
        answers: list[int] = []
        page.on("response", lambda response: answers.append(response.status))
        size, requests = weigh(page, address)
        if not answers or max(answers) >= 400:
            raise NotMeasured(f"{name} at {address} answered {answers}")
        return Weight(name, size / 1000, requests)
    finally:
        context.close()
