"""A feature that sells: it posts its charges and claims their rows, as purchases do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from randonumber import ledger
from randonumber.database import db, transaction
from randonumber.ledger import Move, queries

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.stripe_gateway import BalanceTransaction
    from tests.stripe_fixtures import StripeSandbox


@dataclass(kw_only=True)
class Shop:
    """`behind`: charges that are ours and not posted yet, with the amounts that we will post for them."""

    sandbox: StripeSandbox
    behind: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def charge(self, amount: int = 900, card: str = "pm_card_visa") -> str:
        """Take money at Stripe and return the id of the charge."""
        parameters: Any = {
            "amount": amount,
            "currency": "usd",
            "payment_method": card,
            "confirm": True,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
        intent = self.sandbox.client.v1.payment_intents.create(parameters)
        return str(intent.latest_charge)

    def sell(self, amount: int = 900) -> str:
        """Take money at Stripe and post it at once."""
        charge_id = self.charge(amount)
        post(charge_id, amount)
        return charge_id

    def sell_late(self, amount: int = 900) -> str:
        """Take money at Stripe; it is posted when the mirror asks for it."""
        charge_id = self.charge(amount)
        self.behind[charge_id] = amount
        return charge_id

    def bring_level(self, txn: BalanceTransaction) -> None:
        """Post what is behind."""
        self.asked.append(txn.id)
        if txn.source_id in self.behind:
            post(txn.source_id, self.behind.pop(txn.source_id))

    def find(self, session: Session, txn: BalanceTransaction) -> int | None:
        """Return the posting of a sale."""
        found: int | None = session.execute(
            text("SELECT id FROM transactions WHERE kind = 'sale' AND ref = :ref"), {"ref": txn.source_id}
        ).scalar()
        return found


def post(charge_id: str, amount: int) -> None:
    """Post a sale."""
    move = Move(source="stripe:balance", destination="sales", amount=amount)
    with transaction() as session:
        ledger.post(session, kind="sale", ref=charge_id, entries=[move], actor="test")


def standing(*codes: str) -> tuple[int, ...]:
    """Return the balances of accounts."""
    with transaction() as session:
        return tuple(queries.balance(session, code) for code in codes)


def count(table: str) -> int:
    """Return how many rows a table has."""
    with transaction() as session:
        found: int = session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608 - a test's own
        return found


def plant(statement: str) -> None:
    """Change what nobody may change."""
    with db.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        assert connection.execute(text(statement)).rowcount > 0


def txn_id() -> str:
    """The only row of the mirror."""
    with transaction() as session:
        found: str = session.execute(text("SELECT id FROM balance_transactions")).scalar_one()
        return found
