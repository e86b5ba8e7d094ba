"""What is known of one row of Stripe's book, for whoever says what it was: Stripe's facts, and whose it may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from randonumber.database import transaction
from randonumber.stripe_gateway import gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

_SHOWN: Final = (
    "object",
    "description",
    "customer",
    "receipt_email",
    "destination",
    "transfer_group",
    "payment_intent",
    "created",
)
_WHOSE: Final = text("""
    SELECT DISTINCT users.ref, users.email
      FROM users
      LEFT JOIN stripe_customers ON stripe_customers.user_id = users.id
      LEFT JOIN payout_accounts ON payout_accounts.user_id = users.id
     WHERE stripe_customers.stripe_customer_id = :customer OR payout_accounts.stripe_account_id = :destination
        OR users.email = lower(:email)
     ORDER BY users.ref
""")
_ROW: Final = text("""
    SELECT CASE WHEN unmatched_id IS NULL THEN 'claimed' WHEN resolution_id IS NULL THEN 'unmatched'
                ELSE 'resolved' END
      FROM balance_transactions WHERE id = :id
""")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A row with its facts by name, in an order to read; `users` are those here that it may belong to."""

    facts: dict[str, str]
    users: list[str]


def show(txn_id: str) -> Shown:
    """Return what Stripe and we know of a balance transaction. Calls the network.

    Raises StripeNotFound and StripeUnavailable.
    """
    found = gateway().show_balance_transaction(txn_id)
    source: dict[str, Any] = found["source"] if isinstance(found.get("source"), dict) else {}
    email = source.get("receipt_email") or (source.get("billing_details") or {}).get("email")
    with transaction() as session:
        state = session.execute(_ROW, {"id": txn_id}).scalar() or "not mirrored"
        users = _users(session, source, email)
    facts = dict(_facts(found, source))
    return Shown(facts=facts | {"here": state} | ({"email": email} if email else {}), users=users)


def _facts(found: dict[str, Any], source: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("id", "type", "amount", "fee", "currency", "description"):
        if found.get(name) is not None:
            yield name, str(found[name])
    yield "source", str(source.get("id") or found.get("source"))
    for name in _SHOWN:
        if source.get(name) is not None:
            yield f"source {name}", str(source[name])
    for name, value in (source.get("metadata") or {}).items():
        yield f"metadata {name}", str(value)


def _users(session: Session, source: dict[str, Any], email: str | None) -> list[str]:
    names = {"customer": source.get("customer"), "destination": source.get("destination"), "email": email}
    return [f"{row.ref} {row.email}" for row in session.execute(_WHOSE, names)]
