"""The officer's page in Indonesian and English: key -> (Indonesian, English)."""

from __future__ import annotations

from edge.screen.words import Texts

TEXTS: Texts = {
    "page.title": ("Layar petugas", "Officer's page"),
}
