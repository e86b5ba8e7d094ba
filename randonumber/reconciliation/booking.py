"""Putting one balance transaction into the mirror and the ledger, all in one transaction."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from randonumber import ledger
from randonumber.ledger import Move
from randonumber.ledger.accounts import BANK, STRIPE_BALANCE, STRIPE_FEES, STRIPE_RESERVE, UNMATCHED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from randonumber.reconciliation.claims import Claim
    from randonumber.reconciliation.contact import Contact
    from randonumber.stripe_gateway import BalanceTransaction

log = logging.getLogger(__name__)

RESERVE: Final = "reserve_transaction"
BY_TYPE: Final[Mapping[str, tuple[str, str]]] = {
    "payout": ("payout", BANK),
    "payout_cancel": ("payout", BANK),
    "payout_failure": ("payout", BANK),
    "topup": ("bank_topup", BANK),
    "topup_reversal": ("bank_topup", BANK),
    RESERVE: ("reserve", STRIPE_RESERVE),
    "stripe_fee": ("stripe_cost", STRIPE_FEES),
    "stripe_fx_fee": ("stripe_cost", STRIPE_FEES),
    "tax_fee": ("stripe_cost", STRIPE_FEES),
}
"""Types that say by themselves what a row is: the kind of its posting, and the account that its amount goes to.

Money between Stripe and our own bank, what Stripe sets aside for connected accounts below zero, and what it charges
for beside payments. https://docs.stripe.com/reports/balance-transaction-types
"""


_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:id, 0))")
_IS_MIRRORED = text("SELECT EXISTS (SELECT FROM balance_transactions WHERE id = :id)")
_IS_TAKEN = text("SELECT EXISTS (SELECT FROM balance_transactions WHERE claimed_id = :transaction_id)")
_HELD = text("""
    SELECT coalesce(sum(CASE WHEN house.id = entries.source_id THEN amount ELSE -amount END), 0)::bigint
      FROM entries JOIN accounts AS house ON house.code = :code AND house.id IN (source_id, destination_id)
     WHERE entries.transaction_id = :transaction_id
""")
_INSERT = text("""
    INSERT INTO balance_transactions (id, account_id, livemode, type, reporting_category, source_id, currency, amount,
                                      fee, net, created_at, available_on, claimed_id, unmatched_id, fee_id)
    VALUES (:id, :account_id, :livemode, :type, :reporting_category, :source_id, :currency, :amount,
            :fee, :net, :created_at, :available_on, :claimed_id, :unmatched_id, :fee_id)
""")


def is_reserve(txn: BalanceTransaction) -> bool:
    """Whether the row sets money aside for connected accounts below zero (or gives it back when positive)."""
    return txn.type == RESERVE


def lock(session: Session, name: str) -> None:
    """Let nobody else book `name` (a balance transaction or an account) until this transaction ends."""
    session.execute(_LOCK, {"id": name})


def is_mirrored(session: Session, txn_id: str) -> bool:
    """Whether the mirror has the row."""
    return bool(session.execute(_IS_MIRRORED, {"id": txn_id}).scalar_one())


def book(
    session: Session, contact: Contact, txn: BalanceTransaction, claim: Claim | None, *, final: bool, actor: str
) -> bool:
    """Mirror a row with the posting of its gross amount and its fee. Never commits; safe to call again.

    Returns False when nobody's posting is found and `final` is not set: bring its owner level and come back.
    With `final` such a row is booked to `unmatched`.
    """
    lock(session, txn.id)
    if is_mirrored(session, txn.id):
        return True
    claimed_id = _claimed(session, txn, claim, actor)
    if claimed_id is None and txn.amount != 0 and not final:
        return False
    unmatched_id = None
    if claimed_id is None and txn.amount != 0:
        unmatched_id = _post(session, txn, "unmatched", txn.amount, UNMATCHED, actor)
        log.warning("balance_transaction_unmatched", extra={"txn": txn.id, "type": txn.type, "source": txn.source_id})
    links = {
        "claimed_id": claimed_id,
        "unmatched_id": unmatched_id,
        "fee_id": _post(session, txn, "stripe_fee", -txn.fee, STRIPE_FEES, actor) if txn.fee else None,
    }
    session.execute(_INSERT, _columns(contact, txn) | links)
    return True


def find_claimed(session: Session, txn: BalanceTransaction, claim: Claim | None) -> int | None:
    """Return the posting that a feature claims for this row, if it is free and put exactly this amount at Stripe."""
    transaction_id = claim.find(session, txn) if claim else None
    if transaction_id is None:
        return None
    if session.execute(_IS_TAKEN, {"transaction_id": transaction_id}).scalar_one():
        log.error("claimed_posting_is_taken", extra={"txn": txn.id, "transaction": transaction_id})
        return None
    held = session.execute(_HELD, {"transaction_id": transaction_id, "code": STRIPE_BALANCE}).scalar_one()
    if held != txn.amount:
        log.error("claimed_amount_differs", extra={"txn": txn.id, "stripe": txn.amount, "ledger": held})
        return None
    return transaction_id


def _claimed(session: Session, txn: BalanceTransaction, claim: Claim | None, actor: str) -> int | None:
    if txn.type in BY_TYPE and txn.amount != 0:
        kind, account = BY_TYPE[txn.type]
        return _post(session, txn, kind, txn.amount, account, actor)
    return find_claimed(session, txn, claim)


def _post(session: Session, txn: BalanceTransaction, kind: str, amount: int, other: str, actor: str) -> int:
    """Post `amount` cents more (or less, below zero) at Stripe against the account `other`."""
    source, destination = (STRIPE_BALANCE, other) if amount > 0 else (other, STRIPE_BALANCE)
    move = Move(source=source, destination=destination, amount=abs(amount))
    posted = ledger.post(session, kind=kind, ref=txn.id, entries=[move], actor=actor, event_at=txn.created_at)
    return posted.transaction_id


def _columns(contact: Contact, txn: BalanceTransaction) -> dict[str, Any]:
    return {
        "id": txn.id,
        "account_id": contact.account_id,
        "livemode": contact.livemode,
        "type": txn.type,
        "reporting_category": txn.reporting_category,
        "source_id": txn.source_id,
        "currency": txn.currency,
        "amount": txn.amount,
        "fee": txn.fee,
        "net": txn.net,
        "created_at": txn.created_at,
        "available_on": txn.available_on,
    }
