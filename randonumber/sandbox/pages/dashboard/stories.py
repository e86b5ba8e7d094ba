"""What has happened to an object, in a sentence or two, and what the clock will do to it."""

from collections.abc import Callable

from randonumber.sandbox.pages.dashboard.cells import spoken
from randonumber.sandbox.pages.dashboard.conditions import charge_state
from randonumber.sandbox.pages.layout import when
from randonumber.sandbox.scope import Json, Scope
from randonumber.sandbox.store import Record

# What a state means, by kind and Stripe's word for it.
STATES: dict[str, dict[str, str]] = {
    "payment_intent": {
        "requires_payment_method": "Nothing is paid. It waits for a payment method: the first one, or after a decline "
        "another one.",
        "requires_confirmation": "Nothing is paid. It has a payment method and waits to be confirmed.",
        "requires_action": "Nothing is paid. The card's bank wants the buyer to prove who they are (3-D Secure).",
        "processing": "The bank was asked and has not answered yet, as bank debits take days. Ship nothing yet.",
        "succeeded": "It is paid. The charge below holds the money.",
        "canceled": "It was canceled and can never be paid.",
    },
    "charge": {
        "succeeded": "It is paid. The fee is taken at once; the rest reaches the balance, at first as pending.",
        "pending": "The bank was asked and has not answered yet. It succeeds or fails later.",
        "failed": "It was declined. No money moved; the buyer may try again.",
        "refunded": "It was paid and refunded in full. Stripe keeps its fee.",
        "partly_refunded": "It was paid, and a part was refunded. Stripe keeps its fee.",
        "disputed": "The buyer's bank disputes it: amount and fee leave the balance until the dispute is decided.",
    },
    "refund": {
        "succeeded": "The money has left the balance and is on its way to the buyer.",
        "pending": "The money has left the balance; the buyer's bank has not taken it yet. It may still fail.",
        "failed": "The buyer's bank sent the money back: it is in the balance again, and the buyer has nothing.",
        "canceled": "It was canceled before it went out; the money is in the balance again.",
        "requires_action": "It waits for the buyer to say where the money shall go.",
    },
    "dispute": {
        "needs_response": "The amount and a fee were taken from the balance. Answer with evidence, or it is lost when "
        "the time is up.",
        "under_review": "Evidence was sent; the buyer's bank decides. At Stripe this takes weeks; here a button does.",
        "won": "The bank decided for you: the amount is back in the balance.",
        "lost": "The bank decided for the buyer: amount and fee are gone.",
        "warning_needs_response": "An inquiry: the bank asks first, and no money has moved.",
        "warning_under_review": "An inquiry was answered; no money has moved.",
        "warning_closed": "The inquiry ended without a dispute.",
        "prevented": "It was settled before it became a dispute.",
    },
    "checkout.session": {
        "open": "The buyer can pay on the hosted page until it expires.",
        "complete": "The buyer is done on the hosted page.",
        "expired": "Nobody finished in time, or the app ended it. It cannot be used any more.",
    },
    "setup_intent": {
        "requires_payment_method": "No card is saved. It waits for one.",
        "requires_confirmation": "No card is saved yet. It has one and waits to be confirmed.",
        "requires_action": "The card's bank wants the buyer to prove who they are (3-D Secure) before it is saved.",
        "processing": "The bank is asked.",
        "succeeded": "The payment method is saved for later payments.",
        "canceled": "It was canceled; nothing was saved.",
    },
    "balance_transaction": {
        "pending": "The money counts as pending: it is there, and cannot be sent on yet.",
        "available": "The money counts as available: it can be sent on.",
    },
    "payout": {
        "pending": "The money has left the balance; the bank is told of it soon. It can still be canceled.",
        "in_transit": "The money has left the balance and is on its way to the bank.",
        "paid": "The money has arrived at the bank. A bank may still send it back within days.",
        "failed": "The bank sent the money back: it is in the balance again.",
        "canceled": "It was canceled in time; the money is in the balance again.",
    },
}
# What the clock does, by the name of the action.
COMING = {
    "funds_available": "its money becomes available",
    "session_expires": "the session expires",
    "refund_arrives": "the refund succeeds",
    "refund_bounces": "the refund fails",
    "debit_ends": "the bank answers",
    "dispute_due": "the time for evidence is up",
    "inquiry_ends": "the inquiry closes",
    "identity_verified": "the identity is verified",
    "payout_arrives": "the payout arrives, or the bank refuses it",
    "payout_submitted": "the payout is sent to the bank",
    "automatic_payout": "what is available is paid out",
}


def story(found: Record) -> list[str]:
    """Return sentences about the state of an object."""
    teller = TELLERS.get(found.kind)
    told = teller(found.body) if teller else [meaning(found.kind, found.body.get("status"))]
    return [sentence for sentence in told if sentence]


def meaning(kind: str, word: str | None) -> str:
    """Return what a state means, empty for one without words."""
    return STATES.get(kind, {}).get(word or "", "")


def coming(scope: Scope, object_id: str) -> list[str]:
    """Return what the clock will do to an object, soonest first."""
    rows = scope.store.rows("SELECT at, action FROM due WHERE object_id = ? ORDER BY at, seq LIMIT 5", object_id)
    return [f"{when(row['at'])}: {COMING.get(row['action'], row['action'].replace('_', ' '))}" for row in rows]


def of_charge(body: Json) -> list[str]:
    """Tell of a charge, or of a payment that a connected account got by a transfer."""
    if body.get("source_transfer"):
        return ["The platform sent this money by a transfer; it belongs to the connected account's balance."]
    left = body["amount"] - body["amount_refunded"]
    partly = body["amount_refunded"] and left
    return [
        meaning("charge", charge_state(body).text),
        f"{spoken(left, body['currency'])} of it is left to refund." if partly else "",
        f"The card's bank says: {body['failure_message']}" if body.get("failure_message") else "",
    ]


def of_session(body: Json) -> list[str]:
    """Tell of a Checkout Session; complete does not mean paid."""
    unpaid = body["status"] == "complete" and body["payment_status"] == "unpaid"
    return [
        meaning("checkout.session", body["status"]),
        "The bank debit has not come in yet: wait for its async_payment event." if unpaid else "",
    ]


def of_transfer(body: Json) -> list[str]:
    """Tell of a transfer and of what was taken back."""
    amount, back = body["amount"], body["amount_reversed"]
    told = f"{spoken(amount, body['currency'])} went from the platform's balance to the connected account's."
    return [told, f"{spoken(back, body['currency'])} of it was taken back." if back else ""]


def of_reversal(body: Json) -> list[str]:
    """Tell of a reversal."""
    return [f"{spoken(body['amount'], body['currency'])} went back from the connected account to the platform."]


def of_account(body: Json) -> list[str]:
    """Tell what an account may do, and what it lacks."""
    requirements = body.get("requirements") or {}
    due = len(requirements.get("currently_due") or [])
    return [
        "It can take payments." if body.get("charges_enabled") else "It cannot take payments yet.",
        "Its balance can be paid out." if body.get("payouts_enabled") else "Its balance cannot be paid out.",
        f"{due} piece{'' if due == 1 else 's'} of information missing." if due else "",
    ]


def of_event(body: Json) -> list[str]:
    """Tell why an event was written and for whom."""
    request = body.get("request") or {}
    cause = "An API request caused it." if request.get("id") else "No API request caused it: a page or the clock did."
    return [cause, "It happened on a connected account." if body.get("account") else ""]


TELLERS: dict[str, Callable[[Json], list[str]]] = {
    "account": of_account,
    "charge": of_charge,
    "checkout.session": of_session,
    "event": of_event,
    "transfer": of_transfer,
    "transfer_reversal": of_reversal,
}
