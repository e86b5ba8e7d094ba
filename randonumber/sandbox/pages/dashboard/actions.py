"""What a person can do with an object: the app's own operations, and what only banks and buyers can do at Stripe."""

from randonumber.sandbox.pages.dashboard.account_actions import ACCOUNT, PAYOUT
from randonumber.sandbox.pages.dashboard.action import Action, Form, handle, is_in
from randonumber.sandbox.pages.dashboard.forms import Field, major, minor
from randonumber.sandbox.resources.disputes import disputes
from randonumber.sandbox.resources.payments import debits
from randonumber.sandbox.resources.payments.intents import OPEN
from randonumber.sandbox.resources.refunds import refund_outcomes
from randonumber.sandbox.scope import Json, Scope
from randonumber.sandbox.store import Record

UNANSWERED = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")


def left_minor(body: Json) -> int:
    """Return what is left of a charge or a transfer, in minor units."""
    return int(body["amount"]) - int(body.get("amount_refunded") or body.get("amount_reversed") or 0)


def left(body: Json) -> str:
    """Return the same as a person types it."""
    return major(left_minor(body), body["currency"])


def is_paid(found: Record) -> bool:
    """Whether a charge was paid by a buyer and something of it is left."""
    body = found.body
    return (
        bool(body["paid"])
        and body["status"] == "succeeded"
        and not body.get("source_transfer")
        and left_minor(body) > 0
    )


def is_open_and_no_sessions(found: Record) -> bool:
    """Whether an intent can be cancelled: that of a Checkout Session ends with its session alone."""
    return found.body["status"] in OPEN and not found.hidden.get("session")


def refund(scope: Scope, found: Record, form: Form) -> Json:
    """Refund a charge, an amount of it or the rest."""
    params: Json = {"charge": found.body["id"]} | with_amount(found, form)
    if form["reason"]:
        params["reason"] = form["reason"]
    return handle("POST /v1/refunds", scope, params)


def dispute(scope: Scope, found: Record, form: Form) -> Json:
    """Dispute a charge, as its buyer's bank would."""
    return disputes.open_dispute(scope, found.body["id"], reason=form["reason"])


def with_amount(found: Record, form: Form) -> Json:
    """Return the amount parameter of a form, none when the field is empty."""
    amount = minor(form["amount"], found.body["currency"])
    return {} if amount is None else {"amount": amount}


AMOUNT_LEFT = Field(name="amount", label="Amount", default=left, numeric=True)
REFUND_REASONS = (
    ("", "no reason"),
    ("requested_by_customer", "requested by customer"),
    ("duplicate", "duplicate"),
    ("fraudulent", "fraudulent"),
)
DISPUTE_REASONS = tuple((name, name.replace("_", " ")) for name in ("fraudulent", *disputes.REASONS) if name)
BANK_REASONS = tuple(
    (name, name.replace("_", " "))
    for name in ("insufficient_funds", "account_closed", "no_account", "debit_not_authorized", "invalid_currency")
)


def debit_ends(*, state: str, charge: str) -> tuple[Action, Action]:
    """Return what a bank answers to a debit, for an object in that state that names the charge in that field."""
    return (
        Action(
            name="succeed", label="Let the debit succeed", done="The bank has paid.", offered=is_in(state),
            run=lambda scope, found, _: debits.succeed(scope, found.body[charge]),
        ),
        Action(
            name="fail", label="Let the debit fail", done="The bank has sent the debit back.", offered=is_in(state),
            run=lambda scope, found, form: debits.fail(scope, found.body[charge], form["code"]), grave=True,
            fields=(Field(name="code", label="Why", choices=BANK_REASONS),),
        ),
    )  # fmt: skip


CHARGE = (
    Action(
        name="refund", label="Refund", done="Refunded.", offered=is_paid, run=refund,
        fields=(AMOUNT_LEFT, Field(name="reason", label="Reason", choices=REFUND_REASONS)),
    ),
    Action(
        name="dispute", label="Open a dispute", done="The dispute is open.", run=dispute, grave=True,
        offered=lambda found: is_paid(found) and not found.body["disputed"],
        fields=(Field(name="reason", label="Reason", choices=tuple(dict.fromkeys(DISPUTE_REASONS))),),
        hint="As the buyer's bank would: the amount and a fee leave the balance.",
    ),
    *debit_ends(state="pending", charge="id"),
)  # fmt: skip
INTENT = (
    Action(
        name="cancel", label="Cancel the payment", done="Canceled.", grave=True, offered=is_open_and_no_sessions,
        run=lambda scope, found, _: handle(
            "POST /v1/payment_intents/{intent}/cancel", scope, {}, intent=found.body["id"]
        ),
    ),
    *debit_ends(state="processing", charge="latest_charge"),
)  # fmt: skip
DISPUTE = (
    Action(
        name="win", label="Decide: won", done="The dispute is won.", offered=is_in(*UNANSWERED),
        run=lambda scope, found, _: disputes.decide(scope, found.body["id"], won=True),
        hint="As the buyer's bank would, for you or for the buyer.",
    ),
    Action(
        name="lose", label="Decide: lost", done="The dispute is lost.", offered=is_in(*UNANSWERED), grave=True,
        run=lambda scope, found, _: disputes.decide(scope, found.body["id"], won=False),
    ),
    Action(
        name="escalate", label="Make it a dispute", done="The inquiry has become a dispute.", grave=True,
        offered=is_in("warning_needs_response", "warning_under_review"),
        run=lambda scope, found, _: disputes.escalate(scope, found.body["id"]),
    ),
)  # fmt: skip
REFUND = (
    Action(
        name="succeed", label="Let it arrive", done="The refund has arrived.", offered=is_in("pending"),
        run=lambda scope, found, _: refund_outcomes.succeed(scope, found.body["id"]),
    ),
    Action(
        name="fail", label="Let it fail", done="The refund has failed; the money is back.", grave=True,
        offered=is_in("pending", "succeeded"),
        run=lambda scope, found, _: refund_outcomes.fail(scope, found.body["id"]),
        hint="As when the buyer's bank account is closed.",
    ),
)  # fmt: skip
SESSION = (
    Action(
        name="expire", label="Expire", done="The session has expired.", offered=is_in("open"), grave=True,
        run=lambda scope, found, _: handle(
            "POST /v1/checkout/sessions/{session}/expire", scope, {}, session=found.body["id"]
        ),
    ),
)  # fmt: skip
TRANSFER = (
    Action(
        name="reverse", label="Take back", done="The transfer was reversed.", grave=True, fields=(AMOUNT_LEFT,),
        offered=lambda found: left_minor(found.body) > 0,
        run=lambda scope, found, form: handle(
            "POST /v1/transfers/{id}/reversals", scope, with_amount(found, form), id=found.body["id"]
        ),
    ),
)  # fmt: skip
SETUP_INTENT = (
    Action(
        name="cancel", label="Cancel", done="Canceled.", grave=True, offered=is_open_and_no_sessions,
        run=lambda scope, found, _: handle(
            "POST /v1/setup_intents/{intent}/cancel", scope, {}, intent=found.body["id"]
        ),
    ),
)  # fmt: skip
ENDPOINT = tuple(
    Action(
        name=name, label=label, done=done, grave=disabled,
        offered=lambda found, state=state: found.body["status"] == state and not found.deleted,  # type: ignore[misc]
        run=lambda scope, found, _, disabled=disabled: handle(  # type: ignore[misc]
            "POST /v1/webhook_endpoints/{webhook_endpoint}", scope, {"disabled": disabled},
            webhook_endpoint=found.body["id"],
        ),
    )
    for name, label, done, disabled, state in (
        ("disable", "Disable", "It gets no more events.", True, "enabled"),
        ("enable", "Enable", "It gets events again.", False, "disabled"),
    )
)  # fmt: skip
ACTIONS: dict[str, tuple[Action, ...]] = {
    "account": ACCOUNT,
    "charge": CHARGE,
    "checkout.session": SESSION,
    "dispute": DISPUTE,
    "payment_intent": INTENT,
    "payout": PAYOUT,
    "refund": REFUND,
    "setup_intent": SETUP_INTENT,
    "transfer": TRANSFER,
    "webhook_endpoint": ENDPOINT,
}
DONE = {action.name: action.done for several in ACTIONS.values() for action in several} | {
    "resend": "Queued to be delivered again.",
    "succeed": "It has succeeded.",
    "fail": "It has failed.",
}


def offered(found: Record) -> list[Action]:
    """Return what can be done with an object as it is now."""
    return [action for action in ACTIONS.get(found.kind, ()) if action.offered(found)]
