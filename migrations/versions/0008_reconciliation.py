"""The mirror of Stripe's balance transactions."""

from __future__ import annotations

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""


def downgrade() -> None:
    """Drop everything; only a development database is ever downgraded this far."""
