"""Connected accounts: made by a platform, onboarded by their owner, closed to the platform when deauthorized.

An account is kept among its platform's objects; its bank accounts, payments and events under its own id.
"""

from randonumber.sandbox import connections
from randonumber.sandbox.recording import record
from randonumber.sandbox.resources.connect import account, account_state, external_accounts
from randonumber.sandbox.resources.connect.account_controller import chosen
from randonumber.sandbox.resources.connect.account_details import refuse_the_undone, refuse_what_is_the_owners, take_in
from randonumber.sandbox.resources.connect.account_template import fresh, fresh_hidden
from randonumber.sandbox.resources.funds.payout_schedules import plan_payouts
from randonumber.sandbox.scope import Json, Operations, Scope
from randonumber.sandbox.wire.errors import invalid, not_here_yet
from randonumber.sandbox.wire.keys import no_access
from randonumber.sandbox.wire.lists import page

DEFAULT_COUNTRY = "US"


def create(scope: Scope, params: Json) -> Json:
    """POST /v1/accounts: an account of its owner's, connected to the platform that asks."""
    refuse_the_undone(params)
    if connections.find(scope.store, scope.account):
        raise invalid(
            "You can only create new accounts if you've signed up for Connect, which you can do at "
            "https://dashboard.stripe.com/connect."
        )
    kind, controller = chosen(params)
    body = fresh(kind, controller, params.get("country", DEFAULT_COUNTRY), scope.now)
    hidden = fresh_hidden(application_of(scope.key))
    take_in(body, hidden, params, scope.now)
    connections.connect(scope, body["id"])
    scope.insert(body, hidden)
    external_accounts.attach(account_state.own(scope, body["id"]), params)
    return account_state.first(scope, body, hidden)


def application_of(key: str) -> str:
    """Return the platform's client id for OAuth: `ca_x` for `sk_test_x`."""
    return "ca_" + (key.split("_", 2)[2] if key else "sandbox")


def application(client_id: str) -> Json:
    """Return Stripe's object of the platform as its connected accounts see it."""
    return {"id": client_id, "object": "application", "name": "Sandbox platform"}


def retrieve_own(scope: Scope, params: Json) -> Json:
    """GET /v1/account: the account that the request acts for, the platform's own or a connected one."""
    del params
    connected = connections.find(scope.store, scope.account)
    if connected is None:
        return account.platform(scope)
    return scope.at(scope.now, connected.platform).get("account", scope.account).body


def retrieve(scope: Scope, params: Json, account: str) -> Json:
    """GET /v1/accounts/{account}."""
    if account == scope.account:
        return retrieve_own(scope, params)
    reach(scope, account)
    return scope.get("account", account).body


def reach(scope: Scope, account_id: str) -> None:
    """Refuse an account that is not connected to the scope's, or not any more. Raises Refused with 403."""
    if not connections.opens(scope.store, scope.account, account_id):
        raise no_access(scope.key, account_id)


def update(scope: Scope, params: Json, account: str) -> Json:
    """POST /v1/accounts/{account}."""
    refuse_the_undone(params)
    if account == scope.account:
        raise not_here_yet("changes of one's own account")
    reach(scope, account)
    before, body, hidden = account_state.living(scope, account)
    refuse_what_is_the_owners(body, hidden, params)
    take_in(body, hidden, params, scope.now)
    own = account_state.own(scope, account)
    external_accounts.attach(own, params)
    after = account_state.save(scope, before, body, hidden)
    plan_payouts(own)
    return after


def delete(scope: Scope, params: Json, account: str) -> Json:
    """DELETE /v1/accounts/{account}: in test mode any account that the platform made, with or without a balance."""
    del params
    if account == scope.account:
        raise not_here_yet("the end of one's own account")
    reach(scope, account)
    if scope.get("account", account).body["controller"]["type"] == "account":
        raise invalid("This application is not authorized to delete this account.")
    deauthorize(scope, account)
    gone = {"id": account, "object": "account", "deleted": True}
    scope.save(gone)
    return gone


def deauthorize(scope: Scope, account_id: str) -> None:
    """Close an account to its platform, which is the scope's, and tell the platform a last time."""
    found = scope.get("account", account_id)
    scope.store.mark_deleted(scope.account, account_id)
    connections.disconnect(scope, account_id)
    record(
        account_state.own(scope, account_id), "account.application.deauthorized", application_of_account(found.hidden)
    )


def application_of_account(hidden: Json) -> Json:
    """Return the application that an account is connected to."""
    return application(hidden["application"])


def listing(scope: Scope, params: Json) -> Json:
    """GET /v1/accounts: those connected to the scope's account now."""
    return page(scope, "account", params, url="/v1/accounts")


OPERATIONS: Operations = {
    "GET /v1/account": retrieve_own,
    "GET /v1/accounts": listing,
    "POST /v1/accounts": create,
    "GET /v1/accounts/{account}": retrieve,
    "POST /v1/accounts/{account}": update,
    "DELETE /v1/accounts/{account}": delete,
}
DUE = {"identity_verified": account_state.verified}
