"""What happens when a method is set up for later: a SetupIntent ends succeeded, declined or asking for a challenge."""

from randonumber.sandbox.cards import Decline, behaviour
from randonumber.sandbox.recording import record
from randonumber.sandbox.resources.payments import bank, card_data, debits, saved_methods, setup_attempts
from randonumber.sandbox.resources.payments.intents import SETUP, keep, redirect, refused, unfit
from randonumber.sandbox.resources.payments.payment_methods import number_of
from randonumber.sandbox.scope import Json, Scope
from randonumber.sandbox.wire.errors import Refused, doc_url, fields

HIDDEN_RETURN = "return_url"
FAILED = "setup_intent_authentication_failure"


class SetupDeclined(Refused):
    """402 with the declined intent inside; the failed attempt and its events stay."""

    def __init__(self, error: Json) -> None:
        super().__init__(402, error, effects_stay=True)


def begin(scope: Scope, intent: Json, method: Json, *, return_url: str | None, accepted: bool = False) -> Json:
    """Set a method up for an intent. Returns it succeeded or asking for a challenge; raises SetupDeclined.

    `accepted`: this request brings `mandate_data`, the consent that debits need.
    """
    if method["type"] == bank.METHOD:
        consent(scope, intent, method, accepted=accepted)
    intent["payment_method"] = method["id"]
    setup_attempts.begin(scope, intent, method)
    if method["type"] == "card" and asks(scope, intent, method):
        intent |= {
            "status": "requires_action",
            "last_setup_error": None,
            "next_action": redirect(scope, intent, return_url),
        }
        keep(scope, SETUP, intent, {HIDDEN_RETURN: return_url})
        record(scope, "setup_intent.requires_action", intent)
        return intent
    decline = saved_methods.refusal(scope, method)
    return end(scope, intent, method, decline, authenticated=False)


def asks(scope: Scope, intent: Json, method: Json) -> bool:
    """Whether the card's bank wants a challenge before it lets the card be saved."""
    number = number_of(scope, method["id"])
    return behaviour(number).challenge or saved_methods.asked_for(intent, number)


def consent(scope: Scope, intent: Json, method: Json, *, accepted: bool) -> None:
    """Keep the consent to later debits with a bank account. Raises Refused without one."""
    if not accepted:
        message = debits.NO_MANDATE.replace("PaymentIntent", "SetupIntent")
        raise refused(scope, SETUP, intent, fields(message, param=None, code=None))
    intent["mandate"] = debits.new_mandate(scope, method["id"])


def authenticate(scope: Scope, intent: Json, *, passed: bool) -> Json:
    """End a challenge: the card is saved or declined, or the intent asks for another one.

    So it does, too, when the card was used up or given to somebody else while its owner was being asked.
    """
    method = scope.get("payment_method", intent["payment_method"]).body
    intent["next_action"] = None
    if passed and not unfit(scope, SETUP, intent, method):
        return end(scope, intent, method, behaviour(number_of(scope, method["id"])).decline, authenticated=True)
    error = {
        "code": FAILED,
        "doc_url": doc_url(FAILED),
        "message": "We are unable to authenticate your payment method. "
        "Please choose a different payment method and try again.",
        "payment_method": method,
        "type": "invalid_request_error",
    }
    fail(scope, intent, error)
    return intent


def end(scope: Scope, intent: Json, method: Json, decline: Decline | None, *, authenticated: bool) -> Json:
    """Save the method for the intent's customer, or be declined with SetupDeclined."""
    method = saved_methods.checked(scope, method)
    if decline:
        error = card_data.refused(decline)
        fail(scope, intent, error | {"payment_method": method})
        raise SetupDeclined(error | {"payment_method": method, "setup_intent": dict(intent)})
    intent |= {"status": "succeeded", "next_action": None, "last_setup_error": None}
    scope.save(intent)
    setup_attempts.end(scope, intent, "succeeded", authenticated=authenticated)
    if authenticated:
        saved_methods.mark(scope, method, set_up=True)
    if intent["customer"] and not method["customer"]:
        saved_methods.given_to(scope, method, intent["customer"])
    record(scope, "setup_intent.succeeded", intent)
    return intent


def fail(scope: Scope, intent: Json, error: Json) -> None:
    """Write a failed attempt down; the intent wants another method."""
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "next_action": None,
        "last_setup_error": error,
    }
    scope.save(intent)
    setup_attempts.end(scope, intent, "failed", error=error)
    record(scope, "setup_intent.setup_failed", intent)
