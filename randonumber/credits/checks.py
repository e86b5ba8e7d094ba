"""What `ledger check` asks of purchases and grants (reliability.md section 3)."""

from __future__ import annotations

from typing import Final

from randonumber.ledger.checks import Check

_PAID: Final = "('paid', 'refunded', 'partly_refunded', 'disputed')"

CHECKS: Final = (
    Check(
        id="A06",
        title="a paid purchase has exactly one posting, from where it was paid, of the right amounts, for its own user",
        sql=f"""
            SELECT purchases.ref, purchases.status, posted.id AS transaction_id, booked.money, booked.credits
              FROM purchases
              LEFT JOIN transactions AS posted ON posted.kind = 'purchase' AND posted.ref = purchases.ref
              LEFT JOIN LATERAL (
                  SELECT sum(amount) FILTER (WHERE destination.code = 'sales' AND CASE purchases.method
                                               WHEN 'wallet'
                                               THEN source.kind = 'wallet' AND source.user_id = purchases.user_id
                                               ELSE source.code = 'stripe:balance' END) AS money,
                         sum(amount) FILTER (WHERE source.code = 'credits:issued'
                                               AND destination.lot_ref = purchases.lot_ref
                                               AND destination.lot_source_ref = purchases.ref
                                               AND destination.user_id = purchases.user_id) AS credits
                    FROM entries
                    JOIN accounts AS source ON source.id = entries.source_id
                    JOIN accounts AS destination ON destination.id = entries.destination_id
                   WHERE entries.transaction_id = posted.id
              ) AS booked ON true
             WHERE CASE WHEN purchases.status IN {_PAID}
                   THEN posted.id IS NULL OR posted.user_id IS DISTINCT FROM purchases.user_id
                        OR booked.money IS DISTINCT FROM purchases.amount_minor
                        OR booked.credits IS DISTINCT FROM purchases.credits
                   ELSE posted.id IS NOT NULL END
        """,  # noqa: S608 - constants of this file alone
    ),
    Check(
        id="A07",
        title="no credits are issued without a paid purchase or a reasoned grant",
        sql=f"""
            SELECT transactions.id, transactions.kind, transactions.ref
              FROM transactions
             WHERE EXISTS (SELECT FROM entries JOIN accounts ON accounts.id = entries.source_id
                            WHERE entries.transaction_id = transactions.id AND accounts.code = 'credits:issued')
               AND NOT CASE transactions.kind
                   WHEN 'grant' THEN coalesce(btrim(transactions.reason), '') <> ''
                   WHEN 'purchase' THEN EXISTS (
                       SELECT FROM purchases
                        WHERE purchases.ref = transactions.ref AND purchases.status IN {_PAID})
                   ELSE false END
        """,  # noqa: S608 - constants of this file alone
    ),
    Check(
        id="A12",
        title="the charge of a purchase is booked as that purchase, in its amount",
        sql="""
            SELECT balance_transactions.id, purchases.ref, balance_transactions.amount, purchases.amount_minor
              FROM balance_transactions
              JOIN purchases ON purchases.payment_id = balance_transactions.source_id
              LEFT JOIN transactions AS posted ON posted.kind = 'purchase' AND posted.ref = purchases.ref
             WHERE balance_transactions.type IN ('charge', 'payment') AND purchases.status <> 'review'
               AND (balance_transactions.claimed_id IS DISTINCT FROM posted.id
                    OR balance_transactions.amount <> purchases.amount_minor)
        """,
    ),
    Check(
        id="L08",
        title="no lot whose time is over waits for its booking longer than ten minutes",
        sql="SELECT lot_ref FROM accounts WHERE is_open AND expires_at < now() - interval '10 minutes'",
    ),
)
