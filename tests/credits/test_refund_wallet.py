"""What was bought with wallet money goes back into the wallet, at once and without Stripe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from randonumber.credits import debts, service
from randonumber.credits.models import PurchaseMethod
from randonumber.credits.service import Order
from randonumber.credits.service.refunds import NotRefundable
from randonumber.database import transaction
from randonumber.ledger import queries
from tests.credits.conftest import count, stored
from tests.credits.refunding import CREATE, Shop, as_person, figures, refund, refunds_of
from tests.credits.test_refund_races import at_once
from tests.credits.wallets import empty, fill, owe_money

if TYPE_CHECKING:
    from flask import Flask


def buy(shop: Shop, quantity: int = 10, form_ref: str = "form-0001") -> str:
    fill(shop.buyer, 20_000)
    order = Order(quantity=quantity, form_ref=form_ref, method=PurchaseMethod.WALLET)
    return service.buy_from_wallet(as_person(shop.buyer), order, network="10.0.0.0/24")


def test_the_unspent_part_is_in_the_wallet_at_once(shop: Shop) -> None:
    ref = buy(shop, 100)
    shop.draw(10)
    before = shop.wallet
    asked = shop.give_back(ref)
    assert (asked.status, asked.amount_minor, asked.credits) == ("succeeded", 6100, 90)
    assert (shop.wallet - before, shop.credits, figures(ref)) == (6100, 0, ("partly_refunded", 6100, 90))
    assert shop.give_back(ref) == asked, "the same form"
    assert (shop.wallet - before, count("transactions", "kind = 'refund_wallet'")) == (6100, 1)
    assert (shop.sandbox.sent(CREATE), count("stripe_calls")) == ([], 0)
    assert count("mail_messages", "template = 'refund'") == 1


def test_an_operator_gives_it_back_in_parts_and_what_is_spent_is_owed(shop: Shop) -> None:
    ref = buy(shop, 10)
    shop.draw(7)
    before = shop.wallet
    assert shop.operator(ref, 450).credits == 5
    assert shop.operator(ref).amount_minor == 450
    assert (shop.wallet - before, shop.credits, shop.owed) == (900, 0, 7)
    assert figures(ref) == ("refunded", 900, 10)
    assert shop.sandbox.sent(CREATE) == []
    with transaction() as session:
        causes = debts.causes(session, shop.buyer.person.id)
    assert [(cause.purchase_ref, cause.what, cause.owed) for cause in causes] == [
        (ref, "refund", 5),
        (ref, "refund", 2),
    ]


@pytest.mark.parametrize(("owed", "stands"), [(300, (600, 0)), (1_000, (0, 100))])
def test_what_comes_back_repays_the_money_that_is_owed_first(shop: Shop, owed: int, stands: tuple[int, int]) -> None:
    ref = buy(shop, 10)
    empty(shop.buyer)
    owe_money(shop.buyer, owed)
    shop.operator(ref)
    with transaction() as session:
        found = queries.wallet_balances(session, shop.buyer.person.id)
    assert (found.available, found.debt_usd) == stands


@pytest.mark.parametrize("number", [2, 10])
def test_submits_at_once_pay_once(shop: Shop, committed: Flask, number: int) -> None:
    ref = buy(shop)
    before = shop.wallet
    forms = [f"back-{index % 2:04}" for index in range(number)]
    answers = at_once(committed, [lambda form=form: shop.give_back(ref, form) for form in forms])  # type: ignore[misc]
    assert any(isinstance(answer, NotRefundable) for answer in answers)
    assert (shop.wallet - before, refund(ref).credits) == (900, 10)


def test_refunds_and_purchases_from_one_wallet_at_once_end_in_whole_figures(shop: Shop, committed: Flask) -> None:
    first = buy(shop)
    tasks = [lambda: shop.give_back(first), lambda: buy(shop, 10, "form-0002"), lambda: shop.operator(first, 100)]
    before = shop.wallet
    answers = at_once(committed, tasks * 2)
    second = next(answer for answer in answers if isinstance(answer, str))
    back = sum(row.amount_minor for row in refunds_of(first))
    assert shop.wallet - before == 2 * 20_000 + back - 900, "bought once more, and given back what the rows say"
    assert (stored(first).refunded_minor, figures(second)) == (back, ("paid", 0, 0))
    assert shop.credits == 20 - stored(first).revoked_credits
