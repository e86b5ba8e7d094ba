"""The inbox of Stripe's events: verified, stored and acknowledged at once, handled by the worker exactly once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from randonumber.inbox.registry import Effect, Handler, StripeEvent, register, subscribed_types
from randonumber.inbox.sweeping import sweep

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["Effect", "Handler", "StripeEvent", "init_app", "register", "subscribed_types", "sweep"]


def init_app(app: Flask) -> None:
    """Bind the webhook views, the commands, the jobs and the checks to the app."""
