from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox import inprocess
from tests.sandbox.conftest import SESSION, types

if TYPE_CHECKING:
    from flask import Flask

HOUR = 3600


def create(sdk: stripe.StripeClient, **changes: Any) -> Any:
    return sdk.v1.checkout.sessions.create(SESSION | changes)  # type: ignore[arg-type]


def item(amount: int, quantity: int = 1, currency: str = "usd") -> Any:
    data = {"currency": currency, "product_data": {"name": "x"}, "unit_amount": amount}
    return {"price_data": data, "quantity": quantity}


def test_a_session_opens_unpaid_for_a_day(sdk: stripe.StripeClient, session: Any) -> None:
    assert session.id.startswith("cs_test_")
    assert (session.status, session.payment_status, session.amount_total) == ("open", "unpaid", 900)
    assert session.expires_at - session.created == 24 * HOUR
    assert session.url == f"http://127.0.0.1:5001/checkout/{session.id}"
    assert session.payment_intent is None, "the intent is made when somebody pays"
    assert types(sdk) == []


def test_a_paid_session_leads_to_its_charge_and_its_metadata(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    customer = sdk.v1.customers.create({"email": "ann@example.com"})
    session = create(sdk, customer=customer.id)
    target = inprocess.pay(sandbox, session.url)
    assert target == f"http://127.0.0.1:5000/done?session={session.id}"
    found = sdk.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    assert (found.status, found.payment_status, found.url) == ("complete", "paid", None)
    assert found.customer == customer.id
    assert found.customer_details
    assert found.customer_details.email == "ann@example.com", "the customer's own address, whatever was typed"
    assert found.client_reference_id == "pur_1"
    intent: Any = found.payment_intent
    assert intent.metadata["purchase_ref"] == "pur_1"
    assert (intent.customer, intent.latest_charge.customer) == (customer.id, customer.id)
    assert intent.latest_charge.metadata["purchase_ref"] == "pur_1"
    assert types(sdk) == [
        "customer.created",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
        "charge.updated",
    ]


def test_a_guest_is_nobodys_customer_and_a_customer_is_made_when_asked(
    sandbox: Flask, sdk: stripe.StripeClient
) -> None:
    guest, wanted = create(sdk), create(sdk, customer_creation="always")
    for one in (guest, wanted):
        inprocess.pay(sandbox, one.id, email="new@example.com")
    assert sdk.v1.checkout.sessions.retrieve(guest.id).customer is None
    customer = sdk.v1.checkout.sessions.retrieve(wanted.id, {"expand": ["customer"]}).customer
    assert customer.email == "new@example.com"  # type: ignore[union-attr]


@pytest.mark.parametrize(("given", "param"), [
    ({"customer_email": "nonsense"}, "customer_email"),
    ({"payment_intent_data": {"receipt_email": "nonsense"}}, "payment_intent_data[receipt_email]"),
])  # fmt: skip
def test_what_is_plainly_no_address_is_refused(sdk: stripe.StripeClient, given: Any, param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Invalid email address: nonsense") as refused:
        create(sdk, **given)
    assert (refused.value.code, refused.value.param) == ("email_invalid", param)


def test_an_address_that_cannot_be_right_is_left_to_the_buyer(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    customer = sdk.v1.customers.create({"email": "ann@localhost"})
    session = create(sdk, customer=customer.id)
    inprocess.pay(sandbox, session.url, email="ann@example.com")
    found = sdk.v1.checkout.sessions.retrieve(session.id)
    assert (found.payment_status, found.customer_details.email) == ("paid", "ann@example.com")  # type: ignore[union-attr]
    assert sdk.v1.customers.retrieve(customer.id).email == "ann@example.com"


def test_an_unpaid_session_expires_by_the_clock(sandbox: Flask, sdk: stripe.StripeClient, session: Any) -> None:
    inprocess.advance(sandbox, 24 * HOUR - 5)
    assert sdk.v1.checkout.sessions.retrieve(session.id).status == "open"
    inprocess.advance(sandbox, 10)
    found = sdk.v1.checkout.sessions.retrieve(session.id)
    assert (found.status, found.payment_status, found.url) == ("expired", "unpaid", None)
    event = sdk.v1.events.list({"type": "checkout.session.expired"}).data[0]
    assert event.created == session.expires_at
    assert event["request"]["id"] is None


def test_a_paid_session_does_not_expire(sandbox: Flask, sdk: stripe.StripeClient, session: Any) -> None:
    inprocess.pay(sandbox, session.id)
    inprocess.advance(sandbox, 25 * HOUR)
    assert sdk.v1.checkout.sessions.retrieve(session.id).status == "complete"
    assert "checkout.session.expired" not in types(sdk)


def test_expiring_ends_an_open_session_and_its_begun_payment(
    sandbox: Flask, sdk: stripe.StripeClient, session: Any
) -> None:
    assert inprocess.pay(sandbox, session.id, card="4000000000000002") is None
    ended = sdk.v1.checkout.sessions.expire(session.id, {"expand": ["payment_intent"]})
    assert ended.status == "expired"
    assert ended.payment_intent.status == "canceled"  # type: ignore[union-attr]
    with pytest.raises(stripe.InvalidRequestError, match=r"a status in \['open'\] can be expired"):
        sdk.v1.checkout.sessions.expire(session.id)


def test_a_paid_session_cannot_be_expired(sandbox: Flask, sdk: stripe.StripeClient, session: Any) -> None:
    inprocess.pay(sandbox, session.id)
    with pytest.raises(stripe.InvalidRequestError, match="has a status of complete"):
        sdk.v1.checkout.sessions.expire(session.id)


def test_sessions_are_found_by_customer_intent_and_state(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    customer = sdk.v1.customers.create({})
    mine, other = create(sdk, customer=customer.id), create(sdk)
    inprocess.pay(sandbox, mine.id)
    intent = str(sdk.v1.checkout.sessions.retrieve(mine.id).payment_intent)
    filters: list[Any] = [
        {"customer": customer.id},
        {"payment_intent": intent},
        {"status": "complete"},
        {"customer_details": {"email": "buyer@example.com"}},
    ]
    for wanted in filters:
        assert [found.id for found in sdk.v1.checkout.sessions.list(wanted).data] == [mine.id], wanted
    assert [found.id for found in sdk.v1.checkout.sessions.list({"status": "open"}).data] == [other.id]


def test_line_items_are_listed_in_their_order(sdk: stripe.StripeClient) -> None:
    session = create(sdk, line_items=[item(100 + place, quantity=2) for place in range(3)])
    found = sdk.v1.checkout.sessions.line_items.list(session.id, {"limit": 2})
    assert [one.amount_total for one in found.data] == [200, 202]
    assert found.has_more
    rest = sdk.v1.checkout.sessions.line_items.list(session.id, {"starting_after": found.data[-1].id})
    assert [one.amount_total for one in rest.data] == [204]


def test_metadata_can_be_changed_later(sdk: stripe.StripeClient, session: Any) -> None:
    assert sdk.v1.checkout.sessions.update(session.id, {"metadata": {"a": "1"}}).metadata["a"] == "1"  # type: ignore[index]


REFUSED: list[tuple[dict[str, Any], str | None, str]] = [
    ({"line_items": [item(49)]}, "amount_too_small", "total amount due must add up to at least $0.50 usd"),
    ({"line_items": [item(99_999_999, 2)]}, "amount_too_large", "Amount must be no more than $999,999.99 usd"),
    ({"line_items": [item(-1)]}, "parameter_invalid_integer", "greater than or equal to 0"),
    ({"line_items": [item(100, 0)]}, "parameter_invalid_integer", "greater than or equal to 1"),
    ({"line_items": [item(100), item(100, currency="eur")]}, None, "same currency"),
    ({"line_items": [item(100, currency="xxx")]}, None, "Invalid currency: xxx"),
    ({"line_items": [{"price": "price_none", "quantity": 1}]}, "resource_missing", "No such price: 'price_none'"),
    ({"line_items": [{"quantity": 1}]}, "parameter_missing", "You must specify either `price` or `price_data`"),
    ({"line_items": [{"price_data": item(100)["price_data"]}]}, None, "Quantity is required"),
    ({"line_items": None}, "parameter_missing", "Missing required param: line_items."),
    ({"success_url": None}, "parameter_missing", "Missing required param: success_url."),
    ({"mode": None}, "parameter_missing", "Missing required param: mode."),
    (
        {"success_url": "example.com"},
        "url_invalid",
        "Invalid URL: An explicit scheme (such as https) must be provided.",
    ),
    ({"cancel_url": "javascript:alert(1)"}, "url_invalid", "Invalid URL"),
    ({"expires_at": 1}, None, "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation."),
    ({"expires_at": 99_999_999_999}, None, "The `expires_at` timestamp must be less than 24 hours"),
    ({"customer": "cus_none"}, "resource_missing", "No such customer: 'cus_none'"),
    ({"mode": "subscription"}, None, "The sandbox does not do Checkout Sessions in mode `subscription` yet."),
    ({"ui_mode": "elements"}, None, "The sandbox does not do"),
    ({"automatic_tax": {"enabled": True}}, None, "The sandbox does not do"),
    ({"payment_intent_data": {"transfer_data": {"destination": "acct_1"}}}, None, "The sandbox does not do"),
]


@pytest.mark.parametrize(("changes", "code", "message"), REFUSED)
def test_what_cannot_be_sold_is_refused(
    sdk: stripe.StripeClient, changes: dict[str, Any], code: str | None, message: str
) -> None:
    params: Any = {name: value for name, value in (SESSION | changes).items() if value is not None}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sdk.v1.checkout.sessions.create(params)
    assert message in str(refused.value.user_message)
    assert refused.value.code == code
    assert sdk.v1.checkout.sessions.list().data == []


def test_a_price_of_another_session_can_be_used_again(sandbox: Flask, sdk: stripe.StripeClient, session: Any) -> None:
    price = sdk.v1.checkout.sessions.line_items.list(session.id).data[0].price
    assert price
    again = create(sdk, line_items=[{"price": price.id, "quantity": 3}])
    assert again.amount_total == 270


def test_an_address_known_beforehand_is_kept(sandbox: Flask, sdk: stripe.StripeClient) -> None:
    session = create(sdk, customer_email="known@example.com")
    inprocess.pay(sandbox, session.id, email="other@example.com")
    found = sdk.v1.checkout.sessions.retrieve(session.id)
    assert found.customer_details
    assert found.customer_details.email == "known@example.com"
