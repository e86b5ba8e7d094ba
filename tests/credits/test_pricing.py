"""Prices: whole cents from the table, the same for everybody, and never a surprise at a break."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from randonumber.credits.pricing import MOST_CREDITS, PACKS, NotForSale, as_json, quote
from randonumber.settings import TIERS, Tier, tiers

TABLE = tiers(TIERS)


@st.composite
def tables(draw: st.DrawFn) -> tuple[Tier, ...]:
    quantities = sorted(draw(st.sets(st.integers(2, 20_000), max_size=6)))
    prices = sorted(
        draw(st.sets(st.integers(50, 100_000), min_size=len(quantities) + 1, max_size=len(quantities) + 1)),
        reverse=True,
    )
    return tuple(
        Tier(quantity=quantity, unit_price_minor=price)
        for quantity, price in zip([1, *quantities], prices, strict=True)
    )


@pytest.mark.parametrize(
    ("quantity", "unit_price", "amount"),
    [(1, 100, 100), (9, 100, 900), (10, 90, 900), (99, 90, 8_910), (100, 70, 7_000), (999, 70, 69_930),
     (1_000, 50, 50_000), (10_000, 50, 500_000)],
)  # fmt: skip
def test_a_quantity_costs_the_unit_price_of_the_tier_it_reaches(quantity: int, unit_price: int, amount: int) -> None:
    quoted = quote(TABLE, quantity)
    assert (quoted.unit_price_minor, quoted.amount_minor) == (unit_price, amount)


def test_the_quote_reads_as_the_contract_says() -> None:
    assert as_json(quote(TABLE, 9)) == {
        "quantity": 9,
        "amount": 900,
        "unit_price": 100,
        "currency": "usd",
        "next_break": {"quantity": 10, "unit_price": 90, "amount": 900},
        "more_cost_no_more": True,
    }
    assert as_json(quote(TABLE, 1_000))["next_break"] is None


def test_the_hint_stands_from_78_to_99_and_from_715_to_999_where_more_credits_cost_no_more() -> None:
    hinted = [quantity for quantity in range(10, 1_000) if quote(TABLE, quantity).more_cost_no_more]
    assert hinted == [*range(78, 100), *range(715, 1_000)]


@pytest.mark.parametrize("quantity", [0, -1, -(2**63), MOST_CREDITS + 1, 2**63])
def test_nothing_outside_one_to_ten_thousand_is_for_sale(quantity: int) -> None:
    with pytest.raises(NotForSale):
        quote(TABLE, quantity)


@pytest.mark.pain(24)
@given(table=tables(), quantity=st.integers(1, MOST_CREDITS))
def test_a_price_is_the_quantity_times_one_price_of_the_table(table: tuple[Tier, ...], quantity: int) -> None:
    quoted = quote(table, quantity)
    assert quoted.amount_minor == quantity * quoted.unit_price_minor
    assert quoted.unit_price_minor in {tier.unit_price_minor for tier in table}


@given(table=tables(), quantity=st.integers(1, MOST_CREDITS - 1))
def test_a_larger_quantity_never_costs_more_a_credit(table: tuple[Tier, ...], quantity: int) -> None:
    assert quote(table, quantity + 1).unit_price_minor <= quote(table, quantity).unit_price_minor


@given(table=tables(), quantity=st.integers(1, MOST_CREDITS))
def test_the_next_break_is_quoted_as_buying_it_would_be(table: tuple[Tier, ...], quantity: int) -> None:
    quoted = quote(table, quantity)
    if quoted.next_break is None:
        assert quote(table, MOST_CREDITS).unit_price_minor == quoted.unit_price_minor
        return
    there = quote(table, quoted.next_break.quantity)
    assert (there.unit_price_minor, there.amount_minor) == (
        quoted.next_break.unit_price_minor,
        quoted.next_break.amount_minor,
    )
    assert there.unit_price_minor < quoted.unit_price_minor
    assert quote(table, there.quantity - 1).unit_price_minor == quoted.unit_price_minor
    assert quoted.more_cost_no_more == (there.amount_minor <= quoted.amount_minor)


def test_packs_rise_and_each_is_cheaper_a_credit() -> None:
    quotes = [quote(TABLE, pack) for pack in PACKS]
    assert all(low.unit_price_minor > high.unit_price_minor for low, high in pairwise(quotes))
