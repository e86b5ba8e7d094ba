"""The mirror's invariants, plain SQL against the ledger (reliability.md section 3)."""

from __future__ import annotations

from typing import Final

from randonumber.ledger.checks import Check

# What each transaction did to `stripe:balance`, which falls by what Stripe holds for us.
_AT_STRIPE: Final = """
    SELECT transaction_id, sum(CASE WHEN house.id = entries.source_id THEN amount ELSE -amount END) AS held
      FROM accounts AS house JOIN entries ON house.id IN (entries.source_id, entries.destination_id)
     WHERE house.code = 'stripe:balance'
     GROUP BY transaction_id
"""
_LINKED: Final = """
    SELECT link.transaction_id, mirror.id AS txn
      FROM balance_transactions AS mirror
     CROSS JOIN LATERAL (VALUES (claimed_id), (unmatched_id), (resolution_id), (fee_id)) AS link (transaction_id)
     WHERE link.transaction_id IS NOT NULL
"""
_IN_FLIGHT: Final = f"""
    SELECT at_stripe.transaction_id, at_stripe.held
      FROM ({_AT_STRIPE}) AS at_stripe
     WHERE NOT EXISTS (SELECT FROM ({_LINKED}) AS linked WHERE linked.transaction_id = at_stripe.transaction_id)
       AND NOT EXISTS (SELECT FROM stripe_contacts WHERE stripe_contacts.transaction_id = at_stripe.transaction_id)
"""  # noqa: S608 - constants of this file alone

IN_FLIGHT: Final = _IN_FLIGHT
"""Postings on `stripe:balance` whose balance transaction is not in the mirror yet, and what each put there."""

_WAITING: Final = """
    SELECT id, type, source_id, amount, mirrored_at FROM balance_transactions
     WHERE unmatched_id IS NOT NULL AND resolution_id IS NULL
"""

MIRROR_CHECKS: Final = (
    Check(
        id="A11",
        title="no transfer left Stripe that nobody here knows",
        sql=f"{_WAITING} AND type = 'transfer'",
        is_quick=True,
    ),
    Check(
        id="A13",
        title="each balance transaction is posted exactly once, with its fee",
        sql=f"""
            SELECT mirror.id, mirror.net, sum(at_stripe.held) AS posted
              FROM balance_transactions AS mirror
              LEFT JOIN ({_LINKED}) AS linked ON linked.txn = mirror.id
              LEFT JOIN ({_AT_STRIPE}) AS at_stripe ON at_stripe.transaction_id = linked.transaction_id
             GROUP BY mirror.id
            HAVING coalesce(sum(at_stripe.held), 0) <> mirror.net
            UNION ALL
            SELECT min(txn), count(*), transaction_id
              FROM ({_LINKED}) AS linked GROUP BY transaction_id HAVING count(*) > 1
            UNION ALL
            SELECT mirror.id, mirror.fee, -fees.held
              FROM balance_transactions AS mirror
              LEFT JOIN ({_AT_STRIPE}) AS fees ON fees.transaction_id = mirror.fee_id
             WHERE mirror.fee <> coalesce(-fees.held, 0)
        """,  # noqa: S608 - constants of this file alone
    ),
    Check(
        id="A14",
        title="what the ledger holds at Stripe is the opening figure, the mirror's net and what is in flight",
        sql=f"""
            SELECT * FROM (
                SELECT (SELECT coalesce(sum(held), 0) FROM ({_AT_STRIPE}) AS at_stripe) AS ledger,
                       (SELECT coalesce(sum(held), 0) FROM ({_IN_FLIGHT}) AS in_flight) AS in_flight,
                       (SELECT coalesce(sum(opening), 0) FROM stripe_contacts) AS opening,
                       (SELECT coalesce(sum(net), 0) FROM balance_transactions) AS mirror
            ) AS figures
             WHERE ledger - in_flight <> opening + mirror
        """,  # noqa: S608 - constants of this file alone
    ),
    Check(
        id="L09",
        title="no row of Stripe's book that nobody here knows waits longer than 24 hours",
        sql=f"{_WAITING} AND mirrored_at < now() - interval '24 hours'",
    ),
    Check(
        id="L05",
        title="no posting waits for its balance transaction longer than 24 hours",
        sql=f"""
            SELECT transactions.id, transactions.kind, transactions.ref, in_flight.held, transactions.created_at
              FROM ({_IN_FLIGHT}) AS in_flight JOIN transactions ON transactions.id = in_flight.transaction_id
             WHERE transactions.created_at < now() - interval '24 hours'
        """,  # noqa: S608 - constants of this file alone
    ),
)
