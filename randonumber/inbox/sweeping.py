"""Events that never reached the webhook are fetched from Stripe's list."""

from __future__ import annotations


def sweep() -> int:
    """Store every event of Stripe's list that the inbox does not have, and return how many were missing.

    Opens transactions of its own. Raises StripeUnavailable.
    """
    raise NotImplementedError
