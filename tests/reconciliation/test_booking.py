"""One row at a time, for types that the sandbox does not make yet."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from randonumber.ledger import queries
from randonumber.reconciliation import booking
from randonumber.reconciliation import contact as contacts
from randonumber.reconciliation.contact import Contact
from randonumber.stripe_gateway import BalanceTransaction

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def row(kind: str, amount: int, fee: int = 0) -> BalanceTransaction:
    return BalanceTransaction(
        id=f"txn_{kind}",
        type=kind,
        amount=amount,
        fee=fee,
        net=amount - fee,
        currency="usd",
        source_id=None,
        created_at=NOON,
        available_on=NOON,
        reporting_category=kind,
        status="available",
    )


@pytest.fixture
def contact(session: Session) -> Contact:
    first = Contact(account_id="acct_1", livemode=False, ours_from=NOON, opening=0)
    return contacts._remember(session, first)


@pytest.mark.parametrize(
    ("kind", "amount", "fee", "expected"),
    [
        ("payout", -5000, 0, {"stripe:balance": 5000, "bank": -5000}),
        ("payout_failure", 5000, 0, {"stripe:balance": -5000, "bank": 5000}),
        ("payout", -5000, 25, {"stripe:balance": 5025, "bank": -5000, "stripe:fees": -25}),
        ("adjustment", -300, 0, {"stripe:balance": 300, "unmatched": -300}),
        ("adjustment", 0, 40, {"stripe:balance": 40, "stripe:fees": -40}),
        ("adjustment", 0, -40, {"stripe:balance": -40, "stripe:fees": 40}),
        ("adjustment", 0, 0, {}),
    ],
)
def test_a_row_is_booked_by_its_sign(
    session: Session, contact: Contact, kind: str, amount: int, fee: int, expected: dict[str, int]
) -> None:
    assert booking.book(session, contact, row(kind, amount, fee), None, final=True, actor="test")
    standing = {code: figure for code, figure in queries.balances_of_house(session).items() if figure}
    assert standing == expected


def test_a_row_waits_for_its_owner_until_it_is_final(session: Session, contact: Contact) -> None:
    assert not booking.book(session, contact, row("charge", 900), None, final=False, actor="test")
    assert not booking.is_mirrored(session, "txn_charge")
    assert booking.book(session, contact, row("charge", 900), None, final=True, actor="test")
    assert booking.book(session, contact, row("charge", 900), None, final=False, actor="test")


@pytest.mark.parametrize("opening", [700, -700])
def test_an_opening_figure_has_a_sign(session: Session, opening: int) -> None:
    first = Contact(account_id="acct_2", livemode=True, ours_from=NOON, opening=opening)
    assert contacts._remember(session, first) == first
    assert queries.balance(session, "stripe:balance") == -opening
    other = Contact(account_id="acct_2", livemode=True, ours_from=NOON, opening=1)
    assert contacts._remember(session, other) == first, "whoever comes second gets what the first wrote"
