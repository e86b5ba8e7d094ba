"""The rows of top-ups, and what else a top-up needs from the tables of others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select, text

from randonumber.wallet.models import Topup

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_CUSTOMER: Final = text("SELECT stripe_customer_id FROM stripe_customers WHERE user_id = :user_id")
_METHOD: Final = text("""
    SELECT cards.stripe_payment_method_id AS method_id, stripe_customers.stripe_customer_id AS customer_id
      FROM cards JOIN stripe_customers ON stripe_customers.user_id = cards.user_id
     WHERE cards.id = :card_id AND cards.user_id = :user_id AND cards.removed_at IS NULL
       AND stripe_customers.stripe_customer_id IS NOT NULL
""")


@dataclass(frozen=True, kw_only=True)
class PayingCard:
    """A saved card as Stripe knows it."""

    method_id: str
    customer_id: str


def lock_topup(session: Session, ref: str) -> Topup:
    """Return the top-up, locked and as it is now. Never commits; raises NoResultFound."""
    query = select(Topup).where(Topup.ref == ref).with_for_update(key_share=True)
    return session.execute(query.execution_options(populate_existing=True)).scalar_one()


def read_topup(session: Session, ref: str) -> Topup:
    """Return the top-up as it is now, unlocked. Raises NoResultFound."""
    query = select(Topup).where(Topup.ref == ref)
    return session.execute(query.execution_options(populate_existing=True)).scalar_one()


def is_known(session: Session, ref: str) -> bool:
    """Whether the ref names a top-up here."""
    return session.scalar(select(Topup.id).where(Topup.ref == ref)) is not None


def customer_of(session: Session, user_id: int) -> str | None:
    """Return the customer that stands for a user at Stripe, if there is one."""
    return session.execute(_CUSTOMER, {"user_id": user_id}).scalar_one_or_none()


def paying_card(session: Session, topup: Topup) -> PayingCard | None:
    """Return the saved card that pays a top-up; None when it is gone."""
    parameters = {"card_id": topup.card_id, "user_id": topup.user_id}
    row = session.execute(_METHOD, parameters).one_or_none()
    return PayingCard(method_id=row.method_id, customer_id=row.customer_id) if row else None
