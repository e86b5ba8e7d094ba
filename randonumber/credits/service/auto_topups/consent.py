"""Turning auto top-up on, changing what it may do, and turning it off. Only its owner does either."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import current_app
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from randonumber import clock, limits
from randonumber.credits import card_queries
from randonumber.credits.models import AutoTopup
from randonumber.credits.pricing import CURRENCY, quote
from randonumber.credits.service.auto_topups.rules import PAUSES
from randonumber.database import transaction
from randonumber.errors import InvalidRequest, Refused
from randonumber.money import format_money

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.hooks import Person

log = logging.getLogger(__name__)
TURNS_PER_HOUR: Final = 20
"""Of one user: each one may let a declined card be tried again."""
HOUR: Final = 3_600


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What its owner allows: `quantity` credits below `threshold`, for at most `monthly_cap_minor` cents a month."""

    threshold: int
    quantity: int
    monthly_cap_minor: int


class NoCard(Refused):
    """There is no saved card that could pay."""


class CapTooLow(InvalidRequest):
    """The cap leaves no room for a single purchase."""

    status = 422


def turn_on(owner: Person, terms: Terms) -> None:
    """Turn it on under these terms, or change them: each time its owner consents anew.

    What was stopped, or off, begins again without its declines; what waits after a decline goes on waiting. Raises
    NoCard, CapTooLow, NotForSale, and RateLimited above TURNS_PER_HOUR.
    """
    with transaction() as session:
        limits.hit(session, "auto_topup_turns", owner.ref, limit=TURNS_PER_HOUR, per_seconds=HOUR)
        refuse_low_cap(terms)
        if card_queries.find_card(session, owner.user_id, "") is None:
            message = "Save a card first: auto top-up pays with your default card."
            raise NoCard(message)
        _agree(session, owner.user_id, terms)
    log.info("auto_topup_on", extra={"user": owner.ref})


def turn_off(owner: Person) -> None:
    """Turn it off at once. A purchase that is under way ends; nothing new begins. Safe to call again."""
    with transaction() as session:
        topup = lock(session, owner.user_id)
        if topup is not None and topup.enabled:
            topup.enabled, topup.updated_at = False, clock.now()
    log.info("auto_topup_off", extra={"user": owner.ref})


def price_minor(quantity: int) -> int:
    """Return what `quantity` credits cost now, in cents; raises NotForSale."""
    return quote(current_app.extensions["config"].credit_tiers, quantity).amount_minor


def refuse_low_cap(terms: Terms) -> None:
    """Raise CapTooLow when one purchase costs more than the cap, NotForSale when it cannot be bought."""
    price = price_minor(terms.quantity)
    if terms.monthly_cap_minor < price:
        message = f"One purchase costs {format_money(price, CURRENCY)}. Allow at least that much a month."
        raise CapTooLow(message, errors=[{"field": "monthly_cap", "message": message}])


def lock(session: Session, user_id: int) -> AutoTopup | None:
    """Return the user's row, locked and as it is now. Never commits. It is locked before any other row of buying."""
    query = select(AutoTopup).where(AutoTopup.user_id == user_id).with_for_update(key_share=True)
    return session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()


def _agree(session: Session, user_id: int, terms: Terms) -> None:
    row = {
        "user_id": user_id,
        "enabled": False,
        "threshold": terms.threshold,
        "quantity": terms.quantity,
        "monthly_cap_minor": terms.monthly_cap_minor,
        "updated_at": clock.now(),
    }
    session.execute(insert(AutoTopup).values(row).on_conflict_do_nothing())
    topup = lock(session, user_id)
    if topup is None:  # rows of users are never deleted
        raise LookupError(user_id)
    begins_anew = not topup.enabled or topup.stopped_at is not None
    if begins_anew:
        topup.declines, topup.stopped_at, topup.stop_reason = 0, None, None
    if begins_anew or not topup.declines:  # a purchase or a cap was waited for, not a bank
        topup.next_try_at = None
    elif topup.next_try_at is not None:  # a bank is waited for, and no longer than after a decline: not for the month
        topup.next_try_at = min(topup.next_try_at, clock.now() + PAUSES[-1])
    topup.enabled, topup.consented_at, topup.updated_at = True, clock.now(), clock.now()
    topup.threshold, topup.quantity = terms.threshold, terms.quantity
    topup.monthly_cap_minor = terms.monthly_cap_minor
