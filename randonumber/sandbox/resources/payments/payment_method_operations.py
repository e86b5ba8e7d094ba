"""What the API does with payment methods."""

from randonumber.sandbox.cards import TOKENS
from randonumber.sandbox.recording import updated
from randonumber.sandbox.resources.customers import living
from randonumber.sandbox.resources.payments import bank, card_data, payment_methods, saved_methods
from randonumber.sandbox.scope import Json, Operations, Scope
from randonumber.sandbox.wire.errors import invalid, not_here_yet
from randonumber.sandbox.wire.lists import page
from randonumber.sandbox.wire.metadata import merged


def create(scope: Scope, params: Json) -> Json:
    """POST /v1/payment_methods: a card or a bank account, belonging to nobody yet."""
    for name in ("customer", "payment_method"):
        if name in params:
            raise not_here_yet("payment methods shared with connected accounts", param=name)
    return payment_methods.new(scope, params)


def retrieve(scope: Scope, params: Json, payment_method: str) -> Json:
    """GET /v1/payment_methods/{payment_method}."""
    del params
    return payment_methods.named(scope, payment_method, status=404)


def update(scope: Scope, params: Json, payment_method: str) -> Json:
    """POST /v1/payment_methods/{payment_method}: who pays, the expiry date, metadata; of a saved method alone."""
    method = scope.get("payment_method", payment_method, param="payment_method").body
    before = dict(method)
    for name in ("payto", bank.METHOD):
        if name in params:
            raise not_here_yet(f"changing the `{name}` of a payment method", param=name)
    if not method["customer"]:
        raise invalid("You must save this PaymentMethod to a customer before you can update it.")
    if params.get("card"):
        method["card"] = redated(scope, method, params["card"])
    if "billing_details" in params:
        method["billing_details"] = payment_methods.billing(params["billing_details"], method["billing_details"])
    method["allow_redisplay"] = params.get("allow_redisplay", method["allow_redisplay"])
    method["metadata"] = merged(method["metadata"], params.get("metadata"))
    scope.save(method)
    updated(scope, "payment_method.updated", before, method)
    return method


def redated(scope: Scope, method: Json, given: Json) -> Json:
    """Return a card with another expiry date."""
    if "networks" in given:
        raise not_here_yet("cards with `networks`", param="card[networks]")
    if method["type"] != "card":
        raise invalid(f"You cannot update `card` on a PaymentMethod of type `{method['type']}`.", param="card")
    card: Json = method["card"] | given
    card_data.check_expiry(scope, card["exp_month"], card["exp_year"])
    return card


def attach(scope: Scope, params: Json, payment_method: str) -> Json:
    """POST /v1/payment_methods/{payment_method}/attach."""
    if "customer_account" in params:
        raise not_here_yet("customer accounts", param="customer_account")
    if not params.get("customer"):
        raise payment_methods.missing_param("customer")
    customer = living(scope, params["customer"])
    method = payment_methods.named(scope, payment_method, status=404)
    return saved_methods.attach(scope, method, customer["id"])


def detach(scope: Scope, params: Json, payment_method: str) -> Json:
    """POST /v1/payment_methods/{payment_method}/detach."""
    del params
    if payment_method in TOKENS:
        raise invalid("The payment method you provided is not attached to a customer so detachment is impossible.")
    return saved_methods.detach(scope, scope.get("payment_method", payment_method, param="payment_method").body)


def listing(scope: Scope, params: Json) -> Json:
    """GET /v1/payment_methods: those of a customer; without one there are none, as recorded."""
    if "customer_account" in params:
        raise not_here_yet("customer accounts", param="customer_account")
    if not params.get("customer"):
        return {"object": "list", "data": [], "has_more": False, "url": "/v1/payment_methods"}
    return of_customer(scope, living(scope, params["customer"]), params, url="/v1/payment_methods")


def of_customer(scope: Scope, customer: Json, params: Json, *, url: str) -> Json:
    """Return a list of a customer's methods."""
    equal = {name: params.get(name) for name in ("type", "allow_redisplay")}
    return page(scope, "payment_method", params, url=url, equal={"customer": customer["id"], **equal})


def listing_of_customer(scope: Scope, params: Json, customer: str) -> Json:
    """GET /v1/customers/{customer}/payment_methods."""
    url = f"/v1/customers/{customer}/payment_methods"
    return of_customer(scope, living(scope, customer, param="id", status=404), params, url=url)


def retrieve_of_customer(scope: Scope, params: Json, customer: str, payment_method: str) -> Json:
    """GET /v1/customers/{customer}/payment_methods/{payment_method}."""
    del params
    living(scope, customer, param="id", status=404)
    method = scope.get("payment_method", payment_method, param="payment_method").body
    if method["customer"] != customer:
        raise invalid("Invalid request", param="customer", status=404)
    return method


OPERATIONS: Operations = {
    "GET /v1/payment_methods": listing,
    "POST /v1/payment_methods": create,
    "GET /v1/payment_methods/{payment_method}": retrieve,
    "POST /v1/payment_methods/{payment_method}": update,
    "POST /v1/payment_methods/{payment_method}/attach": attach,
    "POST /v1/payment_methods/{payment_method}/detach": detach,
    "GET /v1/customers/{customer}/payment_methods": listing_of_customer,
    "GET /v1/customers/{customer}/payment_methods/{payment_method}": retrieve_of_customer,
}
