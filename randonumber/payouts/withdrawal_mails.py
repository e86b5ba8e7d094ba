"""What the owner of the money is told of withdrawals by mail. Queued with its cause; never commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app

from randonumber import mail, recipients
from randonumber.money import format_money

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.payouts.models import Withdrawal


def tell_of_payment(session: Session, withdrawal: Withdrawal) -> None:
    """Queue the mail that says that the money is at the connected account."""
    net = format_money(withdrawal.net_minor, withdrawal.currency)
    fee = format_money(withdrawal.fee_minor, withdrawal.currency) if withdrawal.fee_minor else None
    _queue(session, withdrawal, "withdrawal_paid", f"{net} is at your Stripe account", net=net, fee=fee)


def tell_of_failure(session: Session, withdrawal: Withdrawal) -> None:
    """Queue the mail that says why a withdrawal did not work, and that its money is back."""
    amount = format_money(withdrawal.amount_minor, withdrawal.currency)
    subject = f"Your withdrawal of {amount} did not work"
    _queue(session, withdrawal, "withdrawal_failed", subject, amount=amount, reason=withdrawal.reason)


def tell_of_reversal(session: Session, withdrawal: Withdrawal, back_minor: int) -> None:
    """Queue the mail that says that money of a withdrawal came back."""
    back = format_money(back_minor, withdrawal.currency)
    net = format_money(withdrawal.net_minor, withdrawal.currency)
    is_whole = withdrawal.reversed_minor == withdrawal.net_minor
    subject = f"{back} of a withdrawal came back to your wallet"
    _queue(session, withdrawal, "withdrawal_reversed", subject, back=back, net=net, is_whole=is_whole)


def _queue(session: Session, withdrawal: Withdrawal, template: str, subject: str, **context: object) -> None:
    to = recipients.address_of(session, withdrawal.user_id)
    link = f"{current_app.extensions['config'].base_url}/wallet/withdrawals/{withdrawal.ref}"
    facts = {"withdrawal": withdrawal.ref, "account": withdrawal.stripe_account_id, "link": link}
    mail.queue(session, template, to, subject, **facts, **context)
