"""The person or the company behind a connected account: what was given, and what of it is shown.

Numbers that identify somebody are never shown, only that they were given.
"""

from datetime import date
from typing import Any

from randonumber.sandbox.resources.connect.account_requirements import nothing_due
from randonumber.sandbox.resources.customers import check_email
from randonumber.sandbox.scope import Json
from randonumber.sandbox.wire.errors import invalid, not_here_yet
from randonumber.sandbox.wire.metadata import merged

ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
PERSON = ("address", "dob", "email", "first_name", "id_number", "last_name", "metadata", "phone", "ssn_last_4")
COMPANY = (
    "address", "directors_provided", "executives_provided", "name", "owners_provided", "phone", "structure", "tax_id",
    "vat_id",
)  # fmt: skip
ID_LENGTH = 9
LAST_DIGITS = 4
# https://docs.stripe.com/connect/testing#test-personal-id-numbers and #test-business-tax-ids
MISMATCHES = frozenset({"111111111", "111111112"})


def told_of_person(known: Json, given: Json) -> Json:
    """Return what is known of a person after `individual` came in. Raises Refused for what cannot be."""
    for name in given:
        if name not in PERSON:
            raise not_here_yet(f"people with `{name}`", param=f"individual[{name}]")
    check_email(given.get("email"))
    check_birth(given.get("dob"))
    check_digits(given.get("ssn_last_4"), LAST_DIGITS, "individual[ssn_last_4]")
    after = known | {name: value or None for name, value in given.items() if name not in ("address", "metadata")}
    if "address" in given:
        after["address"] = known.get("address", {}) | given["address"]
    after["metadata"] = merged(known.get("metadata", {}), given.get("metadata"), param="individual[metadata]")
    return after


def told_of_company(known: Json, given: Json) -> Json:
    """Return what is known of a company after `company` came in."""
    for name in given:
        if name not in COMPANY:
            raise not_here_yet(f"companies with `{name}`", param=f"company[{name}]")
    after = known | {name: value for name, value in given.items() if name != "address"}
    if "address" in given:
        after["address"] = known.get("address", {}) | given["address"]
    return after


def check_birth(dob: Any) -> None:
    """Refuse a day that is in no calendar."""
    if not isinstance(dob, dict):
        return
    try:
        date(dob["year"], dob["month"], dob["day"])
    except (ValueError, OverflowError):
        raise invalid("Invalid date of birth", param="individual[dob]", code="parameter_invalid_integer") from None


def check_digits(text: str | None, length: int, param: str) -> None:
    """Refuse what is not that many digits."""
    if text and not (text.isascii() and text.isdigit() and len(text) == length):
        raise invalid(f"{param} must be {length} digits", param=param)


def mismatch(individual: Json, company: Json) -> bool:
    """Whether one of Stripe's test numbers for a failing check was given."""
    return bool(MISMATCHES & {individual.get("id_number"), company.get("tax_id")})


def address(given: Json | None, country: str) -> Json:
    """Return an address with every key that Stripe shows."""
    return dict.fromkeys(ADDRESS) | {"country": country} | {key: value or None for key, value in (given or {}).items()}


def person(body: Json, hidden: Json) -> Json | None:
    """Return Stripe's person object, None for an account of no person."""
    given = hidden["individual"]
    if body["business_type"] != "individual":
        return None
    dob = given.get("dob") or dict.fromkeys(("day", "month", "year"))
    return {
        "id": hidden["person"]["id"],
        "object": "person",
        "account": body["id"],
        "address": address(given.get("address"), body["country"]),
        "created": body["created"],
        "dob": dob,
        "email": given.get("email"),
        "first_name": given.get("first_name"),
        "future_requirements": nothing_due_to_person(),
        "id_number_provided": bool(given.get("id_number")),
        "last_name": given.get("last_name"),
        "metadata": given.get("metadata", {}),
        "phone": given.get("phone"),
        "relationship": relationship(),
        "requirements": nothing_due_to_person(),
        "ssn_last_4_provided": bool(given.get("ssn_last_4") or given.get("id_number")),
        "verification": verification(hidden["identity"], bool(given.get("last_name"))),
    }


def nothing_due_to_person() -> Json:
    """Return a person's requirements: what is due is told at the account."""
    shared = ("alternatives", "currently_due", "errors", "eventually_due", "past_due", "pending_verification")
    return {name: value for name, value in nothing_due().items() if name in shared}


def relationship() -> Json:
    """Return what the owner of an individual's account is to it."""
    return {
        "authorizer": False,
        "director": False,
        "executive": False,
        "legal_guardian": False,
        "owner": False,
        "percent_ownership": None,
        "representative": True,
        "title": None,
    }


def verification(identity: str, named: bool) -> Json:  # noqa: FBT001 -- two facts, both plain
    """Return how far the checking of a person has come."""
    document = {"back": None, "details": None, "details_code": None, "front": None}
    status = {"failed": "unverified", "pending": "pending"}.get(identity, "verified" if named else "unverified")
    return {
        "additional_document": document,
        "details": None,
        "details_code": None,
        "document": document,
        "status": status,
    }


def company(hidden: Json) -> Json | None:
    """Return Stripe's object of a company, None when nothing is known of one."""
    given = hidden["company"]
    if not given:
        return None
    plain = {
        name: given[name] for name in ("directors_provided", "executives_provided", "owners_provided") if name in given
    }
    if given.get("structure"):
        plain["structure"] = given["structure"]
    return plain | {
        "address": address(given.get("address"), "US") if "address" in given else dict.fromkeys(ADDRESS),
        "name": given.get("name"),
        "phone": given.get("phone"),
        "tax_id_provided": bool(given.get("tax_id")),
        "vat_id_provided": bool(given.get("vat_id")),
    }
