"""States that Stripe spreads over several fields, each as one word, and cards and bank accounts in words."""

from randonumber.sandbox.pages.dashboard.cells import NOTHING, Cell, code, link, state, text
from randonumber.sandbox.scope import Json


def charge_state(body: Json) -> Cell:
    """Paid, refunded in whole or part, disputed, pending or failed."""
    if body.get("disputed"):
        return state("disputed")
    if body.get("refunded"):
        return state("refunded")
    if body.get("amount_refunded"):
        return state("partly_refunded")
    return state(body.get("status"))


def transfer_state(body: Json) -> Cell:
    """Paid, or reversed in whole or part."""
    if body.get("reversed"):
        return state("reversed")
    return state("partly_reversed" if body.get("amount_reversed") else "paid")


def delivery_state(body: Json) -> Cell:
    """How many endpoints still wait for an event."""
    left = body.get("pending_webhooks")
    return Cell(text=f"{left} to deliver", style="state") if left else state("delivered")


def about(body: Json) -> Cell:
    """Return what an event is about; a capability has a name and no page, a balance not even that."""
    subject = body["data"]["object"]
    return code(subject.get("id")) if subject.get("object") == "capability" else link(subject.get("id"))


def payment_card(body: Json) -> Cell:
    """`Visa •••• 4242`, of a payment method or a charge."""
    details = body.get("payment_method_details") or body
    kind = details.get("type")
    found = details.get(kind) if isinstance(kind, str) else None
    if not isinstance(found, dict) or not found.get("last4"):
        return text(kind.replace("_", " ")) if isinstance(kind, str) else NOTHING
    name = found.get("brand") or found.get("bank_name") or kind
    return text(f"{str(name).replace('_', ' ').capitalize()} •••• {found['last4']}")
