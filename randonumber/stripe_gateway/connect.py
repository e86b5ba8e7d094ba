"""Connected accounts, and what goes to them: OAuth, onboarding, transfers, and their own payouts.

https://docs.stripe.com/connect
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from randonumber.clock import from_timestamp
from randonumber.stripe_gateway import reading
from randonumber.stripe_gateway.paths import segment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from randonumber.stripe_gateway.client import Gateway
    from randonumber.stripe_gateway.objects import Balance
    from randonumber.stripe_gateway.reading import Json


@dataclass(frozen=True, kw_only=True)
class ConnectedAccount:
    """An account that is connected to ours. `type` is standard, express, custom or none.

    `transfers_active`: money can be transferred to it. `requirements` names what Stripe wants to know now, by the
    names of https://docs.stripe.com/api/accounts/object#account_object-requirements-currently_due.
    """

    id: str
    type: str
    country: str | None
    default_currency: str | None
    transfers_active: bool
    charges_enabled: bool
    payouts_enabled: bool
    details_submitted: bool
    requirements: tuple[str, ...]
    disabled_reason: str | None
    created_at: datetime | None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What an owner has agreed to by OAuth. The access token that comes with it is not kept."""

    stripe_account_id: str
    livemode: bool
    scope: str


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """Money from our balance to a connected account; `amount_reversed` of it came back."""

    id: str
    amount: int
    amount_reversed: int
    currency: str
    destination: str
    transfer_group: str | None
    balance_transaction_id: str | None
    created_at: datetime
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TransferReversal:
    """Money of a transfer that came back."""

    id: str
    transfer_id: str
    amount: int
    currency: str
    balance_transaction_id: str | None
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Payout:
    """Money on its way from a balance at Stripe to a bank: `status` pending, in_transit, paid, failed or canceled."""

    id: str
    amount: int
    currency: str
    status: str
    arrival_on: datetime
    failure_code: str | None
    failure_message: str | None
    created_at: datetime


class Connect:
    """The part of Stripe that is about other people's accounts. Every function calls the network."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def exchange(self, code: str) -> Grant:
        """Turn the code that an owner came back with into a connection. Raises StripeRefused for a code that is none.

        A code is good for one exchange, within five minutes; a second one revokes what the first gave
        (https://docs.stripe.com/connect/oauth-reference#post-token).
        """
        params = {"grant_type": "authorization_code", "code": code}
        found = self._gateway.wire.request("post", "/oauth/token", params, base="connect")
        return Grant(
            stripe_account_id=found["stripe_user_id"], livemode=bool(found["livemode"]), scope=found.get("scope") or ""
        )

    def deauthorize(self, client_id: str, stripe_account_id: str) -> None:
        """Give up our access to an account. Raises StripeRefused when we had none."""
        params = {"client_id": client_id, "stripe_user_id": stripe_account_id}
        self._gateway.wire.request("post", "/oauth/deauthorize", params, base="connect")

    def get_account(self, stripe_account_id: str) -> ConnectedAccount:
        """Return a connected account. Raises StripeNotFound, and StripeDenied when we have no access to it."""
        return account(self._gateway.get(f"/v1/accounts/{segment(stripe_account_id)}"))

    def create_account_link(self, stripe_account_id: str, *, return_url: str, refresh_url: str) -> str:
        """Return the address of Stripe's onboarding of an account: good once, for some minutes. Each call makes one."""
        params = {
            "account": stripe_account_id,
            "type": "account_onboarding",
            "return_url": return_url,
            "refresh_url": refresh_url,
        }
        return str(self._gateway.wire.request("post", "/v1/account_links", params)["url"])

    def create_login_link(self, stripe_account_id: str) -> str:
        """Return the address of the Express dashboard of an account, for its owner. Each call makes one."""
        path = f"/v1/accounts/{segment(stripe_account_id)}/login_links"
        return str(self._gateway.wire.request("post", path)["url"])

    def get_balance(self, stripe_account_id: str) -> Balance:
        """Return what a connected account holds, in US cents; below zero when it owes."""
        return reading.balance(self._gateway.get("/v1/balance", stripe_account=stripe_account_id))

    def get_transfer(self, transfer_id: str) -> Transfer:
        """Return a transfer. Raises StripeNotFound."""
        return transfer(self._gateway.get(f"/v1/transfers/{segment(transfer_id)}"))

    def list_transfers(self, transfer_group: str) -> list[Transfer]:
        """Return every transfer of a group, oldest first."""
        rows = [transfer(row) for row in self._gateway.each("/v1/transfers", transfer_group=transfer_group)]
        return sorted(rows, key=lambda row: (row.created_at, row.id))

    def list_reversals(self, transfer_id: str) -> list[TransferReversal]:
        """Return every reversal of a transfer, oldest first. Raises StripeNotFound."""
        path = f"/v1/transfers/{segment(transfer_id)}/reversals"
        rows = [reversal(row) for row in self._gateway.each(path)]
        return sorted(rows, key=lambda row: (row.created_at, row.id))

    def find_reversed_transfer(self, txn_id: str) -> str | None:
        """Return the id of the transfer whose reversal made this balance transaction; None when none did."""
        path = f"/v1/balance_transactions/{segment(txn_id)}"
        source = self._gateway.get(path, expand=["source"]).get("source")
        return reading.id_of(source.get("transfer")) if isinstance(source, dict) else None

    def get_payout(self, payout_id: str, stripe_account_id: str) -> Payout:
        """Return a payout of a connected account. Raises StripeNotFound."""
        path = f"/v1/payouts/{segment(payout_id)}"
        return payout(self._gateway.get(path, stripe_account=stripe_account_id))

    def list_payouts(self, stripe_account_id: str, **filters: Any) -> list[Payout]:
        """Return every payout of a connected account, newest first."""
        rows = self._gateway.each("/v1/payouts", stripe_account=stripe_account_id, **filters)
        return [payout(row) for row in rows]


def account(found: Json) -> ConnectedAccount:
    """Read a connected Account."""
    requirements = found.get("requirements") or {}
    return ConnectedAccount(
        id=found["id"],
        type=found.get("type") or "none",
        country=found.get("country"),
        default_currency=found.get("default_currency"),
        transfers_active=(found.get("capabilities") or {}).get("transfers") == "active",
        charges_enabled=bool(found.get("charges_enabled")),
        payouts_enabled=bool(found.get("payouts_enabled")),
        details_submitted=bool(found.get("details_submitted")),
        requirements=tuple(requirements.get("currently_due") or ()),
        disabled_reason=requirements.get("disabled_reason"),
        created_at=from_timestamp(found["created"]) if found.get("created") else None,
        metadata=reading.metadata_of(found),
    )


def transfer(found: Json) -> Transfer:
    """Read a Transfer."""
    return Transfer(
        id=found["id"],
        amount=found["amount"],
        amount_reversed=found["amount_reversed"],
        currency=found["currency"],
        destination=reading.id_of(found["destination"]) or "",
        transfer_group=found.get("transfer_group"),
        balance_transaction_id=reading.id_of(found.get("balance_transaction")),
        created_at=from_timestamp(found["created"]),
        metadata=reading.metadata_of(found),
    )


def reversal(found: Json) -> TransferReversal:
    """Read a TransferReversal."""
    return TransferReversal(
        id=found["id"],
        transfer_id=reading.id_of(found["transfer"]) or "",
        amount=found["amount"],
        currency=found["currency"],
        balance_transaction_id=reading.id_of(found.get("balance_transaction")),
        created_at=from_timestamp(found["created"]),
    )


def payout(found: Json) -> Payout:
    """Read a Payout."""
    return Payout(
        id=found["id"],
        amount=found["amount"],
        currency=found["currency"],
        status=found["status"],
        arrival_on=from_timestamp(found["arrival_date"]),
        failure_code=found.get("failure_code"),
        failure_message=found.get("failure_message"),
        created_at=from_timestamp(found["created"]),
    )
