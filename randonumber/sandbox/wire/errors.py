"""Stripe's error envelope, with its types, codes and sentences.

The sentences are those of recorded test-mode traffic of September 2026 where a recording exists, otherwise those
quoted from real answers in public issue trackers.
"""

from typing import Any

NAMES = {
    "checkout.session": "checkout.session",
    "payment_method": "PaymentMethod",
    "setup_intent": "setupintent",
    "transfer_reversal": "transfer reversal",
    "bank_account": "external account",
    "webhook_endpoint": "webhook endpoint",
    "balance_transaction": "balance transaction",
}


class Refused(Exception):
    """Stripe says no: a status and the fields of the error, and whether what happened before it stays."""

    def __init__(self, status: int, fields: dict[str, Any], *, effects_stay: bool = False) -> None:
        super().__init__(fields.get("message", ""))
        self.status = status
        self.fields = fields
        self.effects_stay = effects_stay


class Unchecked(Refused):
    """Refused before anything ran: never stored under an idempotency key."""


def invalid(message: str, *, param: str | None = None, code: str | None = None, status: int = 400) -> Refused:
    """Return an `invalid_request_error` found while the operation ran: stored under its idempotency key."""
    return Refused(status, fields(message, param=param, code=code))


def unchecked(message: str, *, param: str | None = None, code: str | None = None, status: int = 400) -> Unchecked:
    """Return an `invalid_request_error` found before the operation ran."""
    return Unchecked(status, fields(message, param=param, code=code))


def fields(message: str, *, param: str | None, code: str | None, kind: str = "invalid_request_error") -> dict[str, Any]:
    """Return the error object without what is null, as Stripe leaves it out."""
    found: dict[str, Any] = {"message": message, "type": kind}
    if code is not None:
        found |= {"code": code, "doc_url": doc_url(code)}
    if param is not None:
        found["param"] = param
    return found


def doc_url(code: str) -> str:
    """Stripe's page about an error code."""
    return "https://stripe.com/docs/error-codes/" + code.replace("_", "-")


def missing(kind: str, object_id: str, *, param: str = "id", status: int = 404) -> Refused:
    """`resource_missing`: 404 when the address names it, 400 when a parameter does."""
    name = NAMES.get(kind, kind)
    return invalid(f"No such {name}: '{object_id}'", param=param, code="resource_missing", status=status)


def not_here_yet(what: str, *, param: str | None = None) -> Refused:
    """Part of Stripe's API that the sandbox does not do: said plainly rather than half done."""
    return Unchecked(400, fields(f"The sandbox does not do {what} yet.", param=param, code=None))


def envelope(found: dict[str, Any], *, log_url: str) -> dict[str, Any]:
    """Return the body of an error answer; keys in order, as Stripe sends them."""
    return {"error": dict(sorted((found | {"request_log_url": log_url}).items()))}
