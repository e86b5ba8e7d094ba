"""What Stripe says of the account that money is to go to, asked just before it goes.

An account below zero swallows whatever comes: a transfer to it would pay its debt with Stripe and not its owner. So its
own balance is read, in its own name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from randonumber.database import transaction
from randonumber.money import format_money
from randonumber.payouts.service import accounts
from randonumber.stripe_gateway import StripeDenied, StripeRefused, StripeUnavailable, gateway

if TYPE_CHECKING:
    from randonumber.stripe_gateway import Balance

OUT_OF_REACH: Final = (
    "We have no access to your Stripe account any more. Connect it again, or another one, then withdraw."
)


@dataclass(frozen=True, kw_only=True)
class Look:
    """What an account was found to be like: `trouble` says why no money should go there, and what to do."""

    stripe_account_id: str
    trouble: str | None
    is_answered: bool = True


def look(user_id: int) -> Look | None:
    """Look at the account that a user has connected; None without one. Calls the network.

    Stripe's silence is no trouble: before anything goes out, it is asked again.
    """
    with transaction() as session:
        account = accounts.standing(session, user_id)
    if account is None or account.stripe_account_id is None:
        return None
    try:
        return Look(stripe_account_id=account.stripe_account_id, trouble=trouble_of(account.stripe_account_id))
    except StripeUnavailable:
        return Look(stripe_account_id=account.stripe_account_id, trouble=None, is_answered=False)


def trouble_of(stripe_account_id: str) -> str | None:
    """Return why no money should go to an account. Calls the network; raises StripeUnavailable."""
    try:
        balance = gateway().connect.get_balance(stripe_account_id)
    except StripeDenied as denied:
        if accounts.is_lost(denied):
            return OUT_OF_REACH
        raise
    except StripeRefused:
        return OUT_OF_REACH
    owed = -_held(balance)
    if owed <= 0:
        return None
    return (
        f"Your Stripe account is {format_money(owed)} below zero: whatever we sent would pay that, and would not "
        "reach your bank. Settle it with Stripe first, then withdraw."
    )


def _held(balance: Balance) -> int:
    """Return what an account can pay out, less what is on its way out of it."""
    return balance.available + min(0, balance.pending)
