"""Who has had free credits, and who was told that few are left."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from randonumber.database import Base


class FreeCreditClaim(Base):
    """A mailbox that has had its free credits: the SHA-256 of its address in normal form."""

    __tablename__ = "free_credit_claims"

    mailbox_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]


class LowBalanceNotice(Base):
    """The last mail that told a user of few credits left; `lot_ref` is the newest lot of that moment."""

    __tablename__ = "low_balance_notices"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, autoincrement=False)
    lot_ref: Mapped[str]
    sent_at: Mapped[datetime]
