"""Refunds: full, partial, several; at once, pending, or failing later.

Stripe keeps its fee (https://docs.stripe.com/refunds). A refund takes from the funds of its charge while those are
pending, as recorded, else from what is available; it may take the balance below zero.
"""

from randonumber.sandbox import currencies
from randonumber.sandbox.cards import behaviour
from randonumber.sandbox.differences import previous
from randonumber.sandbox.ids import new_id
from randonumber.sandbox.recording import record
from randonumber.sandbox.resources.disputes import disputes
from randonumber.sandbox.resources.funds.balance_transactions import Booking, book
from randonumber.sandbox.resources.payments.payment_methods import number_of
from randonumber.sandbox.resources.refunds import refund_outcomes
from randonumber.sandbox.resources.refunds.refund_outcomes import (
    BANK_SECONDS,
    CARD_SECONDS,
    changed,
    described,
    take_back,
)
from randonumber.sandbox.scope import Json, Operations, Scope, schedule
from randonumber.sandbox.wire.errors import invalid, not_here_yet
from randonumber.sandbox.wire.lists import page
from randonumber.sandbox.wire.metadata import merged

NOT_YET = ("currency", "customer", "instructions_email", "origin", "refund_application_fee", "reverse_transfer")


def create(scope: Scope, params: Json) -> Json:
    """POST /v1/refunds. Raises Refused for what cannot be refunded, in Stripe's words."""
    for name in NOT_YET:
        if params.get(name):
            raise not_here_yet(f"refunds with `{name}`", param=name)
    if params.get("amount", 1) < 1:
        raise invalid(
            "This value must be greater than or equal to 1.", param="amount", code="parameter_invalid_integer"
        )
    charge = charge_of(scope, params)
    check_refundable(scope, charge)
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = params.get("amount", left)
    if amount > left:
        asked, rest = (currencies.plain(each, charge["currency"]) for each in (amount, left))
        raise invalid(f"Refund amount ({asked}) is greater than unrefunded amount on charge ({rest})", param="amount")
    return refund(scope, charge, amount, reason=params.get("reason"), metadata=merged({}, params.get("metadata")))


def charge_of(scope: Scope, params: Json) -> Json:
    """Return the charge that a request names, itself or by its PaymentIntent."""
    if not params.get("charge") and not params.get("payment_intent"):
        raise invalid("One of the following params should be provided for this request: payment_intent or charge.")
    if not params.get("payment_intent"):
        return scope.get("charge", params["charge"]).body
    intent = scope.get("payment_intent", params["payment_intent"], param="payment_intent").body
    if not intent["latest_charge"]:
        raise nothing_paid(intent["id"])
    if params.get("charge") not in (None, "", intent["latest_charge"]):
        raise invalid(f"The charge {params['charge']} does not belong to {intent['id']}.", param="charge")
    return scope.get("charge", intent["latest_charge"]).body


def nothing_paid(intent_id: str) -> Exception:
    """Return what Stripe says of an intent that was never paid."""
    return invalid(f"This PaymentIntent ({intent_id}) does not have a successful charge to refund.")


def check_refundable(scope: Scope, charge: Json) -> None:
    """Refuse a charge that failed or is pending, is refunded already, or was charged back."""
    if charge.get("source_transfer"):
        raise not_here_yet("refunds of what a transfer brought; reverse the transfer instead", param="charge")
    if charge["status"] != "succeeded":
        raise nothing_paid(charge["payment_intent"])
    if charge["refunded"]:
        raise invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if not disputes.leaves_refundable(scope, charge):
        raise invalid(f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")


def refund(scope: Scope, charge: Json, amount: int, *, reason: str | None, metadata: Json) -> Json:
    """Give an amount of a charge back, which must be left on it."""
    before = dict(charge)
    acts = way(scope, charge)
    body = made(scope, charge, amount, reason)
    body["metadata"] = metadata
    if acts == "pending":
        body |= {"status": "pending", "pending_reason": "processing"}
    body["balance_transaction"] = book(scope, taking(scope, charge, body))["id"]
    scope.insert(body)
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    if reason == "fraudulent":
        charge["fraud_details"] = charge["fraud_details"] | {"user_report": "fraudulent"}
    scope.save(charge)
    record(scope, "refund.created", body)
    record(scope, "charge.refunded", charge, previous=previous(before, charge))
    go_on(scope, charge, body, acts)
    return body


def way(scope: Scope, charge: Json) -> str | None:
    """Return how a refund of this charge goes: `pending`, `failing`, or at once."""
    if charge["payment_method_details"]["type"] != "card":
        return "pending"
    return behaviour(number_of(scope, charge["payment_method"])).refund


def go_on(scope: Scope, charge: Json, body: Json, acts: str | None) -> None:
    """Plan what comes after the answer."""
    after = scope.at(scope.now, scope.account)
    if acts == "pending":
        to_card = charge["payment_method_details"]["type"] == "card"
        schedule(scope, scope.now + (CARD_SECONDS if to_card else BANK_SECONDS), "refund_arrives", body["id"])
    else:
        scope.later.append(lambda: refund_outcomes.acknowledge(after, body["id"]))
    if acts == "failing":
        schedule(scope, scope.now + CARD_SECONDS, "refund_bounces", body["id"])
    if charge["refunded"]:
        scope.later.append(lambda: disputes.settle_inquiry(after, charge["id"]))


def taking(scope: Scope, charge: Json, body: Json) -> Booking:
    """Return the booking of a refund; pending as long as the funds of its charge are."""
    brought = scope.get("balance_transaction", charge["balance_transaction"]).body
    return Booking(
        kind="payment_refund" if charge["id"].startswith("py_") else "refund",
        category="refund",
        amount=-body["amount"],
        currency=charge["currency"],
        source=body["id"],
        available_on=brought["available_on"] if brought["status"] == "pending" else scope.now,
        description=described("REFUND FOR CHARGE", charge),
    )


def made(scope: Scope, charge: Json, amount: int, reason: str | None) -> Json:
    """Return a refund object that succeeded."""
    return {
        "id": new_id("payment_refund" if charge["id"].startswith("py_") else "refund"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": scope.now,
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "destination_details": destination(charge),
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }


def destination(charge: Json) -> Json:
    """Where the money goes; the number to trace it by comes later."""
    if charge["payment_method_details"]["type"] != "card":
        return {"type": "us_bank_transfer", "us_bank_transfer": {"reference": None, "reference_status": "pending"}}
    card = {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"}
    return {"card": card, "type": "card"}


def retrieve(scope: Scope, params: Json, refund: str) -> Json:
    """GET /v1/refunds/{refund}."""
    del params
    return scope.get("refund", refund, param="refund").body


def update(scope: Scope, params: Json, refund: str) -> Json:
    """POST /v1/refunds/{refund}: metadata alone."""
    body = scope.get("refund", refund, param="refund").body
    before = dict(body)
    body["metadata"] = merged(body["metadata"], params.get("metadata"))
    return changed(scope, before, body) if body != before else body


def cancel(scope: Scope, params: Json, refund: str) -> Json:
    """POST /v1/refunds/{refund}/cancel: while it has not gone out."""
    del params
    body = scope.get("refund", refund, param="refund").body
    if body["status"] not in ("pending", "requires_action"):
        raise invalid("Canceling this refund is unsupported.")
    return take_back(scope, body, "canceled", "merchant_request")


def listing(scope: Scope, params: Json) -> Json:
    """GET /v1/refunds."""
    equal = {name: params.get(name) for name in ("charge", "payment_intent")}
    return page(scope, "refund", params, url="/v1/refunds", equal=equal)


def of_charge(scope: Scope, charge: Json) -> Json:
    """Return `refunds` of a charge, which is left out until `expand` asks for it."""
    found = page(scope, "refund", {}, url=f"/v1/charges/{charge['id']}/refunds", equal={"charge": charge["id"]})
    row = scope.store.row(
        "SELECT count(*) AS n FROM objects WHERE account = ? AND kind = 'refund' AND deleted = 0 "
        "AND json_extract(body, '$.charge') = ?",
        scope.account, charge["id"],
    )  # fmt: skip
    return found | {"total_count": row["n"] if row else 0}


OPERATIONS: Operations = {
    "GET /v1/refunds": listing,
    "POST /v1/refunds": create,
    "GET /v1/refunds/{refund}": retrieve,
    "POST /v1/refunds/{refund}": update,
    "POST /v1/refunds/{refund}/cancel": cancel,
}
INCLUDED = {("charge", "refunds"): of_charge}
DUE = refund_outcomes.DUE
