"""Customers."""

from randonumber.sandbox.ids import characters, new_id
from randonumber.sandbox.recording import record, updated
from randonumber.sandbox.resources.connect import connected_accounts
from randonumber.sandbox.resources.payments import saved_methods
from randonumber.sandbox.resources.payments.payment_methods import named
from randonumber.sandbox.scope import Json, Operations, Scope
from randonumber.sandbox.wire.errors import invalid, missing, not_here_yet
from randonumber.sandbox.wire.lists import page
from randonumber.sandbox.wire.metadata import merged

PLATFORM_CURRENCY = "usd"
PLAIN = ("description", "email", "name", "phone")
NOT_YET = ("test_clock", "tax_id_data", "cash_balance", "tax", "business_name", "individual_name")


def create(scope: Scope, params: Json) -> Json:
    """POST /v1/customers."""
    refuse_the_undone(params)
    body: Json = {
        "id": new_id("customer"),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": scope.now,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": characters(8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
    method = named(scope, params["payment_method"]) if params.get("payment_method") else None
    scope.insert(changed(scope, body, params))
    if "invoice_settings" in params:
        own = (
            method if params["invoice_settings"].get("default_payment_method") == params.get("payment_method") else None
        )
        settle(scope, body, params["invoice_settings"], chosen=own)
    record(scope, "customer.created", scope.save(body))
    if method:
        saved_methods.attach(scope, method, body["id"])
    return body


def settle(scope: Scope, body: Json, given: Json, *, chosen: Json | None = None) -> None:
    """Take `invoice_settings` into a customer: the default payment method, which must be attached to it."""
    for name in given:
        if name != "default_payment_method":
            raise not_here_yet(f"customers with `{name}`", param=f"invoice_settings[{name}]")
    wanted = given.get("default_payment_method")
    if wanted is None:
        return
    if wanted and not chosen:
        param = "invoice_settings[default_payment_method]"
        chosen = scope.get("payment_method", wanted, param=param, status=400).body
        if chosen["customer"] != body["id"]:
            raise invalid(
                f"The customer does not have a payment method with the ID {wanted}. The payment method must be "
                "attached to the customer.",
                param=param,
                code="resource_missing",
            )
    body["invoice_settings"] = body["invoice_settings"] | {"default_payment_method": chosen["id"] if chosen else None}


def changed(scope: Scope, body: Json, params: Json) -> Json:
    """Take what the request sets into the customer, in place.

    A balance gives it the currency of its account, for good, as Stripe's test mode does.
    """
    check_email(params.get("email"))
    body.update({name: params[name] or None for name in PLAIN if name in params})
    for name in ("address", "shipping"):
        if name in params:
            body[name] = filled(name, params[name])
    body.update({name: params[name] for name in ("balance", "invoice_prefix", "preferred_locales") if name in params})
    if body["balance"] and not body["currency"]:
        connected = connected_accounts.find(scope, scope.account)
        body["currency"] = connected.body["default_currency"] if connected else PLATFORM_CURRENCY
    if "tax_exempt" in params:
        body["tax_exempt"] = params["tax_exempt"] or "none"
    body["metadata"] = merged(body["metadata"], params.get("metadata"))
    return body


def filled(name: str, given: Json | str) -> Json | None:
    """Return an address or a shipping with every key that Stripe shows."""
    if not isinstance(given, dict):
        return None
    if name == "shipping":
        return {"address": filled("address", given["address"]), "name": given["name"], "phone": given.get("phone")}
    return {key: given.get(key) or None for key in ("city", "country", "line1", "line2", "postal_code", "state")}


def check_email(email: str | None, param: str = "email") -> None:
    """Refuse what is plainly no address, as Stripe does; `param` is the parameter that holds it."""
    if email and ("@" not in email[1:-1] or " " in email or not email.isprintable()):
        raise invalid(f"Invalid email address: {email}", param=param, code="email_invalid")


def refuse_the_undone(params: Json) -> None:
    """Say plainly which parts of Stripe's customers are not rehearsed here."""
    if "source" in params:
        raise card_tokens_are_retired()
    for name in NOT_YET:
        if name in params:
            raise not_here_yet(f"customers with `{name}`", param=name)


def card_tokens_are_retired() -> Exception:
    """Return what Stripe says of `source=tok_…` since it retired it."""
    return invalid(
        "Card Token usage on the Customers API and Charges API has reached end of life. In order to continue "
        "processing your payments, you will need to use the Payment Intents and Payment Methods API. Read more about "
        "what you should do here: https://docs.stripe.com/payments/payment-methods/integration-options. If you need to "
        "continue to use Card Tokens on the Customers and Charges API, enable this functionality in your API policies "
        "settings: https://dashboard.stripe.com/settings/developers/api-policies"
    )


def stub(customer: str) -> Json:
    """Return what is left of a deleted customer."""
    return {"id": customer, "object": "customer", "deleted": True}


def retrieve(scope: Scope, params: Json, customer: str) -> Json:
    """GET /v1/customers/{customer}: the customer, or what is left of it."""
    del params
    return scope.get("customer", customer).body


def update(scope: Scope, params: Json, customer: str) -> Json:
    """POST /v1/customers/{customer}."""
    refuse_the_undone(params)
    body = living(scope, customer, param="id", status=404)
    before = dict(body)
    changed(scope, body, params)
    if "invoice_settings" in params:
        settle(scope, body, params["invoice_settings"])
    scope.save(body)
    updated(scope, "customer.updated", before, body)
    return body


def delete(scope: Scope, params: Json, customer: str) -> Json:
    """DELETE /v1/customers/{customer}."""
    del params
    body = living(scope, customer, param="id", status=404)
    saved_methods.detach_all(scope, customer)
    body = scope.get("customer", customer).body
    scope.save(stub(customer))
    scope.store.mark_deleted(scope.account, customer)
    record(scope, "customer.deleted", body)
    return stub(customer)


def living(scope: Scope, customer: str, *, param: str = "customer", status: int = 400) -> Json:
    """Return a customer that is not deleted. Raises Refused with `resource_missing`."""
    found = scope.get("customer", customer, param=param, status=status)
    if found.deleted:
        raise missing("customer", customer, param=param, status=status)
    return found.body


def listing(scope: Scope, params: Json) -> Json:
    """GET /v1/customers."""
    return page(scope, "customer", params, url="/v1/customers", equal={"email": params.get("email")})


OPERATIONS: Operations = {
    "GET /v1/customers": listing,
    "POST /v1/customers": create,
    "GET /v1/customers/{customer}": retrieve,
    "POST /v1/customers/{customer}": update,
    "DELETE /v1/customers/{customer}": delete,
}
