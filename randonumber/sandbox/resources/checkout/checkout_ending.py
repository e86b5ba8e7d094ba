"""How a Checkout Session ends, and what of a payment that is decided days after it."""

from randonumber.sandbox.recording import record
from randonumber.sandbox.resources.checkout.checkout_template import known_details
from randonumber.sandbox.scope import Json, Scope


def complete(scope: Scope, session: Json, payment_status: str, *, email: str | None, name: str | None = None) -> None:
    """Mark a session done: nothing on its page can change it now. `payment_status` is Stripe's."""
    session |= {
        "status": "complete",
        "payment_status": payment_status,
        "customer_details": known_details(session["customer_details"], email, name),
        "url": None,
    }
    scope.save(session)
    record(scope, "checkout.session.completed", session)


def paid_later(scope: Scope, intent: Json) -> None:
    """Tell that a bank has paid for a session that was completed before."""
    session = session_of(scope, intent)
    if session:
        scope.save(session | {"payment_status": "paid"})
        record(scope, "checkout.session.async_payment_succeeded", session | {"payment_status": "paid"})


def failed_later(scope: Scope, intent: Json) -> None:
    """Tell that a bank did not pay; the session stays complete and unpaid."""
    session = session_of(scope, intent)
    if session:
        record(scope, "checkout.session.async_payment_failed", session)


def session_of(scope: Scope, intent: Json) -> Json | None:
    """Return the completed, unpaid session of an intent, if it was made by one."""
    session_id = scope.get("payment_intent", intent["id"]).hidden.get("session")
    found = scope.find("checkout.session", session_id) if session_id else None
    return found.body if found and found.body["status"] == "complete" else None
