"""Onboarding, OAuth consent and the Express page, as the owner of a connected account sees them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import stripe

from tests.sandbox.browser.shop import KEY

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sandbox.browser.buyer import Buyer

pytestmark = pytest.mark.browser

SCREENS = [(360, "light"), (360, "dark"), (1280, "light"), (1280, "dark")]


@pytest.fixture
def account(server_side: stripe.StripeClient) -> Any:
    """An Express account that nobody has filled in."""
    return server_side.v1.accounts.create({"type": "express", "country": "US", "email": "ada@example.com"})


@pytest.fixture
def link(server_side: stripe.StripeClient, account: Any, shop_url: str) -> str:
    """Where its owner fills it in."""
    made = server_side.v1.account_links.create(
        {
            "account": account.id,
            "type": "account_onboarding",
            "return_url": f"{shop_url}/shop.css?done",
            "refresh_url": f"{shop_url}/shop.css?again",
        }
    )
    return str(made.url)


def consent_url(stripe_url: str, shop_url: str) -> str:
    """Where an owner is asked to connect their account to the shop."""
    asked = {
        "response_type": "code",
        "client_id": "ca_" + KEY.removeprefix("sk_test_"),
        "scope": "read_write",
        "state": "s7",
        "redirect_uri": f"{shop_url}/shop.css",
    }
    return f"{stripe_url}/oauth/authorize?{urlencode(asked)}"


def test_an_owner_fills_in_an_account_and_comes_back(
    visit: Callable[..., Buyer], server_side: stripe.StripeClient, account: Any, link: str
) -> None:
    owner = visit()
    owner.go(link)
    owner.page.get_by_label("Bank account number").fill("000123456789")
    owner.page.get_by_role("button", name="Agree and submit").click()
    owner.page.wait_for_url(re.compile(r"/shop\.css\?done$"))
    found = server_side.v1.accounts.retrieve(account.id)
    assert (found.details_submitted, found.payouts_enabled) == (True, True)


def test_an_owner_leaves_and_the_link_is_used_up(
    visit: Callable[..., Buyer], server_side: stripe.StripeClient, account: Any, link: str
) -> None:
    owner = visit()
    owner.go(link)
    owner.page.get_by_role("button", name="Leave for now").click()
    owner.page.wait_for_url(re.compile(r"/shop\.css\?done$"))
    assert not server_side.v1.accounts.retrieve(account.id).details_submitted
    owner.go(link)
    assert owner.page.url.endswith("/shop.css?again")


def test_a_wrong_bank_account_is_said_beside_the_field(visit: Callable[..., Buyer], link: str) -> None:
    owner = visit()
    owner.go(link)
    field = owner.page.get_by_label("Bank account number")
    field.fill("1")
    owner.page.get_by_role("button", name="Agree and submit").click()
    owner.page.locator("#account_number-error").wait_for()
    assert field.get_attribute("aria-invalid") == "true"
    assert owner.audit() == []


@pytest.mark.parametrize("answer", ["Connect", "Deny"])
def test_an_owner_is_asked_and_the_platform_hears_the_answer(
    visit: Callable[..., Buyer], stripe_url: str, shop_url: str, answer: str
) -> None:
    owner = visit()
    owner.go(consent_url(stripe_url, shop_url))
    owner.page.get_by_role("button", name=answer, exact=True).click()
    owner.page.wait_for_url(re.compile(r"/shop\.css\?"))
    said = parse_qs(urlsplit(owner.page.url).query)
    assert said["state"] == ["s7"]
    if answer == "Deny":
        assert said["error"] == ["access_denied"]
        return
    client = stripe.StripeClient(KEY, base_addresses={"api": stripe_url, "connect": stripe_url}, max_network_retries=0)
    token = client.oauth.token({"grant_type": "authorization_code", "code": said["code"][0]})
    assert str(token.stripe_user_id).startswith("acct_")


def test_onboarding_works_by_keyboard_alone(visit: Callable[..., Buyer], link: str) -> None:
    owner = visit()
    owner.go(link)
    owner.tab_to("account_number")
    owner.page.keyboard.press("Enter")
    owner.page.wait_for_url(re.compile(r"/shop\.css\?done$"))


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_pages_for_owners_are_clean(
    visit: Callable[..., Buyer],
    server_side: stripe.StripeClient,
    account: Any,
    link: str,
    shop_url: str,
    width: int,
    scheme: str,
) -> None:
    owner = visit(viewport={"width": width, "height": 740}, color_scheme=scheme)
    owner.go(consent_url(owner.stripe_url, shop_url))
    assert owner.audit() == []
    owner.go(link.split("?", maxsplit=1)[0], 403)
    assert owner.audit() == []
    owner.go(link)
    assert owner.audit() == []
    owner.page.get_by_role("button", name="Agree and submit").click()
    owner.page.wait_for_url(re.compile(r"/shop\.css\?done$"))
    owner.go(server_side.v1.accounts.login_links.create(account.id).url)
    assert owner.audit() == []
