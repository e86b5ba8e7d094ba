"""Messages to people: queued in the transaction that causes them, sent by the worker."""

from __future__ import annotations

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""


def downgrade() -> None:
    """Drop everything; only a development database is ever downgraded this far."""
