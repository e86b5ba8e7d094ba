from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from randonumber.sandbox.currencies import full, plain
from randonumber.sandbox.pages.dashboard.forms import major, minor
from randonumber.sandbox.wire.errors import Refused
from tests.sandbox.conftest import SESSION

if TYPE_CHECKING:
    from collections.abc import Callable

WRITTEN = [
    (900, "usd", "$9.00", "$9.00"),
    (-123456789, "usd", "-$1,234,567.89", "-$1,234,567.89"),
    (500, "jpy", "¥500", "¥500"),
    (9000, "kwd", "9.000", "9.000 KWD"),
    (50000, "ugx", "500.00", "500.00 UGX"),
    (50000, "isk", "500.00", "500.00 ISK"),
    (500, "krw", "500", "500 KRW"),
    (900, "cad", "$9.00", "$9.00 CAD"),
]


@pytest.mark.parametrize(("amount", "currency", "short", "long"), WRITTEN)
def test_an_amount_is_written_with_the_decimals_of_its_currency(
    amount: int, currency: str, short: str, long: str
) -> None:
    assert (plain(amount, currency), full(amount, currency)) == (short, long)


@pytest.mark.parametrize(("typed", "currency", "amount"), [
    ("12.5", "usd", 1250), ("12", "usd", 1200), ("12,50", "eur", 1250), ("500", "jpy", 500), ("9.5", "kwd", 9500),
    ("9.010", "kwd", 9010), (" ", "usd", None),
])  # fmt: skip
def test_an_amount_is_read_with_the_decimals_of_its_currency(typed: str, currency: str, amount: int | None) -> None:
    assert minor(typed, currency) == amount
    if amount is not None:
        assert minor(major(amount, currency), currency) == amount


@pytest.mark.parametrize(("typed", "currency"), [("1.5", "jpy"), ("1.505", "usd"), ("1.0005", "kwd"), ("x", "usd")])
def test_more_decimals_than_there_are_is_no_amount(typed: str, currency: str) -> None:
    with pytest.raises(Refused, match="is no amount"):
        minor(typed, currency)


@pytest.mark.parametrize(("amount", "currency"), [(9001, "kwd"), (90001, "isk"), (90050, "ugx")])
def test_an_amount_that_no_bank_could_pay_is_refused(sdk: stripe.StripeClient, amount: int, currency: str) -> None:
    params: Any = {"amount": amount, "currency": currency}
    with pytest.raises(stripe.InvalidRequestError, match="must be divisible by") as refused:
        sdk.v1.payment_intents.create(params)
    assert refused.value.param == "amount"
    price = {"currency": currency, "product_data": {"name": "x"}, "unit_amount": amount}
    order: Any = SESSION | {"line_items": [{"price_data": price, "quantity": 1}]}
    with pytest.raises(stripe.InvalidRequestError, match="must be divisible by"):
        sdk.v1.checkout.sessions.create(order)


def test_the_hosted_page_names_the_currency(sdk: stripe.StripeClient, page: Callable[..., Any]) -> None:
    price = {"currency": "kwd", "product_data": {"name": "x"}, "unit_amount": 9000}
    order: Any = SESSION | {"line_items": [{"price_data": price, "quantity": 1}]}
    session = sdk.v1.checkout.sessions.create(order)
    assert "Pay 9.000 KWD" in page(session.url).text
