"""Charges: made by payments, read here."""

import secrets

from randonumber.sandbox.cards import Decline
from randonumber.sandbox.ids import characters, digits, new_id
from randonumber.sandbox.recording import updated
from randonumber.sandbox.resources.customers import card_tokens_are_retired, check_email, living
from randonumber.sandbox.resources.payments import bank
from randonumber.sandbox.scope import Json, Operations, Scope
from randonumber.sandbox.wire.errors import Refused, fields, invalid, not_here_yet
from randonumber.sandbox.wire.lists import page
from randonumber.sandbox.wire.metadata import merged

# A charge that the bank has not answered yet, as recorded.
PENDING = {
    "calculated_statement_descriptor": None,
    "outcome": None,
    "paid": False,
    "receipt_url": None,
    "status": "pending",
}
DECLINED = "The bank did not return any further details with this decline."


def make(scope: Scope, intent: Json, method: Json, decline: Decline | None, *, authenticated: bool) -> Json:
    """Write the charge of a payment: paid, failed or, by bank, pending; its balance transaction comes later."""
    debit = method["type"] == bank.METHOD
    paid = decline is None
    charge_id = new_id("payment" if debit else "charge")
    return scope.insert(
        {
            "id": charge_id,
            "object": "charge",
            "amount": intent["amount"],
            "amount_captured": intent["amount"] if paid else 0,
            "amount_refunded": 0,
            "application": None,
            "application_fee": None,
            "application_fee_amount": None,
            "balance_transaction": None,
            "billing_details": method["billing_details"],
            "calculated_statement_descriptor": "SANDBOX",
            "captured": paid,
            "created": scope.now,
            "currency": intent["currency"],
            "customer": intent["customer"],
            "description": intent["description"],
            "destination": None,
            "dispute": None,
            "disputed": False,
            "failure_balance_transaction": None,
            "failure_code": decline.code if decline else None,
            "failure_message": decline.message if decline else None,
            "fraud_details": {},
            "livemode": False,
            "metadata": intent["metadata"],
            "on_behalf_of": None,
            "order": None,
            "outcome": outcome(decline),
            "paid": paid,
            "payment_intent": intent["id"],
            "payment_method": method["id"],
            "payment_method_details": used(intent, method, paid, authenticated),
            "radar_options": {},
            "receipt_email": intent["receipt_email"],
            "receipt_number": None,
            "receipt_url": f"{scope.base_url}/receipts/{charge_id}" if paid else None,
            "refunded": False,
            "review": None,
            "shipping": intent["shipping"],
            "source": None,
            "source_transfer": None,
            "statement_descriptor": intent["statement_descriptor"],
            "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
            "status": "succeeded" if paid else "failed",
            "transfer_data": None,
            "transfer_group": intent["transfer_group"],
        }
        | (PENDING if debit else {})
    )


def outcome(decline: Decline | None) -> Json:
    """Return what the network said."""
    if decline is None:
        return {
            "advice_code": None,
            "network_advice_code": None,
            "network_decline_code": None,
            "network_status": "approved_by_network",
            "reason": None,
            "risk_level": "normal",
            "risk_score": 25,
            "seller_message": "Payment complete.",
            "type": "authorized",
        }
    return {
        "advice_code": decline.advice,
        "network_advice_code": None,
        "network_decline_code": decline.network,
        "network_status": "declined_by_network",
        "reason": decline.reason or decline.code,
        "risk_level": "normal",
        "risk_score": 25,
        "seller_message": DECLINED,
        "type": "issuer_declined",
    }


def used(intent: Json, method: Json, paid: bool, authenticated: bool) -> Json:  # noqa: FBT001
    """Return `payment_method_details`."""
    if method["type"] == bank.METHOD:
        return {bank.METHOD: account_used(method), "type": bank.METHOD}
    return {"card": card_used(intent, method, paid, authenticated), "type": "card"}


def account_used(method: Json) -> Json:
    """Return the bank account part of `payment_method_details`; the reference comes when the bank has paid."""
    names = ("account_holder_type", "account_type", "bank_name", "fingerprint", "last4", "routing_number")
    return {name: method[bank.METHOD][name] for name in names} | {"payment_reference": None}


def card_used(intent: Json, method: Json, paid: bool, authenticated: bool) -> Json:  # noqa: FBT001
    """Return the card part of `payment_method_details`."""
    card = method["card"]
    return {
        "amount_authorized": intent["amount"] if paid else None,
        "authorization_code": digits(secrets.token_hex(16), 6),
        "brand": card["brand"],
        "checks": card["checks"],
        "country": card["country"],
        "electronic_commerce_indicator": indicator(card["brand"], authenticated),
        "exp_month": card["exp_month"],
        "exp_year": card["exp_year"],
        "extended_authorization": {"status": "disabled"},
        "fingerprint": card["fingerprint"],
        "funding": card["funding"],
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "last4": card["last4"],
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": card["brand"],
        "network_token": {"used": False},
        "network_transaction_id": digits(card["fingerprint"], 15),
        "overcapture": {"maximum_amount_capturable": intent["amount"], "status": "unavailable"},
        "regulated_status": card["regulated_status"],
        "three_d_secure": three_d_secure(card["brand"]) if authenticated else None,
        "transaction_link_id": None,
        "wallet": None,
    }


def indicator(brand: str, authenticated: bool) -> str:  # noqa: FBT001
    """Return the network's word for how sure it is of the buyer: `07` without a challenge, as recorded."""
    if brand == "mastercard":
        return "02" if authenticated else "00"
    return "05" if authenticated else "07"


def three_d_secure(brand: str) -> Json:
    """Return a challenge that was passed."""
    return {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": indicator(brand, authenticated=True),
        "exemption_indicator": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": characters(22),
        "version": "2.2.0",
    }


def create(scope: Scope, params: Json) -> Json:
    """POST /v1/charges: refused as Stripe refuses it; payments are made by intents."""
    if "source" in params or "card" in params:
        raise card_tokens_are_retired()
    if params.get("customer"):
        raise nothing_saved(scope, living(scope, params["customer"])["id"])
    raise invalid("Must provide source or customer.", code="parameter_missing")


def nothing_saved(scope: Scope, customer: str) -> Refused:
    """Return what Stripe says of a customer without a card of the old kind, as recorded."""
    methods = page(scope, "payment_method", {"limit": 1}, url="", equal={"customer": customer})["data"]
    message = (
        "This Customer doesn't have any legacy saved payment details, but does have a Payment Method attached. Use a "
        "Payment Intent instead of creating a Charge: https://stripe.com/docs/payments/payment-intents/migration"
        if methods
        else "This Customer doesn't have any saved payment details. Attach a legacy Token, Card, Bank Account, or "
        "Source to this Customer and then try this request again, or use Payment Intents and Payment Methods instead."
    )
    return Refused(402, fields(message, param="card", code="missing", kind="card_error"))


def retrieve(scope: Scope, params: Json, charge: str) -> Json:
    """GET /v1/charges/{charge}."""
    del params
    return scope.get("charge", charge).body


def update(scope: Scope, params: Json, charge: str) -> Json:
    """POST /v1/charges/{charge}: words and metadata, and whether the seller thinks it a fraud."""
    body = scope.get("charge", charge).body
    before = dict(body)
    for name in params:
        if name not in ("description", "fraud_details", "metadata", "receipt_email", "transfer_group"):
            raise not_here_yet(f"changing the `{name}` of a charge", param=name)
    check_email(params.get("receipt_email"), "receipt_email")
    if "transfer_group" in params and body["payment_intent"]:
        raise invalid(
            f"This Charge was created by a PaymentIntent ({body['payment_intent']}). You must update the "
            "`transfer_group` on the PaymentIntent instead of updating the Charge directly. See "
            "https://stripe.com/docs/api#update_payment_intent"
        )
    for name in params:
        if name not in ("fraud_details", "metadata"):
            body[name] = params[name] or None
    if "fraud_details" in params:
        report = params["fraud_details"]["user_report"]
        body["fraud_details"] = {"user_report": report} if report else {}
    body["metadata"] = merged(body["metadata"], params.get("metadata"))
    scope.save(body)
    updated(scope, "charge.updated", before, body)
    return body


def listing(scope: Scope, params: Json) -> Json:
    """GET /v1/charges."""
    names = ("customer", "payment_intent", "transfer_group")
    return page(scope, "charge", params, url="/v1/charges", equal={name: params.get(name) for name in names})


OPERATIONS: Operations = {
    "GET /v1/charges": listing,
    "POST /v1/charges": create,
    "GET /v1/charges/{charge}": retrieve,
    "POST /v1/charges/{charge}": update,
}
