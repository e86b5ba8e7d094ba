"""What the buyer and the operators are told by mail. Queued with its cause; never commits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from babel.dates import format_datetime
from flask import current_app

from randonumber import mail, recipients
from randonumber.credits.models import PurchaseMethod
from randonumber.credits.wording import count_of_credits, paid_with
from randonumber.money import format_money

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.credits.models import Purchase

WHAT_HAPPENED: Final = {
    "purchase_mismatch": "was paid in another amount or currency than was asked for",
    "purchase_paid_twice": "was paid a second time",
}


def send_receipt(session: Session, purchase: Purchase, *, repaid: int) -> None:
    """Queue the receipt of a paid purchase. Never commits."""
    to = recipients.address_of(session, purchase.user_id)
    what = count_of_credits(purchase.credits)
    mail.queue(
        session,
        "receipt",
        to,
        f"Your receipt: {what} for {format_money(purchase.amount_minor, purchase.currency)}",
        what=what,
        amount=format_money(purchase.amount_minor, purchase.currency),
        paid_with=paid_with(purchase),
        paid_at=format_datetime(purchase.paid_at, "d MMMM y, HH:mm 'UTC'", locale="en"),
        purchase=purchase.ref,
        repaid=repaid,
        link=link_to(purchase),
        receipt=f"{link_to(purchase)}/receipt",
        auto_topup=_auto_topup_link() if purchase.method == PurchaseMethod.AUTO_TOPUP else None,
    )


def ask_to_confirm(session: Session, purchase: Purchase) -> None:
    """Queue the mail that leads the owner of a card to the bank's question. Never commits."""
    to = recipients.address_of(session, purchase.user_id)
    mail.queue(
        session,
        "confirm_payment",
        to,
        "Your bank asks you to confirm a payment",
        what=count_of_credits(purchase.credits),
        amount=format_money(purchase.amount_minor, purchase.currency),
        purchase=purchase.ref,
        link=link_to(purchase),
    )


def tell_operators(
    session: Session, event: str, purchase: Purchase, payment_id: str, paid_minor: int, currency: str
) -> None:
    """Queue a mail to every operator about a payment that does not fit its purchase. Never commits."""
    for to in recipients.operators(session):
        mail.queue(
            session,
            "purchase_review",
            to,
            f"Purchase {purchase.ref} needs you",
            what_happened=WHAT_HAPPENED[event],
            purchase=purchase.ref,
            payment=payment_id,
            asked=f"{purchase.amount_minor} {purchase.currency}",
            paid=f"{paid_minor} {currency}",
        )


def _auto_topup_link() -> str:
    return f"{current_app.extensions['config'].base_url}/account/auto-topup"


def link_to(purchase: Purchase) -> str:
    """Return the address of the purchase's page, from the settings and never from a request's Host."""
    return f"{current_app.extensions['config'].base_url}/credits/purchases/{purchase.ref}"
