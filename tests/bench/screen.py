"""The console in a real browser: what the first page weighs, and how soon a moved pin is on the screen."""

from __future__ import annotations

import shutil
import statistics
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.bench.process import BOOTH, Listener
from tests.bench.result import Figure, at_most
from tests.bench.stage import NotMeasured, Stage, stage

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
WORDS = {True: "Listrik PLN", False: "Memakai baterai"}

#: Notes the wall time of each change of the supply's words, in milliseconds.
WATCH = """(words) => {
  window.changes = [];
  let last = null;
  const look = () => {
    const text = document.querySelector('.booth')?.textContent ?? '';
    const now = words.findIndex((word) => text.includes(word));
    if (now !== last) {
      last = now;
      window.changes.push([now, performance.timeOrigin + performance.now()]);
    }
  };
  new MutationObserver(look).observe(document.body, {subtree: true, childList: true, characterData: true});
  look();
}"""


def measure(folder: Path, quick: bool) -> list[Figure]:
    """The real coordinator with its console, a real booth and broker, and Chromium."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise NotMeasured("chromium is missing; type: sudo apt-get install -y chromium")
    with stage(folder, central=True) as set_up, sync_playwright() as playwright:
        listener = Listener(set_up.ports["broker"], f"loket/v1/{BOOTH}/up/event")
        listener.expect(b'"supply":"ON_MAINS"')
        set_up.booth.start()
        listener.when("the booth's first word about its supply")
        listener.close()
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        try:
            page = browser.new_page()
            size, requests = weigh(page, f"http://127.0.0.1:{set_up.ports['console']}/")
            time.sleep(3.0)
            times = _changes(page, set_up, 4 if quick else 20)
        finally:
            browser.close()
    note = f"p50 {statistics.median(times):.0f}, with the contact's debounce of 50 ms; {len(times)} samples"
    return [
        Figure("console, first page with all assets", size / 1000, "kB", None, at_most(150.0), note=requests),
        Figure("pin moved to event on screen, worst", max(times), "ms", None, at_most(500.0), note=note),
    ]


def weigh(page: Page, address: str) -> tuple[int, str]:
    """Bytes that came over the wire for a first visit, headers included; the live stream is none of the page."""
    sizes: dict[str, int] = {}
    session = page.context.new_cdp_session(page)
    session.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}))
    session.send("Network.enable")
    page.goto(address, wait_until="load")
    page.wait_for_timeout(1_500)
    session.detach()
    return sum(int(size) for size in sizes.values()), f"{len(sizes)} requests, empty cache"


def _changes(page: Page, set_up: Stage, samples: int) -> list[float]:
    """Milliseconds from the pin's move to the change of the page."""
    order = [True, False]
    page.evaluate(WATCH, [WORDS[state] for state in order])
    times = []
    for number in range(samples):
        present = number % 2 == 1
        seen = page.evaluate("window.changes.length")
        began = time.time() * 1000
        set_up.mains(present)
        page.wait_for_function("(seen) => window.changes.length > seen", arg=seen, polling=50, timeout=10_000)
        state, at = page.evaluate("window.changes.at(-1)")
        if order[state] is not present:
            raise NotMeasured(f"the page shows {WORDS[order[state]]!r} after the pin moved the other way")
        times.append(at - began)
        time.sleep(0.37)
    return times
