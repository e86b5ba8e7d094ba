"""API keys: any `sk_test_…` opens an account of its own; a publishable key opens only what Stripe lets it."""

import base64
import re

from randonumber.sandbox import connections
from randonumber.sandbox.ids import account_id
from randonumber.sandbox.store import Store
from randonumber.sandbox.wire.errors import Unchecked, unchecked

KEY = re.compile(r"^(sk|rk|pk)_test_[A-Za-z0-9_]{1,240}$")
FOR_PUBLISHABLE_KEYS = frozenset(
    {
        "GET /v1/payment_intents/{intent}",
        "POST /v1/payment_intents/{intent}/confirm",
        "GET /v1/setup_intents/{intent}",
        "POST /v1/setup_intents/{intent}/confirm",
        "POST /v1/payment_methods",
    }
)


def key_of(authorization: str | None) -> str:
    """Return the key in `Authorization: Bearer …` or in the user part of Basic. Raises Refused with 401."""
    scheme, _, value = (authorization or "").strip().partition(" ")
    if scheme.lower() == "basic":
        value = user_of(value)
    elif scheme.lower() != "bearer":
        value = ""
    if not value.strip():
        raise unchecked(
            "You did not provide an API key. You need to provide your API key in the Authorization header, "
            "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See "
            "https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/.",
            status=401,
        )
    if not KEY.match(value.strip()):
        raise unchecked(f"Invalid API Key provided: {masked(value.strip())}", status=401)
    return value.strip()


def user_of(encoded: str) -> str:
    """User name of Basic credentials, empty when they cannot be read."""
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[0]
    except ValueError:
        return ""


def masked(key: str) -> str:
    """Return a key as Stripe shows it back: the middle starred out."""
    shown = "".join(character for character in key if character.isprintable())[:255]
    head = 8 if shown.startswith(("sk_", "pk_", "rk_")) else 0
    tail = 4 if len(shown) > head + 4 else 0
    return shown[:head] + "*" * (len(shown) - head - tail) + (shown[-tail:] if tail else "")


def expired(key: str) -> Unchecked:
    """Stripe's 401 for a key that was rolled."""
    return unchecked(f"Expired API Key provided: {masked(key)}", code="api_key_expired", status=401)


def lacks_permission(key: str, account: str, operation: str) -> Unchecked:
    """Stripe's 403 for a restricted key without the permission for an operation."""
    verb, _, path = operation.partition(" ")
    resource = path.split("/")[2].removesuffix("s")
    permission = f"rak_{resource}_{'read' if verb == 'GET' else 'write'}"
    return unchecked(
        f"The provided key '{masked(key)}' does not have the required permissions for this endpoint on account "
        f"'{account}'. Having the '{permission}' permission would allow this request to continue.",
        status=403,
    )


def allow(key: str, operation: str) -> None:
    """Refuse a publishable key for what needs a secret one. Raises Refused with 403."""
    if key.startswith("pk_") and operation not in FOR_PUBLISHABLE_KEYS:
        raise unchecked(
            "This API call cannot be made with a publishable API key. Please use a secret API key. "
            "You can find a list of your API keys at https://dashboard.stripe.com/account/apikeys.",
            code="secret_key_required",
            status=403,
        )


def acting_account(store: Store, key: str, asked: str | None) -> str:
    """Return the account that a request acts for: the key's own, or the one in `Stripe-Account`.

    Raises Refused with 403 unless that one is connected to the key's.
    """
    own = account_id(key)
    if not asked or asked == own:
        return own
    with store.transaction():
        if connections.opens(store, own, asked):
            return asked
    raise no_access(key, asked)


def no_access(key: str, account: str) -> Unchecked:
    """Stripe's 403 for an account that is not the caller's, or does not exist."""
    return unchecked(
        f"The provided key '{masked(key)}' does not have access to account '{account[:60]}' "
        "(or that account does not exist). Application access may have been revoked.",
        code="account_invalid",
        status=403,
    )
