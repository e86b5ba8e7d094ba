"""What a platform says about a connected account: taken in, checked, merged."""

from typing import Any

from randonumber.sandbox.addresses import web_address
from randonumber.sandbox.resources.connect import account_people, capabilities
from randonumber.sandbox.resources.connect.account_controller import collects
from randonumber.sandbox.resources.connect.account_schedule import with_schedule
from randonumber.sandbox.resources.customers import check_email
from randonumber.sandbox.scope import Json
from randonumber.sandbox.wire.errors import Refused, invalid, not_here_yet
from randonumber.sandbox.wire.errors import fields as error_fields
from randonumber.sandbox.wire.metadata import merged

NOT_YET = ("account_token", "default_currency", "documents", "groups")
SETTINGS_NOT_YET = ("card_issuing", "treasury")
# After the first account link these belong to the owner, unless the platform collects the requirements itself.
OF_THE_OWNER = frozenset(
    {
        "bank_account",
        "business_profile",
        "business_type",
        "company",
        "email",
        "external_account",
        "individual",
        "tos_acceptance",
    }
)
MCC_LENGTH = 4


def refuse_the_undone(params: Json) -> None:
    """Say plainly which parts of Stripe's accounts are not rehearsed here."""
    for name in NOT_YET:
        if name in params:
            raise not_here_yet(f"accounts with `{name}`", param=name)
    for name in params.get("settings", {}):
        if name in SETTINGS_NOT_YET:
            raise not_here_yet(f"accounts with `settings[{name}]`", param=f"settings[{name}]")


def refuse_what_is_the_owners(body: Json, hidden: Json, params: Json) -> None:
    """Refuse to write what only the owner may write, in Stripe's words."""
    foreign = body["controller"]["type"] == "account"
    if not foreign and (collects(body) or not hidden["link_made"]):
        return
    closed = OF_THE_OWNER | ({"capabilities", "settings"} if foreign else set())
    wrong = sorted(closed & params.keys())
    if wrong:
        raise no_permission(wrong, body["id"])


def no_permission(names: list[str], account_id: str) -> Refused:
    """Return Stripe's refusal to change what belongs to the owner."""
    listed = ("parameter " if len(names) == 1 else "parameters ") + ",".join(f"'{name}'" for name in names)
    message = f"This application does not have the required permissions for the {listed} on account '{account_id}'."
    return Refused(403, error_fields(message, param=names[0], code="oauth_not_supported"))


def take_in(body: Json, hidden: Json, params: Json, now: int) -> None:
    """Merge what a request says into an account and what is hidden of it, in place. Raises Refused."""
    check_email(params.get("email"))
    for name in ("email", "business_type"):
        if name in params:
            body[name] = params[name] or None
    if "business_profile" in params:
        body["business_profile"] = with_profile(body["business_profile"], params["business_profile"])
    if "tos_acceptance" in params:
        body["tos_acceptance"] = with_terms(body, params["tos_acceptance"])
    if "settings" in params:
        body["settings"] = with_settings(body["settings"], params["settings"])
    hidden["individual"] = account_people.told_of_person(hidden["individual"], params.get("individual", {}))
    hidden["company"] = account_people.told_of_company(hidden["company"], params.get("company", {}))
    if "individual" in params and body["business_type"] is None:
        body["business_type"] = "individual"
    if {"individual", "company"} & params.keys():
        failed = account_people.mismatch(hidden["individual"], hidden["company"])
        hidden["identity"] = "failed" if failed else "unchecked"
    capabilities.request(body, hidden, params.get("capabilities", {}), now)
    body["metadata"] = merged(body["metadata"], params.get("metadata"))


def with_profile(old: Json, given: Json) -> Json:
    """Return a business profile with what came in."""
    mcc = given.get("mcc")
    if mcc and not (mcc.isascii() and mcc.isdigit() and len(mcc) == MCC_LENGTH):
        raise invalid(f"Invalid MCC: {mcc}", param="business_profile[mcc]")
    for name in ("url", "support_url"):
        if given.get(name) and not web_address(given[name]):
            raise invalid("Not a valid URL", param=f"business_profile[{name}]", code="url_invalid")
    found = old | {name: value if value != "" else None for name, value in given.items() if name != "support_address"}
    if "support_address" in given:
        found["support_address"] = dict.fromkeys(account_people.ADDRESS) | given["support_address"]
    return found


def with_terms(body: Json, given: Json) -> Json:
    """Return the acceptance of Stripe's terms, which a platform tells only where it collects the requirements."""
    if not collects(body) and {"date", "ip", "user_agent"} & given.keys():
        raise invalid(
            "You cannot accept the Terms of Service on behalf of accounts where "
            "`controller[requirement_collection]=stripe`, which includes Standard and Express accounts.",
            param="tos_acceptance",
        )
    found: Json = body["tos_acceptance"] | given
    return found


def with_settings(old: Json, given: Json) -> Json:
    """Return settings with what came in, merged hash by hash."""
    found = dict(old)
    for name, part in given.items():
        found[name] = merged_hash(old[name], part) if name != "payouts" else with_payouts(old[name], part)
    return found


def merged_hash(old: Json, given: Json) -> Json:
    """Return a hash with another one merged into it, level by level; an empty string unsets."""
    found: dict[str, Any] = dict(old)
    for name, value in given.items():
        inner = isinstance(value, dict) and isinstance(old.get(name), dict)
        found[name] = merged_hash(old[name], value) if inner else None if value == "" else value
    return found


def with_payouts(old: Json, given: Json) -> Json:
    """Return settings of payouts with what came in."""
    plain = merged_hash(old, {name: value for name, value in given.items() if name != "schedule"})
    return plain | {"schedule": with_schedule(old["schedule"], given.get("schedule", {}))}
