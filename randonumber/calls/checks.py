"""What `ledger check` says about the journal: nothing stays unknown for long, nothing is stuck."""

from __future__ import annotations

from typing import Final

from randonumber.ledger.checks import Check, register

UNKNOWN_CALLS: Final = Check(
    id="L02",
    title="no outbound call is unknown for over 15 minutes, or waits for an operator",
    sql="""SELECT id, operation, ref, attempt, status, last_error, alarm FROM stripe_calls
            WHERE status IN ('planned', 'sent')
              AND (planned_at < now() - interval '15 minutes' OR due_at IS NULL)""",
)
STOPPED_QUEUE: Final = Check(
    id="L06",
    title="Stripe accepts the key",
    sql="SELECT scope, status, stopped_at FROM stripe_stops WHERE retry_at > now() - interval '15 minutes'",
)


def register_checks() -> None:
    """Let `ledger check` ask about the journal."""
    register(UNKNOWN_CALLS, STOPPED_QUEUE)
