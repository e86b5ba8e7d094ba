"""What goes out to Stripe and what comes in: the installation, the journal of calls, the inbox."""

from __future__ import annotations

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""


def downgrade() -> None:
    """Drop everything; only a development database is ever downgraded this far."""
