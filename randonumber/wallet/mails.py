"""What the owner of a wallet and the operators are told by mail. Queued with its cause; never commits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import current_app

from randonumber import mail, recipients
from randonumber.money import format_money
from randonumber.templating import when_text
from randonumber.wallet.models import ReversalKind, ReversalStatus
from randonumber.wallet.wording import paid_with, who_took, why_not_paid

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.wallet.models import Topup, TopupReversal


WHAT_HAPPENED: Final = {
    "topup_mismatch": "was paid in another amount or currency than was asked for",
    "topup_paid_twice": "was paid a second time",
}
_REFUND_FAILED: Final = "The refund failed: its money is back at Stripe, and in the wallet again."
_WHAT_TO_DO: Final = {
    ReversalStatus.INQUIRY: "The bank only asks; no money was taken. Answer it, or refund the payment.",
    ReversalStatus.OPEN: "The bank takes the money. Send evidence before it is due, or accept the dispute.",
    ReversalStatus.DONE: "It is lost. The money was taken out of the wallet; what was not there any more is owed.",
    ReversalStatus.UNDONE: "It is won: the money is back, and in the wallet again.",
}


def send_receipt(session: Session, topup: Topup) -> None:
    """Queue the receipt of a paid top-up. Never commits."""
    amount = format_money(topup.amount_minor, topup.currency)
    mail.queue(
        session,
        "topup_received",
        recipients.address_of(session, topup.user_id),
        f"Your receipt: {amount} for your wallet",
        amount=amount,
        paid_with=paid_with(topup),
        paid_at=when_text(topup.paid_at) if topup.paid_at else "",
        topup=topup.ref,
        link=link_to(topup),
    )


def tell_of_failure(session: Session, topup: Topup) -> None:
    """Queue the mail that says that a delayed payment did not arrive. Never commits."""
    amount = format_money(topup.amount_minor, topup.currency)
    mail.queue(
        session,
        "topup_failed",
        recipients.address_of(session, topup.user_id),
        f"Your top-up of {amount} did not work",
        amount=amount,
        why=why_not_paid(topup),
        topup=topup.ref,
        link=link_to(topup),
    )


def tell_of_taking(session: Session, topup: Topup, reversal: TopupReversal, *, owed: int) -> None:
    """Queue the mail that says what was taken back of a top-up, and what is owed now. Never commits."""
    amount = format_money(reversal.taken_minor - reversal.given_back_minor, topup.currency)
    mail.queue(
        session,
        "topup_taken",
        recipients.address_of(session, topup.user_id),
        f"{amount} of your top-up was taken back",
        amount=amount,
        topped_up=format_money(topup.amount_minor, topup.currency),
        is_refund=reversal.kind == ReversalKind.REFUND,
        paid_with=paid_with(topup),
        owed=format_money(owed, topup.currency) if owed else None,
        topup=topup.ref,
        link=link_to(topup),
    )


def tell_of_return(session: Session, topup: Topup, reversal: TopupReversal, *, amount_minor: int, owed: int) -> None:
    """Queue the mail that says that money of a top-up came back into the wallet. Never commits."""
    amount = format_money(amount_minor, topup.currency)
    mail.queue(
        session,
        "topup_returned",
        recipients.address_of(session, topup.user_id),
        f"{amount} is back in your wallet",
        amount=amount,
        topped_up=format_money(topup.amount_minor, topup.currency),
        is_refund=reversal.kind == ReversalKind.REFUND,
        owed=format_money(owed, topup.currency) if owed else None,
        topup=topup.ref,
        link=link_to(topup),
    )


def tell_operators_of_payment(
    session: Session, event: str, topup: Topup, payment_id: str, paid_minor: int, currency: str
) -> None:
    """Queue a mail to every operator about a payment that does not fit its top-up. Never commits."""
    for to in recipients.operators(session):
        mail.queue(
            session,
            "topup_review",
            to,
            f"Top-up {topup.ref} needs you",
            what_happened=WHAT_HAPPENED[event],
            topup=topup.ref,
            payment=payment_id,
            asked=f"{topup.amount_minor} {topup.currency}",
            paid=f"{paid_minor} {currency}",
        )


def tell_operators_of_reversal(session: Session, topup: Topup, reversal: TopupReversal) -> None:
    """Queue a mail to every operator about where a dispute is now, or a refund that failed. Never commits."""
    is_refund = reversal.kind == ReversalKind.REFUND
    for to in recipients.operators(session):
        mail.queue(
            session,
            "topup_reversal",
            to,
            f"{who_took(reversal).title()} of top-up {topup.ref}: {reversal.status}",
            what=who_took(reversal),
            reversal=reversal.stripe_id,
            payment=topup.payment_id,
            topup=topup.ref,
            status=reversal.status,
            amount=format_money(reversal.amount_minor, topup.currency),
            reason=(reversal.reason or "unknown").replace("_", " "),
            what_to_do=_REFUND_FAILED if is_refund else _WHAT_TO_DO[ReversalStatus(reversal.status)],
        )


def link_to(topup: Topup) -> str:
    """Return the address of the top-up's page, from the settings and never from a request's Host."""
    return f"{current_app.extensions['config'].base_url}/wallet/topups/{topup.ref}"
