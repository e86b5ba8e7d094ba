"""Line items of a Checkout Session, with the prices and products that are made along with them."""

from randonumber.sandbox import currencies
from randonumber.sandbox.ids import new_id
from randonumber.sandbox.scope import Json, Scope
from randonumber.sandbox.wire.errors import invalid, not_here_yet, unchecked

NOT_YET = ("adjustable_quantity", "tax_rates")


def make(scope: Scope, given: list[Json]) -> list[Json]:
    """Return the items of a session, priced. Raises Refused for what cannot be sold."""
    items = [item(scope, one, f"line_items[{place}]") for place, one in enumerate(given)]
    if len({one["currency"] for one in items}) > 1:
        raise invalid("All line items must have the same currency.", param="line_items")
    return items


def item(scope: Scope, given: Json, name: str) -> Json:
    """One line: what it is, how many, and the sum."""
    for key in NOT_YET:
        if key in given:
            raise not_here_yet(f"line items with `{key}`", param=f"{name}[{key}]")
    quantity = given.get("quantity")
    if quantity is None:
        raise unchecked("Quantity is required. Add `quantity` to `" + name + "`", param=f"{name}[quantity]")
    if quantity < 1:
        raise invalid(
            "This value must be greater than or equal to 1.",
            param=f"{name}[quantity]",
            code="parameter_invalid_integer",
        )
    price, title = priced(scope, given, name)
    amount = price["unit_amount"] * quantity
    return {
        "id": new_id("item"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": title,
        "metadata": given.get("metadata") or {},
        "price": price,
        "quantity": quantity,
    }


def priced(scope: Scope, given: Json, name: str) -> tuple[Json, str]:
    """Return the price of a line and the name of its product: one that is kept, or one made from `price_data`."""
    if "price" in given:
        price = scope.get("price", given["price"], param=f"{name}[price]", status=400).body
        return price, scope.get("product", price["product"]).body["name"]
    data = given.get("price_data")
    if data is None:
        raise unchecked(
            "You must specify either `price` or `price_data` when `mode` is `payment`.",
            param=name,
            code="parameter_missing",
        )
    return from_data(scope, data, f"{name}[price_data]")


def from_data(scope: Scope, data: Json, name: str) -> tuple[Json, str]:
    """Return a price made for this session alone."""
    if "recurring" in data:
        raise not_here_yet("recurring prices", param=f"{name}[recurring]")
    if "unit_amount" not in data:
        field = f"{name}[unit_amount]"
        raise unchecked(f"Missing required param: {field}.", param=field, code="parameter_missing")
    if data["unit_amount"] < 0:
        raise invalid(
            "This value must be greater than or equal to 0.",
            param=f"{name}[unit_amount]",
            code="parameter_invalid_integer",
        )
    currency = currencies.checked(data["currency"], f"{name}[currency]")
    product = product_of(scope, data, name)
    return price_object(scope, product["id"], currency, data["unit_amount"]), product["name"]


def product_of(scope: Scope, data: Json, name: str) -> Json:
    """Return the product named, or a new one that is not offered anywhere else."""
    if "product" in data:
        return scope.get("product", data["product"], param=f"{name}[product]", status=400).body
    if "product_data" not in data:
        field = f"{name}[product_data]"
        raise unchecked(f"Missing required param: {field}.", param=field, code="parameter_missing")
    given = data["product_data"]
    return scope.insert(
        {
            "id": new_id("product"),
            "object": "product",
            "active": False,
            "created": scope.now,
            "default_price": None,
            "description": given.get("description"),
            "images": given.get("images", []),
            "livemode": False,
            "marketing_features": [],
            "metadata": given.get("metadata", {}),
            "name": given["name"],
            "package_dimensions": None,
            "shippable": None,
            "statement_descriptor": None,
            "tax_code": given.get("tax_code"),
            "unit_label": given.get("unit_label"),
            "updated": scope.now,
            "url": None,
        }
    )


def price_object(scope: Scope, product: str, currency: str, unit_amount: int) -> Json:
    """Return a one-time price."""
    return scope.insert(
        {
            "id": new_id("price"),
            "object": "price",
            "active": False,
            "billing_scheme": "per_unit",
            "created": scope.now,
            "currency": currency,
            "custom_unit_amount": None,
            "livemode": False,
            "lookup_key": None,
            "metadata": {},
            "nickname": None,
            "product": product,
            "recurring": None,
            "tax_behavior": "unspecified",
            "tiers_mode": None,
            "transform_quantity": None,
            "type": "one_time",
            "unit_amount": unit_amount,
            "unit_amount_decimal": str(unit_amount),
        }
    )


def listed(items: list[Json], session_id: str, params: Json) -> Json:
    """Return the list object of a session's items, which come in the order in which they were given."""
    start = next((place + 1 for place, one in enumerate(items) if one["id"] == params.get("starting_after")), 0)
    limit = min(max(params.get("limit", 10), 1), 100)
    return {
        "object": "list",
        "data": items[start : start + limit],
        "has_more": len(items) > start + limit,
        "url": f"/v1/checkout/sessions/{session_id}/line_items",
    }
