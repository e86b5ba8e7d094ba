"""Who knows a balance transaction: each feature claims the ones whose source it made.

A balance transaction of type `charge` has the charge as its source (`ch_…`; `py_…` when it was not paid by card).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

    from randonumber.stripe_gateway import BalanceTransaction


class Claim(Protocol):
    """What a feature knows of the balance transactions whose source it made. A module with both functions is one."""

    def bring_level(self, txn: BalanceTransaction) -> None:
        """Bring what the row belongs to up to date with Stripe, if it is ours and behind.

        No transaction is open. Raises StripeUnavailable when Stripe cannot be asked now.
        """

    def find(self, session: Session, txn: BalanceTransaction) -> int | None:
        """Return the id of the ledger transaction that posted the row's gross amount; None when none did."""


def register_claim(app: Flask, prefix: str, claim: Claim) -> None:
    """Ask `claim` for every balance transaction whose source begins with `prefix` (`ch_`). Safe to call again."""
    app.extensions.setdefault("balance_claims", {})[prefix] = claim


def claim_of(app: Flask, txn: BalanceTransaction) -> Claim | None:
    """Return who is to be asked for this row; None when nobody claims its kind of source."""
    claims: dict[str, Claim] = app.extensions.get("balance_claims", {})
    source = txn.source_id or ""
    return next((claim for prefix, claim in claims.items() if source.startswith(prefix)), None)
