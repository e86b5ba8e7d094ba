"""What most handlers ask first: whether an event is about our own account, and about an object that Stripe has."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Protocol

from randonumber.stripe_gateway import StripeNotFound

if TYPE_CHECKING:
    from randonumber.inbox.registry import Effect, Handler, StripeEvent


class Read(Protocol):
    """Read the object of an event, and return what it does; None when it is not one of ours."""

    def __call__(self, object_id: str, /, *, actor: str) -> Effect | None:
        """Call the network, with no transaction open. Raises StripeNotFound and StripeUnavailable."""


def of_our_account(read: Read) -> Handler:
    """Return the handler that reads what an event of our own account is about.

    What another account's event is about, and what Stripe does not know, is none of ours.
    """

    @functools.wraps(read)
    def handle(event: StripeEvent) -> Effect | None:
        if event.account is not None or event.object_id is None:
            return None
        try:
            return read(event.object_id, actor=event.actor)
        except StripeNotFound:
            return None

    return handle
