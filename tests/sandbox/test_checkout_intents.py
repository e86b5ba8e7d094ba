"""The intent of a Checkout Session is the hosted page's alone: the API neither pays nor ends nor changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox.inprocess import pay
from tests.sandbox.conftest import SESSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

REFUSED = "You cannot perform this action on PaymentIntents created by Checkout"
SAVING: Any = {"mode": "setup", "currency": "usd", "success_url": "http://127.0.0.1:5000/saved"}


@pytest.fixture
def begun(sandbox: Flask, sdk: stripe.StripeClient) -> tuple[str, str]:
    """An open session whose first attempt was declined: its id, and that of its intent."""
    session = sdk.v1.checkout.sessions.create(SESSION)  # type: ignore[arg-type]
    assert pay(sandbox, session.id, card="4000000000000002") is None
    return session.id, str(sdk.v1.checkout.sessions.retrieve(session.id).payment_intent)


@pytest.mark.parametrize(
    "act",
    [
        lambda sdk, intent: sdk.v1.payment_intents.confirm(intent, {"payment_method": "pm_card_visa"}),
        lambda sdk, intent: sdk.v1.payment_intents.cancel(intent),
        lambda sdk, intent: sdk.v1.payment_intents.update(intent, {"amount": 50}),
        lambda sdk, intent: sdk.v1.payment_intents.update(intent, {"payment_method": "pm_card_visa"}),
    ],
    ids=["confirm", "cancel", "amount", "method"],
)
def test_a_session_is_paid_once_and_in_full_whatever_the_api_tries(
    sandbox: Flask, sdk: stripe.StripeClient, begun: tuple[str, str], act: Callable[..., Any]
) -> None:
    session, intent = begun
    with pytest.raises(stripe.InvalidRequestError, match=REFUSED):
        act(sdk, intent)
    assert pay(sandbox, session)
    paid = [charge.amount for charge in sdk.v1.charges.list().data if charge.paid]
    assert paid == [sdk.v1.checkout.sessions.retrieve(session).amount_total]


def test_words_and_metadata_of_its_intent_may_change(sdk: stripe.StripeClient, begun: tuple[str, str]) -> None:
    changed = sdk.v1.payment_intents.update(begun[1], {"description": "A hat", "metadata": {"ref": "1"}})
    assert (changed.description, changed.metadata.to_dict()) == ("A hat", {"purchase_ref": "pur_1", "ref": "1"})


def test_the_intent_of_a_session_that_saves_is_its_own_from_the_beginning(
    sandbox: Flask, sdk: stripe.StripeClient
) -> None:
    session = sdk.v1.checkout.sessions.create(SAVING)
    intent = str(session.setup_intent)
    with pytest.raises(stripe.InvalidRequestError, match="on SetupIntents created by Checkout"):
        sdk.v1.setup_intents.confirm(intent, {"payment_method": "pm_card_visa"})
    with pytest.raises(stripe.InvalidRequestError, match="on SetupIntents created by Checkout"):
        sdk.v1.setup_intents.cancel(intent)
    with pytest.raises(stripe.InvalidRequestError, match="on SetupIntents created by Checkout"):
        sdk.v1.setup_intents.update(intent, {"payment_method": "pm_card_visa"})
    assert sdk.v1.setup_intents.update(intent, {"description": "A card"}).description == "A card"
    assert pay(sandbox, session.id, card="4000002500003155") == SAVING["success_url"]
    assert sdk.v1.setup_intents.retrieve(intent).status == "succeeded"


def test_the_dashboard_offers_to_cancel_no_intent_of_a_session(
    sdk: stripe.StripeClient, page: Callable[..., Any], begun: tuple[str, str]
) -> None:
    own = sdk.v1.payment_intents.create({"amount": 900, "currency": "usd"}).id
    shown = [f"/dashboard/object/{one}/cancel" in page(f"/dashboard/object/{one}").text for one in (begun[1], own)]
    assert shown == [False, True]


def test_a_session_that_ends_still_ends_its_intent(sdk: stripe.StripeClient, begun: tuple[str, str]) -> None:
    sdk.v1.checkout.sessions.expire(begun[0])
    assert sdk.v1.payment_intents.retrieve(begun[1]).status == "canceled"
