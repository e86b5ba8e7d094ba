"""Who has had free credits, and who was told that few are left."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from randonumber.database import Base


class FreeCreditClaim(Base):
    """A mailbox that has had its free credits: the SHA-256 of its address in normal form."""

    __tablename__ = "free_credit_claims"

    mailbox_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]


class LowBalanceNotice(Base):
    """Whether a user wants to be told of few credits left, and the last such mail.

    `lot_ref` is the lot that was bought last when the mail was sent.
    """

    __tablename__ = "low_balance_notices"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, autoincrement=False)
    lot_ref: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    is_wanted: Mapped[bool] = mapped_column(server_default=text("true"))
