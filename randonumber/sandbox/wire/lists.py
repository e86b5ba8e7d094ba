"""Lists: newest first, a page at a time, from a cursor either way."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from randonumber.sandbox.filters import COLUMNS
from randonumber.sandbox.scope import Json, Scope
from randonumber.sandbox.wire.errors import invalid, missing

DEFAULT_LIMIT = 10
HIGHEST_LIMIT = 100
Place = tuple[int, int]
Filters = dict[str, Any]
Ranges = list[tuple[str, Any]]
COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def page(
    scope: Scope,
    kind: str,
    params: Json,
    *,
    url: str,
    equal: Mapping[str, Any] | None = None,
    among: Mapping[str, Sequence[str]] | None = None,
    beginning: Mapping[str, str] | None = None,
    spans: Mapping[str, Any] | None = None,
) -> Json:
    """Return a list object. `equal` holds the filters by name, the narrowest first, None meaning not asked.

    `among` allows several values of one field, `beginning` all that begin alike. `spans` are times, or `gt`, `gte`,
    `lt`, `lte` of them, as `created` is.
    """
    filters = {COLUMNS[name]: wanted for name, wanted in (equal or {}).items() if wanted is not None}
    ranges = [*over_time("created", params.get("created"))]
    for name, span in (spans or {}).items():
        ranges += over_time(COLUMNS[name], span)
    several = {COLUMNS[name]: list(values) for name, values in (among or {}).items()}
    several |= {COLUMNS[name]: alike(scope, kind, COLUMNS[name], start) for name, start in (beginning or {}).items()}
    ways = [filters]
    for column, values in several.items():
        ways = [way | {column: value} for way in ways for value in dict.fromkeys(values)]
    return fetch(scope, kind, params, ways, ranges, url)


def over_time(column: str, span: Any) -> Ranges:
    """Return the conditions of a filter like `created`: a time, or `gt`, `gte`, `lt`, `lte`."""
    if span is None:
        return []
    moments = span.items() if isinstance(span, dict) else [("", span)]
    return [(f"{column} {COMPARISONS.get(name, '=')} ?", moment) for name, moment in moments]


def alike(scope: Scope, kind: str, column: str, start: str) -> list[str]:
    """Return the values of a column that begin like this, step by step in its index, however many objects there are."""
    found: list[str] = []
    while row := scope.store.row(
        f"SELECT {column} AS value FROM objects WHERE account = ? AND kind = ? AND {column} {'>' if found else '>='} ? "  # noqa: S608 -- constants alone
        f"AND {column} < ? ORDER BY {column} LIMIT 1",
        scope.account, kind, found[-1] if found else start, start + "\U0010ffff",
    ):  # fmt: skip
        found.append(row["value"])
    return found


def fetch(scope: Scope, kind: str, params: Json, ways: list[Filters], ranges: Ranges, url: str) -> Json:
    """Read one past the limit to know whether there is more; each way by itself, so that each has its index."""
    limit = min(max(params.get("limit", DEFAULT_LIMIT), 1), HIGHEST_LIMIT)
    backwards = "ending_before" in params
    if backwards and "starting_after" in params:
        raise invalid("Received both starting_after and ending_before parameters. Please pass in only one.")
    name = "ending_before" if backwards else "starting_after"
    cursor = position(scope, kind, params[name], name) if name in params else None
    found = [row for way in ways for row in query(scope, kind, way, ranges, cursor, limit + 1, backwards=backwards)]
    found.sort(key=lambda row: (row["created"], row["seq"]), reverse=not backwards)
    data = [json.loads(row["body"]) for row in found[:limit]]
    return {
        "object": "list",
        "data": data[::-1] if backwards else data,
        "has_more": len(found) > limit,
        "url": url,
    }


def query(
    scope: Scope, kind: str, filters: Filters, ranges: Ranges, cursor: Place | None, most: int, *, backwards: bool
) -> list[sqlite3.Row]:
    """Return the first rows on one side of a cursor.

    The first filter brings its index; a plus sign keeps the others from offering theirs.
    """
    conditions = ["account = ?", "kind = ?", "deleted = 0"]
    values: list[Any] = [scope.account, kind]
    for number, (column, wanted) in enumerate(filters.items()):
        conditions.append(f"{'+' if number else ''}{column} = ?")
        values.append(wanted)
    for condition, moment in ranges:
        conditions.append(condition)
        values.append(moment)
    if cursor:
        conditions.append(f"(created, seq) {'>' if backwards else '<'} (?, ?)")
        values += cursor
    order = "ASC" if backwards else "DESC"
    sql = (
        f"SELECT created, seq, body FROM objects WHERE {' AND '.join(conditions)} "  # noqa: S608 -- constants alone
        f"ORDER BY created {order}, seq {order} LIMIT ?"
    )
    return scope.store.rows(sql, *values, most)


def position(scope: Scope, kind: str, cursor: str, param: str) -> Place:
    """Where a cursor stands; one that was deleted since still marks its place, as recorded."""
    row = scope.store.row(
        "SELECT created, seq FROM objects WHERE account = ? AND id = ? AND kind = ?", scope.account, cursor, kind
    )
    if not row:
        raise missing(kind, cursor, param=param, status=400)
    return row["created"], row["seq"]
