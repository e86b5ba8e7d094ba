"""What a new dispute looks like."""

from randonumber.sandbox.ids import new_id
from randonumber.sandbox.scope import Json, Scope

DAY = 24 * 60 * 60
# Evidence is due at the end of the eighth day (UTC), as recorded for Visa cards in test mode.
DAYS_TO_RESPOND = 8
CHARGEBACK = "chargeback"
INQUIRY = "inquiry"
# Visa's codes: the first three as recorded, the others by https://docs.stripe.com/disputes/reason-codes-defense-requirements.
NETWORK_CODES = {
    "fraudulent": "10.4",
    "product_not_received": "13.1",
    "subscription_canceled": "13.2",
    "product_unacceptable": "13.3",
    "credit_not_processed": "13.6",
    "duplicate": "12.6.1",
}
INQUIRY_CODE = "10"
FILES = (
    "cancellation_policy",
    "customer_communication",
    "customer_signature",
    "duplicate_charge_documentation",
    "receipt",
    "refund_policy",
    "service_documentation",
    "shipping_documentation",
    "uncategorized_file",
)
TEXTS = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_tracking_number",
    "uncategorized_text",
)


def template(scope: Scope, charge: Json, *, amount: int, reason: str, inquiry: bool) -> Json:
    """Return a dispute that waits for a response; no money has moved yet."""
    return {
        "id": new_id("dispute"),
        "object": "dispute",
        "amount": amount,
        "balance_transaction": None,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": scope.now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": known(scope, charge),
        "evidence_details": {
            "due_by": due_by(scope.now),
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": inquiry,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        **case(charge, reason, inquiry=inquiry),
        "reason": reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
    }


def due_by(moment: int) -> int:
    """Return until when evidence counts that is asked for at this moment."""
    return (moment // DAY + DAYS_TO_RESPOND + 1) * DAY - 1


def case(charge: Json, reason: str, *, inquiry: bool) -> Json:
    """Return `payment_method_details`, which Stripe gives for cards and not for bank accounts."""
    used = charge["payment_method_details"]
    if used["type"] != "card":
        return {}
    card = {
        "brand": used["card"]["brand"],
        "case_type": INQUIRY if inquiry else CHARGEBACK,
        "network": used["card"]["network"],
        "network_reason_code": INQUIRY_CODE if inquiry else NETWORK_CODES.get(reason),
    }
    return {"payment_method_details": {"card": card, "type": "card"}}


def known(scope: Scope, charge: Json) -> Json:
    """Return the evidence that Stripe fills in itself: who the customer is, and what was bought."""
    found = scope.find("customer", charge["customer"]) if charge["customer"] else None
    customer = found.body if found else {}
    billing = charge["billing_details"]
    empty = dict.fromkeys(sorted((*TEXTS, *FILES)))
    return empty | {
        "customer_email_address": customer.get("email") or billing["email"],
        "customer_name": customer.get("name") or customer.get("description") or billing["name"],
        "enhanced_evidence": {},
        "product_description": charge["description"],
    }
