"""Payments at Stripe, whatever they are for: what an event or a row of Stripe's book says is led to whose it is.

A feature that takes money puts the ref of its row into the metadata of the payment (`purchase_ref`) and registers an
`Owner`. Each event of a payment then ends in the owner's one function, with the payment read afresh.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from randonumber.payments.effects import effect_of_charge, effect_of_dispute
from randonumber.payments.owners import Effect, Owner, register

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["Effect", "Owner", "effect_of_charge", "effect_of_dispute", "init_app", "register"]


def init_app(app: Flask) -> None:
    """Subscribe to the events of payments, and claim the rows of their money in Stripe's book."""
    from randonumber.payments import claims, handlers

    handlers.init_app(app)
    claims.init_app(app)
