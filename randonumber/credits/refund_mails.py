"""What the buyer and the operators are told of refunds by mail. Queued with its cause; never commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from randonumber import mail, recipients
from randonumber.credits.mails import link_to
from randonumber.credits.models import PurchaseMethod, RefundStatus
from randonumber.credits.wording import card_of, count_of_credits
from randonumber.money import format_money

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.credits.models import Purchase, Refund


def tell_of_refund(session: Session, purchase: Purchase, refund: Refund) -> None:
    """Queue the mail that says what comes back, to where, and what went with it. Never commits."""
    amount = format_money(refund.amount_minor, refund.currency)
    mail.queue(
        session,
        "refund",
        recipients.address_of(session, purchase.user_id),
        f"Your refund of {amount}",
        amount=amount,
        destination=destination_of(purchase),
        is_in_wallet=purchase.method == PurchaseMethod.WALLET,
        taken=count_of_credits(refund.credits),
        purchase=purchase.ref,
        link=link_to(purchase),
    )


def tell_of_failure(session: Session, purchase: Purchase, refund: Refund, *, given_back: int) -> None:
    """Queue the mail that says that a refund did not arrive; the operators hear of one that Stripe had taken.

    Never commits.
    """
    amount = format_money(refund.amount_minor, refund.currency)
    mail.queue(
        session,
        "refund_failed",
        recipients.address_of(session, purchase.user_id),
        f"Your refund of {amount} did not work",
        amount=amount,
        destination=destination_of(purchase),
        given_back=count_of_credits(given_back) if given_back else None,
        purchase=purchase.ref,
        link=link_to(purchase),
    )
    if refund.status == RefundStatus.FAILED:
        _tell_operators(session, purchase, refund, amount)


def destination_of(purchase: Purchase) -> str:
    """Return in words where the money of a refund goes."""
    if purchase.method == PurchaseMethod.WALLET:
        return "your wallet"
    return card_of(purchase) or "the account that you paid from"


def _tell_operators(session: Session, purchase: Purchase, refund: Refund, amount: str) -> None:
    for to in recipients.operators(session):
        mail.queue(
            session,
            "refund_alarm",
            to,
            f"Refund of purchase {purchase.ref} failed",
            amount=amount,
            purchase=purchase.ref,
            refund=refund.stripe_refund_id or refund.ref,
            reason=refund.failure,
        )
