"""Answers against Stripe's description: compiled checks, and plain `jsonschema` to say what is wrong."""

import functools
from http import HTTPStatus
from typing import Any

from randonumber.sandbox.spec import description
from randonumber.sandbox.spec.compiled import Check, Compiler
from randonumber.sandbox.spec.description import Description, Operation

ROOT = "urn:stripe"
ERROR = {"$ref": "#/components/schemas/error"}


class Answers:
    """Checks answers; a check is compiled when its operation is first answered."""

    def __init__(self, whole: Description) -> None:
        self._whole = whole
        self._compiler = Compiler(whole.schemas)
        self._checks: dict[str, Check] = {}

    def complaint(self, operation: Operation, status: int, body: Any) -> str | None:
        """Return what is wrong with an answer, in one line, or None."""
        name, schema = (operation.name, operation.answer) if status == HTTPStatus.OK else ("error", ERROR)
        check = self._checks.get(name)
        if check is None:
            check = self._checks[name] = self._compiler.check(schema)
        return None if check(body) else self.explain(schema, body)

    def explain(self, schema: dict[str, Any], body: Any) -> str | None:
        """Return what `jsonschema` has against a body; it is imported only here, since it costs a start 80 ms."""
        from jsonschema.exceptions import best_match

        error = best_match(self.validator(schema).iter_errors(body))
        return f"{'/'.join(str(step) for step in error.absolute_path)}: {error.message[:500]}" if error else None

    def validator(self, schema: dict[str, Any]) -> Any:
        """Return `jsonschema`'s validator for a schema of the description."""
        from jsonschema import Draft202012Validator
        from referencing import Registry
        from referencing.jsonschema import DRAFT202012

        resource = DRAFT202012.create_resource({"components": {"schemas": plain(self._whole.schemas)}})
        registry: Registry[Any] = Registry().with_resource(ROOT, resource)
        return Draft202012Validator(absolute(plain(schema)), registry=registry)


@functools.cache
def load() -> Answers:
    """Return the checks of the shipped description, made once a process."""
    return Answers(description.load())


def plain(node: Any) -> Any:
    """JSON Schema for OpenAPI 3.0: `nullable` spelled out, open enums opened."""
    if isinstance(node, list):
        return [plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {key: plain(value) for key, value in node.items() if not (key == "nullable" and value is True)}
    if found.get("x-stripeBypassValidation") is True and isinstance(found.get("enum"), list):
        found.pop("enum")
    if node.get("nullable") is True:
        return {"anyOf": [found, {"type": "null"}]}
    return found


def absolute(node: Any) -> Any:
    """Return references made absolute, so that they can be used outside the description."""
    if isinstance(node, list):
        return [absolute(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: ROOT + value if key == "$ref" and isinstance(value, str) else absolute(value)
        for key, value in node.items()
    }
