"""Asking for the web server whether Stripe is back."""

from __future__ import annotations

from randonumber.jobs import periodic
from randonumber.stripe_gateway import outage
from randonumber.stripe_gateway.errors import StripeRefused, StripeUnavailable


@periodic("stripe_gateway.probe", "* * * * * */5")
def probe() -> None:
    """While the web server's breaker is open, ask Stripe for the smallest thing; an answer of any kind closes it."""
    from randonumber.stripe_gateway import gateway  # the package binds this module

    if not outage.take_probe():
        return
    try:
        gateway().get_balance()
    except StripeRefused:
        pass
    except StripeUnavailable as error:
        if error.status is None:
            return
    outage.clear()
