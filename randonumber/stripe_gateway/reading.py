"""Stripe's JSON turned into our objects. A field that may be an object or its id is read as the id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from randonumber.clock import from_timestamp
from randonumber.stripe_gateway.objects import (
    Account,
    Balance,
    BalanceTransaction,
    Card,
    Charge,
    CheckoutSession,
    Customer,
    Dispute,
    Event,
    PaymentIntent,
    Refund,
    SetupIntent,
    WebhookEndpoint,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Json = dict[str, Any]


def account(found: Json) -> Account:
    """Read an Account."""
    settings = found.get("settings") or {}
    schedule = (settings.get("payouts") or {}).get("schedule") or {}
    return Account(
        id=found["id"],
        country=found.get("country"),
        default_currency=found.get("default_currency"),
        charges_enabled=bool(found.get("charges_enabled")),
        payouts_enabled=bool(found.get("payouts_enabled")),
        payout_interval=schedule.get("interval"),
    )


def balance(found: Json) -> Balance:
    """Read a Balance: the sums of its rows in US dollars."""
    return Balance(
        available=_usd(found.get("available")),
        pending=_usd(found.get("pending")),
        connect_reserved=_usd(found.get("connect_reserved")),
    )


def balance_transaction(found: Json) -> BalanceTransaction:
    """Read a BalanceTransaction."""
    return BalanceTransaction(
        id=found["id"],
        type=found["type"],
        amount=found["amount"],
        fee=found["fee"],
        net=found["net"],
        currency=found["currency"],
        source_id=id_of(found.get("source")),
        created_at=from_timestamp(found["created"]),
        available_on=from_timestamp(found["available_on"]),
        reporting_category=found["reporting_category"],
        status=found["status"],
    )


def charge(found: Json) -> Charge:
    """Read a Charge."""
    card = ((found.get("payment_method_details") or {}).get("card")) or {}
    return Charge(
        id=found["id"],
        amount=found["amount"],
        currency=found["currency"],
        paid=found["paid"],
        receipt_url=found.get("receipt_url"),
        card_brand=card.get("brand"),
        card_last4=card.get("last4"),
        balance_transaction_id=id_of(found.get("balance_transaction")),
        customer_id=id_of(found.get("customer")),
        payment_intent_id=id_of(found.get("payment_intent")),
        created_at=from_timestamp(found["created"]),
        livemode=found["livemode"],
        amount_refunded=found.get("amount_refunded") or 0,
        disputed=bool(found.get("disputed")),
        metadata=metadata_of(found),
    )


def card(found: Json) -> Card:
    """Read a PaymentMethod of type card."""
    shown = found["card"]
    return Card(
        id=found["id"],
        customer_id=id_of(found.get("customer")),
        brand=shown["brand"],
        last4=shown["last4"],
        exp_month=shown["exp_month"],
        exp_year=shown["exp_year"],
        fingerprint=shown.get("fingerprint"),
        created_at=from_timestamp(found["created"]),
    )


def dispute(found: Json) -> Dispute:
    """Read a Dispute."""
    moved = [row["amount"] for row in found.get("balance_transactions") or ()]
    due_by = (found.get("evidence_details") or {}).get("due_by")
    return Dispute(
        id=found["id"],
        amount=found["amount"],
        currency=found["currency"],
        status=found["status"],
        reason=found["reason"],
        charge_id=id_of(found["charge"]) or "",
        withdrawn=-sum(amount for amount in moved if amount < 0),
        reinstated=sum(amount for amount in moved if amount > 0),
        evidence_due_by=from_timestamp(due_by) if due_by else None,
        created_at=from_timestamp(found["created"]),
    )


def checkout_session(found: Json) -> CheckoutSession:
    """Read a Checkout Session."""
    return CheckoutSession(
        id=found["id"],
        status=found.get("status"),
        payment_status=found["payment_status"],
        url=found.get("url"),
        amount_total=found.get("amount_total"),
        currency=found.get("currency"),
        payment_intent_id=id_of(found.get("payment_intent")),
        customer_id=id_of(found.get("customer")),
        client_reference_id=found.get("client_reference_id"),
        livemode=found["livemode"],
        expires_at=from_timestamp(found["expires_at"]),
        metadata=metadata_of(found),
    )


def customer(found: Json) -> Customer:
    """Read a Customer."""
    return Customer(
        id=found["id"],
        email=found.get("email"),
        deleted=bool(found.get("deleted")),
        livemode=bool(found.get("livemode")),
        metadata=metadata_of(found),
    )


def event(found: Json) -> Event:
    """Read an Event."""
    return Event(id=found["id"], type=found["type"], created_at=from_timestamp(found["created"]), payload=found)


def payment_intent(found: Json) -> PaymentIntent:
    """Read a PaymentIntent whose `latest_charge` was expanded."""
    latest = found.get("latest_charge")
    error = found.get("last_payment_error") or {}
    redirect = (found.get("next_action") or {}).get("redirect_to_url") or {}
    return PaymentIntent(
        id=found["id"],
        status=found["status"],
        amount=found["amount"],
        amount_received=found.get("amount_received") or 0,
        currency=found["currency"],
        customer_id=id_of(found.get("customer")),
        livemode=found["livemode"],
        charge=charge(latest) if isinstance(latest, dict) else None,
        payment_method_id=id_of(found.get("payment_method")) or id_of(error.get("payment_method")),
        error_code=error.get("code"),
        decline_code=error.get("decline_code"),
        error_message=error.get("message"),
        redirect_url=redirect.get("url"),
        client_secret=found.get("client_secret"),
        metadata=metadata_of(found),
    )


def refund(found: Json) -> Refund:
    """Read a Refund."""
    return Refund(
        id=found["id"],
        amount=found["amount"],
        currency=found["currency"],
        status=found["status"] or "succeeded",
        charge_id=id_of(found.get("charge")),
        payment_intent_id=id_of(found.get("payment_intent")),
        balance_transaction_id=id_of(found.get("balance_transaction")),
        failure_balance_transaction_id=id_of(found.get("failure_balance_transaction")),
        failure_reason=found.get("failure_reason"),
        created_at=from_timestamp(found["created"]),
        metadata=metadata_of(found),
    )


def setup_intent(found: Json) -> SetupIntent:
    """Read a SetupIntent."""
    return SetupIntent(
        id=found["id"],
        status=found["status"],
        customer_id=id_of(found.get("customer")),
        payment_method_id=id_of(found.get("payment_method")),
        livemode=found["livemode"],
        client_secret=found.get("client_secret"),
        metadata=metadata_of(found),
    )


def webhook_endpoint(found: Json) -> WebhookEndpoint:
    """Read a WebhookEndpoint."""
    return WebhookEndpoint(
        id=found["id"],
        url=found["url"],
        enabled_events=tuple(found["enabled_events"]),
        is_enabled=found["status"] == "enabled",
    )


def id_of(value: Any) -> str | None:
    """Return the id of what may be an id, an expanded object or nothing."""
    found = value["id"] if isinstance(value, dict) else value
    return found if isinstance(found, str) else None


def metadata_of(found: Json) -> Mapping[str, str]:
    """Return what was written on an object; nothing for an object without."""
    given: Mapping[str, str] = found.get("metadata") or {}
    return given


def _usd(rows: Sequence[Json] | None) -> int:
    return sum(row["amount"] for row in rows or () if row["currency"] == "usd")
