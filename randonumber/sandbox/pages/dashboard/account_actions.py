"""What a person can do with accounts and payouts."""

from randonumber.sandbox.pages.dashboard.action import Action, Form, handle, is_in
from randonumber.sandbox.pages.dashboard.forms import Field, minor
from randonumber.sandbox.resources.connect import account_state, accounts
from randonumber.sandbox.resources.funds import payout_ends
from randonumber.sandbox.scope import Json, Scope
from randonumber.sandbox.store import Record
from randonumber.sandbox.wire.errors import invalid

DOCUMENT = "individual.verification.document"


def is_connected(found: Record) -> bool:
    """Whether an account is one of a platform's, and still connected."""
    return found.body["id"] != found.account and not found.deleted


def is_of_others(body: Json) -> bool:
    """Whether the account's owner brought it along: only they see what is behind it."""
    return bool(body["controller"]["type"] == "account")


def pay_out(scope: Scope, found: Record, form: Form) -> Json:
    """Send an amount of an account's balance to its bank."""
    currency = form["currency"].strip().lower()
    amount = minor(form["amount"], currency)
    if not amount:
        raise invalid("Say how much, like 12.50.")
    own = scope.at(scope.now, found.body["id"])
    return handle("POST /v1/payouts", own, {"amount": amount, "currency": currency})


def ask_for_more(scope: Scope, found: Record, form: Form) -> Json:
    """Let a document be due, as when an identity could not be verified: payouts stop."""
    del form
    return restrict(scope, found.body["id"], due=[DOCUMENT], identity="failed")


def be_content(scope: Scope, found: Record, form: Form) -> Json:
    """Take what was due as given: payouts go on."""
    del form
    return restrict(scope, found.body["id"], due=[], identity="verified")


def restrict(scope: Scope, account_id: str, *, due: list[str], identity: str) -> Json:
    """Set what is due of an account, and tell of it. The scope is the platform's."""
    before, body, hidden = account_state.living(scope, account_id)
    if is_of_others(body):
        reason = "requirements.past_due" if due else None
        changed = {"currently_due": due, "eventually_due": due, "past_due": due, "disabled_reason": reason}
        body |= {"requirements": body["requirements"] | changed, "payouts_enabled": not due}
    return account_state.save(scope, before, body, hidden | {"identity": identity})


def onboard(scope: Scope, found: Record, form: Form) -> Json:
    """Make a link to the onboarding page, which leads back here."""
    del form
    back = f"{scope.base_url}/dashboard/object/{found.body['id']}"
    params = {"account": found.body["id"], "type": "account_onboarding", "refresh_url": back, "return_url": back}
    return handle("POST /v1/account_links", scope, params)


def is_restricted(found: Record) -> bool:
    """Whether a document is due because an identity could not be verified."""
    errors = (found.body.get("requirements") or {}).get("past_due") or []
    return is_connected(found) and any(name.endswith("verification.document") for name in errors)


ACCOUNT = (
    Action(
        name="onboard", label="Open the onboarding page", done="", run=onboard, leads=True,
        offered=lambda found: is_connected(found) and not is_of_others(found.body),
        hint="As the account's owner, by a new link.",
    ),
    Action(
        name="log-in", label="Open the Express dashboard", done="", leads=True,
        offered=lambda found: is_connected(found) and found.body.get("type") == "express",
        run=lambda scope, found, _: handle(
            "POST /v1/accounts/{account}/login_links", scope, {}, account=found.body["id"]
        ),
    ),
    Action(
        name="payout", label="Pay out", done="The payout is on its way.", run=pay_out,
        offered=lambda found: not found.deleted,
        fields=(
            Field(name="amount", label="Amount", numeric=True),
            Field(name="currency", label="Currency", default=lambda body: body.get("default_currency") or "usd"),
        ),
    ),
    Action(
        name="restrict", label="Ask for a document", done="A document is due, and payouts are off.", run=ask_for_more,
        offered=lambda found: is_connected(found) and found.body["details_submitted"] and not is_restricted(found),
        hint="As when Stripe cannot verify who the owner is: payouts stop until it is clear.", grave=True,
    ),
    Action(
        name="clear", label="Take the document as given", done="Nothing of it is due any more.", run=be_content,
        offered=is_restricted,
    ),
    Action(
        name="deauthorize", label="Disconnect", done="The account is disconnected from its platform.", grave=True,
        offered=is_connected,
        run=lambda scope, found, _: accounts.deauthorize(scope, found.body["id"]),
        hint="As the account's owner would in their own dashboard.",
    ),
)  # fmt: skip
PAYOUT = (
    Action(
        name="arrive", label="Let it arrive", done="The payout has reached the bank.",
        offered=is_in(*payout_ends.ON_ITS_WAY),
        run=lambda scope, found, _: payout_ends.arrive(scope, found.body["id"]),
        hint="Now, instead of on its day. A test bank account that takes nothing makes it fail.",
    ),
    Action(
        name="fail", label="Let it fail", done="The bank has sent the money back.", grave=True,
        offered=is_in(*payout_ends.ON_ITS_WAY, "paid"),
        run=lambda scope, found, form: payout_ends.fail(scope, found.body["id"], form["code"]),
        fields=(
            Field(
                name="code", label="Why",
                choices=tuple((name, name.replace("_", " ")) for name in payout_ends.FAILURES),
            ),
        ),
    ),
    Action(
        name="cancel", label="Cancel", done="Canceled; the money is in the balance again.", grave=True,
        offered=is_in("pending"),
        run=lambda scope, found, _: handle("POST /v1/payouts/{payout}/cancel", scope, {}, payout=found.body["id"]),
    ),
)  # fmt: skip
