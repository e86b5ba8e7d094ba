"""One small story at Stripe, told twice: acted out at the sandbox, and as Stripe's own example objects.

Ann has saved a card and paid 9.00, of which 3.00 were given back; another payment of 5.00 is disputed. One intent, one
setup intent and one Checkout Session are still open. A seller's account was sent 11.00, of which 1.00 came back and
4.00 are on their way to a bank. What a test calls by name (`charge`, `refund` …) is there in both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.sandbox.conftest import stripe_objects
from tests.sandbox.driven.connect import COMPLETE

if TYPE_CHECKING:
    import stripe

    Json = dict[str, Any]
    Ids = dict[str, str]

EMAIL: Final = "ann@example.com"
SINCE: Final = 1_700_000_000
"""A moment before all of it."""
SALE: Final = {"quantity": 1, "price_data": {"currency": "usd", "unit_amount": 700, "product_data": {"name": "Tea"}}}
DONE_URL: Final = "https://shop.example/done"
_EXAMPLES: Final = stripe_objects()


def act_out(sdk: stripe.StripeClient) -> Ids:
    """Let it happen at the sandbox, and return the ids by name."""
    v1: Any = sdk.v1
    ann = v1.customers.create({"email": EMAIL, "metadata": {"ref": "usr_1"}}).id
    number = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040, "cvc": "123"}
    card = v1.payment_methods.create({"type": "card", "card": number}).id
    v1.payment_methods.attach(card, {"customer": ann})
    intent = v1.payment_intents.create(_paying(900, card) | {"customer": ann, "metadata": {"ref": "pur_1"}})
    refunding = {"payment_intent": intent.id, "amount": 300, "metadata": {"ref": "ref_1"}}
    disputed = v1.payment_intents.create(_paying(500, "pm_card_createDispute")).latest_charge
    opening = {"amount": 700, "currency": "usd", "customer": ann, "payment_method_types": ["card"]}
    saving = {"customer": ann, "usage": "off_session", "metadata": {"ref": "set_1"}}
    selling = {"mode": "payment", "customer": ann, "success_url": DONE_URL, "line_items": [SALE]}
    return _sold(v1) | {
        "ann": ann,
        "card": card,
        "intent": intent.id,
        "charge": intent.latest_charge,
        "txn": v1.charges.retrieve(intent.latest_charge).balance_transaction,
        "refund": v1.refunds.create(refunding).id,
        "disputed": disputed,
        "dispute": v1.disputes.list({"charge": disputed}).data[0].id,
        "open_intent": v1.payment_intents.create(opening).id,
        "setup_intent": v1.setup_intents.create(saving).id,
        "session": v1.checkout.sessions.create(selling | {"metadata": {"ref": "pur_2"}}).id,
        "account": v1.accounts.retrieve_current().id,
    }


def _sold(v1: Any) -> Ids:
    """Let a seller be paid out of what somebody paid at once."""
    v1.payment_intents.create(_paying(10000, "pm_card_bypassPending"))
    seller = v1.accounts.create(COMPLETE | {"metadata": {"ref": "pac_1"}}).id
    sending = {"amount": 1100, "currency": "usd", "destination": seller, "transfer_group": "wd_1"}
    transfer = v1.transfers.create(sending | {"metadata": {"ref": "wd_1"}}).id
    reversal = v1.transfers.reversals.create(transfer, {"amount": 100}).id
    payout = v1.payouts.create({"amount": 400, "currency": "usd"}, {"stripe_account": seller}).id
    return {"seller": seller, "transfer": transfer, "reversal": reversal, "payout": payout}


def _paying(amount: int, card: str) -> Json:
    paying = {"amount": amount, "currency": "usd", "payment_method": card, "confirm": True}
    return paying | {"automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}


IDS: Final[Ids] = {
    "ann": "cus_ann",
    "card": "pm_card",
    "intent": "pi_paid",
    "charge": "ch_paid",
    "txn": "txn_paid",
    "refund": "re_part",
    "disputed": "ch_disputed",
    "dispute": "dp_open",
    "open_intent": "pi_open",
    "setup_intent": "seti_open",
    "session": "cs_open",
    "account": "acct_us",
    "seller": "acct_seller",
    "transfer": "tr_1",
    "reversal": "trr_1",
    "payout": "po_1",
}


def example(kind: str, **facts: Any) -> Json:
    """Return Stripe's example of an object, with some facts of its own."""
    return {**_EXAMPLES[kind], **facts}


def _charge(**facts: Any) -> Json:
    shown = _EXAMPLES["charge"]["payment_method_details"]
    card = {**shown["card"], "brand": "visa", "last4": "4242"}
    return example("charge", currency="usd", paid=True, payment_method_details={"type": "card", "card": card}, **facts)


def _withdrawal(amount: int, fee: int) -> Json:
    facts = {"amount": amount, "fee": fee, "net": amount - fee, "source": "dp_open", "id": f"txn_{-amount}"}
    return example("balance_transaction", type="adjustment", reporting_category="dispute", **facts)


PAID: Final = _charge(
    id="ch_paid", amount=900, amount_refunded=300, customer="cus_ann", payment_intent="pi_paid", receipt_url="https://r"
)
OBJECTS: Final[dict[str, Json]] = {
    "ann": example("customer", id="cus_ann", email=EMAIL, metadata={"ref": "usr_1"}),
    "card": example("payment_method", id="pm_card", customer="cus_ann", card=PAID["payment_method_details"]["card"]),
    "charge": PAID,
    "intent": example(
        "payment_intent",
        id="pi_paid",
        status="succeeded",
        amount=900,
        amount_received=900,
        customer="cus_ann",
        payment_method="pm_card",
        latest_charge=PAID,
        last_payment_error=None,
        next_action=None,
        metadata={"ref": "pur_1"},
    ),
    "open_intent": example(
        "payment_intent", id="pi_open", amount=700, customer="cus_ann", last_payment_error=None, next_action=None
    ),
    "refund": example(
        "refund",
        id="re_part",
        amount=300,
        charge="ch_paid",
        payment_intent="pi_paid",
        balance_transaction="txn_300",
        metadata={"ref": "ref_1"},
    ),
    "disputed": _charge(id="ch_disputed", amount=500, disputed=True),
    "dispute": example(
        "dispute",
        id="dp_open",
        amount=500,
        charge="ch_disputed",
        status="needs_response",
        reason="fraudulent",
        balance_transactions=[_withdrawal(-500, 1500)],
    ),
    "setup_intent": example("setup_intent", id="seti_open", customer="cus_ann", metadata={"ref": "set_1"}),
    "session": example(
        "checkout.session",
        id="cs_open",
        status="open",
        payment_status="unpaid",
        amount_total=700,
        currency="usd",
        customer="cus_ann",
        payment_intent=None,
        metadata={"ref": "pur_2"},
        url="https://checkout.stripe.com/c/pay/cs_open",
    ),
    "account": example("account", id="acct_us", country="US", default_currency="usd"),
    "balance": example(
        "balance",
        available=[{"amount": 6680, "currency": "usd"}],
        pending=[{"amount": 999, "currency": "usd"}, {"amount": 77, "currency": "eur"}],
    ),
}
OBJECTS.update(
    {
        "seller": example(
            "account",
            id="acct_seller",
            type="custom",
            country="US",
            default_currency="usd",
            capabilities={"transfers": "active"},
            charges_enabled=True,
            payouts_enabled=True,
            details_submitted=True,
            requirements={"currently_due": [], "disabled_reason": None},
            metadata={"ref": "pac_1"},
        ),
        "transfer": example(
            "transfer",
            id="tr_1",
            amount=1100,
            amount_reversed=100,
            destination="acct_seller",
            transfer_group="wd_1",
            metadata={"ref": "wd_1"},
        ),
        "reversal": example(
            "transfer_reversal", id="trr_1", amount=100, transfer="tr_1", balance_transaction="txn_back"
        ),
        "payout": example("payout", id="po_1", amount=400, status="pending"),
    }
)
OBJECTS["txn"] = example(
    "balance_transaction",
    id="txn_paid",
    type="charge",
    reporting_category="charge",
    source="ch_paid",
    amount=900,
    fee=56,
    net=844,
    status="pending",
)
OBJECTS["balance"].pop("connect_reserved", None)
