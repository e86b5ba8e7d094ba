"""What happens when somebody pays: a PaymentIntent meets a card, and ends paid, declined or asking for a challenge.

The events of one payment are written in Stripe's usual order. They show the charge without its balance transaction,
which comes in a `charge.updated` right after the answer, as Stripe's arrives a moment later.
"""

from collections.abc import Callable

from randonumber.sandbox.cards import Behaviour, Decline, behaviour
from randonumber.sandbox.recording import record
from randonumber.sandbox.resources import bank, charges, debits, disputes, settlements
from randonumber.sandbox.resources.payment_methods import number_of
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
) -> Json:
    """Charge a card or debit a bank account for an intent.

    Returns it paid, asking for a challenge or, with a bank account, processing; raises PaymentDeclined. Off session
    nobody is there to be challenged, so such a card is declined. `accepted`: this request brings `mandate_data`, the
    consent that a debit needs.
    """
    if method["type"] == bank.METHOD:
        return debits.begin(scope, intent, method, accepted=accepted)
    acts = behaviour(number_of(scope, method["id"]))
    if acts.challenge and off_session:
        return charge(scope, intent, method, Behaviour(decline=NOBODY_THERE), authenticated=False)
    if acts.challenge:
        return ask(scope, intent, method, return_url)
    return charge(scope, intent, method, acts, authenticated=False)


def ask(scope: Scope, intent: Json, method: Json, return_url: str | None) -> Json:
    """Let the buyer prove who they are, at `/challenge/<pi_…>`."""
    challenge = f"{scope.base_url}/challenge/{intent['id']}"
    intent |= {
        "status": "requires_action",
        "payment_method": method["id"],
        "last_payment_error": None,
        "next_action": {"type": "redirect_to_url", "redirect_to_url": {"return_url": return_url, "url": challenge}},
    }
    keep(scope, intent, {HIDDEN_RETURN: return_url})
    record(scope, "payment_intent.requires_action", intent)
    return intent


def authenticate(scope: Scope, intent: Json, *, passed: bool) -> Json:
    """End a challenge: charge the card, or let the intent ask for another way to pay."""
    method = scope.get("payment_method", intent["payment_method"]).body
    intent["next_action"] = None
    if passed:
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


def declined(scope: Scope, intent: Json, method: Json, made: Json, decline: Decline) -> PaymentDeclined:
    """Write the failed attempt down; the error to raise, holding the intent as it is now."""
    error = {
        "charge": made["id"],
        "code": decline.code,
        "doc_url": doc_url(decline.code),
        "message": decline.message,
        "type": "card_error",
    }
    optional = {
        "advice_code": decline.advice,
        "decline_code": decline.reason,
        "network_decline_code": decline.network,
        "param": PARAMS.get(decline.code),
    }
    error |= {name: value for name, value in optional.items() if value is not None}
    shown = error | {"payment_method": method, "payment_method_type": "card"}
    intent |= {"status": "requires_payment_method", "payment_method": None, "last_payment_error": shown}
    scope.save(intent)
    record(scope, "charge.failed", made)
    record(scope, "payment_intent.payment_failed", intent)
    return PaymentDeclined(error | {"payment_intent": dict(intent), "payment_method": method})


PARAMS = {"expired_card": "exp_month", "incorrect_cvc": "cvc", "incorrect_number": "number"}


def keep(scope: Scope, intent: Json, more: Json) -> None:
    """Save an intent with more of what only the sandbox knows about it."""
    hidden = scope.get("payment_intent", intent["id"]).hidden
    scope.save(intent, hidden | more)
