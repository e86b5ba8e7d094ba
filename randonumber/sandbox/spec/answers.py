"""Answers against Stripe's description, with plain `jsonschema`."""

import functools
from http import HTTPStatus
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from randonumber.sandbox.spec import description
from randonumber.sandbox.spec.description import Description, Operation

ROOT = "urn:stripe"


class Answers:
    """Checks answers; a check is compiled when its operation is first answered."""

    def __init__(self, whole: Description) -> None:
        contents = {"components": {"schemas": plain(whole.schemas)}}
        resource = DRAFT202012.create_resource(contents)
        self._registry: Registry[Any] = Registry().with_resource(ROOT, resource)
        self._of_operation: dict[str, Draft202012Validator] = {}
        self._of_error = self._validator({"$ref": "#/components/schemas/error"})

    def _validator(self, schema: dict[str, Any]) -> Draft202012Validator:
        return Draft202012Validator(absolute(plain(schema)), registry=self._registry)

    def complaint(self, operation: Operation, status: int, body: Any) -> str | None:
        """Return what is wrong with an answer, in one line, or None."""
        if status != HTTPStatus.OK:
            return self._complaint(self._of_error, body)
        if operation.name not in self._of_operation:
            self._of_operation[operation.name] = self._validator(operation.answer)
        return self._complaint(self._of_operation[operation.name], body)

    def _complaint(self, validator: Draft202012Validator, body: Any) -> str | None:
        error = best_match(validator.iter_errors(body))
        return f"{'/'.join(str(step) for step in error.absolute_path)}: {error.message[:500]}" if error else None


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
