"""API keys: any `sk_test_…` opens an account of its own; a publishable key opens only what Stripe lets it."""

import base64
import binascii
import re

from randonumber.sandbox.wire.errors import unchecked

KEY = re.compile(r"^(sk|rk|pk)_test_[A-Za-z0-9_]{1,240}$")
FOR_PUBLISHABLE_KEYS = frozenset(
    {
        "GET /v1/payment_intents/{intent}",
        "POST /v1/payment_intents/{intent}/confirm",
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
    except (binascii.Error, UnicodeDecodeError):
        return ""


def masked(key: str) -> str:
    """Return a key as Stripe shows it back: the middle starred out."""
    shown = "".join(character for character in key if character.isprintable())[:255]
    head = 8 if shown.startswith(("sk_", "pk_", "rk_")) else 0
    tail = 4 if len(shown) > head + 4 else 0
    return shown[:head] + "*" * (len(shown) - head - tail) + (shown[-tail:] if tail else "")


def allow(key: str, operation: str) -> None:
    """Refuse a publishable key for what needs a secret one. Raises Refused with 403."""
    if key.startswith("pk_") and operation not in FOR_PUBLISHABLE_KEYS:
        raise unchecked(
            "This API call cannot be made with a publishable API key. Please use a secret API key. "
            "You can find a list of your API keys at https://dashboard.stripe.com/account/apikeys.",
            code="secret_key_required",
            status=403,
        )


def check_account(key: str, own: str, asked: str | None) -> None:
    """Refuse a `Stripe-Account` other than the key's own. Raises Refused with 403."""
    if asked and asked != own:
        raise unchecked(
            f"The provided key '{masked(key)}' does not have access to account '{asked[:60]}' "
            "(or that account does not exist). Application access may have been revoked.",
            code="account_invalid",
            status=403,
        )
