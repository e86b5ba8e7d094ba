"""Events, as a list to catch up with what a webhook missed."""

from randonumber.sandbox.scope import Json, Operations, Scope
from randonumber.sandbox.wire.errors import invalid
from randonumber.sandbox.wire.lists import page

# https://docs.stripe.com/api/events: events of the last 30 days.
LISTED_SECONDS = 30 * 24 * 60 * 60
MOST_TYPES = 20


def retrieve(scope: Scope, params: Json, id: str) -> Json:  # noqa: A002 -- Stripe's name in the address
    """GET /v1/events/{id}."""
    del params
    return scope.get("event", id).body


def listing(scope: Scope, params: Json) -> Json:
    """GET /v1/events."""
    if "type" in params and "types" in params:
        raise invalid("You may only specify one of these parameters: type, types.", param="type")
    if len(params.get("types", [])) > MOST_TYPES:
        raise invalid(f"Array must contain no more than {MOST_TYPES} elements", param="types")
    wanted = params.get("type")
    group = wanted[:-1] if wanted and wanted.endswith("*") else None
    success = params.get("delivery_success")
    return page(
        scope,
        "event",
        params | {"created": recent(scope, params.get("created"))},
        url="/v1/events",
        equal={
            "undelivered": None if success is None else int(not success),
            "type": wanted if group is None else None,
        },
        among={"type": params["types"]} if "types" in params else None,
        beginning={"type": group} if group else None,
    )


def recent(scope: Scope, created: Json | int | None) -> Json | int:
    """Return the `created` filter, never reaching back beyond what Stripe keeps."""
    oldest = scope.now - LISTED_SECONDS
    if created is None:
        return {"gte": oldest}
    if isinstance(created, dict) and not {"gt", "gte"} & set(created):
        return created | {"gte": oldest}
    return created


OPERATIONS: Operations = {"GET /v1/events": listing, "GET /v1/events/{id}": retrieve}
