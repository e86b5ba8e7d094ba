"""OAuth of Connect for Standard accounts: codes, tokens, and the end of a connection.

https://docs.stripe.com/connect/oauth-reference. It lies outside the API proper: no OpenAPI, and errors in OAuth's form.
"""

import json
import re

from randonumber.sandbox import connections
from randonumber.sandbox.ids import account_id as account_of_key
from randonumber.sandbox.ids import characters
from randonumber.sandbox.recording import record
from randonumber.sandbox.resources.connect import account_state, accounts, bank_accounts
from randonumber.sandbox.resources.connect.account_controller import STANDARD
from randonumber.sandbox.resources.connect.account_template import fresh, fresh_hidden
from randonumber.sandbox.resources.connect.capabilities import USUAL
from randonumber.sandbox.resources.funds.payout_schedules import plan_payouts
from randonumber.sandbox.scope import Json, Scope

CLIENT_ID = re.compile(r"ca_([A-Za-z0-9_]{1,240})")
CODE_SECONDS = 5 * 60
SCOPES = ("read_write", "read_only")


class OAuthRefused(Exception):
    """An error in OAuth's form: a status, its name, and Stripe's description."""

    def __init__(self, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(description)
        self.status = status
        self.body = {"error": error, "error_description": description}


def platform_of(client_id: str) -> str | None:
    """Return the platform that a client id belongs to: `ca_x` is that of `sk_test_x`. None when it is no client id."""
    found = CLIENT_ID.fullmatch(client_id)
    return account_of_key(f"sk_test_{found[1]}") if found else None


def candidates(scope: Scope) -> list[Json]:
    """Return the Standard accounts that the scope's platform has seen, connected or not, the newest first."""
    rows = scope.store.rows(
        "SELECT body FROM objects WHERE account = ? AND kind = 'account' AND json_extract(body, '$.type') = 'standard' "
        "ORDER BY seq DESC",
        scope.account,
    )
    return [json.loads(row["body"]) for row in rows]


def new_owner(scope: Scope, client_id: str, email: str) -> str:
    """Make a Standard account that is complete and controls itself; it is not connected yet. Returns its id."""
    body = fresh("standard", STANDARD, "US", scope.now)
    hidden = fresh_hidden(client_id) | {
        "link_made": True,
        "onboarded": True,
        "requested": dict.fromkeys(USUAL, scope.now),
    }
    body |= {
        "business_type": "individual",
        "capabilities": dict.fromkeys(USUAL, "active"),
        "charges_enabled": True,
        "controller": {"type": "account"},
        "details_submitted": True,
        "email": email,
        "payouts_enabled": True,
    }
    scope.insert(body, hidden)
    scope.store.mark_deleted(scope.account, body["id"])
    bank = {"account_number": bank_accounts.PAYS_OUT, "country": "US", "currency": "usd"}
    bank_accounts.insert(
        account_state.own(scope, body["id"]), bank | {"routing_number": bank_accounts.ROUTING_NUMBER}, default=True
    )
    return str(body["id"])


def grant(scope: Scope, account: str, access: str, client_id: str) -> str:
    """Return a code for the platform, good once and for five minutes."""
    code = "ac_" + characters(32)
    scope.insert(
        {"id": code, "object": "oauth_code", "created": scope.now},
        {"account": account, "access": access, "client_id": client_id, "refresh_token": None},
    )
    return code


def exchange(scope: Scope, code: str) -> Json:
    """Turn a code into tokens, which connects its account to the scope's platform. Raises OAuthRefused."""
    found = scope.store.find_anywhere(code)
    if not found or found.kind != "oauth_code":
        raise OAuthRefused("invalid_grant", f"Authorization code does not exist: {code[:100]}")
    if found.account != scope.account:
        raise OAuthRefused("invalid_grant", "Authorization code provided does not belong to you")
    if found.hidden["refresh_token"]:
        revoke(scope, found.hidden["refresh_token"])
        raise OAuthRefused(
            "invalid_grant",
            "This authorization code has already been used. All tokens issued with this code have been revoked.",
        )
    if scope.now >= found.body["created"] + CODE_SECONDS:
        raise OAuthRefused("invalid_grant", f"Authorization code expired: {code}")
    if "deleted" in scope.get("account", found.hidden["account"]).body:
        raise OAuthRefused("invalid_grant", f"Authorization code does not exist: {code}")
    connect(scope, found.hidden["account"], found.hidden["client_id"])
    answer = tokens(scope, found.hidden["account"], found.hidden["access"])
    scope.save(found.body, found.hidden | {"refresh_token": answer["refresh_token"]})
    return answer


def connect(scope: Scope, account: str, client_id: str) -> None:
    """Open an account to the scope's platform, and tell it unless it was open; its payouts go on."""
    if connections.opens(scope.store, scope.account, account):
        return
    connections.connect(scope, account)
    scope.store.run("UPDATE objects SET deleted = 0 WHERE account = ? AND id = ?", scope.account, account)
    found = scope.get("account", account)
    scope.save(found.body, found.hidden | {"application": client_id})
    own = account_state.own(scope, account)
    record(own, "account.application.authorized", accounts.application(client_id))
    plan_payouts(own)


def tokens(scope: Scope, account: str, access: str) -> Json:
    """Return new tokens for an account."""
    name = "51" + account.removeprefix("acct_1") + characters(40)
    token = "rt_" + characters(32)
    scope.insert(
        {"id": token, "object": "oauth_token", "created": scope.now},
        {"account": account, "access": access, "revoked": False},
    )
    return {
        "access_token": f"sk_test_{name}",
        "livemode": False,
        "refresh_token": token,
        "scope": access,
        "stripe_publishable_key": f"pk_test_{name}",
        "stripe_user_id": account,
        "token_type": "bearer",
    }


def revoke(scope: Scope, token: str) -> None:
    """Let a refresh token be good for nothing more, nor those that it was exchanged for."""
    following: str | None = token
    while following:
        found = scope.get("oauth_token", following)
        scope.save(found.body, found.hidden | {"revoked": True})
        following = found.hidden.get("next")


def refresh(scope: Scope, token: str, access: str | None) -> Json:
    """Return new tokens of an equal or lesser scope; the old refresh token ends. Raises OAuthRefused."""
    found = scope.find("oauth_token", token)
    if (
        not found
        or found.hidden["revoked"]
        or not connections.opens(scope.store, scope.account, found.hidden["account"])
    ):
        raise OAuthRefused("invalid_grant", f"Refresh token does not exist: {token[:100]}")
    granted = found.hidden["access"]
    if access not in (None, granted, "read_only"):
        raise OAuthRefused("invalid_scope", f"Requested scope is greater than what was granted: {granted}")
    answer = tokens(scope, found.hidden["account"], access or granted)
    scope.save(found.body, found.hidden | {"revoked": True, "next": answer["refresh_token"]})
    return answer


def deauthorize(scope: Scope, client_id: str, account: str) -> Json:
    """Close a Standard account to the scope's platform. Raises OAuthRefused."""
    if platform_of(client_id) != scope.account:
        raise OAuthRefused("invalid_client", "No application matches the supplied client identifier", status=401)
    if not connections.opens(scope.store, scope.account, account):
        raise OAuthRefused(
            "invalid_client",
            f"This application is not connected to stripe account {account[:60]}, or that account does not exist.",
            status=401,
        )
    if scope.get("account", account).body["type"] != "standard":
        raise OAuthRefused(
            "invalid_request", "Only Standard accounts can be deauthorized; delete or reject this account instead."
        )
    accounts.deauthorize(scope, account)
    return {"stripe_user_id": account}
