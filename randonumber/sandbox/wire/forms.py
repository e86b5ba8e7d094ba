"""Bracket forms: `a[b][0][c]=1` and `expand[]=x` become nested dictionaries and lists of strings."""

import re
from collections.abc import Iterable
from typing import Any

from randonumber.sandbox.wire.errors import unchecked

SEGMENTS = re.compile(r"\[([^\[\]]*)\]")
KEY = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
MOST_LEVELS = 12
DIGITS = 5


def decode(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Nested parameters of a form or query. Raises Refused on brackets that do not close or do not agree."""
    tree: dict[str, Any] = {}
    for key, value in pairs:
        if "\0" in key or "\0" in value:
            raise unchecked("Invalid string: contains a null byte", param=key.replace("\0", ""))
        put(tree, path_of(key), value, key)
    return {name: as_lists(branch) for name, branch in tree.items()}


def path_of(key: str) -> list[str]:
    """Return `["a", "b", "0"]` of `a[b][0]`."""
    found = KEY.match(key)
    if not found:
        raise unchecked(f"Invalid parameter name: {key[:100]}", param=key[:100])
    path = [found[1], *SEGMENTS.findall(found[2])]
    if len(path) > MOST_LEVELS:
        raise unchecked("Parameters are nested too deeply.", param=path[0])
    return path


def put(tree: dict[str, Any], path: list[str], value: str, key: str) -> None:
    """Place one value; an empty segment takes the next free number."""
    branch = tree
    for segment in path[:-1]:
        branch = branch.setdefault(segment or str(len(branch)), {})
        if not isinstance(branch, dict):
            raise unchecked(f"Invalid parameter: {key} is given both as a value and as a hash", param=path[0])
    last = path[-1] or str(len(branch))
    if isinstance(branch.get(last), dict):
        raise unchecked(f"Invalid parameter: {key} is given both as a value and as a hash", param=path[0])
    branch[last] = value


def as_lists(branch: Any) -> Any:
    """Hashes whose keys are all numbers become lists in the order of those numbers."""
    if not isinstance(branch, dict):
        return branch
    if branch and all(name.isascii() and name.isdigit() and len(name) <= DIGITS for name in branch):
        return [as_lists(branch[name]) for name in sorted(branch, key=int)]
    return {name: as_lists(twig) for name, twig in branch.items()}
