"""What is asked about other people's accounts: the same whether Stripe is laid out or played."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from randonumber.sandbox.inprocess_connect import consent, onboard
from randonumber.stripe_gateway import StripeDenied, StripeNotFound, StripeRefused, StripeUnavailable
from randonumber.stripe_gateway.connect import Connect
from tests.stripe_gateway import world
from tests.stripe_gateway.ways import SandboxWay, Trouble

if TYPE_CHECKING:
    from tests.stripe_gateway.ways import Way

BACK = "http://127.0.0.1:5000/payouts/oauth/callback"
CLIENT = "ca_both"
HERE = {
    "create_account_link",
    "create_login_link",
    "deauthorize",
    "exchange",
    "find_reversed_transfer",
    "get_account",
    "get_balance",
    "get_payout",
    "get_transfer",
    "list_payouts",
    "list_reversals",
    "list_transfers",
}
NO_ACCESS = {
    "code": "account_invalid",
    "message": "The provided key does not have access to account 'acct_none'.",
}


def test_every_method_of_connect_is_here() -> None:
    assert {name for name, _ in inspect.getmembers(Connect, inspect.isfunction) if not name.startswith("_")} == HERE


def granted(way: Way) -> str:
    """Return the code that an owner's consent gives."""
    if not isinstance(way, SandboxWay):
        return "ac_good"
    asked = {"response_type": "code", "client_id": CLIENT, "scope": "read_write", "redirect_uri": BACK}
    back = consent(way.app, "/oauth/authorize?" + urlencode(asked))
    return parse_qs(urlsplit(str(back)).query)["code"][0]


def exchange(way: Way) -> Any:
    way.answers_oauth(
        "/oauth/token",
        {
            "access_token": "sk_test_51never",
            "livemode": False,
            "refresh_token": "rt_never",
            "scope": "read_write",
            "stripe_publishable_key": "pk_test_51never",
            "stripe_user_id": "acct_owner",
            "token_type": "bearer",
        },
    )
    return way.gateway.connect.exchange(granted(way))


def test_a_code_is_turned_into_a_grant_without_its_tokens(way: Way) -> None:
    grant = exchange(way)

    [request] = way.sent
    assert (request.method, request.path) == ("POST", "/oauth/token")
    assert set(request.params) == {"grant_type", "code"}
    assert request.params["grant_type"] == "authorization_code"
    assert grant.stripe_account_id.startswith("acct_")
    assert (grant.livemode, grant.scope) == (False, "read_write")
    assert "sk_test" not in repr(grant)
    assert "rt_" not in repr(grant)


def test_a_code_that_is_none_is_refused_in_oauths_own_words(way: Way) -> None:
    error = {"error": "invalid_grant", "error_description": "Authorization code does not exist: ac_none"}
    way.answers_oauth("/oauth/token", error, 400)
    with pytest.raises(StripeRefused) as caught:
        way.gateway.connect.exchange("ac_none")
    assert (caught.value.code, caught.value.message) == tuple(error.values())


def test_an_answer_of_oauths_that_settles_nothing_is_no_refusal(way: Way) -> None:
    code = granted(way)
    way.answers_oauth("/oauth/token", {"error": "temporarily_unavailable"}, 500)
    if isinstance(way, SandboxWay):
        way.goes_wrong("POST", "/oauth/token", Trouble(planned="error_500", body={}))
    with pytest.raises(StripeUnavailable):
        way.gateway.connect.exchange(code)


def test_access_to_an_account_is_given_up(way: Way) -> None:
    account = exchange(way).stripe_account_id
    way.answers_oauth("/oauth/deauthorize", {"stripe_user_id": account})

    way.gateway.connect.deauthorize(CLIENT, account)

    request = way.sent[-1]
    assert (request.path, request.params) == (
        "/oauth/deauthorize",
        {"client_id": CLIENT, "stripe_user_id": account},
    )


def test_access_that_we_have_not_cannot_be_given_up(way: Way) -> None:
    message = "This application is not connected to stripe account acct_none, or that account does not exist."
    way.answers_oauth("/oauth/deauthorize", {"error": "invalid_client", "error_description": message}, 401)
    with pytest.raises(StripeDenied) as caught:
        way.gateway.connect.deauthorize(CLIENT, "acct_none")
    assert (caught.value.status, caught.value.code) == (401, "invalid_client")


def test_an_account_is_shown_as_far_as_it_concerns_us(way: Way) -> None:
    seller = way.ids["seller"]
    way.answers("GET", f"/v1/accounts/{seller}", "seller")

    found = way.gateway.connect.get_account(seller)

    [request] = way.sent
    assert (request.path, request.params) == (f"/v1/accounts/{seller}", {})
    assert "Stripe-Account" not in request.headers
    assert (found.id, found.type, found.country, found.default_currency) == (seller, "custom", "US", "usd")
    assert (found.transfers_active, found.payouts_enabled, found.details_submitted) == (True, True, True)
    assert (found.requirements, found.disabled_reason, dict(found.metadata)) == ((), None, {"ref": "pac_1"})


def test_what_an_account_lacks_is_named(way: Way) -> None:
    if isinstance(way, SandboxWay):
        asked: Any = {"type": "express", "capabilities": {"transfers": {"requested": True}}}
        account = way.sdk.v1.accounts.create(asked).id
    else:
        account = "acct_new"
        way.answers(
            "GET",
            "/v1/accounts/acct_new",
            world.OBJECTS["seller"]
            | {
                "type": "express",
                "capabilities": {"transfers": "inactive"},
                "payouts_enabled": False,
                "details_submitted": False,
                "requirements": {
                    "currently_due": ["external_account"],
                    "disabled_reason": "requirements.past_due",
                },
            },
        )
    found = way.gateway.connect.get_account(account)
    assert (found.type, found.transfers_active, found.payouts_enabled) == ("express", False, False)
    assert "external_account" in found.requirements
    assert found.disabled_reason == "requirements.past_due"


def test_an_account_without_access_is_denied_by_name(way: Way) -> None:
    way.refuses("GET", "/v1/accounts/acct_none", 403, **NO_ACCESS)
    with pytest.raises(StripeDenied) as caught:
        way.gateway.connect.get_account("acct_none")
    assert (caught.value.status, caught.value.code) == (403, "account_invalid")


def test_onboarding_is_led_to_by_a_link(way: Way) -> None:
    seller = way.ids["seller"]
    way.answers("POST", "/v1/account_links", {"object": "account_link", "url": f"https://stripe.example/{seller}"})

    url = way.gateway.connect.create_account_link(
        seller, return_url="https://a.example/r", refresh_url="https://a.example/f"
    )

    [request] = way.sent
    assert request.params == {
        "account": seller,
        "type": "account_onboarding",
        "return_url": "https://a.example/r",
        "refresh_url": "https://a.example/f",
    }
    assert seller in url


def test_the_express_dashboard_is_led_to_by_a_link(way: Way) -> None:
    account = "acct_express"
    if isinstance(way, SandboxWay):
        asked: Any = {"type": "express", "capabilities": {"transfers": {"requested": True}}}
        account = way.sdk.v1.accounts.create(asked).id
        link = way.gateway.connect.create_account_link(account, return_url=BACK, refresh_url=BACK)
        onboard(way.app, link)
    path = f"/v1/accounts/{account}/login_links"
    way.answers("POST", path, {"object": "login_link", "url": f"https://stripe.example/{account}"})

    url = way.gateway.connect.create_login_link(account)

    assert (way.sent[-1].path, way.sent[-1].params) == (path, {})
    assert account in url


def test_the_balance_of_an_account_is_asked_for_in_its_name(way: Way) -> None:
    seller = way.ids["seller"]
    body = {"object": "balance", "available": [{"amount": 600, "currency": "usd"}], "pending": []}
    way.answers("GET", "/v1/balance", body)

    balance = way.gateway.connect.get_balance(seller)

    [request] = way.sent
    assert request.headers["Stripe-Account"] == seller
    assert (balance.available, balance.pending) == (600, 0)


def test_a_transfer_shows_what_came_back_of_it(way: Way) -> None:
    transfer = way.ids["transfer"]
    way.answers("GET", f"/v1/transfers/{transfer}", "transfer")

    found = way.gateway.connect.get_transfer(transfer)

    assert (found.id, found.amount, found.amount_reversed, found.currency) == (transfer, 1100, 100, "usd")
    assert (found.destination, found.transfer_group) == (way.ids["seller"], "wd_1")
    assert dict(found.metadata) == {"ref": "wd_1"}
    assert found.balance_transaction_id


def test_transfers_are_listed_by_their_group(way: Way) -> None:
    way.lists("/v1/transfers", ["transfer"], transfer_group="wd_1")
    found = way.gateway.connect.list_transfers("wd_1")
    assert way.sent[0].params == {"limit": "100", "transfer_group": "wd_1"}
    assert [one.id for one in found] == [way.ids["transfer"]]


def test_reversals_are_listed_by_their_transfer(way: Way) -> None:
    transfer = way.ids["transfer"]
    way.lists(f"/v1/transfers/{transfer}/reversals", ["reversal"])
    [found] = way.gateway.connect.list_reversals(transfer)
    assert (found.id, found.transfer_id, found.amount, found.currency) == (way.ids["reversal"], transfer, 100, "usd")


def test_a_transfer_is_found_by_what_its_reversal_booked(way: Way) -> None:
    if isinstance(way, SandboxWay):
        txn = way.sdk.v1.transfers.reversals.retrieve(way.ids["transfer"], way.ids["reversal"]).balance_transaction
    else:
        txn = "txn_back"
    path = f"/v1/balance_transactions/{txn}"
    way.answers("GET", path, world.OBJECTS["txn"] | {"source": world.OBJECTS["reversal"]}, **{"expand[0]": "source"})
    assert way.gateway.connect.find_reversed_transfer(str(txn)) == way.ids["transfer"]


def test_a_payout_of_an_account_is_asked_for_in_its_name(way: Way) -> None:
    seller, payout = way.ids["seller"], way.ids["payout"]
    way.answers("GET", f"/v1/payouts/{payout}", "payout")

    found = way.gateway.connect.get_payout(payout, seller)

    assert way.sent[0].headers["Stripe-Account"] == seller
    assert (found.id, found.amount, found.currency, found.status) == (payout, 400, "usd", "pending")
    assert (found.failure_code, found.failure_message) == (None, None)


def test_payouts_of_an_account_are_listed_in_its_name(way: Way) -> None:
    seller = way.ids["seller"]
    way.lists("/v1/payouts", ["payout"], **{"created[gte]": str(world.SINCE)})

    found = way.gateway.connect.list_payouts(seller, created={"gte": world.SINCE})

    assert way.sent[0].headers["Stripe-Account"] == seller
    assert [one.id for one in found] == [way.ids["payout"]]


@pytest.mark.parametrize(
    ("method", "path"),
    [("get_transfer", "/v1/transfers/tr_none"), ("list_reversals", "/v1/transfers/tr_none/reversals")],
)
def test_what_is_not_there_is_said_to_be_not_there(method: str, path: str, way: Way) -> None:
    way.refuses("GET", path, 404, code="resource_missing", message="No such transfer", param="id")
    with pytest.raises(StripeNotFound):
        getattr(way.gateway.connect, method)("tr_none")
