"""Forgetting the answers that were kept under Idempotency-Keys long enough."""

from __future__ import annotations

from randonumber import clock
from randonumber.api import idempotency
from randonumber.database import driver_connection, transaction
from randonumber.jobs import periodic


@periodic("api.forget_answers", "17 * * * *")
def forget_answers() -> None:
    """Delete what is older than `idempotency.KEPT_HOURS`, a piece in each transaction, so that nobody waits."""
    forgotten = idempotency.PIECE
    while forgotten == idempotency.PIECE:
        with transaction() as session:
            forgotten = idempotency.forget(driver_connection(session), clock.now())
