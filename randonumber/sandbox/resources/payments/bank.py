"""US bank accounts for ACH Direct Debit: Stripe's test accounts, and what debiting each of them brings days later.

Numbers and names by https://docs.stripe.com/payments/ach-direct-debit/accept-a-payment#test-account-numbers.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from randonumber.sandbox.ids import new_id
from randonumber.sandbox.scope import Json, Scope
from randonumber.sandbox.wire.errors import invalid, not_here_yet, unchecked

METHOD = "us_bank_account"
CURRENCY = "usd"
ROUTING_NUMBER = "110000000"
ROUTING_DIGITS = 9
STUCK = "000000000009"
DISPUTED = "000555555559"
NO_MICRODEPOSITS = "000666666661"


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why a bank sends a debit back: the charge's `failure_code`, and a sentence."""

    code: str
    message: str


SUCCEEDING = frozenset({"000123456789", DISPUTED, STUCK})
FAILURES = {
    "000111111113": Failure(code="account_closed", message="The customer's bank account has been closed."),
    "000111111116": Failure(code="no_account", message="The customer's bank account could not be located."),
    "000222222227": Failure(
        code="insufficient_funds",
        message="The customer's account has insufficient funds to cover this payment.",
    ),
    "000333333335": Failure(
        code="debit_not_authorized",
        message="The customer has notified their bank that this payment was unauthorized.",
    ),
    "000444444440": Failure(
        code="invalid_currency",
        message="The bank was unable to process this payment because of its currency.",
    ),
    "000777777771": Failure(
        code="charge_exceeds_source_limit",
        message="This payment would cause the account to exceed its weekly payment volume limit.",
    ),
}
TOKENS = {
    "pm_usBankAccount": "000123456789",
    "pm_usBankAccount_success": "000123456789",
    "pm_usBankAccount_accountClosed": "000111111113",
    "pm_usBankAccount_noAccount": "000111111116",
    "pm_usBankAccount_insufficientFunds": "000222222227",
    "pm_usBankAccount_debitNotAuthorized": "000333333335",
    "pm_usBankAccount_invalidCurrency": "000444444440",
    "pm_usBankAccount_dispute": DISPUTED,
    "pm_usBankAccount_processing": STUCK,
    "pm_usBankAccount_weeklyLimitExceeded": "000777777771",
}
CODES = {found.code: found for found in FAILURES.values()}
NO_TEST_ACCOUNT = (
    "You must use a test bank account number in test mode. Try 000123456789 or see more options at "
    "https://stripe.com/docs/connect/testing#account-numbers."
)


@dataclass(frozen=True, kw_only=True)
class Account:
    """A bank account as its holder types it."""

    number: str
    routing: str = ROUTING_NUMBER
    holder_type: str = "individual"
    account_type: str = "checking"


def complaints(number: str, routing: str, holder: str) -> dict[str, str]:
    """Return what is wrong with a typed account, by field of the hosted page."""
    found: dict[str, str] = {}
    if not holder:
        found["account_holder"] = "Your name is incomplete."
    if not (routing.isascii() and routing.isdigit() and len(routing) == ROUTING_DIGITS):
        found["routing_number"] = "Your routing number is incomplete."
    elif routing != ROUTING_NUMBER:
        found["routing_number"] = f"Your routing number is invalid. In the sandbox it is {ROUTING_NUMBER}."
    if not (number.isascii() and number.isdigit()):
        found["account_number"] = "Your account number is incomplete."
    elif number not in SUCCEEDING and number not in FAILURES:
        found["account_number"] = NO_TEST_ACCOUNT
    return found


def check_currency(types: Sequence[str], currency: str | None, param: str) -> None:
    """Refuse a bank account among these payment methods in another currency than usd."""
    if METHOD in types and currency != CURRENCY:
        raise invalid(
            f"The currency provided ({currency}) is invalid for the payment method type {METHOD}. "
            f"Please use {CURRENCY}.",
            param=param,
        )


def checked(given: Json, name: str) -> Account:
    """Return the account of an API request, named `name` in errors. Raises Refused for one that is no test account."""
    if "financial_connections_account" in given:
        raise not_here_yet("Financial Connections", param=f"{name}[financial_connections_account]")
    for field in ("account_holder_type", "account_number", "routing_number"):
        if not given.get(field):
            full = f"{name}[{field}]"
            raise unchecked(f"Missing required param: {full}.", param=full, code="parameter_missing")
    if given["account_number"] == NO_MICRODEPOSITS:
        raise not_here_yet("microdeposits", param=f"{name}[account_number]")
    wrong = complaints(given["account_number"], given["routing_number"], "somebody")
    if "routing_number" in wrong:
        raise invalid("Invalid routing number", param=f"{name}[routing_number]", code="routing_number_invalid")
    if "account_number" in wrong:
        raise invalid(NO_TEST_ACCOUNT, param=f"{name}[account_number]", code="account_number_invalid")
    return Account(
        number=given["account_number"],
        routing=given["routing_number"],
        holder_type=given["account_holder_type"],
        account_type=given.get("account_type", "checking"),
    )


def keep(
    scope: Scope, account: Account, *, billing: Json, customer: str | None = None, metadata: Json | None = None
) -> Json:
    """Keep a bank account as a payment method; its number stays hidden. It counts as verified."""
    return scope.insert(
        {
            "id": new_id("payment_method"),
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": billing,
            "created": scope.now,
            "customer": customer,
            "customer_account": None,
            "livemode": False,
            "metadata": metadata or {},
            "type": METHOD,
            METHOD: details(account),
        },
        {"number": account.number},
    )


def details(account: Account) -> Json:
    """Return the `us_bank_account` part of a payment method."""
    return {
        "account_holder_type": account.holder_type,
        "account_type": account.account_type,
        "bank_name": "STRIPE TEST BANK",
        "financial_connections_account": None,
        "fingerprint": hashlib.sha256(f"{account.routing} {account.number}".encode()).hexdigest()[:16],
        "last4": account.number[-4:],
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": account.routing,
        "status_details": {},
    }
