"""Errors in the form that the caller reads, with and without a database."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NoReturn

import pytest
from flask import abort, request
from sqlalchemy import text

from randonumber import Config, create_app
from randonumber.database import db, transaction
from randonumber.errors import InsufficientCredits, RateLimited

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def broken(test_config: Config) -> Flask:
    """Return an app whose database does not answer, with routes that fail in every way."""
    unreachable = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    app = create_app(dataclasses.replace(test_config, database_uri=unreachable))
    app.add_url_rule("/bug", "bug", _bug)
    app.add_url_rule("/api/bug", "api_bug", _bug)
    app.add_url_rule("/abort/<int:code>", "aborts", abort)
    app.add_url_rule("/fast", "fast", _too_fast)
    app.add_url_rule("/poor", "poor", _poor)
    app.add_url_rule("/database", "database", _ask_database)
    app.add_url_rule("/form", "form", lambda: request.form.get("a", ""), methods=["POST"])
    return app


@pytest.fixture
def visitor(broken: Flask) -> FlaskClient:
    return broken.test_client()


def _bug() -> NoReturn:
    message = "sk_test_hush: a line that nobody may read"
    raise RuntimeError(message)


def _too_fast() -> NoReturn:
    message = "Wait a little."
    raise RateLimited(message, headers={"Retry-After": "7"})


def _poor() -> NoReturn:
    message = "One credit is missing."
    raise InsufficientCredits(message, extra={"credits_left": 0})


def _ask_database() -> str:
    with transaction() as session:
        session.connection()
    return "never"


def _is_page(response: TestResponse, status: int) -> None:
    assert response.status_code == status
    assert response.mimetype == "text/html"
    assert "<h1>" in response.text
    assert "</html>" in response.text


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 429, 500, 503])
def test_every_error_is_a_page_for_people(visitor: FlaskClient, status: int) -> None:
    _is_page(visitor.get(f"/abort/{status}"), status)


def test_every_error_is_a_problem_document_for_programs(visitor: FlaskClient) -> None:
    response = visitor.get("/api/v1/nothing-here")
    assert response.status_code == 404
    assert response.mimetype == PROBLEM
    assert response.get_json()["code"] == "not_found"
    assert response.get_json()["request_id"] == response.headers["X-Request-Id"]


def test_whoever_asks_for_json_gets_a_problem_document(visitor: FlaskClient) -> None:
    response = visitor.get("/poor", headers={"Accept": "application/json"})
    assert response.status_code == 402
    assert response.get_json()["credits_left"] == 0


def test_a_browser_gets_a_page(visitor: FlaskClient) -> None:
    _is_page(visitor.get("/poor", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}), 402)


@pytest.mark.asvs("16.5.1")
def test_a_bug_shows_a_reference_and_nothing_else(visitor: FlaskClient) -> None:
    for path in ("/bug", "/api/bug"):
        response = visitor.get(path)
        assert response.status_code == 500
        assert "sk_test_hush" not in response.text
        assert "Traceback" not in response.text
        assert response.headers["X-Request-Id"] in response.text


def test_a_wrong_method_says_which_are_right(visitor: FlaskClient) -> None:
    response = visitor.get("/form")
    _is_page(response, 405)
    assert "POST" in response.headers["Allow"]


def test_how_long_to_wait_is_said(visitor: FlaskClient) -> None:
    response = visitor.get("/fast")
    _is_page(response, 429)
    assert response.headers["Retry-After"] == "7"


def test_a_form_without_token_is_refused_with_words(visitor: FlaskClient) -> None:
    response = visitor.post("/form", data={"a": "1"})
    _is_page(response, 400)
    assert "reload" in response.text


def test_a_database_that_does_not_answer_is_503_with_retry_after(visitor: FlaskClient) -> None:
    response = visitor.get("/database")
    _is_page(response, 503)
    assert response.headers["Retry-After"] == "2"


def test_a_cookie_nobody_signed_breaks_no_error_page(visitor: FlaskClient) -> None:
    visitor.set_cookie("session", '"broken;=\x7f.x.y')
    _is_page(visitor.get("/abort/404"), 404)


@pytest.mark.asvs("5.2.1")
def test_a_body_too_large_is_413(visitor: FlaskClient) -> None:
    response = visitor.post("/form", data={"a": "x" * 600_000})
    _is_page(response, 413)


@pytest.fixture
def storing(test_config: Config) -> Iterator[Flask]:
    """Yield an app that hands a word of the request to the database."""
    app = create_app(test_config)
    app.add_url_rule("/say", "say", _say)
    yield app
    with app.app_context():
        db.engine.dispose()


def _say() -> str:
    with transaction() as session:
        return str(session.scalar(text("SELECT cast(:word AS text)"), {"word": request.args["word"]}))


@pytest.mark.asvs("1.2.4")
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_character_that_no_database_takes_is_the_senders_fault(storing: Flask, accept: str) -> None:
    visitor = storing.test_client()
    assert visitor.get("/say?word=plain", headers={"Accept": accept}).text == "plain"
    assert visitor.get("/say?word=a%00b", headers={"Accept": accept}).status_code == 400
