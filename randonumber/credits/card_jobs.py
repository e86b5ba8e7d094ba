"""The job that brings saved cards level with Stripe."""

from __future__ import annotations

from randonumber.credits.service import cards
from randonumber.jobs import job


@job("credits.level_cards")
def level_cards(user_id: int) -> None:
    """Ask Stripe for the saved cards of a user, and write down what it lists."""
    cards.level(user_id)
