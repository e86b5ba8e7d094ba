"""Money, credits and moments as people read them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import render_template_string

from randonumber import templating

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

MOMENT = datetime(2026, 11, 21, 7, 24, 5, tzinfo=UTC)


def test_credits_carry_their_unit() -> None:
    assert templating.credits_with_unit(1) == "1 credit"
    assert templating.credits_with_unit(0) == "0 credits"
    assert templating.credits_with_unit(1000) == "1,000 credits"


def test_a_moment_is_read_in_words_and_exact_on_hover() -> None:
    assert templating.when_text(MOMENT) == "21 Nov 2026, 07:24 UTC"
    element = templating.when(MOMENT)
    assert 'datetime="2026-11-21T07:24:05+00:00"' in element
    assert 'title="2026-11-21 07:24:05 UTC"' in element


def test_templates_know_the_filters(app: Flask) -> None:
    with app.test_request_context("/"):
        assert render_template_string("{{ 1250|money }} {{ 3|credits }} {{ 1000|number }}") == "$12.50 3 credits 1,000"


def test_a_form_carries_its_token_and_a_new_name(app: Flask) -> None:
    page = (
        "{% import 'macros/forms.html' as forms with context %}"
        "{% call forms.form('/x') %}{{ forms.form_ref() }}{{ forms.submit('Pay $9.00') }}{% endcall %}"
    )
    with app.test_request_context("/"):
        first, second = render_template_string(page), render_template_string(page)
    assert 'name="csrf_token"' in first
    assert 'method="post" action="/x"' in first
    assert first != second


def test_every_state_is_a_word(app: Flask) -> None:
    page = "{% import 'macros/ui.html' as ui %}{{ ui.status(word) }}"
    with app.test_request_context("/"):
        assert ">partly refunded<" in render_template_string(page, word="partly_refunded")
        assert "status-good" in render_template_string(page, word="paid")


def test_what_a_person_typed_is_shown_as_text(app: Flask) -> None:
    page = "{% import 'macros/ui.html' as ui %}{{ ui.empty(words, words) }}{{ ui.status(words) }}"
    with app.test_request_context("/"):
        assert "<script" not in render_template_string(page, words="<script>alert(1)</script>")


def test_scripts_find_the_token_in_the_head_of_a_page(client: FlaskClient) -> None:
    assert re.search(r'<meta name="csrf-token" content="[^"]{20,}">', client.get("/").text)


def test_an_error_page_asks_neither_session_nor_database(client: FlaskClient) -> None:
    response = client.get("/nothing-here")
    assert "csrf" not in response.text
    assert "Set-Cookie" not in response.headers
