"""Starting a top-up: its row and what it asks of Stripe in one transaction, then Stripe at once if it answers.

A form is one top-up however often it is sent: its `form_ref` names it. When the form comes again with another amount
(the browser's back button leads to such a form), the first session is closed at Stripe before a second top-up starts,
so that one form is never paid twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from randonumber import calls, clock, ids, limits
from randonumber.calls import Outcome
from randonumber.database import transaction
from randonumber.payments import cards
from randonumber.stripe_gateway import StripeUnavailable
from randonumber.wallet.models import Topup, TopupMethod, TopupStatus
from randonumber.wallet.service import card_paying, sessions
from randonumber.wallet.service.refreshing import refresh_topup
from randonumber.wallet.service.rows import lock_topup, read_topup

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from randonumber.hooks import Person

CURRENCY: Final = "usd"
TOPUPS_PER_HOUR: Final = 60
"""Of one user: out of the way of people, and no way to make sessions by the thousand (pains.md, 25)."""
TOPUPS_PER_HOUR_AND_NETWORK: Final = 600
"""Of one network, which may be a university's or an office's."""
HOUR: Final = 3_600
FIRST_CHECK: Final = timedelta(minutes=2)
MOST_CALLS: Final = 4
"""The card's charge, a session when its bank asks, and that again when Stripe turns out to have lost the customer."""
OVER: Final = frozenset({TopupStatus.EXPIRED, TopupStatus.FAILED})


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a form asks for: an amount in US cents; `card_id` names the saved card that pays."""

    amount_minor: int
    form_ref: str
    card_id: int | None = None

    @property
    def method(self) -> TopupMethod:
        """How it is paid."""
        return TopupMethod.CHECKOUT if self.card_id is None else TopupMethod.CARD


@dataclass(frozen=True, kw_only=True)
class Started:
    """The top-up of a form, and where it is paid: without `url` not on the hosted page (yet, or any more)."""

    ref: str
    status: TopupStatus
    url: str | None
    failure: str | None


def start_topup(owner: Person, order: Order, *, network: str) -> Started:
    """Start the top-up of a form, or return the one that it has started before. Calls the network.

    Never raises for what Stripe does: a top-up that Stripe does not answer about stays pending and goes on by itself.
    Raises RateLimited above TOPUPS_PER_HOUR, and with a saved card after too many failed ones. The caller has seen
    that amount and card are allowed.
    """
    ref = _insert(owner, order, network)
    if ref is None:
        ref = _of_form(owner, order)
        if ref is None:  # let go of since: another click of this form has closed it
            return start_topup(owner, order, network=network)
        if _is_other_order(ref, order):
            return _replace(owner, order, ref, network)
    drive_calls(ref)
    _refresh_when_paid(ref)
    return _state(ref)


def drive_calls(ref: str) -> None:
    """Drive what leads to the top-up's payment as far as Stripe lets it. Calls the network; safe to call again."""
    for _ in range(MOST_CALLS):
        with transaction() as session:
            topup = read_topup(session, ref)
            call_id = topup.call_id if topup.status == TopupStatus.PENDING else None
        if call_id is None or calls.drive(call_id) is Outcome.UNKNOWN:
            return


def _insert(owner: Person, order: Order, network: str) -> str | None:
    """Write the top-up down, and plan its way to Stripe; None when the form was sent before."""
    row = {
        "ref": ids.new_ref("top"),
        "user_id": owner.user_id,
        "form_ref": order.form_ref,
        "method": order.method,
        "card_id": order.card_id,
        "amount_minor": order.amount_minor,
        "currency": CURRENCY,
        "created_at": clock.now(),
        "next_check_at": clock.now() + FIRST_CHECK,
    }
    statement = insert(Topup).values(row).on_conflict_do_nothing().returning(Topup)
    with transaction() as session:
        topup = session.execute(statement).scalar_one_or_none()
        if topup is None:
            return None
        _count_attempt(session, owner, network)
        if topup.method == TopupMethod.CARD:
            cards.refuse_after_many(session, owner.user_id)
            card_paying.plan(session, topup)
        else:
            sessions.plan(session, topup)
        return topup.ref


def _count_attempt(session: Session, owner: Person, network: str) -> None:
    limits.hit(session, "topups", owner.ref, limit=TOPUPS_PER_HOUR, per_seconds=HOUR)
    limits.hit(session, "topups_of_network", network, limit=TOPUPS_PER_HOUR_AND_NETWORK, per_seconds=HOUR)


def _of_form(owner: Person, order: Order) -> str | None:
    query = select(Topup.ref).where(Topup.user_id == owner.user_id, Topup.form_ref == order.form_ref)
    with transaction() as session:
        return session.execute(query).scalar_one_or_none()


def _is_other_order(ref: str, order: Order) -> bool:
    with transaction() as session:
        topup = read_topup(session, ref)
        return (topup.amount_minor, topup.card_id) != (order.amount_minor, order.card_id)


def _replace(owner: Person, order: Order, ref: str, network: str) -> Started:
    """Start the other top-up when the first can no longer be paid; else return the first as it is."""
    drive_calls(ref)  # what is not known to be at Stripe yet cannot be closed there
    with transaction() as session:  # unlocked: who closes the call waits for the top-up with the call's row held
        call_id = sessions.plan_expiry(session, read_topup(session, ref))
    if call_id is not None and calls.drive(call_id) is Outcome.REFUSED:
        _refresh_quietly(ref)
    with transaction() as session:
        topup = lock_topup(session, ref)
        if topup.status in OVER:
            topup.form_ref = None
    first = _state(ref)
    return start_topup(owner, order, network=network) if first.status in OVER else first


def _refresh_when_paid(ref: str) -> None:
    """See at once whether the funds of a payment with a saved card can be used already."""
    with transaction() as session:
        is_paid = read_topup(session, ref).status == TopupStatus.PAID
    if is_paid:
        _refresh_quietly(ref)


def _refresh_quietly(ref: str) -> None:
    """Ask what became of a payment; without an answer the top-up stays as it is."""
    try:
        refresh_topup(ref, actor="job:wallet.start")
    except StripeUnavailable:
        return


def _state(ref: str) -> Started:
    with transaction() as session:
        topup = read_topup(session, ref)
        is_payable = topup.status == TopupStatus.PENDING
        return Started(
            ref=topup.ref,
            status=TopupStatus(topup.status),
            url=topup.checkout_url if is_payable else None,
            failure=topup.failure,
        )
