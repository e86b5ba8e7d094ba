"""Disputes: by test card or from the dashboard, with their money, evidence and end.

A chargeback takes the amount and a fee of 15.00 at once; when it is won the amount comes back and the fee does not, as
recorded (https://docs.stripe.com/disputes/how-disputes-work#dispute-fees). An inquiry moves no money until it is
escalated; after 120 days it closes.
"""

import copy

from randonumber.sandbox.differences import previous
from randonumber.sandbox.recording import record
from randonumber.sandbox.resources.disputes.dispute_evidence import given, is_submitted
from randonumber.sandbox.resources.disputes.dispute_money import refresh, reinstate, withdraw
from randonumber.sandbox.resources.disputes.dispute_template import DAY, case, due_by, template
from randonumber.sandbox.resources.refunds import refund_outcomes
from randonumber.sandbox.scope import Json, Operations, Scope, schedule
from randonumber.sandbox.wire.errors import invalid
from randonumber.sandbox.wire.lists import page
from randonumber.sandbox.wire.metadata import merged

INQUIRY_SECONDS = 120 * DAY
CLOSED = ("won", "lost", "warning_closed", "prevented")
WAITING = {"needs_response": "under_review", "warning_needs_response": "warning_under_review"}
# https://docs.stripe.com/api/disputes/object#dispute_object-reason
REASONS = (
    "bank_cannot_process", "check_returned", "credit_not_processed", "customer_initiated", "debit_not_authorized",
    "duplicate", "fraudulent", "general", "incorrect_account_details", "insufficient_funds", "noncompliant",
    "product_not_received", "product_unacceptable", "subscription_canceled", "unrecognized",
)  # fmt: skip


def open_dispute(
    scope: Scope, charge_id: str, *, reason: str = "fraudulent", amount: int | None = None, inquiry: bool = False
) -> Json:
    """Dispute a charge of the scope's account: what is left of it, or an amount in minor units.

    Refunds of it that are still pending fail. Raises Refused when there is nothing to dispute.
    """
    charge = scope.get("charge", charge_id).body
    check_disputable(charge, reason)
    if not inquiry:
        fail_pending_refunds(scope, charge_id)
        charge = scope.get("charge", charge_id).body
    left = charge["amount_captured"] - charge["amount_refunded"]
    taken = left if amount is None else amount
    if not 0 < taken <= left:
        raise invalid(f"Only {left} of this charge can be disputed.", param="amount")
    dispute = scope.insert(template(scope, charge, amount=taken, reason=reason, inquiry=inquiry))
    scope.save(charge | {"disputed": True, "dispute": dispute["id"]})
    schedule(scope, dispute["evidence_details"]["due_by"], "dispute_due", dispute["id"])
    if inquiry:
        record(scope, "charge.dispute.created", dispute)
        schedule(scope, scope.now + INQUIRY_SECONDS, "inquiry_ends", dispute["id"])
        return dispute
    withdraw(scope, dispute)
    record(scope, "charge.dispute.created", dispute)
    record(scope, "charge.dispute.funds_withdrawn", dispute)
    return dispute


def check_disputable(charge: Json, reason: str) -> None:
    """Refuse what no cardholder could dispute."""
    if reason not in REASONS:
        raise invalid(f"Invalid reason: must be one of {', '.join(REASONS)}", param="reason")
    if charge["status"] != "succeeded" or charge.get("source_transfer"):
        raise invalid(f"Charge {charge['id']} cannot be disputed.", param="charge")
    if charge["disputed"]:
        raise invalid(f"Charge {charge['id']} has already been disputed.", param="charge")


def fail_pending_refunds(scope: Scope, charge_id: str) -> None:
    """End the refunds that had not gone out (https://docs.stripe.com/refunds#failed-refunds)."""
    rows = scope.store.rows(
        "SELECT id FROM objects WHERE account = ? AND kind = 'refund' AND json_extract(body, '$.charge') = ? "
        "AND json_extract(body, '$.status') = 'pending' ORDER BY seq",
        scope.account, charge_id,
    )  # fmt: skip
    for row in rows:
        refund_outcomes.fail(scope, row["id"], reason="charge_for_pending_refund_disputed")


def follow_payment(scope: Scope, charge_id: str, what: str) -> None:
    """Dispute a charge right after its payment, as Stripe's test cards do; `what` is a reason, or `inquiry`."""
    inquiry = what == "inquiry"
    open_dispute(scope, charge_id, reason="fraudulent" if inquiry else what, inquiry=inquiry)


def of_charge(scope: Scope, charge: Json) -> Json | None:
    """Return the dispute of a charge, if there is one."""
    found = scope.find("dispute", charge["dispute"]) if charge.get("dispute") else None
    return found.body if found else None


def leaves_refundable(scope: Scope, charge: Json) -> bool:
    """Whether a charge can be refunded: never disputed, under inquiry, or the dispute was won."""
    dispute = of_charge(scope, charge)
    return dispute is None or bool(dispute["is_charge_refundable"])


def settle_inquiry(scope: Scope, charge_id: str) -> None:
    """Close the inquiry of a charge that was refunded in full (https://docs.stripe.com/disputes/inquiries)."""
    dispute = of_charge(scope, scope.get("charge", charge_id).body)
    if dispute and dispute["status"].startswith("warning_") and dispute["status"] not in CLOSED:
        close_as(scope, dispute, "warning_closed")


def decide(scope: Scope, dispute_id: str, *, won: bool) -> Json:
    """Let the card's bank decide: won or lost; an inquiry closes either way. Raises Refused for a closed dispute."""
    dispute = open_one(scope, dispute_id)
    if dispute["status"].startswith("warning_"):
        return close_as(scope, dispute, "warning_closed")
    if not won:
        return close_as(scope, dispute, "lost")
    reinstate(scope, dispute)
    dispute |= {"status": "won", "is_charge_refundable": True}
    scope.save(dispute)
    record(scope, "charge.dispute.funds_reinstated", dispute)
    record(scope, "charge.dispute.closed", dispute)
    return dispute


def escalate(scope: Scope, dispute_id: str) -> Json:
    """Turn an inquiry into a chargeback, which takes the money. Raises Refused for another dispute."""
    dispute = open_one(scope, dispute_id)
    if not dispute["status"].startswith("warning_"):
        raise invalid("This dispute is a chargeback already.")
    before = copy.deepcopy(dispute)
    fail_pending_refunds(scope, dispute["charge"])
    charge = scope.get("charge", dispute["charge"]).body
    dispute |= {"status": "needs_response", "is_charge_refundable": False}
    dispute |= case(charge, dispute["reason"], inquiry=False)
    dispute["evidence_details"] |= {"due_by": due_by(scope.now), "past_due": False}
    withdraw(scope, dispute)
    schedule(scope, dispute["evidence_details"]["due_by"], "dispute_due", dispute["id"])
    record(scope, "charge.dispute.updated", dispute, previous=previous(before, dispute))
    record(scope, "charge.dispute.funds_withdrawn", dispute)
    return dispute


def close_as(scope: Scope, dispute: Json, status: str) -> Json:
    """End a dispute without moving money."""
    dispute["status"] = status
    scope.save(dispute)
    record(scope, "charge.dispute.closed", dispute)
    return dispute


def open_one(scope: Scope, dispute_id: str) -> Json:
    """Return a dispute that is not closed yet, or raise Refused."""
    body = scope.get("dispute", dispute_id, param="dispute").body
    if body["status"] in CLOSED:
        raise invalid("This dispute is already closed")
    return body


def retrieve(scope: Scope, params: Json, dispute: str) -> Json:
    """GET /v1/disputes/{dispute}."""
    del params
    return scope.get("dispute", dispute, param="dispute").body


def update(scope: Scope, params: Json, dispute: str) -> Json:
    """POST /v1/disputes/{dispute}: metadata and evidence, which goes to the bank unless `submit` is false."""
    body = open_one(scope, dispute)
    before = copy.deepcopy(body)
    body["metadata"] = merged(body["metadata"], params.get("metadata"))
    details = body["evidence_details"]
    if params.get("evidence"):
        body["evidence"] |= given(params["evidence"])
        details["has_evidence"] = True
    if is_submitted(params):
        details["submission_count"] += 1
        body["status"] = WAITING.get(body["status"], body["status"])
        after = scope.at(scope.now, scope.account)
        scope.later.append(lambda: judge(after, body["id"]))
    if body != before:
        scope.save(body)
        record(scope, "charge.dispute.updated", body, previous=previous(before, body))
        tell_of_charge(scope, body)
    return body


def judge(scope: Scope, dispute_id: str) -> None:
    """Decide a dispute by Stripe's words for tests, else leave it (https://docs.stripe.com/testing#disputes)."""
    body = scope.get("dispute", dispute_id).body
    words = body["evidence"]["uncategorized_text"]
    inquiry = body["status"].startswith("warning_")
    if words == "escalate_inquiry_evidence" and inquiry:
        escalate(scope, dispute_id)
    elif words in ("winning_evidence", "losing_evidence"):
        decide(scope, dispute_id, won=words == "winning_evidence")


def close(scope: Scope, params: Json, dispute: str) -> Json:
    """POST /v1/disputes/{dispute}/close: give in."""
    del params
    body = open_one(scope, dispute)
    close_as(scope, body, "warning_closed" if body["status"].startswith("warning_") else "lost")
    tell_of_charge(scope, body)
    return body


def tell_of_charge(scope: Scope, dispute: Json) -> None:
    """Write the `charge.updated` that follows what is done to a dispute, as recorded."""
    record(scope, "charge.updated", scope.get("charge", dispute["charge"]).body, previous={})


def listing(scope: Scope, params: Json) -> Json:
    """GET /v1/disputes."""
    equal = {name: params.get(name) for name in ("charge", "payment_intent")}
    return page(scope, "dispute", params, url="/v1/disputes", equal=equal)


def run_out(scope: Scope, dispute_id: str) -> None:
    """Let the time for evidence run out: a chargeback without it is lost."""
    found = scope.find("dispute", dispute_id)
    if not found or found.body["status"] not in WAITING or scope.now < found.body["evidence_details"]["due_by"]:
        return
    body = found.body
    before = copy.deepcopy(body)
    body["evidence_details"]["past_due"] = True
    if body["status"] == "needs_response":
        close_as(scope, body, "lost")
    else:
        scope.save(body)
        record(scope, "charge.dispute.updated", body, previous=previous(before, body))


def end_inquiry(scope: Scope, dispute_id: str) -> None:
    """Close an inquiry that was never escalated."""
    found = scope.find("dispute", dispute_id)
    if found and found.body["status"] in ("warning_needs_response", "warning_under_review"):
        close_as(scope, found.body, "warning_closed")


OPERATIONS: Operations = {
    "GET /v1/disputes": listing,
    "GET /v1/disputes/{dispute}": retrieve,
    "POST /v1/disputes/{dispute}": update,
    "POST /v1/disputes/{dispute}/close": close,
}
INCLUDED = {("charge", "dispute"): of_charge}
DUE = {"dispute_due": run_out, "inquiry_ends": end_inquiry, "dispute_money": refresh}
