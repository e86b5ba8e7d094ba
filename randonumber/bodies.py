"""What programs and scripts send: JSON read strictly, so that no two readers can understand it differently."""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from randonumber.errors import InvalidRequest

LARGEST_BYTES: Final = 16 * 1024


def raw() -> bytes:
    """Return the body as it was sent; raises a 413 when it is larger than any request is."""
    if (request.content_length or 0) > LARGEST_BYTES:
        raise RequestEntityTooLarge
    return request.get_data(cache=True)


def json_object() -> dict[str, Any]:
    """Return the body, a JSON object (RFC 8259); raises InvalidRequest.

    Refused beside broken JSON: another content type, a name given twice, NaN and infinities, a number too long to
    be read, and any text that is not UTF-8.
    """
    if request.mimetype != "application/json":
        message = "Send the request as JSON, with Content-Type: application/json."
        raise InvalidRequest(message)
    try:
        value = _DECODER.decode(raw().decode())
    except (ValueError, RecursionError) as error:
        message = "The body is not valid JSON."
        raise InvalidRequest(message) from error
    if not isinstance(value, dict):
        message = "The body must be a JSON object."
        raise InvalidRequest(message)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        message = "a name is given twice"
        raise ValueError(message)
    return value


def _refuse_constant(name: str) -> NoReturn:
    message = f"{name} is not JSON"
    raise ValueError(message)


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse_constant)
