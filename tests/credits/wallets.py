"""Wallet money for the tests: what top-ups will bring, posted through the ledger's door."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from randonumber import ledger
from randonumber.database import transaction
from randonumber.ledger import Move, accounts, queries

if TYPE_CHECKING:
    from tests.credits.conftest import Buyer


def fill(buyer: Buyer, amount_minor: int) -> None:
    """Put money into the buyer's wallet."""
    _post(buyer, Move(source=accounts.OPENING, destination=accounts.wallet(buyer.person.id), amount=amount_minor))


def empty(buyer: Buyer) -> None:
    """Take all money out of the buyer's wallet."""
    _post(buyer, Move(source=accounts.wallet(buyer.person.id), destination=accounts.OPENING, amount=left(buyer)))


def owe_money(buyer: Buyer, amount_minor: int) -> None:
    """Let the buyer owe money, as a lost dispute of a top-up does."""
    _post(buyer, Move(source=accounts.money_debt(buyer.person.id), destination=accounts.OPENING, amount=amount_minor))


def owe_credits(buyer: Buyer, number: int) -> None:
    """Let the buyer owe credits, as a refund of spent ones does."""
    debt = accounts.credit_debt(buyer.person.id)
    _post(buyer, Move(source=debt, destination=accounts.CREDITS_REVOKED, amount=number))


def left(buyer: Buyer) -> int:
    """Return the money in the buyer's wallet."""
    with transaction() as session:
        return queries.wallet_balances(session, buyer.person.id).available


def _post(buyer: Buyer, move: Move) -> None:
    with transaction() as session:
        ref = secrets.token_hex(8)
        ledger.post(session, kind="test", ref=ref, entries=[move], actor="test", user_id=buyer.person.id)
