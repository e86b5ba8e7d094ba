"""What every handler of buying asks first: whether the event is about our own account, and about an object."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from randonumber.inbox import Effect, Handler, StripeEvent


def of_our_account(read: Callable[[str, str], Effect | None]) -> Handler:
    """Return the handler that calls `read(object_id, actor)` for events of our own account; others are not ours."""

    @functools.wraps(read)
    def handle(event: StripeEvent) -> Effect | None:
        if event.account is not None or event.object_id is None:
            return None
        return read(event.object_id, event.actor)

    return handle
