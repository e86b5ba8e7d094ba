"""Payment methods and SetupIntents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.sandbox.driven.drive import RETURN

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sandbox.driven.drive import Drive

CARD: Any = {"type": "card", "card": {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040, "cvc": "123"}}


def owned(on: Drive) -> dict[str, str]:
    """A customer and its card; one of their own, since the fuzzer deletes customers."""
    customer = on.v1.customers.create({}).id
    card = on.v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    return {"customer": customer, "payment_method": card}


def saved(on: Drive) -> str:
    """A card of a customer."""
    return owned(on)["payment_method"]


def loose(on: Drive) -> str:
    """A card of nobody."""
    return on.v1.payment_methods.create(CARD).id


def setup(on: Drive) -> str:
    """A SetupIntent that can still be confirmed."""
    return on.v1.setup_intents.create({"payment_method_types": ["card"]}).id


def retrieve_owned(on: Drive, *, customer: str, payment_method: str) -> Any:
    """A customer's own payment method."""
    return on.v1.customers.payment_methods.retrieve(customer, payment_method)


OPERATIONS: dict[str, Callable[[Drive], Any]] = {
    "GET /v1/customers/{customer}/payment_methods": lambda on: on.v1.customers.payment_methods.list(
        owned(on)["customer"]
    ),
    "GET /v1/customers/{customer}/payment_methods/{payment_method}": lambda on: retrieve_owned(on, **owned(on)),
    "GET /v1/payment_methods": lambda on: on.v1.payment_methods.list(
        {"customer": owned(on)["customer"], "type": "card"}
    ),
    "POST /v1/payment_methods": lambda on: on.v1.payment_methods.create(CARD),
    "POST /v1/payment_methods/{payment_method}": lambda on: on.v1.payment_methods.update(
        saved(on), {"metadata": {"a": "1"}}
    ),
    "POST /v1/payment_methods/{payment_method}/attach": lambda on: on.v1.payment_methods.attach(
        loose(on), {"customer": on.customer.id}
    ),
    "POST /v1/payment_methods/{payment_method}/detach": lambda on: on.v1.payment_methods.detach(saved(on)),
    "GET /v1/setup_intents": lambda on: (setup(on), on.v1.setup_intents.list())[1],
    "POST /v1/setup_intents": lambda on: on.v1.setup_intents.create({}),
    "GET /v1/setup_intents/{intent}": lambda on: on.v1.setup_intents.retrieve(setup(on)),
    "POST /v1/setup_intents/{intent}": lambda on: on.v1.setup_intents.update(setup(on), {"description": "new"}),
    "POST /v1/setup_intents/{intent}/cancel": lambda on: on.v1.setup_intents.cancel(setup(on)),
    "POST /v1/setup_intents/{intent}/confirm": lambda on: on.v1.setup_intents.confirm(
        setup(on), {"payment_method": "pm_card_visa", "return_url": RETURN, "expand": ["latest_attempt"]}
    ),
}
ADDRESSES: dict[str, Callable[[Drive], dict[str, str]]] = {
    "/v1/customers/{customer}/payment_methods": lambda on: {"customer": on.customer.id},
    "/v1/customers/{customer}/payment_methods/{payment_method}": owned,
    "/v1/payment_methods/{payment_method}/attach": lambda on: {"payment_method": loose(on)},
    "/v1/payment_methods/{payment_method}/detach": lambda on: {"payment_method": saved(on)},
    "/v1/setup_intents/{intent}": lambda on: {"intent": setup(on)},
    "/v1/setup_intents/{intent}/cancel": lambda on: {"intent": setup(on)},
    "/v1/setup_intents/{intent}/confirm": lambda on: {"intent": setup(on)},
}
