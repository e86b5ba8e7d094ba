"""Balance and statement over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import drawing, people

if TYPE_CHECKING:
    from flask.testing import FlaskClient


def test_the_balance_lists_the_lots_it_is_the_sum_of(client: FlaskClient) -> None:
    person = drawing.buyer(0)
    ref = drawing.give(person, 13)
    body = client.get("/api/v1/balance", headers=people.bearer(people.make_key(person))).get_json()
    assert body["credits"] == 13
    assert body["lots"] == [{"ref": ref, "left": 13, "expires_at": None, "source": "grant"}]
    assert body["wallet"] == {"currency": "usd", "available": 0, "pending": 0, "held": 0}
    assert body["debts"] == {"usd": 0, "credit": 0}


def test_the_statement_shows_a_draw_with_the_balance_after_it(client: FlaskClient) -> None:
    person = drawing.buyer(0)
    ref = drawing.give(person, 13)
    key = people.make_key(person)
    drawn = drawing.ask(client, key, {"min": 1, "max": 6, "n": 5}).get_json()["draw"]
    page = client.get("/api/v1/transactions?limit=1&currency=credit", headers=people.bearer(key)).get_json()
    row = page["data"][0]
    assert (row["kind"], row["ref"], row["amount"], row["balance"], row["account"]) == ("spend", drawn, -5, 8, ref)
    assert row["currency"] == "credit"
    assert page["next_cursor"]


def test_there_are_two_currencies(client: FlaskClient) -> None:
    key = people.make_key(drawing.buyer(0))
    assert client.get("/api/v1/transactions?currency=usd", headers=people.bearer(key)).status_code == 200
    assert client.get("/api/v1/transactions?currency=eur", headers=people.bearer(key)).status_code == 400


def test_a_read_counts_as_a_use_of_the_key(client: FlaskClient) -> None:
    person = drawing.buyer(0)
    key = people.make_key(person)
    client.get("/api/v1/balance", headers=people.bearer(key))
    from randonumber.auth import keys
    from randonumber.database import transaction

    with transaction() as session:
        assert keys.of_user(session, person.id)[0].last_used_at is not None


def test_nobody_reads_without_a_key(client: FlaskClient) -> None:
    for path in ("/api/v1/balance", "/api/v1/transactions", "/api/v1/draws", "/api/v1/draws/drw_none"):
        answer = client.get(path)
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")


def test_the_statement_shows_what_it_is_asked_for(client: FlaskClient) -> None:
    person = drawing.buyer(0)
    drawing.give(person, 13)
    headers = people.bearer(people.make_key(person))

    def kinds(query: str) -> set[str]:
        return {row["kind"] for row in client.get(f"/api/v1/transactions?{query}", headers=headers).get_json()["data"]}

    assert kinds("") == {"grant", "revoke"}
    assert kinds("kind=topup") == kinds("until=2020-01-01T00:00:00Z") == kinds("currency=usd") == set()
    assert kinds("kind=grant&since=2020-01-01T00:00:00Z") == {"grant"}
    for wrong in ("kind=Grant!", "since=2020-01-01", "until=soon"):
        assert client.get(f"/api/v1/transactions?{wrong}", headers=headers).status_code == 400
