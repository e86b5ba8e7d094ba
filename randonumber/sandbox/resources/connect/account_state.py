"""From what is known of a connected account to what it may do: requirements, capabilities, flags, and their events."""

from dataclasses import replace

from randonumber.sandbox.differences import previous as earlier
from randonumber.sandbox.recording import record
from randonumber.sandbox.resources.connect import account_requirements, bank_accounts, capabilities
from randonumber.sandbox.resources.connect.account_controller import collects
from randonumber.sandbox.resources.connect.account_people import company, person
from randonumber.sandbox.resources.connect.account_template import bank_list
from randonumber.sandbox.scope import Json, Scope
from randonumber.sandbox.wire.errors import missing

# How long the checking of an identity takes when it is told to take its time.
PENDING_SECONDS = 24 * 60 * 60


def own(scope: Scope, account_id: str) -> Scope:
    """Return the same request acting as the account itself, under which what it owns and hears is kept."""
    return replace(scope, account=account_id)


def brought_up_to_date(scope: Scope, body: Json, hidden: Json) -> Json:
    """Return the account as what is known of it makes it. The scope is the platform's."""
    banks = bank_accounts.of(own(scope, body["id"]))
    if body["controller"]["type"] == "account":
        return body  # somebody else's account: only its owner sees what is behind it
    body["external_accounts"] = bank_list(body["id"], banks)
    working = any(bank["status"] != "errored" for bank in banks)
    body["requirements"] = account_requirements.of(body, hidden, has_bank=working)
    body["capabilities"] = capabilities.statuses(body, hidden)
    due = set(body["requirements"]["currently_due"])
    granted = "active" in body["capabilities"].values()
    body["charges_enabled"] = granted
    body["payouts_enabled"] = granted and not due
    body["details_submitted"] = hidden["onboarded"] or (collects(body) and not due)
    for name, made in (("individual", person(body, hidden)), ("company", company(hidden))):
        body.pop(name, None)
        if made is not None and not (hidden["link_made"] and not collects(body)):
            body[name] = made
    return body


def first(scope: Scope, body: Json, hidden: Json) -> Json:
    """Keep the first state of a new account; what it asks for is told as capabilities. The scope is the platform's."""
    after = scope.save(brought_up_to_date(scope, body, hidden), hidden)
    capabilities.tell(own(scope, after["id"]), {"capabilities": {}}, after, hidden)
    return after


def save(scope: Scope, before: Json, body: Json, hidden: Json) -> Json:
    """Keep an account's new state and tell what changed. The scope is the platform's."""
    after = scope.save(brought_up_to_date(scope, body, hidden), hidden)
    previous = earlier(before, after)
    if previous:
        account = own(scope, after["id"])
        record(account, "account.updated", after, previous=previous)
        capabilities.tell(account, before, after, hidden)
    return after


def refresh(scope: Scope, account_id: str) -> None:
    """Bring an account up to date after something that it owns changed. The scope is the platform's."""
    found, before = scope.get("account", account_id), scope.get("account", account_id).body
    if "deleted" not in before:
        save(scope, before, found.body, found.hidden)


def verified(scope: Scope, account_id: str) -> None:
    """Finish the checking of an identity, as the clock does."""
    found = scope.find("account", account_id)
    if found is None or found.deleted or found.hidden["identity"] != "pending":
        return
    before = scope.get("account", account_id).body
    save(scope, before, found.body, found.hidden | {"identity": "verified"})


def living(scope: Scope, account_id: str) -> tuple[Json, Json, Json]:
    """Return an account twice, as it is and to be changed, and what is hidden of it. The scope is the platform's."""
    found = scope.get("account", account_id)
    if found.deleted:
        raise missing("account", account_id)
    return scope.get("account", account_id).body, found.body, found.hidden
