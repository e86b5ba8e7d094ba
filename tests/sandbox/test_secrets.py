"""What nobody gets to read: whole numbers, and what stands behind an intent for a buyer's page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox.inprocess import pay, pay_by_bank, sandbox_of
from randonumber.sandbox.store import TABLES
from tests.sandbox.conftest import SESSION, make_sdk
from tests.sandbox.driven.connect import COMPLETE

if TYPE_CHECKING:
    from flask import Flask

CARD = "4000056655665556"
ACCOUNT = "000123456789"
METHOD: Any = {"type": "card", "card": {"number": CARD, "exp_month": 12, "exp_year": 2040, "cvc": "737"}}
DEBIT: Any = {
    "type": "us_bank_account",
    "billing_details": {"name": "Jenny Rosen"},
    "us_bank_account": {
        "account_number": ACCOUNT,
        "account_holder_type": "individual",
        "routing_number": "110000000",
    },
}


def test_numbers_stand_nowhere_but_where_they_decide_what_happens(sandbox: Flask, sdk: Any) -> None:
    sdk.v1.payment_methods.create(METHOD)
    sdk.v1.payment_methods.create(DEBIT)
    sdk.v1.payment_intents.create(
        {"amount": 900, "currency": "usd", "confirm": True, "return_url": "https://shop.example"}
        | {"payment_method_data": METHOD}
    )
    sdk.v1.accounts.create(COMPLETE)
    assert pay(sandbox, sdk.v1.checkout.sessions.create(SESSION).id, card=CARD)
    assert pay_by_bank(sandbox, sdk.v1.checkout.sessions.create(SESSION).id, account=ACCOUNT)
    store = sandbox_of(sandbox).store
    with store.transaction():
        rows = [dict(row) for table in TABLES for row in store.rows(f"SELECT * FROM {table}")]  # noqa: S608 -- names
    kept = [json.dumps(row | {"hidden": None}) for row in rows]
    assert len(kept) > 20
    assert not [row for row in kept if CARD in row or ACCOUNT in row or "737" in json.loads(row).get("params", "")]
    assert [row for row in kept if "************5556" in row], "the log shows which card it was"


def test_a_buyers_page_sees_its_method_and_not_the_customer_behind_it(sandbox: Flask, sdk: Any) -> None:
    customer = sdk.v1.customers.create({"email": "ann@example.com"})
    params = {"amount": 900, "currency": "usd", "customer": customer.id, "setup_future_usage": "off_session"}
    intent = sdk.v1.payment_intents.create(params)
    public = make_sdk(sandbox, "pk_test_one").v1.payment_intents
    known: Any = {"client_secret": intent.client_secret}
    public.confirm(intent.id, known | {"payment_method": "pm_card_visa", "return_url": "https://shop.example"})
    found: Any = public.retrieve(intent.id, known | {"expand": ["payment_method"]})
    assert found.payment_method.card.last4 == "4242"
    with pytest.raises(stripe.InvalidRequestError, match="This property cannot be expanded"):
        public.retrieve(intent.id, known | {"expand": ["payment_method.customer"]})
    whole = sdk.v1.payment_intents.retrieve(intent.id, {"expand": ["payment_method.customer"]})
    assert whole.payment_method.customer.email == "ann@example.com"
