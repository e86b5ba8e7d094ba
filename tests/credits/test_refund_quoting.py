"""The formula of a buyer's refund, on figures alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from randonumber.credits.pricing import quote, tiers_as_json
from randonumber.credits.service.refunds.quoting import Worth, price_of, worth
from randonumber.settings import Tier

TIERS = tuple(Tier(quantity=quantity, unit_price_minor=price) for quantity, price in ((1, 100), (10, 90), (100, 70)))


def worth_of(
    credits_: int, left: int, *, revoked: int = 0, refunded: int = 0, tiers: tuple[Tier, ...] = TIERS
) -> Worth:
    bought = quote(tiers, credits_)
    return worth(
        credits_=credits_,
        paid_minor=bought.amount_minor,
        unit_price_minor=bought.unit_price_minor,
        tiers=tiers_as_json(tiers),
        left=left,
        revoked=revoked,
        refunded_minor=refunded,
    )


@pytest.mark.parametrize(
    ("credits_", "left", "amount"),
    [
        (1, 1, 100),
        (1, 0, 0),
        (10, 10, 900),
        (10, 9, 800),
        (10, 1, 0),
        (10, 0, 0),
        (100, 100, 7000),
        (100, 99, 6900),
        (100, 90, 6100),
        (100, 23, 70),
        (100, 22, 0),
        (100, 1, 0),
        (100, 0, 0),
    ],
)
def test_what_is_unspent_comes_back_less_what_so_few_would_have_cost(credits_: int, left: int, amount: int) -> None:
    assert worth_of(credits_, left).amount_minor == amount


def test_what_was_given_back_before_is_not_paid_twice_and_not_held_against_the_buyer() -> None:
    assert worth_of(10, 5, revoked=5, refunded=450).amount_minor == 450
    assert worth_of(100, 76, revoked=14, refunded=1000).amount_minor == 6100 - 1000
    assert worth_of(10, 0, revoked=10, refunded=900).amount_minor == 0


def test_credits_that_an_operator_took_away_count_as_spent() -> None:
    assert worth_of(10, 5).spent == 5


def test_nothing_costs_nothing() -> None:
    assert price_of(tiers_as_json(TIERS), 0) == 0


@st.composite
def tables(draw: st.DrawFn) -> tuple[Tier, ...]:
    """Price tables as the settings allow them: quantity rising from 1, price falling."""
    quantities = draw(st.lists(st.integers(2, 2_000), unique=True, max_size=4))
    prices = draw(
        st.lists(st.integers(1, 500), unique=True, min_size=len(quantities) + 1, max_size=len(quantities) + 1)
    )
    rows = zip([1, *sorted(quantities)], sorted(prices, reverse=True), strict=True)
    return tuple(Tier(quantity=quantity, unit_price_minor=price) for quantity, price in rows)


@given(st.data())
def test_nobody_gets_the_spent_part_cheaper_than_by_the_table(data: st.DataObject) -> None:
    tiers = data.draw(tables())
    credits_ = data.draw(st.integers(1, 10_000))
    paid = quote(tiers, credits_).amount_minor
    revoked = data.draw(st.integers(0, credits_))
    refunded = data.draw(st.integers(0, paid))
    left = data.draw(st.integers(0, credits_ - revoked))
    found = worth_of(credits_, left, revoked=revoked, refunded=refunded, tiers=tiers)
    assert 0 <= found.amount_minor <= found.left_price_minor
    assert found.amount_minor <= paid - refunded
    kept = paid - refunded - found.amount_minor
    spent_price = quote(tiers, found.spent).amount_minor if found.spent else 0
    assert found.amount_minor == 0 or kept >= spent_price, "what stays spent is paid for by the table"


@given(st.data())
def test_an_untouched_purchase_comes_back_whole(data: st.DataObject) -> None:
    tiers = data.draw(tables())
    credits_ = data.draw(st.integers(1, 10_000))
    assert worth_of(credits_, credits_, tiers=tiers).amount_minor == quote(tiers, credits_).amount_minor
