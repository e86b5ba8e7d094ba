"""How a payout goes on after it was made: sent to the bank, arrived, failed or taken back.

Sent a day after it was made, arrived on its `arrival_date`; a payout to a bank account that takes none fails then
(https://docs.stripe.com/payouts#payout-failures), and may still fail after it showed as paid.
"""

from randonumber.sandbox.recording import record, updated
from randonumber.sandbox.resources.connect import connected_accounts, external_accounts
from randonumber.sandbox.resources.funds.balance_transactions import Booking, book
from randonumber.sandbox.scope import Json, Scope
from randonumber.sandbox.wire.errors import invalid

# Stripe's words for each https://docs.stripe.com/api/payouts/failures.
FAILURES = {
    "account_closed": "The bank account has been closed.",
    "account_frozen": "The bank account has been frozen.",
    "bank_account_restricted": "The bank account has restrictions on either the type, or the number, of payouts "
    "allowed. This normally indicates that the bank account is a savings or other non-checking account.",
    "bank_ownership_changed": "The destination bank account is no longer valid because its branch has changed "
    "ownership.",
    "could_not_process": "The bank could not process this payout.",
    "debit_not_authorized": "Debit transactions are not approved on your bank account. (Stripe requires bank accounts "
    "to be set up for both credit and debit payouts.)",
    "declined": "The bank has declined this transfer. Please contact the bank before retrying.",
    "incorrect_account_holder_name": "Your bank notified us that the bank account holder name on file is incorrect.",
    "insufficient_funds": "Your Stripe account has insufficient funds to cover the payout.",
    "invalid_account_number": "The routing number seems correct, but the account number is invalid.",
    "invalid_currency": "The bank was unable to process this payout because of its currency. This is probably because "
    "the bank account cannot accept payments in that currency.",
    "no_account": "The bank account details on file are probably incorrect. No bank account could be located with "
    "those details.",
    "unsupported_card": "The bank no longer supports payouts to this card.",
}
ON_ITS_WAY = ("pending", "in_transit")
TRACED = {"status": "unsupported", "value": None}


def submit(scope: Scope, payout_id: str) -> None:
    """Send a pending payout to the bank."""
    before = scope.get("payout", payout_id).body
    if before["status"] == "pending":
        updated(scope, "payout.updated", before, scope.save(before | {"status": "in_transit"}))


def due(scope: Scope, payout_id: str) -> None:
    """Let a payout arrive on its day, unless it ended before."""
    if scope.get("payout", payout_id).body["status"] in ON_ITS_WAY:
        arrive(scope, payout_id)


def arrive(scope: Scope, payout_id: str) -> Json:
    """Let a payout reach its bank account now, which takes it or not. Raises Refused when it has ended."""
    before = scope.get("payout", payout_id, param="payout").body
    if before["status"] not in ON_ITS_WAY:
        raise invalid(f"This payout cannot arrive any more: its status is {before['status']}.")
    bank = scope.get("bank_account", before["destination"])
    code = external_accounts.failure_code(bank)
    if code:
        return fail(scope, payout_id, code)
    after = scope.save(before | {"status": "paid", "trace_id": TRACED})
    record(scope, "payout.paid", after)
    return reconciled(scope, after)


def reconciled(scope: Scope, payout: Json) -> Json:
    """Say of an automatic payout that what it paid out can be listed now."""
    if payout["reconciliation_status"] != "in_progress":
        return payout
    after = scope.save(payout | {"reconciliation_status": "completed"})
    record(scope, "payout.reconciliation_completed", after)
    return after


def fail(scope: Scope, payout_id: str, code: str = "account_closed") -> Json:
    """Let a payout fail, also one that showed as paid: its money comes back. Raises Refused when it ended otherwise.

    What was to take it back from the bank fails with it: the money comes back once.
    """
    before = scope.get("payout", payout_id, param="payout").body
    if before["status"] not in (*ON_ITS_WAY, "paid"):
        raise invalid(f"This payout cannot fail any more: its status is {before['status']}.")
    if code not in FAILURES:
        raise invalid(f"Unknown failure code: {code}", param="code")
    ended = before | {
        "status": "failed",
        "failure_code": code,
        "failure_message": FAILURES[code],
        "trace_id": TRACED,
    }
    after = give_back(scope, ended, "payout_failure")
    record(scope, "payout.failed", after)
    reversal = scope.find("payout", after["reversed_by"]) if after["reversed_by"] else None
    if reversal and reversal.body["status"] in (*ON_ITS_WAY, "paid"):
        fail(scope, reversal.body["id"], code)
    if connected_accounts.find(scope, scope.account):
        external_accounts.errored(scope, after["destination"])
    return after


def cancel(scope: Scope, payout: Json) -> Json:
    """Take a pending payout back."""
    after = give_back(scope, payout | {"status": "canceled", "trace_id": TRACED}, "payout_cancel")
    record(scope, "payout.canceled", after)
    return after


def give_back(scope: Scope, payout: Json, kind: str) -> Json:
    """Undo the booking of a payout and keep its end."""
    back = Booking(
        kind=kind,
        category="payout_reversal",
        amount=payout["amount"],
        currency=payout["currency"],
        source=payout["id"],
        description=payout["description"],
    )
    return scope.save(payout | {"failure_balance_transaction": book(scope, back)["id"]})
