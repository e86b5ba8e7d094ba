"""Lists: newest first, a page at a time, from a cursor either way."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from randonumber.sandbox.scope import Json, Scope
from randonumber.sandbox.wire.errors import invalid, missing

DEFAULT_LIMIT = 10
HIGHEST_LIMIT = 100
COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
# Where a filter is looked up.
COLUMNS = {
    "customer": "json_extract(body, '$.customer')",
    "payment_intent": "json_extract(body, '$.payment_intent')",
    "email": "json_extract(body, '$.email')",
    "source": "json_extract(body, '$.source')",
    "type": "json_extract(body, '$.type')",
    "status": "json_extract(body, '$.status')",
    "currency": "json_extract(body, '$.currency')",
    "customer_email": "json_extract(body, '$.customer_details.email')",
    "transfer_group": "json_extract(body, '$.transfer_group')",
    "charge": "json_extract(body, '$.charge')",
    "destination": "json_extract(body, '$.destination')",
    "payment_method": "json_extract(body, '$.payment_method')",
    "transfer": "json_extract(body, '$.transfer')",
    "payout": "json_extract(hidden, '$.payout')",
    "arrival_date": "json_extract(body, '$.arrival_date')",
    "pending_webhooks": "json_extract(body, '$.pending_webhooks')",
}


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
    """Return a list object. `equal` holds the filters by name, None meaning not asked.

    `spans` are times, or `gt`, `gte`, `lt`, `lte` of them, as `created` is.
    """
    conditions = ["account = ?", "kind = ?", "deleted = 0"]
    values: list[Any] = [scope.account, kind]
    for name, wanted in (equal or {}).items():
        if wanted is not None:
            conditions.append(f"{COLUMNS[name]} = ?")
            values.append(wanted)
    for name, several in (among or {}).items():
        conditions.append(f"{COLUMNS[name]} IN (SELECT value FROM json_each(?))")  # noqa: S608 -- constants alone
        values.append(json.dumps(list(several)))
    for name, start in (beginning or {}).items():
        conditions.append(f"substr({COLUMNS[name]}, 1, ?) = ?")
        values += [len(start), start]
    by_time("created", params.get("created"), conditions, values)
    for name, span in (spans or {}).items():
        by_time(COLUMNS[name], span, conditions, values)
    return fetch(scope, kind, params, conditions, values, url)


def by_time(column: str, span: Any, conditions: list[str], values: list[Any]) -> None:
    """Add a filter like `created`: a time, or `gt`, `gte`, `lt`, `lte`."""
    if span is None:
        return
    for name, moment in span.items() if isinstance(span, dict) else [("", span)]:
        conditions.append(f"{column} {COMPARISONS.get(name, '=')} ?")
        values.append(moment)


def fetch(scope: Scope, kind: str, params: Json, conditions: list[str], values: list[Any], url: str) -> Json:
    """Run the query one past the limit to know whether there is more."""
    limit = min(max(params.get("limit", DEFAULT_LIMIT), 1), HIGHEST_LIMIT)
    backwards = "ending_before" in params
    if backwards and "starting_after" in params:
        raise invalid("Received both starting_after and ending_before parameters. Please pass in only one.")
    for name, sign in (("starting_after", "<"), ("ending_before", ">")):
        if name in params:
            conditions.append(f"seq {sign} ?")
            values.append(position(scope, kind, params[name], name))
    where, order = " AND ".join(conditions), "ASC" if backwards else "DESC"
    sql = f"SELECT body FROM objects WHERE {where} ORDER BY seq {order} LIMIT ?"  # noqa: S608 -- constants alone
    found = [json.loads(row["body"]) for row in scope.store.rows(sql, *values, limit + 1)]
    data = found[:limit]
    return {
        "object": "list",
        "data": data[::-1] if backwards else data,
        "has_more": len(found) > limit,
        "url": url,
    }


def position(scope: Scope, kind: str, cursor: str, param: str) -> int:
    """Where a cursor stands; one that was deleted since still marks its place, as recorded."""
    found = scope.find(kind, cursor)
    if not found:
        raise missing(kind, cursor, param=param, status=400)
    return found.seq
