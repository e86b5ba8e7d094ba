"""Setup attempts: each confirmation of a SetupIntent, shown as its `latest_attempt`."""

from randonumber.sandbox.ids import new_id
from randonumber.sandbox.resources.payments import charges
from randonumber.sandbox.scope import Json, Scope

SEEN = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4")


def begin(scope: Scope, intent: Json, method: Json) -> Json:
    """Keep a new attempt and make it the intent's latest, in place."""
    attempt = scope.insert(
        {
            "id": new_id("setup_attempt"),
            "object": "setup_attempt",
            "application": None,
            "created": scope.now,
            "customer": intent["customer"],
            "customer_account": None,
            "flow_directions": None,
            "livemode": False,
            "on_behalf_of": None,
            "payment_method": method["id"],
            "payment_method_details": details(method),
            "setup_error": None,
            "setup_intent": intent["id"],
            "status": "requires_action",
            "usage": intent["usage"],
        }
    )
    intent["latest_attempt"] = attempt["id"]
    return attempt


def details(method: Json) -> Json:
    """Return what was set up."""
    kind = method["type"]
    if kind != "card":
        return {kind: {}, "type": kind}
    card = method["card"]
    seen = {name: card[name] for name in SEEN}
    return {"card": {**seen, "network": card["brand"], "three_d_secure": None, "wallet": None}, "type": kind}


def end(scope: Scope, intent: Json, status: str, *, error: Json | None = None, authenticated: bool = False) -> None:
    """Write down how the latest attempt of an intent ended: succeeded, failed or abandoned."""
    found = scope.find("setup_attempt", intent["latest_attempt"]) if intent["latest_attempt"] else None
    if not found:
        return
    attempt = found.body | {"status": status, "setup_error": error}
    if authenticated:
        card = attempt["payment_method_details"]["card"]
        card["three_d_secure"] = charges.three_d_secure(card["brand"])
    scope.save(attempt)
