"""What must hold between draws and the ledger (reliability.md section 3)."""

from __future__ import annotations

from typing import Final

from randonumber.ledger.checks import Check

CHECKS: Final = (
    Check(
        id="A16",
        title="a draw has exactly one spend of that many credits",
        sql="""
            SELECT draws.ref, draws.credits, spent.credits AS spent
              FROM draws
              LEFT JOIN transactions ON transactions.id = draws.transaction_id AND transactions.kind = 'spend'
                                    AND transactions.ref = draws.ref AND transactions.user_id = draws.user_id
              LEFT JOIN (
                    SELECT entries.transaction_id, sum(entries.amount) AS credits
                      FROM entries
                      JOIN accounts AS consumed ON consumed.id = entries.destination_id
                                               AND consumed.code = 'credits:consumed'
                     GROUP BY entries.transaction_id
                   ) AS spent ON spent.transaction_id = transactions.id
             WHERE spent.credits IS DISTINCT FROM draws.credits
        """,
    ),
    Check(
        id="A17",
        title="no credit is spent by a draw that does not exist",
        sql="""
            SELECT transactions.ref
              FROM transactions LEFT JOIN draws ON draws.transaction_id = transactions.id
             WHERE transactions.kind = 'spend' AND draws.ref IS DISTINCT FROM transactions.ref
        """,
    ),
)
