"""Saving a card: a SetupIntent at Stripe for each use of the form, and the card that comes of it.

The card itself never comes here: the owner's browser gives it to Stripe under the intent's client secret, which is read
from Stripe for the owner alone and kept nowhere. https://docs.stripe.com/payments/save-and-reuse
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from randonumber import calls, clock, ids, limits
from randonumber.calls import Outcome
from randonumber.credits.models import CardSetup, CardSetupStatus, StripeCustomer
from randonumber.credits.service import cards, customers, declines
from randonumber.database import transaction
from randonumber.payments.cards import refuse_after_many
from randonumber.stripe_gateway import gateway

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.orm import Session

    from randonumber.calls import Call, Refusal
    from randonumber.hooks import Person
    from randonumber.stripe_gateway import SetupIntent

log = logging.getLogger(__name__)
CREATE: Final = "setup_intent.create"
CANCEL: Final = "setup_intent.cancel"
SETUPS_PER_HOUR: Final = 10
"""Of one user: each setup lets a browser ask banks whether cards are good, which thieves do by the thousand
(pains.md, 25)."""
SETUPS_PER_HOUR_AND_NETWORK: Final = 60
HOUR: Final = 3_600
MOST_CALLS: Final = 4
"""Customer and intent, and both again when Stripe turns out to have lost the customer."""


@dataclass(frozen=True, kw_only=True)
class Setup:
    """The saving of a card as it stands; without `setup_intent_id` Stripe has not answered yet."""

    ref: str
    status: CardSetupStatus
    setup_intent_id: str | None


def start(owner: Person, form_ref: str, *, network: str) -> Setup:
    """Start the saving of a card, or return the one that this form has started before. Calls the network.

    Never raises for what Stripe does: a setup that Stripe does not answer about goes on by itself. Raises RateLimited,
    after too many cards that failed as well.
    """
    with transaction() as session:
        row = {
            "ref": ids.new_ref("set"),
            "user_id": owner.user_id,
            "form_ref": form_ref,
            "created_at": clock.now(),
        }
        statement = insert(CardSetup).values(row).on_conflict_do_nothing().returning(CardSetup)
        setup = session.execute(statement).scalar_one_or_none()
        if setup is not None:
            limits.hit(session, "card_setups", owner.ref, limit=SETUPS_PER_HOUR, per_seconds=HOUR)
            limits.hit(session, "card_setups_of_network", network, limit=SETUPS_PER_HOUR_AND_NETWORK, per_seconds=HOUR)
            refuse_after_many(session, owner.user_id)
            _prepare(session, setup)
    for _ in range(MOST_CALLS):
        with transaction() as session:
            call_id = _outstanding_call(session, _of_form(session, owner.user_id, form_ref))
        if call_id is None or calls.drive(call_id) is Outcome.UNKNOWN:
            break
    with transaction() as session:
        return _shown(_of_form(session, owner.user_id, form_ref))


def client_secret(setup_intent_id: str) -> str:
    """Read the secret with which the owner's browser saves the card. Calls the network; never stored, never logged."""
    return gateway().get_setup_intent(setup_intent_id).client_secret or ""


def finish(user_id: int, setup_intent_id: str) -> SetupIntent | None:
    """Bring a setup of this user and its card level with Stripe; None when it is somebody else's, or nobody's.

    Calls the network; raises StripeUnavailable.
    """
    with transaction() as session:
        own = (CardSetup.user_id == user_id) & (CardSetup.setup_intent_id == setup_intent_id)
        if session.scalar(select(CardSetup.id).where(own)) is None:
            return None
    intent = gateway().get_setup_intent(setup_intent_id)
    if (effect := effect_of(intent)) is not None:
        with transaction() as session:
            effect(session)
    return intent


def effect_of(intent: SetupIntent) -> Callable[[Session], None] | None:
    """Return what a SetupIntent as it is now does here; None when it saved nothing of ours. Calls the network."""
    if intent.status != "succeeded":
        return None
    with transaction() as session:
        user_id = session.scalar(select(CardSetup.user_id).where(CardSetup.setup_intent_id == intent.id))
    if user_id is None or (seen := cards.look(user_id)) is None:
        return None

    def keep(session: Session) -> None:
        cards.keep(session, seen)
        _lock(session, CardSetup.setup_intent_id == intent.id).status = CardSetupStatus.SUCCEEDED

    return keep


def plan_waiting(session: Session, user_id: int, stripe_customer_id: str) -> None:
    """Go on with the setups that waited for the customer. Never commits."""
    for setup in _waiting(session, user_id):
        _plan(session, setup, stripe_customer_id)


def fail_waiting(session: Session, user_id: int) -> None:
    """Let the setups fail that waited for a customer that Stripe will not make. Never commits."""
    for setup in _waiting(session, user_id):
        setup.status = CardSetupStatus.FAILED


def settle(session: Session, call: Call, result: Mapping[str, Any]) -> None:
    """Keep the intent's id. Never commits."""
    setup = _lock(session, CardSetup.ref == call.ref)
    setup.setup_intent_id, setup.call_id = result["id"], None


def refuse(session: Session, call: Call, refusal: Refusal) -> None:
    """Let the setup fail; or, when its customer is gone at Stripe, begin again with a new one. Never commits."""
    user_id = session.execute(select(CardSetup.user_id).where(CardSetup.ref == call.ref)).scalar_one()
    is_customer_gone = refusal.code == "resource_missing" and refusal.param == "customer"
    if is_customer_gone:
        cards.forget_customer(session, str(call.params["customer"]))
        session.flush()
    customers.lock_customer(session, user_id)
    setup = _lock(session, CardSetup.ref == call.ref)
    setup.call_id = None
    if is_customer_gone:
        session.flush()
        _prepare(session, setup)
        return
    log.error("card_setup_refused", extra={"setup": setup.ref, "code": refusal.code, "param": refusal.param})
    setup.status = CardSetupStatus.FAILED


def find(call: Call) -> Mapping[str, Any] | None:
    """Look the intent up at Stripe. Calls the network."""
    return gateway().find_by_ref("setup_intents", call.ref, customer=str(call.params["customer"]))


def count_failure(session: Session, setup_intent_id: str) -> None:
    """Count a card that could not be saved; too many cancel the intent. Never commits: once for each event."""
    setup = _lock(session, CardSetup.setup_intent_id == setup_intent_id)
    is_too_many = declines.is_one_too_many(session, setup.user_id, setup.ref)
    if is_too_many and setup.status == CardSetupStatus.PENDING:
        calls.plan(session, operation=CANCEL, ref=setup.ref, params={"intent": setup_intent_id})


def is_ours(session: Session, setup_intent_id: str) -> bool:
    """Whether the intent was made for a setup here. Never commits."""
    return session.scalar(select(CardSetup.id).where(CardSetup.setup_intent_id == setup_intent_id)) is not None


def settle_cancelling(session: Session, call: Call, _result: Mapping[str, Any]) -> None:
    """Let the setup fail with its intent. Never commits."""
    setup = _lock(session, CardSetup.ref == call.ref)
    if setup.status == CardSetupStatus.PENDING:
        setup.status = CardSetupStatus.FAILED


def refuse_cancelling(_session: Session, call: Call, refusal: Refusal) -> None:
    """Change nothing: the intent is over, or has saved its card; its event tells."""
    log.info("card_setup_not_open", extra={"setup": call.ref, "code": refusal.code})


def find_cancelled(call: Call) -> Mapping[str, Any] | None:
    """Return the intent of a cancelling whose outcome is unknown, if it is cancelled. Calls the network."""
    intent = gateway().get_setup_intent(str(call.params["intent"]))
    return {"id": intent.id, "status": intent.status} if intent.status == "canceled" else None


def _prepare(session: Session, setup: CardSetup) -> None:
    customer = customers.lock_customer(session, setup.user_id)
    if customer.stripe_customer_id is not None:
        _plan(session, setup, customer.stripe_customer_id)
    elif customer.call_id is None:
        customers.plan(session, customer)


def _plan(session: Session, setup: CardSetup, stripe_customer_id: str) -> None:
    # `usage` is off_session unless one says otherwise, and cannot be said: see `stripe_gateway.wire`.
    params = {"customer": stripe_customer_id, "payment_method_types": ["card"]}
    setup.call_id = calls.plan(session, operation=CREATE, ref=setup.ref, params=params)


def _outstanding_call(session: Session, setup: CardSetup) -> int | None:
    if setup.status != CardSetupStatus.PENDING or setup.setup_intent_id is not None:
        return None
    if setup.call_id is not None:
        return setup.call_id
    customer = session.get(StripeCustomer, setup.user_id, populate_existing=True)
    return customer.call_id if customer is not None else None


def _waiting(session: Session, user_id: int) -> list[CardSetup]:
    query = (
        select(CardSetup)
        .where(
            CardSetup.user_id == user_id,
            CardSetup.status == CardSetupStatus.PENDING,
            CardSetup.setup_intent_id.is_(None),
            CardSetup.call_id.is_(None),
        )
        .order_by(CardSetup.id)
        .with_for_update(key_share=True)
    )
    return list(session.execute(query.execution_options(populate_existing=True)).scalars())


def _of_form(session: Session, user_id: int, form_ref: str) -> CardSetup:
    own = (CardSetup.user_id == user_id) & (CardSetup.form_ref == form_ref)
    return session.execute(select(CardSetup).where(own).execution_options(populate_existing=True)).scalar_one()


def _lock(session: Session, condition: Any) -> CardSetup:
    query = select(CardSetup).where(condition).with_for_update(key_share=True)
    return session.execute(query.execution_options(populate_existing=True)).scalar_one()


def _shown(setup: CardSetup) -> Setup:
    return Setup(ref=setup.ref, status=CardSetupStatus(setup.status), setup_intent_id=setup.setup_intent_id)
