"""Capabilities: what a connected account is allowed to do, asked for by the platform, granted when enough is known.

https://docs.stripe.com/connect/account-capabilities
"""

from randonumber.sandbox.recording import record
from randonumber.sandbox.resources.connect.account_controller import dashboard
from randonumber.sandbox.resources.connect.account_requirements import BANK, DOCUMENT, nothing_due
from randonumber.sandbox.scope import Json, Scope
from randonumber.sandbox.wire.errors import invalid, not_here_yet

KNOWN = frozenset(
    {
        "card_payments",
        "legacy_payments",
        "link_payments",
        "tax_reporting_us_1099_k",
        "tax_reporting_us_1099_misc",
        "transfers",
        "us_bank_account_ach_payments",
    }
)
USUAL = ("card_payments", "transfers")
# What the owner owes for the sake of payouts alone does not hold a capability back.
FOR_PAYOUTS = frozenset({BANK, DOCUMENT})


def request(body: Json, hidden: Json, given: Json, now: int) -> None:
    """Take `capabilities[…][requested]` into an account, in place. Raises Refused for what is not rehearsed."""
    for name, wish in given.items():
        if name not in KNOWN:
            raise not_here_yet(f"the capability `{name}`", param=f"capabilities[{name}]")
        if wish.get("requested") is True:
            hidden["requested"].setdefault(name, now)
        elif wish.get("requested") is False:
            hidden["requested"].pop(name, None)
    asked = set(hidden["requested"])
    if dashboard(body) == "full" and "transfers" in asked and "card_payments" not in asked:
        raise invalid(
            "You cannot request the `transfers` capability without the `card_payments` capability for accounts when "
            "controller[stripe_dashboard][type]=full, which includes Standard accounts.",
            param="capabilities",
        )


def statuses(body: Json, hidden: Json) -> Json:
    """Return each requested capability with its status, by the requirements of the account."""
    needed = set(body["requirements"]["currently_due"]) - FOR_PAYOUTS
    pending = bool(body["requirements"]["pending_verification"])
    status = "inactive" if needed else "pending" if pending else "active"
    return dict.fromkeys(sorted(hidden["requested"]), status)


def shown(body: Json, hidden: Json, name: str, status: str) -> Json:
    """Return Stripe's object of a capability."""
    active = status in ("active", "unrequested")
    return {
        "id": name,
        "object": "capability",
        "account": body["id"],
        "future_requirements": nothing_due(),
        "requested": name in hidden["requested"],
        "requested_at": hidden["requested"].get(name),
        "requirements": nothing_due() if active else body["requirements"],
        "status": status,
    }


def tell(scope: Scope, before: Json, body: Json, hidden: Json) -> None:
    """Write `capability.updated` for each one whose status changed. The scope is that of the account itself."""
    for name in sorted({*before["capabilities"], *body["capabilities"]}):
        old, new = (one["capabilities"].get(name, "unrequested") for one in (before, body))
        if old != new:
            record(scope, "capability.updated", shown(body, hidden, name, new), previous={"status": old})
