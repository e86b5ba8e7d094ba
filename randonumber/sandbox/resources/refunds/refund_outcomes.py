"""How a refund ends: it arrives, fails or is cancelled. A refund that fails gives its amount back to the balance.

Cards whose refunds end later by https://docs.stripe.com/testing#refunds. A refund to a bank account takes a while; here
five days (https://docs.stripe.com/payments/ach-direct-debit#refunds says up to ten business days).
"""

import copy
import secrets

from randonumber.sandbox.differences import previous
from randonumber.sandbox.recording import record
from randonumber.sandbox.resources.funds.balance_transactions import Booking, book
from randonumber.sandbox.scope import Json, Scope
from randonumber.sandbox.wire.errors import invalid

DAY = 24 * 60 * 60
CARD_SECONDS = DAY
BANK_SECONDS = 5 * DAY
CARD_FAILED = "expired_or_canceled_card"
REFERENCE_DIGITS = 10**16


def changed(scope: Scope, before: Json, refund: Json, *, also: str | None = None) -> Json:
    """Keep a refund's new state and tell of it, by both names that Stripe has for that, and by `also`."""
    earlier = previous(before, refund)
    scope.save(refund)
    for kind in ("refund.updated", *([also] if also else []), "charge.refund.updated"):
        record(scope, kind, refund, previous=earlier)
    return refund


def refer(refund: Json) -> None:
    """Give a card refund the number by which the card's bank can trace it."""
    card = refund["destination_details"].get("card")
    if card:
        reference = f"{secrets.randbelow(REFERENCE_DIGITS):016}"
        refund["destination_details"]["card"] = card | {"reference": reference, "reference_status": "available"}


def acknowledge(scope: Scope, refund_id: str) -> None:
    """Show the reference of a card refund, as Stripe does a moment after its answer."""
    refund = scope.get("refund", refund_id).body
    before = copy.deepcopy(refund)
    refer(refund)
    changed(scope, before, refund)


def succeed(scope: Scope, refund_id: str) -> Json:
    """Let a pending refund arrive. Raises Refused for another."""
    refund = scope.get("refund", refund_id, param="refund").body
    if refund["status"] != "pending":
        raise invalid(f"This refund has a status of {refund['status']}; only a pending one can succeed.")
    before = copy.deepcopy(refund)
    refund.pop("pending_reason", None)
    refund["status"] = "succeeded"
    refer(refund)
    return changed(scope, before, refund)


def fail(scope: Scope, refund_id: str, *, reason: str = "unknown") -> Json:
    """Let a refund fail, also one that had succeeded; its amount comes back. Raises Refused for one that ended so."""
    refund = scope.get("refund", refund_id, param="refund").body
    if refund["source_transfer_reversal"]:
        raise invalid("A refund that reverses a transfer cannot fail.")
    if refund["status"] not in ("pending", "succeeded"):
        raise invalid(f"This refund has a status of {refund['status']} and cannot fail.")
    return take_back(scope, refund, "failed", reason, also="refund.failed")


def take_back(scope: Scope, refund: Json, status: str, reason: str, *, also: str | None = None) -> Json:
    """End a refund without effect: its amount returns to the balance, and the charge counts it no more."""
    before = copy.deepcopy(refund)
    charge = scope.get("charge", refund["charge"]).body
    entry = book(scope, returning(scope, refund, charge))
    refund.pop("pending_reason", None)
    refund |= {"status": status, "failure_reason": reason, "failure_balance_transaction": entry["id"]}
    changed(scope, before, refund, also=also)
    unrefund(scope, charge, refund["amount"])
    return refund


def returning(scope: Scope, refund: Json, charge: Json) -> Booking:
    """Return the booking that undoes a refund's; available when that one is."""
    taken = scope.get("balance_transaction", refund["balance_transaction"]).body
    return Booking(
        kind="refund_failure",
        category="refund_failure",
        amount=refund["amount"],
        currency=refund["currency"],
        source=refund["id"],
        available_on=max(taken["available_on"], scope.now),
        description=described("REFUND FAILURE FOR CHARGE", charge),
    )


def described(what: str, charge: Json) -> str:
    """`REFUND FOR CHARGE (10 credits)`, as recorded."""
    return f"{what} ({charge['description']})" if charge["description"] else what


def unrefund(scope: Scope, charge: Json, amount: int) -> None:
    """Take an amount off what a charge shows as refunded."""
    before = dict(charge)
    charge |= {"amount_refunded": charge["amount_refunded"] - amount, "refunded": False}
    scope.save(charge)
    record(scope, "charge.updated", charge, previous=previous(before, charge))


def arrive(scope: Scope, refund_id: str) -> None:
    """Let a pending refund succeed, as the clock does; one that ended meanwhile stays as it is."""
    found = scope.find("refund", refund_id)
    if found and found.body["status"] == "pending":
        succeed(scope, refund_id)


def bounce(scope: Scope, refund_id: str) -> None:
    """Let the refund of card 4000000000005126 fail, as the clock does."""
    found = scope.find("refund", refund_id)
    if found and found.body["status"] == "succeeded":
        fail(scope, refund_id, reason=CARD_FAILED)


DUE = {"refund_arrives": arrive, "refund_bounces": bounce}
