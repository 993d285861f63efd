"""The emulated chip needs an image that Loket cannot bring along: without POWERBOARD_UF2 its test does not exist."""

from __future__ import annotations

import os

import pytest

_UF2 = "POWERBOARD_UF2"
collect_ignore = [] if os.environ.get(_UF2) else ["test_rp2040.py"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was not tried, so that nobody takes the other tests for the chip."""
    if collect_ignore:
        terminalreporter.write_line(f"power board: not tried in an emulated RP2040, since {_UF2} names no image")
