"""The money accounts of a user, locked in the one order, and the moves that take from them and give to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from randonumber.ledger import Move, accounts, lock_balances

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.wallet.models import Topup


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What a user has in the wallet, and what the user owes, in cents of no sign; all three accounts are locked."""

    wallet_code: str
    pending_code: str
    debt_code: str
    wallet_minor: int
    owed_minor: int


def lock_money(session: Session, user_id: int) -> Standing:
    """Lock the money accounts of a user, and return what stands there. Never commits."""
    wallet, pending, debt = accounts.wallet(user_id), accounts.wallet_pending(user_id), accounts.money_debt(user_id)
    stands = lock_balances(session, wallet, pending, debt)
    return Standing(
        wallet_code=wallet,
        pending_code=pending,
        debt_code=debt,
        wallet_minor=stands[wallet],
        owed_minor=-stands[debt],
    )


def taking(standing: Standing, topup: Topup, amount: int) -> list[Move]:
    """Return the moves that take `amount` of a top-up back, and lower its pending part.

    Out of what of it is still pending, then out of the wallet, and the rest becomes a debt.
    """
    from_pending = min(topup.pending_minor, amount)
    from_wallet = min(standing.wallet_minor, amount - from_pending)
    topup.pending_minor -= from_pending
    return _moves(
        (standing.pending_code, accounts.STRIPE_BALANCE, from_pending),
        (standing.wallet_code, accounts.STRIPE_BALANCE, from_wallet),
        (standing.debt_code, accounts.STRIPE_BALANCE, amount - from_pending - from_wallet),
    )


def giving_back(standing: Standing, topup: Topup, amount: int, *, is_pending: bool) -> list[Move]:
    """Return the moves that bring `amount` of a top-up back: it repays what is owed first, the rest is its owner's.

    The rest goes back to the pending part while the top-up is pending, else into the wallet.
    """
    repaid = min(standing.owed_minor, amount)
    to_pending = amount - repaid if is_pending else 0
    topup.pending_minor += to_pending
    return _moves(
        (accounts.STRIPE_BALANCE, standing.pending_code, to_pending),
        (accounts.STRIPE_BALANCE, standing.wallet_code, amount - to_pending),
        (standing.wallet_code, standing.debt_code, repaid),
    )


def releasing(standing: Standing, topup: Topup) -> list[Move]:
    """Return the moves that make what is pending of a top-up available: what is owed is repaid out of it."""
    amount, topup.pending_minor = topup.pending_minor, 0
    return _moves(
        (standing.pending_code, standing.wallet_code, amount),
        (standing.wallet_code, standing.debt_code, min(standing.owed_minor, amount)),
    )


def _moves(*wanted: tuple[str, str, int]) -> list[Move]:
    return [Move(source=source, destination=target, amount=amount) for source, target, amount in wanted if amount]
