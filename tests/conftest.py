"""In continuous integration a test that is skipped because a program is missing has failed."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

#: What every such reason contains: the command that mends it (`tests/integration/needs.py`).
REMEDY = "apt-get install"


def _judge(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip for a missing package into a failure that still tells the command to type."""
    if os.environ.get("CI") != "true" or not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if REMEDY in reason:
        report.outcome = "failed"
        report.longrepr = f"CI=true: nothing may be skipped here. {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Judge a test's own skip."""
    report = yield
    _judge(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Judge the skip of a whole file."""
    report = yield
    _judge(report)
    return report
