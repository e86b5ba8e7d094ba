"""Buying credits by itself, as its owner has allowed: consent, what is due, and what came of it."""

from __future__ import annotations

from randonumber.credits.service.auto_topups.consent import (
    CapTooLow,
    NoCard,
    Terms,
    price_minor,
    turn_off,
    turn_on,
)
from randonumber.credits.service.auto_topups.running import act, due
from randonumber.credits.service.auto_topups.standing import Standing, State, get_standing

__all__ = [
    "CapTooLow",
    "NoCard",
    "Standing",
    "State",
    "Terms",
    "act",
    "due",
    "get_standing",
    "price_minor",
    "turn_off",
    "turn_on",
]
