from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from randonumber.sandbox import inprocess
from tests.sandbox.conftest import SESSION, types

if TYPE_CHECKING:
    from collections.abc import Callable

    import stripe
    from flask import Flask

CARD = {
    "email": "buyer@example.com",
    "card_number": "4242 4242 4242 4242",
    "exp": "12/34",
    "cvc": "123",
    "action": "pay",
}


def test_the_page_shows_the_order_and_a_plain_form(page: Callable[..., Any], session: Any) -> None:
    answer = page(session.url)
    assert answer.status_code == 200
    assert "– sandbox</title>" in answer.text
    assert "no money moves" in answer.text
    assert "10 credits" in answer.text
    assert answer.text.count("$9.00") >= 3
    assert "<script" not in answer.text
    for name in ("email", "card_number", "exp", "cvc"):
        assert f'name="{name}"' in answer.text
        assert f'<label for="{name}">' in answer.text


def test_paying_goes_back_to_the_shop(page: Callable[..., Any], session: Any) -> None:
    answer = page(session.url, CARD)
    assert answer.status_code == 303
    assert answer.location == f"http://127.0.0.1:5000/done?session={session.id}"


def test_cancelling_goes_back_and_leaves_the_session_open(
    page: Callable[..., Any], sdk: stripe.StripeClient, session: Any
) -> None:
    answer = page(session.url, {"action": "cancel"})
    assert (answer.status_code, answer.location) == (303, "http://127.0.0.1:5000/cancelled")
    assert sdk.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_without_a_cancel_address_there_is_no_way_back(page: Callable[..., Any], sdk: stripe.StripeClient) -> None:
    params: Any = {name: value for name, value in SESSION.items() if name != "cancel_url"}
    session = sdk.v1.checkout.sessions.create(params)
    assert "Cancel and go back" not in page(session.url).text
    assert page(session.url, {"action": "cancel"}).status_code == 422


WRONG = [
    ({"card_number": "4242 4242 4242 4241"}, "Your card number is invalid."),
    ({"card_number": ""}, "Your card number is incomplete."),
    ({"card_number": "४२४२४२४२४२४२४२४२"}, "Your card number is incomplete."),
    ({"exp": "01/20"}, "Your card&#39;s expiration date is in the past."),
    ({"exp": "13/34"}, "Your card&#39;s expiration date is incomplete."),
    ({"exp": "soon"}, "Your card&#39;s expiration date is incomplete."),
    ({"cvc": "12"}, "Your card&#39;s security code is incomplete."),
    ({"card_number": "378282246310005"}, "Your card&#39;s security code is incomplete."),
    ({"email": "nobody"}, "Your email is incomplete."),
    ({"email": "\x00@example.com"}, "Your email is incomplete."),
    ({"action": "steal"}, "Choose to pay or to cancel."),
]


@pytest.mark.parametrize(("typed", "reason"), WRONG)
def test_a_wrong_field_says_so_beside_it_and_nothing_happens(
    page: Callable[..., Any], sdk: stripe.StripeClient, session: Any, typed: dict[str, str], reason: str
) -> None:
    answer = page(session.url, CARD | typed)
    assert answer.status_code == 422
    assert reason in answer.text
    assert types(sdk) == []


DECLINED = [
    ("4000000000000002", "Your card was declined."),
    ("4000000000009995", "Your card has insufficient funds."),
    ("4000000000000069", "Your card has expired."),
    ("4000000000000127", "Your card&#39;s security code is incorrect."),
    ("4111111111111111", "Your request was in test mode, but used a non test card."),
]


@pytest.mark.parametrize(("number", "reason"), DECLINED)
def test_a_declined_buyer_sees_why_and_tries_again(
    page: Callable[..., Any], sdk: stripe.StripeClient, session: Any, number: str, reason: str
) -> None:
    answer = page(session.url, CARD | {"card_number": number})
    assert answer.status_code == 422
    assert reason in answer.text
    assert 'value="buyer@example.com"' in answer.text, "what was typed is kept"
    assert types(sdk) == ["payment_intent.created", "charge.failed", "payment_intent.payment_failed"]
    assert page(session.url, CARD).status_code == 303
    assert types(sdk).count("payment_intent.created") == 1, "the same intent is paid"


def test_a_number_that_is_no_test_card_is_kept_nowhere(page: Callable[..., Any], sandbox: Flask, session: Any) -> None:
    page(session.url, CARD | {"card_number": "4111 1111 1111 1111", "cvc": "987"})
    store = inprocess.sandbox_of(sandbox).store
    with store.transaction():
        tables = [row["name"] for row in store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
        everything = str([tuple(row) for table in tables for row in store.rows(f"SELECT * FROM {table}")])  # noqa: S608
    assert "1111" in everything, "the last four digits"
    assert "4111111" not in everything.replace(" ", "")


def test_a_session_is_paid_once_however_often_the_button_is_pressed(
    page: Callable[..., Any], sdk: stripe.StripeClient, session: Any
) -> None:
    answers = [page(session.url, CARD) for _ in range(3)]
    assert {answer.location for answer in answers} == {f"http://127.0.0.1:5000/done?session={session.id}"}
    assert len(sdk.v1.charges.list().data) == 1
    assert "Already paid" in page(session.url or f"/checkout/{session.id}").text


def test_an_expired_page_takes_no_money(
    sandbox: Flask, page: Callable[..., Any], sdk: stripe.StripeClient, session: Any
) -> None:
    inprocess.advance(sandbox, 90_000)
    assert "This page has expired" in page(f"/checkout/{session.id}").text
    assert page(f"/checkout/{session.id}", CARD).status_code == 410
    assert sdk.v1.charges.list().data == []


def test_a_challenge_stands_between_pay_and_paid(
    page: Callable[..., Any], sdk: stripe.StripeClient, session: Any
) -> None:
    answer = page(session.url, CARD | {"card_number": "4000002500003155"})
    assert answer.status_code == 303
    assert "/challenge/pi_" in answer.location
    assert sdk.v1.checkout.sessions.retrieve(session.id).payment_status == "unpaid"
    back = page(answer.location, {"action": "complete"})
    assert back.location == f"http://127.0.0.1:5000/done?session={session.id}"
    assert sdk.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
    assert types(sdk) == [
        "payment_intent.created",
        "payment_intent.requires_action",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
        "charge.updated",
    ]


def test_a_failed_challenge_leads_back_to_the_form(
    page: Callable[..., Any], sdk: stripe.StripeClient, session: Any
) -> None:
    challenge = page(session.url, CARD | {"card_number": "4000002500003155"}).location
    back = page(challenge, {"action": "fail"})
    assert back.location.endswith(f"/checkout/{session.id}")
    assert "We are unable to authenticate your payment method." in page(back.location).text
    assert page(session.url, CARD).status_code == 303


def test_a_challenge_left_open_in_one_tab_does_not_charge_again_when_another_has_paid(
    page: Callable[..., Any], sdk: stripe.StripeClient, session: Any
) -> None:
    challenge = page(session.url, CARD | {"card_number": "4000002500003155"}).location
    assert page(session.url, CARD).status_code == 303
    assert page(challenge, {"action": "complete"}).status_code == 409
    assert len(sdk.v1.charges.list().data) == 1
    assert types(sdk).count("checkout.session.completed") == 1


def test_a_session_that_expires_during_its_challenge_is_not_paid(
    sandbox: Flask, page: Callable[..., Any], sdk: stripe.StripeClient, session: Any
) -> None:
    challenge = page(session.url, CARD | {"card_number": "4000002500003155"}).location
    inprocess.advance(sandbox, 90_000)
    assert page(challenge, {"action": "complete"}).status_code == 409
    assert sdk.v1.charges.list().data == []


@pytest.mark.parametrize("path", ["/checkout/cs_none", "/challenge/pi_none", "/receipts/ch_none", "/checkout/%00"])
def test_an_unknown_page_is_404(page: Callable[..., Any], path: str) -> None:
    assert page(path).status_code == 404


def test_what_a_shop_names_its_goods_is_shown_as_text(page: Callable[..., Any], sdk: stripe.StripeClient) -> None:
    data = {"currency": "usd", "unit_amount": 900, "product_data": {"name": "<script>alert(1)</script>"}}
    params: Any = SESSION | {"line_items": [{"price_data": data, "quantity": 1}]}
    text = page(sdk.v1.checkout.sessions.create(params).url).text
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_the_policy_allows_no_script_and_lets_the_form_end_at_the_shop(page: Callable[..., Any], session: Any) -> None:
    policy = page(session.url).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self' http://127.0.0.1:5000" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy


def test_the_receipt_is_behind_the_charges_address(
    sandbox: Flask, page: Callable[..., Any], sdk: stripe.StripeClient, session: Any
) -> None:
    inprocess.pay(sandbox, session.id)
    charge = sdk.v1.charges.list().data[0]
    assert charge.receipt_url == f"http://127.0.0.1:5001/receipts/{charge.id}"
    text = page(charge.receipt_url).text
    assert "$9.00" in text
    assert "visa ending in 4242" in text


def test_every_test_card_of_the_contract_does_what_it_says(
    sandbox: Flask, page: Callable[..., Any], sdk: stripe.StripeClient
) -> None:
    for number in ("4242424242424242", "4000000000000077", "4000000000000259", "4000000000005126", "378282246310005"):
        session = sdk.v1.checkout.sessions.create(SESSION)  # type: ignore[arg-type]
        assert inprocess.pay(sandbox, session.id, card=number), number
