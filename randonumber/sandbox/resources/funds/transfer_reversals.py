"""Transfer reversals: money of a transfer taken back from the account that had got it, whole or in parts.

An account whose losses its platform bears may fall below zero by it; any other has to have the money
(https://docs.stripe.com/connect/separate-charges-and-transfers#reverse-transfers).
"""

from randonumber.sandbox import currencies
from randonumber.sandbox.ids import new_id
from randonumber.sandbox.recording import updated
from randonumber.sandbox.resources.connect import connected_accounts
from randonumber.sandbox.resources.funds import balance, destination_payments
from randonumber.sandbox.resources.funds.balance_transactions import Booking, book
from randonumber.sandbox.resources.funds.transfers import check_positive, give_back, insufficient
from randonumber.sandbox.scope import Json, Operations, Scope
from randonumber.sandbox.wire.errors import invalid, missing, not_here_yet
from randonumber.sandbox.wire.keys import no_access
from randonumber.sandbox.wire.lists import page
from randonumber.sandbox.wire.metadata import merged

SHOWN_IN_TRANSFER = 10


def create(scope: Scope, params: Json, id: str) -> Json:  # noqa: A002 -- Stripe's name in the address
    """POST /v1/transfers/{id}/reversals. Raises Refused for more than is left, or than the account has."""
    transfer = scope.get("transfer", id).body
    if params.get("refund_application_fee"):
        raise not_here_yet("refunds of application fees", param="refund_application_fee")
    return reverse(scope, transfer, asked(transfer, params), metadata=merged({}, params.get("metadata")))


def asked(transfer: Json, params: Json) -> int:
    """Return how much is to come back, in minor units; all that is left when nothing is said."""
    left: int = transfer["amount"] - transfer["amount_reversed"]
    amount: int = params.get("amount", left)
    if not left:
        raise invalid(f"The transfer {transfer['id']} is already fully reversed.")
    check_positive(amount)
    if amount > left:
        wanted, rest = (currencies.plain(each, transfer["currency"]) for each in (amount, left))
        raise invalid(
            f"Transfer reversal amount ({wanted}) is greater than unreversed amount on transfer ({rest})",
            param="amount",
        )
    return amount


def reverse(scope: Scope, transfer: Json, amount: int, *, metadata: Json) -> Json:
    """Take an amount of a transfer back, which must be left on it. Raises Refused when the account cannot give it."""
    there = scope.at(scope.now, transfer["destination"])
    at = pending_until(there, transfer)
    check_covered(scope, there, transfer["currency"], amount, pending=at is not None)
    reversal = {
        "id": new_id("transfer_reversal"),
        "object": "transfer_reversal",
        "amount": amount,
        "balance_transaction": None,
        "created": scope.now,
        "currency": transfer["currency"],
        "destination_payment_refund": None,
        "metadata": metadata,
        "source_refund": None,
        "transfer": transfer["id"],
    }
    refund = destination_payments.take_back(there, transfer["destination_payment"], reversal, available_on=at)
    reversal["destination_payment_refund"] = refund["id"]
    giving = Booking(
        kind="transfer_refund",
        category="transfer_reversal",
        amount=amount,
        currency=transfer["currency"],
        source=reversal["id"],
        available_on=at,
        description=f"REFUND FOR TRANSFER ({transfer['id']})",
    )
    reversal["balance_transaction"] = book(scope, giving)["id"]
    give_back(scope, transfer, amount)
    count(scope, transfer, scope.insert(reversal))
    return reversal


def pending_until(there: Scope, transfer: Json) -> int | None:
    """Return when the funds of a transfer become available to its destination, None when they are."""
    payment = there.get("charge", transfer["destination_payment"]).body
    entry = there.get("balance_transaction", payment["balance_transaction"]).body
    return entry["available_on"] if entry["status"] == "pending" else None


def check_covered(scope: Scope, there: Scope, currency: str, amount: int, *, pending: bool) -> None:
    """Refuse to take from a closed account, or what an account does not have that answers for its own losses."""
    found = connected_accounts.find(scope, there.account)
    if not found or not found.live:
        raise no_access(scope.key, there.account)
    if not pending and not found.platform_bears_losses and balance.available_minor(there, currency) < amount:
        raise insufficient()


def count(scope: Scope, transfer: Json, reversal: Json) -> None:
    """Write a reversal into its transfer, which shows the newest ones, and tell."""
    back = transfer["amount_reversed"] + reversal["amount"]
    shown = transfer["reversals"]
    data = [reversal, *shown["data"]]
    listed = {
        "data": data[:SHOWN_IN_TRANSFER],
        "has_more": shown["has_more"] or len(data) > SHOWN_IN_TRANSFER,
        "total_count": shown["total_count"] + 1,
    }
    after = transfer | {
        "amount_reversed": back,
        "reversed": back == transfer["amount"],
        "reversals": shown | listed,
    }
    scope.save(after)
    updated(scope, "transfer.reversed", transfer, after)


def retrieve(scope: Scope, params: Json, transfer: str, id: str) -> Json:  # noqa: A002
    """GET /v1/transfers/{transfer}/reversals/{id}."""
    del params
    return find(scope, transfer, id)


def find(scope: Scope, transfer: str, reversal: str) -> Json:
    """Return a reversal of this transfer. Raises Refused with `resource_missing` for another's, too."""
    scope.get("transfer", transfer, param="transfer")
    kept = scope.find("transfer_reversal", reversal)
    if not kept or kept.body["transfer"] != transfer:
        raise missing("transfer_reversal", reversal)
    return kept.body


def update(scope: Scope, params: Json, transfer: str, id: str) -> Json:  # noqa: A002
    """POST /v1/transfers/{transfer}/reversals/{id}: metadata alone."""
    before = find(scope, transfer, id)
    body = scope.save(before | {"metadata": merged(before["metadata"], params.get("metadata"))})
    owner = scope.get("transfer", transfer).body
    owner["reversals"]["data"] = [body if one["id"] == id else one for one in owner["reversals"]["data"]]
    scope.save(owner)
    return body


def listing(scope: Scope, params: Json, id: str) -> Json:  # noqa: A002
    """GET /v1/transfers/{id}/reversals."""
    scope.get("transfer", id)
    return page(scope, "transfer_reversal", params, url=f"/v1/transfers/{id}/reversals", equal={"transfer": id})


OPERATIONS: Operations = {
    "GET /v1/transfers/{id}/reversals": listing,
    "POST /v1/transfers/{id}/reversals": create,
    "GET /v1/transfers/{transfer}/reversals/{id}": retrieve,
    "POST /v1/transfers/{transfer}/reversals/{id}": update,
}
