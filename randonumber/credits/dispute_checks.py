"""What `ledger check` asks of disputes, and of what purchases say was reversed (reliability.md section 3)."""

from __future__ import annotations

from typing import Final

from randonumber.ledger.checks import Check

# What each transaction did to one house account: it rises by what comes in.
_MOVED: Final = """
    SELECT transactions.kind, transactions.ref,
           sum(CASE WHEN accounts.id = entries.destination_id THEN amount ELSE -amount END) AS amount
      FROM transactions
      JOIN entries ON entries.transaction_id = transactions.id
      JOIN accounts ON accounts.code = '{code}' AND accounts.id IN (entries.source_id, entries.destination_id)
     WHERE {where}
     GROUP BY transactions.id
"""
# Disputes of top-ups are judged by checks of their own (A32, A33); here they only count for what is ours of them.
_AT_STRIPE: Final = _MOVED.format(
    code="stripe:balance",
    where="""transactions.kind IN ('dispute_open', 'dispute_won') AND NOT EXISTS (
        SELECT FROM topup_reversals WHERE stripe_id = split_part(transactions.ref, ':', 1))""",
)
_BOOKED_AS: Final = f"""
    SELECT split_part(ref, ':', 1) AS dispute, sum(amount) FILTER (WHERE kind = 'dispute_open') AS withdrawn,
           -sum(amount) FILTER (WHERE kind = 'dispute_won') AS reinstated
      FROM ({_AT_STRIPE}) AS moved GROUP BY 1
"""  # noqa: S608 - constants of this file alone
_STANDS_AT: Final = """
    SELECT coalesce(sum(amount), 0) AS amount FROM ({moved}) AS moved
"""

DISPUTE_CHECKS: Final = (
    Check(
        id="A20",
        title="disputes:held and disputes:lost are what disputes hold and have lost, each as it is booked",
        sql=f"""
            SELECT 'held' AS what, held.amount::text AS ledger, rows.held::text AS disputes
              FROM ({_STANDS_AT.format(moved=_MOVED.format(code="disputes:held", where="true"))}) AS held,
                   (SELECT (SELECT coalesce(sum(lost_minor + reinstated_minor - withdrawn_minor), 0) FROM disputes)
                         - (SELECT coalesce(sum(greatest(0, refunded_minor + disputed_minor - amount_minor)
                                                - excess_lost_minor), 0) FROM topups) AS held) AS rows
             WHERE held.amount <> rows.held
            UNION ALL
            SELECT 'lost', lost.amount::text, rows.lost::text
              FROM ({_STANDS_AT.format(moved=_MOVED.format(code="disputes:lost", where="true"))}) AS lost,
                   (SELECT (SELECT coalesce(-sum(lost_minor), 0) FROM disputes)
                         - (SELECT coalesce(sum(excess_lost_minor), 0) FROM topups) AS lost) AS rows
             WHERE lost.amount <> rows.lost
            UNION ALL
            SELECT coalesce(disputes.stripe_dispute_id, booked.dispute), booked.withdrawn || ' ' || booked.reinstated,
                   disputes.withdrawn_minor || ' ' || disputes.reinstated_minor
              FROM disputes FULL JOIN ({_BOOKED_AS}) AS booked ON booked.dispute = disputes.stripe_dispute_id
             WHERE coalesce(disputes.withdrawn_minor, 0) <> coalesce(booked.withdrawn, 0)
                OR coalesce(disputes.reinstated_minor, 0) <> coalesce(booked.reinstated, 0)
        """,  # noqa: S608 - constants of this file alone
    ),
    Check(
        id="A21",
        title="a purchase says what its disputes have taken in force, and is disputed while one stands",
        sql="""
            SELECT purchases.ref, purchases.status, purchases.disputed_minor, disputed.minor AS disputes
              FROM purchases
             CROSS JOIN LATERAL (SELECT coalesce(sum(greatest(0, withdrawn_minor - reinstated_minor)), 0) AS minor,
                                        coalesce(bool_or(status IN ('open', 'lost')), false) AS stands
                                   FROM disputes WHERE purchase_id = purchases.id) AS disputed
             WHERE purchases.disputed_minor <> disputed.minor OR (purchases.status = 'disputed') <> disputed.stands
        """,
    ),
    Check(
        id="A22",
        title="a dispute is open while its bank holds money, won when all came back, and lost with the rest",
        sql="""
            SELECT stripe_dispute_id, status, withdrawn_minor, reinstated_minor, lost_minor
              FROM disputes
             WHERE NOT CASE status
                   WHEN 'open' THEN lost_minor = 0
                   WHEN 'won' THEN withdrawn_minor > 0 AND reinstated_minor >= withdrawn_minor AND lost_minor = 0
                   WHEN 'lost' THEN lost_minor > 0 AND lost_minor = withdrawn_minor - reinstated_minor
                   ELSE withdrawn_minor = 0 END
                OR (status IN ('won', 'lost') AND closed_at IS NULL)
        """,
    ),
)
