"""Parameters are held against Stripe's description, by our own check and by `jsonschema` as a second opinion."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from randonumber.sandbox.spec import answers, description
from randonumber.sandbox.spec.params import checked
from randonumber.sandbox.wire.errors import Refused

OPERATIONS = {operation.name: operation for operation in description.load().operations}
SESSION: dict[str, Any] = {
    "mode": "payment",
    "success_url": "http://x.example",
    "line_items": [
        {"quantity": "2", "price_data": {"currency": "usd", "unit_amount": "90", "product_data": {"name": "x"}}}
    ],
}


def closed(node: Any) -> Any:
    """A schema that allows no key it does not name."""
    if isinstance(node, list):
        return [closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {key: closed(value) for key, value in node.items()}
    if found.get("type") == "object":
        found.setdefault("additionalProperties", False)
    return found


def agrees(name: str, params: Any) -> bool:
    """Whether plain jsonschema takes what our check made of the strings."""
    schema = answers.plain(closed(OPERATIONS[name].params))
    return jsonschema.Draft202012Validator(schema).is_valid(params)


INTENT = "POST /v1/payment_intents"
TAKEN: list[tuple[str, Any, Any]] = [
    ("GET /v1/customers", {"limit": "3", "created": {"gte": "5"}}, {"limit": 3, "created": {"gte": 5}}),
    ("GET /v1/customers", {"created": "5"}, {"created": 5}),
    ("GET /v1/events", {"delivery_success": "false"}, {"delivery_success": False}),
    ("GET /v1/events", {"types": ["a", "b"]}, {"types": ["a", "b"]}),
    ("POST /v1/customers", {"metadata": ""}, {"metadata": ""}),
    ("POST /v1/customers", {"metadata": {"a": ""}}, {"metadata": {"a": ""}}),
    ("POST /v1/customers", {"address": "", "description": ""}, {"address": "", "description": ""}),
    ("POST /v1/customers", {"tax_exempt": ""}, {"tax_exempt": ""}),
    (INTENT, {"amount": "9", "currency": "usd", "confirm": "true"}, {"amount": 9, "currency": "usd", "confirm": True}),
    (
        INTENT,
        {"amount": "9", "currency": "x", "off_session": "true"},
        {"amount": 9, "currency": "x", "off_session": True},
    ),
]


@pytest.mark.parametrize(("name", "given", "made"), TAKEN)
def test_strings_become_what_stripe_means(name: str, given: Any, made: Any) -> None:
    found = checked(given, OPERATIONS[name].params)
    assert found == made
    assert agrees(name, found)


def test_a_whole_checkout_session_passes() -> None:
    found = checked(SESSION, OPERATIONS["POST /v1/checkout/sessions"].params)
    assert found["line_items"][0]["price_data"]["unit_amount"] == 90
    assert agrees("POST /v1/checkout/sessions", found)


REFUSED: list[tuple[str, Any, str, str | None, str]] = [
    ("GET /v1/customers", {"limit": "abc"}, "limit", "parameter_invalid_integer", "Invalid integer: abc"),
    ("GET /v1/customers", {"wat": "x"}, "wat", "parameter_unknown", "Received unknown parameter: wat"),
    (
        "POST /v1/customers",
        {"invoice_settings": {"nope": "x"}},
        "invoice_settings[nope]",
        "parameter_unknown",
        "Received unknown parameter: invoice_settings[nope]",
    ),
    ("POST /v1/payment_intents", {"currency": "usd"}, "amount", "parameter_missing", "Missing required param: amount."),
    (
        "POST /v1/payment_intents",
        {"amount": "", "currency": "usd"},
        "amount",
        "parameter_invalid_empty",
        "You passed an",
    ),
    (
        "POST /v1/payment_intents",
        {"amount": "9.5", "currency": "usd"},
        "amount",
        "parameter_invalid_integer",
        "Invalid",
    ),
    (
        "POST /v1/payment_intents",
        {"amount": "1e3", "currency": "usd"},
        "amount",
        "parameter_invalid_integer",
        "Invalid",
    ),
    ("POST /v1/payment_intents", {"amount": " 1", "currency": "usd"}, "amount", "parameter_invalid_integer", "Invalid"),
    ("POST /v1/payment_intents", {"amount": "1" * 30, "currency": "usd"}, "amount", "parameter_invalid_integer", "In"),
    ("POST /v1/payment_intents", {"amount": "٣", "currency": "usd"}, "amount", "parameter_invalid_integer", "Invalid"),
    (
        "POST /v1/payment_intents",
        {"amount": "9", "currency": "usd", "confirm": "yes"},
        "confirm",
        None,
        "Invalid boolean",
    ),
    ("POST /v1/payment_intents", {"amount": {"a": "1"}, "currency": "usd"}, "amount", None, "Invalid integer"),
    ("POST /v1/checkout/sessions", SESSION | {"line_items": "x"}, "line_items", None, "Invalid array"),
    ("POST /v1/checkout/sessions", SESSION | {"line_items": ["x"]}, "line_items[0]", None, "Invalid object"),
    (
        "POST /v1/checkout/sessions",
        {"line_items": [{"price_data": {"unit_amount": "1"}}]},
        "line_items[0][price_data][currency]",
        "parameter_missing",
        "Missing required param: line_items[0][price_data][currency].",
    ),
    (
        "POST /v1/checkout/sessions",
        {"mode": "gift"},
        "mode",
        None,
        "Invalid mode: must be one of payment, setup, or sub",
    ),
    ("POST /v1/customers", {"name": "x" * 257}, "name", None, "Invalid string: "),
    ("POST /v1/customers", {"address": "x"}, "address", None, "Invalid object"),
    ("GET /v1/events", {"created": {"between": "1"}}, "created[between]", "parameter_unknown", "Received unknown"),
    ("GET /v1/customers", {"email": ["a"]}, "email", None, "Invalid string"),
]


@pytest.mark.parametrize(("name", "given", "param", "code", "message"), REFUSED)
def test_what_does_not_fit_is_refused_in_stripes_words(
    name: str, given: Any, param: str, code: str | None, message: str
) -> None:
    with pytest.raises(Refused) as refused:
        checked(given, OPERATIONS[name].params)
    assert refused.value.fields.get("param") == param
    assert refused.value.fields.get("code") == code
    assert refused.value.fields["message"].startswith(message)
    assert not agrees(name, given)


def test_every_operation_refuses_an_unknown_parameter() -> None:
    for operation in OPERATIONS.values():
        given = {"surprise": "x"}
        with pytest.raises(Refused, match="Received unknown parameter: surprise"):
            checked(given, operation.params)
