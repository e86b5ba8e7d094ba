"""The audit sees what it is there to see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.visitor import AUDIT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

GOOD = '<html lang="en"><title>A</title><main><h1>A</h1>{}</main></html>'


@pytest.mark.parametrize(
    ("part", "complaint"),
    [
        ("<input name=a>", "no label"),
        ("<button></button>", "no name"),
        ("<h3>Deep</h3>", "skips a level"),
        ("<h1>Again</h1>", "2 times <h1>"),
        ("<p id=a></p><p id=a></p>", "id twice"),
        ("<img src=data:,>", "no alt"),
        ("<p style='color:#999;background:#fff'>Pale</p>", "contrast"),
        ("<p style='width:3000px'>Wide</p>", "wider"),
        ("<a href=/ aria-describedby=none>A</a>", "leads nowhere"),
        ("<table><tr><td>1</table>", "no head"),
    ],
)
def test_it_finds(browser: Browser, part: str, complaint: str) -> None:
    page = browser.new_page()
    page.set_content(GOOD.format(part))
    found = page.evaluate(AUDIT)
    page.close()
    assert len(found) == 1, found
    assert complaint in found[0]


def test_it_is_content_with_a_good_page(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(GOOD.format("<label>Name <input></label><button>Go</button><h2>More</h2><p>Words</p>"))
    found = page.evaluate(AUDIT)
    page.close()
    assert found == []
