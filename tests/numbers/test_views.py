"""The product as pages."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from randonumber.database import transaction
from randonumber.numbers import queries
from tests import drawing, people

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.people import Person


@pytest.fixture
def person(client: FlaskClient) -> Person:
    """Return a person with five credits, signed in."""
    person = drawing.buyer(5)
    people.sign_in(client, person)
    return person


def fields(client: FlaskClient, page: str = "/", **changed: Any) -> dict[str, Any]:
    token = people.csrf_token(client, page)
    usual = {"csrf_token": token, "type": "integer", "min": 1, "max": 6, "n": 1, "form_ref": "form-0001"}
    return {name: value for name, value in (usual | changed).items() if value is not None}


def draw(client: FlaskClient, **changed: Any) -> TestResponse:
    return client.post("/numbers", data=fields(client, **changed))


def test_home_invites_a_stranger(client: FlaskClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "/register" in page.text
    assert "/login" in page.text


def test_home_has_a_form_that_is_new_each_time(client: FlaskClient, person: Person) -> None:
    refs = {re.search(r'name="form_ref" value="([^"]+)"', client.get("/").text)[1] for _ in range(2)}  # type: ignore[index]
    assert len(refs) == 2


def test_a_form_leads_to_its_draw(client: FlaskClient, person: Person) -> None:
    answer = draw(client, min=7, max=7, n=3)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/numbers/drw_")
    page = client.get(answer.headers["Location"])
    assert page.status_code == 200
    assert re.findall(r"data-value>(-?\d+)<", page.text) == ["7", "7", "7"]
    assert drawing.left(person) == 2


def test_the_page_of_a_draw_remembers_what_was_asked(client: FlaskClient, person: Person) -> None:
    page = client.get(draw(client, min=-20, max=77, n=2).headers["Location"]).text
    for name, value in (("min", "-20"), ("max", "77"), ("n", "2")):
        found = re.search(rf'<input[^>]*name="{name}"[^>]*>', page)
        assert found
        assert f'value="{value}"' in found[0]


def test_the_same_form_twice_is_one_draw(client: FlaskClient, person: Person) -> None:
    first, again = draw(client), draw(client)
    assert first.headers["Location"] == again.headers["Location"]
    assert drawing.left(person) == 4


def test_the_same_form_eight_times_at_once_is_one_draw(committed: Flask, client: FlaskClient, person: Person) -> None:
    sent = fields(client)
    cookie = client.get_cookie("session")
    assert cookie
    start = threading.Barrier(8)

    def send(_: int) -> str:
        tab = committed.test_client()
        tab.set_cookie("session", cookie.value)
        start.wait()
        return tab.post("/numbers", data=sent).headers["Location"]

    with ThreadPoolExecutor(8) as pool:
        places = set(pool.map(send, range(8)))
    assert len(places) == 1
    assert places.pop().startswith("/numbers/drw_")
    assert drawing.left(person) == 4


def test_a_used_form_with_something_else_in_it_comes_back_new(client: FlaskClient, person: Person) -> None:
    draw(client)
    answer = draw(client, n=2)
    assert answer.status_code == 422
    assert "form-0001" not in answer.text
    assert 'role="alert"' in answer.text
    assert drawing.left(person) == 4


BAD = ["", " 1", "1 ", "0.5", "1e3", "+1", "1_0", "٣", "x", "true", "9" * 5_000, "\x00", "'", "1\n"]


@pytest.mark.parametrize("name", ["min", "max", "n"])
def test_a_bad_number_is_refused_beside_its_field(client: FlaskClient, person: Person, name: str) -> None:
    draws = drawing.count("draws")
    for value in (*BAD, None):
        answer = draw(client, **{name: value})
        assert answer.status_code == 422, repr(value)
        assert f'id="{name}-error"' in answer.text, repr(value)
    assert (drawing.left(person), drawing.count("draws")) == (5, draws)


@pytest.mark.parametrize(
    ("changed", "name"),
    [({"n": 0}, "n"), ({"n": -1}, "n"), ({"n": 10_001}, "n"), ({"max": 0}, "max"), ({"min": -(10**9) - 1}, "min")],
)
def test_a_number_out_of_its_range_is_refused_beside_its_field(
    client: FlaskClient, person: Person, changed: dict[str, int], name: str
) -> None:
    answer = draw(client, **changed)
    assert answer.status_code == 422
    assert f'id="{name}-error"' in answer.text
    assert drawing.left(person) == 5


@pytest.mark.parametrize(
    "changed", [{"type": "dice"}, {"form_ref": "short"}, {"form_ref": None}, {"form_ref": "x y" * 5}]
)
def test_a_form_that_somebody_tampered_with_is_refused(
    client: FlaskClient, person: Person, changed: dict[str, Any]
) -> None:
    assert draw(client, **changed).status_code == 422
    assert drawing.left(person) == 5


def test_fields_that_nobody_asked_for_change_nothing(client: FlaskClient, person: Person) -> None:
    answer = draw(client, user_id=1, credits=0, price=0, values="[1]", is_admin="true")
    assert answer.status_code == 303
    assert drawing.left(person) == 4


def test_ten_thousand_fields_and_a_megabyte_break_nothing(client: FlaskClient, person: Person) -> None:
    many = {f"field-{number}": "1" for number in range(10_000)}
    assert draw(client, **many).status_code in {303, 413, 422}
    assert draw(client, form_ref="form-0002", type="x" * 1_000_000).status_code == 413


def test_too_few_credits_lead_to_the_shop(client: FlaskClient, person: Person) -> None:
    answer = draw(client, n=6)
    assert answer.status_code == 422
    assert 'href="/credits"' in answer.text
    assert drawing.left(person) == 5


def test_without_a_token_nothing_is_drawn(client: FlaskClient, person: Person) -> None:
    assert draw(client, csrf_token=None).status_code == 400
    assert draw(client, csrf_token="x").status_code == 400
    assert drawing.left(person) == 5


def test_a_stranger_is_sent_to_the_sign_in(client: FlaskClient) -> None:
    answer = client.post("/numbers", data=fields(client, "/login"))
    assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (303, "/login")


def test_a_get_draws_nothing(client: FlaskClient, person: Person) -> None:
    draws = drawing.count("draws")
    client.get("/numbers", query_string={"type": "integer", "min": 1, "max": 6, "n": 1, "form_ref": "form-0001"})
    assert (drawing.left(person), drawing.count("draws")) == (5, draws)


@pytest.mark.parametrize("tail", ["", "/values.txt"])
def test_a_strangers_draw_is_not_there(committed: Flask, client: FlaskClient, person: Person, tail: str) -> None:
    place = draw(client).headers["Location"] + tail
    other = committed.test_client()
    assert other.get(place).headers["Location"].startswith("/login")
    people.sign_in(other, drawing.buyer(0))
    assert other.get(place).status_code == 404
    assert client.get(place).status_code == 200


@pytest.mark.parametrize("ref", ["drw_none", "%00", "%ff", "'", "x" * 3_000])
def test_no_ref_breaks_the_page(client: FlaskClient, person: Person, ref: str) -> None:
    assert client.get(f"/numbers/{ref}").status_code == 404
    assert client.get(f"/numbers?before={ref}").status_code in {400, 422}


def test_ten_thousand_values_are_a_small_page_and_a_whole_file(client: FlaskClient) -> None:
    person = drawing.buyer(10_000)
    people.sign_in(client, person)
    place = draw(client, max=10**9, n=10_000).headers["Location"]
    assert len(client.get(place).data) < 30_000
    lines = client.get(f"{place}/values.txt").text.splitlines()
    with transaction() as session:
        kept = queries.get_draw(session, person.id, place.rsplit("/", 1)[1])
    assert lines == [str(value) for value in kept.values]


def test_history_lists_draws_and_goes_back(client: FlaskClient, person: Person) -> None:
    places = [draw(client, form_ref=f"form-000{number}").headers["Location"] for number in range(3)]
    page = client.get("/numbers").text
    assert all(place in page for place in places)
    older = client.get("/numbers", query_string={"before": places[1].rsplit("/", 1)[1]}).text
    assert places[0] in older
    assert places[1] not in older
    assert places[0] in client.get("/account").text


def test_history_says_what_will_stand_there(client: FlaskClient) -> None:
    people.sign_in(client, people.make_user())
    assert "No numbers yet" in client.get("/numbers").text
