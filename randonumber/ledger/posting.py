"""`post`: the door through which every transaction enters the ledger (spending has its own: `spending`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session


class InvalidPosting(ValueError):
    """The entries make no transaction.

    There are none, an amount is not positive, an account is unknown, or one entry has two currencies.
    """


class PostingConflict(RuntimeError):
    """A transaction of this kind and ref exists and says something else."""


class Overdrawn(RuntimeError):
    """A balance would have crossed zero to its forbidden side. The database transaction is lost."""


@dataclass(frozen=True, kw_only=True)
class Move:
    """`amount` minor units (or credits) from the account `source`, which falls, to `destination`, which rises."""

    source: str
    destination: str
    amount: int


@dataclass(frozen=True, kw_only=True)
class Posted:
    """The transaction, and whether this call wrote it or it stood already."""

    transaction_id: int
    created: bool


# User accounts are locked in the one order of the whole product: wallet accounts by id, then lots in spending
# order. House accounts store no balance and need no lock. A statement sees one snapshot, so a transaction that
# another session commits meanwhile is found by the second query alone.
_POST = text("""
    WITH moves AS (
        SELECT * FROM unnest(cast(:sources AS text[]), cast(:destinations AS text[]), cast(:amounts AS bigint[]))
                 WITH ORDINALITY AS move (source, destination, amount, position)
    ), locked AS (
        SELECT id, code, currency FROM accounts
         WHERE code = ANY (cast(:sources AS text[]) || cast(:destinations AS text[])) AND kind <> 'house'
         ORDER BY lot_priority NULLS FIRST, expires_at NULLS LAST, id
           FOR NO KEY UPDATE
    ), house AS (
        SELECT id, code, currency FROM accounts
         WHERE code = ANY (cast(:sources AS text[]) || cast(:destinations AS text[])) AND kind = 'house'
    ), known AS (
        SELECT * FROM locked UNION ALL SELECT * FROM house
    ), resolved AS (
        SELECT moves.position, source.id AS source_id, destination.id AS destination_id, source.currency,
               moves.amount
          FROM moves
          JOIN known AS source ON source.code = moves.source
          JOIN known AS destination ON destination.code = moves.destination
                                   AND destination.currency = source.currency
    ), posted AS (
        INSERT INTO transactions (kind, ref, size, user_id, reverses_id, actor, reason, event_at)
        SELECT :kind, :ref, :size, :user_id, :reverses_id, :actor, :reason, :event_at
         WHERE (SELECT count(*) FROM resolved) = :size
            ON CONFLICT (kind, ref) DO NOTHING
        RETURNING id
    ), written AS (
        INSERT INTO entries (transaction_id, position, source_id, destination_id, currency, amount)
        SELECT posted.id, resolved.position, source_id, destination_id, currency, amount
          FROM posted CROSS JOIN resolved ORDER BY resolved.position
    )
    SELECT (SELECT id FROM posted) AS transaction_id, (SELECT count(*) FROM resolved) AS resolved
""")
_EXISTING = text("""
    SELECT transactions.id, transactions.user_id, transactions.reverses_id, source.code, destination.code,
           entries.amount
      FROM transactions
      JOIN entries ON entries.transaction_id = transactions.id
      JOIN accounts AS source ON source.id = entries.source_id
      JOIN accounts AS destination ON destination.id = entries.destination_id
     WHERE transactions.kind = :kind AND transactions.ref = :ref
     ORDER BY entries.position
""")


def post(  # noqa: PLR0913 - a fact has this many sides, and all but the entries are words
    session: Session,
    *,
    kind: str,
    ref: str,
    entries: Sequence[Move],
    actor: str,
    user_id: int | None = None,
    reverses_id: int | None = None,
    reason: str | None = None,
    event_at: datetime | None = None,
) -> Posted:
    """Write one transaction with its entries in one round trip. Never commits.

    Safe to call again: the same kind and ref with the same content returns the transaction that stands.
    Raises PostingConflict when it stands with other content, InvalidPosting when the entries make no sense,
    Overdrawn when an account would cross zero. `actor` says who did it: `user:<ref>`, `event:<evt_…>`,
    `job:<name>` or `operator:<name>`. `event_at` is when it happened, where that is not now. A transaction that
    moves a user's account needs that `user_id`, and moves no other user's: the database refuses it.
    """
    if not entries or any(move.amount <= 0 for move in entries):
        message = f"{kind} {ref}: at least one entry is needed, each of a positive amount"
        raise InvalidPosting(message)
    parameters = {
        "kind": kind,
        "ref": ref,
        "size": len(entries),
        "user_id": user_id,
        "reverses_id": reverses_id,
        "actor": actor,
        "reason": reason,
        "event_at": event_at,
        **_columns(entries),
    }
    try:
        row = session.execute(_POST, parameters).one()
    except IntegrityError as error:
        if getattr(getattr(error.orig, "diag", None), "constraint_name", None) == "accounts_balance_check":
            message = f"{kind} {ref}: a balance would cross zero"
            raise Overdrawn(message) from error
        raise
    if row.transaction_id is not None:
        return Posted(transaction_id=row.transaction_id, created=True)
    if row.resolved != len(entries):
        message = f"{kind} {ref}: an account is unknown, or an entry has two currencies: {list(entries)}"
        raise InvalidPosting(message)
    return _existing(session, parameters, entries)


def _columns(entries: Sequence[Move]) -> dict[str, list[Any]]:
    return {
        "sources": [move.source for move in entries],
        "destinations": [move.destination for move in entries],
        "amounts": [move.amount for move in entries],
    }


def _existing(session: Session, parameters: dict[str, Any], entries: Sequence[Move]) -> Posted:
    """Return the transaction that stands. Actor, reason and time are the first comer's: they are no content."""
    rows = session.execute(_EXISTING, parameters).all()
    fact = (parameters["user_id"], parameters["reverses_id"])
    stands = [tuple(row)[1:] for row in rows]
    if stands != [(*fact, move.source, move.destination, move.amount) for move in entries]:
        message = f"{parameters['kind']} {parameters['ref']} stands with other content: {stands}"
        raise PostingConflict(message)
    return Posted(transaction_id=rows[0].id, created=False)
