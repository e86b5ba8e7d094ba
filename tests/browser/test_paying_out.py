"""The whole way of money in a browser: topped up, connected, withdrawn; and every refusal in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.browser.earner import Earner, let_funds_come, wait_for_funds
from tests.browser.visitor import DECLINED_CARD

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser

    from tests.browser.visitor import Visitor
    from tests.whole.checkout import Checkout

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


@pytest.fixture
def earner(visit: Callable[..., Visitor], shop: Checkout, browser: Browser) -> Earner:
    """Somebody new."""
    visitor = visit()
    person = Earner(shop.base_url, browser.new_context(base_url=shop.base_url, locale="en-GB"))
    visitor.messages = person.messages  # what this window hears is judged with the others
    person.register()
    return person


def test_money_is_topped_up_becomes_available_and_arrives_at_a_connected_account(
    earner: Earner, shop: Checkout
) -> None:
    earner.top_up("50,00")
    earner.wait_until_topped_up()
    assert earner.audit() == []
    earner.go("/wallet")
    assert "No Stripe account is connected" in earner.page.inner_text("#withdraw")
    earner.connect("express")
    assert earner.audit() == []
    let_funds_come(shop)
    wait_for_funds(earner, "$50.00")
    earner.withdraw("20")
    earner.page.wait_for_url(re.compile("/wallet/withdrawals/wd_"))
    earner.page.locator(".status").filter(has_text="paid").first.wait_for(timeout=60_000)
    assert earner.audit() == []
    earner.go("/wallet")
    assert earner.page.locator(".figures dd").first.inner_text() == "$30.00"
    assert earner.audit() == []


@pytest.mark.parametrize("way", ["standard", "custom"])
def test_the_other_ways_to_connect_lead_to_an_account_that_can_be_disconnected(earner: Earner, way: str) -> None:
    earner.connect(way)
    account = earner.page.inner_text("#payout-account")
    assert account.startswith("acct_")
    earner.page.get_by_role("button", name=f"Disconnect {account}").click()
    earner.page.wait_for_selector("#way-standard")
    assert earner.audit() == []


def test_who_denies_at_stripe_is_led_back_with_a_sentence(earner: Earner) -> None:
    earner.go("/payouts")
    earner.page.get_by_role("link", name="Connect it at Stripe").click()
    earner.page.wait_for_url(re.compile("/oauth/authorize"))
    earner.page.click("button[name=action][value=deny]")
    earner.page.wait_for_url(re.compile("/payouts"))
    assert earner.page.locator("main [role=alert], main [role=status]").count() >= 1
    assert earner.audit() == []


@pytest.mark.parametrize("amount", ["0.001", "1e3", "-1", "twelve", "9" * 30])
def test_an_amount_that_cannot_be_read_is_kept_and_explained(earner: Earner, amount: str) -> None:
    earner.go("/wallet")
    field = earner.page.locator("form[action='/wallet/topups'] input[name=amount]")
    field.fill(amount)
    earner.page.get_by_role("button", name="Top up the wallet").click()
    earner.page.locator(".field-error").first.wait_for()
    assert field.input_value() == amount
    assert earner.audit() == []


def test_a_declined_card_tops_nothing_up(earner: Earner) -> None:
    earner.top_up("20.00", DECLINED_CARD)
    earner.page.wait_for_url(re.compile("/checkout/cs_"))
    earner.page.get_by_text("declined").first.wait_for()
    earner.go("/wallet")
    assert earner.page.locator(".figures dd").first.inner_text() == "$0.00"


def test_the_back_button_after_a_withdrawal_shows_what_is_left_and_withdraws_no_more(
    earner: Earner, shop: Checkout
) -> None:
    earner.connect("express")
    earner.top_up("40")
    earner.wait_until_topped_up()
    let_funds_come(shop)
    wait_for_funds(earner, "$40.00")
    earner.withdraw("30")
    earner.page.wait_for_url(re.compile("/wallet/withdrawals/wd_"))
    earner.page.go_back()
    assert earner.page.locator(".figures dd").first.inner_text() == "$10.00"
    earner.page.fill("form[action='/wallet/withdrawals'] input[name=amount]", "30")
    earner.page.get_by_role("button", name="Withdraw this amount").click()
    earner.page.locator("#withdraw [role=alert]").first.wait_for()
    assert earner.audit() == []
    wait_for_funds(earner, "$10.00")
