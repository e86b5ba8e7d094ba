"""What Stripe's events mean to buyers, beside those of payments, which `randonumber.payments` brings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from randonumber.credits.handlers import cards, declines

if TYPE_CHECKING:
    from flask import Flask

PARTS: Final = (declines, cards)


def init_app(app: Flask) -> None:
    """Subscribe to the events of cards, customers and failed tries."""
    for part in PARTS:
        part.init_app(app)
