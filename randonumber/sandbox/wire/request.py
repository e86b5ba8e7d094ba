"""One API request as it came in: who asks for which operation, and with what parameters."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request

from randonumber.sandbox.scope import Sandbox
from randonumber.sandbox.spec import params
from randonumber.sandbox.spec.description import Operation
from randonumber.sandbox.wire import forms, idempotency, keys
from randonumber.sandbox.wire.errors import unchecked

FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 2000
VERSION = re.compile(r"^\d{4}-\d{2}-\d{2}(\.[a-z_]{1,40})?$")


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request for an operation that exists, by a key that opens it."""

    operation: Operation
    ids: dict[str, str]
    path: str
    account: str
    key: str
    request_id: str
    idempotency_key: str | None
    client_secret_needed: bool


def identify(sandbox: Sandbox, request: Request, request_id: str) -> Call:
    """Who asks for what. Raises Refused: 401 without a key, 404 for an unknown address, 403 for another's account."""
    check_version(request.headers.get("Stripe-Version"))
    key = keys.key_of(request.headers.get("Authorization"))
    found = sandbox.description.match(request.method, request.path)
    if not found:
        raise unchecked(
            f"Unrecognized request URL ({request.method}: {request.path[:200]}). Please see https://stripe.com/docs "
            "or we can help at https://support.stripe.com/.",
            status=404,
        )
    operation, ids = found
    keys.allow(key, operation.name)
    return Call(
        operation=operation,
        ids=ids,
        path=request.path,
        account=keys.acting_account(sandbox.store, key, request.headers.get("Stripe-Account")),
        key=key,
        request_id=request_id,
        idempotency_key=key_in(request),
        client_secret_needed=key.startswith("pk_") and "{intent}" in operation.name,
    )


def check_version(version: str | None) -> None:
    """Refuse a version that cannot be one; any real one is answered in the version of the description."""
    if version is not None and not VERSION.match(version):
        raise unchecked(f"Invalid Stripe API version: {version[:60]}")


def key_in(request: Request) -> str | None:
    """Return the idempotency key of a POST; Stripe ignores it elsewhere."""
    key = request.headers.get("Idempotency-Key")
    if request.method != "POST" or key is None:
        return None
    idempotency.check(key)
    return key


def read(request: Request, call: Call) -> dict[str, Any]:
    """Return the parameters, decoded and checked. Raises Refused for what Stripe would not take."""
    given = pairs(request.query_string, "query string")
    if request.method == "POST":
        given += body_pairs(request)
    decoded = forms.decode(given)
    allowed = call.operation.params
    if call.client_secret_needed:
        allowed = {
            "properties": allowed["properties"] | {"client_secret": {"type": "string"}},
            "required": [*allowed["required"], "client_secret"],
        }
    return params.checked(decoded, allowed)


def body_pairs(request: Request) -> list[tuple[str, str]]:
    """Return the form in the body. Raises Refused unless it is one; RequestEntityTooLarge beyond the limit."""
    length = request.headers.get("Content-Length", "0")
    if not (length.isascii() and length.isdigit()):
        raise unchecked("Invalid request: Content-Length is not a number.")
    body = request.get_data(cache=False)
    if "Content-Length" not in request.headers and len(body) >= (request.max_content_length or len(body) + 1):
        raise RequestEntityTooLarge  # in chunks, and cut off where the limit is
    if body and request.mimetype != FORM:
        raise unchecked(
            "Invalid request (check that your POST content type is application/x-www-form-urlencoded). "
            "If you have any questions, we can help at https://support.stripe.com/."
        )
    return pairs(body, "body")


def pairs(text: bytes, where: str) -> list[tuple[str, str]]:
    """Names and values, in order."""
    try:
        return parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except (UnicodeDecodeError, ValueError):
        raise unchecked(f"Invalid request: the {where} is not a form in UTF-8.") from None
