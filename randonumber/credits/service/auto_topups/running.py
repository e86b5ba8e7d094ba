"""Carrying auto top-up out: who is due, what is bought, what came of it.

Nothing here runs on the way of a draw: a job looks at everybody in one query. Whoever acts for a user holds the user's
row, so that two workers buy once; after it come the customer's row and the purchase. Stripe is not asked here: the
purchase's calls are planned, and driven by a job that begins with this transaction.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select, text

from randonumber import clock, jobs
from randonumber.credits import auto_topup_mails as mails
from randonumber.credits.models import AutoTopup, Purchase, PurchaseMethod, PurchaseStatus
from randonumber.credits.service import opening
from randonumber.credits.service.auto_topups import rules
from randonumber.credits.service.auto_topups.consent import lock, price_minor
from randonumber.credits.service.auto_topups.rules import Situation, Step, StopReason, UnderWay
from randonumber.credits.service.starting import Order, insert_purchase
from randonumber.database import transaction

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.credits.service.auto_topups.rules import Change

log = logging.getLogger(__name__)
DRIVE: Final = "credits.drive_auto_topup"

CREDITS_LEFT: Final = """
    (SELECT coalesce(sum(balance), 0)::bigint FROM accounts
      WHERE accounts.user_id = auto_topups.user_id AND is_open AND (expires_at IS NULL OR expires_at > :now))
"""
OWES: Final = """
    EXISTS (SELECT FROM accounts WHERE accounts.user_id = auto_topups.user_id AND kind = 'debt' AND balance < 0)
"""
IN_DISPUTE: Final = """
    EXISTS (SELECT FROM disputes WHERE disputes.user_id = auto_topups.user_id AND closed_at IS NULL)
"""

# First those whose purchase under way has ended, or asks its owner and was not counted; then those who run low.
_DUE: Final = text(f"""
    SELECT auto_topups.user_id
      FROM auto_topups
      JOIN purchases ON purchases.ref = auto_topups.purchase_ref
     WHERE auto_topups.user_id > :after
       AND (purchases.status <> 'pending'
            OR purchases.failure IS NOT NULL AND declined_ref IS DISTINCT FROM purchase_ref)
    UNION ALL
    SELECT auto_topups.user_id
      FROM auto_topups
      JOIN users ON users.id = auto_topups.user_id AND users.active
     WHERE auto_topups.user_id > :after
       AND enabled AND stopped_at IS NULL AND purchase_ref IS NULL AND (next_try_at IS NULL OR next_try_at <= :now)
       AND {CREDITS_LEFT} < threshold AND NOT {OWES} AND NOT {IN_DISPUTE}
     ORDER BY user_id LIMIT :limit
""")  # noqa: S608 - constants of this file alone

# What is paid counts in the month in which it is paid, what may be paid yet in that in which it was begun.
_SITUATION: Final = text(f"""
    SELECT users.active AS is_active, {CREDITS_LEFT} AS credits_left, {OWES} AS owes, {IN_DISPUTE} AS has_open_dispute,
           EXISTS (SELECT FROM disputes JOIN purchases ON purchases.id = disputes.purchase_id
                    WHERE disputes.user_id = auto_topups.user_id AND disputes.status = 'lost'
                      AND purchases.method = 'auto_topup' AND purchases.created_at >= consented_at) AS is_contested,
           (SELECT id FROM cards WHERE cards.user_id = auto_topups.user_id AND is_default) AS card_id,
           (SELECT coalesce(sum(amount_minor), 0)::bigint FROM purchases
             WHERE purchases.user_id = auto_topups.user_id AND method = 'auto_topup'
               AND status NOT IN ('failed', 'expired')
               AND greatest(paid_at, created_at) >= :month) AS spent_minor
      FROM auto_topups JOIN users ON users.id = auto_topups.user_id
     WHERE auto_topups.user_id = :user_id
""")  # noqa: S608 - constants of this file alone


def due(*, after: int, limit: int) -> list[int]:
    """Return the users for whom something is to be done, by their ids, from the one behind `after` on."""
    with transaction() as session:
        given = {"now": clock.now(), "after": after, "limit": limit}
        return list(session.execute(_DUE, given).scalars())


def act(user_id: int) -> str | None:
    """Write down what came of the purchase under way, and begin the next when it is time; return its ref.

    Safe to call at any time and at once.
    """
    with transaction() as session:
        topup = lock(session, user_id)
        if topup is None:
            return None
        if topup.purchase_ref is not None:
            _follow(session, topup)
        is_on = topup.enabled and topup.stopped_at is None
        return _begin(session, topup) if is_on and topup.purchase_ref is None else None


def see(session: Session, user_id: int) -> dict[str, Any]:
    """Return what `_SITUATION` tells of a user who has a row. Never commits."""
    given = {"user_id": user_id, "now": clock.now(), "month": rules.month_of(clock.now())}
    return dict(session.execute(_SITUATION, given).mappings().one())


def _begin(session: Session, topup: AutoTopup) -> str | None:
    seen = see(session, topup.user_id)
    card_id = seen.pop("card_id")
    situation = Situation(
        threshold=topup.threshold,
        monthly_cap_minor=topup.monthly_cap_minor,
        next_try_at=topup.next_try_at,
        price_minor=price_minor(topup.quantity),
        has_card=card_id is not None,
        **seen,
    )
    action = rules.decide(situation, clock.now())
    if action.step is Step.BUY:
        return _buy(session, topup, card_id)
    if action.step is Step.STOP and action.reason is not None:
        _stop(topup, action.reason)
        mails.tell_stopped(session, topup, None)
    elif action.step is Step.NEXT_MONTH:
        topup.next_try_at = rules.next_month(clock.now())
        mails.tell_capped(session, topup, credits_left=situation.credits_left)
    return None


def _buy(session: Session, topup: AutoTopup, card_id: int) -> str | None:
    """Write the purchase down and plan its way. Its form_ref, made of a count, is a second bar to doubles."""
    count = session.scalar(select(func.count()).where(Purchase.user_id == topup.user_id))
    order = Order(
        quantity=topup.quantity, form_ref=f"auto-{count:08}", method=PurchaseMethod.AUTO_TOPUP, card_id=card_id
    )
    purchase = insert_purchase(session, topup.user_id, order)
    if purchase is None:
        log.warning("auto_topup_form_taken", extra={"user": topup.user_id})
        return None
    opening.prepare(session, purchase)
    topup.purchase_ref, topup.next_try_at = purchase.ref, None
    jobs.enqueue(session, DRIVE, user_id=topup.user_id, ref=purchase.ref)
    log.info("auto_topup_begun", extra={"purchase": purchase.ref})
    return purchase.ref


def _follow(session: Session, topup: AutoTopup) -> None:
    query = select(Purchase).where(Purchase.ref == topup.purchase_ref)
    purchase = session.execute(query.execution_options(populate_existing=True)).scalar_one()
    seen = see(session, topup.user_id)
    under_way = UnderWay(
        status=PurchaseStatus(purchase.status),
        failure=purchase.failure,
        declines=topup.declines,
        next_try_at=topup.next_try_at,
        is_counted=topup.declined_ref == purchase.ref,
        has_same_card=purchase.card_id == seen["card_id"],
        is_enough=seen["credits_left"] >= topup.threshold,
    )
    _write(session, topup, purchase, rules.follow(under_way, clock.now()))


def _write(session: Session, topup: AutoTopup, purchase: Purchase, change: Change) -> None:
    """Write a change down. Whoever has turned it off meanwhile is told nothing, and nothing is held against them."""
    topup.declines, topup.next_try_at = change.declines, change.next_try_at
    if change.is_counted:
        topup.declined_ref = purchase.ref
    if change.is_over:
        topup.purchase_ref = None
    if not topup.enabled or topup.stopped_at is not None:
        return
    if change.stop is not None:
        _stop(topup, change.stop)
    if change.tell is not None:
        mails.tell(session, change.tell, topup, purchase)


def _stop(topup: AutoTopup, reason: StopReason) -> None:
    topup.stopped_at, topup.stop_reason, topup.next_try_at = clock.now(), reason, None
    log.info("auto_topup_stopped", extra={"user": topup.user_id, "reason": reason})
