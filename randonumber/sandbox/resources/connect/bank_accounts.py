"""Bank accounts that payouts go to, kept under the account that owns them.

Test numbers and tokens: https://docs.stripe.com/connect/testing#bank-numbers. The number itself is hidden; it decides
how a payout ends.
"""

import hashlib
import re

from randonumber.sandbox.ids import ALPHABET, new_id
from randonumber.sandbox.resources.connect.account_countries import CURRENCIES, currency_of
from randonumber.sandbox.scope import Json, Scope
from randonumber.sandbox.store import Record, record
from randonumber.sandbox.wire.errors import Refused, invalid, not_here_yet
from randonumber.sandbox.wire.metadata import merged

PAYS_OUT = "000123456789"
ROUTING_NUMBER = "110000000"
# Numbers whose payouts fail, and the `failure_code` that they fail with.
FAILURES = {
    "000111111116": "no_account",
    "000111111113": "account_closed",
    "000222222227": "insufficient_funds",
    "000333333335": "debit_not_authorized",
    "000444444440": "invalid_currency",
}
# Numbers that Stripe asks for proof of ownership of; here they pay out.
OWNERSHIP_CHECKED = frozenset({"000999999991", "000999999992"})
US_NUMBERS = frozenset({PAYS_OUT, *FAILURES}) | OWNERSHIP_CHECKED
TOKENS = {
    "btok_us_verified": PAYS_OUT,
    "btok_us_verified_noAccount": "000111111116",
    "btok_us_verified_accountClosed": "000111111113",
    "btok_us_verified_insufficientFunds": "000222222227",
    "btok_us_verified_debitNotAuthorized": "000333333335",
    "btok_us_verified_invalidCurrency": "000444444440",
}
NUMBER = re.compile(r"[A-Z0-9]{4,34}")
WEIGHTS = (3, 7, 1)
ROUTING_DIGITS = 9


def read(given: Json | str, *, param: str) -> Json:
    """Return the details of a hash or a token, checked: account_number, country, currency and more. Raises Refused."""
    if isinstance(given, str):
        if given not in TOKENS:
            message = f"No such token: '{given[:60]}'"
            raise invalid(message, param=param, code="resource_missing")
        return read({"account_number": TOKENS[given], "country": "US", "routing_number": ROUTING_NUMBER}, param=param)
    if "documents" in given:
        raise not_here_yet("documents of bank accounts", param=f"{param}[documents]")
    country = given["country"].upper()
    currency = given.get("currency", currency_of(country, param=f"{param}[country]")).lower()
    if currency not in CURRENCIES.values():
        raise invalid(f"Invalid currency: {currency[:20]}", param=f"{param}[currency]")
    details = given | {"country": country, "currency": currency}
    details["account_number"] = re.sub(r"[\s-]", "", given["account_number"]).upper()
    check_number(details, param)
    return details


def check_number(details: Json, param: str) -> None:
    """Refuse a number that is not one of Stripe's test numbers, where they are known, and a wrong routing number."""
    number = details["account_number"]
    if details["country"] != "US":
        if not NUMBER.fullmatch(number):
            raise wrong_number("Invalid account number.", param)
        return
    if number not in US_NUMBERS:
        raise wrong_number(
            f"You must use a test bank account number in test mode. Try {PAYS_OUT} or see more options at "
            "https://stripe.com/docs/connect/testing#account-numbers.",
            param,
        )
    check_routing_number(details.get("routing_number", ""), param)


def wrong_number(message: str, param: str) -> Refused:
    """Stripe's refusal of an account number."""
    return invalid(message, param=f"{param}[account_number]", code="account_number_invalid")


def check_routing_number(routing: str, param: str) -> None:
    """Refuse a US routing number that is missing, too short, or fails its check digit."""
    where = f"{param}[routing_number]"
    if not routing:
        raise invalid("You must specify a routing number.", param=where, code="parameter_missing")
    if not (routing.isascii() and routing.isdigit() and len(routing) == ROUTING_DIGITS):
        raise invalid("Routing number must have 9 digits", param=where, code="routing_number_invalid")
    if sum(int(digit) * WEIGHTS[place % 3] for place, digit in enumerate(routing)) % 10:
        raise invalid(f"Invalid routing number: {routing}", param=where, code="routing_number_invalid")


def insert(scope: Scope, details: Json, *, default: bool, metadata: Json | None = None) -> Json:
    """Keep a new bank account of the scope's account; as the default one it takes the place of the one before."""
    first = default_of(scope, details["currency"]) is None
    if default and not first:
        step_back(scope, details["currency"])
    return scope.insert(
        {
            "id": new_id("bank_account"),
            "object": "bank_account",
            "account": scope.account,
            "account_holder_name": details.get("account_holder_name"),
            "account_holder_type": details.get("account_holder_type"),
            "account_type": details.get("account_type"),
            "available_payout_methods": ["standard"],
            "bank_name": "STRIPE TEST BANK",
            "country": details["country"],
            "currency": details["currency"],
            "customer": None,
            "default_for_currency": default or first,
            "fingerprint": fingerprint(details),
            "future_requirements": nothing_due(),
            "last4": details["account_number"][-4:],
            "metadata": merged({}, metadata),
            "requirements": nothing_due(),
            "routing_number": details.get("routing_number"),
            "status": "new",
        },
        {"account_number": details["account_number"]},
    )


def nothing_due() -> Json:
    """Return the requirements of a bank account about which nothing is asked."""
    return {"currently_due": [], "errors": [], "past_due": [], "pending_verification": []}


def fingerprint(details: Json) -> str:
    """Return the same sixteen letters for the same bank account."""
    text = f"{details['country']}:{details.get('routing_number')}:{details['account_number']}"
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in hashlib.sha256(text.encode()).digest()[:16])


def step_back(scope: Scope, currency: str) -> None:
    """Take the mark of the default from the one that has it."""
    found = default_of(scope, currency)
    if found:
        scope.save(found.body | {"default_for_currency": False})


def of(scope: Scope) -> list[Json]:
    """Return the bank accounts of the scope's account, the newest first."""
    rows = scope.store.rows(
        "SELECT * FROM objects WHERE account = ? AND kind = 'bank_account' AND deleted = 0 ORDER BY seq DESC",
        scope.account,
    )
    return [record(row).body for row in rows]


def default_of(scope: Scope, currency: str) -> Record | None:
    """Return the default bank account of the scope's account for a currency, with its number in `hidden`."""
    row = scope.store.row(
        "SELECT * FROM objects WHERE account = ? AND kind = 'bank_account' AND deleted = 0 "
        "AND json_extract(body, '$.currency') = ? AND json_extract(body, '$.default_for_currency') ORDER BY seq DESC",
        scope.account, currency,
    )  # fmt: skip
    return record(row) if row else None
