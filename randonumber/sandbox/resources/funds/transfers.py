"""Transfers: money of a platform's balance sent to a connected account's.

https://docs.stripe.com/connect/separate-charges-and-transfers. A transfer with a `source_transaction` whose funds are
not there yet is pending on both sides until they are; any other takes what is available, at once.
"""

from dataclasses import dataclass

from randonumber.sandbox import connections, currencies
from randonumber.sandbox.ids import new_id
from randonumber.sandbox.recording import record, updated
from randonumber.sandbox.resources.connect import connected_accounts
from randonumber.sandbox.resources.funds import balance, destination_payments
from randonumber.sandbox.resources.funds.balance_transactions import Booking, book
from randonumber.sandbox.scope import Json, Operations, Scope
from randonumber.sandbox.wire.errors import Refused, invalid, missing, not_here_yet
from randonumber.sandbox.wire.lists import page
from randonumber.sandbox.wire.metadata import merged

SOURCE_TYPES = ("card", "bank_account", "fpx")


@dataclass(frozen=True, kw_only=True)
class Source:
    """The charge that a transfer draws on, and its balance transaction with what was drawn on it before."""

    charge: Json
    entry: Json
    hidden: Json

    @property
    def is_pending(self) -> bool:
        """Whether its funds are still to come."""
        return bool(self.entry["status"] == "pending")


def create(scope: Scope, params: Json) -> Json:
    """POST /v1/transfers. Raises Refused for what cannot be sent, in Stripe's words."""
    currency = currencies.checked(params["currency"], "currency")
    source = source_of(scope, params, currency)
    amount = asked(params, source)
    check_destination(scope, params["destination"])
    if source:
        draw(scope, source, amount)
    if not (source and source.is_pending):
        check_funds(scope, amount, currency, params.get("source_type", SOURCE_TYPES[0]))
    return send(scope, params | {"amount": amount, "currency": currency}, source)


def asked(params: Json, source: Source | None) -> int:
    """Return the amount, in minor units; without one all of the charge that it draws on."""
    amount: int | None = params.get("amount", source.charge["amount"] if source else None)
    if amount is None:
        raise invalid("Missing required param: amount.", param="amount", code="parameter_missing")
    check_positive(amount)
    return amount


def check_positive(amount: int) -> None:
    """Refuse an amount below 1; unlike charges, transfers and payouts have no higher minimum here."""
    if amount < 1:
        raise invalid(
            "This value must be greater than or equal to 1.", param="amount", code="parameter_invalid_integer"
        )


def check_destination(scope: Scope, destination: str) -> None:
    """Refuse an account that is not connected to this one, or that cannot take transfers."""
    own = connections.find(scope.store, scope.account)
    if own and own.platform == destination:
        raise not_here_yet("debits of connected accounts", param="destination")
    if destination == scope.account:
        raise invalid("You cannot transfer funds to your own account.", param="destination")
    found = connected_accounts.find(scope, destination)
    if not found or not found.live or found.platform != scope.account:
        raise missing("destination", destination[:60], param="destination", status=400)
    if not found.receives_transfers:
        raise invalid(
            "Your destination account needs to have at least one of the following capabilities enabled: "
            "transfers, crypto_transfers, legacy_payments",
            code="insufficient_capabilities_for_transfer",
        )


def check_funds(scope: Scope, amount: int, currency: str, source_type: str) -> None:
    """Refuse more than what is available in the account's balance; all of it is there as `card` money."""
    available = balance.available_minor(scope, currency) if source_type == SOURCE_TYPES[0] else 0
    if amount > available:
        raise insufficient()


def insufficient() -> Refused:
    """`balance_insufficient`, as in test mode."""
    return invalid(
        "You have insufficient available funds in your Stripe account. Try adding funds directly to your available "
        "balance by creating Charges using the 4000000000000077 test card. "
        "See: https://stripe.com/docs/testing#available-balance",
        code="balance_insufficient",
    )


def source_of(scope: Scope, params: Json, currency: str) -> Source | None:
    """Return the charge that a transfer draws on, None when it draws on the balance."""
    if "source_transaction" not in params:
        return None
    charge = scope.get("charge", params["source_transaction"], param="source_transaction", status=400).body
    if charge["status"] == "pending":
        raise not_here_yet("transfers from a payment that is still processing", param="source_transaction")
    if not charge["balance_transaction"]:
        raise invalid(f"Charge {charge['id']} did not succeed and cannot be transferred.", param="source_transaction")
    entry = scope.get("balance_transaction", charge["balance_transaction"])
    if entry.body["currency"] != currency:
        raise invalid(
            f"The currency of source_transaction's balance transaction ({entry.body['currency']}) must be the same as "
            f"the transfer currency ({currency})",
            param="currency",
        )
    return Source(charge=charge, entry=entry.body, hidden=entry.hidden)


def draw(scope: Scope, source: Source, amount: int) -> None:
    """Count what is taken from a charge. Raises Refused beyond its amount."""
    drawn, times = source.hidden.get("drawn", 0), source.hidden.get("draws", 0)
    currency = source.charge["currency"]
    if drawn + amount > source.charge["amount"]:
        whole, before = (currencies.plain(each, currency) for each in (source.charge["amount"], drawn))
        earlier = "There is already a transfer" if times == 1 else f"There are already {times} transfers"
        more = f" ({earlier} using this source, amounting to {before}.)" if times else ""
        raise invalid(
            f"Transfers using this transaction as a source must not exceed the source amount of {whole}.{more}",
            param="amount",
        )
    scope.save(source.entry, source.hidden | {"drawn": drawn + amount, "draws": times + 1})


def give_back(scope: Scope, transfer: Json, amount: int) -> None:
    """Count what a reversal gave back to the charge that its transfer had drawn on."""
    if transfer["source_transaction"]:
        charge = scope.get("charge", transfer["source_transaction"]).body
        entry = scope.get("balance_transaction", charge["balance_transaction"])
        scope.save(entry.body, entry.hidden | {"drawn": entry.hidden["drawn"] - amount})


def send(scope: Scope, params: Json, source: Source | None) -> Json:
    """Move the money: out of the platform's balance, and into the destination's as a payment."""
    at = source.entry["available_on"] if source and source.is_pending else None
    transfer = made(scope, params, source)
    taking = Booking(
        kind="transfer",
        category="transfer",
        amount=-transfer["amount"],
        currency=transfer["currency"],
        source=transfer["id"],
        available_on=at,
        description=transfer["description"],
    )
    transfer["balance_transaction"] = book(scope, taking)["id"]
    there = scope.at(scope.now, transfer["destination"])
    payment = destination_payments.receive(there, transfer, available_on=at)
    transfer["destination_payment"] = payment["id"]
    scope.insert(transfer)
    record(scope, "transfer.created", transfer)
    record(there, "payment.created", payment)
    return transfer


def made(scope: Scope, params: Json, source: Source | None) -> Json:
    """Return a new transfer, before its two sides are booked."""
    transfer_id = new_id("transfer")
    return {
        "id": transfer_id,
        "object": "transfer",
        "amount": params["amount"],
        "amount_reversed": 0,
        "balance_transaction": None,
        "created": scope.now,
        "currency": params["currency"],
        "description": params.get("description") or None,
        "destination": params["destination"],
        "destination_payment": None,
        "livemode": False,
        "metadata": merged({}, params.get("metadata")),
        "reversals": {
            "object": "list",
            "data": [],
            "has_more": False,
            "total_count": 0,
            "url": f"/v1/transfers/{transfer_id}/reversals",
        },
        "reversed": False,
        "source_transaction": source.charge["id"] if source else None,
        "source_type": params.get("source_type", SOURCE_TYPES[0]),
        "transfer_group": params.get("transfer_group") or (group_of(scope, source.charge) if source else None),
    }


def group_of(scope: Scope, charge: Json) -> str:
    """Return the charge's transfer group; one without gets one, as Stripe gives it."""
    found: str | None = charge["transfer_group"]
    if not found:
        found = "group_" + (charge["payment_intent"] or charge["id"])
        scope.save(charge | {"transfer_group": found})
    return found


def retrieve(scope: Scope, params: Json, transfer: str) -> Json:
    """GET /v1/transfers/{transfer}."""
    del params
    return scope.get("transfer", transfer, param="transfer").body


def update(scope: Scope, params: Json, transfer: str) -> Json:
    """POST /v1/transfers/{transfer}: description and metadata."""
    before = scope.get("transfer", transfer, param="transfer").body
    body = before | {"metadata": merged(before["metadata"], params.get("metadata"))}
    if "description" in params:
        body["description"] = params["description"] or None
    scope.save(body)
    updated(scope, "transfer.updated", before, body)
    return body


def listing(scope: Scope, params: Json) -> Json:
    """GET /v1/transfers."""
    equal = {name: params.get(name) for name in ("destination", "transfer_group")}
    return page(scope, "transfer", params, url="/v1/transfers", equal=equal)


OPERATIONS: Operations = {
    "GET /v1/transfers": listing,
    "POST /v1/transfers": create,
    "GET /v1/transfers/{transfer}": retrieve,
    "POST /v1/transfers/{transfer}": update,
}
