"""What happens when somebody pays: a PaymentIntent meets a card, and ends paid, declined or asking for a challenge.

The events of one payment are written in Stripe's usual order. They show the charge without its balance transaction,
which comes in a `charge.updated` right after the answer, as Stripe's arrives a moment later.
"""

from collections.abc import Callable

from randonumber.sandbox.cards import Behaviour, Decline, behaviour
from randonumber.sandbox.recording import record
from randonumber.sandbox.resources.disputes import disputes
from randonumber.sandbox.resources.funds import settlements
from randonumber.sandbox.resources.payments import bank, card_data, charges, debits, saved_methods
from randonumber.sandbox.resources.payments.intents import PAYMENT, redirect, unfit
from randonumber.sandbox.resources.payments.payment_methods import number_of
from randonumber.sandbox.scope import Json, Scope
from randonumber.sandbox.wire.errors import Refused, doc_url

HIDDEN_RETURN = "return_url"
NOBODY_THERE = Decline(
    code="authentication_required",
    reason="authentication_required",
    message="Your card was declined. This transaction requires authentication.",
    advice=None,
    network=None,
)
# By https://docs.stripe.com/payments/without-card-authentication.
NOT_HANDLED = Decline(
    code="authentication_required",
    reason="authentication_not_handled",
    message="This payment required an authentication action to complete, but `error_on_requires_action` was set. When "
    "you're ready, you can upgrade your integration to handle actions at "
    "https://stripe.com/docs/payments/payment-intents/upgrade-to-handle-actions.",
    advice=None,
    network=None,
)


class PaymentDeclined(Refused):
    """402 with the declined intent inside; the failed charge and its events stay."""

    def __init__(self, error: Json) -> None:
        super().__init__(402, error, effects_stay=True)


def pay(
    scope: Scope,
    intent: Json,
    method: Json,
    *,
    return_url: str | None,
    off_session: bool = False,
    accepted: bool = False,
    challenges: bool = True,
) -> Json:
    """Charge a card or debit a bank account for an intent.

    Returns it paid, asking for a challenge or, with a bank account, processing; raises PaymentDeclined. Off session
    nobody is there to be challenged, so a card that asks is declined; so it is when `challenges` is False, by the
    shop's wish. `accepted`: this request brings `mandate_data`, the consent that a debit needs.
    """
    if method["type"] == bank.METHOD:
        intent = debits.begin(scope, intent, method, accepted=accepted)
        saved_methods.after_payment(scope, intent, method, authenticated=False)
        return intent
    if not saved_methods.needs_challenge(scope, intent, method, off_session=off_session):
        return charge(scope, intent, method, behaviour(number_of(scope, method["id"])), authenticated=False)
    if off_session:
        raise declined(scope, intent, method, None, NOBODY_THERE)
    if not challenges:
        raise declined(scope, intent, method, None, NOT_HANDLED)
    return ask(scope, intent, method, return_url)


def ask(scope: Scope, intent: Json, method: Json, return_url: str | None) -> Json:
    """Let the buyer prove who they are, at `/challenge/<pi_…>`."""
    intent |= {
        "status": "requires_action",
        "payment_method": method["id"],
        "last_payment_error": None,
        "next_action": redirect(scope, intent, return_url),
    }
    keep(scope, intent, {HIDDEN_RETURN: return_url})
    record(scope, "payment_intent.requires_action", intent)
    return intent


def authenticate(scope: Scope, intent: Json, *, passed: bool) -> Json:
    """End a challenge: charge the card, or let the intent ask for another way to pay.

    So it does, too, when the card was used up or given to somebody else while the buyer was being asked.
    """
    method = scope.get("payment_method", intent["payment_method"]).body
    intent["next_action"] = None
    if passed and not unfit(scope, PAYMENT, intent, method):
        acts = behaviour(number_of(scope, method["id"]))
        return charge(scope, intent, method, acts, authenticated=True)
    error = {
        "code": "payment_intent_authentication_failure",
        "doc_url": doc_url("payment_intent_authentication_failure"),
        "message": "We are unable to authenticate your payment method. "
        "Please choose a different payment method and try again.",
        "payment_method": method,
        "type": "invalid_request_error",
    }
    intent |= {"status": "requires_payment_method", "payment_method": None, "last_payment_error": error}
    scope.save(intent)
    record(scope, "payment_intent.payment_failed", intent)
    return intent


def charge(scope: Scope, intent: Json, method: Json, acts: Behaviour, *, authenticated: bool) -> Json:
    """Take the money, or be declined with PaymentDeclined."""
    method = saved_methods.checked(scope, method)
    made = charges.make(scope, intent, method, acts.decline, authenticated=authenticated)
    intent["latest_charge"] = made["id"]
    if acts.decline:
        raise declined(scope, intent, method, made, acts.decline)
    intent |= {
        "status": "succeeded",
        "amount_received": intent["amount"],
        "payment_method": method["id"],
        "next_action": None,
        "last_payment_error": None,
    }
    scope.save(intent)
    saved_methods.after_payment(scope, intent, method, authenticated=authenticated)
    record(scope, "charge.succeeded", made)
    record(scope, "payment_intent.succeeded", intent)
    scope.later.append(settling(scope, made["id"], at_once=acts.at_once))
    if acts.dispute:
        scope.later.append(disputing(scope, made["id"], acts.dispute))
    return intent


def settling(scope: Scope, charge_id: str, *, at_once: bool) -> Callable[[], None]:
    """Return the balance transaction, to be made after the answer."""
    return lambda: settlements.settle(scope, charge_id, at_once=at_once)


def disputing(scope: Scope, charge_id: str, what: str) -> Callable[[], None]:
    """Return the dispute that follows the payment, to be opened after the answer."""
    return lambda: disputes.follow_payment(scope, charge_id, what)


def declined(scope: Scope, intent: Json, method: Json, made: Json | None, decline: Decline) -> PaymentDeclined:
    """Write the failed attempt down; the error to raise, holding the intent as it is now."""
    error = card_data.refused(decline) | ({"charge": made["id"]} if made else {})
    shown = error | {"payment_method": method, "payment_method_type": "card"}
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "next_action": None,
        "last_payment_error": shown,
    }
    scope.save(intent)
    if made:
        record(scope, "charge.failed", made)
    record(scope, "payment_intent.payment_failed", intent)
    return PaymentDeclined(error | {"payment_intent": dict(intent), "payment_method": method})


def keep(scope: Scope, intent: Json, more: Json) -> None:
    """Save an intent with more of what only the sandbox knows about it."""
    hidden = scope.get("payment_intent", intent["id"]).hidden
    scope.save(intent, hidden | more)
