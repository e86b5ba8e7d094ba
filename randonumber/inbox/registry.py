"""The registry of handlers: what a stored event means to a feature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from flask import Flask
    from sqlalchemy.orm import Session


@dataclass(frozen=True, kw_only=True)
class StripeEvent:
    """An event of the inbox. `data` is `data.object` as it was when the event was made: read the object again.

    `account` is the connected account that it belongs to, None for our own.
    """

    id: str
    type: str
    object_id: str | None
    account: str | None
    livemode: bool
    created_at: datetime
    data: Mapping[str, Any]

    @property
    def actor(self) -> str:
        """Who a posting is made by when this event causes it: `inbox show` finds it by that."""
        return f"event:{self.id}"


Effect = Callable[["Session"], None]
Handler = Callable[[StripeEvent], Effect | None]
AccountTest = Callable[["Session", str], bool]


def register(app: Flask, event_type: str, handler: Handler) -> None:
    """Call `handler` for stored events of this type; several handlers may share a type.

    A handler runs with no transaction open and reads the object again from Stripe. It returns the effect, which runs
    in one transaction with marking the event done, or None when the event is not ours. What it raises is tried
    again with back-off; after the last try the event is dead.
    """
    handlers: dict[str, list[Handler]] = app.extensions.setdefault("event_handlers", {})
    handlers.setdefault(event_type, []).append(handler)


def handlers_of(app: Flask, event_type: str) -> list[Handler]:
    """Return the handlers of a type; none when nobody asked for it."""
    found: list[Handler] = app.extensions.get("event_handlers", {}).get(event_type, [])
    return found


def subscribed_types(app: Flask) -> list[str]:
    """Return every event type that has a handler, in order: what a webhook endpoint must be subscribed to."""
    return sorted(app.extensions.get("event_handlers", {}))


def register_account_test(app: Flask, is_ours: AccountTest) -> None:
    """Accept events of the connected accounts for which `is_ours(session, account)` holds."""
    app.extensions.setdefault("event_account_tests", []).append(is_ours)


def knows_account(session: Session, app: Flask, account: str) -> bool:
    """Whether some feature knows this connected account."""
    tests: list[AccountTest] = app.extensions.get("event_account_tests", [])
    return any(is_ours(session, account) for is_ours in tests)
