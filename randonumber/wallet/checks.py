"""What `ledger check` asks of top-ups, and of what was taken back of them (reliability.md section 3)."""

from __future__ import annotations

from typing import Final

from randonumber.ledger.checks import Check

_BOOKED: Final = "('paid', 'available')"

# What each posting of a reversal took out of Stripe's balance (given back: below zero), and what of it was its user's.
_MOVED: Final = """
    SELECT topup_reversals.id AS reversal_id, transactions.kind,
           sum(CASE WHEN stripe.id = entries.destination_id THEN amount ELSE -amount END) AS amount,
           coalesce(sum(CASE WHEN stripe.id = entries.destination_id THEN amount ELSE -amount END)
                    FILTER (WHERE other.user_id = topup_reversals.user_id), 0) AS by_user
      FROM topup_reversals
      JOIN transactions ON transactions.kind IN ('refund_external', 'refund_fail', 'dispute_open', 'dispute_won')
                       AND split_part(transactions.ref, ':', 1) = topup_reversals.stripe_id
      JOIN entries ON entries.transaction_id = transactions.id
      JOIN accounts AS stripe ON stripe.code = 'stripe:balance' AND stripe.id IN (source_id, destination_id)
      JOIN accounts AS other ON other.id IN (source_id, destination_id) AND other.id <> stripe.id
     GROUP BY topup_reversals.id, transactions.id
"""

CHECKS: Final = (
    Check(
        id="A30",
        title="a paid top-up has exactly one posting, of its amount, to its own user; one that is released no more",
        sql=f"""
            SELECT topups.ref, topups.status, posted.id AS transaction_id, booked.amount
              FROM topups
              LEFT JOIN transactions AS posted ON posted.kind = 'topup' AND posted.ref = topups.ref
              LEFT JOIN LATERAL (
                  SELECT sum(amount) FILTER (WHERE source.code = 'stripe:balance' AND destination.kind = 'pending'
                                               AND destination.user_id = topups.user_id) AS amount
                    FROM entries
                    JOIN accounts AS source ON source.id = entries.source_id
                    JOIN accounts AS destination ON destination.id = entries.destination_id
                   WHERE entries.transaction_id = posted.id
              ) AS booked ON true
             WHERE CASE WHEN topups.status IN {_BOOKED}
                   THEN posted.id IS NULL OR booked.amount IS DISTINCT FROM topups.amount_minor
                   ELSE posted.id IS NOT NULL END
            UNION ALL
            SELECT topups.ref, topups.status, released.id, NULL
              FROM transactions AS released LEFT JOIN topups ON topups.ref = released.ref
             WHERE released.kind = 'topup_available' AND topups.status IS DISTINCT FROM 'available'
            UNION ALL
            SELECT posted.ref, NULL, posted.id, NULL
              FROM transactions AS posted
             WHERE posted.kind = 'topup' AND starts_with(posted.ref, 'top_')
               AND NOT EXISTS (SELECT FROM topups WHERE topups.ref = posted.ref)
        """,  # noqa: S608 - constants of this file alone
    ),
    Check(
        id="A31",
        title="what is pending of a user's wallet is what is pending of the user's top-ups",
        sql="""
            SELECT accounts.code, accounts.balance, pending.minor AS pending
              FROM accounts
              JOIN (SELECT user_id, sum(pending_minor) AS minor FROM topups GROUP BY user_id) AS pending
                ON pending.user_id = accounts.user_id
             WHERE accounts.kind = 'pending' AND accounts.balance <> pending.minor
        """,
    ),
    Check(
        id="A32",
        title="each refund and dispute of a top-up is booked as Stripe moved its money",
        sql=f"""
            SELECT topup_reversals.stripe_id, taken_minor, given_back_minor, booked.taken, booked.given_back
              FROM topup_reversals
              LEFT JOIN (
                  SELECT reversal_id,
                         sum(amount) FILTER (WHERE kind IN ('refund_external', 'dispute_open')) AS taken,
                         -sum(amount) FILTER (WHERE kind IN ('refund_fail', 'dispute_won')) AS given_back
                    FROM ({_MOVED}) AS moved GROUP BY reversal_id
              ) AS booked ON booked.reversal_id = topup_reversals.id
             WHERE taken_minor <> coalesce(booked.taken, 0) OR given_back_minor <> coalesce(booked.given_back, 0)
        """,  # noqa: S608 - constants of this file alone
    ),
    Check(
        id="A33",
        title="a top-up's refunds and disputes took from its user what they come to, and never more than was paid",
        sql=f"""
            SELECT topups.ref, topups.refunded_minor, topups.disputed_minor, in_force.refunded, in_force.disputed,
                   booked.by_user
              FROM topups
              LEFT JOIN LATERAL (
                  SELECT coalesce(sum(greatest(0, taken_minor - given_back_minor)) FILTER (WHERE kind = 'refund'), 0)
                             AS refunded,
                         coalesce(sum(greatest(0, taken_minor - given_back_minor)) FILTER (WHERE kind = 'dispute'), 0)
                             AS disputed
                    FROM topup_reversals WHERE topup_id = topups.id
              ) AS in_force ON true
              LEFT JOIN LATERAL (
                  SELECT coalesce(sum(by_user), 0) AS by_user
                    FROM ({_MOVED}) AS moved JOIN topup_reversals ON topup_reversals.id = moved.reversal_id
                   WHERE topup_reversals.topup_id = topups.id
              ) AS booked ON true
             WHERE topups.refunded_minor <> in_force.refunded OR topups.disputed_minor <> in_force.disputed
                OR booked.by_user <> least(topups.amount_minor, in_force.refunded + in_force.disputed)
        """,  # noqa: S608 - constants of this file alone
    ),
    Check(
        id="A34",
        title="the charge of a top-up is booked as that top-up, in its amount",
        sql="""
            SELECT balance_transactions.id, topups.ref, balance_transactions.amount, topups.amount_minor
              FROM balance_transactions
              JOIN topups ON topups.payment_id = balance_transactions.source_id
              LEFT JOIN transactions AS posted ON posted.kind = 'topup' AND posted.ref = topups.ref
             WHERE balance_transactions.type IN ('charge', 'payment') AND topups.status <> 'review'
               AND (balance_transactions.claimed_id IS DISTINCT FROM posted.id
                    OR balance_transactions.amount <> topups.amount_minor)
            UNION ALL
            SELECT balance_transactions.id, topups.ref, balance_transactions.amount, topups.amount_minor
              FROM balance_transactions
              JOIN transactions AS posted ON posted.id = balance_transactions.claimed_id AND posted.kind = 'topup'
              JOIN topups ON topups.ref = posted.ref
             WHERE balance_transactions.source_id IS DISTINCT FROM topups.payment_id
        """,
    ),
    Check(
        id="L10",
        title="no top-up waits to be asked about for over 15 minutes, or for its funds' date over two days",
        sql="""
            SELECT ref, status, next_check_at, paid_at, funds_on
              FROM topups
             WHERE status IN ('pending', 'paid')
               AND (checkout_session_id IS NOT NULL OR payment_intent_id IS NOT NULL)
               AND (next_check_at < now() - interval '15 minutes'
                    OR (status = 'paid' AND funds_on IS NULL AND paid_at < now() - interval '2 days'))
        """,
    ),
)
