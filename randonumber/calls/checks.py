"""What `ledger check` says about the journal: nothing stays unknown for long, nothing is stuck."""

from __future__ import annotations

from typing import Final

from randonumber.ledger.checks import Check, register

UNKNOWN_CALLS: Final = Check(
    id="L02",
    title="no outbound call is unknown for over 15 minutes, or waits for an operator",
    # A further attempt that is not due yet is no unknown: the one before it did not happen, for want of funds.
    sql="""SELECT id, operation, ref, attempt, status, last_error, alarm FROM stripe_calls
            WHERE status IN ('planned', 'sent')
              AND (due_at IS NULL
                   OR (planned_at < now() - interval '15 minutes'
                       AND NOT (status = 'planned' AND attempt > 1 AND alarm IS NULL
                                AND due_at > now() - interval '15 minutes')))""",
)
STOPPED_QUEUE: Final = Check(
    id="L06",
    title="Stripe accepts the key",
    sql="SELECT scope, status, stopped_at FROM stripe_stops WHERE retry_at > now() - interval '15 minutes'",
)


def register_checks() -> None:
    """Let `ledger check` ask about the journal."""
    register(UNKNOWN_CALLS, STOPPED_QUEUE)
