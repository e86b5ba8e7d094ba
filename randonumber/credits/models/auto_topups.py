"""Consent to buy credits without being asked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from randonumber.database import Base


class AutoTopup(Base):
    """When fewer than `threshold` credits are left, `quantity` are bought with the default card.

    Never for more than `monthly_cap_minor` cents in a calendar month (UTC). `declines` counts those in a row, after
    which it stops, and `declined_ref` is the purchase that was counted last; `purchase_ref` is the purchase under way.
    """

    __tablename__ = "auto_topups"
    __table_args__ = (
        Index("auto_topups_enabled_idx", "user_id", postgresql_where=text("enabled AND stopped_at IS NULL")),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, autoincrement=False)
    enabled: Mapped[bool]
    threshold: Mapped[int]
    quantity: Mapped[int]
    monthly_cap_minor: Mapped[int]
    declines: Mapped[int] = mapped_column(server_default=text("0"))
    next_try_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    stop_reason: Mapped[str | None]
    purchase_ref: Mapped[str | None]
    declined_ref: Mapped[str | None]
    consented_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]

    def __repr__(self) -> str:
        """Return whose it is and whether it acts."""
        return f"<AutoTopup of user {self.user_id} enabled={self.enabled}>"
