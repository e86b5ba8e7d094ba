"""What the app knows of Stripe's objects. Amounts are integers in the currency's minor unit, moments aware UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Account:
    """The account of the key itself. `payout_interval` is `manual`, `daily` … or None when Stripe does not say."""

    id: str
    country: str | None
    default_currency: str | None
    charges_enabled: bool
    payouts_enabled: bool
    payout_interval: str | None


@dataclass(frozen=True, kw_only=True)
class Customer:
    """A customer; a deleted one keeps only its id."""

    id: str
    email: str | None
    deleted: bool
    livemode: bool
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CheckoutSession:
    """A hosted payment: `status` open, complete or expired; `payment_status` paid, unpaid or no_payment_required."""

    id: str
    status: str | None
    payment_status: str
    url: str | None
    amount_total: int | None
    currency: str | None
    payment_intent_id: str | None
    customer_id: str | None
    client_reference_id: str | None
    livemode: bool
    expires_at: datetime
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Charge:
    """One movement of a buyer's money. `balance_transaction_id` is often None in its first seconds.

    `amount_refunded` counts no refund that failed; `disputed` stays true whatever becomes of the dispute.
    """

    id: str
    amount: int
    currency: str
    paid: bool
    receipt_url: str | None
    card_brand: str | None
    card_last4: str | None
    balance_transaction_id: str | None
    customer_id: str | None
    payment_intent_id: str | None
    created_at: datetime
    livemode: bool
    amount_refunded: int = 0
    disputed: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PaymentIntent:
    """A payment in its states; `charge` is the latest charge, read along with it.

    `error_code` says why the last try failed (`card_declined`, `authentication_required`), `decline_code` what the
    bank said, `error_message` what a buyer may be told. `redirect_url` is where the bank asks its question. The
    `client_secret` lets a browser pay: it goes to the buyer alone, and into no log.
    """

    id: str
    status: str
    amount: int
    amount_received: int
    currency: str
    customer_id: str | None
    livemode: bool
    charge: Charge | None
    payment_method_id: str | None = None
    error_code: str | None = None
    decline_code: str | None = None
    error_message: str | None = None
    redirect_url: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Card:
    """A payment method of type card, as much of it as Stripe shows."""

    id: str
    customer_id: str | None
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    fingerprint: str | None
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class SetupIntent:
    """The saving of a card in its states. The `client_secret` goes to its owner alone, and into no log."""

    id: str
    status: str
    customer_id: str | None
    payment_method_id: str | None
    livemode: bool
    client_secret: str | None = field(default=None, repr=False)
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Refund:
    """Money on its way back: `status` pending, requires_action, succeeded, failed or canceled.

    Its money has left the balance when it has a `balance_transaction_id`, and is back when there is a
    `failure_balance_transaction_id`.
    """

    id: str
    amount: int
    currency: str
    status: str
    charge_id: str | None
    payment_intent_id: str | None
    balance_transaction_id: str | None
    failure_balance_transaction_id: str | None
    failure_reason: str | None
    created_at: datetime
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Dispute:
    """A payment that its buyer's bank takes back: `status` by Stripe's words, `warning_…` while it only asks.

    `withdrawn` and `reinstated` are what its balance transactions took from the balance and gave back, without fees.
    """

    id: str
    amount: int
    currency: str
    status: str
    reason: str
    charge_id: str
    withdrawn: int
    reinstated: int
    evidence_due_by: datetime | None
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Balance:
    """What Stripe holds for us, in US cents."""

    available: int
    pending: int
    connect_reserved: int


@dataclass(frozen=True, kw_only=True)
class BalanceTransaction:
    """One row of Stripe's own book: `net` = `amount` − `fee`, in minor units of `currency`."""

    id: str
    type: str
    amount: int
    fee: int
    net: int
    currency: str
    source_id: str | None
    created_at: datetime
    available_on: datetime
    reporting_category: str
    status: str


@dataclass(frozen=True, kw_only=True)
class WebhookEndpoint:
    """An address that Stripe sends events to, and their types; `*` is every type."""

    id: str
    url: str
    enabled_events: tuple[str, ...]
    is_enabled: bool


@dataclass(frozen=True, kw_only=True)
class Event:
    """An event as Stripe lists it; `payload` is the whole of it."""

    id: str
    type: str
    created_at: datetime
    payload: Mapping[str, Any]
