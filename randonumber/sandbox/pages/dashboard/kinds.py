"""The kinds of objects: what they are called, what their lists and pages show, and what an empty list waits for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from randonumber.sandbox.pages.dashboard.cells import (
    NOTHING,
    Cell,
    code,
    link,
    moment,
    money,
    state,
    text,
    words,
)
from randonumber.sandbox.pages.dashboard.conditions import (
    about,
    charge_state,
    delivery_state,
    payment_card,
    transfer_state,
)
from randonumber.sandbox.scope import Json

Reading = Callable[[Json], Cell]
Column = tuple[str, Reading]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of object. `columns` stand in its list and on its page, `more` on its page alone."""

    one: str
    many: str
    empty: str = "They appear here as soon as one is made."
    columns: tuple[Column, ...] = ()
    more: tuple[Column, ...] = ()


def at(path: str, show: Callable[[Any], Cell]) -> Reading:
    """Return a reader of one field, `a.b` for one inside another; nothing where it is not there."""

    def read(body: Json) -> Cell:
        value: Any = body
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        return show(value)

    return read


def amount(name: str) -> Reading:
    """Return a reader of an amount in the object's own currency."""
    return lambda body: money(body.get(name), body.get("currency"))


def listed(values: Any) -> Cell:
    """Several names in a row."""
    return text(", ".join(map(str, values))) if values else NOTHING


def yes(value: Any) -> Cell:
    """Show a switch as a state."""
    return state("on" if value else "off")


STATUS: Column = ("State", at("status", state))
AMOUNT: Column = ("Amount", amount("amount"))
CUSTOMER: Column = ("Customer", at("customer", link))
INTENT: Column = ("Payment", at("payment_intent", link))
METHOD: Column = ("Payment method", at("payment_method", link))
DESCRIPTION: Column = ("Description", at("description", text))
FAILURE: Column = ("Failure", at("failure_message", text))
SOURCE: Column = ("Balance transaction", at("balance_transaction", link))
GROUP: Column = ("Transfer group", at("transfer_group", code))
CHARGE: Column = ("Charge", at("charge", link))
REASON: Column = ("Reason", at("reason", words))

KINDS: dict[str, Kind] = {
    "payment_intent": Kind(
        one="Payment", many="Payments",
        empty="A payment (PaymentIntent) appears here when the app makes one, or somebody pays on a Checkout page.",
        columns=(AMOUNT, STATUS, CUSTOMER, DESCRIPTION),
        more=(
            ("Received", amount("amount_received")),
            ("Last error", at("last_payment_error.message", text)),
            ("Latest charge", at("latest_charge", link)),
            METHOD,
            GROUP,
        ),
    ),
    "charge": Kind(
        one="Charge", many="Charges",
        empty="Each attempt to take a payment leaves a charge here, paid or declined.",
        columns=(AMOUNT, ("State", charge_state), ("Paid with", payment_card), CUSTOMER),
        more=(("Refunded", amount("amount_refunded")), FAILURE, INTENT, SOURCE, GROUP, DESCRIPTION),
    ),
    "refund": Kind(
        one="Refund", many="Refunds",
        empty="A refund appears here when the app refunds a charge, or when you press Refund on a charge's page.",
        columns=(AMOUNT, STATUS, CHARGE, REASON),
        more=(INTENT, ("Failed because", at("failure_reason", words)), SOURCE),
    ),
    "dispute": Kind(
        one="Dispute", many="Disputes",
        empty="A dispute appears here after a payment with card 4000 0000 0000 0259, or when you open one on a charge.",
        columns=(AMOUNT, STATUS, CHARGE, REASON, ("Answer due", at("evidence_details.due_by", moment))),
        more=(INTENT, ("Answers sent", at("evidence_details.submission_count", text))),
    ),
    "checkout.session": Kind(
        one="Checkout Session", many="Checkout Sessions",
        empty="A session appears here when the app sends a buyer to the hosted page.",
        columns=(
            ("Amount", amount("amount_total")),
            ("Mode", at("mode", words)),
            STATUS,
            ("Payment", at("payment_status", state)),
            ("Email", at("customer_details.email", text)),
        ),
        more=(
            CUSTOMER,
            ("Payment intent", at("payment_intent", link)),
            ("Setup intent", at("setup_intent", link)),
            ("Your reference", at("client_reference_id", code)),
            ("Expires", at("expires_at", moment)),
        ),
    ),
    "customer": Kind(
        one="Customer", many="Customers",
        empty="A customer appears here when the app makes one, or when a Checkout page does.",
        columns=(("Email", at("email", text)), ("Name", at("name", text))),
        more=(
            DESCRIPTION,
            ("Default payment method", at("invoice_settings.default_payment_method", link)),
        ),
    ),
    "payment_method": Kind(
        one="Payment method", many="Payment methods",
        empty="A card or bank account appears here when it is typed in or named by the app.",
        columns=(("Type", at("type", words)), ("Which", payment_card), CUSTOMER),
        more=(("Owner", at("billing_details.name", text)), ("Email", at("billing_details.email", text))),
    ),
    "setup_intent": Kind(
        one="Setup intent", many="Setup intents",
        empty="A setup intent appears here when a card is saved without a payment.",
        columns=(STATUS, ("Usage", at("usage", words)), CUSTOMER, METHOD),
        more=(("Last error", at("last_setup_error.message", text)), ("Attempt", at("latest_attempt", link))),
    ),
    "balance_transaction": Kind(
        one="Balance transaction", many="Balance transactions",
        empty="Every movement of a balance stands here: payments, fees, refunds, disputes, transfers and payouts.",
        columns=(
            ("Type", at("type", words)),
            ("Amount", amount("amount")),
            ("Fee", amount("fee")),
            ("Net", amount("net")),
            STATUS,
            ("Source", at("source", link)),
        ),
        more=(("Available", at("available_on", moment)), DESCRIPTION),
    ),
    "transfer": Kind(
        one="Transfer", many="Transfers",
        empty="A transfer appears here when the platform sends money to a connected account.",
        columns=(AMOUNT, ("State", transfer_state), ("To", at("destination", link)), GROUP),
        more=(
            ("Reversed", amount("amount_reversed")),
            ("From charge", at("source_transaction", link)),
            ("Payment there", at("destination_payment", link)),
            SOURCE,
            DESCRIPTION,
        ),
    ),
    "transfer_reversal": Kind(
        one="Reversal", many="Reversals",
        empty="A reversal appears here when the platform takes a transfer back, all of it or a part.",
        columns=(AMOUNT, ("Transfer", at("transfer", link))),
        more=(("Refund there", at("destination_payment_refund", link)), SOURCE),
    ),
    "payout": Kind(
        one="Payout", many="Payouts",
        empty="A payout appears here when an account's balance is sent to its bank.",
        columns=(AMOUNT, STATUS, ("Arrives", at("arrival_date", moment)), ("To", at("destination", link))),
        more=(
            ("Automatic", at("automatic", yes)),
            ("Failure", at("failure_message", text)),
            ("Failure code", at("failure_code", code)),
            ("Booked back by", at("failure_balance_transaction", link)),
            SOURCE,
        ),
    ),
    "account": Kind(
        one="Account", many="Connected accounts",
        empty="A connected account appears here when the platform makes one, or somebody connects theirs by OAuth.",
        columns=(
            ("Type", at("type", words)),
            ("Email", at("email", text)),
            ("Details", at("details_submitted", lambda value: state("submitted" if value else "missing"))),
            ("Charges", at("charges_enabled", yes)),
            ("Transfers", at("capabilities.transfers", state)),
            ("Payouts", at("payouts_enabled", yes)),
        ),
        more=(
            ("Country", at("country", text)),
            ("Due now", at("requirements.currently_due", listed)),
            ("Overdue", at("requirements.past_due", listed)),
            ("Being checked", at("requirements.pending_verification", listed)),
            ("Stopped because", at("requirements.disabled_reason", words)),
            ("Payout schedule", at("settings.payouts.schedule.interval", words)),
        ),
    ),
    "event": Kind(
        one="Event", many="Events",
        empty="Whatever happens is told here, and sent to the webhook endpoints that want it.",
        columns=(("Type", at("type", code)), ("About", about), ("Webhooks", delivery_state)),
        more=(
            ("Because of request", at("request.id", link)),
            ("Idempotency key", at("request.idempotency_key", code)),
            ("Connected account", at("account", link)),
            ("Changed", at("data.previous_attributes", lambda value: listed(sorted(value or {})))),
        ),
    ),
    "webhook_endpoint": Kind(
        one="Webhook endpoint", many="Webhook endpoints",
        empty="None was registered over the API. The app's own endpoints, from its settings, stand above.",
        columns=(("URL", at("url", code)), STATUS),
        more=(("Wants", at("enabled_events", lambda value: code(", ".join(value or [])))), DESCRIPTION),
    ),
    "product": Kind(one="Product", many="Products", columns=(("Name", at("name", text)),)),
    "price": Kind(one="Price", many="Prices", columns=(("Amount", amount("unit_amount")),)),
    "bank_account": Kind(
        one="Bank account", many="Bank accounts",
        columns=(("Bank", at("bank_name", text)), ("Ends in", at("last4", code)), STATUS),
    ),
    "mandate": Kind(one="Mandate", many="Mandates", columns=(STATUS, METHOD)),
    "setup_attempt": Kind(one="Setup attempt", many="Setup attempts", columns=(STATUS, METHOD)),
}  # fmt: skip


def kind_of(name: str) -> Kind:
    """Return the words for a kind, made from its name when it has none of its own."""
    plain = name.replace("_", " ").replace(".", " ").capitalize()
    return KINDS.get(name) or Kind(one=plain, many=f"{plain}s", columns=(STATUS,))
