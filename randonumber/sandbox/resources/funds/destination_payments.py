"""What a transfer is on the account that gets it: a payment (`py_…`), and refunds of it (`pyr_…`) by reversals."""

from randonumber.sandbox.ids import new_id
from randonumber.sandbox.recording import record, updated
from randonumber.sandbox.resources.funds.balance_transactions import Booking, book
from randonumber.sandbox.scope import Json, Scope

NOBODY: Json = {
    "address": {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None},
    "email": None,
    "name": None,
    "phone": None,
    "tax_id": None,
}
# What only the payment of a buyer has.
WITHOUT_A_BUYER: Json = dict.fromkeys(
    (
        "application", "application_fee", "application_fee_amount", "calculated_statement_descriptor", "customer",
        "description", "destination", "dispute", "failure_balance_transaction", "failure_code", "failure_message",
        "on_behalf_of", "order", "outcome", "payment_intent", "payment_method", "receipt_email", "receipt_number",
        "receipt_url", "review", "shipping", "source", "statement_descriptor", "statement_descriptor_suffix",
        "transfer_data", "transfer_group",
    )
)  # fmt: skip


def receive(scope: Scope, transfer: Json, *, available_on: int | None) -> Json:
    """Book what a transfer brings to the scope's account; available now, or when its source is."""
    payment_id = new_id("payment")
    entry = book(
        scope,
        Booking(
            kind="payment",
            category="charge",
            amount=transfer["amount"],
            currency=transfer["currency"],
            source=payment_id,
            available_on=available_on,
        ),
    )
    payment = WITHOUT_A_BUYER | {
        "id": payment_id,
        "object": "charge",
        "amount": transfer["amount"],
        "amount_captured": transfer["amount"],
        "amount_refunded": 0,
        "balance_transaction": entry["id"],
        "billing_details": NOBODY,
        "captured": True,
        "created": scope.now,
        "currency": transfer["currency"],
        "disputed": False,
        "fraud_details": {},
        "livemode": False,
        "metadata": {},
        "paid": True,
        "payment_method_details": {"stripe_account": {}, "type": "stripe_account"},
        "radar_options": {},
        "refunded": False,
        "source_transfer": transfer["id"],
        "status": "succeeded",
    }
    return scope.insert(payment)


def take_back(scope: Scope, payment_id: str, reversal: Json, *, available_on: int | None) -> Json:
    """Book the refund of a payment on the account that had got it; pending while the payment is."""
    before = scope.get("charge", payment_id).body
    refund = refund_of(scope, before, reversal)
    entry = book(
        scope,
        Booking(
            kind="payment_refund",
            category="refund",
            amount=-refund["amount"],
            currency=refund["currency"],
            source=refund["id"],
            available_on=available_on,
            description="REFUND FOR PAYMENT",
        ),
    )
    refund = scope.insert(refund | {"balance_transaction": entry["id"]})
    back = before["amount_refunded"] + refund["amount"]
    payment = scope.save(before | {"amount_refunded": back, "refunded": back == before["amount"]})
    record(scope, "refund.created", refund)
    updated(scope, "charge.refunded", before, payment)
    return refund


def refund_of(scope: Scope, payment: Json, reversal: Json) -> Json:
    """Return the refund that a reversal of its transfer is for the account that had got it."""
    return {
        "id": new_id("payment_refund"),
        "object": "refund",
        "amount": reversal["amount"],
        "balance_transaction": None,
        "charge": payment["id"],
        "created": scope.now,
        "currency": payment["currency"],
        "customer": None,
        "customer_account": None,
        "destination_details": {"type": "stripe_account"},
        "metadata": {},
        "payment_intent": None,
        "payment_method": None,
        "reason": None,
        "receipt_number": None,
        "source_transfer_reversal": reversal["id"],
        "status": "succeeded",
        "transfer_reversal": None,
    }
