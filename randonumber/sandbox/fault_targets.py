"""What a fault can strike: a plan with a slip of the pen in it would strike nothing, and a rehearsal prove nothing."""

import functools

from randonumber.sandbox.spec import description

ALL = "*"
BESIDE_THE_API = frozenset({"POST /oauth/token", "POST /oauth/deauthorize"})


def is_operation(text: str) -> bool:
    """Whether it names an operation offered here, as Stripe writes it or by an address of its own."""
    method, _, path = text.partition(" ")
    return text in BESIDE_THE_API or description.load().match(method, path) is not None


@functools.cache
def event_types() -> frozenset[str]:
    """Return Stripe's types of events, as its description lists them for webhook endpoints."""
    found = description.load().match("POST", "/v1/webhook_endpoints")
    return frozenset(found[0].params["properties"]["enabled_events"]["items"]["enum"]) - {ALL} if found else frozenset()


def objection(target: str, kind: str, *, of_events: bool) -> str | None:
    """Return why a fault of this kind never strikes the target, None when it can."""
    if target == ALL:
        return None
    if of_events:
        return None if target in event_types() else f"{kind} strikes events, and Stripe has no event {target!r}"
    return None if is_operation(target) else f"{kind} strikes operations, and the sandbox has no operation {target!r}"
