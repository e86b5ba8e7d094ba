"""External accounts: the bank accounts that an account's payouts go to."""

from randonumber.sandbox import connections
from randonumber.sandbox.recording import record, updated
from randonumber.sandbox.resources.connect import account_state, bank_accounts
from randonumber.sandbox.resources.connect.account_details import refuse_what_is_the_owners
from randonumber.sandbox.scope import Json, Operations, Scope
from randonumber.sandbox.store import Record
from randonumber.sandbox.wire.errors import invalid, not_here_yet
from randonumber.sandbox.wire.keys import no_access
from randonumber.sandbox.wire.lists import page

NAMES = ("external_account", "bank_account")
OF_THE_PLATFORM = {
    "account_number": bank_accounts.PAYS_OUT,
    "country": "US",
    "currency": "usd",
    "routing_number": bank_accounts.ROUTING_NUMBER,
}


def attach(scope: Scope, params: Json) -> Json | None:
    """Give the scope's account the bank account in a request; it replaces the default one of its currency.

    Returns None when the request has none.
    """
    name = next((name for name in NAMES if name in params), None)
    if name is None:
        return None
    details = bank_accounts.read(params[name], param=name)
    old = bank_accounts.default_of(scope, details["currency"])
    new = bank_accounts.insert(scope, details, default=True)
    record(scope, "account.external_account.created", new)
    if old:
        scope.store.mark_deleted(scope.account, old.body["id"])
        record(scope, "account.external_account.deleted", old.body)
    return new


def default(scope: Scope, currency: str) -> Record | None:
    """Return the bank account that payouts of the scope's account go to; its `hidden` holds `account_number`.

    A platform has one of its own in dollars, which pays out.
    """
    found = bank_accounts.default_of(scope, currency)
    if found or currency != OF_THE_PLATFORM["currency"] or connections.find(scope.store, scope.account):
        return found
    bank_accounts.insert(scope, OF_THE_PLATFORM, default=True)
    return bank_accounts.default_of(scope, currency)


def failure_code(bank: Record) -> str | None:
    """Return the `failure_code` that payouts to this bank account end with, None for one that takes them."""
    return bank_accounts.FAILURES.get(bank.hidden.get("account_number", ""))


def errored(scope: Scope, bank_id: str) -> None:
    """Mark a bank account of the scope's account after a payout to it failed, and tell.

    The owner has to give another one before there are payouts again
    (https://docs.stripe.com/connect/payouts-connected-accounts#webhooks).
    """
    found = scope.get("bank_account", bank_id)
    after = scope.save(found.body | {"status": "errored"})
    connected = connections.find(scope.store, scope.account)
    if connected:
        updated(scope, "account.external_account.updated", found.body, after)
        account_state.refresh(scope.at(scope.now, connected.platform), scope.account)


def create(scope: Scope, params: Json, account: str) -> Json:
    """POST /v1/accounts/{account}/external_accounts: one more, the default one when asked or when it is the first."""
    if account == scope.account:
        raise not_here_yet("changes of one's own bank accounts")
    if not connections.opens(scope.store, scope.account, account):
        raise no_access(scope.key, account)
    found = scope.get("account", account)
    refuse_what_is_the_owners(found.body, found.hidden, {"external_account": ""})
    name = next((name for name in NAMES if name in params), None)
    if name is None:
        raise invalid("Missing required param: external_account.", param="external_account", code="parameter_missing")
    own = account_state.own(scope, account)
    details = bank_accounts.read(params[name], param=name)
    bank = bank_accounts.insert(
        own, details, default=params.get("default_for_currency", False), metadata=params.get("metadata")
    )
    record(own, "account.external_account.created", bank)
    account_state.refresh(scope, account)
    return bank


def listing(scope: Scope, params: Json, account: str) -> Json:
    """GET /v1/accounts/{account}/external_accounts."""
    url = f"/v1/accounts/{account}/external_accounts"
    if account != scope.account and not connections.opens(scope.store, scope.account, account):
        raise no_access(scope.key, account)
    kind = "card" if params.get("object") == "card" else "bank_account"
    own = account_state.own(scope, account)
    default(own, OF_THE_PLATFORM["currency"])
    return page(own, kind, params, url=url)


OPERATIONS: Operations = {
    "GET /v1/accounts/{account}/external_accounts": listing,
    "POST /v1/accounts/{account}/external_accounts": create,
}
