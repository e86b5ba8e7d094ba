"""What a buyer and the operators are told of a dispute. Queued with its cause; never commits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from randonumber import mail, recipients
from randonumber.credits.mails import link_to
from randonumber.credits.models import DisputeStatus
from randonumber.credits.wording import count_of_credits
from randonumber.money import format_money

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.credits.models import Dispute, Purchase

WHAT_TO_DO: Final = {
    DisputeStatus.INQUIRY: "The bank only asks; no money was taken. Answer it, or refund the payment.",
    DisputeStatus.OPEN: "The bank has taken the money. Send evidence before it is due, or accept the dispute.",
    DisputeStatus.WON: "It is won: the money is back, and so are the buyer's credits.",
    DisputeStatus.LOST: "It is lost. The buyer's credits were taken back as far as they were there; the rest is owed.",
    DisputeStatus.UNCLAIMED: "This payment gave no credits, so none were taken. Its money is booked to “unmatched”.",
}

NOTHING_TO_DO: Final = "It is over, and no money was taken: there is nothing to do."


def tell_buyer(session: Session, purchase: Purchase, dispute: Dispute, *, owed: int) -> None:
    """Queue the mail that says what a dispute took, or how it ended. Never commits."""
    to = recipients.address_of(session, purchase.user_id)
    is_open = dispute.status == DisputeStatus.OPEN
    amount = format_money(dispute.withdrawn_minor, dispute.currency)
    subject = f"Your bank has taken back {amount}" if is_open else f"The dispute about {amount} is decided"
    mail.queue(
        session,
        "dispute_opened" if is_open else "dispute_closed",
        to,
        subject,
        amount=amount,
        what=count_of_credits(purchase.credits),
        purchase=purchase.ref,
        taken=count_of_credits(dispute.credits),
        owed=count_of_credits(owed) if owed else None,
        is_won=dispute.status == DisputeStatus.WON,
        link=link_to(purchase),
    )


def tell_operators(session: Session, purchase: Purchase, dispute: Dispute) -> None:
    """Queue a mail to every operator about where a dispute is now. Never commits."""
    due_by = dispute.evidence_due_by if dispute.closed_at is None else None
    took_nothing = dispute.status == DisputeStatus.INQUIRY and dispute.closed_at is not None
    _tell(
        session,
        purchase,
        dispute=dispute.stripe_dispute_id,
        payment=dispute.payment_id,
        status="closed" if took_nothing else dispute.status,
        reason=(dispute.reason or "unknown").replace("_", " "),
        amount=format_money(dispute.amount_minor, dispute.currency),
        due_by=due_by.strftime("%Y-%m-%d %H:%M UTC") if due_by else None,
        what_to_do=NOTHING_TO_DO if took_nothing else WHAT_TO_DO[DisputeStatus(dispute.status)],
    )


def tell_operators_of_unclaimed(session: Session, purchase: Purchase, stripe_dispute_id: str, payment_id: str) -> None:
    """Queue a mail to every operator about a dispute of a payment that gave no credits. Never commits."""
    _tell(
        session,
        purchase,
        dispute=stripe_dispute_id,
        payment=payment_id,
        status="open",
        reason=None,
        amount=None,
        due_by=None,
        what_to_do=WHAT_TO_DO[DisputeStatus.UNCLAIMED],
    )


def _tell(session: Session, purchase: Purchase, **facts: str | None) -> None:
    for to in recipients.operators(session):
        subject = f"Dispute of purchase {purchase.ref}: {facts['status']}"
        mail.queue(session, "dispute_operator", to, subject, purchase=purchase.ref, **facts)
