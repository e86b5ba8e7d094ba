"""The files of the pages: found, compressed, cached, and small."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

from randonumber.assets import load
from randonumber.config import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskClient

BUDGET = 150_000
"""Bytes of all files together, compressed: design.md section 10."""


def test_all_files_together_fit_the_budget(app: Flask) -> None:
    assert sum(len(file.compressed) for file in app.extensions["assets"].files.values()) < BUDGET


def test_an_address_with_its_hash_is_kept_for_a_year(client: FlaskClient, app: Flask) -> None:
    assets = app.extensions["assets"]
    for name, file in assets.files.items():
        response = client.get(assets.address(name))
        assert response.status_code == 200
        assert response.data == file.body
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "Set-Cookie" not in response.headers
        assert "Cookie" not in response.headers["Vary"]


def test_a_browser_gets_it_compressed(client: FlaskClient, app: Flask) -> None:
    assets = app.extensions["assets"]
    response = client.get(assets.address("css/bootstrap.css"), headers={"Accept-Encoding": "gzip, br"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(response.data) == assets.files["css/bootstrap.css"].body


def test_a_page_of_another_release_gets_todays_file_and_does_not_keep_it(client: FlaskClient) -> None:
    response = client.get("/assets/0123456789abcdef/css/app.css")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-cache"


def test_there_is_no_way_to_other_files(client: FlaskClient) -> None:
    for name in ("nothing.css", "../web.py", "..%2fweb.py", "css/../../web.py", "css", ""):
        assert client.get(f"/assets/0123456789abcdef/{name}").status_code == 404


def test_a_changed_file_changes_every_address(tmp_path: Path) -> None:
    file = tmp_path / "a.css"
    file.write_text("a{}")
    before = load(tmp_path).address("a.css")
    file.write_text("b{}")
    assert load(tmp_path).address("a.css") != before


def test_bootstrap_asks_for_no_source_map(app: Flask) -> None:
    for file in app.extensions["assets"].files.values():
        assert b"sourceMappingURL" not in file.body


def test_templates_hold_no_script_style_or_handler_of_their_own() -> None:
    pattern = re.compile(
        r"<style|<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=\"|javascript:|https?://[^\"]*\.(?:js|css)"
    )
    pages = [path for path in (ROOT / "templates").rglob("*.html") if "mail" not in path.parts]
    found = {str(path.relative_to(ROOT)) for path in pages if pattern.search(path.read_text())}
    assert {name for name in found if "/email/" not in name} == set()
