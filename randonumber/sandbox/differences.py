"""What changed between two states of an object, as Stripe tells it in `previous_attributes`."""

from randonumber.sandbox.scope import Json


def previous(before: Json, after: Json) -> Json:
    """Return the earlier values of what changed; of a hash only its changed keys, null for one that was not there."""
    found: Json = {}
    for name in [*before, *(name for name in after if name not in before)]:
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        found[name] = previous(old, new) if isinstance(old, dict) and isinstance(new, dict) else old
    return found
