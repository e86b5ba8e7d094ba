"""What `ledger check` asks of refunds, and of what refunds and disputes took together (reliability.md section 3)."""

from __future__ import annotations

from typing import Final

from randonumber.ledger.checks import Check

# Every posting of a refund or dispute that moves credits, with its purchase. A dispute's later postings add to its ref.
_REVERSALS: Final = """
    SELECT refunds.purchase_id, transactions.id
      FROM refunds JOIN transactions ON transactions.kind IN ('refund_hold', 'refund_release', 'refund_wallet')
                                    AND transactions.ref = refunds.ref
    UNION ALL
    SELECT refunds.purchase_id, transactions.id
      FROM refunds JOIN transactions ON transactions.kind IN ('refund_external', 'refund_fail')
                                    AND transactions.ref = refunds.stripe_refund_id
    UNION ALL
    SELECT disputes.purchase_id, transactions.id
      FROM disputes JOIN transactions ON transactions.kind IN ('dispute_open', 'dispute_won')
                                     AND split_part(transactions.ref, ':', 1) = disputes.stripe_dispute_id
"""
_POSTED: Final = """
    SELECT coalesce(bool_or(kind = 'refund_hold'), false) AS held,
           coalesce(bool_or(kind = 'refund_settle'), false) AS settled,
           coalesce(bool_or(kind = 'refund_release'), false) AS released,
           coalesce(bool_or(kind IN ('refund_external', 'refund_wallet')), false) AS at_once,
           coalesce(bool_or(kind = 'refund_fail'), false) AS failed
      FROM transactions
     WHERE (kind IN ('refund_hold', 'refund_settle', 'refund_release', 'refund_wallet') AND ref = refunds.ref)
        OR (kind IN ('refund_external', 'refund_fail') AND ref = refunds.stripe_refund_id)
"""

REFUND_CHECKS: Final = (
    Check(
        id="A15",
        title="what is refunded of a purchase is no more than was paid, and what Stripe says of its refunds",
        sql="""
            SELECT purchases.ref, purchases.refunded_minor, counted.in_force, counted.at_stripe
              FROM purchases
              CROSS JOIN LATERAL (
                  SELECT coalesce(sum(amount_minor), 0) AS in_force,
                         coalesce(sum(amount_minor) FILTER (WHERE status <> 'held'), 0) AS at_stripe
                    FROM refunds
                   WHERE purchase_id = purchases.id AND status IN ('held', 'pending', 'succeeded')
              ) AS counted
             WHERE purchases.refunded_minor <> least(purchases.amount_minor, counted.in_force)
                OR counted.at_stripe > purchases.amount_minor
            UNION ALL
            SELECT refunds.ref, refunds.amount_minor, mirror.amount, mirror.claimed_id
              FROM refunds JOIN balance_transactions AS mirror ON mirror.source_id = refunds.stripe_refund_id
             WHERE abs(mirror.amount) <> refunds.amount_minor
        """,
    ),
    Check(
        id="A18",
        title="reversals take as many credits as go with the money that went back, and never more than were bought",
        sql=f"""
            SELECT purchases.ref, purchases.credits, purchases.revoked_credits, coalesce(booked.credits, 0) AS booked
              FROM purchases
              LEFT JOIN (
                  SELECT reversals.purchase_id,
                         sum(CASE WHEN revoked.id = entries.destination_id THEN amount ELSE -amount END) AS credits
                    FROM ({_REVERSALS}) AS reversals
                    JOIN entries ON entries.transaction_id = reversals.id
                    JOIN accounts AS revoked ON revoked.code = 'credits:revoked'
                                            AND revoked.id IN (entries.source_id, entries.destination_id)
                   GROUP BY reversals.purchase_id
              ) AS booked ON booked.purchase_id = purchases.id
             WHERE purchases.revoked_credits <> coalesce(booked.credits, 0)
                OR purchases.revoked_credits > purchases.credits
                OR purchases.revoked_credits < purchases.credits
                       * least(purchases.amount_minor, purchases.refunded_minor + purchases.disputed_minor)
                       / purchases.amount_minor
        """,  # noqa: S608 - constants of this file alone
    ),
    Check(
        id="A23",
        title="a refund's status agrees with its postings, and what is in transit is what is held or not out yet",
        sql=f"""
            SELECT refunds.ref, refunds.status, refunds.is_booked, posted.*
              FROM refunds CROSS JOIN LATERAL ({_POSTED}) AS posted
             WHERE NOT CASE
                   WHEN refunds.status = 'held'
                   THEN held AND NOT (settled OR released OR at_once OR failed OR is_booked)
                   WHEN refunds.status = 'refused'
                   THEN held AND released AND NOT (settled OR at_once OR failed OR is_booked)
                   WHEN refunds.status = 'failed' AND is_booked
                   THEN (settled OR at_once) AND failed AND NOT released
                   WHEN refunds.status = 'failed'
                   THEN held = released AND NOT (settled OR at_once OR failed)
                   ELSE (held OR at_once) AND is_booked = (settled OR at_once) AND NOT (released OR failed)
                        AND (is_booked OR refunds.status = 'pending')
                   END
            UNION ALL
            SELECT 'refunds:in_transit', NULL, NULL, NULL, NULL, NULL, NULL, NULL
             WHERE (SELECT coalesce(sum(CASE WHEN house.id = entries.destination_id THEN amount ELSE -amount END), 0)
                      FROM accounts AS house JOIN entries ON house.id IN (entries.source_id, entries.destination_id)
                     WHERE house.code = 'refunds:in_transit')
                   <> (SELECT coalesce(sum(amount_minor), 0) FROM refunds
                        WHERE status IN ('held', 'pending') AND NOT is_booked)
        """,  # noqa: S608 - constants of this file alone
    ),
)
