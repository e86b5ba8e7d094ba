"""What Stripe's events mean to purchases. An event only says that something happened: the object is read again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from randonumber.credits.handlers import cards, declines, disputes, payments, refunds

if TYPE_CHECKING:
    from flask import Flask

PARTS: Final = (payments, declines, disputes, refunds, cards)


def init_app(app: Flask) -> None:
    """Subscribe to the events of purchases."""
    for part in PARTS:
        part.init_app(app)
