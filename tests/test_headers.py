"""What every answer carries, whatever it is."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import run_wsgi_app

from randonumber import Config, create_app, headers

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient


@pytest.mark.parametrize("path", ["/", "/healthz", "/nothing", "/api/v1/nothing", "/login"])
@pytest.mark.asvs("3.4.4")
def test_every_answer_keeps_itself_to_itself(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["Cache-Control"] == "no-store"
    assert "Cookie" in response.headers["Vary"]
    assert response.headers["Server"] == "randonumber"


@pytest.mark.asvs("3.4.5")
def test_every_route_carries_them(committed: Flask, client: FlaskClient) -> None:
    for rule in committed.url_map.iter_rules():
        path = re.sub(r"<[^>]+>", "none", rule.rule)
        for method in ("GET", "POST"):
            with client.open(path, method=method) as response:
                policy = response.headers.get("Content-Security-Policy", "")
                assert "frame-ancestors 'none'" in policy, f"{method} {path}"
                assert response.headers["X-Content-Type-Options"] == "nosniff"
                assert response.status_code != 500, f"{method} {path}"


def test_no_header_stands_twice(client: FlaskClient) -> None:
    for path in ("/", "/nothing", "/healthz"):
        names = [name.lower() for name, _ in client.get(path).headers if name.lower() != "set-cookie"]
        assert sorted(names) == sorted(set(names))


@pytest.mark.asvs("3.4.3")
def test_the_policy_allows_own_files_and_the_hosted_page(test_config: Config) -> None:
    policy = headers.content_security_policy(test_config)
    assert "default-src 'none'" in policy
    assert "form-action 'self' http://127.0.0.1:5001;" in policy
    assert "unsafe" not in policy
    assert "*" not in policy


def test_with_stripe_itself_forms_may_lead_to_its_checkout_and_to_connect(test_config: Config) -> None:
    config = dataclasses.replace(test_config, stripe_api_base=None, stripe_connect_base=None)
    policy = headers.content_security_policy(config)
    hosted = "https://checkout.stripe.com https://connect.stripe.com https://hooks.stripe.com"
    assert f"form-action 'self' {hosted};" in policy


def test_a_page_with_foreign_scripts_names_them(test_config: Config) -> None:
    policy = headers.content_security_policy(
        test_config, scripts=["https://a.test"], frames=["https://b.test"], connects=["https://c.test"]
    )
    assert "script-src 'self' https://a.test;" in policy
    assert "frame-src https://b.test;" in policy
    assert "connect-src 'self' https://c.test;" in policy


def test_a_page_with_stripes_script_allows_what_stripe_documents_and_no_more(test_config: Config) -> None:
    real = dataclasses.replace(
        test_config, stripe_api_base=None, stripe_js_url="https://js.stripe.com/dahlia/stripe.js"
    )
    policy = headers.stripe_js_policy(real)
    js = "https://js.stripe.com https://*.js.stripe.com"
    assert f"script-src 'self' {js};" in policy
    assert f"frame-src {js} https://hooks.stripe.com;" in policy
    assert "connect-src 'self' https://api.stripe.com;" in policy
    assert "unsafe" not in policy


def test_a_page_with_the_sandboxs_script_allows_the_sandbox_alone(test_config: Config) -> None:
    policy = headers.stripe_js_policy(test_config)
    assert "script-src 'self' http://127.0.0.1:5001;" in policy
    assert "frame-src http://127.0.0.1:5001;" in policy
    assert "connect-src 'self' http://127.0.0.1:5001;" in policy
    assert "stripe.com" not in policy
    assert "*" not in policy


@pytest.mark.asvs("3.4.1")
def test_https_is_remembered_for_two_years(test_config: Config) -> None:
    names = dict(headers.standing_headers(dataclasses.replace(test_config, base_url="https://shop.test")))
    assert names["Strict-Transport-Security"] == "max-age=63072000"
    assert "Strict-Transport-Security" not in dict(headers.standing_headers(test_config))


def test_a_request_id_is_taken_over_only_when_it_is_one(client: FlaskClient) -> None:
    assert client.get("/healthz", headers={"X-Request-Id": "abcd-1234"}).headers["X-Request-Id"] == "abcd-1234"
    for bad in ("short", "x" * 65, "with space in it", "schön-schön"):
        given = client.get("/healthz", headers={"X-Request-Id": bad}).headers["X-Request-Id"]
        assert given != bad
        assert len(given) == 16


def test_a_host_that_is_not_ours_gets_the_headers_too(test_config: Config) -> None:
    app = create_app(test_config)
    app.config["TRUSTED_HOSTS"] = ["localhost"]
    response = app.test_client().get("/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "evil.example" not in response.text
    assert "Content-Security-Policy" in response.headers


def test_an_own_header_of_a_view_stands(app: Flask) -> None:
    def inner(_environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("referrer-policy", "no-referrer")])
        return [b""]

    wrapped = headers.wrap(inner, headers.standing_headers(app.extensions["config"]))
    _body, _status, answered = run_wsgi_app(wrapped, {})
    seen = list(answered)
    assert ("referrer-policy", "no-referrer") in seen
    assert "Referrer-Policy" not in dict(seen)
