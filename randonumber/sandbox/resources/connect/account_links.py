"""Account links, behind which an owner onboards, and login links to the Express dashboard.

An account link lives five minutes and is good for one submission; a login link for one visit. Each is kept under the
secret in its address. https://docs.stripe.com/api/account_links and https://docs.stripe.com/api/accounts/login_link
"""

from randonumber.sandbox import connections
from randonumber.sandbox.addresses import web_address
from randonumber.sandbox.ids import new_id
from randonumber.sandbox.resources.connect.account_controller import collects, dashboard
from randonumber.sandbox.scope import Json, Operations, Scope
from randonumber.sandbox.store import Record
from randonumber.sandbox.wire.errors import invalid
from randonumber.sandbox.wire.keys import no_access

LIFETIME_SECONDS = 5 * 60


def create(scope: Scope, params: Json) -> Json:
    """POST /v1/account_links. From the first one on the details are the owner's, unless the account is Custom."""
    account_id = params["account"]
    if not connections.opens(scope.store, scope.account, account_id):
        raise invalid(
            "You requested an account link for an account that is not connected to your platform or does not exist."
        )
    found = scope.get("account", account_id)
    if params["type"] == "account_update" and not collects(found.body):
        raise invalid(
            "You cannot create `account_update` type Account Links for this account. Valid types for this account are "
            '["account_onboarding"].',
            param="type",
        )
    for name in ("refresh_url", "return_url"):
        check_address(name, params.get(name))
    if not collects(found.body):
        shown = {name: value for name, value in found.body.items() if name not in ("company", "individual")}
        scope.save(shown, found.hidden | {"link_made": True})
    return make(scope, account_id, params["refresh_url"], params["return_url"])


def check_address(name: str, url: str | None) -> None:
    """Refuse a missing address, and what is no address of the web."""
    if url is None:
        raise invalid(f"Missing required param: {name}.", param=name, code="parameter_missing")
    if not web_address(url):
        raise invalid("Not a valid URL", param=name, code="url_invalid")


def make(scope: Scope, account_id: str, refresh_url: str, return_url: str) -> Json:
    """Keep a new link and return Stripe's object of it. The scope is the platform's."""
    secret = new_id("account_link")
    link = {
        "object": "account_link",
        "created": scope.now,
        "expires_at": scope.now + LIFETIME_SECONDS,
        "url": f"{scope.base_url}/onboarding/{account_id}?link={secret}",
    }
    hidden = {"account": account_id, "refresh_url": refresh_url, "return_url": return_url, "used": False}
    scope.insert({"id": secret, **link}, hidden)
    return link


def find(scope: Scope, kind: str, account_id: str, secret: str) -> Record | None:
    """Return the link to this account behind a secret, used or not, as long as the account is connected."""
    found = scope.store.find_anywhere(secret)
    if not found or found.kind != kind or found.hidden["account"] != account_id:
        return None
    return found if connections.opens(scope.store, found.account, account_id) else None


def is_live(scope: Scope, link: Record) -> bool:
    """Whether a link can still be used."""
    return not link.hidden["used"] and scope.now < link.body.get("expires_at", scope.now + 1)


def use_up(scope: Scope, link: Record) -> None:
    """Let a link be good for nothing more."""
    scope.at(scope.now, link.account).save(link.body, link.hidden | {"used": True})


def latest(scope: Scope, account_id: str) -> Record | None:
    """Return the newest account link of an account. The scope is the platform's."""
    row = scope.store.row(
        "SELECT id FROM objects WHERE account = ? AND kind = 'account_link' "
        "AND json_extract(hidden, '$.account') = ? ORDER BY seq DESC LIMIT 1",
        scope.account, account_id,
    )  # fmt: skip
    return scope.store.find(scope.account, row["id"]) if row else None


def log_in(scope: Scope, params: Json, account: str) -> Json:
    """POST /v1/accounts/{account}/login_links: for Express accounts whose owner has onboarded."""
    del params
    if not connections.opens(scope.store, scope.account, account):
        raise no_access(scope.key, account)
    body = scope.get("account", account).body
    if dashboard(body) != "express":
        raise invalid(f"Cannot create an edit link for the account {account}, which is not an Express account.")
    if not body["details_submitted"]:
        raise invalid("Cannot create a login link for an account that has not completed onboarding.")
    secret = new_id("login_link")
    link = {
        "object": "login_link",
        "created": scope.now,
        "url": f"{scope.base_url}/express/{account}?login={secret}",
    }
    scope.insert({"id": secret, **link}, {"account": account, "used": False})
    return link


OPERATIONS: Operations = {
    "POST /v1/account_links": create,
    "POST /v1/accounts/{account}/login_links": log_in,
}
