"""Disputes of purchases: what a buyer's bank takes back, and gives back when it is won.

What Stripe moved is booked, not what a status promises: the books follow a dispute's withdrawn and reinstated money,
which only ever grow, so that readings may come late, twice and in any order. Its status says whether it is decided;
what is decided and not back is lost. https://docs.stripe.com/disputes/how-disputes-work
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from randonumber import clock, jobs, ledger
from randonumber.credits import dispute_mails
from randonumber.credits.models import Dispute, DisputeStatus
from randonumber.credits.service import reversing
from randonumber.credits.service.sessions import lock_purchase
from randonumber.ledger import Move
from randonumber.ledger.accounts import DISPUTES_HELD, DISPUTES_LOST, STRIPE_BALANCE
from randonumber.reconciliation import MIRROR_SOON

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber import stripe_gateway
    from randonumber.credits.models import Purchase

log = logging.getLogger(__name__)

OPENING: Final = "dispute_open"
REINSTATING: Final = "dispute_won"
LOSING: Final = "dispute_lost"
CLAIMS_MONEY: Final = frozenset({"needs_response", "under_review"})
"""Statuses in which a chargeback waits; its money is withdrawn by then or in this moment."""
DECIDED: Final = frozenset({"lost", "warning_closed", "prevented", "charge_refunded"})
"""Statuses that are final as soon as they show. `won` is, too, once the money is on its way back."""
OVER: Final = DECIDED | {"won"}
"""Statuses that are final where no money was taken."""
CLOSED: Final = frozenset({DisputeStatus.WON, DisputeStatus.LOST})


def bring_level(session: Session, ref: str, dispute: stripe_gateway.Dispute, *, actor: str) -> None:
    """Book what Stripe shows of a dispute of the purchase `ref`. Never commits; safe to call again.

    An older reading changes nothing. A dispute of a payment that gave no credits takes none: operators are told.
    """
    purchase = lock_purchase(session, ref)
    if purchase.payment_id != dispute.charge_id or purchase.lot_ref is None or dispute.currency != purchase.currency:
        _leave_unclaimed(session, purchase, dispute)
        return
    is_new = _insert(session, purchase, dispute, DisputeStatus.INQUIRY)
    row = _lock(session, dispute.id)
    before = row.status, row.closed_at, row.withdrawn_minor > 0
    _withdraw(session, purchase, row, dispute.withdrawn - row.withdrawn_minor, actor)
    row.status = _status(row, dispute)
    _reinstate(session, purchase, row, dispute.reinstated - row.reinstated_minor, actor)
    if row.status in CLOSED:
        _lose(session, purchase, row, actor, was_closed=before[0] in CLOSED)
    is_over = row.status in CLOSED or (row.status == DisputeStatus.INQUIRY and dispute.status in OVER)
    row.closed_at = None if row.status == DisputeStatus.OPEN else row.closed_at or (clock.now() if is_over else None)
    row.evidence_due_by, row.reason = dispute.evidence_due_by, dispute.reason
    session.flush()
    reversing.restate(session, purchase)
    if is_new or (row.status, row.closed_at, row.withdrawn_minor > 0) != before:
        _tell(session, purchase, row, actor)


def _leave_unclaimed(session: Session, purchase: Purchase, dispute: stripe_gateway.Dispute) -> None:
    if _insert(session, purchase, dispute, DisputeStatus.UNCLAIMED):
        facts = {"dispute": dispute.id, "payment": dispute.charge_id, "purchase": purchase.ref}
        log.error("dispute_unclaimed", extra=facts)
        dispute_mails.tell_operators_of_unclaimed(session, purchase, dispute.id, dispute.charge_id)
    row = _lock(session, dispute.id)
    if dispute.status in OVER and row.closed_at is None:
        row.closed_at = clock.now()


def _insert(session: Session, purchase: Purchase, dispute: stripe_gateway.Dispute, status: DisputeStatus) -> bool:
    """Write a dispute down of which no money is known yet, and return whether it is new here."""
    row = {
        "stripe_dispute_id": dispute.id,
        "payment_id": dispute.charge_id,
        "purchase_id": purchase.id,
        "user_id": purchase.user_id,
        "amount_minor": dispute.amount,
        "currency": dispute.currency,
        "status": status,
        "created_at": dispute.created_at,
    }
    statement = insert(Dispute).values(row).on_conflict_do_nothing().returning(Dispute.stripe_dispute_id)
    return session.execute(statement).scalar_one_or_none() is not None


def _lock(session: Session, stripe_dispute_id: str) -> Dispute:
    query = select(Dispute).where(Dispute.stripe_dispute_id == stripe_dispute_id).with_for_update(key_share=True)
    return session.execute(query.execution_options(populate_existing=True)).scalar_one()


def _status(row: Dispute, dispute: stripe_gateway.Dispute) -> DisputeStatus:
    """Return where the dispute is by the money of its row and of this reading, whichever is further."""
    reinstated = max(row.reinstated_minor, dispute.reinstated)
    if not row.withdrawn_minor:
        is_over = dispute.status in OVER or row.closed_at is not None
        claims_money = dispute.status in CLAIMS_MONEY or row.status == DisputeStatus.OPEN
        return DisputeStatus.OPEN if claims_money and not is_over else DisputeStatus.INQUIRY
    is_decided = dispute.status in DECIDED or (dispute.status == "won" and reinstated > 0)
    if not (is_decided or row.status in CLOSED):
        return DisputeStatus.OPEN
    return DisputeStatus.WON if reinstated >= row.withdrawn_minor else DisputeStatus.LOST


def _withdraw(session: Session, purchase: Purchase, row: Dispute, amount: int, actor: str) -> None:
    """Book money that the bank has taken, and take the credits that go with it: from their lot, the rest as a debt."""
    if amount <= 0:
        return
    ref = _posting_ref(row, row.withdrawn_minor, amount)
    purchase.disputed_minor -= _outstanding(row)
    row.withdrawn_minor += amount
    purchase.disputed_minor += _outstanding(row)
    standing = reversing.lock_credits(session, purchase)
    credits_ = reversing.to_take(session, purchase)
    purchase.revoked_credits += credits_
    row.credits += credits_
    money = Move(source=DISPUTES_HELD, destination=STRIPE_BALANCE, amount=amount)
    _post(session, purchase, OPENING, ref, [money, *reversing.taking(standing, credits_)], actor)


def _reinstate(session: Session, purchase: Purchase, row: Dispute, amount: int, actor: str) -> None:
    """Book money that came back, and give the credits back that nothing else holds.

    Of a dispute that stays lost in part, a part of the credits in proportion stays taken.
    """
    if amount <= 0:
        return
    ref = _posting_ref(row, row.reinstated_minor, amount)
    purchase.disputed_minor -= _outstanding(row)
    row.reinstated_minor += amount
    purchase.disputed_minor += _outstanding(row)
    row.credits = row.credits * _outstanding(row) // row.withdrawn_minor if row.withdrawn_minor else 0
    session.flush()
    standing = reversing.lock_credits(session, purchase)
    credits_ = reversing.to_give_back(session, purchase)
    purchase.revoked_credits -= credits_
    was_lost = min(row.lost_minor, amount)
    row.lost_minor -= was_lost
    money = [
        Move(source=STRIPE_BALANCE, destination=DISPUTES_HELD, amount=amount - was_lost),
        Move(source=STRIPE_BALANCE, destination=DISPUTES_LOST, amount=was_lost),
    ]
    moves = [move for move in money if move.amount] + reversing.giving_back(standing, credits_)
    _post(session, purchase, REINSTATING, ref, moves, actor)


def _lose(session: Session, purchase: Purchase, row: Dispute, actor: str, *, was_closed: bool) -> None:
    """Book what is decided and not back: the credits went when the money did."""
    amount = row.withdrawn_minor - row.reinstated_minor - row.lost_minor
    if amount <= 0:
        return
    ref = f"{row.stripe_dispute_id}:{row.withdrawn_minor}" if was_closed else row.stripe_dispute_id
    row.lost_minor += amount
    money = Move(source=DISPUTES_LOST, destination=DISPUTES_HELD, amount=amount)
    _post(session, purchase, LOSING, ref, [money], actor)


def _outstanding(row: Dispute) -> int:
    return max(0, row.withdrawn_minor - row.reinstated_minor)


def _posting_ref(row: Dispute, booked: int, more: int) -> str:
    """Name a posting by its dispute; a further one of the same kind by what it comes to, too."""
    return f"{row.stripe_dispute_id}:{booked + more}" if booked else row.stripe_dispute_id


def _post(session: Session, purchase: Purchase, kind: str, ref: str, moves: list[Move], actor: str) -> None:
    ledger.post(session, kind=kind, ref=ref, entries=moves, actor=actor, user_id=purchase.user_id)
    jobs.enqueue(session, MIRROR_SOON)


def _tell(session: Session, purchase: Purchase, row: Dispute, actor: str) -> None:
    """Tell the buyer of what was taken and what came of it, and operators of everything."""
    facts = {"dispute": row.stripe_dispute_id, "purchase": purchase.ref, "status": row.status, "actor": actor}
    log.warning("dispute_changed", extra=facts)
    dispute_mails.tell_operators(session, purchase, row)
    if row.withdrawn_minor:
        owed = reversing.lock_credits(session, purchase).owed
        dispute_mails.tell_buyer(session, purchase, row, owed=owed)
