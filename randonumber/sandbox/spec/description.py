"""The pruned description, read once a process."""

import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "openapi.json"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One line of the API: its name `POST /v1/customers/{customer}`, its address pattern and its parameters."""

    name: str
    pattern: re.Pattern[str]
    params: dict[str, Any]
    answer: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Description:
    """Everything known of the API offered here; `expandable` are the names of fields that may hold an id to expand."""

    version: str
    operations: tuple[Operation, ...]
    schemas: dict[str, Any]
    expandable: frozenset[str]

    def match(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """Return the operation at an address, and the ids in it; a fixed address goes before one with an id."""
        for operation in self.operations:
            verb, _, _ = operation.name.partition(" ")
            found = operation.pattern.fullmatch(path)
            if verb == method and found:
                return operation, found.groupdict()
        return None


@functools.cache
def load() -> Description:
    """Return the description in `openapi.json`."""
    whole = json.loads(FILE.read_text())
    found = [
        read_operation(method, path, item)
        for path, methods in whole["paths"].items()
        for method, item in methods.items()
    ]
    return Description(
        version=whole["info"]["version"],
        operations=tuple(sorted(found, key=lambda operation: operation.name.count("{"))),
        schemas=whole["components"]["schemas"],
        expandable=frozenset(
            name for schema in whole["components"]["schemas"].values() for name in schema.get("x-expandableFields", [])
        ),
    )


def read_operation(method: str, path: str, item: dict[str, Any]) -> Operation:
    """One operation: query and form parameters as one object schema."""
    properties = {param["name"]: param["schema"] for param in item.get("parameters", []) if param["in"] == "query"}
    required = [
        param["name"] for param in item.get("parameters", []) if param["in"] == "query" and param.get("required")
    ]
    form = item.get("requestBody", {}).get("content", {}).get("application/x-www-form-urlencoded", {}).get("schema", {})
    return Operation(
        name=f"{method.upper()} {path}",
        pattern=re.compile(re.sub(r"\\?\{(\w+)\\?\}", r"(?P<\1>[^/]+)", path)),
        params={
            "type": "object",
            "properties": properties | form.get("properties", {}),
            "required": required + form.get("required", []),
        },
        answer=item["responses"]["200"]["content"]["application/json"]["schema"],
    )
