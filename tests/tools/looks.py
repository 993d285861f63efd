"""Looks at a page as a reader does: is any text cut, outside the screen, over other text, or hard to read?"""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_FAULTS = """() => {
  const faults = [];
  const across = document.scrollingElement.scrollWidth - innerWidth;
  if (across > 0) faults.push(`the page is ${across} px too wide`);
  const texts = [];
  for (const element of document.body.querySelectorAll('*')) {
    const own = [...element.childNodes].filter((node) => node.nodeType === 3 && node.nodeValue.trim());
    if (!own.length || element.closest('.skip, noscript')) continue;
    if (!element.checkVisibility({ visibilityProperty: true })) continue;
    for (const node of own) {
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const box of range.getClientRects()) {
        if (!box.width) continue;
        // Glyphs are lower than their box: what is above and below them may touch.
        const rim = box.height * 0.2;
        const { left, right } = box;
        const it = { element, words: node.nodeValue.trim(), left, right, top: box.top + rim, bottom: box.bottom - rim };
        texts.push(it);
        if (it.left < -1 || it.right > innerWidth + 1) faults.push(`outside the screen: ${it.words}`);
        for (let around = element; around; around = around.parentElement) {
          const clips = around === document.body || around === document.documentElement
            ? document.body.classList.contains('board') && innerWidth > innerHeight
            : getComputedStyle(around).overflow !== 'visible';
          if (!clips) continue;
          const edge = around.getBoundingClientRect();
          const across = it.left < edge.left - 1 || it.right > edge.right + 1;
          if (across || it.top < edge.top - 1 || it.bottom > edge.bottom + 1) faults.push(`cut: ${it.words}`);
        }
      }
    }
  }
  for (const [n, one] of texts.entries()) {
    for (const two of texts.slice(n + 1)) {
      if (one.element === two.element) continue;
      const wide = Math.min(one.right, two.right) - Math.max(one.left, two.left);
      const high = Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top);
      if (wide > 1 && high > 1) faults.push(`over each other: ${one.words} / ${two.words}`);
    }
  }
  return faults;
}"""


def faults(page: Page) -> list[str]:
    """Texts that are cut, outside the screen, or over each other; and a page that scrolls sideways."""
    return list(page.evaluate(_FAULTS))


def violations(page: Page) -> list[str]:
    """What axe-core finds against WCAG 2.1 A and AA, and its best practices: rule and element."""
    page.emulate_media(reduced_motion="reduce")
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]
