"""Where the caller's money goes: the connected account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint

from randonumber.api import callers, pages, rates
from randonumber.database import transaction
from randonumber.errors import NotFound
from randonumber.payouts.service import accounts

if TYPE_CHECKING:
    from flask import Response

blueprint = Blueprint("api_payout_account", __name__, url_prefix="/api/v1")
blueprint.after_request(rates.tell)


@blueprint.get("/payout-account")
def show() -> Response:
    """Return the caller's connected account, as Stripe described it last. Raises NotFound without one."""
    caller = callers.identify()
    rates.count(caller)
    with transaction() as session:
        user_id = callers.require(session, caller, "read")
        account = accounts.standing(session, user_id)
    if account is None:
        message = "No payout account is connected."
        raise NotFound(message)
    return pages.json_answer(
        {
            "account": account.stripe_account_id,
            "type": account.type,
            "transfers_active": account.transfers_active,
            "payouts_enabled": account.payouts_enabled,
            "requirements": account.requirements,
        }
    )
