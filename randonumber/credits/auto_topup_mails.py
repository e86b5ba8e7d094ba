"""What somebody with auto top-up is told when it does not buy. Queued with its cause; never commits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from babel.dates import format_datetime
from flask import current_app
from sqlalchemy import select

from randonumber import mail, recipients
from randonumber.credits.auto_topup_wording import WHY_STOPPED, why_declined
from randonumber.credits.card_wording import name_of
from randonumber.credits.mails import link_to
from randonumber.credits.models import Card, PurchaseStatus
from randonumber.credits.pricing import CURRENCY
from randonumber.credits.wording import count_of_credits
from randonumber.money import format_money

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from randonumber.credits.models import AutoTopup, Purchase

SUBJECTS: Final = {
    "auto_topup_declined": "Your card was declined for auto top-up",
    "auto_topup_needs_you": "Your bank asks you to confirm an automatic purchase",
    "auto_topup_stopped": "Auto top-up has stopped",
}


def tell(session: Session, template: str, topup: AutoTopup, purchase: Purchase) -> None:
    """Queue the mail about a purchase that was not paid. Never commits."""
    if template == "auto_topup_stopped":
        tell_stopped(session, topup, purchase)
        return
    card = session.scalar(select(Card).where(Card.id == purchase.card_id))
    _queue(
        session,
        template,
        topup,
        SUBJECTS[template],
        what=count_of_credits(purchase.credits),
        amount=format_money(purchase.amount_minor, purchase.currency),
        card=name_of(card) if card is not None else "Your card",
        why=why_declined(purchase.failure),
        next_try_at=_moment(topup.next_try_at) if topup.next_try_at else None,
        purchase=purchase.ref,
        link=link_to(purchase),
    )


def tell_stopped(session: Session, topup: AutoTopup, purchase: Purchase | None) -> None:
    """Queue the mail that says why nothing is bought any more, and how to begin again. Never commits.

    A last purchase that waits for its owner's word to the bank can still be confirmed.
    """
    waits = purchase is not None and purchase.status == PurchaseStatus.PENDING
    _queue(
        session,
        "auto_topup_stopped",
        topup,
        SUBJECTS["auto_topup_stopped"],
        why=WHY_STOPPED[topup.stop_reason or ""],
        confirm_link=link_to(purchase) if waits and purchase is not None else None,
    )


def tell_capped(session: Session, topup: AutoTopup, *, credits_left: int) -> None:
    """Queue the mail that says that the month's limit leaves no room. Never commits."""
    cap = format_money(topup.monthly_cap_minor, CURRENCY)
    _queue(
        session,
        "auto_topup_capped",
        topup,
        f"Auto top-up has reached your limit of {cap} a month",
        cap=cap,
        left=count_of_credits(credits_left),
        next_month=format_datetime(topup.next_try_at, "d MMMM", locale="en"),
    )


def _queue(session: Session, template: str, topup: AutoTopup, subject: str, **given: Any) -> None:
    to = recipients.address_of(session, topup.user_id)
    base = current_app.extensions["config"].base_url
    links = {"settings": f"{base}/account/auto-topup", "cards": f"{base}/account/cards", "shop": f"{base}/credits"}
    mail.queue(session, template, to, subject, **links, **given)


def _moment(moment: datetime) -> str:
    return str(format_datetime(moment, "d MMMM y, HH:mm 'UTC'", locale="en"))
