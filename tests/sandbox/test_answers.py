"""The compiled checks of answers say what plain `jsonschema` says, for Stripe's objects and for broken ones."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from randonumber.sandbox.spec import answers, description
from randonumber.sandbox.spec.compiled import Compiler, UnknownWord
from tests.sandbox.conftest import stripe_objects

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMAS = description.load().schemas
OBJECTS = {
    name: (schema, found)
    for name, found in stripe_objects().items()
    if (schema := {"$ref": f"#/components/schemas/{name}"}) and name in SCHEMAS
}
ODD: list[Any] = [None, True, 0, -1, 1.5, "", "x", "x" * 6000, "usd", [], ["x"], {}, {"a": 1}, {"object": "list"}]
STRICT = {name: answers.load().validator(schema) for name, (schema, _) in OBJECTS.items()}
FAST = {name: Compiler(SCHEMAS).check(schema) for name, (schema, _) in OBJECTS.items()}


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value in a document."""
    yield path
    for key, item in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from places(item, (*path, key))


def put(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy with another value at one place; without the place when the value is Ellipsis."""
    if not path:
        return value
    found = copy.deepcopy(document)
    node = found
    for step in path[:-1]:
        node = node[step]
    if value is ...:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return found


def test_there_is_something_to_compare() -> None:
    assert {"customer", "charge", "event", "transfer", "account"} <= set(OBJECTS)


@pytest.mark.parametrize("name", OBJECTS)
def test_stripes_own_example_is_judged_alike(name: str) -> None:
    found = OBJECTS[name][1]
    assert FAST[name](found) == STRICT[name].is_valid(found)


@settings(max_examples=600, deadline=None)
@given(data=st.data())
def test_whatever_is_broken_in_an_object_both_say_the_same(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(OBJECTS)))
    found = OBJECTS[name][1]
    path = data.draw(st.sampled_from(list(places(found))))
    broken = put(found, path, data.draw(st.sampled_from([*ODD, ...] if path else ODD)))
    assert FAST[name](broken) == STRICT[name].is_valid(broken), (name, path)


def test_every_schema_of_the_description_can_be_compiled() -> None:
    compiler = Compiler(SCHEMAS)
    for schema in [*SCHEMAS.values(), *(operation.answer for operation in description.load().operations)]:
        compiler.check(schema)


def test_a_word_that_is_not_known_is_no_silent_yes() -> None:
    with pytest.raises(UnknownWord, match="minimum"):
        Compiler({}).check({"type": "integer", "minimum": 3})


def test_a_wrong_answer_is_explained_in_one_line() -> None:
    retrieve = next(one for one in description.load().operations if one.name == "GET /v1/customers/{customer}")
    wrong = stripe_objects()["customer"] | {"created": "yesterday"}
    assert "created" in (answers.load().complaint(retrieve, 200, wrong) or "")
    assert answers.load().complaint(retrieve, 404, {"error": {"type": 5}})
    assert answers.load().complaint(retrieve, 200, stripe_objects()["customer"]) is None
