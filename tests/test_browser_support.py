"""Without a Chromium: what runs, what is said, what fails."""

from __future__ import annotations

import pytest

from tests import browser_support

pytest_plugins = ["pytester"]
TESTS = """
    import pytest

    @pytest.mark.browser
    def test_in_a_browser():
        pass

    def test_elsewhere():
        pass
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setattr(browser_support, "chromium", lambda: None)
    monkeypatch.delenv("CI", raising=False)
    pytester.makeini("[pytest]\nmarkers =\n    browser: needs a Chromium\n")
    pytester.makepyfile(TESTS)
    return pytester


def test_without_chromium_the_rest_runs_and_the_end_says_how_to_get_it(suite: pytest.Pytester) -> None:
    result = suite.runpytest_inprocess("-p", "tests.browser_support", "-p", "no:cacheprovider")
    assert result.ret == 0
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(
        ["*1 browser test did not run: install chromium (apt-get install chromium)*"], consecutive=True
    )


def test_where_it_is_required_that_is_a_failure(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    result = suite.runpytest_inprocess("-p", "tests.browser_support", "-p", "no:cacheprovider")
    assert result.ret == 1


def test_with_chromium_nothing_is_said(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser_support, "chromium", lambda: "/usr/bin/chromium")
    monkeypatch.setenv("CI", "true")
    result = suite.runpytest_inprocess("-p", "tests.browser_support", "-p", "no:cacheprovider")
    assert result.ret == 0
    result.assert_outcomes(passed=2)
    assert "did not run" not in result.stdout.str()
