"""Forms read what a browser's form sends, and nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from wtforms import StringField

from randonumber.config import ROOT
from randonumber.forms import PageForm

if TYPE_CHECKING:
    from flask import Flask


class Trial(PageForm):
    word = StringField()


@pytest.mark.parametrize("body", ['{"word": "x"}', "[1]", "null", '"x"', "{", '{"word": 1}'])
def test_json_fills_no_form(app: Flask, body: str) -> None:
    with app.test_request_context(method="POST", data=body, content_type="application/json"):
        assert Trial().word.data is None


def test_a_form_is_filled_by_the_fields_of_a_post(app: Flask) -> None:
    with app.test_request_context(method="POST", data={"word": "x"}):
        assert Trial().word.data == "x"
        assert Trial(formdata=None).word.data is None


def test_every_form_of_the_shop_is_one_of_these() -> None:
    for file in (ROOT / "randonumber").rglob("*.py"):
        if file != ROOT / "randonumber" / "forms.py":
            assert not re.search(r"\bFlaskForm\b", file.read_text()), file
