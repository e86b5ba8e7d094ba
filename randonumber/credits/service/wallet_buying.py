"""Credits bought with wallet money: at once, in one transaction, and without Stripe.

The wallet and what its owner owes are locked before anything is decided, in the order of all locks (ledger.posting):
of two purchases at once the second sees what the first has left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from randonumber import clock
from randonumber.credits.models import Purchase
from randonumber.credits.service.completing import book
from randonumber.credits.service.starting import count_attempt, insert_purchase
from randonumber.database import transaction
from randonumber.errors import Refused
from randonumber.ledger import accounts, lock_balances
from randonumber.money import format_money

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.credits.service.starting import Order
    from randonumber.hooks import Person


class WalletTooSmall(Refused):
    """The wallet does not hold the price."""


class MoneyOwed(Refused):
    """Money is owed: it is repaid before wallet money buys anything."""


def buy_from_wallet(buyer: Person, order: Order, *, network: str) -> str:
    """Buy credits with wallet money, and return the purchase's ref; a form that was sent before has bought once.

    All or nothing: without enough money no row is left. Raises WalletTooSmall, MoneyOwed, NotForSale, and RateLimited
    above what one may start in an hour.
    """
    with transaction() as session:
        purchase = insert_purchase(session, buyer.user_id, order)
        if purchase is None:
            return _of_form(session, buyer, order)
        count_attempt(session, buyer, network)
        _lock_money(session, purchase)
        source = accounts.wallet(buyer.user_id)
        book(session, purchase, source=source, paid_at=clock.now(), actor=f"user:{buyer.ref}")
        return purchase.ref


def _lock_money(session: Session, purchase: Purchase) -> None:
    """Lock the wallet and the debts, and refuse when they do not allow the purchase."""
    wallet, debt = accounts.wallet(purchase.user_id), accounts.money_debt(purchase.user_id)
    # The debt in credits bars nothing, but the lot that comes repays it, and its lock is taken before the lot's.
    stands = lock_balances(session, wallet, debt, accounts.credit_debt(purchase.user_id))
    if stands[debt] < 0:
        owed = format_money(-stands[debt], purchase.currency)
        message = f"You owe {owed}. Top up your wallet: the debt is repaid first, then you can buy from it."
        raise MoneyOwed(message)
    if stands[wallet] < purchase.amount_minor:
        price, left = (format_money(amount, purchase.currency) for amount in (purchase.amount_minor, stands[wallet]))
        message = f"These cost {price}, and your wallet holds {left}. Choose fewer, or pay by card."
        raise WalletTooSmall(message)


def _of_form(session: Session, buyer: Person, order: Order) -> str:
    """Return the purchase that the form has made before, whatever it asked for: one form takes money once."""
    query = select(Purchase.ref).where(Purchase.user_id == buyer.user_id, Purchase.form_ref == order.form_ref)
    return session.execute(query).scalar_one()
