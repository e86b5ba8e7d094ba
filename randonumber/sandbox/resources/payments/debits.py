"""A bank debit: a payment that is `processing` until the bank pays or sends it back, four days later.

Four business days by https://docs.stripe.com/payments/ach-direct-debit#timing; here four days of the sandbox's clock.
The charge is `pending` without a balance transaction meanwhile, as recorded from Stripe; funds are available as soon
as it succeeds, as in Stripe's test mode. A debit needs the holder's consent, a mandate: for one payment, or kept with
the account when it is set up for later ones.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from randonumber.sandbox.ids import new_id
from randonumber.sandbox.recording import record
from randonumber.sandbox.resources.checkout import checkout_ending
from randonumber.sandbox.resources.disputes import disputes
from randonumber.sandbox.resources.funds import settlements
from randonumber.sandbox.resources.payments import bank, charges
from randonumber.sandbox.scope import Json, Operations, Scope, schedule
from randonumber.sandbox.wire.errors import Refused, doc_url, fields, invalid

DAY = 24 * 60 * 60
DAYS_PROCESSING = 4
NO_MANDATE = (
    "This PaymentIntent requires a mandate, but no existing mandate was found. Collect mandate acceptance from the "
    "customer and try again, providing acceptance data in the mandate_data parameter."
)


def begin(scope: Scope, intent: Json, method: Json, *, accepted: bool) -> Json:
    """Send a debit to the bank and return the intent `processing`; `accepted` when this request brings the consent.

    Raises Refused for another currency than usd, or when there is no mandate.
    """
    bank.check_currency((bank.METHOD,), intent["currency"], "currency")
    mandate = mandate_for(scope, intent, method, accepted=accepted)
    made = charges.make(scope, intent, method, None, authenticated=False)
    made["payment_method_details"][bank.METHOD] |= {
        "expected_debit_date": datetime.fromtimestamp(scope.now + DAY, UTC).strftime("%Y-%m-%d"),
        "mandate": mandate,
    }
    scope.save(made)
    intent |= {
        "status": "processing",
        "payment_method": method["id"],
        "latest_charge": made["id"],
        "last_payment_error": None,
        "next_action": None,
    }
    scope.save(intent)
    record(scope, "charge.pending", made)
    record(scope, "payment_intent.processing", intent)
    if number_of(scope, method["id"]) != bank.STUCK:
        schedule(scope, scope.now + DAYS_PROCESSING * DAY, "debit_ends", made["id"])
    return intent


def mandate_for(scope: Scope, intent: Json, method: Json, *, accepted: bool) -> str:
    """Return the id of the consent to this debit; a new one is kept when later payments are set up with it."""
    found = scope.get("payment_method", method["id"])
    kept: str | None = found.hidden.get("mandate")
    if not accepted and not kept:
        raise Refused(400, fields(NO_MANDATE, param=None, code=None) | {"payment_intent": dict(intent)})
    if not accepted and kept:
        return kept
    if intent["setup_future_usage"]:
        return new_mandate(scope, method["id"])
    once = {"amount": intent["amount"], "currency": intent["currency"]}
    return keep_mandate(scope, method["id"], {"type": "single_use", "single_use": once})


def new_mandate(scope: Scope, method_id: str) -> str:
    """Keep the holder's consent to later debits of an account, and return its id."""
    mandate = keep_mandate(scope, method_id, {"type": "multi_use", "multi_use": {}})
    found = scope.get("payment_method", method_id)
    scope.save(found.body, found.hidden | {"mandate": mandate})
    return mandate


def keep_mandate(scope: Scope, method_id: str, kind: Json) -> str:
    """Keep a mandate and return its id."""
    body = {
        "id": new_id("mandate"),
        "object": "mandate",
        "customer_acceptance": {"accepted_at": scope.now, "offline": {}, "type": "offline"},
        "livemode": False,
        "payment_method": method_id,
        "payment_method_details": {"type": bank.METHOD, bank.METHOD: {}},
        "status": "active",
        **kind,
    }
    mandate: str = scope.insert(body)["id"]
    return mandate


def number_of(scope: Scope, method_id: str) -> str:
    """Return the account number behind a payment method."""
    number: str = scope.get("payment_method", method_id).hidden["number"]
    return number


def debit_ends(scope: Scope, charge_id: str) -> None:
    """Let the bank pay or send back, by the account's number, as the clock does."""
    charge = scope.get("charge", charge_id).body
    if charge["status"] != "pending":
        return
    failure = bank.FAILURES.get(number_of(scope, charge["payment_method"]))
    if failure:
        fail(scope, charge_id, failure.code)
    else:
        succeed(scope, charge_id)


def succeed(scope: Scope, charge_id: str) -> Json:
    """Let a pending debit be paid; the charge. Its balance transaction comes after the answer, available at once."""
    charge, intent = pending(scope, charge_id)
    charge |= {
        "outcome": charges.outcome(None),
        "paid": True,
        "receipt_url": f"{scope.base_url}/receipts/{charge['id']}",
        "status": "succeeded",
    }
    charge["payment_method_details"][bank.METHOD]["payment_reference"] = reference(charge)
    intent |= {"status": "succeeded", "amount_received": intent["amount"]}
    scope.save(charge)
    scope.save(intent)
    record(scope, "charge.succeeded", charge)
    record(scope, "payment_intent.succeeded", intent)
    checkout_ending.paid_later(scope, intent)
    scope.later.append(settling(scope, charge["id"]))
    if number_of(scope, charge["payment_method"]) == bank.DISPUTED:
        scope.later.append(disputing(scope, charge["id"]))
    return charge


def settling(scope: Scope, charge_id: str) -> Callable[[], None]:
    """Return the balance transaction, to be made after the answer."""
    return lambda: settlements.settle(scope, charge_id, at_once=True)


def disputing(scope: Scope, charge_id: str) -> Callable[[], None]:
    """Return the dispute that follows the debit of a test account, to be opened after the answer."""
    return lambda: disputes.follow_payment(scope, charge_id, "debit_not_authorized")


def reference(charge: Json) -> str:
    """Return fifteen digits by which a bank finds the debit, the same for the same charge."""
    return f"091000{int.from_bytes(charge['id'].encode()) % 10**9:09d}"


def fail(scope: Scope, charge_id: str, code: str = "insufficient_funds") -> Json:
    """Let the bank send a pending debit back for this reason; the charge. The intent can be paid in another way."""
    charge, intent = pending(scope, charge_id)
    why = bank.CODES.get(code) or bank.Failure(code=code, message="The bank could not process this payment.")
    method = scope.get("payment_method", charge["payment_method"]).body
    charge |= {"failure_code": why.code, "failure_message": why.message, "status": "failed"}
    charge |= {"amount_captured": 0, "captured": False}
    error = {
        "charge": charge["id"],
        "code": why.code,
        "doc_url": doc_url(why.code),
        "message": why.message,
        "payment_method": method,
        "payment_method_type": bank.METHOD,
        "type": "card_error",
    }
    intent |= {"status": "requires_payment_method", "payment_method": None, "last_payment_error": error}
    scope.save(charge)
    scope.save(intent)
    record(scope, "charge.failed", charge)
    record(scope, "payment_intent.payment_failed", intent)
    checkout_ending.failed_later(scope, intent)
    return charge


def withdraw(scope: Scope, intent: Json) -> None:
    """Take a debit back that is still processing, for an intent that is being cancelled."""
    charge = scope.get("charge", intent["latest_charge"]).body
    charge |= {"amount_captured": 0, "captured": False, "status": "failed"}
    scope.save(charge)
    record(scope, "charge.failed", charge)
    checkout_ending.failed_later(scope, intent)


def pending(scope: Scope, charge_id: str) -> tuple[Json, Json]:
    """Return a pending debit's charge and intent. Raises Refused for any other charge."""
    charge = scope.get("charge", charge_id, param="charge").body
    if charge["status"] != "pending":
        raise invalid(f"The charge {charge_id} is not pending: it has {charge['status']}.", param="charge")
    return charge, scope.get("payment_intent", charge["payment_intent"]).body


OPERATIONS: Operations = {}
DUE = {"debit_ends": debit_ends}
