"""Drawing over HTTP: the answers that programs rely on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests import drawing, people

if TYPE_CHECKING:
    from flask.testing import FlaskClient


@pytest.fixture
def key(client: FlaskClient) -> str:
    """Return a key of a person with ten credits."""
    return people.make_key(drawing.buyer(10))


def test_a_draw_answers_with_its_values_and_the_credits_left(client: FlaskClient, key: str) -> None:
    answer = drawing.ask(client, key, {"type": "integer", "min": 1, "max": 6, "n": 3})
    assert (answer.status_code, answer.mimetype) == (201, "application/json")
    body = answer.get_json()
    assert body["draw"].startswith("drw_")
    assert len(body["values"]) == 3
    assert set(body["values"]) <= set(range(1, 7))
    assert body["request"] == {"min": 1, "max": 6, "n": 3}
    assert (body["type"], body["n"], body["credits_spent"], body["credits_left"]) == ("integer", 3, 3, 7)
    assert body["created_at"].endswith("+00:00")


def test_the_type_may_be_left_out(client: FlaskClient, key: str) -> None:
    assert drawing.ask(client, key, {"min": 1, "max": 6, "n": 1}).get_json()["type"] == "integer"


def test_the_first_version_still_answers_in_its_own_form(client: FlaskClient) -> None:
    key = people.make_key(drawing.buyer(1))
    paid = client.post("/api/v1/number/", headers=people.bearer(key))
    assert paid.status_code == 200
    number = paid.get_json()["number"]
    assert paid.get_json() == {"number": number, "status": "SUCCESS", "credits_left": 0}
    assert number in range(10)
    refused = client.post("/api/v1/number/", headers=people.bearer(key))
    assert (refused.status_code, refused.mimetype) == (402, "application/json")
    assert refused.get_json() == {
        "status": "FAILURE",
        "code": "insufficient_credits",
        "credits_left": 0,
        "buy_url": "http://127.0.0.1:5000/credits",
    }


@pytest.mark.parametrize("path", ["/api/v1/number/", "/api/v1/numbers"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_only_a_post_spends(client: FlaskClient, key: str, path: str, method: str) -> None:
    draws = drawing.count("draws")
    answer = client.open(path, method=method, headers=people.bearer(key))
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert drawing.count("draws") == draws


def test_too_few_credits_are_a_problem_document_that_says_how_to_go_on(client: FlaskClient, key: str) -> None:
    answer = drawing.ask(client, key, {"min": 1, "max": 6, "n": 11})
    body = answer.get_json()
    assert (answer.status_code, answer.mimetype) == (402, "application/problem+json")
    assert (body["code"], body["status"]) == ("insufficient_credits", 402)
    assert (body["credits_needed"], body["credits_left"]) == (11, 10)
    assert body["buy_url"] == "http://127.0.0.1:5000/credits"
    assert "values" not in body


BROKEN: list[bytes] = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"12",
    b'{"min": 1, "max": 6, "n": 1}garbage',
    b'{"min": 1, "max": 6, "n": 1, "n": 1}',
    b'{"min": 1, "max": 6, "n": NaN}',
    b'{"min": 1, "max": Infinity, "n": 1}',
    b'{"min": 1, "max": 6, "n": true}',
    b'{"min": 1, "max": 6, "n": 1.0}',
    b'{"min": 1, "max": 6, "n": 1e3}',
    b'{"min": 1, "max": 6, "n": "1"}',
    b'{"min": 1, "max": 6, "n": " 1"}',
    b'{"min": 1, "max": 6, "n": -1}',
    b'{"min": 1, "max": 6, "n": 0}',
    b'{"min": 1, "max": 6, "n": 0.5}',
    b'{"min": 1, "max": 6, "n": [1]}',
    b'{"min": 1, "max": 6, "n": null}',
    b'{"min": 1, "max": 6}',
    b'{"min": 6, "max": 1, "n": 1}',
    b'{"min": 1, "max": 2147483648, "n": 1}',
    b'{"min": 1, "max": 9223372036854775808, "n": 1}',
    b'{"min": 1, "max": 6, "n": 1, "type": "\\u0000"}',
    b'{"min": 1, "max": 6, "n": 1, "\\u0000": 1}',
    b'{"min": 1, "max": 6, "n": 1, "\\ud800": 1}',
    b'{"min": 1, "max": 6, "n": 1, "credits": 0}',
    b'{"min": 1, "max": 6, "n": ' + b"9" * 5_000 + b"}",
    b'{"min": 1, "max": 6, "n": 1e' + b"9" * 500 + b"}",
    b"[" * 16_000,
    b'{"a":' * 3_000,
    b'{"min": 1, "max": 6, "n": 1, "type": "' + b"\xff\xfe" + b'"}',
    "{'min': 1}".encode("utf-16"),
]


@pytest.mark.parametrize("body", BROKEN, ids=lambda body: repr(body[:40]))
def test_a_bad_request_is_a_400_and_writes_nothing(client: FlaskClient, key: str, body: bytes) -> None:
    draws = drawing.count("draws")
    for headers in ({}, {"Idempotency_Key": "k"}):
        answer = drawing.ask(client, key, body, **headers)
        assert (answer.status_code, answer.mimetype) == (400, "application/problem+json"), answer.text
        assert answer.get_json()["code"] == "invalid_request"
    assert drawing.count("draws") == draws
    assert drawing.count("idempotency_keys") == 0


def test_each_wrong_field_is_named(client: FlaskClient, key: str) -> None:
    errors = drawing.ask(client, key, {"min": "x", "n": 0, "extra": 1}).get_json()["errors"]
    assert {error["field"] for error in errors} == {"min", "max", "n", "extra"}
    assert all(error["message"] for error in errors)


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_only_json_is_read(client: FlaskClient, key: str, content_type: str) -> None:
    answer = drawing.ask(client, key, drawing.DIE, Content_Type=content_type)
    assert answer.status_code == 400


def test_a_large_body_is_refused_unread(client: FlaskClient, key: str) -> None:
    assert drawing.ask(client, key, b" " * 20_000 + json.dumps(drawing.DIE).encode()).status_code == 413
    assert drawing.ask(client, key, b"x" * 2_000_000).status_code == 413


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic dTpw", "Bearer rn_", "Bearer rn_abcdefghijkl_" + "x" * 43, "Bearer \x7f", "rn_x"],
)
def test_without_a_working_key_nobody_is_let_in(client: FlaskClient, header: str) -> None:
    for body in (drawing.DIE, b"{"):
        answer = drawing.ask(client, "unused", body, Authorization=header)
        assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthorized")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_key_without_the_scope_is_told_so_before_anything_else(client: FlaskClient) -> None:
    person = drawing.buyer(5)
    reads, draws = people.make_key(person, ["read"]), people.make_key(person, ["draw"])
    for body in (drawing.DIE, b"{"):
        assert drawing.ask(client, reads, body).status_code == 403
    assert drawing.ask(client, reads, drawing.DIE, Idempotency_Key="k").status_code == 403
    for path in ("/api/v1/draws", "/api/v1/balance", "/api/v1/transactions", "/api/v1/draws/drw_none"):
        assert client.get(path, headers=people.bearer(draws)).status_code == 403
    assert drawing.left(person) == 5


def test_a_signed_in_browser_draws_with_its_csrf_token_alone(client: FlaskClient) -> None:
    person = drawing.buyer(5)
    people.sign_in(client, person)
    token = people.csrf_token(client, "/")
    assert client.post("/api/v1/numbers", json=drawing.DIE).status_code == 400
    assert client.post("/api/v1/numbers", json=drawing.DIE, headers={"X-CSRFToken": "x"}).status_code == 400
    assert drawing.left(person) == 5
    answer = client.post("/api/v1/numbers", json=drawing.DIE, headers={"X-CSRFToken": token})
    assert (answer.status_code, drawing.left(person)) == (201, 4)


def test_a_key_that_opens_nothing_is_not_saved_by_a_session(client: FlaskClient) -> None:
    person = drawing.buyer(5)
    people.sign_in(client, person)
    token = people.csrf_token(client, "/")
    answer = drawing.ask(client, "rn_abcdefghijkl_" + "x" * 43, X_CSRFToken=token)
    assert (answer.status_code, drawing.left(person)) == (401, 5)


def test_a_draw_by_key_is_one_statement(client: FlaskClient, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    drawing.ask(client, key)  # the first use of a key within a minute is noted in a second one
    statements: list[object] = []
    execute = psycopg.Cursor.execute

    def note(cursor: psycopg.Cursor[Any], query: Any, *arguments: Any, **options: Any) -> psycopg.Cursor[Any]:
        statements.append(query)
        return execute(cursor, query, *arguments, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", note)
    assert drawing.ask(client, key).status_code == 201
    assert len(statements) == 1


def test_a_call_with_a_key_opens_no_session(client: FlaskClient, key: str) -> None:
    answer = drawing.ask(client, key)
    assert "Set-Cookie" not in answer.headers


def test_history_goes_back_page_by_page(client: FlaskClient, key: str) -> None:
    drawn = [drawing.ask(client, key).get_json()["draw"] for _ in range(5)]
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    for _ in range(3):
        page = client.get("/api/v1/draws", query_string={"limit": 2, **cursor}, headers=people.bearer(key)).get_json()
        seen += [draw["draw"] for draw in page["data"]]
        cursor = {"cursor": page["next_cursor"]}
    assert seen[:5] == drawn[::-1]


def test_a_draw_can_be_read_again(client: FlaskClient, key: str) -> None:
    drawn = drawing.ask(client, key).get_json()
    read = client.get(f"/api/v1/draws/{drawn['draw']}", headers=people.bearer(key))
    assert read.status_code == 200
    del drawn["credits_left"]
    assert read.get_json() == drawn


def test_a_long_draw_keeps_its_values_out_of_the_list(client: FlaskClient) -> None:
    key = people.make_key(drawing.buyer(101))
    drawn = drawing.ask(client, key, {"min": 1, "max": 6, "n": 101}).get_json()
    listed = client.get("/api/v1/draws", headers=people.bearer(key)).get_json()["data"][0]
    assert (listed["draw"], listed["n"], listed["values"]) == (drawn["draw"], 101, None)


def test_a_strangers_draw_is_not_there(client: FlaskClient, key: str) -> None:
    drawn = drawing.ask(client, key).get_json()["draw"]
    stranger = people.bearer(people.make_key(drawing.buyer(0)))
    assert client.get(f"/api/v1/draws/{drawn}", headers=stranger).status_code == 404
    assert client.get("/api/v1/draws", query_string={"cursor": drawn}, headers=stranger).status_code == 400


@pytest.mark.parametrize("ref", ["drw_none", "%00", "'", "\\", "drw_" + "x" * 5_000, "%ff", "💥"])
def test_no_ref_breaks_anything(client: FlaskClient, key: str, ref: str) -> None:
    answer = client.get(f"/api/v1/draws/{ref}", headers=people.bearer(key))
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "limit=-1", "limit=x", "limit=1e1", "limit=%00", "limit=٣", "cursor=%00", "cursor=x"],
)
@pytest.mark.parametrize("path", ["/api/v1/draws", "/api/v1/transactions"])
def test_a_page_that_does_not_exist_is_a_400(client: FlaskClient, key: str, path: str, query: str) -> None:
    answer = client.get(f"{path}?{query}", headers=people.bearer(key))
    assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid_request")
    assert answer.get_json()["errors"]
