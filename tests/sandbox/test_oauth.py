from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import stripe
from stripe import oauth_error

from randonumber.sandbox import inprocess
from randonumber.sandbox.inprocess import SandboxHTTPClient
from randonumber.sandbox.inprocess_connect import consent
from tests.sandbox.conftest import make_sdk

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

BACK = "http://127.0.0.1:5000/payouts/oauth/callback"


@pytest.fixture
def sdk(sandbox: Flask) -> Any:
    """A platform with a client id."""
    client = SandboxHTTPClient(sandbox)
    return stripe.StripeClient("sk_test_one", http_client=client, client_id="ca_one", max_network_retries=0)


def ask(**more: str) -> str:
    params = {
        "response_type": "code",
        "client_id": "ca_one",
        "scope": "read_write",
        "state": "s 1&",
        "redirect_uri": BACK,
    }
    return "/oauth/authorize?" + urlencode(params | more)


def code_of(sandbox: Flask, **form: str) -> str:
    """A code, as the owner's consent gives it."""
    return answered(consent(sandbox, ask(), **form))["code"]


def answered(url: str | None) -> dict[str, str]:
    assert url is not None
    assert url.startswith(BACK + "?")
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def connect(sandbox: Flask, sdk: Any, **form: str) -> str:
    found = sdk.oauth.token({"grant_type": "authorization_code", "code": code_of(sandbox, **form)})
    return str(found.stripe_user_id)


def test_the_sdks_own_address_leads_to_the_consent_page(page: Callable[..., Any], sdk: Any) -> None:
    url = urlsplit(sdk.oauth.authorize_url({"redirect_uri": BACK, "scope": "read_write", "state": "x"}))
    answer = page(f"{url.path}?{url.query}")
    assert answer.status_code == 200
    assert "ca_one" in answer.text
    assert "<script" not in answer.text
    assert "form-action 'self' http://127.0.0.1:5000" in answer.headers["Content-Security-Policy"]


def test_consent_comes_back_with_a_code_and_the_state_as_it_was(sandbox: Flask) -> None:
    found = answered(consent(sandbox, ask()))
    assert found["state"] == "s 1&"
    assert found["scope"] == "read_write"
    assert found["code"].startswith("ac_")


def test_a_code_becomes_a_connection_to_an_account_that_can_receive(sandbox: Flask, sdk: Any) -> None:
    answer = sdk.oauth.token({"grant_type": "authorization_code", "code": code_of(sandbox)})
    assert (answer.token_type, answer.scope, answer.livemode) == ("bearer", "read_write", False)
    assert answer.access_token.startswith("sk_test_")
    assert answer.stripe_publishable_key.startswith("pk_test_")
    account = sdk.v1.accounts.retrieve(answer.stripe_user_id)
    assert (account.type, account.payouts_enabled) == ("standard", True)
    assert account.to_dict()["capabilities"]["transfers"] == "active"
    assert account.to_dict()["controller"] == {"type": "account"}
    assert [one.id for one in sdk.v1.accounts.list().data] == [account.id]
    event = sdk.v1.events.list(options={"stripe_account": account.id}).data[0]
    assert (event.type, event.account) == ("account.application.authorized", account.id)
    assert event.data.object["id"] == "ca_one"


def test_before_the_code_is_exchanged_nothing_is_connected(sandbox: Flask, sdk: Any) -> None:
    code_of(sandbox)
    assert sdk.v1.accounts.list().data == []


def test_denying_says_so(sandbox: Flask, sdk: Any) -> None:
    found = answered(consent(sandbox, ask(), "deny"))
    assert found == {
        "error": "access_denied",
        "error_description": "The user denied your request",
        "state": "s 1&",
    }


WRONG = [
    ({"client_id": "nobody"}, "No application matches the supplied client identifier"),
    ({"client_id": ""}, "No application matches the supplied client identifier"),
    ({"response_type": "token"}, "Unsupported response type"),
    ({"redirect_uri": ""}, "Invalid redirect URI"),
    ({"redirect_uri": "http://evil.example/"}, "Invalid redirect URI"),
    ({"redirect_uri": "javascript:alert(1)"}, "Invalid redirect URI"),
    ({"redirect_uri": "https://a.example/#x"}, "Invalid redirect URI"),
    ({"scope": "everything"}, "Invalid scope"),
    ({"state": "x" * 2001}, "The state is too long"),
]


@pytest.mark.parametrize(("params", "sentence"), WRONG)
def test_a_wrong_question_is_answered_here_and_leads_nowhere(
    page: Callable[..., Any], params: dict[str, str], sentence: str
) -> None:
    for answer in (page(ask(**params)), page(ask(**params), {"action": "connect"})):
        assert answer.status_code == 400
        assert sentence in answer.text
        assert "Location" not in answer.headers


@pytest.mark.parametrize("form", [{"action": "steal"}, {"account": "acct_nobody"}])
def test_a_wrong_answer_is_asked_again(sandbox: Flask, form: dict[str, str]) -> None:
    assert consent(sandbox, ask(), **form) is None


def test_a_code_works_once_and_its_tokens_end_with_the_second_try(sandbox: Flask, sdk: Any) -> None:
    code = code_of(sandbox)
    first = sdk.oauth.token({"grant_type": "authorization_code", "code": code})
    with pytest.raises(oauth_error.InvalidGrantError, match="This authorization code has already been used"):
        sdk.oauth.token({"grant_type": "authorization_code", "code": code})
    with pytest.raises(oauth_error.InvalidGrantError):
        sdk.oauth.token({"grant_type": "refresh_token", "refresh_token": first.refresh_token})
    assert sdk.v1.accounts.retrieve(first.stripe_user_id).id == first.stripe_user_id, "the connection stays"


def test_a_code_lives_five_minutes_of_the_sandboxs_clock(sandbox: Flask, sdk: Any) -> None:
    code = code_of(sandbox)
    inprocess.advance(sandbox, 301)
    with pytest.raises(oauth_error.InvalidGrantError, match="expired"):
        sdk.oauth.token({"grant_type": "authorization_code", "code": code})
    assert sdk.v1.accounts.list().data == []


def test_a_code_belongs_to_its_platform(sandbox: Flask, sdk: Any) -> None:
    code = code_of(sandbox)
    other: Any = make_sdk(sandbox, "sk_test_other")
    with pytest.raises(oauth_error.InvalidGrantError, match="Authorization code provided does not belong to you"):
        other.oauth.token({"grant_type": "authorization_code", "code": code})
    assert sdk.oauth.token({"grant_type": "authorization_code", "code": code}).stripe_user_id, "and is still good"


def test_a_refresh_token_is_exchanged_for_another(sandbox: Flask, sdk: Any) -> None:
    first = sdk.oauth.token({"grant_type": "authorization_code", "code": code_of(sandbox)})
    second = sdk.oauth.token(
        {"grant_type": "refresh_token", "refresh_token": first.refresh_token, "scope": "read_only"}
    )
    assert (second.stripe_user_id, second.scope) == (first.stripe_user_id, "read_only")
    with pytest.raises(oauth_error.InvalidGrantError):
        sdk.oauth.token({"grant_type": "refresh_token", "refresh_token": first.refresh_token})
    with pytest.raises(oauth_error.InvalidScopeError):
        sdk.oauth.token({"grant_type": "refresh_token", "refresh_token": second.refresh_token, "scope": "read_write"})


REFUSED = [
    ({"grant_type": "authorization_code", "code": "ac_x"}, oauth_error.InvalidGrantError, "does not exist: ac_x"),
    ({"grant_type": "authorization_code"}, oauth_error.InvalidRequestError, "code"),
    ({"grant_type": "password"}, oauth_error.UnsupportedGrantTypeError, "password"),
    ({}, oauth_error.InvalidRequestError, "grant_type"),
]


@pytest.mark.parametrize(("params", "error", "sentence"), REFUSED)
def test_a_token_that_cannot_be_is_refused_in_oauths_form(
    sdk: Any, params: dict[str, str], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        sdk.oauth.token(params)


def test_the_key_may_stand_in_the_form_or_in_the_header(sandbox: Flask, raw: Callable[..., Any]) -> None:
    basic = {"Authorization": "Basic " + base64.b64encode(b"sk_test_one:").decode()}
    form = {"grant_type": "authorization_code"}
    for sent in (
        {"data": form | {"code": code_of(sandbox), "client_secret": "sk_test_one"}, "headers": {"Authorization": None}},
        {"data": form | {"code": code_of(sandbox)}, "headers": basic},
    ):
        assert raw("POST", "/oauth/token", **sent).status_code == 200
    for key in (None, "Bearer pk_test_one", "Bearer nonsense"):
        answer = raw("POST", "/oauth/token", data=form, headers={"Authorization": key})
        assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


def test_a_deauthorized_account_is_closed_and_tells_it_a_last_time(sandbox: Flask, sdk: Any) -> None:
    account = connect(sandbox, sdk)
    inprocess.deliveries(sandbox)
    assert sdk.oauth.deauthorize({"stripe_user_id": account}).stripe_user_id == account
    sent = inprocess.deliveries(sandbox)
    assert [one.url.rpartition("/")[2] for one in sent] == ["connect"]
    event = stripe.Webhook.construct_event(sent[0].body, sent[0].headers["Stripe-Signature"], "whsec_sandbox_connect")
    assert (event.type, event.account) == ("account.application.deauthorized", account)
    assert event.data.object["object"] == "application"
    calls: list[Any] = [
        lambda: sdk.v1.accounts.retrieve(account),
        lambda: sdk.v1.balance.retrieve(options={"stripe_account": account}),
    ]
    for call in calls:
        with pytest.raises(stripe.PermissionError, match="Application access may have been revoked"):
            call()
    assert sdk.v1.accounts.list().data == []


def test_deauthorizing_what_is_not_connected_is_refused_in_stripes_words(sandbox: Flask, sdk: Any) -> None:
    account = connect(sandbox, sdk)
    other: Any = make_sdk(sandbox, "sk_test_other")
    for platform, params in (
        (sdk, {"stripe_user_id": "acct_nobody"}),
        (other, {"stripe_user_id": account, "client_id": "ca_other"}),
    ):
        with pytest.raises(oauth_error.InvalidClientError, match="This application is not connected to stripe account"):
            platform.oauth.deauthorize(params)
    with pytest.raises(oauth_error.InvalidClientError, match="No application matches"):
        other.oauth.deauthorize({"stripe_user_id": account, "client_id": "ca_one"})
    assert sdk.v1.accounts.retrieve(account).id == account


def test_an_express_account_is_not_deauthorized(sdk: Any) -> None:
    account = sdk.v1.accounts.create({"type": "express"}).id
    with pytest.raises(oauth_error.InvalidRequestError):
        sdk.oauth.deauthorize({"stripe_user_id": account})
    assert sdk.v1.accounts.retrieve(account).id == account


def test_an_account_that_was_connected_can_be_chosen_again(sandbox: Flask, page: Callable[..., Any], sdk: Any) -> None:
    account = connect(sandbox, sdk)
    sdk.oauth.deauthorize({"stripe_user_id": account})
    assert account in page(ask()).text
    assert connect(sandbox, sdk, account=account) == account
    told = [event.type for event in sdk.v1.events.list(options={"stripe_account": account}).data]
    assert told[0] == "account.application.authorized"
    assert connect(sandbox, sdk, account=account) == account
    again = [event.type for event in sdk.v1.events.list(options={"stripe_account": account}).data]
    assert again == told, "it was connected already"


def test_an_account_of_another_platform_cannot_be_chosen(sandbox: Flask, sdk: Any) -> None:
    account = connect(sandbox, sdk)
    assert consent(sandbox, ask(client_id="ca_other"), account=account) is None


def test_an_owner_keeps_what_is_theirs(sandbox: Flask, sdk: Any) -> None:
    account = connect(sandbox, sdk)
    calls: list[Any] = [
        lambda: sdk.v1.accounts.update(account, {"email": "a@example.com"}),
        lambda: sdk.v1.accounts.external_accounts.create(account, {"external_account": "btok_us_verified"}),
    ]
    for call in calls:
        with pytest.raises(stripe.PermissionError, match="does not have the required permissions"):
            call()
    with pytest.raises(stripe.InvalidRequestError, match="not authorized to delete this account"):
        sdk.v1.accounts.delete(account)
    assert sdk.v1.accounts.update(account, {"metadata": {"a": "1"}}).metadata["a"] == "1"
    assert sdk.v1.accounts.retrieve(account).payouts_enabled


@pytest.mark.parametrize(("fault", "happened"), [("reset_before", False), ("reset_after", True)])
def test_the_fault_plan_cuts_the_line_of_a_token_request(
    sandbox: Flask,
    sdk: Any,
    fault: str,
    happened: bool,  # noqa: FBT001
) -> None:
    code = code_of(sandbox)
    inprocess.add_fault(sandbox, "POST /oauth/token", fault)
    with pytest.raises(stripe.APIConnectionError):
        sdk.oauth.token({"grant_type": "authorization_code", "code": code})
    assert bool(sdk.v1.accounts.list().data) is happened


@pytest.mark.parametrize(
    ("fault", "status", "happened"),
    [("error_429", 429, False), ("error_500", 500, False), ("error_500_done", 500, True)],
)
def test_the_fault_plan_refuses_a_deauthorization(
    sandbox: Flask,
    raw: Callable[..., Any],
    sdk: Any,
    fault: str,
    status: int,
    happened: bool,  # noqa: FBT001
) -> None:
    account = connect(sandbox, sdk)
    inprocess.add_fault(sandbox, "POST /oauth/deauthorize", fault)
    form = {"client_id": "ca_one", "stripe_user_id": account}
    assert raw("POST", "/oauth/deauthorize", data=form).status_code == status
    assert bool(sdk.v1.accounts.list().data) is not happened
