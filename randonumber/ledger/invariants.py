"""The ledger's own invariants (reliability.md section 3): each query returns the rows that break it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_ID: Final = re.compile(r"[AL][0-9]{2}")
_MOVES: Final = """
    SELECT source_id AS account_id, transaction_id, position, -amount AS amount, source_balance AS balance
      FROM entries
    UNION ALL
    SELECT destination_id, transaction_id, position, amount, destination_balance FROM entries
"""


@dataclass(frozen=True, kw_only=True)
class Check:
    """An invariant: it holds when `sql` returns nothing. `A…` speaks of the books, `L…` of what lies too long.

    One that `is_quick` costs next to nothing on books of any size, and is run every minute too.
    """

    id: str
    title: str
    sql: str
    is_quick: bool = False

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            message = f"{self.id}: the id of a check is A or L and two digits"
            raise ValueError(message)


LEDGER_CHECKS: Final = (
    Check(
        id="A01",
        title="a stored balance is the sum of its entries, and so is every running balance",
        sql=f"""
            WITH steps AS (
                SELECT moves.*, sum(amount) OVER (PARTITION BY account_id ORDER BY transaction_id, position) AS total
                  FROM ({_MOVES}) AS moves
            )
            SELECT accounts.code, steps.transaction_id, steps.balance AS stands, steps.total AS expected
              FROM steps JOIN accounts ON accounts.id = steps.account_id
             WHERE CASE WHEN accounts.kind = 'house' THEN steps.balance IS NOT NULL
                        ELSE steps.balance IS DISTINCT FROM steps.total END
            UNION ALL
            SELECT accounts.code, NULL, accounts.balance, coalesce(sum(moves.amount), 0)
              FROM accounts LEFT JOIN ({_MOVES}) AS moves ON moves.account_id = accounts.id
             WHERE accounts.kind <> 'house'
             GROUP BY accounts.id
            HAVING accounts.balance <> coalesce(sum(moves.amount), 0)
                OR accounts.is_open <> (accounts.kind = 'lot' AND coalesce(sum(moves.amount), 0) > 0)
        """,  # noqa: S608 - constants of this file alone
    ),
    Check(
        id="A02",
        title="no wallet, pending, lot or hold account is below zero and no debt account above",
        sql=f"""
            SELECT accounts.code, sum(moves.amount) AS balance
              FROM accounts JOIN ({_MOVES}) AS moves ON moves.account_id = accounts.id
             WHERE accounts.kind <> 'house'
             GROUP BY accounts.id
            HAVING CASE WHEN accounts.kind = 'debt' THEN sum(moves.amount) > 0 ELSE sum(moves.amount) < 0 END
        """,  # noqa: S608 - constants of this file alone
    ),
    Check(
        id="A03",
        title="all accounts of a currency sum to zero",
        sql=f"""
            SELECT currency, sum(amount) AS balance FROM (
                SELECT currency, balance AS amount FROM accounts WHERE kind <> 'house'
                UNION ALL
                SELECT accounts.currency, moves.amount
                  FROM accounts JOIN ({_MOVES}) AS moves ON moves.account_id = accounts.id
                 WHERE accounts.kind = 'house'
            ) AS standing
            GROUP BY currency HAVING sum(amount) <> 0
        """,  # noqa: S608 - constants of this file alone
    ),
    Check(
        id="A04",
        title="an entry has the currency of both its accounts",
        sql="""
            SELECT entries.transaction_id, entries.position, entries.currency
              FROM entries
              LEFT JOIN accounts AS source ON source.id = entries.source_id
              LEFT JOIN accounts AS destination ON destination.id = entries.destination_id
             WHERE source.currency IS DISTINCT FROM entries.currency
                OR destination.currency IS DISTINCT FROM entries.currency
        """,
    ),
    Check(
        id="A05",
        title="a transaction has all its entries and no other, and no entry is without a transaction",
        sql="""
            SELECT coalesce(transactions.id, written.transaction_id) AS transaction_id, transactions.size,
                   written.entries
              FROM transactions
              FULL JOIN (SELECT transaction_id, count(*) AS entries, max(position) AS last FROM entries
                          GROUP BY transaction_id) AS written ON written.transaction_id = transactions.id
             WHERE written.entries IS DISTINCT FROM transactions.size
                OR written.last IS DISTINCT FROM transactions.size
        """,
    ),
    Check(
        id="A19",
        title="a transaction moves the accounts of its own user alone",
        sql=f"""
            SELECT transactions.id AS transaction_id, accounts.code
              FROM ({_MOVES}) AS moves
              JOIN transactions ON transactions.id = moves.transaction_id
              JOIN accounts ON accounts.id = moves.account_id
             WHERE accounts.user_id IS NOT NULL AND accounts.user_id IS DISTINCT FROM transactions.user_id
        """,  # noqa: S608 - constants of this file alone
    ),
)

# Every entry from the first young transaction on, so that no account's chain has a gap: a transaction has the time
# at which it began, but its number only after it waited for its accounts. OFFSET keeps the planner from looking for
# the smallest number from the beginning of the books.
RECENT_CHAIN: Final = Check(
    id="A01",
    title="the balances of accounts touched lately follow from their entries",
    sql="""
        WITH first AS (
            SELECT min(id) AS id FROM (SELECT id FROM transactions WHERE created_at >= :since OFFSET 0) AS young
        ), recent AS (
            SELECT * FROM entries WHERE transaction_id >= (SELECT id FROM first)
        ), moves AS (
            SELECT source_id AS account_id, transaction_id, position, -amount AS amount, source_balance AS balance
              FROM recent
            UNION ALL
            SELECT destination_id, transaction_id, position, amount, destination_balance FROM recent
        ), steps AS (
            SELECT moves.*, lag(balance) OVER account AS before, lead(transaction_id) OVER account AS next
              FROM moves WINDOW account AS (PARTITION BY account_id ORDER BY transaction_id, position)
        )
        SELECT accounts.code, steps.transaction_id, steps.balance, steps.before, steps.amount,
               accounts.balance AS stored
          FROM steps JOIN accounts ON accounts.id = steps.account_id
         WHERE accounts.kind <> 'house'
           AND (steps.balance <> steps.before + steps.amount
                OR steps.balance IS NULL
                OR (steps.next IS NULL AND steps.balance <> accounts.balance)
                OR CASE WHEN accounts.kind = 'debt' THEN steps.balance > 0 ELSE steps.balance < 0 END
                OR accounts.is_open <> (accounts.kind = 'lot' AND accounts.balance > 0))
    """,
)
