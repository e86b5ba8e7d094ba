"""What everything that takes cards shares: a card in words, what asks for its owner, and the tries that fail.

Failed cards are counted for each user over all that cards pay for: whoever tries cards here is stopped (pains.md, 25).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from randonumber import limits

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

ASKS_OWNER: Final = frozenset({"authentication_required", "payment_intent_authentication_failure"})
"""Failures after which the same card may still pay, once its owner has answered the bank."""
MOST_FAILURES_PER_HOUR: Final = 10
HOUR: Final = 3_600
FAILURES: Final = "payment_failures"


def name_of(brand: str, last4: str) -> str:
    """Return a card in words: `Visa ending in 4242`."""
    return f"{brand.replace('_', ' ').title()} ending in {last4}"


def refuse_after_many(session: Session, user_id: int) -> None:
    """Refuse to begin anything by which cards are tried after too many failures. Never commits; raises RateLimited."""
    limits.refuse_beyond(session, FAILURES, str(user_id), limit=MOST_FAILURES_PER_HOUR)


def count_failure(session: Session, user_id: int) -> int:
    """Count a card of a user that failed, and return how many did in this hour. Never commits."""
    return limits.count(session, FAILURES, str(user_id), per_seconds=HOUR)
