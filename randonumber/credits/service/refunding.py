"""Refunds of purchases: asked for here, or made in Stripe's dashboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.stripe_gateway import Refund


def bring_level(session: Session, ref: str, refund: Refund, *, actor: str) -> None:
    """Book what Stripe shows of a refund of the purchase `ref`. Never commits; safe to call again."""
