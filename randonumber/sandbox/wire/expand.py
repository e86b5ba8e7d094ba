"""`expand[]`: ids in an answer replaced by their objects, up to four levels deep."""

from collections.abc import Callable, Mapping
from typing import Any

from randonumber.sandbox import connections
from randonumber.sandbox.scope import Json, Scope
from randonumber.sandbox.store import Record
from randonumber.sandbox.wire.errors import Refused, invalid

DEEPEST = 4
# Fields that are left out until they are asked for: how to make them, by kind of object and name.
Included = Mapping[tuple[str, str], Callable[[Scope, Json], Any]]


def expand(scope: Scope, body: Json, paths: list[str], included: Included) -> None:
    """Replace what `paths` name, in place. Raises Refused for a property that cannot be expanded."""
    for path in paths:
        steps = path.split(".")
        if scope.key.startswith("pk_") and len(steps) > 1:
            raise unexpandable(path)  # behind what a buyer's page may see stands what it may not: the customer
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
    target, owner = reach(scope, node, step, path, included)
    if isinstance(target, dict) and rest:
        walk(owner, target, rest, path, included)


def reach(scope: Scope, node: Json, step: str, path: str, included: Included) -> tuple[Any, Scope]:
    """Return the object behind one field, put in place of its id, and a scope of the account that it belongs to."""
    kind = node.get("object", "")
    if (kind, step) in included:
        if not isinstance(node.get(step), dict):
            node[step] = included[kind, step](scope, node)
        return node[step], scope
    schema = scope.sandbox.description.schemas.get(kind)
    if schema is not None and step not in schema.get("x-expandableFields", []):
        raise unexpandable(path)
    value = node.get(step)
    if isinstance(value, str):
        # What somebody wrote into a hash, such as a name in `shipping`, is no id even when it looks like one.
        found = visible(scope, value) if step in scope.sandbox.description.expandable else None
        if not found:
            raise unexpandable(path)
        node[step], scope = found.body, scope.at(scope.now, found.account)
    return node.get(step), scope


def visible(scope: Scope, object_id: str) -> Record | None:
    """Return an object of the account, or of one on the other side: its platform or an account of the same platform.

    A transfer stands on the platform and names a payment on a connected account, and that names the transfer.
    """
    found = scope.store.find(scope.account, object_id)
    if found:
        return found
    found = scope.store.find_anywhere(object_id)
    return found if found and family(scope, found.account) == family(scope, scope.account) else None


def family(scope: Scope, account: str) -> str:
    """Return the platform that an account is connected to, itself when it is none's."""
    connected = connections.find(scope.store, account)
    return connected.platform if connected else account


def unexpandable(path: str, *, hint: str | None = None) -> Refused:
    """Stripe's sentence, with its advice for lists."""
    advice = f" You may want to try expanding '{hint}' instead." if hint else ""
    return invalid(f"This property cannot be expanded ({path}).{advice}", param="expand")
