"""`expand[]`: ids in an answer replaced by their objects, up to four levels deep."""

from collections.abc import Callable, Mapping
from typing import Any

from randonumber.sandbox.scope import Json, Scope
from randonumber.sandbox.wire.errors import Refused, invalid

DEEPEST = 4
# Fields that are left out until they are asked for: how to make them, by kind of object and name.
Included = Mapping[tuple[str, str], Callable[[Scope, Json], Any]]


def expand(scope: Scope, body: Json, paths: list[str], included: Included) -> None:
    """Replace what `paths` name, in place. Raises Refused for a property that cannot be expanded."""
    for path in paths:
        steps = path.split(".")
        if len(steps) > DEEPEST:
            raise invalid(
                f"You cannot expand more than {DEEPEST} levels of a property. Property: {path}", param="expand"
            )
        walk(scope, body, steps, path, included)


def walk(scope: Scope, node: Json, steps: list[str], path: str, included: Included) -> None:
    """Follow one path from an object or list down."""
    step, rest = steps[0], steps[1:]
    if node.get("object") == "list":
        if step != "data" or not rest:
            raise unexpandable(path, hint=f"data.{path}" if step != "data" else None)
        for item in node["data"]:
            walk(scope, item, rest, path, included)
        return
    target = reach(scope, node, step, path, included)
    if isinstance(target, dict) and rest:
        walk(scope, target, rest, path, included)


def reach(scope: Scope, node: Json, step: str, path: str, included: Included) -> Any:
    """Return the object behind one field, put in place of its id."""
    kind = node.get("object", "")
    if (kind, step) in included:
        if not isinstance(node.get(step), dict):
            node[step] = included[kind, step](scope, node)
        return node[step]
    schema = scope.sandbox.description.schemas.get(kind)
    if schema is not None and step not in schema.get("x-expandableFields", []):
        raise unexpandable(path)
    value = node.get(step)
    if isinstance(value, str):
        found = scope.store.find(scope.account, value)
        if not found:
            raise unexpandable(path)
        node[step] = found.body
    return node.get(step)


def unexpandable(path: str, *, hint: str | None = None) -> Refused:
    """Stripe's sentence, with its advice for lists."""
    advice = f" You may want to try expanding '{hint}' instead." if hint else ""
    return invalid(f"This property cannot be expanded ({path}).{advice}", param="expand")
