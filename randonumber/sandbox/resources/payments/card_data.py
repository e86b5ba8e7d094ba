"""A card as an API request types it: `card[number]`, `card[exp_month]` and so on, or `card[token]`.

Codes and sentences by https://docs.stripe.com/error-codes, as Stripe answers them with status 402.
"""

import re
import time
from typing import Final

from randonumber.sandbox import cards
from randonumber.sandbox.cards import Card, Decline
from randonumber.sandbox.scope import Json, Scope
from randonumber.sandbox.wire.errors import Refused, doc_url, invalid

# Stripe's test tokens have the names of its test payment methods; those of disputes another one besides, as recorded.
TOKENS: Final = {"tok_" + name.removeprefix("pm_card_"): number for name, number in cards.TOKENS.items()} | {
    "tok_visa_" + name: cards.TOKENS["pm_card_" + name] for name in ("createDispute", "createDisputeInquiry")
}
CENTURY = 100
MONTHS = 12
YEARS_AHEAD = 50


def card_error(code: str, message: str, param: str) -> Refused:
    """Return a 402 for a card that cannot be one."""
    return Refused(
        402, {"code": code, "doc_url": doc_url(code), "message": message, "param": param, "type": "card_error"}
    )


def refused(decline: Decline) -> Json:
    """Return the fields of the error for a card that its bank declines, without what does not apply."""
    optional = {
        "advice_code": decline.advice,
        "decline_code": decline.reason,
        "network_advice_code": decline.network_advice,
        "network_decline_code": decline.network,
        "param": decline.param,
    }
    found = {
        "code": decline.code,
        "doc_url": doc_url(decline.code),
        "message": decline.message,
        "type": "card_error",
    }
    return found | {name: value for name, value in optional.items() if value is not None}


def read(scope: Scope, given: Json, name: str) -> tuple[Card, str | None]:
    """Return the card and its `cvc_check` before a bank has seen it: unchecked, or null without a code.

    `name` is that of the parameter. Raises Refused with 402 for a number, date or code that cannot be right, with 400
    for an unknown token.
    """
    if "token" in given:
        number = TOKENS.get(given["token"])
        if number is None:
            raise invalid(f"No such token: '{given['token']}'", param=f"{name}[token]", code="resource_missing")
        return next_year(scope, number), "unchecked"
    number = re.sub(r"[\s-]", "", given["number"])
    check_number(number)
    year = given["exp_year"] + (2000 if 0 <= given["exp_year"] < CENTURY else 0)
    check_expiry(scope, given["exp_month"], year)
    if "cvc" in given:
        check_code(given["cvc"], number)
    card = Card(number=number, exp_month=given["exp_month"], exp_year=year)
    return card, "unchecked" if "cvc" in given else None


def next_year(scope: Scope, number: str) -> Card:
    """Return a test card that expires in this month of the next year, as Stripe's named ones do."""
    moment = time.gmtime(scope.now)
    return Card(number=number, exp_month=moment.tm_mon, exp_year=moment.tm_year + 1)


def check_number(number: str) -> None:
    """Refuse what is no card number."""
    if not (number.isascii() and number.isdigit() and cards.SHORTEST <= len(number) <= cards.LONGEST):
        raise card_error("invalid_number", "The card number is not a valid credit card number.", "number")
    if not cards.passes_luhn(number):
        raise card_error("incorrect_number", "Your card number is incorrect.", "number")


def check_expiry(scope: Scope, month: int, year: int) -> None:
    """Refuse a date that is none, or past by the sandbox's clock."""
    moment = time.gmtime(scope.now)
    if not 1 <= month <= MONTHS:
        raise card_error("invalid_expiry_month", "Your card's expiration month is invalid.", "exp_month")
    if not moment.tm_year <= year <= moment.tm_year + YEARS_AHEAD:
        raise card_error("invalid_expiry_year", "Your card's expiration year is invalid.", "exp_year")
    if (year, month) < (moment.tm_year, moment.tm_mon):
        raise card_error("invalid_expiry_month", "Your card's expiration month is invalid.", "exp_month")


def check_code(code: str, number: str) -> None:
    """Refuse a security code of the wrong length."""
    amex = number.startswith(("34", "37"))
    lengths = (cards.CVC, cards.AMEX_CVC) if amex else (cards.CVC,)
    if not (code.isascii() and code.isdigit() and len(code) in lengths):
        raise card_error("invalid_cvc", "Your card's security code is invalid.", "cvc")
