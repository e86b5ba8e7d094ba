"""Payment methods and their customers: attached, detached, used up by a payment, set up for later ones.

A method that paid without belonging to a customer, or that was detached, cannot be used again:
https://docs.stripe.com/payments/payment-methods#reusing.
"""

from randonumber.sandbox import cards
from randonumber.sandbox.recording import record, updated
from randonumber.sandbox.resources.payments import card_data
from randonumber.sandbox.scope import Json, Scope
from randonumber.sandbox.wire.errors import Refused, invalid

USED_UP = (
    "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a "
    "connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use "
    "a PaymentMethod multiple times, you must attach it to a Customer first."
)


def is_used_up(scope: Scope, method: Json) -> bool:
    """Whether a method has had its one use."""
    used: bool = scope.get("payment_method", method["id"]).hidden.get("used", False)
    return used


def mark(scope: Scope, method: Json, **facts: bool) -> Json:
    """Remember of a method that it is `used` or `set_up`."""
    hidden = scope.get("payment_method", method["id"]).hidden
    return scope.save(method, hidden | facts)


def attach(scope: Scope, method: Json, customer: str) -> Json:
    """Let a living customer own a method, after its bank was asked; nothing happens when it does already.

    Raises Refused: 402 when the card cannot be saved, 400 for a method of another customer or one that is used up.
    """
    if method["customer"] == customer:
        return method
    if method["customer"]:
        raise invalid("The payment method you provided has already been attached to a customer.")
    if is_used_up(scope, method):
        raise invalid(USED_UP)
    decline = refusal(scope, method)
    if decline:
        raise Refused(402, {"param": ""} | card_data.refused(decline))
    return given_to(scope, checked(scope, method), customer)


def refusal(scope: Scope, method: Json) -> cards.Decline | None:
    """Return why a bank would not let a card be saved."""
    if method["type"] != "card":
        return None
    return cards.refusal_to_save(scope.get("payment_method", method["id"]).hidden["number"])


def asked_for(intent: Json, number: str) -> bool:
    """Whether the shop asks for 3-D Secure with a card that can do it."""
    chosen = intent["payment_method_options"].get("card", {}).get("request_three_d_secure")
    return chosen in ("any", "challenge") and number in cards.CHALLENGED_ON_REQUEST


def needs_challenge(scope: Scope, intent: Json, method: Json, *, off_session: bool) -> bool:
    """Whether a card's bank wants to hear from its owner before this payment."""
    hidden = scope.get("payment_method", method["id"]).hidden
    acts = cards.behaviour(hidden["number"])
    if not acts.challenge:
        return not off_session and asked_for(intent, hidden["number"])
    spared = acts.spared == "always" or (acts.spared == "set_up" and hidden.get("set_up", False))
    return not (off_session and spared)


def given_to(scope: Scope, method: Json, customer: str) -> Json:
    """Write down that a customer owns a method now, and tell; one that was deleted meanwhile gets nothing."""
    owner = scope.find("customer", customer)
    if owner and owner.deleted:
        return method
    method["customer"] = customer
    scope.save(method)
    record(scope, "payment_method.attached", method)
    return method


def checked(scope: Scope, method: Json) -> Json:
    """Return a method whose bank has looked at the card's code and address, as after any charge or set-up."""
    if method["type"] != "card":
        return method
    checks, address = method["card"]["checks"], method["billing_details"]["address"]
    number = scope.get("payment_method", method["id"]).hidden["number"]
    if checks["cvc_check"] == "unchecked":
        checks["cvc_check"] = "fail" if number in cards.WRONG_CVC else "pass"
    checks["address_line1_check"] = "pass" if address["line1"] else None
    checks["address_postal_code_check"] = "pass" if address["postal_code"] else None
    return scope.save(method)


def detach(scope: Scope, method: Json) -> Json:
    """Take a method from its customer for good; it is the customer's default no more. Raises Refused without one."""
    customer = method["customer"]
    if not customer:
        raise invalid("The payment method you provided is not attached to a customer so detachment is impossible.")
    method["customer"] = None
    mark(scope, method, used=True)
    record(scope, "payment_method.detached", method, previous={"customer": customer})
    forget_default(scope, customer, method["id"])
    return method


def forget_default(scope: Scope, customer: str, method_id: str) -> None:
    """Let a customer have no default method when it was this one."""
    found = scope.find("customer", customer)
    if not found or found.deleted or found.body["invoice_settings"]["default_payment_method"] != method_id:
        return
    after = found.body | {"invoice_settings": found.body["invoice_settings"] | {"default_payment_method": None}}
    scope.save(after)
    updated(scope, "customer.updated", found.body, after)


def detach_all(scope: Scope, customer: str) -> None:
    """Take all methods from a customer that is being deleted."""
    rows = scope.store.rows(
        "SELECT id FROM objects WHERE account = ? AND kind = 'payment_method' AND deleted = 0 "
        "AND json_extract(body, '$.customer') = ? ORDER BY seq",
        scope.account, customer,
    )  # fmt: skip
    for row in rows:
        detach(scope, scope.get("payment_method", row["id"]).body)


def after_payment(scope: Scope, intent: Json, method: Json, *, authenticated: bool) -> Json:
    """Keep the method of a payment for its customer when that was asked for, else let it be used up."""
    if intent["customer"] and intent["setup_future_usage"] and not method["customer"]:
        given_to(scope, method, intent["customer"])
    if intent["setup_future_usage"] and authenticated:
        mark(scope, method, set_up=True)
    if not method["customer"]:
        mark(scope, method, used=True)
    return method
