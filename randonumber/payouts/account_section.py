"""The payout account on the account page: where one's money goes, in a line, and the way to its page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from randonumber.hooks import Section
from randonumber.payouts import account_queries, account_wording
from randonumber.payouts.service import accounts

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def _account(session: Session, user_id: int) -> dict[str, Any]:
    account = accounts.current(session, user_id)
    state = account_queries.state_of(account) if account else None
    return {"payout_account": account, "payout_state": state, "payout_wording": account_wording}


SECTION: Final = Section(
    name="payouts", title="Payouts", position=60, template="payouts/section.html", context=_account
)
