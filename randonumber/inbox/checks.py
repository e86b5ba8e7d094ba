"""What `ledger check` says about the inbox."""

from __future__ import annotations

from typing import Final

from randonumber.ledger.checks import Check, register

PENDING_EVENTS: Final = Check(
    id="L01",
    title="no event waits for over 5 minutes, and none is dead",
    sql="""SELECT id, type, status, tries, reason, received_at FROM inbox_events
            WHERE (status = 'pending' AND received_at < now() - interval '5 minutes') OR status = 'dead'""",
)


def register_checks() -> None:
    """Let `ledger check` ask about the inbox."""
    register(PENDING_EVENTS)
