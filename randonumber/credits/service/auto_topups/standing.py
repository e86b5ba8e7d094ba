"""Where a user's auto top-up stands, for its owner to read. Nothing here writes or locks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import select

from randonumber import clock
from randonumber.credits import card_queries
from randonumber.credits.models import AutoTopup, Card, Purchase
from randonumber.credits.service.auto_topups.consent import price_minor
from randonumber.credits.service.auto_topups.rules import next_month
from randonumber.credits.service.auto_topups.running import see

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from sqlalchemy.orm import Session


class State(StrEnum):
    """What auto top-up does now."""

    OFF = "off"
    ACTIVE = "active"
    STOPPED = "stopped"
    BUYING = "buying"
    """A purchase is under way."""
    NEEDS_YOU = "needs you"
    """The bank asks the card's owner about the purchase under way."""
    PAUSED = "paused"
    """After a decline."""
    CAPPED = "limit reached"
    BARRED = "on hold"
    """A debt or a dispute stands."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What it may do, what it does now, and with which card.

    `price_minor` is what one purchase costs now, `spent_minor` what this month's took or may take, in cents.
    """

    state: State
    topup: AutoTopup | None
    card: Card | None
    purchase: Purchase | None
    price_minor: int
    spent_minor: int


def get_standing(session: Session, user_id: int) -> Standing:
    """Return where the user's auto top-up stands."""
    card = card_queries.find_card(session, user_id, "")
    topup = session.scalar(select(AutoTopup).where(AutoTopup.user_id == user_id))
    if topup is None:
        return Standing(state=State.OFF, topup=None, card=card, purchase=None, price_minor=0, spent_minor=0)
    purchase = session.scalar(select(Purchase).where(Purchase.ref == topup.purchase_ref))
    seen = see(session, user_id)
    return Standing(
        state=_state(topup, purchase, seen),
        topup=topup,
        card=card,
        purchase=purchase,
        price_minor=price_minor(topup.quantity),
        spent_minor=seen["spent_minor"],
    )


def _state(topup: AutoTopup, purchase: Purchase | None, seen: Mapping[str, Any]) -> State:
    if not topup.enabled:
        return State.OFF
    if topup.stopped_at is not None:
        return State.STOPPED
    if purchase is not None:
        return State.NEEDS_YOU if topup.declined_ref == purchase.ref else State.BUYING
    if seen["owes"] or seen["has_open_dispute"]:
        return State.BARRED
    if topup.declines and topup.next_try_at is not None and topup.next_try_at > clock.now():
        return State.PAUSED
    return State.CAPPED if topup.next_try_at == next_month(clock.now()) else State.ACTIVE
