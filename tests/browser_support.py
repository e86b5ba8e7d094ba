"""Tests that need a Chromium: without one they are skipped, said once at the end, and a failure where CI=true."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome")
REASON = "no Chromium on this machine"
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """Return the path of the machine's Chromium, if it has one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def launched() -> Iterator[Browser]:
    """Yield the machine's Chromium with a fresh profile."""
    from playwright.sync_api import sync_playwright

    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=flags)
        yield browser
        browser.close()


def is_required() -> bool:
    """Whether this machine must have one."""
    return os.environ.get("CI", "").lower() == "true"


def closing_message(count: int) -> str:
    """Return what to say about the tests that did not run."""
    tests = "browser test" if count == 1 else "browser tests"
    return f"{count} {tests} did not run: install chromium (apt-get install chromium)"


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    if chromium() is None:
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason=REASON))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    went_well = exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
    if went_well and is_required() and _skipped(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if count := _skipped(terminalreporter.config):
        color = {"red": True} if is_required() else {"yellow": True}
        terminalreporter.write_line(closing_message(count), bold=True, **color)


def _skipped(config: pytest.Config) -> int:
    """Return how many tests were skipped for want of a Chromium, over all workers of the run."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    reports = reporter.stats.get("skipped", []) if reporter is not None else []
    return sum(REASON in str(report.longrepr) for report in reports)
