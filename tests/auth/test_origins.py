"""Where requests come from and lead to: hosts, other sites, proxies, redirects."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from flask import Flask, request

from randonumber import limits, paths
from randonumber.auth import origins
from tests.auth.mailbox import link, messages
from tests.people import PASSWORD, csrf_token, make_key, make_user, register, sign_in

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from randonumber.config import Config

OTHER_PLACES = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    "/%09/evil.example",
    "/\n/evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https://evil.example/account",
    "http://localhost/account",
    "javascript:alert(1)",
    "data:text/html,x",
    "/account@evil.example",
    "@evil.example",
    "/account\r\nSet-Cookie: a=b",
    "/account#//evil.example",
    "evil.example",
    "/nowhere",
    "/logout",
    "/" + "a/" * 400,
    "/account?x=//evil.example",
    " /account",
    "\0",
]


@pytest.mark.asvs("3.7.2")
def test_a_sign_in_leads_nowhere_but_to_our_own_pages(client: FlaskClient) -> None:
    person = make_user()
    for place in OTHER_PLACES:
        client.delete_cookie("session")
        fields = {"csrf_token": csrf_token(client), "email": person.email, "password": PASSWORD}
        answer = client.post("/login", data={**fields, "next": place}, query_string={"next": place})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/"), place
        assert client.get("/login", query_string={"next": place}).headers["Location"] == "/", place


@pytest.mark.parametrize("place", ["/account", "/change", "/account?before=abc-1_2", "/reset/x"])
def test_a_sign_in_leads_back_to_where_it_was_asked_for(client: FlaskClient, place: str) -> None:
    person = make_user()
    page = client.get("/login", query_string={"next": place}).text
    assert f'name="next" type="hidden" value="{place}"' in page
    assert sign_in(client, person, next=place).headers["Location"] == place


def test_a_page_for_members_leads_through_the_sign_in_and_back(client: FlaskClient) -> None:
    assert client.get("/change?x=1").headers["Location"] == "/login?next=%2Fchange%3Fx%3D1"
    assert client.get("/account").status_code == 303
    problem = client.get("/account", headers={"Accept": "application/json"})
    assert (problem.status_code, problem.mimetype) == (401, "application/problem+json")


def test_the_former_address_of_the_account_leads_to_the_new_one(client: FlaskClient) -> None:
    register(client)
    assert client.get("/user-profile").headers["Location"] == "/account"


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "evil.example:80", "a b", "", "127.0.0.2"])
@pytest.mark.parametrize("path", ["/", "/login", "/reset", "/account", "/healthz"])
def test_another_host_is_refused(client: FlaskClient, host: str, path: str) -> None:
    assert client.get(path, headers={"Host": host}).status_code == 400


def test_no_mail_names_a_host_that_a_request_named(client: FlaskClient, committed: Flask) -> None:
    register(client)
    base: str = committed.extensions["config"].base_url
    assert f"{base}{link('security/welcome')}" in messages()[-1].text_body


@pytest.mark.parametrize(
    ("base_url", "trusted"),
    [
        ("https://shop.example", ["shop.example"]),
        ("https://shop.example:8443", ["shop.example"]),
        ("http://127.0.0.1:5000", ["localhost", "127.0.0.1", "[::1]", "127.0.0.1"]),
    ],
)
def test_the_trusted_hosts_are_those_of_the_base_url(test_config: Config, base_url: str, trusted: list[str]) -> None:
    assert origins.trusted_hosts(replace(test_config, base_url=base_url)) == trusted


@pytest.mark.asvs("3.5.1")
@pytest.mark.parametrize("path", ["/login", "/register", "/reset", "/logout", "/change", "/account/keys", "/confirm"])
def test_a_change_without_our_token_is_refused(client: FlaskClient, committed: Flask, path: str) -> None:
    register(client)
    stranger = committed.test_client()
    others = csrf_token(stranger)
    for token in (None, "", "x", others, others[:-1]):
        data = {} if token is None else {"csrf_token": token}
        assert client.post(path, data=data).status_code == 400


@pytest.mark.asvs("3.5.3")
@pytest.mark.parametrize("path", ["/login", "/logout", "/account/keys"])
def test_a_change_that_another_site_asks_for_is_refused(client: FlaskClient, path: str) -> None:
    register(client)
    data = {"csrf_token": csrf_token(client, "/account")}
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert client.post(path, data=data, headers=headers).status_code == 403
    assert client.get("/account").status_code == 200
    assert client.get("/account", headers=headers).status_code == 200  # a link from a mail


def test_a_call_with_a_key_may_come_from_anywhere(committed: Flask) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Authorization": f"Bearer {make_key(make_user())}"}
    with committed.test_request_context("/api/v1/numbers", method="POST", headers=headers):
        assert origins._refuse_other_sites() is None  # type: ignore[func-returns-value]


@pytest.mark.asvs("4.1.3")
def test_a_forged_forwarded_address_is_not_believed(committed: Flask) -> None:
    headers = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    with committed.test_request_context(headers=headers, environ_base={"REMOTE_ADDR": "192.0.2.1"}):
        assert limits.client_address() == "192.0.2.1"
        assert request.host == "localhost"
        assert request.scheme == "http"


@pytest.mark.asvs("4.1.3")
def test_of_a_chain_of_proxies_only_our_own_are_believed(test_config: Config) -> None:
    app = Flask("proxied")
    app.extensions["config"] = replace(test_config, proxy_hops=1)
    origins.init_app(app)
    app.add_url_rule("/", view_func=limits.client_address)
    chain = {"X-Forwarded-For": "203.0.113.7, 198.51.100.4"}
    answer = app.test_client().get("/", headers=chain, environ_base={"REMOTE_ADDR": "192.0.2.1"})
    assert answer.text == "198.51.100.4"


def test_own_paths_have_one_shape_and_long_ones_are_read_at_once(committed: Flask) -> None:
    with committed.app_context():
        assert paths.own(None) == "/"
        assert paths.own("/" + "a" * 499 + "!") == "/"
        assert paths.own("/account/") == "/"
        assert paths.own("/account") == "/account"
