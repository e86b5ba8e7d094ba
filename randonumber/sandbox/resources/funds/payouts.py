"""Payouts: an account's balance on its way to its bank, by hand or by schedule.

https://docs.stripe.com/payouts. A payout takes its money from what is available at once and arrives two days later.
"""

from randonumber.sandbox import connections, currencies
from randonumber.sandbox.ids import new_id
from randonumber.sandbox.recording import record, updated
from randonumber.sandbox.resources.connect import connected_accounts, external_accounts
from randonumber.sandbox.resources.funds import payout_ends
from randonumber.sandbox.resources.funds.balance_transactions import Booking, book
from randonumber.sandbox.resources.funds.payout_ends import arrive, fail
from randonumber.sandbox.resources.funds.payout_schedules import AUTOMATIC, DAY, plan_payout
from randonumber.sandbox.resources.funds.transfers import check_funds, check_positive
from randonumber.sandbox.scope import Json, Operations, Scope, schedule
from randonumber.sandbox.store import Record
from randonumber.sandbox.wire.errors import invalid, not_here_yet
from randonumber.sandbox.wire.lists import page
from randonumber.sandbox.wire.metadata import merged

__all__ = ["arrive", "fail"]
DAYS_UNDER_WAY = 2
SWEPT = (
    "SELECT id, json_extract(body, '$.net') AS net FROM objects WHERE account = ? AND kind = 'balance_transaction' "
    "AND json_extract(body, '$.currency') = ? AND json_extract(body, '$.status') = 'available' "
    "AND json_extract(hidden, '$.payout') IS NULL "
    "AND (json_extract(body, '$.available_on') <= ? OR json_extract(body, '$.net') < 0)"
)


def create(scope: Scope, params: Json) -> Json:
    """POST /v1/payouts. Raises Refused for what cannot be paid out, in Stripe's words."""
    if params.get("method", "standard") != "standard":
        raise not_here_yet("instant payouts", param="method")
    if params.get("payout_method"):
        raise not_here_yet("payouts to payout methods", param="payout_method")
    check_positive(params["amount"])
    currency = currencies.checked(params["currency"], "currency")
    check_allowed(scope)
    bank = bank_of(scope, currency, params.get("destination"))
    source_type = params.get("source_type", "card")
    check_funds(scope, params["amount"], currency, source_type)
    more = {
        "description": params.get("description") or None,
        "metadata": merged({}, params.get("metadata")),
        "source_type": source_type,
        "statement_descriptor": params.get("statement_descriptor") or None,
    }
    return send(scope, params["amount"], currency, bank, more)


def check_allowed(scope: Scope) -> None:
    """Refuse a connected account whose payouts are off."""
    found = connected_accounts.find(scope, scope.account)
    if found and not found.body.get("payouts_enabled"):
        raise invalid(
            "Payouts have been disabled on the connected account. Check the connected account's status to see if "
            "payouts can be enabled.",
            code="payouts_not_allowed",
        )


def bank_of(scope: Scope, currency: str, asked: str | None) -> Record:
    """Return the bank account that a payout goes to: the one asked for, or the default one of its currency."""
    if asked:
        found = scope.find("bank_account", asked)
        if not found or found.deleted:
            raise invalid(f"No such external account: '{asked[:60]}'", param="destination", code="resource_missing")
        if found.body["currency"] != currency:
            raise no_bank(currency)
        return found
    default = external_accounts.default(scope, currency)
    if not default:
        raise no_bank(currency)
    return default


def no_bank(currency: str) -> Exception:
    """Stripe's refusal of a currency that no bank account takes."""
    return invalid(f"Sorry, you don't have any external accounts in that currency ({currency}).", param="currency")


def send(scope: Scope, amount: int, currency: str, bank: Record, more: Json) -> Json:
    """Take the money from the balance, and put the payout on its way; a negative amount comes from the bank."""
    arrival = scope.now + DAYS_UNDER_WAY * DAY
    payout: Json = {
        "id": new_id("payout"),
        "object": "payout",
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": arrival,
        "automatic": False,
        "balance_transaction": None,
        "created": scope.now,
        "currency": currency,
        "description": None,
        "destination": bank.body["id"],
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "not_applicable",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None,
        "status": "pending",
        "trace_id": {"status": "pending", "value": None},
        "type": "bank_account",
    }
    payout |= more
    taking = Booking(
        kind="payout",
        category="payout" if amount > 0 else "payout_reversal",
        amount=-amount,
        currency=currency,
        source=payout["id"],
        available_on=arrival if amount < 0 else None,
        description=payout["description"],
    )
    payout["balance_transaction"] = book(scope, taking)["id"]
    scope.insert(payout)
    record(scope, "payout.created", payout)
    schedule(scope, scope.now + DAY, "payout_submitted", payout["id"])
    schedule(scope, arrival, "payout_arrives", payout["id"])
    return payout


def pay_out(scope: Scope, currency: str) -> None:
    """Pay out what has been available for a day, as the schedule of a connected account wants it; later what cannot be.

    An account without payouts, without a bank account, or with one that a payout failed at, keeps its money.
    """
    found = connected_accounts.find(scope, scope.account)
    rows = scope.store.rows(SWEPT, scope.account, currency, scope.now - DAY)
    amount = sum(row["net"] for row in rows)
    if not found or found.schedule.get("interval") == "manual" or amount <= 0:
        return
    bank = external_accounts.default(scope, currency)
    if not found.body.get("payouts_enabled") or not bank or bank.body["status"] == "errored":
        plan_payout(scope, currency)
        return
    automatic = {"automatic": True, "description": "STRIPE PAYOUT", "reconciliation_status": "in_progress"}
    payout = send(scope, amount, currency, bank, automatic)
    for swept in [payout["balance_transaction"], *(row["id"] for row in rows)]:
        entry = scope.get("balance_transaction", swept)
        scope.save(entry.body, entry.hidden | {"payout": payout["id"]})


def retrieve(scope: Scope, params: Json, payout: str) -> Json:
    """GET /v1/payouts/{payout}."""
    del params
    return scope.get("payout", payout, param="payout").body


def update(scope: Scope, params: Json, payout: str) -> Json:
    """POST /v1/payouts/{payout}: metadata alone."""
    before = scope.get("payout", payout, param="payout").body
    body = scope.save(before | {"metadata": merged(before["metadata"], params.get("metadata"))})
    updated(scope, "payout.updated", before, body)
    return body


def cancel(scope: Scope, params: Json, payout: str) -> Json:
    """POST /v1/payouts/{payout}/cancel: while it is pending, and was asked for by hand."""
    del params
    body = scope.get("payout", payout, param="payout").body
    if body["automatic"]:
        raise invalid("You cannot cancel automatic Stripe payouts.")
    if body["status"] != "pending" or body["original_payout"]:
        raise invalid(f"Payouts can only be canceled while they are pending. This payout's status is {body['status']}.")
    return payout_ends.cancel(scope, body)


def reverse(scope: Scope, params: Json, payout: str) -> Json:
    """POST /v1/payouts/{payout}/reverse: debit the bank account of a connected account with what it got."""
    body = scope.get("payout", payout, param="payout").body
    if not connections.find(scope.store, scope.account):
        raise invalid("Only payouts of connected accounts can be reversed.")
    if body["status"] not in ("in_transit", "paid"):
        raise invalid(f"Payouts that are {body['status']} cannot be reversed.")
    if body["reversed_by"] or body["original_payout"]:
        raise invalid(f"Payout {body['id']} has already been reversed.")
    bank = scope.get("bank_account", body["destination"])
    metadata = merged({}, params.get("metadata"))
    back = send(scope, -body["amount"], body["currency"], bank, {"metadata": metadata, "original_payout": body["id"]})
    updated(scope, "payout.updated", body, scope.save(body | {"reversed_by": back["id"]}))
    return back


def listing(scope: Scope, params: Json) -> Json:
    """GET /v1/payouts."""
    equal = {name: params.get(name) for name in ("destination", "status")}
    spans = {"arrival_date": params.get("arrival_date")}
    return page(scope, "payout", params, url="/v1/payouts", equal=equal, spans=spans)


OPERATIONS: Operations = {
    "GET /v1/payouts": listing,
    "POST /v1/payouts": create,
    "GET /v1/payouts/{payout}": retrieve,
    "POST /v1/payouts/{payout}": update,
    "POST /v1/payouts/{payout}/cancel": cancel,
    "POST /v1/payouts/{payout}/reverse": reverse,
}
DUE = {"payout_submitted": payout_ends.submit, "payout_arrives": payout_ends.due, AUTOMATIC: pay_out}
