"""Cut Stripe's OpenAPI description down to the operations in `operations.txt`.

    python randonumber/sandbox/spec/prune.py path/to/openapi.json

writes `openapi.json` beside this file: the named operations and every schema that they need. Where a
property holds an id that could be expanded into an object the sandbox does not keep, the id alone stays.
"""

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
KEPT_WHEN_EXPANDED = frozenset(
    {
        "account",
        "application",
        "balance_transaction",
        "bank_account",
        "charge",
        "customer",
        "deleted_customer",
        "dispute",
        "mandate",
        "payment_intent",
        "payment_method",
        "payout",
        "price",
        "product",
        "refund",
        "setup_attempt",
        "setup_intent",
        "transfer",
        "transfer_reversal",
    }
)
UNUSED = frozenset({"title", "x-resourceId", "operationId", "encoding", "style", "explode"})
KEPT_PAYMENT_METHODS = frozenset({"card", "link", "type", "us_bank_account"})
BY_PAYMENT_METHOD = frozenset(
    {
        "charge.payment_method_details",
        "payment_method_details",
        "payment_method",
        "payment_intent_payment_method_options",
        "setup_attempt_payment_method_details",
        "setup_intent_payment_method_options",
        "mandate_payment_method_details",
        "checkout_session_payment_method_options",
    }
)


def offered(lines: list[str]) -> list[tuple[str, str]]:
    """Return (method in lower case, path template) of each operation, comments left out."""
    return [(line.split()[0].lower(), line.split()[1]) for line in lines if line and not line.startswith("#")]


def thin(node: Any) -> Any:
    """Return the same schema without what no check reads, expandable ids cut to what can be expanded here."""
    if isinstance(node, list):
        return [thin(item) for item in node]
    if not isinstance(node, dict):
        return node
    slim = {key: value for key, value in node.items() if key not in UNUSED or isinstance(value, dict)}
    slim.pop("encoding", None)
    if "x-expansionResources" in slim:
        slim.pop("x-expansionResources")
        slim["anyOf"] = [kind for kind in slim["anyOf"] if "$ref" not in kind or name_of(kind) in KEPT_WHEN_EXPANDED]
    return {key: thin(value) for key, value in slim.items()}


def name_of(reference: dict[str, str]) -> str:
    """Return `customer` for `{"$ref": "#/components/schemas/customer"}`."""
    return reference["$ref"].rsplit("/", 1)[1]


def references(node: Any) -> set[str]:
    """Names of all schemas that a piece of the description points to."""
    if isinstance(node, list):
        return set().union(*[references(item) for item in node])
    if not isinstance(node, dict):
        return set()
    own = {name_of(node)} if isinstance(node.get("$ref"), str) else set()
    return own.union(*[references(value) for value in node.values()])


def without_foreign_methods(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Drop the branches of payment methods that the sandbox never answers with."""
    if name not in BY_PAYMENT_METHOD:
        return schema
    branches = {
        key: value
        for key, value in schema["properties"].items()
        if key in KEPT_PAYMENT_METHODS
        or not any("payment_method" in ref or "_details" in ref for ref in references(value))
    }
    return schema | {"properties": branches}


def prune(whole: dict[str, Any], wanted: list[tuple[str, str]]) -> dict[str, Any]:
    """Return the description with the wanted operations and the schemas reachable from them, nothing else."""
    paths: dict[str, dict[str, Any]] = {}
    for method, path in wanted:
        paths.setdefault(path, {})[method] = thin(whole["paths"][path][method])
    schemas: dict[str, Any] = {}
    take_bank_accounts_as_hashes(paths)
    take_cards_in_payment_method_data(paths)
    waiting = references(paths)
    while waiting:
        name = waiting.pop()
        schemas[name] = without_foreign_methods(name, thin(whole["components"]["schemas"][name]))
        waiting |= references(schemas[name]) - schemas.keys()
    return {
        "openapi": whole["openapi"],
        "info": whole["info"],
        "paths": paths,
        "components": {"schemas": dict(sorted(schemas.items()))},
    }


def take_bank_accounts_as_hashes(paths: dict[str, dict[str, Any]]) -> None:
    """Let `external_account` be a bank account as well as a token.

    Stripe's reference and SDKs say that it can be either, its description knows the token alone; a bank account has the
    parameters that `bank_account` describes.
    """
    hashes = [form["bank_account"]["anyOf"][0] for form in forms(paths) if "anyOf" in form.get("bank_account", {})]
    for form in forms(paths):
        if hashes and "type" in form.get("external_account", {}):
            form["external_account"] = {"anyOf": [hashes[0], form["external_account"]]}


def take_cards_in_payment_method_data(paths: dict[str, dict[str, Any]]) -> None:
    """Let `payment_method_data` be a card, with the parameters that a payment method's `card` has.

    Stripe.js sends cards in it; Stripe's description, written for servers, leaves them out.
    """
    path = paths.get("/v1/payment_methods", {})
    cards = [form["card"] for form in forms({"": path}) if "card" in form]
    for form in forms(paths):
        data = form.get("payment_method_data", {}).get("properties", {})
        if cards and "type" in data:
            data["card"] = cards[0]
            data["type"] = data["type"] | {"enum": sorted({*data["type"]["enum"], "card"})}


def forms(paths: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the parameters of each operation that takes a form."""
    return [
        operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"].get("properties", {})
        for methods in paths.values()
        for operation in methods.values()
        if "requestBody" in operation
    ]


def main() -> None:
    """Read the whole description named on the command line, write the small one."""
    whole = json.loads(Path(sys.argv[1]).read_text())
    wanted = offered((HERE / "operations.txt").read_text().splitlines())
    small = json.dumps(prune(whole, wanted), separators=(",", ":"))
    (HERE / "openapi.json").write_text(small + "\n")


if __name__ == "__main__":
    main()
