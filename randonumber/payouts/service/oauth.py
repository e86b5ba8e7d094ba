"""Connecting a Standard account by OAuth (https://docs.stripe.com/connect/oauth-reference).

The owner goes to Stripe with a `state` of 256 bits and comes back with it and a code. The state is good once, for ten
minutes, for the user and the session in which it began; only its hash is kept. It is used up before anything else is
done, so that an answer counts once. The code is good for one exchange: when nobody knows what became of that, nothing
is linked and the owner begins anew. The access token that comes with a grant is neither kept nor logged: calls are made
with the platform's own key.
"""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from flask import current_app
from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert

from randonumber import clock, limits
from randonumber.database import transaction
from randonumber.failpoints import failpoint
from randonumber.payouts.models import AccountType, OAuthState
from randonumber.payouts.service import accounts
from randonumber.payouts.service.linking import Linking, link
from randonumber.stripe_gateway import StripeRefused, StripeUnavailable, gateway

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from randonumber.hooks import Person
    from randonumber.payouts.service.accounts import Reading
    from randonumber.stripe_gateway.connect import Grant

log = logging.getLogger(__name__)

LIFETIME: Final = timedelta(minutes=10)
STARTS_PER_HOUR: Final = 20
HOUR: Final = 3_600
CALLBACK: Final = "/payouts/oauth/callback"
_CODE: Final = re.compile(r"[A-Za-z0-9_-]{1,255}", re.ASCII)


class Outcome(StrEnum):
    """What became of an answer from Stripe's consent page."""

    CONNECTED = "connected"
    ALREADY = "already"
    DENIED = "denied"
    FAILED = "failed"
    """Stripe came back with an error of its own."""
    WRONG_STATE = "wrong_state"
    """No state, or one that is somebody else's, used or old."""
    CODE_REFUSED = "code_refused"
    UNKNOWN = "unknown"
    """Stripe did not answer: the code is spent, perhaps."""
    WRONG_MODE = "wrong_mode"
    OTHER_USER = "other_user"
    HAS_ANOTHER = "has_another"


@dataclass(frozen=True, kw_only=True)
class Browser:
    """Who began, and in which session: the SHA-256 of its id."""

    user_id: int
    session_hash: bytes


def begin(person: Person, session_hash: bytes) -> str:
    """Note a way to Stripe's consent page, and return its address. Raises RateLimited."""
    state = secrets.token_urlsafe(32)
    with transaction() as session:
        limits.hit(session, "oauth_starts", person.ref, limit=STARTS_PER_HOUR, per_seconds=HOUR)
        row = {
            "state_hash": _digest(state),
            "user_id": person.user_id,
            "session_hash": session_hash,
            "created_at": clock.now(),
        }
        session.execute(insert(OAuthState).values(row))
    config = current_app.extensions["config"]
    asked = {
        "response_type": "code",
        "client_id": config.stripe_connect_client_id,
        "scope": "read_write",
        "redirect_uri": f"{config.base_url}{CALLBACK}",
        "state": state,
        "stripe_user[email]": person.email,
    }
    return f"{config.stripe_connect_origin}/oauth/authorize?{urlencode(asked)}"


def complete(browser: Browser, answer: Mapping[str, str]) -> Outcome:
    """Take what Stripe's consent page came back with, and connect the account it grants. Calls the network.

    Never raises for what Stripe or the answer says.
    """
    with transaction() as session:
        is_ours = _use_up(session, browser, answer.get("state", ""))
        has_one = accounts.current(session, browser.user_id) is not None
    failpoint("after_oauth_state")
    if error := answer.get("error"):
        return Outcome.DENIED if error == "access_denied" else Outcome.FAILED
    code = answer.get("code", "")
    if not is_ours:
        log.warning("oauth_state_refused", extra={"user_id": browser.user_id})
        return Outcome.WRONG_STATE
    if has_one:
        return Outcome.HAS_ANOTHER
    return _exchange(browser.user_id, code) if _CODE.fullmatch(code) else Outcome.CODE_REFUSED


def sweep(session: Session) -> None:
    """Remove states that are long over. Never commits."""
    session.execute(delete(OAuthState).where(OAuthState.created_at < clock.now() - timedelta(days=1)))


def _exchange(user_id: int, code: str) -> Outcome:
    try:
        grant = gateway().connect.exchange(code)
    except StripeRefused as refusal:
        log.info("oauth_code_refused", extra={"code": refusal.code})
        return Outcome.CODE_REFUSED
    except StripeUnavailable as error:
        log.warning("oauth_outcome_unknown", extra={"reason": error.reason, "was_sent": error.was_sent})
        return Outcome.UNKNOWN
    failpoint("after_oauth_exchange")
    return _link(user_id, grant)


def _link(user_id: int, grant: Grant) -> Outcome:
    if grant.livemode != current_app.extensions["config"].livemode:
        log.error("oauth_wrong_mode", extra={"livemode": grant.livemode})
        return Outcome.WRONG_MODE
    reading = _read(grant.stripe_account_id)
    with transaction() as session:
        linked = link(session, user_id, AccountType.STANDARD, grant.stripe_account_id, reading)
    if linked is Linking.OTHER_USER:
        log.warning("oauth_account_of_another_user", extra={"user_id": user_id})
    return Outcome(linked)


def _read(stripe_account_id: str) -> Reading | None:
    """Read the account again; without an answer the sweep does it soon, and the grant holds."""
    try:
        return accounts.read(stripe_account_id)
    except StripeUnavailable:
        return None


def _use_up(session: Session, browser: Browser, state: str) -> bool:
    """Use a state up, and return whether it was one of this browser's that still held. Of two at once one holds."""
    holds = (
        (OAuthState.state_hash == _digest(state))
        & (OAuthState.user_id == browser.user_id)
        & (OAuthState.session_hash == browser.session_hash)
        & OAuthState.used_at.is_(None)
        & (OAuthState.created_at > clock.now() - LIFETIME)
    )
    used = update(OAuthState).where(holds).values(used_at=clock.now()).returning(OAuthState.user_id)
    return session.execute(used).scalar_one_or_none() is not None


def _digest(state: str) -> bytes:
    return hashlib.sha256(state.encode(errors="replace")).digest()
