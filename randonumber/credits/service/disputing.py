"""Disputes of purchases: what a buyer's bank takes back, and gives back when it is won."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.stripe_gateway import Dispute


def bring_level(session: Session, ref: str, dispute: Dispute, *, actor: str) -> None:
    """Book what Stripe shows of a dispute of the purchase `ref`. Never commits; safe to call again."""
