"""What the owner of a wallet is told of the place its money goes to: that it changed, and that a bank sent money back.

Queued with its cause; never commits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app

from randonumber import mail, recipients
from randonumber.money import format_money
from randonumber.payouts.account_wording import bank_reason, type_name

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.payouts.models import ConnectedPayout, PayoutAccount


def connected(session: Session, account: PayoutAccount, *, is_change: bool) -> None:
    """Tell that money can go to an account now; `is_change`: it went elsewhere before. Never commits."""
    subject = "Your payout account was changed" if is_change else "A payout account was connected"
    hours = current_app.extensions["config"].payout_account_delay_hours
    _send(session, account, "payout_connected", subject, waits_hours=hours if account.changed_at else 0)


def disconnected(session: Session, account: PayoutAccount) -> None:
    """Tell that no more money goes to an account. Never commits."""
    _send(session, account, "payout_disconnected", "Your payout account was disconnected")


def payout_failed(session: Session, account: PayoutAccount, payout: ConnectedPayout) -> None:
    """Tell that a bank sent a payout back, and why. Never commits."""
    amount = format_money(payout.amount_minor, payout.currency)
    mail.queue(
        session,
        "payout_failed",
        recipients.address_of(session, account.user_id),
        f"Your bank sent a payout of {amount} back",
        amount=amount,
        account=account.stripe_account_id,
        payout=payout.stripe_payout_id,
        reason=bank_reason(payout.failure_code),
        link=f"{current_app.extensions['config'].base_url}/payouts",
    )


def _send(session: Session, account: PayoutAccount, template: str, subject: str, **facts: object) -> None:
    base_url = current_app.extensions["config"].base_url
    mail.queue(
        session,
        f"security/{template}",
        recipients.address_of(session, account.user_id),
        subject,
        account=account.stripe_account_id,
        kind=type_name(account.type),
        reason=account.disconnect_reason,
        link=f"{base_url}/payouts",
        recover=f"{base_url}/reset",
        **facts,
    )
