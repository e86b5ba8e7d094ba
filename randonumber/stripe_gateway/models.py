"""The one row that all web processes share: whether Stripe answers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from randonumber.database import Base


class StripeOutage(Base):
    """How often in a row Stripe has not answered, and when one may try again."""

    __tablename__ = "stripe_outage"
    __table_args__ = (CheckConstraint("only", name="only"), CheckConstraint("failures >= 0", name="failures"))

    only: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    retry_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
