"""What Stripe still wants to know of a connected account.

The fields are those of https://docs.stripe.com/connect/required-verification-information for people and companies, less
for an account that asks for transfers alone. Persons of a company are not kept, so none is asked for.
"""

from typing import Any

from randonumber.sandbox.scope import Json

BANK = "external_account"
TERMS = ("tos_acceptance.date", "tos_acceptance.ip")
PROFILE = ("business_profile.mcc", "business_profile.url")
ADDRESS = ("address.city", "address.line1", "address.postal_code")
DOCUMENT = "individual.verification.document"
# Stripe's words, from an account object as its API answered it.
UNVERIFIED = {
    "code": "verification_failed_keyed_identity",
    "reason": "The identity information you entered cannot be verified. Please correct any errors or upload a "
    "document that matches the identity fields (e.g., name and date of birth) that you entered.",
    "requirement": DOCUMENT,
}


def nothing_due() -> Json:
    """Return requirements with nothing in them."""
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": [],
        "disabled_reason": None,
        "errors": [],
        "eventually_due": [],
        "past_due": [],
        "pending_verification": [],
    }


def wanted(body: Json, hidden: Json) -> list[str]:
    """Return every field that this account needs, given or not, in Stripe's order."""
    only_receives = set(hidden["requested"]) == {"transfers"}
    fields = [] if only_receives else list(PROFILE)
    fields += ["business_type", BANK, *TERMS]
    kind = body["business_type"]
    if kind is None:
        fields += ["representative.first_name", "representative.last_name"]
    elif kind == "individual":
        fields += individual(body["country"], only_receives=only_receives)
    else:
        fields += [f"company.{name}" for name in (*address(body["country"]), "name", "phone", "tax_id")]
    return sorted(fields)


def individual(country: str, *, only_receives: bool) -> list[str]:
    """Return what is asked of a person."""
    names = [*address(country), "dob.day", "dob.month", "dob.year", "first_name", "last_name"]
    names += [] if only_receives else ["email", "phone"]
    names += ["ssn_last_4"] if country == "US" else []
    return [f"individual.{name}" for name in names]


def address(country: str) -> tuple[str, ...]:
    """Return the parts of an address that a country's post needs."""
    return (*ADDRESS, "address.state") if country == "US" else ADDRESS


def missing(body: Json, hidden: Json, *, has_bank: bool) -> list[str]:
    """Return the fields that are needed and not given yet."""
    known = {
        "business_profile": profile_of(body),
        "business_type": body["business_type"],
        "company": hidden["company"],
        "individual": person_of(hidden["individual"]),
        "tos_acceptance": body["tos_acceptance"],
        BANK: has_bank or None,
    }
    return [field for field in wanted(body, hidden) if look_up(known, field) in (None, "")]


def profile_of(body: Json) -> Json:
    """Return the business profile; a description of the product does in place of a website."""
    profile: Json = body["business_profile"]
    return profile | {"url": profile["url"] or profile["product_description"]}


def person_of(given: Json) -> Json:
    """Return a person; a whole id number holds its last four digits."""
    return given | {"ssn_last_4": given.get("ssn_last_4") or given.get("id_number")}


def look_up(known: Json, field: str) -> Any:
    """Return what stands at `a.b.c`, None where there is nothing."""
    found: Any = known
    for step in field.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return found


def of(body: Json, hidden: Json, *, has_bank: bool) -> Json:
    """Return Stripe's `requirements` of an account in this state."""
    due = missing(body, hidden, has_bank=has_bank)
    if hidden["identity"] == "failed":
        due = sorted([*due, DOCUMENT])
    pending = pending_fields(body) if hidden["identity"] == "pending" else []
    reason = "requirements.past_due" if due else "requirements.pending_verification" if pending else None
    return nothing_due() | {
        "currently_due": due,
        "disabled_reason": reason,
        "errors": [UNVERIFIED] if hidden["identity"] == "failed" else [],
        "eventually_due": due,
        "past_due": due,
        "pending_verification": pending,
    }


def pending_fields(body: Json) -> list[str]:
    """Return what is being checked."""
    return ["individual.id_number"] if body["business_type"] == "individual" else ["company.tax_id"]
