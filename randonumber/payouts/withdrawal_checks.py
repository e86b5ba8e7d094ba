"""What `ledger check` asks of withdrawals (reliability.md section 3)."""

from __future__ import annotations

from typing import Final

from randonumber.ledger.checks import Check

# What the postings of each withdrawal moved, by the accounts that they moved it between.
_MOVED: Final = """
    SELECT transactions.kind, transactions.ref, entries.amount, source.code AS source, destination.code AS destination,
           CASE WHEN source.kind = 'wallet' THEN source.user_id END AS payer_id,
           CASE WHEN destination.kind = 'wallet' THEN destination.user_id END AS payee_id
      FROM transactions
      JOIN entries ON entries.transaction_id = transactions.id
      JOIN accounts AS source ON source.id = entries.source_id
      JOIN accounts AS destination ON destination.id = entries.destination_id
     WHERE transactions.kind IN ('withdrawal_hold', 'withdrawal_settle', 'withdrawal_release', 'withdrawal_reverse')
"""
_IN_TRANSIT: Final = "withdrawals:in_transit"
_FEES: Final = "withdrawals:fees"

WITHDRAWAL_CHECKS: Final = (
    Check(
        id="A08",
        title="a withdrawal's status agrees with its hold, settle, release and reverse, all of its own user's wallet",
        sql=f"""
            WITH moved AS MATERIALIZED ({_MOVED}), booked AS (
                SELECT withdrawals.id,
                       sum(amount) FILTER (WHERE kind = 'withdrawal_hold' AND payer_id = user_id
                                             AND destination = '{_IN_TRANSIT}') AS held,
                       sum(amount) FILTER (WHERE kind = 'withdrawal_hold' AND payer_id = user_id
                                             AND destination = '{_FEES}') AS fee,
                       sum(amount) FILTER (WHERE kind = 'withdrawal_settle' AND source = '{_IN_TRANSIT}'
                                             AND destination = 'stripe:balance') AS settled,
                       sum(amount) FILTER (WHERE kind = 'withdrawal_release' AND source = '{_IN_TRANSIT}'
                                             AND payee_id = user_id) AS released,
                       sum(amount) FILTER (WHERE kind = 'withdrawal_release' AND source = '{_FEES}'
                                             AND payee_id = user_id) AS fee_back
                  FROM withdrawals JOIN moved USING (ref) GROUP BY withdrawals.id
            ), back AS (
                SELECT withdrawals.id, sum(withdrawal_reversals.amount_minor) AS said, sum(moved.amount) AS booked
                  FROM withdrawals
                  JOIN withdrawal_reversals ON withdrawal_id = withdrawals.id
                  LEFT JOIN moved ON moved.kind = 'withdrawal_reverse' AND moved.ref = stripe_reversal_id
                                 AND moved.source = 'stripe:balance' AND moved.payee_id = user_id
                 GROUP BY withdrawals.id
            ), expected AS (
                SELECT withdrawals.*, amount_minor - fee_minor AS net, status IN ('paid', 'reversed') AS is_paid,
                       status IN ('failed', 'canceled') AS is_back
                  FROM withdrawals
            )
            SELECT expected.ref, status, booked.held, booked.settled, booked.released, back.booked AS reversed
              FROM expected
              LEFT JOIN booked USING (id)
              LEFT JOIN back USING (id)
             WHERE booked.held IS DISTINCT FROM net
                OR coalesce(booked.fee, 0) <> fee_minor
                OR coalesce(booked.settled, 0) <> CASE WHEN is_paid THEN net ELSE 0 END
                OR coalesce(booked.released, 0) <> CASE WHEN is_back THEN net ELSE 0 END
                OR coalesce(booked.fee_back, 0) <> CASE WHEN is_back THEN fee_minor ELSE 0 END
                OR coalesce(back.said, 0) <> reversed_minor
                OR coalesce(back.booked, 0) <> reversed_minor
                OR (status = 'reversed') <> (reversed_minor = net)
            UNION ALL
            SELECT DISTINCT ref, kind, NULL::numeric, NULL::numeric, NULL::numeric, NULL::numeric
              FROM moved
             WHERE NOT CASE WHEN kind = 'withdrawal_reverse'
                   THEN EXISTS (SELECT FROM withdrawal_reversals WHERE stripe_reversal_id = moved.ref)
                   ELSE EXISTS (SELECT FROM withdrawals WHERE withdrawals.ref = moved.ref) END
        """,  # noqa: S608 - constants of this file alone
    ),
    Check(
        id="A09",
        title="withdrawals:in_transit is what is held or sent, without the fees",
        sql=f"""
            SELECT * FROM (
                SELECT (SELECT coalesce(sum(CASE WHEN house.id = entries.destination_id THEN amount ELSE -amount END),
                                        0)
                          FROM accounts AS house
                          JOIN entries ON house.id IN (entries.source_id, entries.destination_id)
                         WHERE house.code = '{_IN_TRANSIT}') AS in_transit,
                       (SELECT coalesce(sum(amount_minor - fee_minor), 0) FROM withdrawals
                         WHERE status IN ('held', 'sent')) AS open
            ) AS figures
             WHERE in_transit <> open
        """,  # noqa: S608 - constants of this file alone
    ),
    Check(
        id="A10",
        title="each paid withdrawal has one transfer at Stripe, of the amount that it says",
        sql="""
            SELECT withdrawals.ref, withdrawals.transfer_id, withdrawals.amount_minor - fee_minor AS net,
                   sum(mirror.amount) AS at_stripe, count(*) AS rows
              FROM withdrawals
              JOIN transactions AS settled ON settled.kind = 'withdrawal_settle' AND settled.ref = withdrawals.ref
              JOIN balance_transactions AS mirror
                ON mirror.source_id = withdrawals.transfer_id AND mirror.type = 'transfer'
             GROUP BY withdrawals.id
            HAVING count(*) > 1 OR sum(mirror.amount) <> -(withdrawals.amount_minor - fee_minor)
                OR NOT bool_and(mirror.claimed_id IS NOT DISTINCT FROM settled.id)
            UNION ALL
            SELECT withdrawals.ref, mirror.source_id, amount_minor - fee_minor, mirror.amount, 1
              FROM balance_transactions AS mirror
              JOIN transactions AS settled ON settled.id = mirror.claimed_id AND settled.kind = 'withdrawal_settle'
              JOIN withdrawals ON withdrawals.ref = settled.ref
             WHERE mirror.source_id IS DISTINCT FROM withdrawals.transfer_id
        """,
    ),
    Check(
        id="L12",
        title="no withdrawal is unknown for over 15 minutes, or waits for Stripe longer than a day",
        sql="""
            SELECT ref, status, CASE status WHEN 'sent' THEN 'unknown' ELSE 'waiting' END AS what,
                   amount_minor, sent_at, waiting_since, created_at
              FROM withdrawals
             WHERE (status = 'sent' AND coalesce(sent_at, created_at) < now() - interval '15 minutes')
                OR (status = 'held' AND created_at < now() - interval '24 hours')
        """,
    ),
)
