"""Hosted Checkout and the bank's question, as a buyer sees them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import stripe

    from tests.sandbox.browser.buyer import Buyer

pytestmark = pytest.mark.browser

ITEM: Any = {
    "price_data": {"currency": "usd", "product_data": {"name": "10 credits"}, "unit_amount": 90},
    "quantity": 10,
}
CHALLENGED = "4000002500003155"
DECLINED = "4000000000000002"
SCREENS = [(360, "light"), (360, "dark"), (1280, "light"), (1280, "dark")]


@pytest.fixture
def hosted(server_side: stripe.StripeClient, shop_url: str) -> Any:
    """An open Checkout Session over 9.00."""
    return server_side.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "line_items": [ITEM],
            "success_url": f"{shop_url}/shop.css?session={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{shop_url}/shop.css?left",
        }
    )


def test_checkout_paid_leads_to_the_shop(
    visit: Callable[..., Buyer], hosted: Any, server_side: stripe.StripeClient
) -> None:
    buyer = visit()
    buyer.go(hosted.url)
    buyer.pay()
    buyer.page.wait_for_url(re.compile(rf"/shop\.css\?session={hosted.id}$"))
    assert server_side.v1.checkout.sessions.retrieve(hosted.id).payment_status == "paid"


def test_checkout_says_beside_the_field_that_a_card_is_declined(visit: Callable[..., Buyer], hosted: Any) -> None:
    buyer = visit()
    buyer.go(hosted.url)
    buyer.pay(DECLINED)
    field = buyer.page.get_by_label("Card number")
    buyer.page.get_by_text("Your card was declined.").wait_for()
    assert field.get_attribute("aria-invalid") == "true"
    assert buyer.audit() == []
    buyer.pay()
    buyer.page.wait_for_url(re.compile(r"/shop\.css\?session="))


def test_checkout_can_be_left(visit: Callable[..., Buyer], hosted: Any) -> None:
    buyer = visit()
    buyer.go(hosted.url)
    buyer.page.get_by_role("button", name="Cancel and go back").click()
    buyer.page.wait_for_url(re.compile(r"/shop\.css\?left$"))


def test_checkout_is_paid_after_the_banks_question(visit: Callable[..., Buyer], hosted: Any) -> None:
    buyer = visit()
    buyer.go(hosted.url)
    buyer.pay(CHALLENGED)
    buyer.challenge("Complete authentication")
    buyer.page.wait_for_url(re.compile(r"/shop\.css\?session="))


def test_checkout_takes_another_card_after_a_failed_question(visit: Callable[..., Buyer], hosted: Any) -> None:
    buyer = visit()
    buyer.go(hosted.url)
    buyer.pay(CHALLENGED)
    buyer.challenge("Fail authentication")
    buyer.page.wait_for_url(re.compile("/checkout/cs_"))
    buyer.page.get_by_text("We are unable to authenticate your payment method.").wait_for()
    buyer.pay()
    buyer.page.wait_for_url(re.compile(r"/shop\.css\?session="))


def test_checkout_works_by_keyboard_alone(visit: Callable[..., Buyer], hosted: Any) -> None:
    buyer = visit()
    buyer.go(hosted.url)
    typed = {"email": "ada@example.com", "card_number": "4242424242424242", "exp": "12/40", "cvc": "123"}
    for name, text in typed.items():
        buyer.tab_to(name)
        buyer.page.keyboard.type(text)
    buyer.page.keyboard.press("Enter")
    buyer.page.wait_for_url(re.compile(r"/shop\.css\?session="))


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_hosted_pages_are_clean(
    visit: Callable[..., Buyer], hosted: Any, server_side: stripe.StripeClient, width: int, scheme: str
) -> None:
    buyer = visit(viewport={"width": width, "height": 740}, color_scheme=scheme)
    buyer.go(hosted.url)
    assert buyer.audit() == []
    buyer.pay(CHALLENGED)
    buyer.page.wait_for_url(re.compile("/challenge/"))
    assert buyer.audit() == []
    buyer.page.get_by_role("button", name="Complete authentication").click()
    buyer.page.wait_for_url(re.compile(r"/shop\.css"))
    buyer.go(hosted.url)
    assert buyer.audit() == []
