"""The demo seller's wallet: a connected account that is ready, money that came, and a withdrawal that was paid.

Made through the services that the pages use, against the sandbox; each step has a name of its own, so that a start that
was cut off goes on at the next one, and nothing is done twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import requests
from sqlalchemy import select

from randonumber.auth import accounts as people
from randonumber.database import transaction
from randonumber.errors import AppError
from randonumber.hooks import Person
from randonumber.operations import sign_ins
from randonumber.payouts.models import AccountType, Withdrawal
from randonumber.payouts.service import accounts, onboarding
from randonumber.payouts.service.withdrawals.requesting import Asker, withdraw
from randonumber.stripe_gateway import StripeRefused, StripeUnavailable
from randonumber.wallet.service import Order, refresh_topup, start_topup

if TYPE_CHECKING:
    from collections.abc import Callable

    Press = Callable[[str, dict[str, str]], None]
    """Sends a form of one of Stripe's pages, as its reader does."""

AT_ONCE: Final = "4000000000000077"
"""A card whose money can be used at once."""
IN_DAYS: Final = "4242424242424242"
FIRST_CENTS: Final = 6000
SECOND_CENTS: Final = 2500
WITHDRAWN_CENTS: Final = 2000
WITHDRAWAL: Final = "demo-withdrawal"


def fill(press: Press | None = None) -> str | None:
    """Fill the wallet where it was not; return what to say when that cannot be done now. Calls the sandbox."""
    with transaction() as session:
        user = people.get(session, sign_ins.SELLER)
        query = select(Withdrawal.id).where(Withdrawal.user_id == user.id, Withdrawal.form_ref == WITHDRAWAL)
        if session.execute(query).scalar() is not None:
            return None
    person = Person(user_id=user.id, ref=user.ref, email=user.email)
    try:
        _connect(person, press or post)
        _top_up(person, FIRST_CENTS, AT_ONCE, press or post)
        _top_up(person, SECOND_CENTS, IN_DAYS, press or post)
        withdraw(Asker(user_id=person.user_id, actor="job:demo", is_fresh=True), WITHDRAWN_CENTS, WITHDRAWAL)
    except (AppError, StripeRefused, StripeUnavailable, requests.RequestException) as error:
        return f"The wallet of {sign_ins.SELLER} could not be filled; the next start tries again: {error}"
    return None


def post(url: str, form: dict[str, str]) -> None:
    """Send a form of the running sandbox."""
    requests.post(url, data=form, timeout=10, allow_redirects=False).raise_for_status()


def _connect(person: Person, press: Press) -> None:
    account = onboarding.start(person, AccountType.EXPRESS).account
    if account.transfers_active:
        return
    press(onboarding.link(account), {"action": "complete"})
    accounts.refresh(account)


def _top_up(person: Person, amount_minor: int, card: str, press: Press) -> None:
    order = Order(amount_minor=amount_minor, form_ref=f"demo-topup-{amount_minor}")
    started = start_topup(person, order, network="demo")
    if started.url is not None:
        form = {"email": person.email, "card_number": card, "exp": "12/34", "cvc": "123", "action": "pay"}
        press(started.url, form)
    refresh_topup(started.ref, actor="job:demo")
