"""Spending credits: the lots in their order, the transaction and its entries, as parts of one statement.

The product writes its own row in the same statement, so that a draw costs one round trip. A caller puts a query
named `payer` (one row with `user_id`, or none when nobody may spend) before `SPEND`, and reads `posted` and
`credits_left` after it. Parameters: `amount` (credits, positive), `lot_limit`, `ref`, `actor`, `now`.

Each open lot holds at least one credit, so `amount` lots are enough: `lot_limit` is the amount at the first try.
A lot that another session emptied while this one waited for it drops out of the scan; then `posted` is empty
although other lots may pay. The second try has no limit (None): what it finds is final.

A debt bars spending. The database sees to it when the transaction is written (`transactions_bar_debtor`): by then the
lots are this session's own, and a debt that arose while it waited for them is seen. `posted` is empty then, too;
`debts` says so, as of the beginning of the statement, so at the second try at the latest.
"""

from __future__ import annotations

from typing import Final

SPEND: Final = """
    lots AS (
        SELECT id, balance, lot_priority, expires_at FROM accounts
         WHERE user_id = (SELECT user_id FROM payer)
           AND is_open AND (expires_at IS NULL OR expires_at > :now)
         ORDER BY lot_priority, expires_at, id
         LIMIT :lot_limit
           FOR NO KEY UPDATE
    ), running AS (
        SELECT id, balance, row_number() OVER spending AS position, sum(balance) OVER spending - balance AS before
          FROM lots WINDOW spending AS (ORDER BY lot_priority, expires_at, id)
    ), taken AS (
        SELECT id, position, least(balance, :amount - before) AS amount FROM running WHERE before < :amount
    ), debts AS (
        SELECT 1 FROM accounts
         WHERE user_id = (SELECT user_id FROM payer) AND kind = 'debt' AND balance < 0
    ), posted AS (
        INSERT INTO transactions (kind, ref, size, user_id, actor)
        SELECT 'spend', :ref, count(*), (SELECT user_id FROM payer), :actor FROM taken
        HAVING sum(amount) = :amount
        RETURNING id
    ), written AS (
        INSERT INTO entries (transaction_id, position, source_id, destination_id, currency, amount)
        SELECT posted.id, taken.position, taken.id, consumed.id, 'credit', taken.amount
          FROM posted CROSS JOIN taken CROSS JOIN accounts AS consumed
         WHERE consumed.code = 'credits:consumed'
         ORDER BY taken.position
    ), beyond AS (
        SELECT coalesce(sum(balance), 0) AS credits FROM accounts
         WHERE user_id = (SELECT user_id FROM payer) AND is_open AND (expires_at IS NULL OR expires_at > :now)
           AND (lot_priority, coalesce(expires_at, 'infinity'), id) > (
               SELECT lot_priority, coalesce(expires_at, 'infinity'), id
                 FROM lots ORDER BY 1 DESC, 2 DESC, 3 DESC LIMIT 1)
    ), credits AS (
        SELECT coalesce((SELECT sum(balance) FROM lots), 0) + (SELECT credits FROM beyond) AS before
    )
"""
