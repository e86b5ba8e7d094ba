"""Connected accounts, their links and bank accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from randonumber.sandbox.inprocess_connect import onboard

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sandbox.driven.drive import Drive

ASKED: Any = {"card_payments": {"requested": True}, "transfers": {"requested": True}}
BANK: Any = {
    "object": "bank_account",
    "country": "US",
    "currency": "usd",
    "routing_number": "110000000",
    "account_number": "000123456789",
}
PERSON: Any = {
    "first_name": "Jenny",
    "last_name": "Rosen",
    "email": "jenny@example.com",
    "phone": "0000000000",
    "dob": {"day": 1, "month": 1, "year": 1901},
    "address": {"line1": "address_full_match", "city": "Berkeley", "state": "CA", "postal_code": "94704"},
    "ssn_last_4": "0000",
}
# Everything that a Custom account needs, by API alone.
COMPLETE: Any = {
    "type": "custom",
    "country": "US",
    "email": "jenny@example.com",
    "business_type": "individual",
    "business_profile": {"mcc": "5734", "url": "https://accessible.stripe.com"},
    "individual": PERSON,
    "capabilities": ASKED,
    "tos_acceptance": {"date": 1735689600, "ip": "127.0.0.1"},
    "external_account": BANK,
}


LINK: Any = {
    "type": "account_onboarding",
    "refresh_url": "http://127.0.0.1:5000/refresh",
    "return_url": "http://127.0.0.1:5000/return",
}


def onboarded(on: Drive) -> str:
    """An Express account whose owner has been through the page."""
    account = on.v1.accounts.create({"type": "express", "capabilities": ASKED}).id
    onboard(on.sandbox, on.v1.account_links.create(LINK | {"account": account}).url)
    return account


def custom(on: Drive) -> str:
    return on.v1.accounts.create({"type": "custom", "capabilities": ASKED}).id


OPERATIONS: dict[str, Callable[[Drive], Any]] = {
    "GET /v1/account": lambda on: on.v1.accounts.retrieve_current(),
    "POST /v1/account_links": lambda on: on.v1.account_links.create(LINK | {"account": custom(on)}),
    "GET /v1/accounts": lambda on: (custom(on), on.v1.accounts.list())[1],
    "POST /v1/accounts": lambda on: on.v1.accounts.create(COMPLETE),
    "GET /v1/accounts/{account}": lambda on: on.v1.accounts.retrieve(custom(on)),
    "POST /v1/accounts/{account}": lambda on: on.v1.accounts.update(custom(on), {"individual": PERSON}),
    "DELETE /v1/accounts/{account}": lambda on: on.v1.accounts.delete(custom(on)),
    "GET /v1/accounts/{account}/external_accounts": lambda on: on.v1.accounts.external_accounts.list(
        on.v1.accounts.create(COMPLETE).id
    ),
    "POST /v1/accounts/{account}/external_accounts": lambda on: on.v1.accounts.external_accounts.create(
        custom(on), {"external_account": "btok_us_verified"}
    ),
    "POST /v1/accounts/{account}/login_links": lambda on: on.v1.accounts.login_links.create(onboarded(on)),
}
ADDRESSES: dict[str, Callable[[Drive], dict[str, str]]] = {
    "/v1/accounts/{account}": lambda on: {"account": custom(on)},
    "/v1/accounts/{account}/external_accounts": lambda on: {"account": custom(on)},
    "/v1/accounts/{account}/login_links": lambda on: {"account": onboarded(on)},
}
