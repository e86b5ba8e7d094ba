"""What a buyer is offered for a purchase, and every reason why it may not be had."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from flask import current_app
from sqlalchemy import select, text

from randonumber import clock
from randonumber.credits.models import BOOKED, Refund
from randonumber.credits.service.refunds.quoting import Worth, worth_of
from randonumber.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from randonumber.credits.models import Purchase

MONTH: Final = timedelta(days=30)
"""Refunds are counted over the last 30 days: a calendar month would let twice as many go at its end, and a rolling one
can say from when on there is a next."""

# A refund that Stripe refused or that came back was none: it counts against nobody.
_FACTS: Final = text("""
    SELECT purchases.id, coalesce(lot.balance, 0) AS left,
           EXISTS (SELECT FROM refunds WHERE purchase_id = purchases.id AND status IN ('held', 'pending'))
               AS is_under_way,
           EXISTS (SELECT FROM disputes WHERE purchase_id = purchases.id AND status IN ('open', 'lost')) AS is_disputed,
           EXISTS (SELECT FROM accounts WHERE user_id = purchases.user_id AND kind = 'debt' AND balance < 0) AS owes,
           (SELECT created_at FROM refunds
             WHERE user_id = purchases.user_id AND origin = 'buyer' AND status NOT IN ('refused', 'failed')
               AND created_at > :since
             ORDER BY created_at DESC OFFSET :before_last LIMIT 1) AS one_too_many_at
      FROM purchases LEFT JOIN accounts AS lot ON lot.lot_ref = purchases.lot_ref
     WHERE purchases.id = ANY (:ids)
""")


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why a refund cannot be had now: a code for programs, a sentence for people, and until when, if that is known."""

    code: str
    message: str
    until: datetime | None = None

    @property
    def as_json(self) -> dict[str, str | None]:
        """The reason as problem documents carry it."""
        return {"code": self.code, "message": self.message, "until": self.until.isoformat() if self.until else None}


class NotRefundable(Refused):
    """The buyer cannot have this purchase's unspent credits back now."""

    def __init__(self, reasons: Sequence[Reason]) -> None:
        message = " ".join(reason.message for reason in reasons)
        super().__init__(message, extra={"reasons": [reason.as_json for reason in reasons]})
        self.reasons = tuple(reasons)


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What a buyer gets for a purchase's unspent credits; with `reasons`, it cannot be had.

    `until` is when the time for it ends.
    """

    lot_ref: str | None
    worth: Worth
    until: datetime | None
    reasons: tuple[Reason, ...]

    @property
    def amount_minor(self) -> int:
        """What can be had now, in cents."""
        return 0 if self.reasons else self.worth.amount_minor


def offer(session: Session, purchase: Purchase) -> Offer:
    """Return what the buyer of a purchase is offered for it. Never commits.

    To decide by it, hold the locks of the user's customer, of the purchase and of its credits.
    """
    [found] = _facts(session, [purchase])
    return _offer(purchase, found)


def refunds_of(session: Session, purchase: Purchase) -> Sequence[Refund]:
    """Return every refund of a purchase, the oldest first."""
    query = select(Refund).where(Refund.purchase_id == purchase.id).order_by(Refund.id)
    return session.execute(query).scalars().all()


def refundable_amounts(session: Session, purchases: Sequence[Purchase]) -> dict[str, int]:
    """Return by ref what can be had back for each purchase now, in cents, by one query for all of them."""
    by_id = {purchase.id: purchase for purchase in purchases}
    offers = [(by_id[found.id], _offer(by_id[found.id], found)) for found in _facts(session, purchases)]
    return {purchase.ref: offered.amount_minor for purchase, offered in offers}


def _facts(session: Session, purchases: Sequence[Purchase]) -> Sequence[Any]:
    parameters = {
        "ids": [purchase.id for purchase in purchases],
        "since": clock.now() - MONTH,
        "before_last": max(0, _config().refunds_per_month - 1),
    }
    return session.execute(_FACTS, parameters).all()


def _offer(purchase: Purchase, found: Any) -> Offer:
    worth = worth_of(purchase, found.left)
    until = purchase.paid_at + timedelta(days=_config().refund_window_days) if purchase.paid_at else None
    is_booked = purchase.status in BOOKED
    reasons = _of_purchase(purchase, found, worth, until) if is_booked else _not_paid()
    return Offer(lot_ref=purchase.lot_ref, worth=worth, until=until, reasons=tuple(reasons))


def _not_paid() -> Iterator[Reason]:
    yield Reason(code="not_paid", message="This purchase is not paid, so there is nothing to give back.")


def _of_purchase(purchase: Purchase, found: Any, worth: Worth, until: datetime | None) -> Iterator[Reason]:
    if found.is_disputed:
        message = "Your bank has taken this payment back, so it is settled there and not here."
        yield Reason(code="disputed", message=message)
    if found.is_under_way:
        yield Reason(code="in_progress", message="A refund of this purchase is on its way already.")
    elif worth.left == 0 and not found.is_disputed:
        yield _nothing_left(purchase, worth)
    elif worth.left and worth.amount_minor == 0:
        message = "What you have spent of it costs as much by itself as the whole purchase did: nothing is left to pay."
        yield Reason(code="worth_nothing", message=message)
    yield from _of_buyer(found, until)


def _nothing_left(purchase: Purchase, worth: Worth) -> Reason:
    if worth.spent == purchase.credits:
        message = "All credits of this purchase are spent."
    elif worth.spent == 0:
        message = "All credits of this purchase were given back."
    else:
        message = "No credits of this purchase are left: some were spent, the rest was given back."
    return Reason(code="nothing_left", message=message)


def _of_buyer(found: Any, until: datetime | None) -> Iterator[Reason]:
    config = _config()
    if found.owes and not found.is_disputed:
        message = "You owe credits or money. Buy credits or top up first: that settles it."
        yield Reason(code="debt", message=message)
    if until is not None and clock.now() > until:
        days = config.refund_window_days
        yield Reason(code="window_over", message=f"A purchase can be given back within {days} days; they are over.")
    if config.refunds_per_month == 0:
        yield Reason(code="too_many", message="Refunds are made by our support only: please write to us.")
    elif found.one_too_many_at is not None:
        most = config.refunds_per_month
        message = f"You have had {most} refund{'' if most == 1 else 's'} in 30 days: more cannot be had on this page."
        yield Reason(code="too_many", message=message, until=found.one_too_many_at + MONTH)


def _config() -> Any:
    return current_app.extensions["config"]
