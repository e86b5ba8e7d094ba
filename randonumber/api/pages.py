"""Long lists: pages by a cursor, newest first."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from flask import Response, request

from randonumber.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST: Final = 100
USUAL: Final = 50
_CURSOR_LENGTH: Final = 200


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The page that was asked for: rows older than the cursor, at most `limit` of them."""

    cursor: str | None
    limit: int


def wanted() -> Wanted:
    """Read `cursor` and `limit` from the query; raises InvalidRequest."""
    errors = []
    limit = request.args.get("limit", str(USUAL))
    if not (
        limit.isascii() and limit.isdecimal() and len(limit) < len(str(LONGEST)) + 1 and 1 <= int(limit) <= LONGEST
    ):
        errors.append({"field": "limit", "message": f"must be a whole number from 1 to {LONGEST}"})
    cursor = request.args.get("cursor") or None
    if cursor is not None and (len(cursor) > _CURSOR_LENGTH or not cursor.isascii() or not cursor.isprintable()):
        errors.append({"field": "cursor", "message": "must be a next_cursor of an earlier answer"})
    if errors:
        message = "This page cannot be found; each field in errors says why."
        raise InvalidRequest(message, errors=errors)
    return Wanted(cursor=cursor, limit=int(limit))


def answer(rows: Sequence[dict[str, Any]], next_cursor: str | None) -> Response:
    """Return a page; `next_cursor` asks for the one after it, null at the end."""
    return json_answer({"data": rows, "next_cursor": next_cursor})


def json_answer(members: dict[str, Any], status: int = 200) -> Response:
    """Return a JSON object."""
    return Response(json.dumps(members), status=status, content_type="application/json")
