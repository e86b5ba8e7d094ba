"""What the wallet shows on its own page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from randonumber.hooks import Section
from randonumber.ledger import queries

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def _balances(session: Session, user_id: int) -> dict[str, Any]:
    return {"balances": queries.wallet_balances(session, user_id)}


SECTIONS: Final = (
    Section(
        page="wallet", name="balance", title="Balance", position=10, template="wallet/balances.html", context=_balances
    ),
)
