"""OAuth of Connect: the page where an owner consents, and the two addresses that a platform calls."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from randonumber.sandbox import faults
from randonumber.sandbox.addresses import web_address
from randonumber.sandbox.ids import account_id, new_id
from randonumber.sandbox.pages.layout import allow_redirects_to, sandbox
from randonumber.sandbox.resources.connect import oauth
from randonumber.sandbox.resources.connect.oauth import OAuthRefused
from randonumber.sandbox.same_site import refuse_other_sites
from randonumber.sandbox.scope import Json, Scope, unit
from randonumber.sandbox.wire import keys
from randonumber.sandbox.wire.errors import Refused

pages = Blueprint("oauth", __name__)
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
LONGEST_STATE = 2000
NEW = "new"


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a platform asks an owner for, checked."""

    client_id: str
    platform: str
    redirect_uri: str
    access: str
    state: str | None

    def back(self, **outcome: str) -> str:
        """Return the platform's address with the outcome, and its state when it gave one."""
        if self.state is not None:
            outcome["state"] = self.state
        return self.redirect_uri + ("&" if urlsplit(self.redirect_uri).query else "?") + urlencode(outcome)


class Unaskable(Exception):
    """The platform's question is wrong in a way that must not lead back to an address it names."""


def asked() -> Question:
    """Read the question in the address. Raises Unaskable, in Stripe's words where they are known."""
    client_id = request.args.get("client_id", "")
    platform = oauth.platform_of(client_id)
    if platform is None:
        raise Unaskable("No application matches the supplied client identifier")
    if request.args.get("response_type") != "code":
        raise Unaskable("Unsupported response type: the only one is code")
    redirect_uri = request.args.get("redirect_uri", "")
    if not may_lead_to(redirect_uri):
        raise Unaskable(
            f"Invalid redirect URI '{redirect_uri[:200]}'. Ensure this uri exactly matches one of the uris specified "
            "in your application settings. The sandbox takes any https address, and http on this machine."
        )
    access = request.args.get("scope", "read_only")
    if access not in oauth.SCOPES:
        raise Unaskable("Invalid scope: must be one of " + " or ".join(oauth.SCOPES))
    state = request.args.get("state")
    if state is not None and len(state) > LONGEST_STATE:
        raise Unaskable("The state is too long")
    return Question(client_id=client_id, platform=platform, redirect_uri=redirect_uri, access=access, state=state)


def may_lead_to(url: str) -> bool:
    """Whether an owner may be sent there: https, or http on this machine, without a fragment."""
    if not web_address(url):
        return False
    parts = urlsplit(url)
    return not parts.fragment and (parts.scheme == "https" or parts.hostname in LOOPBACK)


@pages.get("/oauth/authorize")
def ask() -> tuple[str, int]:
    """Ask the owner of a Standard account whether a platform may connect it."""
    try:
        question = asked()
    except Unaskable as wrong:
        return unaskable(wrong)
    with unit(sandbox(), question.platform, base_url=request.host_url) as scope:
        return page(scope, question, 200)


@pages.post("/oauth/authorize")
def answer() -> AnyResponse | tuple[str, int]:
    """`action=connect` sends a code to the platform, `deny` says so; `account` chooses one that exists.

    The page of another site consents to nothing in the owner's name.
    """
    refuse_other_sites()
    try:
        question = asked()
    except Unaskable as wrong:
        return unaskable(wrong)
    with unit(sandbox(), question.platform, base_url=request.host_url) as scope:
        action, chosen = request.form.get("action"), request.form.get("account") or NEW
        if action == "deny":
            denied = question.back(error="access_denied", error_description="The user denied your request")
            return redirect(denied, 303)
        known = {body["id"] for body in oauth.candidates(scope)}
        if action != "connect" or chosen not in {NEW, *known}:
            return page(scope, question, 422)
        if chosen == NEW:
            chosen = oauth.new_owner(scope, question.client_id, email())
        code = oauth.grant(scope, chosen, question.access, question.client_id)
        return redirect(question.back(scope=question.access, code=code), 303)


def email() -> str:
    """Return the address that the platform prefilled, if it is one."""
    given = request.args.get("stripe_user[email]", "")
    return given if "@" in given[1:-1] and not any(letter.isspace() for letter in given) else "owner@example.com"


def unaskable(wrong: Unaskable) -> tuple[str, int]:
    """Show what is wrong with the question; there is no way back."""
    return render_template("oauth_wrong.html", reason=str(wrong)), 400


def page(scope: Scope, question: Question, status: int) -> tuple[str, int]:
    """Render the consent page."""
    allow_redirects_to(question.redirect_uri)
    body = render_template(
        "oauth.html",
        question=question,
        accounts=oauth.candidates(scope),
        host=urlsplit(question.redirect_uri).netloc,
        new=NEW,
        query=request.query_string.decode("ascii", "replace"),
        wrong=status != 200,  # noqa: PLR2004
    )
    return body, status


@pages.post("/oauth/token")
def token() -> Response:
    """Turn a code or a refresh token into tokens."""
    return served("POST /oauth/token", exchanged)


@pages.post("/oauth/deauthorize")
def deauthorize() -> Response:
    """Close an account to the platform that asks."""
    return served("POST /oauth/deauthorize", deauthorized)


def exchanged(scope: Scope) -> Json:
    """Answer `/oauth/token`. Raises OAuthRefused."""
    kind = needed("grant_type")
    if kind == "authorization_code":
        return oauth.exchange(scope, needed("code"))
    if kind == "refresh_token":
        return oauth.refresh(scope, needed("refresh_token"), request.form.get("scope"))
    raise OAuthRefused("unsupported_grant_type", f"Unsupported grant type: {kind[:100]}")


def deauthorized(scope: Scope) -> Json:
    """Answer `/oauth/deauthorize`. Raises OAuthRefused."""
    client_id = needed("client_id")
    return oauth.deauthorize(scope, client_id, needed("stripe_user_id"))


def needed(name: str) -> str:
    """Return a parameter that must be there. Raises OAuthRefused."""
    found = request.form.get(name, "")
    if not found:
        raise OAuthRefused("invalid_request", f"Missing required parameter: {name}")
    return found


def served(operation: str, handler: Callable[[Scope], Json]) -> Response:
    """Run one of the two, as the platform whose key it is, with the faults that are planned for it."""
    with sandbox().store.transaction():
        fault = faults.take(sandbox().store, operation, faults.OF_REQUESTS)
    if fault and fault.kind in faults.BEFORE | {"error_500"}:
        return struck(fault)
    try:
        key = secret_key()
        with unit(
            sandbox(), account_id(key), base_url=request.host_url, key=key, request_id=new_id("request")
        ) as scope:
            status, body = handled(scope, handler)
    except OAuthRefused as refused:
        status, body = refused.status, refused.body
    return struck(fault) if fault and fault.kind == "error_500_done" else written(status, body, fault)


def handled(scope: Scope, handler: Callable[[Scope], Json]) -> tuple[int, Json]:
    """Return the answer; what a refusal did, such as revoking tokens, stays."""
    try:
        return 200, handler(scope)
    except OAuthRefused as refused:
        return refused.status, refused.body


def secret_key() -> str:
    """Return the platform's key, from the form or from the header. Raises OAuthRefused with 401."""
    given = request.form.get("client_secret")
    try:
        key = keys.key_of(f"Bearer {given}" if given else request.headers.get("Authorization"))
    except Refused as refused:
        raise OAuthRefused("invalid_client", refused.fields["message"], status=401) from None
    if key.startswith("pk_"):
        raise OAuthRefused("invalid_client", f"Invalid API Key provided: {keys.masked(key)}", status=401)
    return key


def struck(fault: faults.Fault) -> Response:
    """Return the answer to a request that a fault met: a status of its own, or a line that will be cut."""
    statuses = {"error_429": 429, "error_409": 409}
    return written(
        statuses.get(fault.kind, 500),
        {"error": "temporarily_unavailable", "error_description": "The sandbox's fault plan: " + fault.kind},
        fault,
    )


def written(status: int, body: Json, fault: faults.Fault | None) -> Response:
    """Return the answer, with the fault of the connection for the way back."""
    response = Response(json.dumps(body, indent=2), status=status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    if fault and fault.kind in faults.ON_THE_WAY_BACK | {"reset_before"}:
        response.headers["Sandbox-Fault"] = fault.kind
        response.headers["Sandbox-Fault-Seconds"] = str(fault.seconds or 0)
    return response
