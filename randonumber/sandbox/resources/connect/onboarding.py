"""What the owner of a connected account gives on the hosted page: everything that is due, with Stripe's test values."""

from dataclasses import dataclass
from typing import Any

from randonumber.sandbox.resources.connect import account_state, bank_accounts, external_accounts
from randonumber.sandbox.resources.connect.account_controller import dashboard
from randonumber.sandbox.resources.connect.capabilities import USUAL
from randonumber.sandbox.scope import Json, Scope, schedule

# https://docs.stripe.com/connect/testing: values that pass every check.
PERSON: Json = {
    "dob": {"day": 1, "month": 1, "year": 1901},
    "email": "jenny.rosen@example.com",
    "first_name": "Jenny",
    "id_number": "000000000",
    "last_name": "Rosen",
    "phone": "0000000000",
    "ssn_last_4": "0000",
}
COMPANY: Json = {"name": "Rosen & Co", "phone": "0000000000", "tax_id": "000000000"}
ADDRESS: Json = {"city": "Berkeley", "line1": "address_full_match", "postal_code": "94704", "state": "CA"}
PROFILE: Json = {"mcc": "5734", "url": "https://accessible.stripe.com"}
IDENTITIES = ("verified", "pending", "failed")


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What can be chosen on the page: a test bank number, how the identity check ends, whether a bank is given."""

    account_number: str = ""
    identity: str = "verified"
    with_bank: bool = True


def complete(scope: Scope, account_id: str, answers: Answers) -> Json:
    """Submit the form: the account after it. The scope is the platform's. Raises Refused for a wrong bank number."""
    before, body, hidden = account_state.living(scope, account_id)
    own = account_state.own(scope, account_id)
    working = [bank for bank in bank_accounts.of(own) if bank["status"] != "errored"]
    if answers.account_number or (answers.with_bank and not working):
        bank = bank_details(body, answers.account_number or bank_accounts.PAYS_OUT)
        external_accounts.attach(own, {"external_account": bank})
    fill(body, hidden, scope.now)
    if dashboard(body) != "none" and (not hidden["requested"] or dashboard(body) == "full"):
        hidden["requested"] = dict.fromkeys(USUAL, scope.now) | hidden["requested"]
    hidden |= {"identity": answers.identity, "onboarded": True}
    if answers.identity == "pending":
        schedule(scope, scope.now + account_state.PENDING_SECONDS, "identity_verified", account_id)
    return account_state.save(scope, before, body, hidden)


def bank_details(body: Json, number: str) -> Json:
    """Return a bank account in the account's own country and currency."""
    routing = {"routing_number": bank_accounts.ROUTING_NUMBER} if body["country"] == "US" else {}
    return {
        "account_number": number,
        "country": body["country"],
        "currency": body["default_currency"],
        **routing,
    }


def fill(body: Json, hidden: Json, now: int) -> None:
    """Give what was not given before; what was stays, in place."""
    body["business_type"] = body["business_type"] or "individual"
    body["business_profile"] = filled(body["business_profile"], PROFILE)
    body["tos_acceptance"] = filled(body["tos_acceptance"], {"date": now, "ip": "127.0.0.1"})
    which, facts = ("individual", PERSON) if body["business_type"] == "individual" else ("company", COMPANY)
    known = filled(hidden[which], facts)
    hidden[which] = known | {"address": filled(known.get("address") or {}, ADDRESS)}


def filled(known: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    """Return the facts with what is known already in their place."""
    return facts | {name: value for name, value in known.items() if value is not None or name not in facts}
