"""What `ledger check` asks of the outbox."""

from __future__ import annotations

from typing import Final

from randonumber.ledger.checks import Check
from randonumber.ledger.checks import register as register_check

# A message that its recipient's server refuses is that server's affair and is retried for hours; one that nobody
# even answered about for ten minutes means that mail does not work here.
WAITING_OR_DEAD: Final = """
    SELECT ref, status, template, created_at FROM mail_messages
     WHERE status = 'dead'
        OR (status = 'queued' AND tries = 0 AND created_at < now() - interval '10 minutes')
"""


def register() -> None:
    """Register L04 for mail."""
    register_check(Check(id="L04", title="no mail waits longer than ten minutes, none is dead", sql=WAITING_OR_DEAD))
