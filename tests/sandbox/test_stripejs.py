"""Stripe.js over HTTP: the script, its frames, and who may hold them."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from randonumber.sandbox import Endpoint, create_sandbox
from randonumber.sandbox.inprocess import advance
from randonumber.sandbox.pages import stripejs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask import Flask
    from werkzeug.test import TestResponse

    Page = Callable[..., TestResponse]

FRAMES = ("/js/elements/payment", "/js/elements/controller")


def policy(answer: TestResponse) -> dict[str, list[str]]:
    """A page's Content-Security-Policy, by directive."""
    parts = [part.split() for part in answer.headers["Content-Security-Policy"].split(";")]
    return {name: sources for name, *sources in parts}


def test_the_script_is_one_classic_script_that_sets_stripe(page: Page) -> None:
    answer = page("/js/stripe.js")
    assert answer.status_code == 200
    assert answer.mimetype == "text/javascript"
    assert "window.Stripe = " in answer.text
    assert not re.search(r"^(import|export) ", answer.text, re.MULTILINE)


def test_every_part_of_the_script_is_served(page: Page) -> None:
    assert {part.name for part in stripejs.FOLDER.iterdir()} == set(stripejs.PARTS)


@pytest.mark.skipif(not shutil.which("node"), reason="no node on this machine")
def test_the_script_is_good_javascript(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "stripe.js"
    file.write_text(page("/js/stripe.js").text)
    subprocess.run(["node", "--check", file], check=True)  # noqa: S607


def test_a_page_asks_again_whether_the_script_has_changed(page: Page) -> None:
    first = page("/js/stripe.js")
    assert first.headers["Cache-Control"] == "no-cache"
    again = page("/js/stripe.js", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("path", FRAMES)
def test_a_frame_runs_its_own_files_and_speaks_to_its_own_origin_alone(page: Page, path: str) -> None:
    found = policy(page(path))
    assert found["default-src"] == ["'none'"]
    assert found["script-src"] == found["style-src"] == found["connect-src"] == ["'self'"]
    assert found["form-action"] == found["base-uri"] == ["'none'"]


@pytest.mark.parametrize("path", FRAMES)
def test_a_frame_has_nothing_inline(page: Page, path: str) -> None:
    text = page(path).text
    assert not re.search(r"<style| style=| on[a-z]+=|javascript:", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))


@pytest.mark.parametrize("path", FRAMES)
def test_a_frame_is_held_by_shops_on_this_machine(page: Page, path: str) -> None:
    ancestors = policy(page(path))["frame-ancestors"]
    assert {"http://127.0.0.1:*", "http://localhost:*", "https://localhost:*"} <= set(ancestors)
    assert "*" not in ancestors


def test_a_frame_is_held_by_the_app_that_gets_the_webhooks() -> None:
    app = create_sandbox(endpoints=[Endpoint("https://shop.test:8443/webhooks/stripe", "whsec_1", connect=False)])
    answer = app.test_client().get("/js/elements/payment", base_url="http://127.0.0.1:5001")
    assert "https://shop.test:8443" in policy(answer)["frame-ancestors"]


def test_hosted_pages_are_still_held_by_nobody(page: Page) -> None:
    assert policy(page("/dashboard"))["frame-ancestors"] == ["'none'"]


@pytest.mark.parametrize("path", [*FRAMES, "/js/stripe.js"])
def test_every_file_that_a_page_names_is_there(page: Page, path: str) -> None:
    for name in re.findall(r'(?:src|href)="([^"]+)"', page(path).text):
        assert page(name, buffered=True).status_code == 200


def test_the_fields_say_that_no_money_moves(page: Page) -> None:
    assert "no money moves" in page("/js/elements/payment").text


def test_cards_expire_by_the_clock_of_the_sandbox(sandbox: Flask, page: Page) -> None:
    def year() -> int:
        found = re.search(r'data-year="(\d+)"', page("/js/elements/payment").text)
        assert found
        return int(found[1])

    before = year()
    advance(sandbox, 366 * 86400)
    assert year() == before + 1


def test_a_host_that_is_not_loopback_gets_no_script(sandbox: Flask) -> None:
    assert sandbox.test_client().get("/js/stripe.js", base_url="http://shop.example").status_code == 403
